"""The mistakes of a network: which are the worst, what they have in common, and with another's.

Knows nothing of run folders. "Places" are positions in the answers, not indices of the split.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.evaluation.answers import Answers


@dataclass(frozen=True)
class Listing:
    """Some of the answers, in an order.

    Attributes:
        places: int64 (m,).
        rivals: int64 (m,), the class that the truth is up against in each: the wrong answer, or
            where the answer is right, the class that came second.
    """

    places: np.ndarray
    rivals: np.ndarray

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self.places)

    def of_pair(self, labels: np.ndarray, first: int, second: int) -> "Listing":
        """Return those in which these two classes are up against each other, in either role.

        Args:
            labels: int array (n,), the truth of all answers.
            first, second: the classes.
        """
        truths = labels[self.places]
        inside = ((truths == first) & (self.rivals == second)) | (
            (truths == second) & (self.rivals == first)
        )
        return Listing(self.places[inside], self.rivals[inside])


@dataclass(frozen=True)
class Pair:
    """Two classes that are taken for each other.

    Attributes:
        first, second: classes, first < second.
        first_as_second: errors in which the truth is the first.
        second_as_first: errors in which the truth is the second.
        share: of all errors, 0 to 1.
        cumulative: share of this pair and all before it.
    """

    first: int
    second: int
    first_as_second: int
    second_as_first: int
    share: float
    cumulative: float

    @property
    def count(self) -> int:
        """Errors between the two."""
        return self.first_as_second + self.second_as_first


@dataclass(frozen=True)
class Overlap:
    """Which errors two networks share, on the same images.

    Attributes:
        count: images.
        first, second: errors of either.
        both: images that both get wrong.
        same: of these, those for which both give the same wrong answer.
    """

    count: int
    first: int
    second: int
    both: int
    same: int

    @property
    def expected(self) -> float:
        """Images that both would get wrong if their errors had nothing to do with each other."""
        return self.first * self.second / self.count if self.count else 0.0

    @property
    def consistency(self) -> float:
        """Error consistency: 0 for errors as independent as dice, 1 for the same errors.

        Cohen's kappa over right and wrong: Geirhos, Meding, Wichmann, NeurIPS 2020,
        arXiv:2006.16736. NaN where one of the two is always right or both always wrong, so that
        agreement is no surprise.
        """
        if not self.count:
            return math.nan
        agree = (self.count - self.first - self.second + 2 * self.both) / self.count
        one, two = self.first / self.count, self.second / self.count
        by_chance = one * two + (1 - one) * (1 - two)
        return (agree - by_chance) / (1 - by_chance) if by_chance < 1 else math.nan


def sure_and_wrong(answers: Answers) -> Listing:
    """Return the wrong answers, the most confident first."""
    wrong = np.flatnonzero(~answers.right)
    return _listing(answers, wrong, -_confidence(answers, wrong))


def right_but_hesitant(answers: Answers) -> Listing:
    """Return the right answers, the least confident first."""
    right = np.flatnonzero(answers.right)
    return _listing(answers, right, _confidence(answers, right))


def only_right(answers: Answers, other: Answers) -> Listing:
    """Return what the first network gets right and the second wrong.

    The answers that the second is surest of come first; they are the rivals.

    Args:
        answers, other: on the same images in the same order, see ``in_common``.
    """
    _check_same(answers, other)
    apart = np.flatnonzero(answers.right & ~other.right)
    return _listing(other, apart, -_confidence(other, apart))


def both_wrong(answers: Answers, other: Answers) -> Listing:
    """Return what both networks get wrong, those they are surest of together first.

    The rivals are the first network's answers.

    Args:
        answers, other: on the same images in the same order, see ``in_common``.
    """
    _check_same(answers, other)
    both = np.flatnonzero(~answers.right & ~other.right)
    return _listing(answers, both, -_confidence(answers, both) - _confidence(other, both))


def overlap(answers: Answers, other: Answers) -> Overlap:
    """Count the errors that two networks share.

    Args:
        answers, other: on the same images in the same order, see ``in_common``.
    """
    _check_same(answers, other)
    both = ~answers.right & ~other.right
    return Overlap(
        count=len(answers),
        first=int((~answers.right).sum()),
        second=int((~other.right).sum()),
        both=int(both.sum()),
        same=int((both & (answers.predicted == other.predicted)).sum()),
    )


def pairs(labels: np.ndarray, predicted: np.ndarray, classes: int) -> list[Pair]:
    """Return the pairs of classes that are confused, the most frequent first.

    Args:
        labels, predicted: int arrays (n,).
        classes: number of classes.
    """
    wrong = labels != predicted
    counts = np.bincount(labels[wrong] * classes + predicted[wrong], minlength=classes * classes)
    matrix = counts.reshape(classes, classes)
    both_ways = np.triu(matrix + matrix.T, 1)
    firsts, seconds = np.nonzero(both_ways)
    sizes = both_ways[firsts, seconds]
    order = np.argsort(-sizes, kind="stable")
    total, so_far = int(wrong.sum()), np.cumsum(sizes[order])
    return [
        Pair(
            int(firsts[place]),
            int(seconds[place]),
            int(matrix[firsts[place], seconds[place]]),
            int(matrix[seconds[place], firsts[place]]),
            float(sizes[place] / total),
            float(until / total),
        )
        for place, until in zip(order, so_far, strict=True)
    ]


def _confidence(answers: Answers, places: np.ndarray) -> np.ndarray:
    found: np.ndarray = answers.probabilities[places].max(axis=1)
    return found


def _listing(answers: Answers, places: np.ndarray, keys: np.ndarray) -> Listing:
    """Order places by rising keys; equal ones stay in the order of the answers."""
    ordered = places[np.argsort(keys, kind="stable")]
    ranked = answers.probabilities[ordered].copy()
    rows = np.arange(len(ordered))
    best = ranked.argmax(axis=1)
    ranked[rows, best] = -1.0
    right = best == answers.labels[ordered]
    return Listing(ordered, np.where(right, ranked.argmax(axis=1), best))


def _check_same(answers: Answers, other: Answers) -> None:
    if answers.split != other.split or not np.array_equal(answers.indices, other.indices):
        raise ValueError("the two networks were not asked about the same images")
