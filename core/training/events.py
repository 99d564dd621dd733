"""What a training tells whoever listens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.errors import AtelierError

if TYPE_CHECKING:
    import keras


class Diverged(AtelierError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class BatchEvent:
    """The mean over the batches since the event before it.

    Attributes:
        epoch: epochs done, with fraction.
        images: training images seen since the start.
        loss: mean loss a training image.
        accuracy: share of training images that were right, 0 to 1.
    """

    epoch: float
    images: int
    loss: float
    accuracy: float


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

    def epoch(self, event: EpochEvent, model: "keras.Model") -> None:
        """Take note of an epoch; ``model`` has its weights, and only until this returns."""

    def should_stop(self) -> bool:
        """Tell whether the training should end now."""
        ...
