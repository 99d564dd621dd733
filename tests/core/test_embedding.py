"""The map: which images, where, and which of them a lasso holds."""

import numpy as np
import pytest

from core import datasets
from core.analysis import embedding
from core.errors import RunDamaged

SPEC = datasets.find("fashion-mnist")
SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)


def test_the_sample_has_as_many_of_each_class_as_there_are():
    labels = np.repeat([0, 1, 2], [500, 500, 7])
    drawn = embedding.sample(labels, 300, seed=1)
    assert np.bincount(labels[drawn]).tolist() == [100, 100, 7]
    assert (np.diff(drawn) > 0).all()
    assert np.array_equal(drawn, embedding.sample(labels, 300, seed=1))
    assert not np.array_equal(drawn, embedding.sample(labels, 300, seed=2))


def test_the_bundled_map_keeps_alike_images_together():
    found = embedding.embedding_of(SPEC)
    labels = SPEC.load("train").labels[found.indices]
    assert np.bincount(labels).tolist() == [1000] * 10
    # Of ten neighbours on the map, how many have the same label? One in ten by chance.
    some = np.random.default_rng(0).permutation(len(labels))[:300]
    gaps = ((found.umap[some][:, None] - found.umap[None]) ** 2).sum(axis=2)
    nearest = np.argsort(gaps, axis=1)[:, 1:11]
    assert (labels[nearest] == labels[some][:, None]).mean() > 0.6


def test_points_are_fitted_without_stretching():
    points = embedding.fitted(np.array([[10, 0], [30, 5], [20, 10]]))
    assert points.tolist() == [[-1, -0.5], [1, 0], [0, 0.5]]
    assert embedding.fitted(np.ones((3, 2))).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize(
    ("point", "is_inside"),
    [((0.5, 0.5), True), ((0.01, 0.99), True), ((1.5, 0.5), False), ((-0.1, 0.5), False)],
)
def test_a_point_is_in_a_square_or_not(point, is_inside):
    assert embedding.inside(np.array([point]), SQUARE).tolist() == [is_inside]


def test_a_lasso_may_be_hollow():
    horseshoe = np.array([[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]], float)
    points = np.array([[0.5, 2], [1.5, 2], [2.5, 2], [1.5, 0.5]])
    assert embedding.inside(points, horseshoe).tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "polygon",
        [],
        [[0, 0], [1, 1]],
        [[0, 0]] * 401,
        [[0, 0], [1, 1], [1]],
        [[0, 0], [1, 1], "ab"],
        [[0, 0], [1, 1], [1, None]],
        [[0, 0], [1, 1], [True, 0]],
        [[0, 0], [1, 1], [float("nan"), 0]],
        [[0, 0], [1, 1], [float("inf"), 0]],
        [[0, 0], [1, 1], [10**400, 0]],
        {"0": [0, 0]},
    ],
)
def test_a_lasso_that_is_none_is_refused(value):
    assert embedding.polygon_of(value) is None


def test_a_lasso_is_read():
    assert embedding.polygon_of([[0, 0], [1, 0.5], [1, 1]]).shape == (3, 2)


def hidden(**values) -> dict:
    """Return what the task "features" writes."""
    return {
        "indices": np.arange(20, dtype=np.int32),
        "pca": np.random.default_rng(0).normal(size=(20, 2)).astype(np.float16),
        "tsne": np.random.default_rng(1).normal(size=(20, 2)).astype(np.float16),
        "explained": np.array([0.5, 0.25], np.float32),
        **values,
    }


def test_the_map_of_a_hidden_layer_is_read(tmp_path):
    path = tmp_path / "features.npz"
    np.savez(path, **hidden())
    found = embedding.hidden_of(SPEC, path)
    assert found.tsne.shape == (20, 2) and abs(found.tsne).max() == pytest.approx(1)


@pytest.mark.parametrize(
    "values",
    [
        {"indices": np.arange(59_990, 60_010)},
        {"indices": np.zeros(20, np.int32)},
        {"tsne": np.full((20, 2), np.inf)},
        {"pca": np.zeros((19, 2))},
        {"explained": np.zeros(3)},
    ],
)
def test_a_damaged_map_of_a_hidden_layer_becomes_a_sentence(values, tmp_path):
    path = tmp_path / "features.npz"
    np.savez(path, **hidden(**values))
    with pytest.raises(RunDamaged, match="does not fit Fashion-MNIST"):
        embedding.hidden_of(SPEC, path)
