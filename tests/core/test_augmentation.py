"""Augmentation of the training images."""

import numpy as np
import pytest
import tensorflow as tf

from core import datasets
from core.training.augmentation import augment

FLAGS = ("flip", "shift", "rotation", "scale", "erasing")
SETS = [*((flag,) for flag in FLAGS), ("flip", "erasing"), ("shift", "rotation"), FLAGS]
TURNED = ("flip", "shift", "rotation", "scale")


def varied(images, flags, seed=0):
    """Return the images as ``augment`` varies them."""
    batch = tf.constant(images, tf.float32)
    return augment(batch, flags, tf.constant([seed, 1000], tf.int64)).numpy()


@pytest.fixture(scope="module")
def garments():
    return datasets.load("fashion-mnist", "train").images[:1000].astype(np.float32)


@pytest.mark.parametrize("shape", [(7, 28, 28, 1), (1, 32, 32, 3), (5, 8, 12, 1)])
@pytest.mark.parametrize("flags", SETS)
def test_shape_type_and_range_stay(flags, shape):
    batch = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    result = varied(batch, flags)
    assert result.shape == shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 255.01


def test_no_flag_changes_nothing(garments):
    assert np.array_equal(varied(garments, ()), garments)


@pytest.mark.parametrize("flags", SETS)
def test_the_seed_decides(garments, flags):
    some = garments[:50]
    first = varied(some, flags, seed=4)
    assert np.array_equal(first, varied(some, flags, seed=4))
    assert not np.array_equal(first, varied(some, flags, seed=5))


@pytest.mark.parametrize("flags", SETS)
def test_a_varied_image_is_most_like_its_own_original(garments, flags):
    """Bags stay bags; mirrored or not."""
    originals = garments[:300]
    for image, original in zip(varied(originals, flags)[:50], originals, strict=False):
        own = min(np.abs(image - each).mean() for each in (original, original[:, ::-1]))
        assert own < np.abs(image[None] - originals).mean(axis=(1, 2, 3)).mean()


@pytest.mark.parametrize("flags", [("flip",), ("flip", "shift")])
def test_flip_mirrors_every_second_image_exactly(flags):
    half = np.zeros((1000, 28, 28, 1), np.float32)
    half[:, 10:18, 5:10] = 200
    mirrored = varied(half, flags)[:, :, 14:].any(axis=(1, 2, 3))
    assert 420 < mirrored.sum() < 580  # five standard deviations


def test_flip_alone_changes_no_pixel(garments):
    result = varied(garments, ("flip",))
    same = (result == garments).all(axis=(1, 2, 3))
    mirrored = (result == garments[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    assert 420 < mirrored.sum() < 580


def test_shift_moves_by_whole_pixels_up_to_a_tenth():
    dot = np.zeros((1000, 28, 28, 1), np.float32)
    dot[:, 14, 10] = 200
    result = varied(dot, ("shift",))
    assert ((result == 200).sum(axis=(1, 2, 3)) == 1).all()
    assert result.sum() == 200 * 1000
    _, rows, columns, _ = np.nonzero(result)
    assert set(rows) == set(range(14 - 3, 14 + 4))
    assert set(columns) == set(range(10 - 3, 10 + 4))


def bars(flags):
    """Return angle, length and offset of the centre of varied bars of 16 x 4 pixels."""
    bar = np.zeros((500, 28, 28, 1), np.float32)
    bar[:, 6:22, 12:16] = 255
    rows, columns = np.mgrid[:28, :28]
    angles, lengths, offsets = [], [], []
    for image in varied(bar, flags)[..., 0]:
        weight = image / image.sum()
        y, x = (weight * rows).sum(), (weight * columns).sum()
        covariance = np.cov(np.stack([columns.ravel(), rows.ravel()]), aweights=weight.ravel())
        values, vectors = np.linalg.eigh(covariance)
        angles.append(np.degrees(np.arctan(vectors[0, 1] / vectors[1, 1])))
        lengths.append(np.sqrt(12 * values[1]))
        offsets.append(max(abs(y - 13.5), abs(x - 13.5)))
    return np.array(angles), np.array(lengths), np.array(offsets)


@pytest.mark.parametrize("flags", [("rotation",), ("scale",), TURNED])
def test_turning_and_scaling_keep_within_their_limits(flags):
    angles, lengths, offsets = bars(flags)
    if "rotation" in flags:
        assert np.abs(angles).max() < 11
        assert angles.min() < -7 and angles.max() > 7
    else:
        assert np.abs(angles).max() < 0.1
    if "scale" in flags:
        assert 16 / 1.1 - 1 < lengths.min() < 15.5
        assert 16.5 < lengths.max() < 16 / 0.9 + 1
    else:
        assert lengths == pytest.approx(16, abs=0.6)
    if "shift" in flags:
        assert 2 < offsets.max() < 4
    else:
        assert offsets.max() < 0.1


@pytest.mark.parametrize("flags", [("shift",), ("rotation",), TURNED])
def test_what_comes_into_view_is_black_in_grey_and_the_edge_in_colour(flags):
    assert varied(np.full([50, 28, 28, 1], 100.0), flags).min() == 0
    assert varied(np.full([50, 32, 32, 3], 100.0), flags) == pytest.approx(100, abs=0.01)


def test_erasing_fills_a_rectangle_of_every_second_image_with_noise():
    batch = np.full((2000, 32, 32, 3), -1.0, np.float32)
    result = varied(batch, ("erasing",))
    changed = (result >= 0).all(axis=3)
    assert np.array_equal(changed, (result >= 0).any(axis=3))  # all colours or none
    erased = changed[changed.any(axis=(1, 2))]
    assert 880 < len(erased) < 1120  # five standard deviations
    heights, widths = erased.any(axis=2).sum(axis=1), erased.any(axis=1).sum(axis=1)
    areas = erased.sum(axis=(1, 2))
    assert np.array_equal(areas, heights * widths)  # a rectangle
    assert 0.013 * 1024 < areas.min() < 0.03 * 1024
    assert 0.22 * 1024 < areas.max() < 0.27 * 1024
    assert heights.max() > 2.5 * widths[heights.argmax()]
    assert widths.max() > 2.5 * heights[widths.argmax()]
    assert erased.mean(axis=0).min() > 0  # anywhere, corners too
    noise = result[result >= 0]
    assert noise.max() <= 255
    assert noise.mean() == pytest.approx(127.5, abs=1)
    assert noise.std() == pytest.approx(255 / 12**0.5, abs=1)
