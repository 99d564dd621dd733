"""Duplicates: planted ones are found, and the splits are told apart."""

import numpy as np
import pytest

from core import datasets
from core.analysis import duplicates
from core.analysis.duplicates import Kind

SPEC = datasets.find("fashion-mnist")


@pytest.fixture
def planted() -> np.ndarray:
    """Return 40 images: 31 is 3, 32 is 4 in other brightness, 33 is 5 with noise."""
    images = SPEC.load("train").images[:40].copy()
    images[31] = images[3]
    images[32] = images[4] // 2
    noise = np.random.default_rng(0).normal(0, 4, images[5].shape)
    images[33] = np.clip(images[5] + noise, 0, 255).astype(np.uint8)
    images[38:] = 7  # of one colour: like no other
    return images


def test_planted_duplicates_are_found(planted):
    found = duplicates.pairs(planted)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert pairs == {(3, 31), (4, 32), (5, 33)}
    kinds = dict(zip(found.first.tolist(), found.kinds, strict=True))
    assert kinds[3] is Kind.IDENTICAL and kinds[4] is Kind.SAME
    assert (np.diff(found.correlation) <= 0).all() and found.correlation.max() <= 1


def test_blocks_change_nothing(planted, monkeypatch):
    whole = duplicates.pairs(planted)
    monkeypatch.setattr(duplicates, "BLOCK", 7)
    parts = duplicates.pairs(planted)
    assert np.array_equal(np.sort(whole.first), np.sort(parts.first))


def test_images_without_a_like_have_no_pairs():
    assert len(duplicates.pairs(SPEC.load("train").images[:10])) == 0


def test_only_pairs_across_the_splits_leak(planted):
    found = duplicates.pairs(planted)
    train, test = found.leaked(33)
    assert (train.tolist(), test.tolist()) == ([5], [0])
    assert [each.tolist() for each in found.leaked(10, Kind.IDENTICAL)] == [[3], [21]]


def test_a_number_is_told_its_split():
    assert duplicates.place(SPEC, 59_999) == ("train", 59_999)
    assert duplicates.place(SPEC, 60_000) == ("test", 0)


def test_the_bundled_pairs_are_alike():
    found = duplicates.duplicates_of(SPEC)
    images = np.concatenate([SPEC.load(name).images for name in datasets.SPLITS])
    for place in (0, 50, len(found) - 1):
        one, two = images[found.first[place]].ravel(), images[found.second[place]].ravel()
        assert np.corrcoef(one, two)[0, 1] == pytest.approx(found.correlation[place], abs=1e-4)
