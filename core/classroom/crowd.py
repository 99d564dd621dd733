"""How well many people do on a few images, or a network on images of a few people.

Thirty students on twenty images are not six hundred independent answers: what one finds hard, most
do. So the images are what is counted, and a class is as sure as its images let it be: of each image
the share of the class that was right, and of those the mean, with the interval of as many answers
as would be as uncertain (Korn and Graubard 1998). The difference from a network is paired, as both
saw the same images: the two intervals with their correlation (Zou and Donner 2008), so that it
keeps within -1 and 1 and has a width even where all were right.

Arrays and numbers in, plain data out. SciPy is imported when first needed.
"""

import math

import numpy as np

from core.classroom.scores import Gap
from core.evaluation import Share

_Z = 1.959963984540054  # the normal distribution's 97.5 % point


def crowd_share(shares: np.ndarray, answers: int) -> Share:
    """Return the accuracy of a crowd, with as many answers as its interval is worth.

    Args:
        shares: of each image the share of the crowd that was right, float (n,), n at least 1.
        answers: that they were worked out from, at least n.
    """
    count, value = len(shares), float(shares.mean())
    if count < 2:
        return Share(value, 1)
    return _as_uncertain(value, float(shares.var(ddof=1)) / count, count, answers)


def clustered_share(right: np.ndarray, owners: np.ndarray) -> Share:
    """Return an accuracy on images that come in clusters, such as the photos of some students.

    Photos of one student are alike: of the same wardrobe, in the same light. So the students are
    what is counted, and the variance is that of a ratio of their sums (Korn and Graubard 1998).

    Args:
        right: whether each image was answered rightly, bool (n,), n at least 1.
        owners: whose it is, int (n,).

    Returns:
        The accuracy over all images, with as many images as its interval is worth: ``n`` at most.
    """
    _, places = np.unique(owners, return_inverse=True)
    sizes = np.bincount(places)
    count, value = len(sizes), float(right.mean())
    if count < 2:
        return Share(value, 1)
    away = np.bincount(places, weights=right) - value * sizes
    spread = count / (count - 1) * float((away**2).sum()) / len(right) ** 2
    return _as_uncertain(value, spread, count, len(right))


def _as_uncertain(value: float, spread: float, clusters: int, most: int) -> Share:
    """Return an accuracy with as many independent answers as would be as uncertain.

    Args:
        value: the accuracy.
        spread: its variance, between clusters.
        clusters: that this was estimated from, at least 2.
        most: answers that there are.
    """
    from scipy.stats import t

    inside = value * (1 - value)
    # All right or all wrong: the clusters agree, and it is they that may be others tomorrow.
    worth = float(clusters) if inside == 0 else inside / spread if spread > 0 else float(most)
    worth *= (_Z / float(t.ppf(0.975, clusters - 1))) ** 2
    return Share(value, max(1, min(most, math.floor(worth))))


def paired_gap(shares: np.ndarray, right: np.ndarray, answers: int) -> Gap:
    """Return by how much a crowd is above a network on the same images, with the 95 % interval.

    Args:
        shares: of each image the share of the crowd that was right, float (n,).
        right: whether the network was right, bool (n,).
        answers: of the crowd.
    """
    crowd, network = crowd_share(shares, answers), Share(float(right.mean()), len(right))
    (low, high), (other_low, other_high) = crowd.interval, network.interval
    together = 0.0
    if len(shares) > 1 and shares.std() > 0 and right.std() > 0:
        together = float(np.corrcoef(shares, right.astype(float))[0, 1])
    value = crowd.value - network.value

    def half(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one + other * other - 2 * together * one * other))

    below = half(crowd.value - low, other_high - network.value)
    above = half(high - crowd.value, network.value - other_low)
    return Gap(value, max(-1.0, value - below), min(1.0, value + above))
