"""Figures of a split, class by class: mean and spread images, pixel histogram, distances.

Everything is summed over small blocks of images, so that a split of 150 MB costs a few more MB and
not the gigabyte that it is as floating-point numbers. Classes without an image have NaN.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.datasets import Split

# Images a block. 128 * 255² < 2²⁴, so sums of squares over a block are exact in float32, and a
# block of 32 x 32 x 3 pixels stays in the processor's cache.
BLOCK = 128
VALUES = 256  # of a pixel


@dataclass(frozen=True)
class Moments:
    """The mean and the spread of the images of each class.

    Attributes:
        counts: int64 (classes,), images of each class.
        means: float64 (classes, height, width, channels), 0 to 255.
        spreads: the same shape, standard deviations (of the population), 0 to 127.5.
    """

    counts: np.ndarray
    means: np.ndarray
    spreads: np.ndarray


@dataclass(frozen=True)
class Distances:
    """How far classes are from one another, in pixel values (0 to 255).

    A distance of two images is the root mean square of the differences of their pixel values: the
    Euclidean distance divided by the root of the number of values, so that it does not depend on
    the size of the images.

    Attributes:
        means: float64 (classes, classes), distance of the mean images of two classes.
        images: float64 (classes, classes), root of the mean squared distance of an image of one
            class and an image of another; on the diagonal of two different images of the class.
    """

    means: np.ndarray
    images: np.ndarray


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Yield slices that cut ``count`` things into blocks of at most ``size``."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def flattened(images: np.ndarray) -> np.ndarray:
    """Return images (n, height, width, channels) as (n, values), even if there are none."""
    return images.reshape(len(images), math.prod(images.shape[1:]))


def moments(split: Split, classes: int) -> Moments:
    """Return mean and spread of the images of each class."""
    flat = flattened(split.images)
    sums = np.zeros((classes, flat.shape[1]))
    squares = np.zeros_like(sums)
    counts = np.bincount(split.labels, minlength=classes)
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        for part in blocks(len(members)):
            block = flat[members[part]].astype(np.float32)
            sums[label] += block.sum(axis=0)
            np.multiply(block, block, out=block)
            squares[label] += block.sum(axis=0)
    divisors = np.where(counts, counts, np.nan)[:, None]
    means = sums / divisors
    # Rounding may leave a variance of 0 a little below it.
    variances = np.maximum(squares / divisors - means**2, 0)
    shape = (classes, *split.images.shape[1:])
    return Moments(counts, means.reshape(shape), np.sqrt(variances).reshape(shape))


def histogram(split: Split, classes: int) -> np.ndarray:
    """Return how often each pixel value occurs: int64 (classes, channels, 256)."""
    channels = split.images.shape[-1]
    pixels = split.images.reshape(len(split), math.prod(split.images.shape[1:3]), channels)
    # Each class and channel counts in a row of its own.
    rows = VALUES * np.arange(channels, dtype=np.int32)
    labels = (VALUES * channels * split.labels).astype(np.int32)
    counts = np.zeros(classes * channels * VALUES, np.int64)
    for part in blocks(len(split)):
        places = pixels[part].astype(np.int32) + rows + labels[part, None, None]
        counts += np.bincount(places.ravel(), minlength=len(counts))
    return counts.reshape(classes, channels, VALUES)


def distances(of: Moments) -> Distances:
    """Return the distances between and within classes; exact, from mean and spread alone.

    For x of class a and y of class b, drawn independently, the mean of ‖x - y‖² is
    ‖μa - μb‖² + va + vb, with the mean images μ and the variances v summed over all pixels. Two
    different images of one class with n images are 2 v n / (n - 1) apart.
    """
    classes = len(of.counts)
    flat = of.means.reshape(classes, -1)
    values = flat.shape[1]
    between = np.array([((flat - mean) ** 2).sum(axis=1) for mean in flat])
    variance = (of.spreads.reshape(classes, -1) ** 2).sum(axis=1)
    images = between + variance[:, None] + variance[None, :]
    others = np.where(of.counts > 1, of.counts - 1, np.nan)
    np.fill_diagonal(images, 2 * variance * of.counts / others)
    return Distances(np.sqrt(between / values), np.sqrt(images / values))


def brightness(images: np.ndarray) -> np.ndarray:
    """Return the mean of the pixel values of each image, float32 (n,), 0 to 255."""
    flat = flattened(images)
    values = np.empty(len(flat), np.float32)
    for part in blocks(len(flat)):
        values[part] = flat[part].mean(axis=1, dtype=np.float32)
    return values


def to_mean(split: Split, means: np.ndarray) -> np.ndarray:
    """Return how far each image is from the mean image of its class.

    Args:
        split: n images.
        means: (classes, height, width, channels).

    Returns:
        float32 (n,), root mean square of the differences of pixel values, 0 to 255.
    """
    flat = flattened(split.images)
    centres = means.reshape(len(means), -1).astype(np.float32)
    found = np.empty(len(flat), np.float32)
    for part in blocks(len(flat)):
        block = flat[part].astype(np.float32)
        block -= centres[split.labels[part]]
        found[part] = np.einsum("ij,ij->i", block, block)
    result: np.ndarray = np.sqrt(found / flat.shape[1])
    return result
