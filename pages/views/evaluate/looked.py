"""What a view of the Evaluate page looks at."""

from dataclasses import dataclass

import numpy as np

from core import datasets, runs
from core.evaluation import Answers
from pages.session import data


@dataclass(frozen=True)
class Looked:
    """A run's answers on the part that the visitor looks at, and maybe a second run's.

    Attributes:
        run: the finished run.
        spec: its data set.
        answers: on the validation or on the test images.
        other: a second run to compare with, on the same data set.
        other_answers: the second run's, on its own images of the same part: for anything image by
            image, take ``core.evaluation.in_common`` of the two.
    """

    run: runs.Run
    spec: datasets.DatasetSpec
    answers: Answers
    other: runs.Run | None = None
    other_answers: Answers | None = None

    def images(self, answers: Answers) -> np.ndarray:
        """Return the images that were answered, uint8 (n, height, width[, 3]) for the gallery."""
        split = data.split(self.spec.name, answers.split)
        return data.pictures(split.images[answers.indices])

    @property
    def tile(self) -> int:
        """Edge of a picture in a gallery, in CSS pixels, for captions of a class name and more."""
        edge = self.spec.shape[0]
        return edge * max(1, round(84 / edge))
