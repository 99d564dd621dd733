"""How well a network's probabilities rank: ROC and precision-recall curves by class, and top-k.

A class against all others, as scikit-learn has it; it is imported when first needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

POINTS = 200  # of a curve at most; a chart is hardly wider in pixels


@dataclass(frozen=True)
class Ranking:
    """How far a class's probability puts the images of the class before all others.

    Attributes:
        name: of the class.
        count: images of the class.
        auc: area under the ROC curve, 0 to 1: the chance that an image of the class gets a higher
            probability for it than an image of another class. None where one of them is missing.
        average_precision: the mean of the precisions at each step of recall, weighted by the
            step. None where the class has no image.
        roc: float array (2, m), false and true positive rate; m is 0 where ``auc`` is None.
        precision_recall: float array (2, m), recall and precision, likewise.
    """

    name: str
    count: int
    auc: float | None
    average_precision: float | None
    roc: np.ndarray
    precision_recall: np.ndarray


def rankings(
    probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> list[Ranking]:
    """Return one ranking a class, in label order.

    The areas are of all points; the curves are thinned to ``POINTS``.

    Args:
        probabilities: float array (n, classes).
        labels: int array (n,), the truth.
        classes: class names in label order.
    """
    return [
        _ranking(name, labels == index, probabilities[:, index])
        for index, name in enumerate(classes)
    ]


def _ranking(name: str, positive: np.ndarray, scores: np.ndarray) -> Ranking:
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

    count, nothing = int(positive.sum()), np.empty((2, 0))
    if count == 0:
        return Ranking(name, 0, None, None, nothing, nothing)
    precision, recall, _ = precision_recall_curve(positive, scores, drop_intermediate=True)
    curve = thinned(np.array([recall, precision]))
    average = float(average_precision_score(positive, scores))
    if count == len(positive):
        return Ranking(name, count, None, average, nothing, curve)
    false, true, _ = roc_curve(positive, scores)
    return Ranking(name, count, float(auc(false, true)), average, thinned([false, true]), curve)


def thinned(curve: Sequence[np.ndarray] | np.ndarray, most: int = POINTS) -> np.ndarray:
    """Return at most ``most`` of a curve's points, evenly spread along its way.

    Both ends stay, and every point is one of the curve's own.

    Args:
        curve: (2, n), x and y of points in order.
        most: 2 or more.
    """
    points = np.asarray(curve, float)
    if points.shape[1] <= most:
        return points
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points)).sum(axis=0))])
    kept = np.searchsorted(way, np.linspace(0.0, way[-1], most))
    kept[0], kept[-1] = 0, points.shape[1] - 1
    return points[:, np.unique(kept)]


def top_accuracy(probabilities: np.ndarray, labels: np.ndarray, most: int = 2) -> float:
    """Return the share of images whose class is among the ``most`` likeliest, 0 to 1 (top-k).

    Of equal probabilities the first class counts as the likelier, as it does for the answer
    itself: with 1 this is the accuracy.
    """
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :most]
    return float((likeliest == labels[:, None]).any(axis=1).mean())
