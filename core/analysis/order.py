"""The orders in which the images of a split can be looked at: a registry.

An order gives every image a value and says which end comes first. A new entry of ``ORDERS`` is
offered on the Explore page and tested the moment it exists.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core import datasets
from core.analysis import labels, statistics
from core.evaluation import Answers


@dataclass(frozen=True)
class Subject:
    """What is to be put in order.

    Attributes:
        dataset: name of the data set.
        split: ``"train"`` or ``"test"``.
        answers: of the chosen run on images of that split, for the orders that need one.
    """

    dataset: str
    split: str
    answers: Answers | None = None


@dataclass(frozen=True)
class Order:
    """A way to put images in order.

    Attributes:
        name: what the URL calls it.
        title: what people call it.
        explanation: what is measured, in a sentence.
        values: returns float32 (n,), one a image of the split and NaN for those that have none, or
            None where the values are not there (yet). It may read the data set, and so raise
            DataUnavailable or DataDamaged.
        highest_first: whether the highest value comes first.
        share: whether values are shares of 0 to 1; otherwise they are pixel values of 0 to 255.
        needs_answers: whether it is about what a run said.
        shown: whether the values tell people something.
    """

    name: str
    title: str
    explanation: str
    values: Callable[[Subject], np.ndarray | None]
    highest_first: bool = False
    share: bool = False
    needs_answers: bool = False
    shown: bool = True

    def ranked(self, values: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Return the indices of ``among`` in this order, without those that have no value.

        Equal values stay in the order of ``among``.

        Args:
            values: as ``self.values`` returned them.
            among: int64, indices of the split.
        """
        chosen = values[among]
        has = ~np.isnan(chosen)
        keys = -chosen[has] if self.highest_first else chosen[has]
        found: np.ndarray = among[has][np.argsort(keys, kind="stable")]
        return found


def _index(subject: Subject) -> np.ndarray:
    return np.arange(datasets.find(subject.dataset).counts[subject.split], dtype=np.float32)


def _brightness(subject: Subject) -> np.ndarray:
    return statistics.brightness(datasets.load(subject.dataset, subject.split).images)


def _to_mean(subject: Subject) -> np.ndarray:
    spec = datasets.find(subject.dataset)
    means = statistics.moments(spec.load("train"), len(spec.classes)).means
    return statistics.to_mean(spec.load(subject.split), means)


def _doubt(subject: Subject) -> np.ndarray | None:
    return labels.suspicion(subject.dataset, subject.split)


def _hardest(subject: Subject) -> np.ndarray | None:
    answers = subject.answers
    if answers is None or answers.split != subject.split:
        return None
    values = np.full(datasets.find(subject.dataset).counts[subject.split], np.nan, np.float32)
    values[answers.indices] = answers.probabilities[np.arange(len(answers)), answers.labels]
    return values


_MEAN = (
    "The figure is the distance from the mean of the training images with the same label: the "
    "root mean square difference of pixel values, 0 to 255."
)

ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        Order("index", "As in the data set", "The order of the file.", _index, shown=False),
        Order(
            "darkest",
            "Darkest",
            "The figure is the mean of all pixel values, 0 to 255.",
            _brightness,
        ),
        Order(
            "brightest",
            "Brightest",
            "The figure is the mean of all pixel values, 0 to 255.",
            _brightness,
            highest_first=True,
        ),
        Order("typical", "Closest to the class mean", _MEAN, _to_mean),
        Order("unusual", "Farthest from the class mean", _MEAN, _to_mean, highest_first=True),
        Order(
            "doubtful",
            "Most doubtful label",
            "The figure is how doubtful the label is: 50 % where a network that had not seen the "
            "image found another class as likely as the label's.",
            _doubt,
            highest_first=True,
            share=True,
        ),
        Order(
            "hardest",
            "Hardest for a run",
            "The figure is the probability that the network gave to the image's label.",
            _hardest,
            share=True,
            needs_answers=True,
        ),
    )
}
