"""Telling runs apart: how sure an accuracy is, whether two differ by more than chance, and in what.

Knows nothing of run folders: numbers, labels and settings in, plain data out. SciPy is imported
when first needed, as it takes a second.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.architectures.settings import SETTINGS
from core.runs import TrainingConfig

_Z = 1.959963984540054  # the normal distribution's 97.5 % point: 95 % lie between -z and z

# What changes no curve and no figure, so that it is no difference between two trainings.
_WITHOUT_EFFECT = {name for name, setting in SETTINGS.items() if not setting.shapes}


@dataclass(frozen=True)
class Paired:
    """What two networks said of the same images.

    Attributes:
        both, only_first, only_second, neither: images that these got right.
        p_value: of McNemar's exact test: if both networks were equally good, the share of such
            comparisons in which chance alone parts them this far or further.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float

    @property
    def count(self) -> int:
        """Number of images."""
        return self.both + self.only_first + self.only_second + self.neither


@dataclass(frozen=True)
class Setting:
    """One setting over several runs.

    Attributes:
        name: as in ``TrainingConfig`` and ``Recipe``.
        values: one a run.
        differs: whether they are not all equal.
    """

    name: str
    values: tuple[Any, ...]
    differs: bool


def accuracy_interval(right: float, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share (Wilson 1927), both ends 0 to 1.

    Unlike the textbook's p ± z·√(p(1-p)/n) it stays within 0 and 1 and is right near both.

    Args:
        right: images that were right, 0 to ``count``.
        count: images, at least 1.
    """
    if not (count >= 1 and 0 <= right <= count):
        raise ValueError(f"{right} right of {count} is no share")
    share, squared = right / count, _Z * _Z
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    half = (
        _Z
        / (1 + squared / count)
        * math.sqrt(share * (1 - share) / count + squared / (4 * count * count))
    )
    # Rounding must not leave the share itself outside.
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def difference_interval(
    first: float, first_count: int, second: float, second_count: int
) -> tuple[float, float]:
    """Return the 95 % interval of ``first - second``, two shares of different images.

    Newcombe's method 10 (Newcombe 1998), made of the two Wilson intervals.

    Args:
        first, second: shares, 0 to 1.
        first_count, second_count: images of each, at least 1.
    """
    first_low, first_high = accuracy_interval(first * first_count, first_count)
    second_low, second_high = accuracy_interval(second * second_count, second_count)
    between = first - second
    return (
        between - math.hypot(first - first_low, second_high - second),
        between + math.hypot(first_high - first, second - second_low),
    )


def mcnemar(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Paired:
    """Compare two networks image by image: McNemar's test (McNemar 1947), exact.

    Only the images that one gets right and the other wrong tell the networks apart. If both were
    equally good, each of those would be a fair coin's toss: a binomial test.

    Args:
        first, second: int arrays (n,), the classes that the networks answered.
        labels: int array (n,), the truth.
    """
    from scipy.stats import binomtest

    if not first.shape == second.shape == labels.shape or labels.ndim != 1:
        raise ValueError(f"shapes {first.shape}, {second.shape} and {labels.shape} do not pair")
    first_right, second_right = first == labels, second == labels
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    apart = only_first + only_second
    return Paired(
        both=int((first_right & second_right).sum()),
        only_first=only_first,
        only_second=only_second,
        neither=int((~first_right & ~second_right).sum()),
        p_value=float(binomtest(only_first, apart).pvalue) if apart else 1.0,
    )


def differences(configs: Sequence[TrainingConfig]) -> list[Setting]:
    """Return every setting that shapes a training, in the order of the config and the recipe."""
    flat = [_flat(config.to_dict()) for config in configs]
    rows = []
    for name in flat[0] if flat else ():
        values = tuple(each[name] for each in flat)
        rows.append(Setting(name, values, any(value != values[0] for value in values)))
    return rows


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name == "recipe":
            flat |= value
        elif name not in _WITHOUT_EFFECT:
            flat[name] = value
    return flat


@dataclass(frozen=True)
class Share:
    """An accuracy and what it was measured on.

    Attributes:
        value: 0 to 1.
        count: images.
    """

    value: float
    count: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return accuracy_interval(self.value * self.count, self.count)

    @property
    def interval_words(self) -> str:
        """The interval in percent."""
        low, high = self.interval
        return f"{100 * low:.2f} to {100 * high:.2f}"


def share_of(value: float | None, count: int) -> Share | None:
    """Return an accuracy, or None where it was not measured."""
    return None if value is None else Share(min(1.0, max(0.0, value)), count)
