"""The training images nearest to a picture by the last hidden layer, against all distances."""

import numpy as np
import pytest

from core import datasets, networks, runs
from core.classify import nearest as module
from core.classify.nearest import NAME, nearest, write_neighbours
from core.networks import Network
from core.runs.analysis import analysis_file, read_analysis, stamp_of, write_analysis
from core.tasks.worker import work_out


@pytest.fixture
def model(trained):
    return networks.find(trained.id)


@pytest.fixture
def beside(model):
    """The file beside the model, as a bundled one has it."""
    path = model.path.with_name(f"{NAME}.npz")
    write_neighbours(model, path)
    return path


@pytest.fixture
def train():
    return datasets.load("fashion-mnist", "train")


def exact(trained, train, indices, image):
    """Return cosine distances of the last hidden layer, by the book."""
    hidden = Network(networks.of_run(trained)).features(
        np.concatenate([image[None], train.images[indices]])
    )
    unit = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
    return 1 - unit[1:] @ unit[0]


def test_they_are_those_of_the_last_hidden_layer(trained, model, beside, train):
    indices = read_analysis(beside)["indices"]
    for image in datasets.load("fashion-mnist", "test").images[:5]:
        near = nearest(model, image[..., 0], 10)
        distances = exact(trained, train, indices, image)
        assert near.distances == pytest.approx(
            distances[np.searchsorted(indices, near.indices)], abs=0.02
        )
        assert (near.labels == train.labels[near.indices]).all()
        assert (np.diff(near.distances) >= 0).all()
        truly = indices[np.argsort(distances)[:10]]
        assert len(set(near.indices) & set(truly)) >= 7


def test_a_training_image_is_nearest_to_itself(model, beside, train):
    indices = read_analysis(beside)["indices"]
    for index in indices[:5]:
        near = nearest(model, train.images[index], 3)
        assert near.indices[0] == index
        assert near.distances[0] == pytest.approx(0, abs=0.01)


def test_only_what_the_run_learned_from_counts(trained, beside):
    indices = read_analysis(beside)["indices"]
    assert not np.isin(indices, runs.held_out(trained.config)).any()
    assert indices.max() < trained.config.used


def test_the_file_is_small(beside, model, monkeypatch):
    arrays = read_analysis(beside)
    assert arrays["codes"].dtype == np.int8 and arrays["codes"].shape[1] <= 64
    assert beside.stat().st_size < 700_000


def test_each_class_is_there_as_often(trained, model, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "SAMPLE", 500)
    write_neighbours(model, tmp_path / "few.npz")
    labels = read_analysis(tmp_path / "few.npz")["labels"]
    assert np.bincount(labels).tolist() == [50] * 10


def test_the_task_works_it_out_for_a_run(trained, model):
    assert nearest(model, np.zeros((28, 28), np.uint8), 3) is None
    work_out(NAME, trained, analysis_file(NAME, trained), lambda share: None)
    assert len(nearest(model, np.zeros((28, 28), np.uint8), 3).indices) == 3


def test_a_file_of_another_network_does_not_count(trained, model, beside):
    write_analysis(beside, read_analysis(beside), "1-of-another")
    assert nearest(model, np.zeros((28, 28), np.uint8), 3) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"codes": np.zeros((3, 2), np.int8)},
        {"labels": np.zeros(1, np.uint16)},
        {"indices": np.array([10**6] * 5, np.int32)},
        {"step": np.zeros(2)},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_a_damaged_file_does_not_count(trained, model, beside, damage):
    write_analysis(beside, read_analysis(beside) | damage, stamp_of(trained))
    assert nearest(model, np.zeros((28, 28), np.uint8), 3) is None
    beside.write_bytes(beside.read_bytes()[:300])
    assert nearest(model, np.zeros((28, 28), np.uint8), 3) is None
