"""To which images the parts of a network react, against a network whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from core import architectures
from core.architectures import Conv, Dense, Flatten
from core.architectures.build import build
from core.errors import RunDamaged
from core.evaluation import reactions
from core.networks.laid_open import laid_open
from core.runs.analysis import write_analysis


@pytest.fixture
def opened():
    """Return a network: one map copies, one is dead, one reacts to all; two units."""
    layers = (Conv(3, kernel=1), Flatten(), Dense(2))
    architecture = replace(architectures.find("mlp"), layers=layers)
    model = build(architecture, (4, 5, 1), 3, seed=1)
    kernel, bias = np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.5])
    weights = model.get_weights()
    weights[0], weights[1] = kernel.reshape(1, 1, 1, 3), bias
    model.set_weights(weights)
    return laid_open(model)


def test_what_is_dead_and_what_reacts_most(opened):
    images = np.zeros((300, 4, 5, 1), np.uint8)  # more than a batch
    images[17, 2, 3], images[299, 0, 4] = 200, 100
    shares: list[float] = []
    indices = np.arange(300) + 1000
    layers = reactions.measure(opened, images, indices, shares.append)
    assert shares[0] == 0 and shares[-1] == 1
    assert list(layers) == [1, 3]  # of the convolution and the dense layer behind ReLU
    maps = layers[1]
    assert np.allclose(maps.shares, [2 / 300, 0, 1])
    assert maps.best.shape == (3, reactions.BEST, 3)
    assert maps.best[0, :3].tolist() == [[1017, 2, 3], [1299, 0, 4], [-1, -1, -1]]
    assert (maps.best[1] == -1).all() and (maps.best[2] >= 0).all()
    found = reactions.Reactions(layers, 300)
    assert found.parts == 5 and found.silent >= 1


def test_what_was_found_is_read_again(opened, tmp_path):
    images = np.random.default_rng(1).integers(0, 256, (20, 4, 5, 1)).astype(np.uint8)
    layers = reactions.measure(opened, images, np.arange(20), lambda share: None)
    path = tmp_path / "reactions.npz"
    write_analysis(path, reactions.kept([{}, layers], 20), "stamp")
    assert reactions.read_reactions(path, 0).layers == {}
    found = reactions.read_reactions(path, 1)
    assert found.images == 20 and found.layers.keys() == layers.keys()
    assert np.array_equal(found.layers[1].best, layers[1].best)
    assert np.array_equal(found.layers[1].shares, layers[1].shares)


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": np.array(0)},
        {"images": np.array([1, 2])},
        {"images": np.array(5), "shares-0-1": np.array([0.5, 2.0])},
        {"images": np.array(5), "shares-0-1": np.array([0.5]), "best-0-1": np.array([1])},
        {"images": np.array(5), "shares-0-1": np.array([0.5])},
        {"shares-0-1": np.array([0.5])},
    ],
)
def test_another_file_is_a_sentence(arrays, tmp_path):
    path = tmp_path / "reactions.npz"
    write_analysis(path, arrays, "stamp")
    with pytest.raises(RunDamaged, match="compute it again"):
        reactions.read_reactions(path)


def test_the_sample_is_spread_over_all_images():
    assert reactions.sample(5).tolist() == [0, 1, 2, 3, 4]
    many = reactions.sample(10_000)
    assert len(many) == reactions.SAMPLE and many[0] == 0 and many[-1] == 9_999
