"""Duplicates and near-duplicates, inside the splits and between them.

Two images are compared by the correlation of their pixels (1 minus it is the cosine distance of
the images after each has lost its mean), which neither brightness nor contrast changes. Every image
is compared with every other one. Geier searched Fashion-MNIST so, by the distance of the pixels
(arXiv:1906.08255); Barz and Denzler searched CIFAR-10 by the cosine distance of the features of a
network and looked at every pair (arXiv:1902.00423), and the kinds below are after theirs.

The thresholds come from looking at pairs of Fashion-MNIST: from 0.999 on they are one photograph,
from 0.995 on one article, often in another print or colour; between 0.99 and 0.995 most are
different trousers. What is moved, turned or mirrored is not found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from core.analysis import files
from core.datasets import SPLITS, DatasetSpec

NAME = "duplicates"
SAME, NEAR, SIMILAR = 0.999, 0.995, 0.99  # correlations from which a pair is of a kind
BLOCK = 4000  # images compared with as many others at a time


class Kind(StrEnum):
    """How alike two images are."""

    IDENTICAL = "identical"  # every pixel
    SAME = "same picture"
    NEAR = "near-duplicate"
    SIMILAR = "very similar"


@dataclass(frozen=True)
class Duplicates:
    """Pairs of images that are almost the same; the most alike first.

    Images are numbered through the training split and then the test split, as ``place`` tells.

    Attributes:
        first, second: int32 (pairs,), numbers of the two images; first < second.
        correlation: float32 (pairs,), of their pixels, ``SIMILAR`` to 1.
        identical: bool (pairs,), whether every pixel is the same.
    """

    first: np.ndarray
    second: np.ndarray
    correlation: np.ndarray
    identical: np.ndarray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each pair."""
        return [
            kind_of(float(value), bool(same))
            for value, same in zip(self.correlation, self.identical, strict=True)
        ]

    def leaked(self, train: int, least: float = NEAR) -> tuple[np.ndarray, np.ndarray]:
        """Return the images with a partner of at least this correlation in the other split.

        Args:
            train: number of training images.
            least: the correlation.

        Returns:
            Indices into the training split, and indices into the test split, each in order.
        """
        across = (self.first < train) & (self.second >= train) & (self.correlation >= least)
        return np.unique(self.first[across]), np.unique(self.second[across]) - train


def kind_of(correlation: float, identical: bool) -> Kind:
    """Return what to call a pair."""
    if identical:
        return Kind.IDENTICAL
    if correlation >= SAME:
        return Kind.SAME
    return Kind.NEAR if correlation >= NEAR else Kind.SIMILAR


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
    found = Duplicates(**arrays)
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
    found = pairs(images, SIMILAR, tell)
    for kind in Kind:
        alike = [each for each in found.kinds if each is kind]
        tell(f"{kind}: {len(alike):,} pairs")
    return {
        "first": found.first,
        "second": found.second,
        "correlation": found.correlation,
        "identical": found.identical,
    }


def pairs(
    images: np.ndarray, least: float = SIMILAR, tell: Callable[[str], None] = lambda line: None
) -> Duplicates:
    """Return all pairs of images whose pixels correlate by at least ``least``.

    Args:
        images: uint8 (n, height, width, channels).
        least: correlation, above 0. Images of one colour correlate with nothing.
        tell: hears how it goes.
    """
    flat = images.reshape(len(images), -1)
    centred = flat.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    rows = [np.zeros((0, 2), np.int32)]
    values = [np.zeros(0, np.float32)]
    for start in range(0, len(centred), BLOCK):
        for other in range(start, len(centred), BLOCK):
            block = centred[start : start + BLOCK] @ centred[other : other + BLOCK].T
            one, two = np.nonzero(block >= least)
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
    return Duplicates(first, second, correlation[order], identical)
