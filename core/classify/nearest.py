"""The training images that a network finds most like a picture, by its last hidden layer.

What the last hidden layer makes of a balanced sample of the training images is worked out once and
kept in a small file: unit vectors, so that their distance is that of their directions (the cosine
distance), reduced to ``KEPT`` principal components and one byte a number. Beside a bundled model
lies its own, written by ``write_neighbours``; for other runs a task works it out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import datasets, runs
from core.errors import RunDamaged
from core.networks import Model, load
from core.runs.analysis import analysis_file, fits, read_analysis, stamp_of, write_analysis

NAME = "neighbours"
SAMPLE = 10_000  # training images, as many of each class
KEPT = 64  # principal components
_LEVELS = 127  # of a code, either side of zero
_SEED = 1311_2901

Ask = Callable[[np.ndarray], np.ndarray]
"""From uint8 images to their last hidden layer, float32 (n, features)."""


@dataclass(frozen=True)
class Near:
    """Training images, the one most like the picture first.

    Attributes:
        indices: int64 (n,), in the training split.
        labels: int64 (n,), their classes.
        distances: float32 (n,), cosine distances of the last hidden layer: 0 for the same
            direction, 1 for nothing in common.
    """

    indices: np.ndarray
    labels: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class _Reference:
    """The training images as one network sees them; see ``neighbours_of`` for the arrays."""

    indices: np.ndarray
    labels: np.ndarray
    codes: np.ndarray
    step: float
    mean: np.ndarray
    components: np.ndarray

    def distances(self, hidden: np.ndarray) -> np.ndarray:
        """Return the cosine distance of a last hidden layer (features,) to each image, float32."""
        point = _unit(hidden[None])[0] - self.mean
        reduced = self.components @ point
        # What the components do not reach is far from all training images alike.
        beyond = max(0.0, float(point @ point - reduced @ reduced))
        apart = self.codes.astype(np.float32)
        apart *= self.step
        apart -= reduced
        found: np.ndarray = (np.einsum("ij,ij->i", apart, apart) + beyond) / 2
        return found


def nearest(model: Model, pixels: np.ndarray, count: int) -> Near | None:
    """Return the training images most like a prepared picture, as the network sees them.

    Args:
        model: the network.
        pixels: uint8, ``Prepared.pixels``.
        count: how many are wanted.

    Returns:
        The images, or None if it was not worked out for this network.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    reference = _reference(model)
    if reference is None:
        return None
    distances = reference.distances(_ask(model, pixels)[1])
    order = np.argsort(distances, kind="stable")[:count]
    return Near(reference.indices[order], reference.labels[order], distances[order])


def write_neighbours(model: Model, path: Path) -> None:
    """Write the file for a model that is to be bundled; takes a minute.

    Args:
        model: a run's.
        path: ``neighbours.npz`` beside the model file.

    Raises:
        AtelierError: the model, its run or the data cannot be used.
        OSError: the file cannot be written.
    """
    run, network = runs.read(model.run), load(model)
    stamp = stamp_of(run)
    write_analysis(path, neighbours_of(run, lambda images: network.ask(images)[1]), stamp)


def neighbours_of(run: runs.Run, ask: Ask) -> dict[str, np.ndarray]:
    """Return what is kept of the training images of a run.

    Args:
        run: whose images; those that it held back are not among them.
        ask: its network.

    Returns:
        ``indices``, int32 (n,), in the training split; ``labels``, uint16 (n,); ``codes``, int8
        (n, components), in steps of ``step``, float32; ``mean``, float32 (features,), of the unit
        vectors, and ``components``, float16 (components, features), their principal components.

    Raises:
        RunDamaged: the run's config cannot be read.
        AtelierError: the data cannot be used.
    """
    if run.config is None:
        raise RunDamaged(f"The run {run.id} is damaged: {run.reason}")
    train = datasets.load(run.config.dataset, "train")
    learned = runs.learned(run.config)
    indices = learned[_balanced(train.labels[learned])]
    hidden = _unit(ask(train.images[indices]))
    mean = hidden.mean(axis=0)
    hidden -= mean
    # Eigenvectors of the smaller of the two products; a wide layer has more features than images.
    components = np.linalg.svd(hidden[:: max(1, len(hidden) // 3000)], full_matrices=False)[2]
    components = components[:KEPT].astype(np.float16)
    reduced = hidden @ components.T.astype(np.float32)
    step = max(float(np.abs(reduced).max()) / _LEVELS, 1e-9)
    return {
        "indices": indices.astype(np.int32),
        "labels": train.labels[indices].astype(np.uint16),
        "codes": (reduced / step).round().astype(np.int8),
        "step": np.array(step, np.float32),
        "mean": mean.astype(np.float32),
        "components": components,
    }


def _ask(model: Model, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    probabilities, hidden = load(model).ask(pixels.reshape(1, *model.dataset.shape))
    return probabilities[0], hidden[0]


def _unit(hidden: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(hidden, axis=1, keepdims=True)
    found: np.ndarray = (hidden / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found


def _balanced(labels: np.ndarray) -> np.ndarray:
    """Return the indices of a sample with as many of each class as there are, in order."""
    generator = np.random.default_rng(_SEED)
    classes = np.unique(labels)
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[: max(1, SAMPLE // len(classes))]
        for label in classes
    ]
    return np.sort(np.concatenate(chosen))


def _reference(model: Model) -> _Reference | None:
    """Return what is kept for this network: beside the model file, or worked out by a task."""
    run = runs.read(model.run)
    for path in (model.path.with_name(f"{NAME}.npz"), analysis_file(NAME, run)):
        if fits(path, run):
            reference = _read(path, path.stat().st_mtime_ns, model.dataset.counts["train"])
            if reference is not None:
                return reference
    return None


@lru_cache(maxsize=4)
def _read(path: Path, written: int, images: int) -> _Reference | None:
    """Return what a file holds; None if it is damaged."""
    try:
        arrays = read_analysis(path, ("indices", "labels", "codes", "step", "mean", "components"))
    except RunDamaged:
        return None
    indices, labels, codes = arrays["indices"], arrays["labels"], arrays["codes"]
    mean, components = arrays["mean"], arrays["components"].astype(np.float32)
    if (
        codes.dtype != np.int8
        or codes.shape != (len(indices), len(components))
        or components.shape[1:] != mean.shape
        or labels.shape != indices.shape
        or arrays["step"].shape != ()
        or not len(indices)
        or not 0 <= indices.min() <= indices.max() < images
    ):
        return None
    return _Reference(
        indices.astype(np.int64),
        labels.astype(np.int64),
        codes,
        float(arrays["step"]),
        mean,
        components,
    )
