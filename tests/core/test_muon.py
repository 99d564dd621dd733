"""Muon: Keras's own on dense layers, and orthogonal steps for every kernel of a hidden layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core import architectures
from core.architectures.build import build
from core.architectures.muon import Muon, orthogonal

SHAPES = [(300, 20), (20, 300), (9, 16), (16, 9), (32, 32)]


def uneven(shape, rank=None):
    """Return a matrix whose singular values differ by orders of magnitude."""
    generator = np.random.default_rng(0)
    if rank is not None:
        parts = generator.normal(size=(shape[0], rank)), generator.normal(size=(rank, shape[1]))
        return np.float32(parts[0] @ parts[1])
    return np.float32(generator.normal(size=shape) * np.exp(generator.normal(size=shape[1])))


@pytest.mark.parametrize("rank", [None, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_matrix_becomes_orthogonal_as_by_keras(shape, rank):
    matrix = uneven(shape, rank)
    mine = orthogonal(tf.constant(matrix)).numpy()
    keras_own = keras.optimizers.Muon().zeropower_via_newtonschulz5(tf.constant(matrix), 5)
    assert mine == pytest.approx(keras_own.numpy(), abs=1e-3)
    values = np.linalg.svd(mine, compute_uv=False)
    assert values[: rank or 5].min() > 0.3 and values.max() < 1.3
    assert values[rank or len(values) :] == pytest.approx(0, abs=1e-3)


def test_no_gradient_is_no_step():
    assert not orthogonal(tf.zeros((8, 4))).numpy().any()


def test_a_dense_network_learns_as_with_keras_own():
    """But for weight decay, and the classifier, which Keras has to be told by name."""
    mine, other = (build(architectures.find("mlp"), (28, 28, 1), 10, seed=1) for _ in range(2))
    keras_own = keras.optimizers.Muon(
        0.01,
        weight_decay=None,
        adam_weight_decay=None,
        exclude_layers=[other.layers[-1].name],
    )
    pairs = ((mine, Muon(0.01)), (other, keras_own))
    generator = np.random.default_rng(2)
    for _ in range(3):
        gradients = [
            tf.constant(generator.normal(size=each.shape), tf.float32)
            for each in mine.trainable_variables
        ]
        for model, optimizer in pairs:
            optimizer.apply(gradients, model.trainable_variables)
    for one, same in zip(mine.get_weights(), other.get_weights(), strict=True):
        assert one == pytest.approx(same, abs=1e-4)


def test_every_kernel_but_the_classifiers_moves_by_an_orthogonal_step():
    model = build(architectures.find("sprint-cnn"), (28, 28, 1), 10, seed=1)
    before = [each.numpy() for each in model.trainable_variables]
    generator = np.random.default_rng(3)
    gradients = [tf.constant(generator.normal(size=each.shape), tf.float32) for each in before]
    Muon(0.01).apply(gradients, model.trainable_variables)
    moved = [old - new.numpy() for old, new in zip(before, model.trainable_variables, strict=True)]
    kernels = [each for each in moved if each.ndim > 1]
    for step in kernels[:-1]:
        matrix = step.reshape(-1, step.shape[-1])
        values = np.linalg.svd(matrix, compute_uv=False) / (0.01 * 0.2 * max(matrix.shape) ** 0.5)
        assert values.min() > 0.3 and values.max() < 1.3
    for step in (kernels[-1], *(each for each in moved if each.ndim == 1)):
        assert np.abs(step) == pytest.approx(0.01, rel=0.1)  # Adam's first step
