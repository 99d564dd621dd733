"""Which images of the training split a run learns from, and which it holds back."""

from dataclasses import dataclass

import numpy as np

from core.architectures.recipe import ValidationFrom
from core.datasets import Split, find
from core.runs.config import TrainingConfig


@dataclass(frozen=True)
class Parts:
    """The training split, divided; the test split has no part in it."""

    train: Split
    validation: Split


def divide(split: Split, config: TrainingConfig) -> Parts:
    """Divide the training split as the config says, the same way for the same config.

    Images that follow one another in the split are not copied.
    """
    train, validation = rows(config)
    return Parts(_take(split, train), _take(split, validation))


def held_out(config: TrainingConfig) -> np.ndarray:
    """Return the indices in the training split of the validation images, in their order.

    Returns:
        int64 array of shape (config.validation_count,).
    """
    return rows(config)[1]


def learned(config: TrainingConfig) -> np.ndarray:
    """Return the indices in the training split of the images to learn from, ascending.

    Returns:
        int64 array of shape (config.training_count,).
    """
    return np.sort(rows(config)[0])


def rows(config: TrainingConfig) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices in the training split of the images to learn from and of those held out.

    Returns:
        int64 arrays of shapes (config.training_count,) and (config.validation_count,).
    """
    if config.recipe.validation is None:  # the data set's own part stands at the end of the split
        spec = find(config.dataset)
        first = spec.counts["train"] - spec.validation
        return (
            np.arange(config.training_count),
            np.arange(first, first + config.validation_count),
        )
    # A limit takes the first images, whose classes are as mixed as those of the whole split.
    indices = np.arange(config.used)
    if config.recipe.validation_from is ValidationFrom.RANDOM:
        np.random.default_rng(config.seed).shuffle(indices)
    train, validation = np.split(indices, [config.training_count])
    return train, validation


def _take(split: Split, indices: np.ndarray) -> Split:
    if len(indices) and np.array_equal(indices, np.arange(indices[0], indices[0] + len(indices))):
        part = slice(indices[0], indices[0] + len(indices))
        return Split(split.images[part], split.labels[part])
    return Split(split.images[indices], split.labels[indices])
