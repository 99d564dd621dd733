"""How a network's accuracy falls as its pictures get worse; see ``core.evaluation.corruptions``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import RunDamaged
from core.evaluation.comparison import accuracy_interval
from core.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from core.runs.analysis import read_analysis

SAMPLE = 2_000  # validation images that each cell of the table is measured on
SEED = 20190326  # of the sample and the corruptions: the same for all runs

Predict = Callable[[np.ndarray], np.ndarray]
"""Takes uint8 images (n, height, width, channels), returns the classes answered, int (n,)."""


@dataclass(frozen=True)
class Robustness:
    """The accuracy of one network on the same images, unharmed and made worse.

    Attributes:
        names: the corruptions, as in ``CORRUPTIONS``.
        count: images that each figure is of.
        clean: images answered rightly as they are.
        right: images answered rightly, int (corruptions, severities).
    """

    names: tuple[str, ...]
    count: int
    clean: int
    right: np.ndarray

    @property
    def clean_accuracy(self) -> float:
        """Accuracy on the images as they are, 0 to 1."""
        return self.clean / self.count

    @property
    def accuracy(self) -> np.ndarray:
        """Accuracy, 0 to 1, (corruptions, severities)."""
        return self.right / self.count

    @property
    def mean(self) -> float:
        """Mean over all corruptions and severities, each the same weight."""
        return float(self.accuracy.mean())

    @property
    def uncertainty(self) -> float:
        """Half the 95 % interval of the least certain figure: chance alone moves each so far."""
        low, high = zip(
            *(accuracy_interval(right, self.count) for right in self.right.ravel().tolist()),
            strict=True,
        )
        return float((np.array(high) - np.array(low)).max() / 2)

    @property
    def weakest(self) -> str:
        """The corruption with the lowest mean accuracy."""
        return self.names[int(self.accuracy.mean(axis=1).argmin())]

    @property
    def strongest(self) -> str:
        """The corruption with the highest mean accuracy."""
        return self.names[int(self.accuracy.mean(axis=1).argmax())]


def sample(count: int) -> np.ndarray:
    """Return the places of the images to take of ``count`` validation images, in order."""
    chosen = np.random.default_rng(SEED).permutation(count)[:SAMPLE]
    return np.sort(chosen)


def measure(
    predict: Predict, images: np.ndarray, labels: np.ndarray, report: Callable[[float], None]
) -> dict[str, np.ndarray]:
    """Ask a network about images under every corruption and severity.

    Args:
        predict: asks it.
        images: uint8 (n, height, width, channels).
        labels: int (n,), the truth.
        report: told the share done after every cell.

    Returns:
        The arrays that ``read_robustness`` reads.
    """
    cells = 1 + len(CORRUPTIONS) * len(SEVERITIES)
    report(0.0)
    clean = int((predict(images) == labels).sum())
    done = 1
    right = np.zeros((len(CORRUPTIONS), len(SEVERITIES)), np.int64)
    for row, name in enumerate(CORRUPTIONS):
        for column, severity in enumerate(SEVERITIES):
            report(done / cells)
            answers = predict(corrupt(images, name, severity, SEED))
            right[row, column] = (answers == labels).sum()
            done += 1
    report(1.0)
    return {
        "names": np.array(list(CORRUPTIONS)),
        "count": np.array(len(images)),
        "clean": np.array(clean),
        "right": right,
    }


def read_robustness(path: Path) -> Robustness:
    """Return what ``measure`` found.

    Raises:
        RunDamaged: the file cannot be read, or does not hold that.
    """
    found = read_analysis(path, ("names", "count", "clean", "right"))
    names, right = found["names"], found["right"]
    if (
        names.ndim == 1
        and set(names.tolist()) <= set(CORRUPTIONS)
        and right.shape == (len(names), len(SEVERITIES))
        and right.size
        and all(each.dtype.kind == "i" for each in (right, found["count"], found["clean"]))
        and found["count"].shape == found["clean"].shape == ()
    ):
        count, clean = int(found["count"]), int(found["clean"])
        if count > 0 and 0 <= clean <= count and 0 <= right.min() <= right.max() <= count:
            return Robustness(tuple(names.tolist()), count, clean, right)
    raise RunDamaged(
        f"The file {path.name} does not hold accuracies. Delete it from {path.parent} and compute "
        "it again."
    )
