"""Max pooling of 2 × 2 windows with what comes after it (TF: imports TensorFlow).

On a processor pooling is a matter of memory: TensorFlow reads and writes its large input anew for
pooling, bias and ReLU, and for the gradient of each. Here XLA makes one pass of them forward, which
keeps only the place of each maximum (a byte), and one pass back.
"""

from typing import Any

import tensorflow as tf

PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))  # in a window; of equal values the first one counts
NOWHERE = 4  # the place where ReLU makes 0: no gradient goes back


def pooled(x: Any, bias: Any, *, relu: bool) -> Any:
    """Return the maxima, plus bias, perhaps with ReLU; the gradient is that of the three layers.

    Args:
        x: float32 (batch, height, width, channels).
        bias: float32 (channels,).
        relu: whether ReLU follows.
    """

    def all_of_it(x: Any, bias: Any) -> Any:
        y, places = _compiled(_forward)(x, bias, relu)
        return y, lambda dy: _compiled(_backward)(dy, places, *x.shape[1:3])

    return tf.custom_gradient(all_of_it)(x, bias)


def _compiled(function: Any) -> Any:
    return tf.function(function, jit_compile=True, autograph=False)


def _forward(x: Any, bias: Any, relu: bool) -> tuple[Any, Any]:
    height, width = (side // 2 * 2 for side in x.shape[1:3])
    values = [x[:, row:height:2, column:width:2] for row, column in PLACES]
    largest = tf.maximum(tf.maximum(*values[:2]), tf.maximum(*values[2:]))
    places = tf.fill(tf.shape(largest), len(PLACES) - 1)
    for place in (2, 1, 0):
        places = tf.where(values[place] == largest, place, places)
    y = largest + bias
    if relu:
        places = tf.where(y > 0, places, NOWHERE)
        y = tf.nn.relu(y)
    return y, tf.cast(places, tf.int8)


def _backward(dy: Any, places: Any, height: int, width: int) -> tuple[Any, Any]:
    batch, rows, columns, channels = dy.shape
    here = tf.reshape(tf.range(len(PLACES), dtype=tf.int32), [1, 1, 2, 1, 2, 1])
    chosen = places[:, :, None, :, None, :] == tf.cast(here, tf.int8)
    dx = tf.where(chosen, dy[:, :, None, :, None, :], 0.0)
    dx = tf.reshape(dx, [batch, 2 * rows, 2 * columns, channels])
    if (height % 2, width % 2) != (0, 0):
        dx = tf.pad(dx, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]])
    return dx, tf.reduce_sum(tf.where(places < NOWHERE, dy, 0.0), [0, 1, 2])
