"""Runs of before version 0.5: shown with the network they had, and able to go on."""

import json

import pytest
from support import cut_off_after_two_epochs

from core import architectures, runs
from core.architectures import ARCHITECTURES, RETIRED, RETIRED_NAMES, Conv, RecipeName
from core.runs import State, TrainingConfig
from core.training.lifecycle import go_on_in_process


def as_written_then(config):
    """Return the values of a config as versions before 0.5 wrote them."""
    values = json.loads(json.dumps(config.to_dict()))
    del values["recipe_name"]
    network = architectures.find(config.architecture)
    return values | {"architecture": network.successor or network.name}


@pytest.mark.parametrize("name", RETIRED)
def test_a_retired_network_is_found_but_not_offered(name):
    network = RETIRED[name]
    assert architectures.find(name) is network and name not in ARCHITECTURES
    assert RETIRED_NAMES[network.successor] == name
    assert network.layers != ARCHITECTURES[network.successor].layers
    config = TrainingConfig("fashion-mnist", name, network.recipe)
    assert TrainingConfig.from_dict(as_written_then(config)) == config
    assert config.usual_recipe == config.recipe
    # And what is written today is read as it is.
    today = TrainingConfig("fashion-mnist", network.successor, network.recipe)
    assert TrainingConfig.from_dict(today.to_dict()) == today


@pytest.mark.parametrize(
    ("name", "changes", "recipe"),
    [
        ("mlp", {}, RecipeName.ORIGIN),
        ("mlp", {"epochs": 3, "seed": 7}, RecipeName.ORIGIN),
        ("strided-cnn", {}, RecipeName.ORIGIN),
        ("sprint-cnn", {}, RecipeName.TUNED),
        ("residual-cnn", {}, RecipeName.TUNED),
    ],
)
def test_a_run_of_then_has_the_recipe_that_it_is_nearest_to(name, changes, recipe):
    usual = ARCHITECTURES[name].recipe
    seed = changes.pop("seed", 0)
    config = TrainingConfig("fashion-mnist", name, usual.changed(**changes), seed=seed)
    read = TrainingConfig.from_dict(as_written_then(config))
    assert (read, read.recipe_name) == (config, recipe)


def test_a_run_of_then_is_shown_and_goes_on_with_its_own_network():
    """Its kernels are 2 × 2, where the preset of that name has 3 × 3 today."""
    recipe = RETIRED["two-conv-cnn-2x2"].recipe.changed(epochs=40, batch_size=32)
    config = TrainingConfig("fashion-mnist", "two-conv-cnn-2x2", recipe, 300, width=0.25)
    run_id = runs.create(config, "command-line")
    folder = runs.folder_of(run_id)
    header = json.loads(folder.config.read_text(encoding="utf-8"))
    header["config"] = as_written_then(config)
    folder.config.write_text(json.dumps(header), encoding="utf-8")
    cut_off_after_two_epochs(run_id)
    run = runs.read(run_id)
    assert run.state is State.INTERRUPTED and run.config == config
    kernels = [each.kernel for each in run.config.network.layers if isinstance(each, Conv)]
    assert kernels == [2, 2]
    assert run.config.network.title == "Two-convolution CNN (2 × 2 kernels)"

    runs.resume(run_id, claimed=True)
    finished = go_on_in_process(run_id)
    assert (finished.state, finished.result.epochs) == (State.FINISHED, 40)
    assert runs.read_curves(folder).epochs["epoch"] == list(range(1, 41))
