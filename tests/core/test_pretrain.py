"""The bundled models' files and cards; the training itself is that of any run."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from support import small

from core import datasets, networks, runs
from core.architectures import ARCHITECTURES
from core.bundled import accurate as program
from core.bundled.bundle import bundle
from core.bundled.models import ACCURATE, DATASET, MODELS, PICTURES, SEEDS
from core.bundled.pretrain import pretrain
from core.errors import AtelierError, SettingsError
from core.evaluation import training_gap
from core.runs import RunFolder
from core.runs.records import BUNDLED_FOLDERS
from core.settings import ROOT
from core.training.lifecycle import train_in_process


@pytest.fixture
def bundled(trained, tmp_path, only_bundled):
    """Two runs, and the bundle of their networks."""
    another = train_in_process(replace(trained.config, limit=600, seed=trained.config.seed + 1))
    bundle([trained, another], tmp_path / "bundle", ACCURATE)
    run_id = MODELS[ACCURATE].run
    only_bundled({run_id: tmp_path / "bundle"})
    return trained, another, runs.read(run_id)


def test_a_bundle_is_a_run_whose_networks_answer_together(bundled):
    first, second, run = bundled
    test = datasets.find(DATASET).load("test")
    images = test.images[:8]
    alone = [
        networks.load(networks.of_run(each)).probabilities(side)
        for each in (first, second)
        for side in (images, images[:, :, ::-1])  # and for the mirror image
    ]
    together = networks.load(networks.find(run.id)).probabilities(images)
    assert np.allclose(together, np.mean(alone, axis=0), atol=1e-5)
    assert not np.allclose(alone[0], alone[2], atol=1e-2), "two networks, not one twice"
    kept = runs.read_evaluation(run.folder.evaluation, len(test), 10).probabilities
    assert np.allclose(kept[:8], together, atol=1e-5)
    assert run.result.test_accuracy == (kept.argmax(axis=1) == test.labels).mean()
    assert run.result.networks == 2
    assert run.result.seconds == first.result.seconds + second.result.seconds
    assert run.config == first.config
    assert runs.read_curves(run.folder).epochs == runs.read_curves(first.folder).epochs


def test_the_card_says_what_was_measured(bundled):
    first, second, run = bundled
    text = (run.folder.path / "README.md").read_text(encoding="utf-8")
    digest = hashlib.sha256(run.folder.model.read_bytes()).hexdigest()
    parameters = (784 + 1) * 300 + (300 + 1) * 100 + (100 + 1) * 10
    for part in (
        f"{run.result.test_accuracy:.2%}",
        f"{run.result.val_accuracy:.2%}",
        f"{2 * parameters:,} (2 networks of {parameters:,})",
        digest,
        "5,500 images, 2 epochs",
        f"| seed {first.config.seed} | {first.result.val_accuracy:.2%} |",
        f"| seed {second.config.seed} | {second.result.val_accuracy:.2%} |",
        "Not meant for",
        "MIT licence",
    ):
        assert part in text


def test_a_folder_that_cannot_be_written_is_a_sentence(trained, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="name another with --output"):
        bundle([trained], tmp_path / "file" / "bundle", ACCURATE)


def test_a_training_that_fails_leaves_what_was_bundled_alone(tmp_path, monkeypatch):
    run_id = runs.create(small(), "ada")
    runs.folder_of(run_id).write_result(runs.Result(runs.State.FAILED, "No memory."))
    monkeypatch.setattr(program, "train_in_process", lambda config: runs.read(run_id))
    with pytest.raises(AtelierError, match=r"not replaced: No memory\."):
        pretrain(ACCURATE, output=tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", MODELS)
def test_a_bundled_card_is_that_of_the_bundled_model(name):
    """A model that was replaced without its card, or the other way round, would be noticed."""
    model = MODELS[name]
    folder = RunFolder(BUNDLED_FOLDERS[model.run])
    if not folder.model.exists():
        pytest.skip("this model is not trained yet")
    run = runs.read(model.run)
    assert (run.config.dataset, run.config.architecture) == (DATASET, model.architecture)
    text = (folder.path / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(folder.model.read_bytes()).hexdigest() in text
    assert f"{run.result.test_accuracy:.2%}" in text
    losses = f"{run.result.train_loss:.2f} in training, {run.result.val_loss:.2f} on the validation"
    assert losses in text
    assert training_gap(run.config, harder=name == PICTURES) in text, "people ask about the losses"


def test_the_accurate_model_is_trained_by_its_own_recipe(trained, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(program, "train_in_process", lambda config: asked.append(config) or trained)
    card = pretrain(ACCURATE, epochs=3, output=tmp_path)
    assert f"pretrain {ACCURATE}`" in card
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == card
    architecture = MODELS[ACCURATE].architecture
    assert [(config.architecture, config.seed) for config in asked] == [
        (architecture, seed) for seed in SEEDS
    ]
    assert {config.recipe.precision for config in asked} == {"bfloat16"}
    assert {config.recipe.epochs for config in asked} == {3}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"name": PICTURES}, "--photos and --sketches"),
        ({"name": PICTURES, "photos": ROOT}, "--photos and --sketches"),
        ({"name": PICTURES, "photos": ROOT, "sketches": ROOT, "epochs": 1}, "--output"),
        ({"name": ACCURATE, "limit": 100}, "--output"),
        ({"name": ACCURATE, "photos": ROOT}, "Leave them out"),
        ({"name": ACCURATE, "without": True}, "Leave them out"),
    ],
)
def test_what_comes_with_the_app_is_only_replaced_by_a_whole_training(asked, reason):
    with pytest.raises(SettingsError, match=reason):
        pretrain(**asked)


def test_the_registry_says_which_networks_are_bundled():
    """Its sentence, the table of bundled models and the configs beside them agree."""
    said = {each.name for each in ARCHITECTURES.values() if "bundled model" in each.summary}
    assert said == {each.architecture for each in MODELS.values()}
    for model in MODELS.values():
        folder = RunFolder(BUNDLED_FOLDERS[model.run])
        if folder.config.exists():
            assert runs.read(model.run).config.architecture == model.architecture
            title = ARCHITECTURES[model.architecture].title
            assert (folder.path / "README.md").read_text(encoding="utf-8").startswith(f"# {title} ")
