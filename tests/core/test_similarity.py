"""The order of classes in which those that are mixed up are neighbours."""

import numpy as np
import pytest

from core.evaluation import similar_order


def test_pairs_that_are_mixed_up_become_neighbours():
    matrix = np.eye(6, dtype=int) * 90
    for first, second in ((0, 3), (1, 5), (2, 4)):
        matrix[first, second] = matrix[second, first] = 10
    order = similar_order(matrix)
    assert sorted(order) == list(range(6))
    places = {name: place for place, name in enumerate(order)}
    for first, second in ((0, 3), (1, 5), (2, 4)):
        assert abs(places[first] - places[second]) == 1


def test_a_chain_is_found_whichever_way_it_was_shuffled():
    chain = np.eye(8) * 80 + np.diag([10] * 7, 1) + np.diag([10] * 7, -1)
    for seed in range(5):
        shuffle = np.random.default_rng(seed).permutation(8)
        found = shuffle[similar_order(chain[np.ix_(shuffle, shuffle)])]
        assert found.tolist() in (list(range(8)), list(range(8))[::-1])


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_any_number_of_classes_has_an_order(size):
    matrix = np.random.default_rng(0).integers(0, 50, (size, size))
    assert sorted(similar_order(matrix)) == list(range(size))


@pytest.mark.parametrize("matrix", [np.zeros((5, 5), int), np.eye(5, dtype=int) * 7])
def test_no_mistakes_and_no_images_are_an_order_too(matrix):
    assert sorted(similar_order(matrix)) == list(range(5))
