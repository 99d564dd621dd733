"""The networks of finished runs as one bundled model, with its folder and card (TF when called)."""

import hashlib
import platform
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import architectures, datasets
from core.architectures.settings import in_words
from core.bundled.models import MODELS, PICTURES
from core.datasets import Split
from core.errors import SettingsError
from core.evaluation import training_gap
from core.networks.batches import answers
from core.runs.config import TrainingConfig
from core.runs.division import divide
from core.runs.evaluation import Evaluation, write_evaluation
from core.runs.files import write_atomic
from core.runs.records import Result, Run, RunFolder
from core.settings import settings
from core.training.lifecycle import save_model

if TYPE_CHECKING:
    import keras


def bundle(runs: Sequence[Run], output: Path, name: str, more: str = "") -> str:
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
        write_atomic(
            output / "README.md", lambda file: file.write_text(text, encoding="utf-8", newline="\n")
        )
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
        "**Each network alone**, without the mirror image:\n\n"
        f"| | validation accuracy | test accuracy |\n| --- | --- | --- |\n{table}\n\n"
        "Averaging them was chosen on the validation images.\n"
    )


def _losses(result: Result, config: TrainingConfig, *, harder: bool) -> str:
    """Return what the card says of the losses, of which the first looks wrong beside the second."""
    return (
        f"**Loss** {result.train_loss:.2f} in training, {result.val_loss:.2f} on the validation "
        f"images. {training_gap(config, harder=harder)}\n"
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
whatever it is shown, and is often wrong on photos unlike those it learned from.

{_losses(result, config, harder=name == PICTURES)}
{_alone(runs)}
{more and more + chr(10)}**Data** {spec.title}: {spec.credit}.
"""
