"""What a finished network says of images that it did not learn from.

While people tune, they look at the validation images; the test images are for the end.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import datasets
from core.errors import RunDamaged
from core.runs import Run, held_out, read_evaluation

VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True)
class Answers:
    """The answers of one network on n images.

    Attributes:
        part: ``"validation"`` or ``"test"``.
        indices: int64 (n,), of the images in the data set's split ``split``.
        labels: int64 (n,), the truth.
        probabilities: float32 (n, classes), rows sum to 1.
        loss: mean cross-entropy of the whole part, in nats.
    """

    part: str
    indices: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    loss: float

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @property
    def split(self) -> str:
        """The split of the data set that the images are in: validation comes out of "train"."""
        return "test" if self.part == TEST else "train"

    @property
    def predicted(self) -> np.ndarray:
        """The class answered for each image, int64 (n,)."""
        found: np.ndarray = self.probabilities.argmax(axis=1)
        return found

    @property
    def right(self) -> np.ndarray:
        """Whether each answer is right, bool (n,)."""
        found: np.ndarray = self.predicted == self.labels
        return found

    def at(self, places: np.ndarray) -> "Answers":
        """Return the answers at some places (not indices of the split), in that order."""
        return replace(
            self,
            indices=self.indices[places],
            labels=self.labels[places],
            probabilities=self.probabilities[places],
        )


def answers_of(run: Run, part: str, path: Path | None = None) -> Answers:
    """Return a finished run's answers on its validation images or on the test images.

    Args:
        run: a finished run.
        part: ``"validation"`` or ``"test"``.
        path: of the file, if it is not the one in the run's folder.

    Raises:
        RunDamaged: the run has no such answers, or they cannot be read.
        DataUnavailable, DataDamaged: its data set cannot be read.
    """
    if run.config is None:
        raise RunDamaged(f"The run {run.id} is damaged: {run.reason}")
    spec = datasets.find(run.config.dataset)
    if part == TEST:
        indices = np.arange(spec.counts["test"])
        path = path or run.folder.evaluation
    else:
        indices = held_out(run.config)
        path = path or run.folder.validation
    written = read_evaluation(path, len(indices), len(spec.classes))
    labels = spec.load("test" if part == TEST else "train").labels[indices]
    return Answers(part, indices, labels, written.probabilities, written.loss)


def in_common(first: Answers, second: Answers) -> tuple[Answers, Answers]:
    """Restrict the answers of two networks to the images that both were asked about.

    Validation images in common were held back from both, so the comparison is fair to both; two
    runs that hold back others may have few or none in common.
    """
    _, one, two = np.intersect1d(
        first.indices, second.indices, assume_unique=True, return_indices=True
    )
    if first.split != second.split:
        one = two = one[:0]
    return first.at(one), second.at(two)
