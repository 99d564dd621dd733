"""Calibration: the figures against scikit-learn's, and temperatures that were planted."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core import evaluation
from core.evaluation import Answers, calibration, chance_error, fit_temperature, temper, tempered


def drawn(count: int, classes: int = 10, seed: int = 0, sharpness: float = 2.0):
    """Return probabilities, and labels drawn from them: a perfectly calibrated network."""
    generator = np.random.default_rng(seed)
    logits = sharpness * generator.standard_normal((count, classes))
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) < generator.random((count, 1))).sum(axis=1)
    return probabilities.astype(np.float32), np.minimum(labels, classes - 1)


def answers(probabilities, labels, part="test") -> Answers:
    return Answers(part, np.arange(len(labels)), labels, probabilities, 0.0)


def sure(probabilities, labels):
    return evaluation.confidence_of(probabilities), probabilities.argmax(axis=1) == labels


def test_bins_and_errors_of_a_case_counted_by_hand():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False, False, False])
    result = calibration(confidence, right, bins=10)
    assert result.count == 6
    assert [each.count for each in result.bins] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 4]
    assert result.bins[9].gap == pytest.approx(0.2) and result.bins[0].gap == 0
    assert result.bins[0].accuracy is None
    assert result.error == pytest.approx((4 * 0.2 + 2 * 0.55) / 6)
    assert result.worst == pytest.approx(0.55)
    assert (result.confidence, result.accuracy) == pytest.approx((0.49 / 0.6, 0.5))


@pytest.mark.parametrize(("adaptive", "strategy"), [(False, "uniform"), (True, "quantile")])
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_the_diagram_is_scikit_learns(adaptive, strategy, classes):
    probabilities, labels = drawn(3_000, classes)
    confidence, right = sure(probabilities, labels)
    held, claimed = calibration_curve(right, confidence, n_bins=15, strategy=strategy)
    full = [each for each in calibration(confidence, right, adaptive=adaptive).bins if each.count]
    assert [each.accuracy for each in full] == pytest.approx(list(held))
    assert [each.confidence for each in full] == pytest.approx(list(claimed))


def test_a_calibrated_network_is_within_chance_and_a_boasting_one_is_not():
    probabilities, labels = drawn(20_000)
    confidence, right = sure(probabilities, labels)
    assert calibration(confidence, right).error < chance_error(confidence) < 0.015
    boasting, right = sure(temper(probabilities, 0.5), labels)
    assert calibration(boasting, right).error > 5 * chance_error(boasting)


def test_chance_exceeds_its_error_once_in_twenty():
    exceeded = 0
    for seed in range(200):
        confidence, right = sure(*drawn(400, seed=seed))
        exceeded += calibration(confidence, right).error > chance_error(confidence, seed=seed)
    assert 2 <= exceeded <= 22


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.0, 4.0])
def test_a_planted_temperature_is_recovered(planted):
    probabilities, labels = drawn(40_000, seed=1)
    # Divided by 1 / planted, the logits are planted times too large.
    found = fit_temperature(temper(probabilities, 1 / planted).astype(np.float32), labels)
    assert found == pytest.approx(planted, rel=0.02)


def test_scaling_keeps_the_answers_and_sums_to_one():
    probabilities, _ = drawn(1_000)
    for temperature in (0.1, 1.0, 10.0):
        scaled = temper(probabilities, temperature)
        assert scaled.sum(axis=1) == pytest.approx(np.ones(1_000))
        assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert temper(probabilities, 1.0) == pytest.approx(probabilities, abs=1e-6)


def test_the_test_answers_are_scaled_by_what_the_validation_answers_ask_for():
    probabilities, labels = drawn(20_000, seed=2)
    boasting = temper(probabilities, 0.5).astype(np.float32)
    test = answers(boasting[:10_000], labels[:10_000])
    validation = answers(boasting[10_000:], labels[10_000:], "validation")
    found = tempered(test, validation)
    assert found.halves is None
    assert found.temperature == fit_temperature(boasting[10_000:], labels[10_000:])
    assert found.loss < found.loss_before
    assert calibration(found.confidence, test.right).error < 0.02


def test_validation_answers_are_scaled_by_the_other_half():
    probabilities, labels = drawn(4_000, seed=3)
    validation = answers(temper(probabilities, 0.5).astype(np.float32), labels, "validation")
    found = tempered(validation, validation)
    first, second = found.halves
    assert first != second
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    by_either = [
        evaluation.confidence_of(temper(validation.probabilities, each)) for each in found.halves
    ]
    belongs = [np.isclose(found.confidence, each) for each in by_either]
    assert (belongs[0] | belongs[1]).all()
    # Labels that one half alone has wrong change the temperature of the other half alone.
    assert 1_900 < (belongs[0] & ~belongs[1]).sum() < 2_001


@pytest.mark.parametrize("right", [True, False])
def test_exact_zeros_and_ones_stay_numbers(right):
    labels = np.tile(np.arange(4), 100)
    probabilities = np.eye(4, dtype=np.float32)[labels if right else (labels + 1) % 4]
    assert fit_temperature(probabilities, labels) is None
    assert tempered(answers(probabilities, labels), answers(probabilities, labels)) is None
    result = calibration(*sure(probabilities, labels))
    assert result.error == result.worst == (0.0 if right else 1.0)
    assert chance_error(*sure(probabilities, labels)[:1]) == 0.0
    # One mistake is enough for a best temperature, and all is finite.
    if right:
        probabilities[0] = probabilities[1]
        found = tempered(answers(probabilities, labels), answers(probabilities, labels))
        assert np.isfinite([found.temperature, found.loss, found.loss_before]).all()


@pytest.mark.parametrize("adaptive", [False, True])
def test_one_image_and_equal_confidences(adaptive):
    one = calibration(np.array([0.7]), np.array([True]), adaptive=adaptive)
    assert (one.count, one.error) == (1, pytest.approx(0.3))
    ties = calibration(np.full(50, 0.5), np.arange(50) % 2 == 0, adaptive=adaptive)
    assert (ties.count, ties.error) == (50, 0.0)
    assert sum(each.count > 0 for each in ties.bins) == 1


def test_what_cannot_be_said_is_refused():
    with pytest.raises(ValueError, match="empty"):
        calibration(np.array([]), np.array([], bool))
    few = answers(*drawn(150), "validation")
    with pytest.raises(ValueError, match="150 images are too few"):
        tempered(few, few)
    assert tempered(answers(*drawn(5, seed=4)), few) is not None
