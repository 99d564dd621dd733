"""To how many images each part of a network reacts: what never does is dead (TF when measured).

A part is a map of a convolution or a unit of a dense layer, behind ReLU: it reacts to an image
where any of its values is above zero. A part that reacts to none passes nothing on, and learns
nothing more from such images: its gradient is zero ("dying ReLU", Lu et al. 2019,
arXiv:1903.06733).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import RunDamaged
from core.networks.batches import Report, in_batches
from core.networks.laid_open import LaidOpen
from core.runs.analysis import read_analysis

NAME = "reactions"  # of the background task
SAMPLE = 1_000  # images


@dataclass(frozen=True)
class Reactions:
    """To which share of some images the parts of one network react.

    Attributes:
        layers: float32 (parts,), 0 to 1, by the number of the layer in ``core.networks.browser``;
            of layers behind ReLU only.
        images: how many there were.
    """

    layers: dict[int, npt.NDArray[np.float32]]
    images: int

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return sum(len(shares) for shares in self.layers.values())

    @property
    def silent(self) -> int:
        """How many of them react to none of the images."""
        return sum(int((shares == 0).sum()) for shares in self.layers.values())


def sample(count: int) -> npt.NDArray[np.int64]:
    """Return the places of the images to take of ``count``, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).round().astype(np.int64))


def measure(
    opened: LaidOpen, images: npt.NDArray[np.uint8], report: Report
) -> dict[int, npt.NDArray[np.float32]]:
    """Ask a network about images, and count to how many each part reacts.

    Args:
        opened: the network.
        images: uint8 (n, height, width, channels), n >= 1.
        report: told the share done.

    Returns:
        As ``Reactions.layers``.
    """
    import keras
    import tensorflow as tf

    found = [number for number, layer in enumerate(opened.layers) if _has_relu(layer)]
    strongest = []
    for number in found:
        values = opened.model.outputs[number]
        flat = len(values.shape) == 2
        strongest.append(values if flat else keras.layers.GlobalMaxPooling2D()(values))
    if not found:
        return {}
    model = keras.Model(opened.model.inputs, strongest)
    asked = tf.function(
        lambda pixels: keras.tree.flatten(model(pixels, training=False)), reduce_retracing=True
    )
    values = in_batches(asked, images, report)
    return {
        number: (each > 0).mean(axis=0).astype(np.float32)
        for number, each in zip(found, values, strict=True)
    }


def kept(members: list[dict[int, npt.NDArray[np.float32]]], images: int) -> dict[str, np.ndarray]:
    """Return what ``read_reactions`` reads: of each network of a run what ``measure`` found."""
    arrays: dict[str, np.ndarray] = {"images": np.array(images)}
    for member, layers in enumerate(members):
        for number, shares in layers.items():
            arrays[f"network{member}-layer{number}"] = shares
    return arrays


def read_reactions(path: Path, member: int = 0) -> Reactions:
    """Return what was found of one network of a run.

    Raises:
        RunDamaged: the file cannot be read, or does not hold that.
    """
    found = read_analysis(path, ("images",))
    start = f"network{member}-layer"
    layers = {
        int(name.removeprefix(start)): shares
        for name, shares in found.items()
        if name.startswith(start) and name.removeprefix(start).isdecimal()
    }
    images = found["images"]
    sound = images.shape == () and images.dtype.kind == "i" and images > 0
    if not sound or not all(
        each.ndim == 1 and each.dtype.kind == "f" and ((each >= 0) & (each <= 1)).all()
        for each in layers.values()
    ):
        raise RunDamaged(
            f"The file {path.name} cannot be read. Delete it from {path.parent}, and compute it "
            "again."
        )
    return Reactions(layers, int(images))


def _has_relu(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"
