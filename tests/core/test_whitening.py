"""First filters by patch whitening: what they answer, and what they leave alone."""

import numpy as np
import pytest

from core import architectures, datasets
from core.architectures.build import build
from core.training.whitening import whiten, whitening_filters


@pytest.fixture(scope="module")
def images():
    return datasets.load("fashion-mnist", "train").images[:3000]


def patches(images, side):
    """Return every patch of images as a row, in the order of a kernel."""
    found = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    return np.moveaxis(found, 3, -1).reshape(-1, side * side * images.shape[-1])


@pytest.mark.parametrize(
    ("side", "most", "count"), [(3, 18, 18), (3, 64, 18), (2, 8, 8), (5, 7, 7)]
)
def test_answers_are_independent_and_of_mean_square_1(images, side, most, count):
    some = images[:300] / 255
    filters = whitening_filters(some, side, most)
    assert filters.shape == (side, side, 1, count) and filters.dtype == np.float32
    half = -(-most // 2) if most < 2 * side**2 else side**2
    answers = patches(some, side) @ filters.reshape(-1, count).astype(np.float64)
    products = answers.T @ answers / len(answers)
    # The least variances are those of noise, which is held down.
    assert products[:half, :half] == pytest.approx(
        np.diag(np.diag(products[:half, :half])), abs=1e-3
    )
    assert np.diag(products).max() == pytest.approx(1, abs=0.01)
    assert np.array_equal(filters[..., half:], -filters[..., : count - half])


def test_colours_are_part_of_a_patch():
    noise = np.random.default_rng(0).random((50, 12, 12, 3)) * [1, 0.1, 0.01] - [0.5, 0, 0]
    filters = whitening_filters(noise, 2, 24)
    answers = patches(noise, 2) @ filters.reshape(-1, 24)
    assert np.corrcoef(answers[:, 0], noise[:, :-1, :-1, 0].ravel())[0, 1] != 0
    assert answers[:, :4].std(axis=0) == pytest.approx(1, abs=0.05)


def test_a_constant_image_makes_finite_filters():
    assert np.isfinite(whitening_filters(np.zeros((5, 8, 8, 1)), 3, 18)).all()


@pytest.mark.parametrize("name", ["sprint-cnn", "basic-cnn", "residual-cnn"])
def test_only_the_first_convolution_changes(images, name):
    model = build(architectures.find(name), (28, 28, 1), 10, seed=0)
    before = model.get_weights()
    whiten(model, images)
    after = model.get_weights()
    count = min(18, before[0].shape[-1])
    assert np.array_equal(after[0][..., count:], before[0][..., count:])
    assert (after[0][..., :count] != before[0][..., :count]).all()
    for one, same in zip(after[1:], before[1:], strict=True):
        assert np.array_equal(one, same)


def test_a_network_without_convolutions_stays_as_it_is(images):
    model = build(architectures.find("mlp"), (28, 28, 1), 10, seed=0)
    before = model.get_weights()
    whiten(model, images)
    assert all(map(np.array_equal, before, model.get_weights()))
