"""What runs with different seeds say about the values of a setting: means, intervals, differences.

A mean has a t interval over its runs: what another seed would have given is in it, what other
validation images would have given is not. Values are told apart by Welch's t test between each two,
as neither their spreads nor their numbers of runs are equal, with Holm's correction over all pairs:
the best of several was chosen by the same runs, so one test between the first two would find too
much. Numbers in, plain data out. SciPy is imported when first needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

LEVEL = 0.05  # chance of telling apart any two that are equally good


@dataclass(frozen=True)
class Mean:
    """The mean of runs.

    Attributes:
        value: of the figures.
        count: runs, at least 1.
        low, high: 95 % interval, None with fewer than two runs.
    """

    value: float
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Standing:
    """What can be told of the values; they are named by their place.

    Attributes:
        best: the one with the highest mean of those with two runs; None with fewer than two such.
        behind: those that it is ahead of by more than chance.
        level: those that it cannot be told apart from, best first.
        untold: those with fewer than two runs.
        pairs: tests that were made.
        probability: of the test against the next, after Holm's correction.
    """

    best: int | None
    behind: tuple[int, ...]
    level: tuple[int, ...]
    untold: tuple[int, ...]
    pairs: int
    probability: float | None


def mean_of(figures: Sequence[float], least: float = 0.0) -> Mean | None:
    """Return the mean of accuracies with its interval; None of none.

    Args:
        figures: 0 to 1; or their differences, -1 to 1.
        least: what none of them can be below.
    """
    from scipy.stats import t

    count = len(figures)
    if not count:
        return None
    value = float(np.mean(figures))
    if count < 2:
        return Mean(value, count)
    half = float(t.ppf(0.975, count - 1)) * float(np.std(figures, ddof=1)) / math.sqrt(count)
    return Mean(value, count, max(least, value - half), min(1.0, value + half))


def paired(before: Sequence[float], after: Sequence[float]) -> Mean | None:
    """Return by how much accuracies are higher after than before, run by run; None of none.

    The n-th runs of both have the same seed, so what the seed does is in neither: the t interval is
    that of the differences.
    """
    return mean_of([late - early for early, late in zip(before, after, strict=True)], least=-1.0)


def welch(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the probability of Welch's t test, both with two figures at least.

    Where neither has any spread there is nothing to measure a difference by: it is 1.
    """
    from scipy.stats import ttest_ind

    if max(np.ptp(one), np.ptp(other)) < 1e-9:
        return 1.0
    return float(ttest_ind(one, other, equal_var=False).pvalue)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return probabilities after Holm's correction (1979), in their order."""
    corrected, highest, count = [1.0] * len(probabilities), 0.0, len(probabilities)
    for rank, place in enumerate(np.argsort(probabilities, kind="stable").tolist()):
        highest = max(highest, min(1.0, (count - rank) * probabilities[place]))
        corrected[place] = highest
    return corrected


def standing(figures: Sequence[Sequence[float]]) -> Standing:
    """Return what can be told of several values, each with the accuracies of its runs."""
    able = [place for place, each in enumerate(figures) if len(each) > 1]
    untold = tuple(place for place, each in enumerate(figures) if len(each) < 2)
    if len(able) < 2:
        return Standing(None, (), (), untold, 0, None)
    pairs = list(combinations(able, 2))
    raw = [welch(figures[one], figures[other]) for one, other in pairs]
    chance = dict(zip(pairs, holm(raw), strict=True))
    ranked = sorted(able, key=lambda place: -float(np.mean(figures[place])))
    best, others = ranked[0], ranked[1:]
    of = {other: chance[min(best, other), max(best, other)] for other in others}
    return Standing(
        best=best,
        behind=tuple(other for other in others if of[other] < LEVEL),
        level=tuple(other for other in others if of[other] >= LEVEL),
        untold=untold,
        pairs=len(pairs),
        probability=of[others[0]],
    )
