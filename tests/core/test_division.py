"""Which images a run learns from and which it holds back."""

import numpy as np
import pytest
from support import small

from core import datasets
from core.architectures.recipe import ValidationFrom
from core.datasets import Split
from core.runs.division import divide, held_out


@pytest.fixture(scope="module")
def numbered():
    """A split whose labels are the indices of its images."""
    return Split(np.zeros((60_000, 1, 1, 1), np.uint8), np.arange(60_000))


@pytest.mark.parametrize("source", ValidationFrom)
@pytest.mark.parametrize(("limit", "held_back"), [(None, 5000), (6000, 500)])
def test_sizes_and_no_image_on_both_sides(numbered, source, limit, held_back):
    config = small(validation=5000, validation_from=source, limit=limit)
    parts = divide(numbered, config)
    used = limit or 60_000
    assert (len(parts.train), len(parts.validation)) == (used - held_back, held_back)
    together = np.concatenate([parts.train.labels, parts.validation.labels])
    assert np.array_equal(np.sort(together), np.arange(used))


def test_the_end_is_the_last_images_in_order(numbered):
    parts = divide(numbered, small(validation=0.2, validation_from="end", limit=1000))
    assert parts.train.labels.tolist() == list(range(800))
    assert parts.validation.labels.tolist() == list(range(800, 1000))


def test_random_is_drawn_with_the_seed(numbered):
    def held_back(seed):
        config = small(validation=0.2, validation_from="random", limit=1000, seed=seed)
        return divide(numbered, config).validation.labels.tolist()

    assert held_back(1) == held_back(1)
    assert held_back(1) != held_back(2)
    assert sorted(held_back(1)) != list(range(800, 1000))


def test_images_keep_their_labels():
    split = datasets.load("fashion-mnist", "train")
    parts = divide(split, small(limit=500))
    for part in (parts.train, parts.validation):
        for image, label in zip(part.images[:20], part.labels[:20], strict=True):
            (index,) = np.flatnonzero((split.images[:500] == image).all(axis=(1, 2, 3)))
            assert split.labels[index] == label


@pytest.mark.parametrize("source", ValidationFrom)
def test_what_is_held_out_is_what_validates(numbered, source):
    config = small(validation=0.2, validation_from=source, limit=1000, seed=3)
    assert held_out(config).tolist() == divide(numbered, config).validation.labels.tolist()
