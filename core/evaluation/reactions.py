"""To how many images each part of a network reacts, and to which of them most (TF when measured).

A part is a map of a convolution or a unit of a dense layer, behind ReLU: it reacts to an image
where any of its values is above zero. A part that reacts to none is dead: it passes nothing on, and
learns nothing more from such images, as its gradient is zero ("dying ReLU", Lu et al. 2019,
arXiv:1903.06733). What excites a part most says what it looks for (Zeiler and Fergus 2013,
arXiv:1311.2901).
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
BEST = 6  # images that are kept of each part

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Layer:
    """How the parts of one layer react.

    Attributes:
        shares: float32 (parts,), the share of the images that each reacts to, 0 to 1.
        best: int32 (parts, k, 3): index of the image, row and column of the largest value there,
            for the images that excite a part most, the most first; -1 where there are no more.
    """

    shares: Floats
    best: Places


@dataclass(frozen=True)
class Reactions:
    """How the parts of one network react to some images.

    Attributes:
        layers: by the number of the layer in ``core.networks.browser``, those behind ReLU only.
        images: how many images there were.
    """

    layers: dict[int, Layer]
    images: int

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return sum(len(each.shares) for each in self.layers.values())

    @property
    def silent(self) -> int:
        """How many of them react to none of the images."""
        return sum(int((each.shares == 0).sum()) for each in self.layers.values())


def sample(count: int) -> npt.NDArray[np.int64]:
    """Return the places of the images to take of ``count``, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).round().astype(np.int64))


def measure(
    opened: LaidOpen,
    images: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.int64],
    report: Report,
) -> dict[int, Layer]:
    """Ask a network about images.

    Args:
        opened: the network.
        images: uint8 (n, height, width, channels), n >= 1.
        indices: int (n,), what each image is called.
        report: told the share done.

    Returns:
        As ``Reactions.layers``.
    """
    import tensorflow as tf

    found = [number for number, layer in enumerate(opened.layers) if _has_relu(layer)]
    if not found:
        return {}

    def strongest(pixels: Any) -> list[Any]:
        made = opened.model(pixels, training=False)
        told = []
        for number in found:
            parts = made[number].shape[-1]
            values = tf.reshape(made[number], (tf.shape(pixels)[0], -1, parts))
            told += [tf.reduce_max(values, 1), tf.argmax(values, 1)]
        return told

    told = in_batches(tf.function(strongest, reduce_retracing=True), images, report)
    layers = {}
    for number, most, spots in zip(found, told[::2], told[1::2], strict=True):
        shape = opened.model.outputs[number].shape
        columns = shape[2] if len(shape) == 4 else 1
        layers[number] = Layer(
            (most > 0).mean(axis=0).astype(np.float32),
            _best(most, spots.astype(np.int32), indices.astype(np.int32), columns),
        )
    return layers


def kept(members: list[dict[int, Layer]], images: int) -> dict[str, np.ndarray]:
    """Return what ``read_reactions`` reads: of each network of a run what ``measure`` found."""
    arrays: dict[str, np.ndarray] = {"images": np.array(images)}
    for member, layers in enumerate(members):
        for number, layer in layers.items():
            arrays[f"shares-{member}-{number}"] = layer.shares
            arrays[f"best-{member}-{number}"] = layer.best
    return arrays


def read_reactions(path: Path, member: int = 0) -> Reactions:
    """Return what was found of one network of a run.

    Raises:
        RunDamaged: the file cannot be read, or does not hold that.
    """
    found = read_analysis(path, ("images",))
    start, layers = f"shares-{member}-", {}
    for name, shares in found.items():
        number = name.removeprefix(start)
        if name.startswith(start) and number.isdecimal():
            layers[int(number)] = Layer(shares, found.get(f"best-{member}-{number}", shares))
    images = found["images"]
    sound = images.shape == () and images.dtype.kind == "i" and images > 0
    if not sound or not all(_is_sound(each) for each in layers.values()):
        raise RunDamaged(
            f"The file {path.name} cannot be read. Delete it from {path.parent}, and compute it "
            "again."
        )
    return Reactions(layers, int(images))


def _best(most: Floats, spots: Places, indices: Places, columns: int) -> Places:
    """Return the images that excite each part most; arrays are (images, parts)."""
    order = np.argsort(-most, axis=0, kind="stable")[:BEST]
    at = np.take_along_axis(spots, order, axis=0)
    told = np.stack([indices[order], at // columns, at % columns], axis=-1)
    told[np.take_along_axis(most, order, axis=0) <= 0] = -1
    return told.swapaxes(0, 1).astype(np.int32)


def _has_relu(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def _is_sound(layer: Layer) -> bool:
    shares, best = layer.shares, layer.best
    if shares.ndim != 1 or shares.dtype.kind != "f" or not ((shares >= 0) & (shares <= 1)).all():
        return False
    whole = best.dtype.kind == "i" and best.ndim == 3
    return whole and best.shape[::2] == (len(shares), 3) and bool((best >= -1).all())
