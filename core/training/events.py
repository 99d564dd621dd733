"""What a training tells whoever listens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.errors import AtelierError
from core.runs.checkpoint import Checkpoint


class Diverged(AtelierError):
    """The loss or a weight is beyond all bounds, or no number any more."""


@dataclass(frozen=True)
class BatchEvent:
    """The mean over the batches since the event before it.

    Attributes:
        epoch: epochs done, with fraction.
        images: training images seen since the start.
        loss: mean loss a training image.
        accuracy: share of training images that were right, 0 to 1.
        seconds: of training so far, over all the processes that worked on it.
        images_per_second: training images a second of training time so far, start-up left out;
            None before that is known.
    """

    epoch: float
    images: int
    loss: float
    accuracy: float
    seconds: float
    images_per_second: float | None


@dataclass(frozen=True)
class EpochEvent:
    """One complete epoch.

    Attributes:
        epoch: its number, from 1.
        loss, accuracy: mean over the epoch's batches, while the weights changed.
        val_loss, val_accuracy: on the images held back, after the epoch.
        seconds: the epoch took, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


class Listener(Protocol):
    """Gets the events of one training, on the training thread: be quick."""

    def phase(self, name: str) -> None:
        """Take note that ``"training"`` or ``"evaluating"`` begins."""

    def batch(self, event: BatchEvent) -> None:
        """Take note of some batches."""

    def checkpoint(self, make: Callable[[], Checkpoint]) -> None:
        """Keep what ``make()`` returns: the training could go on from here.

        Called at the end of each epoch, before ``epoch``, and when the training ends early.
        """

    def epoch(self, event: EpochEvent) -> None:
        """Take note of a complete epoch."""

    def should_stop(self) -> bool:
        """Tell whether the training should end now."""
        ...

    def time_is_up(self, epoch_seconds: float) -> bool:
        """Tell whether another epoch, of so many seconds, would be too long."""
        ...
