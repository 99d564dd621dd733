"""What tells runs apart: nothing that is trained twice may look the same in a list."""

import json
import re

import pytest
from making import VISITOR, config
from reading import button, components, quiet, texts

from core import architectures, runs
from core.architectures import RecipeName
from core.runs import TrainingConfig
from pages import words
from pages.views.runs.filters import Filters
from pages.words.telling import MOST, UNCHANGED, changes, changes_words, labels, told_apart

pytestmark = pytest.mark.usefixtures("no_bundled")


def preset(**values) -> TrainingConfig:
    recipe = architectures.find("mlp").recipe_for("fashion-mnist")
    return TrainingConfig("fashion-mnist", "mlp", recipe, **values)


def made(*configs: TrainingConfig) -> list[runs.Run]:
    return [runs.read(runs.create(each, VISITOR)) for each in configs]


def test_only_what_differs_from_the_recipe_is_said_and_the_seed_first():
    assert changes(preset()) == []
    assert changes_words(preset()) == UNCHANGED
    changed = preset(limit=2_000, seed=3)
    recipe = changed.recipe.changed(learning_rate=0.1, epochs=1)
    changed = TrainingConfig("fashion-mnist", "mlp", recipe, limit=2_000, seed=3)
    said = changes(changed)
    assert said[0] == "seed 3"
    assert set(said) == {"seed 3", "2,000 images in all", "learning rate 0.1", "1 epoch"}
    assert changes_words(preset(seed=3)) == "seed 3"


def test_many_changes_are_counted():
    recipe = preset().recipe.changed(
        optimizer="adamw", learning_rate=0.1, epochs=3, label_smoothing=0.1, patience=2
    )
    words = changes_words(TrainingConfig("fashion-mnist", "mlp", recipe, seed=3))
    assert words.count(",") == MOST - 1
    assert words.endswith(" and 3 more")


def test_five_runs_of_one_preset_have_five_titles_and_five_lines(home):
    slow = preset().recipe.changed(learning_rate=0.0001)
    configs = [preset(), preset(seed=3), preset(seed=4), preset(seed=4)]
    listed = made(*configs, TrainingConfig("fashion-mnist", "mlp", slow))
    titles, lines = told_apart(listed), list(labels(listed).values())
    assert len(set(titles)) == len(set(lines)) == 5
    assert "seed 3" in titles[1] and "seed 3" in lines[1]
    assert "learning rate 0.0001" in titles[4] and "learning rate 0.0001" in lines[4]
    # The end of an id says nothing, so it stands only where all else is equal.
    endings = [run.id[-6:] in title for run, title in zip(listed, titles, strict=True)]
    assert endings == [False, False, True, True, False]


def test_the_two_recipes_of_a_preset_are_told_apart(home):
    tuned = architectures.find("mlp").recipe_for("fashion-mnist", RecipeName.TUNED)
    config = TrainingConfig("fashion-mnist", "mlp", tuned, recipe_name=RecipeName.TUNED)
    assert changes(config) == [] and changes_words(config) == "tuned recipe"
    listed = made(preset(), config)
    titles, lines = told_apart(listed), list(labels(listed).values())
    assert "as its origin" in titles[0] and "tuned" in titles[1]
    assert "tuned recipe" in lines[1] and "tuned" not in lines[0]
    # Atelier's own networks have one recipe only, which need not be named.
    own = TrainingConfig("fashion-mnist", "sprint-cnn", architectures.find("sprint-cnn").recipe)
    assert changes_words(own) == UNCHANGED


def test_runs_of_a_retired_network_are_found_by_the_preset_of_today(home):
    retired = architectures.find("two-conv-cnn-2x2")
    (run,) = listed = made(TrainingConfig("fashion-mnist", retired.name, retired.recipe))
    assert words.title(run) == "Two-convolution CNN (2 × 2 kernels) on Fashion-MNIST"
    assert Filters(architecture="two-conv-cnn").matching(listed, VISITOR) == listed
    assert Filters(architecture="mlp").matching(listed, VISITOR) == []


def test_the_settings_of_a_retired_network_are_those_of_the_preset_of_today(open_page, home):
    retired = architectures.find("deep-cnn-direct")
    (run,) = made(TrainingConfig("fashion-mnist", retired.name, retired.recipe))
    app = open_page("train", run=run.id)
    assert quiet(app) and "Deep CNN (no dense layer)" in texts(app)
    button(app, "Use its settings").click().run()
    assert not app.exception and app.selectbox(key="architecture").value == "deep-cnn"
    assert app.number_input(key="learning_rate").value == 0.004


def test_a_name_that_tells_is_enough(home):
    listed = made(preset(), preset(seed=3))
    for run, name in zip(listed, ("First", "Second"), strict=True):
        runs.annotate(run.id, name=name)
    assert told_apart([runs.read(run.id) for run in listed]) == ["First", "Second"]


def test_table_comparison_and_pickers_say_it(open_page, put_run):
    ids = [put_run(seed=seed, opened=True) for seed in (3, 4)]

    def all_say(said: str) -> bool:
        return all(f"seed {seed}" in said for seed in (3, 4))

    assert all_say(str(components(open_page("runs"), "runs_table")))
    assert all_say(str(components(open_page("runs", runs=",".join(ids)), "compare_chart")))
    app = open_page("evaluate", run=ids[0])
    assert quiet(app)
    (network,) = [each for each in app.selectbox if each.label == "Network"]
    assert all_say(str(network.options))


def test_what_cannot_be_trained_any_more_is_still_listed(home):
    (run,) = made(config())
    path = runs.folder_of(run.id).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"]["dataset"] = "imported-and-removed"
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    damaged = runs.read(run.id)
    assert damaged.config is None
    assert run.id in labels([damaged])[run.id]
    assert re.search(run.id, told_apart([damaged])[0])
