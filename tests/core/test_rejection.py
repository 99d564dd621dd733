"""Whether a picture shows any of the classes, by the answer alone."""

import numpy as np
import pytest

from core.classify.rejection import Verdict, unknown, verdict


@pytest.mark.parametrize("classes", [2, 10])
def test_a_sure_answer_is_known_and_an_empty_one_is_not(classes):
    sure, empty = np.eye(classes, dtype=np.float32)[1], np.full(classes, 1 / classes, np.float32)
    assert unknown(sure) == pytest.approx(0, abs=1e-6)
    assert unknown(empty) == pytest.approx(1, abs=1e-6)
    doubts = unknown(np.stack([sure, (sure + empty) / 2, empty]))
    assert doubts.shape == (3,) and (np.diff(doubts) > 0.1).all()
    assert (doubts >= 0).all() and (doubts <= 1).all()


def test_between_two_classes_is_less_unknown_than_between_many():
    two, many = np.zeros(10), np.zeros(10)
    two[:2], many[:5] = 0.5, [0.5, 0.125, 0.125, 0.125, 0.125]
    assert two.max() == many.max() and unknown(two) < unknown(many)


@pytest.mark.parametrize(
    ("probability", "doubt", "limit", "expected"),
    [
        (0.9, 0.1, 0.8, Verdict.SURE),
        (0.5, 0.1, 0.8, Verdict.SURE),
        (0.49, 0.79, 0.8, Verdict.GUESS),
        (0.49, 0.8, 0.8, Verdict.NONE),
        (0.9, 0.1, 0.1, Verdict.NONE),
        (0.2, 0.99, 1.0, Verdict.GUESS),
    ],
)
def test_what_an_answer_is_worth(probability, doubt, limit, expected):
    assert verdict(probability, doubt, limit) is expected
