"""Pooling as one pass: the numbers of TensorFlow's three layers, ties included."""

import numpy as np
import pytest
import tensorflow as tf

from core.training.pooling import pooled


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("shape", [(4, 8, 6, 5), (3, 7, 9, 5)])
def test_values_and_gradients_are_those_of_the_layers(shape, relu):
    # Halves only, so that many windows hold their largest value twice.
    x = tf.round(2 * tf.random.stateless_normal(shape, [1, 2])) / 2
    bias = tf.constant([0.5, -0.5, 0.0, 1.0, -1.0])
    weights = tf.random.stateless_normal([shape[0], shape[1] // 2, shape[2] // 2, 5], [3, 4])

    def apart(x, bias):
        y = tf.nn.bias_add(tf.nn.max_pool2d(x, 2, 2, "VALID"), bias)
        return tf.nn.relu(y) if relu else y

    @tf.function
    def both(function):
        y = function(x, bias)
        return y, tf.gradients(tf.reduce_sum(y * weights), [x, bias])

    mine, (dx, db) = both(lambda x, bias: pooled(x, bias, relu=relu))
    other, (other_dx, other_db) = both(apart)
    assert np.array_equal(mine, other)
    assert np.array_equal(dx, other_dx)
    np.testing.assert_allclose(db, other_db, atol=1e-5)
