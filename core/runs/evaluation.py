"""What a finished network says of every image of a split, as one file of the run folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import RunDamaged
from core.runs.files import NPZ_ERRORS, open_regular, write_atomic


@dataclass(frozen=True)
class Evaluation:
    """The answers of one network on one split.

    Attributes:
        probabilities: float32 array of shape (n, classes), rows sum to 1, in the split's order.
        loss: mean cross-entropy of the split, in nats.
    """

    probabilities: np.ndarray
    loss: float

    @classmethod
    def of(cls, probabilities: np.ndarray, labels: np.ndarray) -> "Evaluation":
        """Return the answers with their loss, by the true classes, int (n,)."""
        truth = probabilities[np.arange(len(labels)), labels]
        # Keras's own bound on a probability, so that one zero does not make the mean infinite.
        return cls(probabilities, float(-np.log(np.maximum(truth, 1e-7)).mean()))


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write the file in one step."""

    def write(file: Path) -> None:
        np.savez_compressed(file, probabilities=evaluation.probabilities, loss=evaluation.loss)

    write_atomic(path, write)


def read_evaluation(path: Path, count: int, classes: int) -> Evaluation:
    """Read the file and check that it fits a split of ``count`` images and ``classes`` classes.

    Raises:
        RunDamaged: the file is missing, cannot be read, or does not fit.
    """
    try:
        with open_regular(path) as content, np.load(content, allow_pickle=False) as file:
            probabilities = np.asarray(file["probabilities"], np.float32)
            loss = float(file["loss"])
    except FileNotFoundError:
        raise RunDamaged(
            f"This run has no file {path.name}: its answers are missing. Train the run again."
        ) from None
    except NPZ_ERRORS as error:
        raise RunDamaged(f"The file {path.name} cannot be read. Train the run again.") from error
    if probabilities.shape != (count, classes) or not np.isfinite(probabilities).all():
        raise RunDamaged(f"The file {path.name} does not fit the data set. Train the run again.")
    return Evaluation(probabilities, loss)
