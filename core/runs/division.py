"""Which images of the training split a run learns from, and which it holds back."""

from dataclasses import dataclass

import numpy as np

from core.architectures.recipe import ValidationFrom
from core.datasets import Split
from core.runs.config import TrainingConfig


@dataclass(frozen=True)
class Parts:
    """The training split, divided; the test split has no part in it."""

    train: Split
    validation: Split


def divide(split: Split, config: TrainingConfig) -> Parts:
    """Divide the training split as the config says, the same way for the same config."""
    train, validation = _divided(config)
    return Parts(_take(split, train), _take(split, validation))


def held_out(config: TrainingConfig) -> np.ndarray:
    """Return the indices in the training split of the validation images, in their order.

    Returns:
        int64 array of shape (config.validation_count,).
    """
    return _divided(config)[1]


def _divided(config: TrainingConfig) -> tuple[np.ndarray, np.ndarray]:
    # A limit takes the first images, whose classes are as mixed as those of the whole split.
    indices = np.arange(config.used)
    if config.recipe.validation_from is ValidationFrom.RANDOM:
        np.random.default_rng(config.seed).shuffle(indices)
    train, validation = np.split(indices, [config.training_count])
    return train, validation


def _take(split: Split, indices: np.ndarray) -> Split:
    return Split(split.images[indices], split.labels[indices])
