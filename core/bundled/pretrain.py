"""``python -m core pretrain NAME``: train a bundled model anew (TF when called)."""

import json
from pathlib import Path

from core.bundled.models import MODELS, PICTURES
from core.errors import SettingsError
from core.runs.records import BUNDLED_FOLDERS


def pretrain(
    name: str,
    *,
    photos: Path | None = None,
    sketches: Path | None = None,
    without: bool = False,
    epochs: int | None = None,
    limit: int | None = None,
    output: Path | None = None,
) -> str:
    """Train a bundled model, with all that lies beside it, and return what to print.

    Args:
        name: which one, of ``MODELS``.
        photos, sketches: folders of real pictures, for the model for pictures.
        without: only measure what that model would be without them.
        epochs: instead of those of the recipe.
        limit: use only so many training images.
        output: folder for the files. By default they replace what comes with the app, and only
            a whole training on all that belongs to it may do that.

    Raises:
        SettingsError: the files may not go there, or cannot.
        AtelierError: a training did not finish, or pictures cannot be read.
    """
    model = MODELS[name]
    if name != PICTURES and (photos or sketches or without):
        raise SettingsError(
            f"--photos, --sketches and --without are for {PICTURES}: {name} learns from "
            "Fashion-MNIST alone. Leave them out."
        )
    if output is None and (epochs is not None or limit is not None):
        raise SettingsError(
            "A training with --epochs or --limit must not replace the bundled model. Name another "
            "folder with --output."
        )
    if output is None and name == PICTURES and not (photos and sketches):
        raise SettingsError(
            "The bundled model for pictures learns from real photos and drawings too. Name their "
            "folders with --photos and --sketches, or another folder for the model with --output."
        )
    folder = output or BUNDLED_FOLDERS[model.run]
    if name == PICTURES:
        from core.bundled.pictures import pretrain_pictures

        figures = pretrain_pictures(
            folder, photos, sketches, learn=not without, epochs=epochs, limit=limit
        )
        told = json.dumps(figures, indent=1)
    else:
        from core.bundled.accurate import pretrain_accurate

        told = pretrain_accurate(folder, epochs=epochs, limit=limit)
    if output is None and not without:
        _write_neighbours(model.run)
    return told


def _write_neighbours(run_id: str) -> None:
    """Put the training images as a bundled model sees them beside it, for Classify's Why."""
    from core import networks
    from core.classify.nearest import NAME, write_neighbours

    model = networks.find(run_id)
    write_neighbours(model, model.path.with_name(f"{NAME}.npz"))
