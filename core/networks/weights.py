"""What a network has learned, as plain arrays by name; read without TensorFlow, in milliseconds.

The names are those of checkpoints (``core.architectures.build.variables``): the place of the layer
and what the array is there, such as ``layer2.kernel``. A model file of Keras keeps the layers in
their order, and below them the arrays by number: a test holds the names against Keras, for every
architecture.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ModelUnavailable, RunDamaged
from core.networks.models import of_run, unusable
from core.runs import Run
from core.runs.checkpoint import read_checkpoint
from core.runs.files import NPZ_ERRORS, open_regular

Arrays = dict[str, npt.NDArray[Any]]

# What each kind of layer has, in the order in which Keras keeps it, and what its group is called.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Conv2D": ("conv2d", ("kernel", "bias")),
    "Dense": ("dense", ("kernel", "bias")),
    "BatchNormalization": (
        "batch_normalization",
        ("gamma", "beta", "moving_mean", "moving_variance"),
    ),
}
_WITHIN = ("Functional", "functional")


def weights_of(run: Run) -> Arrays:
    """Return the weights of a run's network, float32, by name.

    Raises:
        ModelUnavailable: it has no network, or the file cannot be read.
    """
    path = of_run(run).path
    try:
        found = _of_checkpoint(path) if path.suffix == ".npz" else _of_model_file(path)
    except (*NPZ_ERRORS, RunDamaged, AttributeError, RecursionError) as error:
        raise ModelUnavailable(unusable(run.id, "cannot be read")) from error
    if not found:
        raise ModelUnavailable(unusable(run.id, "has no weights that are known here"))
    return found


def _of_checkpoint(path: Path) -> Arrays:
    checkpoint = read_checkpoint(path)
    state = checkpoint.state if checkpoint is not None else {}
    return {name: array for name, array in state.items() if name.startswith("layer")}


def _of_model_file(path: Path) -> Arrays:
    import h5py

    with open_regular(path) as file, zipfile.ZipFile(file) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
        with archive.open("model.weights.h5") as content, h5py.File(content, "r") as store:
            return dict(_of_layers(layers, store["layers"], "layer"))


def _of_layers(layers: Any, group: Any, name: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the arrays of the layers of a model, or of a model within one, by name."""
    seen: Counter[str] = Counter()
    for place, layer in enumerate(layers):
        kind = layer["class_name"]
        if kind != _WITHIN[0] and kind not in _KINDS:
            continue
        base, names = _KINDS.get(kind, (_WITHIN[1], ()))
        own = group[f"{base}_{seen[base]}" if seen[base] else base]
        seen[base] += 1
        if kind == _WITHIN[0]:
            within = layer["config"]["layers"]
            yield from _of_layers(within, own["layers"], f"{name}{place}.")
        else:
            for number, array in enumerate(names[: len(own["vars"])]):
                yield f"{name}{place}.{array}", np.asarray(own["vars"][str(number)])
