"""Intervals and the paired test against published values and other ways to work them out."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from core import architectures, evaluation
from core.runs import TrainingConfig


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        # Newcombe 1998, table I, method 3: the Wilson score interval.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_the_published_ones(right, count, low, high):
    assert evaluation.accuracy_interval(right, count) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("right", "count"), [(9363, 10_000), (0, 1), (1, 1), (5, 10), (10, 10)])
def test_intervals_are_those_of_scipy(right, count):
    expected = stats.binomtest(right, count).proportion_ci(method="wilson")
    found = evaluation.accuracy_interval(right, count)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= found[0] <= right / count <= found[1] <= 1


@pytest.mark.parametrize(("right", "count"), [(1, 0), (-1, 10), (11, 10)])
def test_what_is_no_share_has_no_interval(right, count):
    with pytest.raises(ValueError, match="is no share"):
        evaluation.accuracy_interval(right, count)


@pytest.mark.parametrize(
    ("first", "first_count", "second", "second_count", "low", "high"),
    [
        # Newcombe 1998, "Interval estimation for the difference", table II, method 10.
        (56 / 70, 70, 48 / 80, 80, 0.0524, 0.3339),
        (9 / 10, 10, 3 / 10, 10, 0.1705, 0.8090),
        (10 / 10, 10, 0 / 10, 10, 0.6075, 1.0000),
    ],
)
def test_intervals_of_a_difference_are_the_published_ones(
    first, first_count, second, second_count, low, high
):
    found = evaluation.difference_interval(first, first_count, second, second_count)
    assert found == pytest.approx((low, high), abs=5e-5)
    turned = evaluation.difference_interval(second, second_count, first, first_count)
    assert turned == pytest.approx((-high, -low), abs=5e-5)


def answers(both: int, only_first: int, only_second: int, neither: int):
    """Return what two networks answered, and the truth, so that the counts are these."""
    labels = np.arange(both + only_first + only_second + neither) % 10
    wrong = (labels + 1) % 10
    first_right = np.repeat([True, True, False, False], [both, only_first, only_second, neither])
    second_right = np.repeat([True, False, True, False], [both, only_first, only_second, neither])
    return np.where(first_right, labels, wrong), np.where(second_right, labels, wrong), labels


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (1, 0), (3, 9), (12, 12), (2, 17)])
def test_the_paired_test_is_the_sum_of_its_tail(only_first, only_second):
    paired = evaluation.mcnemar(*answers(50, only_first, only_second, 7))
    assert (paired.both, paired.neither, paired.count) == (50, 7, 57 + only_first + only_second)
    assert (paired.only_first, paired.only_second) == (only_first, only_second)
    apart = only_first + only_second
    tail = sum(math.comb(apart, k) for k in range(min(only_first, only_second) + 1)) / 2**apart
    assert paired.p_value == pytest.approx(min(1.0, 2 * tail))


def test_the_paired_test_has_the_published_value():
    # Fagerland, Lydersen and Laake 2013, table 1 (1 and 7 discordant pairs): exact P = 0.0703.
    assert evaluation.mcnemar(*answers(1, 1, 7, 12)).p_value == pytest.approx(0.0703, abs=5e-5)


def test_the_order_of_the_networks_does_not_matter():
    first, second, labels = answers(10, 4, 9, 3)
    one = evaluation.mcnemar(first, second, labels)
    other = evaluation.mcnemar(second, first, labels)
    assert one.p_value == other.p_value
    assert (one.only_first, one.only_second) == (other.only_second, other.only_first)


def test_equally_good_networks_rarely_differ():
    generator = np.random.default_rng(0)
    labels = np.zeros(2_000, int)
    small = sum(
        evaluation.mcnemar(
            (generator.random(2_000) > 0.9).astype(int),
            (generator.random(2_000) > 0.9).astype(int),
            labels,
        ).p_value
        < 0.05
        for _ in range(400)
    )
    assert 4 <= small <= 32  # about 5 of 100, a little fewer, as the test is exact


def test_answers_on_different_images_cannot_be_paired():
    with pytest.raises(ValueError, match="do not pair"):
        evaluation.mcnemar(np.zeros(3), np.zeros(4), np.zeros(3))


def config(seed: int = 0, **recipe) -> TrainingConfig:
    return TrainingConfig("fashion-mnist", "mlp", architectures.Recipe(**recipe), 6_000, seed)


def test_differences_are_found_and_the_rest_is_equal():
    rows = evaluation.differences(
        [config(learning_rate=0.1), config(learning_rate=0.01), config(3, learning_rate=0.1)]
    )
    different = {row.name: row.values for row in rows if row.differs}
    assert different == {"learning_rate": (0.1, 0.01, 0.1), "seed": (0, 0, 3)}
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    assert {"dataset", "architecture", "width", "dropout", "limit", "optimizer"} <= set(names)


def test_every_setting_counts_except_those_without_effect():
    values = config().to_dict()
    expected = {*values, *values["recipe"]} - {"recipe", "tensorboard"}
    assert {row.name for row in evaluation.differences([config()])} == expected


def test_one_run_or_none_differs_from_nothing():
    assert evaluation.differences([]) == []
    for count in (1, 2):
        rows = evaluation.differences(list(itertools.repeat(config(), count)))
        assert rows and not any(row.differs for row in rows)
