"""Doubtful labels: planted errors are found, and the bundled list is what others found too."""

import numpy as np
import pytest

from core import datasets
from core.analysis import labels
from core.errors import SettingsError

SPEC = datasets.find("fashion-mnist")


def test_folds_share_out_every_class():
    given = np.repeat([0, 1, 2], [50, 23, 5])
    fold_of = labels.folds(given)
    assert set(fold_of) == set(range(labels.FOLDS))
    for label in range(3):
        counts = np.bincount(fold_of[given == label], minlength=labels.FOLDS)
        assert counts.max() - counts.min() <= 1
    assert np.array_equal(fold_of, labels.folds(given))


def test_planted_errors_are_found():
    pytest.importorskip("cleanlab")
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 2_000)
    probabilities = np.full((2_000, 4), 0.03, np.float32)
    probabilities[np.arange(2_000), truth] = 0.91
    given = truth.copy()
    planted = random.permutation(2_000)[:60]
    given[planted] = (truth[planted] + 1) % 4
    arrays = labels.judged(given, probabilities, "by hand")
    doubtful = np.flatnonzero(np.unpackbits(arrays["doubtful"], count=2_000))
    assert set(doubtful) == set(planted)
    assert (arrays["suggested"][planted] == truth[planted]).all()
    assert arrays["own"][planted[0]] == pytest.approx(0.03 * 65535, abs=1)
    assert float(arrays["accuracy"]) == pytest.approx(0.97)


def test_suspicion_is_the_margin_turned_round():
    own, other = np.array([0.9, 0.1, 0.5]), np.array([0.1, 0.9, 0.5])
    found = labels.Labels(own, np.zeros(3), other, np.array([False, True, True]), 0.9, "")
    assert found.suspicion.tolist() == pytest.approx([0.1, 0.9, 0.5])
    assert found.ranked().tolist() == [1, 2]


def test_the_bundled_list_has_what_the_projects_own_issue_shows():
    # Training images of github.com/zalandoresearch/fashion-mnist/issues/166.
    named = [16691, 28264, 33982, 40513, 42018, 45592]
    found = labels.labels_of(SPEC, "train")
    assert found.doubtful[named].sum() == 5
    suspicion = labels.suspicion("fashion-mnist", "train")
    assert suspicion.shape == (60_000,) and suspicion.dtype == np.float32
    assert (suspicion[named] > np.quantile(suspicion, 0.97)).all()


def test_doubtful_labels_are_the_suspicious_ones_and_few():
    for split in datasets.SPLITS:
        found = labels.labels_of(SPEC, split)
        given = SPEC.load(split).labels
        ranked = found.ranked()
        assert 0.002 < len(ranked) / len(found) < 0.05
        assert (np.diff(found.suspicion[ranked]) <= 0).all()
        assert (found.suggested != given).all()
        assert ((found.suspicion >= 0) & (found.suspicion <= 1)).all()


def test_an_unknown_split_becomes_a_sentence():
    with pytest.raises(SettingsError, match="no split 'validation'"):
        labels.suspicion("fashion-mnist", "validation")


def test_folds_that_were_kept_are_not_trained_again(tmp_path, monkeypatch):
    part = SPEC.load("train")
    whole = datasets.Split(part.images[:50].copy(), part.labels[:50].copy())
    asked = []

    def answers(spec, part, images, *rest, **more):
        asked.append(len(part))
        return np.full((len(images), 10), 0.1, np.float32)

    monkeypatch.setattr(labels, "answers", answers)
    first = labels.cross_validate(SPEC, whole, "mlp", 1, tmp_path, lambda line: None)
    assert first.shape == (50, 10) and len(asked) == labels.FOLDS
    assert sum(50 - count for count in asked) == 50
    next(tmp_path.glob("*-3.npz")).write_bytes(b"damaged")
    labels.cross_validate(SPEC, whole, "mlp", 1, tmp_path, lambda line: None)
    assert len(asked) == labels.FOLDS + 1
