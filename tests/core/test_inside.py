"""Last hidden layer and feature maps of networks of every make, against what Keras says."""

import keras
import numpy as np
import pytest

from core.architectures import ARCHITECTURES
from core.architectures.build import build
from core.networks.inside import LEAST, look_inside

L = keras.layers


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (2, 28, 28, 1)).astype(np.float32)


def block(shape):
    """Return a residual block, a model within the model."""
    entry = keras.Input(shape)
    tensor = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(entry)))
    return keras.Model(entry, L.Add()([entry, tensor]))


def residual(name="residual"):
    entry = keras.Input((28, 28, 1))
    tensor = L.MaxPooling2D()(L.Conv2D(8, 3, padding="same", activation="relu")(entry))
    tensor = block((14, 14, 8))(tensor)
    tensor = L.Dropout(0.5)(L.GlobalAveragePooling2D(name="hidden")(tensor))
    return keras.Model(entry, L.Dense(10, activation="softmax")(tensor), name=name)


@pytest.mark.parametrize(
    "name", [name for name, each in ARCHITECTURES.items() if "fashion-mnist" in each.datasets]
)
def test_every_architecture_shows_what_its_last_dense_layer_reads(name, pixels):
    network = build(ARCHITECTURES[name], (28, 28, 1), 10, seed=1)
    convolutions = [each for each in network.layers if isinstance(each, L.Conv2D)]
    dense = [each for each in network.layers if isinstance(each, L.Dense)][-1]
    read = keras.Model(network.inputs, dense.input)(pixels)
    inside = look_inside(network)
    answer, hidden = inside.hidden(pixels)
    np.testing.assert_allclose(answer, network(pixels), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(hidden, read, rtol=1e-4, atol=1e-5)
    assert (inside.maps is None) == (not convolutions)
    if inside.maps is not None:
        answer, maps = inside.maps(pixels)
        np.testing.assert_allclose(answer, network(pixels), rtol=1e-4, atol=1e-6)
        assert min(maps.shape[1:3]) >= LEAST and inside.mirrored == (False,)
        assert float(keras.ops.min(maps)) >= 0  # after the activation function


def test_models_within_models_are_followed(pixels):
    network = residual()
    read = keras.Model(network.inputs, network.get_layer("hidden").output)(pixels)
    inside = look_inside(network)
    np.testing.assert_allclose(inside.hidden(pixels)[1], read, rtol=1e-5)
    assert inside.maps(pixels)[1].shape == (2, 14, 14, 8) and inside.last


def test_branches_stand_side_by_side_and_a_mirrored_one_is_known(pixels):
    one, entry = residual(), keras.Input((28, 28, 1))
    both = [one(entry), one(keras.ops.flip(entry, axis=2))]
    network = keras.Model(entry, L.Average()(both))
    expected = (one(pixels) + one(pixels[:, :, ::-1])) / 2
    inside = look_inside(network)
    answer, hidden = inside.hidden(pixels)
    np.testing.assert_allclose(answer, expected, rtol=1e-5)
    assert hidden.shape == (2, 16)
    assert inside.mirrored == (False, True)
    maps = inside.maps(pixels)[1:]
    mirrored = inside.maps(pixels[:, :, ::-1])[1:]
    np.testing.assert_allclose(maps[0], mirrored[1], rtol=1e-4, atol=1e-5)


def test_layers_of_the_same_name_may_meet(pixels):
    parts = [residual("one"), residual("two")]  # "hidden" is in both
    entry = keras.Input((28, 28, 1))
    network = keras.Model(entry, L.Average()([part(entry) for part in parts]))
    assert look_inside(network).hidden(pixels)[1].shape == (2, 16)


def test_small_maps_give_way_to_finer_ones_before_them(pixels):
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            L.MaxPooling2D(4),
            L.Conv2D(6, 3, activation="relu"),
            L.Flatten(),
            L.Dense(10, activation="softmax"),
        ]
    )
    inside = look_inside(network)
    assert inside.maps(pixels)[1].shape == (2, 28, 28, 4)
    assert not inside.last
