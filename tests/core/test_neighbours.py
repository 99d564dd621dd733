"""Nearest images, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.analysis.neighbours import nearest
from core.analysis.statistics import BLOCK


@pytest.mark.parametrize("shape", [(6, 5, 1), (4, 4, 3)])
@pytest.mark.parametrize("count", [1, 10])
def test_they_are_scikit_learns(shape, count):
    random = np.random.default_rng(7)
    images = random.integers(0, 256, (2 * BLOCK + 30, *shape), dtype=np.uint8)
    query = random.integers(0, 256, shape, dtype=np.uint8)
    indices, distances = nearest(images, query, count)
    flat = images.reshape(len(images), -1).astype(np.float64)
    reference = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(flat)
    expected, found = reference.kneighbors(query.reshape(1, -1).astype(np.float64))
    assert indices.tolist() == found[0].tolist()
    np.testing.assert_allclose(distances, expected[0] / np.sqrt(flat.shape[1]), rtol=1e-5)
    assert indices.dtype == np.int64 and distances.dtype == np.float32


def test_an_image_is_nearest_to_itself_unless_it_does_not_count():
    images = np.random.default_rng(1).integers(0, 256, (20, 3, 3, 1), dtype=np.uint8)
    indices, distances = nearest(images, images[5], 3)
    assert indices[0] == 5 and distances[0] == 0
    others, _ = nearest(images, images[5], 2, without=5)
    assert others.tolist() == indices[1:].tolist()


def test_equally_near_ones_come_in_order_of_their_index():
    images = np.zeros((BLOCK + 40, 2, 2, 1), np.uint8)
    images[::2] = 10  # 84 of them, at a distance of 10; the others at 0
    indices, distances = nearest(images, np.zeros((2, 2, 1), np.uint8), 90, without=1)
    assert indices.tolist() == [*range(3, 168, 2), *range(0, 14, 2)]
    assert distances.tolist() == [0] * 83 + [10] * 7


@pytest.mark.parametrize(("without", "there"), [(None, 4), (2, 3)])
def test_fewer_come_back_where_there_are_fewer(without, there):
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    indices, distances = nearest(images, images[3], 9, without=without)
    assert indices.tolist() == [i for i in (3, 2, 1, 0) if i != without]
    assert len(distances) == there


def test_nothing_comes_of_nothing():
    one = np.zeros((1, 2, 2, 1), np.uint8)
    for images, count, without in ((one[:0], 3, None), (one, 3, 0), (one, 0, None)):
        indices, distances = nearest(images, one[0], count, without=without)
        assert len(indices) == len(distances) == 0


def test_an_image_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        nearest(np.zeros((3, 4, 4, 1), np.uint8), np.zeros((2, 8, 1), np.uint8), 1)
