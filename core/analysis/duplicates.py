"""Duplicates and near-duplicates, inside the splits and between them.

Two images are compared by the correlation of their pixels after each channel has lost its mean (1
minus it is a cosine distance), which neither brightness nor contrast changes. Every image is
compared with every other one. Geier searched Fashion-MNIST by the distance of the pixels
(arXiv:1906.08255); Barz and Denzler searched CIFAR-10 by the cosine distance of the features of a
network and looked at every pair (arXiv:1902.00423): the kinds below are after theirs. What is
moved, turned or mirrored is not found here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from core.analysis import files
from core.datasets import SPLITS, DatasetSpec

NAME = "duplicates"
BLOCK = 4000  # images compared with as many others at a time


class Kind(StrEnum):
    """How alike two images are, the most alike first."""

    IDENTICAL = "identical"  # every pixel
    SAME = "same picture"
    NEAR = "near-duplicate"
    SIMILAR = "very similar"


@dataclass(frozen=True)
class Limits:
    """The correlations from which a pair is of a kind, and what people saw who looked at pairs."""

    same: float
    near: float
    similar: float
    words: str


# By looking at 48 pairs of every hundredth, of Fashion-MNIST and of CIFAR-10.
GRAY = Limits(
    0.999,
    0.995,
    0.99,
    "0.999 and above is the same photo; 0.995 and above is the same article, often in another "
    "print or colour; between 0.99 and 0.995 most are different trousers.",
)
COLOUR = Limits(
    0.97,
    0.95,
    0.93,
    "0.97 and above is the same photo; 0.95 and above is nearly always the same subject; between "
    "0.93 and 0.95 some are different ships on the same sea.",
)


@dataclass(frozen=True)
class Duplicates:
    """Pairs of images that are almost the same; the most alike first.

    Images are numbered through the training split and then the test split, as ``place`` tells.

    Attributes:
        first, second: int32 (pairs,), numbers of the two images; first < second.
        correlation: float32 (pairs,), of their pixels, ``limits.similar`` to 1.
        identical: bool (pairs,), whether every pixel is the same.
        limits: where one kind ends and the next begins.
    """

    first: np.ndarray
    second: np.ndarray
    correlation: np.ndarray
    identical: np.ndarray
    limits: Limits

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each pair."""
        return [
            self._kind(float(value), bool(same))
            for value, same in zip(self.correlation, self.identical, strict=True)
        ]

    def _kind(self, correlation: float, identical: bool) -> Kind:
        if identical:
            return Kind.IDENTICAL
        if correlation >= self.limits.same:
            return Kind.SAME
        return Kind.NEAR if correlation >= self.limits.near else Kind.SIMILAR

    def leaked(self, train: int, least: Kind = Kind.NEAR) -> tuple[np.ndarray, np.ndarray]:
        """Return the images that have a partner in the other split, at least this much alike.

        Args:
            train: number of training images.
            least: the kind.

        Returns:
            Indices into the training split, and indices into the test split, each in order.
        """
        order = list(Kind)
        alike = [order.index(kind) <= order.index(least) for kind in self.kinds]
        across = (self.first < train) & (self.second >= train) & np.array(alike, bool)
        return np.unique(self.first[across]), np.unique(self.second[across]) - train


def limits_for(channels: int) -> Limits:
    """Return the limits for images of one channel or of several."""
    return GRAY if channels == 1 else COLOUR


def place(spec: DatasetSpec, number: int) -> tuple[str, int]:
    """Return the split and the index in it of an image's number."""
    train = spec.counts["train"]
    return ("train", number) if number < train else ("test", number - train)


def duplicates_of(spec: DatasetSpec, path: Path | None = None) -> Duplicates | None:
    """Return the bundled pairs; None if they were not worked out.

    Raises:
        DataDamaged: the file cannot be read or does not fit the data set.
    """
    path = path or files.path_of(spec.name, NAME)
    arrays = files.read(
        path,
        spec,
        {
            "first": (np.int32, (None,)),
            "second": (np.int32, (None,)),
            "correlation": (np.float32, (None,)),
            "identical": (np.bool_, (None,)),
        },
    )
    if arrays is None:
        return None
    found = Duplicates(**arrays, limits=limits_for(spec.shape[2]))
    total = sum(spec.counts[name] for name in SPLITS)
    lengths = {len(array) for array in arrays.values()}
    if (
        len(lengths) != 1
        or (found.first < 0).any()
        or (found.first >= found.second).any()
        or (found.second >= total).any()
    ):
        raise files.damaged(path, spec)
    return found


def compute(spec: DatasetSpec, tell: Callable[[str], None]) -> dict[str, np.ndarray]:
    """Compare all images of both splits; takes a minute or a few.

    Args:
        spec: the data set.
        tell: hears how it goes, a line at a time.

    Returns:
        The arrays of the result's file.

    Raises:
        DataUnavailable, DataDamaged: the data cannot be read.
    """
    images = np.concatenate([spec.load(name).images for name in SPLITS])
    found = pairs(images, tell=tell)
    across = (found.first < spec.counts["train"]) & (found.second >= spec.counts["train"])
    for kind in Kind:
        alike = np.array([each is kind for each in found.kinds], bool)
        tell(f"{kind}: {alike.sum():,} pairs, {(alike & across).sum():,} of them across the splits")
    return {
        "first": found.first,
        "second": found.second,
        "correlation": found.correlation,
        "identical": found.identical,
    }


def pairs(
    images: np.ndarray,
    limits: Limits | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Duplicates:
    """Return all pairs of images that are very similar or more.

    Args:
        images: uint8 (n, height, width, channels). Images of one colour are like no other.
        limits: those for so many channels if left out.
        tell: hears how it goes.
    """
    limits = limits or limits_for(images.shape[-1])
    flat = images.reshape(len(images), -1)
    centred = images.astype(np.float32)
    centred -= centred.mean(axis=(1, 2), keepdims=True)
    centred = centred.reshape(flat.shape)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    rows = [np.zeros((0, 2), np.int32)]
    values = [np.zeros(0, np.float32)]
    for start in range(0, len(centred), BLOCK):
        for other in range(start, len(centred), BLOCK):
            block = centred[start : start + BLOCK] @ centred[other : other + BLOCK].T
            one, two = np.nonzero(block >= limits.similar)
            # On the diagonal, each pair comes twice and each image with itself.
            keep = one + start < two + other
            one, two = one[keep], two[keep]
            rows.append(np.stack([one + start, two + other], axis=1).astype(np.int32))
            values.append(block[one, two])
        tell(f"{min(start + BLOCK, len(centred)):,} of {len(centred):,} images compared")
    first, second = np.concatenate(rows).T
    correlation = np.minimum(np.concatenate(values), 1)
    order = np.argsort(-correlation, kind="stable")
    first, second = first[order], second[order]
    identical = np.array(
        [np.array_equal(flat[a], flat[b]) for a, b in zip(first, second, strict=True)], bool
    )
    return Duplicates(first, second, correlation[order], identical, limits)
