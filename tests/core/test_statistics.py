"""Figures by class, against what NumPy says of all images at once."""

from itertools import combinations, product

import numpy as np
import pytest

from core.analysis import statistics
from core.analysis.statistics import BLOCK
from core.datasets import Split

CLASSES = 4
EMPTY, SINGLE = 2, 3  # a class without an image, and one with a single image


def split(count: int, shape: tuple[int, int, int]) -> Split:
    """Return random images of classes 0 and 1, mixed, and one of class 3, the last."""
    random = np.random.default_rng(count)
    labels = random.integers(0, 2, count)
    labels[-1] = SINGLE
    return Split(random.integers(0, 256, (count, *shape), dtype=np.uint8), labels)


SPLITS = [
    split(count, shape)
    for count, shape in product((9, BLOCK, 2 * BLOCK + 7), ((5, 4, 1), (3, 3, 3)))
]
SPLITS.append(Split(np.full((700, 2, 2, 1), 255, np.uint8), np.zeros(700, np.int64)))


def members(part: Split, label: int) -> np.ndarray:
    return part.images[part.labels == label].astype(np.float64)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_blocks_cover_everything_once(size):
    slices = list(statistics.blocks(7, size))
    assert np.concatenate([np.arange(7)[each] for each in slices]).tolist() == list(range(7))
    assert max(each.stop - each.start for each in slices) <= size
    assert list(statistics.blocks(0)) == []


@pytest.mark.parametrize("part", SPLITS)
def test_moments_are_means_and_standard_deviations(part):
    found = statistics.moments(part, CLASSES)
    assert found.means.shape == found.spreads.shape == (CLASSES, *part.images.shape[1:])
    for label in range(CLASSES):
        images = members(part, label)
        assert found.counts[label] == len(images)
        if len(images):
            np.testing.assert_allclose(found.means[label], images.mean(axis=0), rtol=1e-12)
            np.testing.assert_allclose(found.spreads[label], images.std(axis=0), atol=1e-5)
        else:
            assert np.isnan(found.means[label]).all() and np.isnan(found.spreads[label]).all()


@pytest.mark.parametrize("part", SPLITS)
def test_the_histogram_counts_every_value_of_every_channel(part):
    found = statistics.histogram(part, CLASSES)
    channels = part.images.shape[-1]
    assert found.shape == (CLASSES, channels, 256) and found.sum() == part.images.size
    for label, channel in product(range(CLASSES), range(channels)):
        values = part.images[part.labels == label][..., channel].ravel()
        np.testing.assert_array_equal(found[label, channel], np.bincount(values, minlength=256))


@pytest.mark.parametrize("part", SPLITS[:4])
def test_distances_are_those_of_all_pairs_of_images(part):
    found = statistics.distances(statistics.moments(part, CLASSES))
    for one, other in product(range(CLASSES), repeat=2):
        first, second = members(part, one), members(part, other)
        pairs = combinations(first, 2) if one == other else product(first, second)
        squares = [((x - y) ** 2).mean() for x, y in pairs]
        expected = np.sqrt(np.mean(squares)) if squares else np.nan
        assert found.images[one, other] == pytest.approx(expected, nan_ok=True)
        if len(first) and len(second):
            between = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).mean()
            assert found.means[one, other] == pytest.approx(np.sqrt(between))
        else:
            assert np.isnan(found.means[one, other])
    assert np.isnan(found.images[SINGLE, SINGLE])  # it has no other image
    assert np.isnan(found.images[EMPTY]).all()


def test_images_that_are_all_the_same_are_no_distance_apart():
    found = statistics.distances(statistics.moments(SPLITS[-1], CLASSES))
    assert found.images[0, 0] == 0


@pytest.mark.parametrize("part", SPLITS)
def test_brightness_is_the_mean_of_an_image(part):
    found = statistics.brightness(part.images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, part.images.mean(axis=(1, 2, 3)), rtol=1e-6)


@pytest.mark.parametrize("part", SPLITS)
def test_the_distance_to_the_mean_is_that_of_the_images_own_class(part):
    means = statistics.moments(part, CLASSES).means
    found = statistics.to_mean(part, means)
    assert found.dtype == np.float32
    off = part.images - means[part.labels]
    np.testing.assert_allclose(found, np.sqrt((off**2).mean(axis=(1, 2, 3))), atol=1e-3)


@pytest.mark.parametrize("what", ["moments", "histogram"])
def test_no_image_at_all_is_no_error(what):
    nothing = Split(np.zeros((0, 2, 2, 1), np.uint8), np.zeros(0, np.int64))
    found = getattr(statistics, what)(nothing, CLASSES)
    counts = found.counts if what == "moments" else found
    assert counts.sum() == 0
