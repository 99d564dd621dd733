"""Mistakes: lists, pairs and overlaps against direct counting."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from core.evaluation import (
    Answers,
    both_wrong,
    in_common,
    only_right,
    overlap,
    pairs,
    right_but_hesitant,
    sure_and_wrong,
)

CLASSES = 7


def network(seed: int, count: int = 600, classes: int = CLASSES) -> Answers:
    """Return random answers that are right about half the time; labels do not hang on the seed."""
    labels = np.random.default_rng(99).integers(0, classes, count)
    generator = np.random.default_rng(seed)
    logits = generator.standard_normal((count, classes))
    logits[np.arange(count), labels] += 1.5
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Answers("test", np.arange(count), labels, probabilities.astype(np.float32), 0.0)


def always(answered: int, labels: np.ndarray, classes: int = 3) -> Answers:
    probabilities = np.tile(np.eye(classes, dtype=np.float32)[answered], (len(labels), 1))
    return Answers("test", np.arange(len(labels)), labels, probabilities, 0.0)


def test_the_surest_mistakes_and_the_most_hesitant_rights():
    answers = network(0)
    listing = sure_and_wrong(answers)
    wrong = [i for i in range(600) if answers.probabilities[i].argmax() != answers.labels[i]]
    wrong.sort(key=lambda i: -answers.probabilities[i].max())
    assert listing.places.tolist() == wrong
    assert listing.rivals.tolist() == answers.predicted[wrong].tolist()
    rights = right_but_hesitant(answers)
    assert sorted([*rights.places, *listing.places]) == list(range(600))
    assert (np.diff(answers.probabilities[rights.places].max(axis=1)) >= 0).all()
    seconds = np.argsort(answers.probabilities, axis=1)[:, -2]
    assert rights.rivals.tolist() == seconds[rights.places].tolist()


def test_equal_confidences_stay_in_the_order_of_the_images():
    answers = always(0, np.array([0, 1, 1, 0, 2]))
    assert sure_and_wrong(answers).places.tolist() == [1, 2, 4]
    assert right_but_hesitant(answers).places.tolist() == [0, 3]


def test_a_pair_filters_in_both_directions():
    answers = network(0)
    inside = sure_and_wrong(answers).of_pair(answers.labels, 2, 5)
    met = {(answers.labels[i], answers.predicted[i]) for i in inside.places}
    assert met == {(2, 5), (5, 2)}
    matrix = confusion_matrix(answers.labels, answers.predicted)
    assert len(inside) == matrix[2, 5] + matrix[5, 2]


def test_pairs_explain_all_errors():
    answers = network(1)
    matrix = confusion_matrix(answers.labels, answers.predicted)
    errors = matrix.sum() - np.trace(matrix)
    found = pairs(answers.labels, answers.predicted, CLASSES)
    assert sum(pair.count for pair in found) == errors
    assert found[-1].cumulative == pytest.approx(1)
    assert [pair.count for pair in found] == sorted([pair.count for pair in found], reverse=True)
    for pair in found:
        assert pair.first < pair.second
        assert pair.first_as_second == matrix[pair.first, pair.second]
        assert pair.second_as_first == matrix[pair.second, pair.first]
        assert pair.share == pytest.approx(pair.count / errors)


@pytest.mark.parametrize("classes", [2, 100])
def test_any_number_of_classes(classes):
    answers = network(2, classes=classes)
    found = pairs(answers.labels, answers.predicted, classes)
    assert sum(pair.count for pair in found) == int((~answers.right).sum())
    assert (right_but_hesitant(answers).rivals != answers.labels[answers.right][0]).any()


def test_no_mistakes_and_nothing_but_mistakes():
    right, wrong = always(1, np.ones(5, np.int64)), always(0, np.ones(5, np.int64))
    assert pairs(right.labels, right.predicted, 3) == [] and len(sure_and_wrong(right)) == 0
    assert len(sure_and_wrong(right).of_pair(right.labels, 0, 1)) == 0
    (only,) = pairs(wrong.labels, wrong.predicted, 3)
    assert (only.first, only.second, only.second_as_first, only.share) == (0, 1, 5, 1.0)
    assert len(right_but_hesitant(wrong)) == 0


def test_two_networks_against_direct_counting():
    first, second = network(3), network(4)
    a, b = first.right, second.right
    only = only_right(first, second)
    assert sorted(only.places) == np.flatnonzero(a & ~b).tolist()
    assert only.rivals.tolist() == second.predicted[only.places].tolist()
    assert (np.diff(second.probabilities[only.places].max(axis=1)) <= 0).all()
    both = both_wrong(first, second)
    assert sorted(both.places) == np.flatnonzero(~a & ~b).tolist()
    assert both.rivals.tolist() == first.predicted[both.places].tolist()
    shared = overlap(first, second)
    assert (shared.first, shared.second) == ((~a).sum(), (~b).sum())
    assert shared.both == len(both)
    assert shared.same == (~a & (first.predicted == second.predicted)).sum()
    assert shared.expected == pytest.approx(600 * (~a).mean() * (~b).mean())
    assert shared.consistency == pytest.approx(cohen_kappa_score(a, b))


def test_extremes_of_consistency():
    answers = network(3)
    assert overlap(answers, answers).consistency == pytest.approx(1)
    right = always(1, np.ones(5, np.int64))
    assert math.isnan(overlap(right, right).consistency)
    none = right.at(np.array([], np.int64))
    assert math.isnan(overlap(none, none).consistency) and overlap(none, none).expected == 0


def test_two_networks_are_compared_on_the_same_images_only():
    answers = network(3)
    with pytest.raises(ValueError, match="same images"):
        overlap(answers, answers.at(np.arange(599)))
    one, two = in_common(answers, answers.at(np.arange(100, 600)[::-1]))
    assert overlap(one, two).count == 500
