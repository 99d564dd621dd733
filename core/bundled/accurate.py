"""The bundled models: trained by one command each on the bundled data, with cards that say how.

``python -m core pretrain NAME`` trains a run like any other, copies its folder to
``assets/models`` and writes the model card there as ``README.md``.
"""

import hashlib
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import architectures, datasets
from core.architectures import Precision
from core.architectures.settings import in_words
from core.datasets import Split
from core.errors import AtelierError, SettingsError
from core.networks.batches import answers
from core.runs.config import TrainingConfig
from core.runs.division import divide
from core.runs.evaluation import Evaluation, write_evaluation
from core.runs.files import write_atomic
from core.runs.records import (
    BUNDLED,
    BUNDLED_ACCURATE,
    BUNDLED_FOLDERS,
    Result,
    Run,
    RunFolder,
    State,
)
from core.settings import settings
from core.training.worker import save_model, train_in_process

if TYPE_CHECKING:
    import keras

DATASET = "fashion-mnist"
SEED = 1708_07747  # the data set's arXiv number
SEEDS = (SEED, SEED + 1)  # of the networks of a bundled model, which answer together


@dataclass(frozen=True)
class Bundled:
    """A model that comes with the app: networks of one architecture, each from a seed of its own.

    It answers with their mean over an image and its mirror image.

    Attributes:
        run: the id of its run.
        architecture: name of its network.
        purpose: what the app has it for, as the first sentence of its card.
        meant_for: what it may be used for, as the card's sentence goes on.
        changes: settings that differ from the recipe of the architecture.
    """

    run: str
    architecture: str
    purpose: str
    meant_for: str
    changes: Mapping[str, Any] = field(default_factory=dict)


PICTURES, ACCURATE = "pictures", "accurate"
MODELS = {
    PICTURES: Bundled(
        BUNDLED,
        "pictures-cnn",
        "The network that Atelier uses before you have trained one of your own.",
        "demonstrations and teaching: photos and drawings of one piece of clothing, turned into "
        "what Fashion-MNIST looks like (28 × 28, white on black).",
        {"precision": Precision.BFLOAT16},
    ),
    ACCURATE: Bundled(
        BUNDLED_ACCURATE,
        "residual-cnn",
        "The network of Atelier that gets most images of Fashion-MNIST right.",
        "demonstrations and teaching: how far a small network comes on Fashion-MNIST itself, and "
        "what to measure your own against.",
        {"precision": Precision.BFLOAT16},
    ),
}


def pretrain(
    name: str = PICTURES,
    epochs: int | None = None,
    limit: int | None = None,
    output: Path | None = None,
) -> str:
    """Train a bundled model, put its run folder and card into ``output``, and return the card.

    Args:
        name: which one, of ``MODELS``.
        epochs: instead of the recipe's.
        limit: train on so many images only; for tests.
        output: folder for the files; the bundled one by default.

    Raises:
        AtelierError: a training did not finish; what was bundled before is left alone.
        SettingsError: the folder cannot be written.
    """
    model = MODELS[name]
    recipe = architectures.find(model.architecture).recipe_for(DATASET).changed(**model.changes)
    if epochs is not None:
        recipe = recipe.changed(epochs=epochs)
    runs = []
    for seed in SEEDS:
        run = train_in_process(TrainingConfig(DATASET, model.architecture, recipe, limit, seed))
        if run.state is not State.FINISHED:
            raise AtelierError(f"The bundled model was not replaced: {run.reason}")
        runs.append(run)
    return bundle(runs, output or BUNDLED_FOLDERS[model.run], name)


def bundle(runs: Sequence[Run], output: Path, name: str = PICTURES, more: str = "") -> str:
    """Copy what the app needs of finished runs to ``output``, and write and return the model card.

    Args:
        runs: the finished runs, one a network; curves and config are those of the first.
        output: folder for the files.
        name: which bundled model it becomes, of ``MODELS``.
        more: what else its card says, in Markdown.

    Raises:
        SettingsError: the folder cannot be written.
    """
    first, target = runs[0], RunFolder(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for part in ("config", "batches", "epochs"):
            path: Path = getattr(first.folder, part)
            write_atomic(getattr(target, part), partial(shutil.copyfile, path))
        result = _unite(runs, target)
        text = card(runs, result, target.model, name, more)
        write_atomic(output / "README.md", lambda file: file.write_text(text))
    except OSError as error:
        raise SettingsError(
            f"The model could not be written to {output}: {error.strerror or error}. Make the "
            "folder writable, or name another with --output."
        ) from error
    return text


def _unite(runs: Sequence[Run], target: RunFolder) -> Result:
    """Write the model of the runs' networks into ``target``, and return how well it does."""
    import keras

    config, results = runs[0].config, [run.result for run in runs]
    assert config is not None and results[0] is not None, "only a finished run is bundled"
    networks = [
        keras.models.load_model(run.folder.model, compile=False, safe_mode=True) for run in runs
    ]
    united = unite(networks, config.architecture)
    save_model(united, target.model)
    spec = datasets.find(config.dataset)
    figures: dict[str, Any] = {
        name: float(np.mean([getattr(each, name) for each in results]))
        for name in ("train_accuracy", "train_loss")
    }
    figures["seconds"] = sum(each.seconds for each in results if each)
    figures["networks"] = len(runs)
    for part, split, path in (
        ("val", divide(spec.load("train"), config).validation, target.validation),
        ("test", spec.load("test"), target.evaluation),
    ):
        found, accuracy = judged(united, split)
        write_evaluation(path, found)
        figures |= {f"{part}_accuracy": accuracy, f"{part}_loss": found.loss}
    result = replace(results[0], **figures)
    target.write_result(result)
    return result


def unite(networks: Sequence["keras.Model"], name: str) -> "keras.Model":
    """Return a model that answers with the mean of networks for an image and its mirror image.

    Args:
        networks: they get other names, as in one model no two parts may be called the same.
        name: of the whole.
    """
    import keras

    pixels = keras.Input(networks[0].input_shape[1:], name="pixels")
    mirrored = keras.ops.flip(pixels, axis=2)
    answers = []
    for number, network in enumerate(networks, 1):
        network.name = f"{name}-{number}"
        answers += [network(pixels), network(mirrored)]
    return keras.Model(pixels, keras.layers.Average(name="mean")(answers), name=name)


def _alone(runs: Sequence[Run]) -> str:
    """Return what the card says of a united model's networks, each by itself, in Markdown."""
    rows = [
        f"| seed {run.config.seed} | {found.val_accuracy:.2%} | {found.test_accuracy:.2%} |"
        for run in runs
        if run.config and (found := run.result)
    ]
    table = "\n".join(rows)
    return (
        "**Each network by itself**, asked about the image alone:\n\n"
        f"| | validation accuracy | test accuracy |\n| --- | --- | --- |\n{table}\n\n"
        "That their mean is the answer was chosen by the validation images.\n"
    )


def judged(model: "keras.Model", split: Split) -> tuple[Evaluation, float]:
    """Return what a network answers to a split, and its accuracy, 0 to 1."""
    found = Evaluation.of(answers(model, split.images), split.labels)
    return found, float((found.probabilities.argmax(axis=1) == split.labels).mean())


def card(runs: Sequence[Run], result: Result, path: Path, name: str, more: str = "") -> str:
    """Return the model card of a bundled model, in Markdown.

    Args:
        runs: of its networks.
        result: of the whole.
        path: of its file.
        name: which one it is, of ``MODELS``.
        more: what else the card says, in Markdown.
    """
    model, config = MODELS[name], runs[0].config
    assert config is not None, "only a finished run has a card"
    recipe = config.recipe
    spec = datasets.find(config.dataset)
    architecture = architectures.find(config.architecture)
    parameters = architecture.parameters(spec.shape, len(spec.classes))
    content = path.read_bytes()
    versions = ", ".join(
        [f"Python {platform.python_version()}"]
        + [f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy")]
    )
    rows = {
        "Test accuracy": f"{result.test_accuracy:.2%} ({spec.counts['test']:,} images; trained "
        "once)",
        "Validation accuracy": f"{result.val_accuracy:.2%} ({config.validation_count:,} images "
        "held back)",
        "Parameters": f"{len(runs) * parameters:,} ({len(runs)} networks of {parameters:,})",
        "File": f"{len(content) / 1e6:.2f} MB, SHA-256 `{hashlib.sha256(content).hexdigest()}`",
        "Trained on": f"{config.training_count:,} images, {result.epochs} epochs each, "
        f"{date.today()}",
        "Recipe": f"{in_words(recipe.to_dict())}; answers with the mean of its networks over an "
        "image and its mirror image",
        "Seeds": " and ".join(str(each.config.seed) for each in runs if each.config),
        "Time": f"{result.seconds:,.0f} s on {settings().cores} cores, {platform.machine()}",
        "Versions": versions,
    }
    table = "\n".join(f"| {title} | {value} |" for title, value in rows.items())
    return f"""# {architecture.title} on {spec.title}

{model.purpose} Written by
`python -m core pretrain {name}`; do not edit.

| | |
| --- | --- |
{table}

**Meant for** {model.meant_for}

**Not meant for** anything that matters to anyone. It knows ten classes, answers with one of them
whatever it is shown, and is often wrong on photos that are not like those it learned from.

{_alone(runs)}
{more and more + chr(10)}**Data** {spec.title}: {spec.credit}.
"""
