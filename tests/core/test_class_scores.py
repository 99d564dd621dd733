"""The board of a class: the division of the test images, the Ladder rule, bands and the end."""

import itertools

import numpy as np
import pytest

from core import datasets
from core.classroom import scores
from core.evaluation import Robustness, Share, mcnemar

TEN_THOUSAND = np.arange(10_000)


def answered(*wrong: range | np.ndarray, count: int = 4_000) -> np.ndarray:
    """Return what is right where all images but these were answered rightly."""
    right = np.ones(count, bool)
    for each in wrong:
        right[np.asarray(each)] = False
    return right


def test_four_thousand_are_for_the_board_and_six_thousand_for_the_end():
    labels = datasets.load("fashion-mnist", "test").labels
    parts = scores.divide(labels)
    assert (len(parts.board), len(parts.end)) == (4_000, 6_000)
    assert np.array_equal(np.sort(np.concatenate([parts.board, parts.end])), TEN_THOUSAND)
    assert np.bincount(labels[parts.board]).tolist() == [400] * 10
    assert np.bincount(labels[parts.end]).tolist() == [600] * 10
    # The same on every server and in every version: boards of a class outlive both.
    assert parts.board[:5].tolist() == [3, 5, 9, 10, 11] and np.array_equal(
        scores.divide(labels).board, parts.board
    )


@pytest.mark.parametrize("counts", [(1, 1), (3, 0, 4), (7, 11, 13), (1, 1, 1, 1, 1), (1, 200)])
def test_other_sizes_are_divided_four_to_six_class_by_class(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    np.random.default_rng(1).shuffle(labels)
    parts = scores.divide(labels)
    assert len(parts.board) == max(1, round(0.4 * len(labels))) and len(parts.end) >= 1
    assert not set(parts.board) & set(parts.end)
    for label, count in enumerate(counts):
        assert abs((labels[parts.board] == label).sum() - 0.4 * count) <= 1


def test_one_image_cannot_be_divided():
    with pytest.raises(ValueError, match="cannot be divided"):
        scores.divide(np.zeros(1, int))


def test_the_board_moves_only_by_more_than_chance():
    first = answered(range(400))
    little = answered(range(10, 400))  # ten more right and none less: p = 0.002
    by_chance = answered(range(390), range(3_000, 3_005))  # ten more and five less
    worse = answered(range(500))
    steps = scores.ladder([first, by_chance, worse, little, first])
    assert [step.moved for step in steps] == [True, False, False, True, False]
    assert [step.best for step in steps] == [0, 0, 0, 3, 3]
    assert steps[0].paired is None
    assert (steps[1].paired.only_first, steps[1].paired.only_second) == (10, 5)
    assert steps[1].paired.p_value > 0.05 > steps[3].paired.p_value


def test_a_gain_is_compared_with_the_best_and_not_with_the_last():
    good, bad = answered(range(400)), answered(range(800))
    again = answered(range(401))
    assert [step.moved for step in scores.ladder([good, bad, again])] == [True, False, False]


def test_no_hand_in_is_no_step():
    assert scores.ladder([]) == []


def test_guessing_often_does_not_climb_the_board():
    """The boosting attack of the paper, section 4.1: coins that the board liked, by majority."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 4_000)
    coins = random.integers(0, 2, (300, 4_000))
    right = coins == labels
    liked_by_ladder = [
        coin for coin, step in zip(coins, scores.ladder(right), strict=True) if step.moved
    ]
    liked_by_all = [
        coin for coin, share in zip(coins, right.mean(axis=1), strict=True) if share > 0.5
    ]

    def reached(liked: list[np.ndarray]) -> float:
        return float((np.round(np.mean(liked, axis=0)) == labels).mean())

    assert reached(liked_by_all) > 0.55  # a board that tells every figure is climbed
    assert reached(liked_by_ladder) < 0.53
    assert len(liked_by_ladder) < 6


def test_the_p_values_of_all_pairs_are_those_of_the_exact_test():
    random = np.random.default_rng(2)
    right = random.random((6, 500)) < np.linspace(0.6, 0.9, 6)[:, None]
    right = np.concatenate([right, right[:1], np.ones((1, 500), bool), np.zeros((1, 500), bool)])
    found = scores.p_values(right)
    for one, two in itertools.product(range(len(right)), repeat=2):
        expected = mcnemar(right[one], right[two], np.ones(500, bool)).p_value
        assert found[one, two] == pytest.approx(expected, rel=1e-9)


def test_neighbours_that_cannot_be_told_apart_share_a_band_and_others_none():
    right = {
        "far": answered(range(900)),
        "first": answered(range(300)),
        "second": answered(range(302)),
        "third": answered(range(304)),
        "fourth": answered(range(309)),
    }
    lines = scores.standings(right)
    assert [line.key for line in lines] == ["first", "second", "third", "fourth", "far"]
    assert [line.place for line in lines] == [1, 2, 3, 4, 5]
    # By the exact test, five images of one side alone are chance, and six are not.
    assert [line.bands for line in lines] == [(1,), (1,), (1, 2), (2,), (3,)]
    assert [line.tied for line in lines] == [False, True, True, True, False]
    assert [(line.best, line.worst) for line in lines] == [(1, 3), (1, 3), (1, 4), (3, 4), (5, 5)]
    assert lines[0].measure.value == 3_700 / 4_000
    assert lines[0].measure.low < 3_700 / 4_000 < lines[0].measure.high


@pytest.mark.parametrize("seed", range(20))
def test_bands_hold_whatever_is_told_apart(seed):
    random = np.random.default_rng(seed)
    apart = np.triu(random.random((12, 12)) < 0.25, 1)
    apart |= apart.T
    found = scores.bands(apart)
    assert all(found)
    assert sorted({band for each in found for band in each}) == list(
        range(1, 1 + max(map(max, found)))
    )
    for one, two in itertools.combinations(range(12), 2):
        shared = set(found[one]) & set(found[two])
        assert not (apart[one, two] and shared)
        if two == one + 1:
            assert bool(shared) != apart[one, two]


def test_equal_figures_share_a_place_and_stay_in_order():
    right = {
        "late": answered(range(5, 10)),
        "early": answered(range(5)),
        "low": answered(range(90)),
    }
    lines = scores.standings(right)
    assert [(line.key, line.place) for line in lines] == [("late", 1), ("early", 1), ("low", 3)]


def test_an_empty_board_has_no_lines():
    assert (
        scores.standings({}) == []
        and scores.ranked({}) == []
        and scores.bands(np.zeros((0, 0))) == []
    )


def test_figures_are_placed_by_their_intervals():
    measures = {
        "none": scores.Measure(None),
        "slow": scores.Measure(20.0, 15.0, 20.0),
        "fast": scores.Measure(9.0, 6.0, 9.0),
        "between": scores.Measure(16.0, 8.0, 16.0),
    }
    lines = scores.ranked(measures, lower_is_better=True)
    assert [(line.key, line.place, line.bands) for line in lines] == [
        ("fast", 1, (1,)),
        ("between", 2, (1, 2)),
        ("slow", 3, (2,)),
        ("none", 4, (3,)),
    ]
    assert [line.key for line in scores.ranked(measures)] == ["slow", "between", "fast", "none"]


def test_the_end_says_who_fell_and_by_how_much():
    parts = scores.divide(np.zeros(10_000, int))

    def entry(wrong_on_board: int, wrong_at_end: int, validation: float) -> scores.Entry:
        right = np.ones(10_000, bool)
        right[parts.board[:wrong_on_board]] = False
        right[parts.end[:wrong_at_end]] = False
        return scores.Entry(right, Share(validation, 5_000))

    entries = {
        "tuned": entry(200, 900, 0.95),
        "honest": entry(320, 480, 0.92),
        "like": entry(318, 481, 0.92),
        "unknown": scores.Entry(entry(2_000, 3_000, 0.5).right),
    }
    lines = {line.key: line for line in scores.reveal(entries, parts)}
    assert list(lines) == ["honest", "like", "tuned", "unknown"]
    assert [line.change for line in lines.values()] == [2, 0, -2, 0]
    tuned, honest = lines["tuned"], lines["honest"]
    assert (tuned.board_share.value, tuned.end_share.value) == (0.95, 0.85)
    assert tuned.gap.value == pytest.approx(0.1) and tuned.gap.clear
    assert tuned.gap.low < 0.1 < tuned.gap.high and tuned.validation_gap.clear
    assert honest.gap.value == pytest.approx(0) and not honest.gap.clear
    assert lines["like"].end.tied and not tuned.end.tied
    assert lines["unknown"].validation_gap is None


def test_an_accuracy_of_worse_pictures_is_the_mean_of_the_severities():
    right = np.array([[1_800, 1_600, 1_400, 1_200, 1_000], [1_900] * 5])
    found = Robustness(("shift", "jpeg"), 2_000, 1_900, right)
    share = scores.robust_share(found, "shift")
    assert share.count == 2_000 and share.value == pytest.approx(0.7)
    assert scores.robust_share(found, scores.ALL_KINDS).value == pytest.approx(0.825)
    assert scores.robust_share(found, "noise") is None


def test_accuracy_per_parameter_counts_only_from_the_goal_on():
    share = Share(0.9, 6_000)
    measure = scores.per_parameter(share, 20_000, 0.85)
    assert measure.value == pytest.approx(4.5) and measure.low < 4.5 < measure.high
    assert scores.per_parameter(share, 20_000, 0.91).value is None


def test_the_time_to_a_goal_is_an_interval_between_two_epochs():
    seconds, accuracy = [2.0, 2.1, 2.1], [0.7, None, 0.88]
    assert scores.time_to(seconds, accuracy, 0.85) == scores.Measure(6.2, 4.1, 6.2)
    assert scores.time_to(seconds, accuracy, 0.6) == scores.Measure(2.0, 0.0, 2.0)
    assert scores.time_to(seconds, accuracy, 0.95).value is None
    assert scores.time_to([2.0, None, 2.0], [0.7, 0.8, 0.9], 0.85).value is None
    assert scores.time_to([], [], 0.5).value is None
