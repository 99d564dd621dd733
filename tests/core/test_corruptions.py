"""Corruptions: each is what it says, at every severity, for gray and for colour."""

import numpy as np
import pytest

from core import datasets
from core.evaluation import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def gray():
    return datasets.load("fashion-mnist", "train").images[:64]


@pytest.fixture(scope="module")
def colour(gray):
    """Three channels that differ, as CIFAR-10 may not be on this machine; 32 x 32."""
    wide = np.pad(gray, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    return np.concatenate([wide, 255 - wide, np.roll(wide, 5, axis=1) // 2], axis=-1)


@pytest.fixture(params=["gray", "colour"])
def images(request):
    return request.getfixturevalue(request.param)


def distance(first, second):
    return np.abs(first.astype(int) - second.astype(int)).mean()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_described(name):
    corruption = CORRUPTIONS[name]
    assert corruption.name == name
    assert corruption.title and corruption.unit
    assert corruption.summary.endswith(".") and len(corruption.summary) < 100


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_severity_grows_and_shape_type_and_originals_stay(name, images):
    before = images.copy()
    changed = [corrupt(images, name, severity) for severity in SEVERITIES]
    assert all(each.dtype == np.uint8 and each.shape == images.shape for each in changed)
    far = [distance(images, each) for each in changed]
    assert far[0] > 1
    assert far == sorted(far)
    assert far[-1] > 1.2 * far[0]
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_arguments_give_the_same_pixels(name, images):
    first, again = corrupt(images, name, 3, seed=7), corrupt(images, name, 3, seed=7)
    np.testing.assert_array_equal(first, again)
    if name in ("noise", "impulse", "shift", "rotate", "occlude"):
        assert distance(first, corrupt(images, name, 3, seed=8)) > 1


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_images_are_no_trouble(name, value):
    plain = np.full((3, 28, 28, 1), value, np.uint8)
    assert corrupt(plain, name, 5).shape == plain.shape


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_no_images_are_no_trouble(name):
    assert corrupt(np.zeros((0, 32, 32, 3), np.uint8), name, 2).shape == (0, 32, 32, 3)


def test_a_shift_moves_every_pixel_alike_and_black_comes_in():
    image = np.zeros((40, 28, 28, 1), np.uint8)
    image[:, 14, 14] = 200
    moved = corrupt(image, "shift", 3)
    places = {tuple(np.argwhere(each)[0][:2].tolist()) for each in moved}
    assert places == {(11, 11), (11, 17), (17, 11), (17, 17)}
    assert (moved.reshape(40, -1).astype(bool).sum(axis=1) == 1).all()


def test_a_colour_image_is_moved_with_its_edge():
    image = np.full((8, 32, 32, 3), 90, np.uint8)
    np.testing.assert_array_equal(corrupt(image, "shift", 5), image)
    np.testing.assert_array_equal(corrupt(image, "rotate", 5), image)


def test_a_rotation_turns_around_the_centre_both_ways():
    image = np.zeros((40, 28, 28, 1), np.uint8)
    image[:, 13:15, 14:] = 255  # a bar to the right
    turned = corrupt(image, "rotate", 4)  # by 46 degrees
    below = turned[:, 16:, 16:].reshape(40, -1).sum(axis=1) > 1000
    above = turned[:, :12, 16:].reshape(40, -1).sum(axis=1) > 1000
    assert (below ^ above).all() and 5 < below.sum() < 35


def test_contrast_and_brightness_are_what_they_say(gray, colour):
    washed = corrupt(gray, "contrast", 2)
    ratio = washed.std(axis=(1, 2, 3)) / gray.std(axis=(1, 2, 3))
    assert np.allclose(ratio, 0.3, atol=0.02)
    assert np.allclose(washed.mean(axis=(1, 2, 3)), gray.mean(axis=(1, 2, 3)), atol=0.6)
    brighter = corrupt(colour, "brightness", 1)
    most = colour.max(axis=-1).astype(int)
    assert np.abs(brighter.max(axis=-1) - np.minimum(most + 25.5, 255)).max() <= 1
    same_hue = brighter.argmax(axis=-1) == colour.argmax(axis=-1)
    assert same_hue[most < 220].mean() > 0.99


def test_the_share_of_dead_pixels_is_the_level(gray):
    changed = corrupt(np.full_like(gray, 128), "impulse", 5) != 128
    assert changed.mean() == pytest.approx(CORRUPTIONS["impulse"].levels[4], abs=0.01)


@pytest.mark.parametrize(
    ("images", "severity"),
    [
        (np.zeros((2, 28, 28), np.uint8), 1),
        (np.zeros((2, 28, 28, 1), np.float32), 1),
        (np.zeros((2, 28, 28, 4), np.uint8), 1),
        (np.zeros((2, 28, 28, 1), np.uint8), 0),
        (np.zeros((2, 28, 28, 1), np.uint8), 6),
    ],
)
def test_what_is_no_image_or_no_severity_is_refused(images, severity):
    with pytest.raises(ValueError, match=r"images must be|severity is 1 to 5"):
        corrupt(images, "noise", severity)
