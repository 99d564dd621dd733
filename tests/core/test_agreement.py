"""Fleiss' kappa against published figures, and where numbers of votes differ."""

import numpy as np
import pytest

from core.classroom.agreement import FEWEST, agreement

# Fleiss 1971 as it is retold: ten subjects, fourteen raters, five answers, kappa 0.210.
EQUAL = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
# Gwet's example of four raters, in which votes are missing: kappa 0.76117, agreement 0.81818.
RATERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def test_with_as_many_votes_on_each_image_it_is_fleiss_own_figure():
    found = agreement(EQUAL)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert found.observed == pytest.approx(0.378, abs=5e-4)
    assert (found.images, found.votes, found.words) == (10, 140, "fair")
    assert found.low < found.kappa < found.high


def test_where_votes_are_missing_it_is_gwets_figure():
    votes = np.zeros((12, 5), int)
    for rater in RATERS:
        for image, answer in enumerate(rater):
            if answer != ".":
                votes[image, int(answer) - 1] += 1
    found = agreement(votes)
    assert found.kappa == pytest.approx(0.76117, abs=5e-6)
    assert found.observed == pytest.approx(0.8181818, abs=5e-8)
    assert (found.images, found.votes) == (11, 40), "one vote agrees with nobody"


def test_chance_gives_none_and_all_the_same_cannot_be_told_from_chance():
    random = np.random.default_rng(0)
    found = agreement(random.multinomial(6, [0.4, 0.3, 0.2, 0.1], size=400))
    assert abs(found.kappa) < 0.03 and found.low < 0 < found.high
    same = agreement(np.array([[3, 0], [4, 0], [5, 0]]))
    assert same.kappa is None and same.observed == 1 and same.words == "complete"
    perfect = agreement(np.array([[3, 0], [0, 3], [4, 0]]))
    assert perfect.kappa == pytest.approx(1) and perfect.words == "almost perfect"


def test_where_no_image_has_two_votes_there_is_nothing_to_say():
    assert agreement(np.zeros((0, 4), int)) is None
    assert agreement(np.array([[1, 0], [0, 1], [0, 0]])) is None
    few = agreement(EQUAL[: FEWEST - 1])
    assert few.kappa is not None and few.low is None, "too few images for an interval"


def test_against_each_other_judges_agree_less_than_by_chance():
    found = agreement(np.array([[1, 1]] * 6))
    assert found.kappa == pytest.approx(-1) and found.words == "poor"


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Images of one answer each, which a judge gives in 7 of 10 cases: 200 courts of 30 images."""
    random, held = np.random.default_rng(4), 0
    for _ in range(200):
        truth = random.integers(0, 2, 30)
        right = random.binomial(6, 0.7, 30)
        votes = np.where(truth[:, None] == [0, 1], right[:, None], 6 - right[:, None])
        found = agreement(votes)
        held += found.low <= 0.16 <= found.high  # (0.7² + 0.3² - 0.5) / 0.5
    assert 0.88 <= held / 200 <= 1
