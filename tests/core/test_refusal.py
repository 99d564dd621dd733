"""Refusal: accuracy on what is answered, against direct counting."""

import numpy as np
import pytest

from core.evaluation import refusal


def test_a_case_counted_by_hand():
    found = refusal(np.array([0.6, 0.9, 0.8, 0.7]), np.array([False, True, True, False]))
    assert found.order.tolist() == [1, 2, 3, 0]
    assert found.accuracy.tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert found.ideal.tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert found.risk_area == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert [found.at(share) for share in (0, 0.25, 0.49, 0.5, 1)] == pytest.approx(
        [0.5, 2 / 3, 2 / 3, 1, 1]
    )
    assert found.refused_for(1.0) == 0.5
    assert found.refused_for(0.4) == 0.0


def test_direct_counting_over_many_answers():
    generator = np.random.default_rng(0)
    confidence = generator.random(2_000)
    right = generator.random(2_000) < confidence
    found = refusal(confidence, right)
    for share in (0, 0.05, 0.1, 0.2, 0.5, 0.9):
        kept = np.argsort(-confidence)[: found.answered(share)]
        assert len(kept) == round(2_000 * (1 - share))
        assert found.at(share) == pytest.approx(right[kept].mean())
    assert found.at(0) == pytest.approx(right.mean())
    least = found.refused_for(0.8)
    assert found.at(least) >= 0.8 > found.at(least - 1 / 2_000)
    assert (found.ideal >= found.accuracy - 1e-12).all()


def test_ties_count_as_chance_would_choose():
    """The order of the images in the data set must not decide a figure."""
    right = np.array([True, True, True, False, False, False])
    for each in (right, right[::-1]):
        found = refusal(np.full(6, 0.5), each)
        assert found.accuracy.tolist() == pytest.approx([0.5] * 6)
        assert found.risk_area == pytest.approx(0.5)


@pytest.mark.parametrize("right", [True, False])
def test_all_right_and_all_wrong(right):
    found = refusal(np.linspace(0.1, 1, 10), np.full(10, right))
    assert set(found.accuracy) == set(found.ideal) == {float(right)}
    assert found.refused_for(0.5) == (0.0 if right else None)


def test_one_image_is_answered_whatever_may_be_refused():
    found = refusal(np.array([1.0]), np.array([True]))
    assert [found.answered(share) for share in (0, 0.5, 1)] == [1, 1, 1]


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="empty"):
        refusal(np.array([]), np.array([], bool))
