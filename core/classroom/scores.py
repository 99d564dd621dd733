"""Who did best, as far as the images can tell: a board that moves by more than chance, and bands.

The test images of a data set are divided once and for all: some for the board, the rest for the
end. What the board says about the former is by the Ladder rule of Blum and Hardt 2015
(arXiv:1502.04585, algorithm 2): a hand-in takes the place of the student's best only where it is
better by more than chance, and else the board says nothing about it. So nobody can climb by trying
often and keeping what happened to fit. They ask for a gain of one standard error of the paired
difference; here it is McNemar's exact test at 5 %, which is stricter, and the test that tells
neighbours apart as well.

Two that this test cannot tell apart share a band. "Cannot be told apart" does not carry over: of
three, the first and the last may well be. So bands overlap, as the letters of a compact letter
display do (Piepho 2004): neighbours that cannot be told apart share a band, and two that are told
apart share none. Each test stands for itself: of twenty pairs that are equally good, one will be
told apart.

Knows nothing of run folders and of the database: arrays and numbers in, plain data out. SciPy is
imported when first needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation import Paired, Robustness, Share, difference_interval, mcnemar

SEED = 15020458  # of the division of the test images: the same for all classes and servers
BOARD = 0.4  # share of the test images for the board: 4,000 of 10,000
LEVEL = 0.05  # share of pairs that are equally good and yet told apart
ALL_KINDS = "all"  # instead of one corruption: the mean over all
PARAMETERS = 1_000  # that an accuracy per parameter is given for


@dataclass(frozen=True)
class Parts:
    """The test images, divided; indices, int64, in order.

    Attributes:
        board: for the board while a task is open.
        end: for the end.
    """

    board: np.ndarray
    end: np.ndarray


@dataclass(frozen=True)
class Step:
    """What a hand-in did to the board.

    Attributes:
        moved: whether it took the place of the student's best so far.
        best: which of the student's hand-ins stands on the board after it, from 0.
        paired: how it compares with the best before it; None of the first one.
    """

    moved: bool
    best: int
    paired: Paired | None = None


@dataclass(frozen=True)
class Measure:
    """A figure with its 95 % interval; for a figure without one, both ends are the figure.

    Attributes:
        value: None where there is none, as of a goal that was not reached.
        low, high: the ends.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, share: Share | None) -> "Measure":
        """Return the measure that an accuracy is."""
        return cls(None) if share is None else cls(share.value, *share.interval)

    def apart(self, other: "Measure") -> bool:
        """Tell whether the intervals do not overlap; nothing is apart from anything."""
        if self.value is None or other.value is None:
            return (self.value is None) != (other.value is None)
        low, high = self._ends
        other_low, other_high = other._ends
        return high < other_low or other_high < low

    @property
    def _ends(self) -> tuple[float, float]:
        assert self.value is not None, "there is a figure"
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return low, high


@dataclass(frozen=True)
class Standing:
    """One line of a board.

    Attributes:
        key: whose it is.
        measure: what it is placed by.
        place: 1 and the number of those with a better figure; equal figures share it.
        bands: the bands it is in, from 1.
        tied: whether it cannot be told apart from the line above it.
        best, worst: the places that the tests leave open to it.
    """

    key: str
    measure: Measure
    place: int
    bands: tuple[int, ...]
    tied: bool
    best: int
    worst: int


@dataclass(frozen=True)
class Gap:
    """By how much one accuracy is above another, with the 95 % interval; in shares."""

    value: float
    low: float
    high: float

    @classmethod
    def between(cls, first: Share, second: Share) -> "Gap":
        """Return ``first - second``, which are of different images (Newcombe's interval)."""
        low, high = difference_interval(first.value, first.count, second.value, second.count)
        return cls(first.value - second.value, low, high)

    @property
    def clear(self) -> bool:
        """Whether it is more than chance."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Entry:
    """What stands for a student at the end.

    Attributes:
        right: whether each test image was answered rightly, bool (n,).
        validation: the accuracy that it was chosen by; None if it was not measured.
    """

    right: np.ndarray
    validation: Share | None = None


@dataclass(frozen=True)
class Revealed:
    """A student's line when the end is revealed.

    Attributes:
        key: whose it is.
        board, end: the lines on the board before, and on the images for the end.
        board_share, end_share: the accuracies.
        validation: the accuracy that it was chosen by.
        gap: the board's accuracy minus the end's.
        validation_gap: the validation accuracy minus the end's; None without the former.
    """

    key: str
    board: Standing
    end: Standing
    board_share: Share
    end_share: Share
    validation: Share | None
    gap: Gap
    validation_gap: Gap | None

    @property
    def change(self) -> int:
        """How many places up, or down if below zero."""
        return self.board.place - self.end.place


def divide(labels: np.ndarray) -> Parts:
    """Divide test images by a fixed seed, the same share of each class.

    Args:
        labels: int (n,), the truth, of at least two images.
    """
    if labels.ndim != 1 or len(labels) < 2:
        raise ValueError(f"test images with labels of shape {labels.shape} cannot be divided")
    count = min(len(labels) - 1, max(1, round(BOARD * len(labels))))
    classes, counts = np.unique(labels, return_counts=True)
    # As many as the share says, rounded down, and one more where most is left (Hamilton's method).
    quotas = counts * (count / len(labels))
    taken = np.floor(quotas + 1e-9).astype(int)
    left = np.argsort(taken - quotas, kind="stable")[: count - taken.sum()]
    taken[left] += 1
    random = np.random.default_rng(SEED)
    board = np.zeros(len(labels), bool)
    for label, number in zip(classes, taken, strict=True):
        board[random.permutation(np.flatnonzero(labels == label))[:number]] = True
    return Parts(np.flatnonzero(board), np.flatnonzero(~board))


def compare(first: np.ndarray, second: np.ndarray) -> Paired:
    """Compare two networks by which images they got right, bool (n,) each: McNemar's exact test."""
    return mcnemar(first, second, np.ones(len(first), bool))


def ladder(right: Sequence[np.ndarray]) -> list[Step]:
    """Return what each of a student's hand-ins does to the board.

    The first one is put on it. A later one is where it is better than the best so far by more than
    chance. Of one that is not, only that is told: its accuracy on the board's images is not.

    Args:
        right: of each hand-in in order, whether each of the board's images was answered rightly.
    """
    steps: list[Step] = []
    best = 0
    for index, each in enumerate(right):
        if index == 0:
            steps.append(Step(True, 0))
            continue
        paired = compare(each, right[best])
        moved = paired.only_first > paired.only_second and paired.p_value <= LEVEL
        best = index if moved else best
        steps.append(Step(moved, best, paired))
    return steps


def p_values(right: np.ndarray) -> np.ndarray:
    """Return the p-value of McNemar's exact test for each pair of networks.

    Args:
        right: bool (networks, n), whether each image was answered rightly.

    Returns:
        float64 (networks, networks); 1 on the diagonal.
    """
    from scipy.special import betainc

    # Counts below 2**24 are exact in float32, and BLAS multiplies those.
    counts = right.astype(np.float32)
    only = (counts @ (1 - counts).T).astype(np.int64)
    apart, fewer = only + only.T, np.minimum(only, only.T)
    # The share of fair coins that fall so often or less on the rarer side, and as much beyond.
    tail = betainc(np.maximum(apart - fewer, 1), fewer + 1, 0.5)
    found: np.ndarray = np.where(apart == 0, 1.0, np.minimum(1.0, 2 * tail))
    return found


def bands(apart: np.ndarray) -> list[tuple[int, ...]]:
    """Return the bands of each line, from 1: as long as they can be without a pair told apart.

    Args:
        apart: bool (lines, lines), symmetric: which are told apart, in the order of the board.
    """
    found: list[list[int]] = [[] for _ in range(len(apart))]
    number, reached = 0, -1
    for first in range(len(apart)):
        last = max(first, reached)  # a part of the band before has no pair told apart either
        while last + 1 < len(apart) and not apart[first : last + 1, last + 1].any():
            last += 1
        if last > reached:
            number, reached = number + 1, last
            for line in range(first, last + 1):
                found[line].append(number)
    return [tuple(each) for each in found]


def standings(right: Mapping[str, np.ndarray]) -> list[Standing]:
    """Place networks by their accuracy on the same images, the best first.

    Args:
        right: by key, whether each image was answered rightly, bool (n,); equal ones stay in order.
    """
    keys = sorted(right, key=lambda key: -int(right[key].sum()))
    if not keys:
        return []
    stacked = np.stack([right[key] for key in keys])
    measures = [Measure.of(Share(float(row.mean()), len(row))) for row in stacked]
    better = stacked.sum(axis=1)
    return _placed(keys, measures, better.tolist(), p_values(stacked) <= LEVEL)


def ranked(measures: Mapping[str, Measure], *, lower_is_better: bool = False) -> list[Standing]:
    """Place by a figure, the best first; those whose intervals overlap share a band.

    Args:
        measures: by key; those without a figure come last, and equal ones stay in order.
        lower_is_better: as of a time.
    """
    sign = -1.0 if lower_is_better else 1.0

    def score(key: str) -> float:
        value = measures[key].value
        return -np.inf if value is None else sign * value

    keys = sorted(measures, key=lambda key: -score(key))
    ordered = [measures[key] for key in keys]
    apart = np.zeros((len(keys), len(keys)), bool)
    for row, one in enumerate(ordered):
        apart[row] = [one.apart(two) for two in ordered]
    return _placed(keys, ordered, [score(key) for key in keys], apart)


def _placed(
    keys: Sequence[str], measures: Sequence[Measure], scores: Sequence[float], apart: np.ndarray
) -> list[Standing]:
    """Make lines of what is in order; ``apart`` is which are told apart."""
    ordered = np.asarray(scores, float)
    above = ordered[None, :] > ordered[:, None]
    better, worse = (apart & above).sum(axis=1), (apart & above.T).sum(axis=1)
    return [
        Standing(
            key=key,
            measure=measures[index],
            place=1 + int(above[index].sum()),
            bands=band,
            tied=index > 0 and not apart[index - 1, index],
            best=1 + int(better[index]),
            worst=len(keys) - int(worse[index]),
        )
        for index, (key, band) in enumerate(zip(keys, bands(apart), strict=True))
    ]


def reveal(entries: Mapping[str, Entry], parts: Parts) -> list[Revealed]:
    """Place all by the images for the end, and say how that differs from the board.

    Args:
        entries: by key.
        parts: the divided test images.
    """
    before = {
        each.key: each
        for each in standings({key: entry.right[parts.board] for key, entry in entries.items()})
    }
    lines = []
    for line in standings({key: entry.right[parts.end] for key, entry in entries.items()}):
        entry = entries[line.key]
        board, end = (
            Share(float(entry.right[part].mean()), len(part)) for part in (parts.board, parts.end)
        )
        lines.append(
            Revealed(
                key=line.key,
                board=before[line.key],
                end=line,
                board_share=board,
                end_share=end,
                validation=entry.validation,
                gap=Gap.between(board, end),
                validation_gap=(
                    None if entry.validation is None else Gap.between(entry.validation, end)
                ),
            )
        )
    return lines


def robust_share(robustness: Robustness, kind: str) -> Share | None:
    """Return the accuracy on images made worse: the mean over the severities.

    Its interval is that of as many images as each severity has: the severities are of the same
    images, so that five of them know little more than one.

    Args:
        robustness: of a network.
        kind: name of a corruption, or ``ALL_KINDS``.

    Returns:
        None if that corruption was not measured.
    """
    if kind == ALL_KINDS:
        return Share(robustness.mean, robustness.count)
    if kind not in robustness.names:
        return None
    row = robustness.accuracy[robustness.names.index(kind)]
    return Share(float(row.mean()), robustness.count)


def per_parameter(share: Share, parameters: int, goal: float = 0.0) -> Measure:
    """Return percentage points of accuracy for each thousand parameters.

    The information density of Canziani et al. 2016 (arXiv:1605.07678). By itself it is highest for
    a network that is as good as none, so that only what reaches the goal counts.

    Args:
        share: the accuracy.
        parameters: of the network, at least 1.
        goal: accuracy, 0 to 1, that it has to have.
    """
    if share.value < goal:
        return Measure(None)
    factor = 100 * PARAMETERS / parameters
    low, high = share.interval
    return Measure(factor * share.value, factor * low, factor * high)


def time_to(
    seconds: Sequence[float | None], accuracy: Sequence[float | None], goal: float
) -> Measure:
    """Return the seconds of training after which an accuracy was first reached.

    Accuracy is measured after each epoch, so that it was reached at some time since the epoch
    before: that is the interval. The measure is DAWNBench's (Coleman et al. 2017).

    Args:
        seconds: that each epoch took, validation included.
        accuracy: on the validation images, after each epoch.
        goal: the accuracy, 0 to 1.
    """
    before = 0.0
    for took, reached in zip(seconds, accuracy, strict=True):
        if took is None:
            break  # from here on nobody knows
        moment = round(before + took, 2)
        if reached is not None and reached >= goal:
            return Measure(moment, before, moment)
        before = moment
    return Measure(None)
