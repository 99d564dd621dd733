"""The bundled model: trained by one command on the bundled data, with a card that says how.

``python -m core pretrain`` writes ``model.keras``, ``card.json`` (for the app) and ``README.md``
(the same for people) into ``assets/models/fashion-mnist``.
"""

import hashlib
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core import architectures, datasets
from core.errors import AtelierError, SettingsError
from core.runs.config import TrainingConfig
from core.runs.files import write_atomic, write_json
from core.runs.folder import Result, State, folder_of
from core.settings import ASSETS, settings
from core.training.worker import train_in_process

FOLDER = ASSETS / "models" / "fashion-mnist"
ARCHITECTURE = "atelier-cnn"
DATASET = "fashion-mnist"
SEED = 1708_07747  # the data set's arXiv number


def pretrain(
    epochs: int | None = None, limit: int | None = None, output: Path | None = None
) -> dict[str, Any]:
    """Train the bundled model, write it with its card, and return the card.

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
    config = TrainingConfig(DATASET, ARCHITECTURE, recipe, limit, SEED)
    run = train_in_process(config)
    if run.state is not State.FINISHED or run.result is None:
        raise AtelierError(f"The bundled model was not replaced: {run.reason}")
    trained = folder_of(run.id).model
    card = _card(config, run.result, trained)
    folder = output or FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "model.keras", lambda file: shutil.copyfile(trained, file))
        write_json(folder / "card.json", card)
        write_atomic(folder / "README.md", lambda file: file.write_text(_as_text(card)))
    except OSError as error:
        raise SettingsError(
            f"The model could not be written to {folder}: {error.strerror or error}. Make the "
            "folder writable, or name another with --output."
        ) from error
    return card


def _card(config: TrainingConfig, result: Result, model: Path) -> dict[str, Any]:
    spec = datasets.find(config.dataset)
    architecture = architectures.find(config.architecture)
    content = model.read_bytes()
    return {
        "name": "Atelier CNN on Fashion-MNIST",
        "dataset": config.dataset,
        "architecture": config.architecture,
        "parameters": architecture.parameters(spec.shape, len(spec.classes)),
        "test_accuracy": round(result.test_accuracy or 0, 4),
        "test_loss": round(result.test_loss or 0, 4),
        "val_accuracy": round(result.val_accuracy or 0, 4),
        "train_accuracy": round(result.train_accuracy or 0, 4),
        "epochs": result.epochs,
        "training_images": config.training_count,
        "validation_images": config.validation_count,
        "seed": config.seed,
        "seconds": round(result.seconds),
        "recipe": config.recipe.to_dict(),
        "trained": datetime.now(UTC).date().isoformat(),
        "machine": f"{settings().cores} cores, {platform.machine()}, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("tensorflow", "keras", "numpy")},
        },
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _as_text(card: dict[str, Any]) -> str:
    recipe = card["recipe"]
    return f"""# {card["name"]}

The network that Atelier uses before you have trained one of your own. Written by
`python -m core pretrain`; do not edit.

| | |
| --- | --- |
| Test accuracy | {card["test_accuracy"]:.2%} (10,000 images, looked at once, one seed) |
| Validation accuracy | {card["val_accuracy"]:.2%} \
({card["validation_images"]:,} images held back) |
| Parameters | {card["parameters"]:,} |
| File | {card["bytes"] / 1e6:.2f} MB, SHA-256 `{card["sha256"]}` |
| Trained on | {card["training_images"]:,} images of Fashion-MNIST, {card["epochs"]} epochs |
| Recipe | {recipe["optimizer"]}, learning rate {recipe["learning_rate"]:g} \
({recipe["schedule"]}), batch {recipe["batch_size"]}, label smoothing \
{recipe["label_smoothing"]:g}, augmentation {recipe["augmentation"]} |
| Seed | {card["seed"]} |
| Time | {card["seconds"]:,} s on {card["machine"]} |
| Versions | {", ".join(f"{name} {number}" for name, number in card["versions"].items())} |

**Meant for** demonstrations and teaching: pictures of one piece of clothing on a plain background,
turned into what Fashion-MNIST looks like (28 × 28, white on black).

**Not meant for** anything that matters to anyone. It knows ten classes and answers with one of
them whatever it is shown; cluttered photos and drawings are far from what it was trained on.

**Data** Fashion-MNIST, Zalando SE, MIT licence, arXiv:1708.07747.
"""
