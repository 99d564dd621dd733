"""ROC, precision-recall and top-k, against scikit-learn on the same predictions."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
    top_k_accuracy_score,
)

from core.evaluation import rankings, top_accuracy
from core.evaluation.ranking import POINTS, thinned

CLASSES = ("a", "b", "c", "d")
COUNT = 3000


def answers(digits: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, with ties where they are rounded to digits, and labels."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(CLASSES), COUNT)
    values = generator.random((COUNT, len(CLASSES)))
    values[np.arange(COUNT), labels] += 0.4
    values /= values.sum(axis=1, keepdims=True)
    return (values if digits is None else values.round(digits)).astype(np.float32), labels


@pytest.mark.parametrize("digits", [None, 1, 0])
def test_the_areas_are_those_of_scikit_learn(digits):
    probabilities, labels = answers(digits)
    for index, rank in enumerate(rankings(probabilities, labels, CLASSES)):
        truth, scores = labels == index, probabilities[:, index]
        assert rank.auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        expected = average_precision_score(truth, scores)
        assert rank.average_precision == pytest.approx(expected, abs=1e-12)
        assert (rank.name, rank.count) == (CLASSES[index], truth.sum())


@pytest.mark.parametrize("digits", [None, 1])
def test_every_point_is_one_of_scikit_learns_and_the_thinned_curve_runs_near_the_whole(digits):
    probabilities, labels = answers(digits)
    for index, rank in enumerate(rankings(probabilities, labels, CLASSES)):
        truth, scores = labels == index, probabilities[:, index]
        false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
        precision, recall, _ = precision_recall_curve(truth, scores)
        for curve, whole in (
            (rank.roc, (false, true)),
            (rank.precision_recall, (recall, precision)),
        ):
            assert curve.shape[1] <= POINTS
            assert set(zip(*curve, strict=True)) <= set(zip(*whole, strict=True))
            assert (curve[:, 0] == [whole[0][0], whole[1][0]]).all()
            assert (curve[:, -1] == [whole[0][-1], whole[1][-1]]).all()
        assert np.trapezoid(rank.roc[1], rank.roc[0]) == pytest.approx(rank.auc, abs=0.005)


def test_a_class_without_images_has_no_areas_and_no_curves():
    probabilities, labels = answers(None)
    some = labels != 2
    rank = rankings(probabilities[some], labels[some], CLASSES)[2]
    assert (rank.count, rank.auc, rank.average_precision) == (0, None, None)
    assert rank.roc.shape == rank.precision_recall.shape == (2, 0)


def test_where_all_images_are_of_one_class_there_are_no_false_alarms_to_count():
    probabilities, labels = answers(None)
    some = labels == 1
    rank = rankings(probabilities[some], labels[some], CLASSES)[1]
    assert (rank.count, rank.auc, rank.average_precision) == (some.sum(), None, 1.0)
    assert rank.roc.shape == (2, 0) and rank.precision_recall.shape[1] >= 2


def test_a_class_that_is_never_answered_is_ranked_by_its_probability_all_the_same():
    probabilities, labels = answers(None)
    probabilities[:, 3] *= 1e-6  # the same order, and never the largest
    assert (probabilities.argmax(axis=1) != 3).all()
    rank = rankings(probabilities, labels, CLASSES)[3]
    assert rank.auc == pytest.approx(roc_auc_score(labels == 3, probabilities[:, 3]))
    assert rank.auc > 0.7


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_is_scikit_learns(k):
    probabilities, labels = answers(None)
    expected = top_k_accuracy_score(labels, probabilities, k=k)
    assert top_accuracy(probabilities, labels, k) == pytest.approx(expected)


@pytest.mark.parametrize("digits", [None, 0])
def test_top_1_is_the_accuracy_with_ties_too(digits):
    probabilities, labels = answers(digits)
    assert top_accuracy(probabilities, labels, 1) == accuracy_score(
        labels, probabilities.argmax(axis=1)
    )


def test_as_many_answers_as_classes_are_always_right():
    probabilities, labels = answers(None)
    assert top_accuracy(probabilities, labels, len(CLASSES)) == 1
    assert top_accuracy(probabilities[:, :2], labels % 2, 2) == 1


def test_thinning_keeps_short_curves_and_the_ends_of_long_ones():
    short = np.array([[0.0, 0.5, 1.0], [0.0, 1.0, 1.0]])
    assert thinned(short).tolist() == short.tolist()
    long = np.array([np.linspace(0, 1, 5000), np.linspace(0, 1, 5000) ** 2])
    few = thinned(long, 50)
    assert few.shape[1] == 50
    assert few[:, 0].tolist() == [0, 0] and few[:, -1].tolist() == [1, 1]
    steps = np.abs(np.diff(few)).sum(axis=0)
    assert steps.max() < 3 / 50
