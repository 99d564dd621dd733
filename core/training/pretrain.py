"""The bundled model: trained by one command on the bundled data, with a card that says how.

``python -m core pretrain`` trains a run like any other, copies its folder to
``assets/models/fashion-mnist`` and writes the model card there as ``README.md``.
"""

import hashlib
import platform
import shutil
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from core import architectures, datasets
from core.errors import AtelierError, SettingsError
from core.runs.config import TrainingConfig
from core.runs.files import write_atomic
from core.runs.folder import BUNDLED_FOLDER, Run, RunFolder, State
from core.settings import settings
from core.training.worker import train_in_process

ARCHITECTURE = "atelier-cnn"
DATASET = "fashion-mnist"
SEED = 1708_07747  # the data set's arXiv number


def pretrain(
    epochs: int | None = None, limit: int | None = None, output: Path | None = None
) -> Run:
    """Train the bundled model, put its run folder and card into ``output``, and return the run.

    Args:
        epochs: instead of the recipe's.
        limit: train on so many images only; for tests.
        output: folder for the files; the bundled one by default.

    Raises:
        AtelierError: the training did not finish; what was bundled before is left alone.
        SettingsError: the folder cannot be written.
    """
    recipe = architectures.find(ARCHITECTURE).recipe_for(DATASET)
    if epochs is not None:
        recipe = recipe.changed(epochs=epochs)
    run = train_in_process(TrainingConfig(DATASET, ARCHITECTURE, recipe, limit, SEED))
    if run.state is not State.FINISHED:
        raise AtelierError(f"The bundled model was not replaced: {run.reason}")
    bundle(run, output or BUNDLED_FOLDER)
    return run


def bundle(run: Run, output: Path) -> None:
    """Copy what the app needs of a finished run to ``output``, and write the model card.

    Raises:
        SettingsError: the folder cannot be written.
    """
    source, target = run.folder, RunFolder(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name in ("config", "model", "validation", "evaluation", "batches", "epochs", "result"):
            path: Path = getattr(source, name)
            write_atomic(getattr(target, name), partial(shutil.copyfile, path))
        write_atomic(output / "README.md", lambda file: file.write_text(card(run)))
    except OSError as error:
        raise SettingsError(
            f"The model could not be written to {output}: {error.strerror or error}. Make the "
            "folder writable, or name another with --output."
        ) from error


def card(run: Run) -> str:
    """Return the model card of a finished run, in Markdown."""
    config, result = run.config, run.result
    assert config is not None and result is not None, "only a finished run has a card"
    recipe = config.recipe
    spec = datasets.find(config.dataset)
    architecture = architectures.find(config.architecture)
    content = run.folder.model.read_bytes()
    versions = ", ".join(
        [f"Python {platform.python_version()}"]
        + [f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy")]
    )
    rows = {
        "Test accuracy": f"{result.test_accuracy:.2%} ({spec.counts['test']:,} images, looked at "
        "once, one seed)",
        "Validation accuracy": f"{result.val_accuracy:.2%} ({config.validation_count:,} images "
        "held back)",
        "Parameters": f"{architecture.parameters(spec.shape, len(spec.classes)):,}",
        "File": f"{len(content) / 1e6:.2f} MB, SHA-256 `{hashlib.sha256(content).hexdigest()}`",
        "Trained on": f"{config.training_count:,} images, {result.epochs} epochs, {date.today()}",
        "Recipe": f"{recipe.optimizer}, learning rate {recipe.learning_rate:g} "
        f"({recipe.schedule}), batch {recipe.batch_size}, label smoothing "
        f"{recipe.label_smoothing:g}, augmentation {recipe.augmentation}",
        "Seed": str(config.seed),
        "Time": f"{result.seconds:,.0f} s on {settings().cores} cores, {platform.machine()}",
        "Versions": versions,
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"""# {architecture.title} on {spec.title}

The network that Atelier uses before you have trained one of your own. Written by
`python -m core pretrain`; do not edit.

| | |
| --- | --- |
{table}

**Meant for** demonstrations and teaching: pictures of one piece of clothing on a plain background,
turned into what Fashion-MNIST looks like (28 × 28, white on black).

**Not meant for** anything that matters to anyone. It knows ten classes and answers with one of
them whatever it is shown; cluttered photos and drawings are far from what it was trained on.

**Data** {spec.title}: {spec.credit}.
"""
