"""A network of standard Keras layers as fast TensorFlow code (TF: imports TensorFlow).

The numbers are those of calling the model, but for the last bits: the softmax at the end is left
out, pooling comes before bias and ReLU (the largest of four values stays the largest), and batch
normalisation and dropout are single fused operations. The weights stay in the Keras layers, so the
model can be called, saved and loaded as ever.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from core.architectures.build import leaves
from core.architectures.keras_private import resource


class Forward:
    """The layers of one model from ``core.architectures.build.build``."""

    def __init__(self, model: keras.Model, convolutions: Any = tf.float32) -> None:
        """Look at the layers; their weights are read when a step runs.

        Args:
            model: the network.
            convolutions: type of the numbers that convolutions take and give; all else, their
                weights too, is float32.
        """
        self._layers = model.layers
        self._dropouts = [
            (place, layer)
            for place, (_, layer) in enumerate(leaves(model))
            if isinstance(layer, keras.layers.Dropout)
        ]
        self._trained = model.trainable_variables
        self._convolutions = tf.as_dtype(convolutions)

    @property
    def drops(self) -> bool:
        """Whether there is dropout."""
        return bool(self._dropouts)

    def masks(self, batch: int, seed: Any) -> list[Any]:
        """Return what dropout multiplies with in a step, a float32 tensor a dropout layer.

        Args:
            batch: images.
            seed: int64 (2,), a new one each step.
        """
        key = _mixed(_mixed(tf.bitcast(seed[0], tf.uint64)) + tf.bitcast(seed[1], tf.uint64))
        return [
            _mask((batch, *layer.output.shape[1:]), layer.rate, _mixed(key + _word(place)))
            for place, layer in self._dropouts
        ]

    def train(self, images: Any, weights: list[Any], masks: list[Any]) -> Any:
        """Return the logits (batch, classes) in training, and move the moving averages on.

        Args:
            images: (batch, height, width, channels), pixels of 0 to 255 of any type.
            weights: values of the model's ``trainable_variables``.
            masks: from ``masks``.
        """
        known = {
            id(variable): value for variable, value in zip(self._trained, weights, strict=True)
        }
        return self._run(self._layers, images, lambda variable: known[id(variable)], iter(masks))

    def infer(self, images: Any) -> Any:
        """Return the logits (batch, classes) of the network in use."""
        return self._run(self._layers, images, lambda each: resource(each).read_value(), None)

    def _run(self, layers: Sequence[Any], x: Any, read: Any, masks: Any) -> Any:
        kinds = keras.layers
        place = 0
        while place < len(layers):
            layer = layers[place]
            after = layers[place + 1] if place + 1 < len(layers) else None
            match layer:
                case kinds.InputLayer():
                    pass
                case keras.Model():  # a residual block: from its input to the sum at its end
                    x += self._run(layer.layers[1:-1], x, read, masks)
                case kinds.Rescaling():
                    x = tf.cast(x, tf.float32) * layer.scale
                case kinds.Conv2D():
                    kind = (
                        tf.float32 if masks is None else self._convolutions
                    )  # in use, all is float32
                    x = _convolution(x, read(layer.kernel), layer, kind)
                    relu = layer.activation is keras.activations.relu
                    if isinstance(after, kinds.MaxPooling2D):
                        x = _max_pool(x, after)
                        place += 1
                    if layer.use_bias:
                        x = tf.nn.bias_add(x, read(layer.bias))
                    if relu:
                        x = tf.nn.relu(x)
                case kinds.Dense():
                    x = tf.matmul(x, read(layer.kernel))
                    x = tf.nn.bias_add(x, read(layer.bias))
                    if layer.activation is keras.activations.relu:
                        x = tf.nn.relu(x)
                case kinds.MaxPooling2D():
                    x = _max_pool(x, layer)
                case kinds.BatchNormalization():
                    x = _batch_norm(x, layer, read, training=masks is not None)
                case kinds.Activation():
                    rises = layer.activation is keras.activations.relu
                    if rises and isinstance(after, kinds.MaxPooling2D):
                        x = _max_pool(x, after)
                        place += 1
                    x = layer.activation(x)
                case kinds.Dropout():
                    if masks is not None:
                        x *= next(masks)
                case kinds.Flatten():
                    x = tf.reshape(x, [-1, layer.output.shape[-1]])
                case kinds.GlobalAveragePooling2D():
                    x = tf.reduce_mean(x, [1, 2])
                case _:
                    raise TypeError(f"no fast code for {layer!r}")
            place += 1
        return x


def _convolution(x: Any, kernel: Any, layer: Any, kind: Any) -> Any:
    x, kernel = tf.cast(x, kind), tf.cast(kernel, kind)
    return tf.cast(tf.nn.conv2d(x, kernel, layer.strides, layer.padding.upper()), tf.float32)


def _max_pool(x: Any, layer: Any) -> Any:
    return tf.nn.max_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())


def _batch_norm(x: Any, layer: Any, read: Any, *, training: bool) -> Any:
    means, variances = resource(layer.moving_mean), resource(layer.moving_variance)
    result = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=read(layer.gamma),
        offset=read(layer.beta),
        mean=[] if training else means.read_value(),
        variance=[] if training else variances.read_value(),
        epsilon=layer.epsilon,
        is_training=training,
    )
    if training:
        shape = tf.shape(x)
        count = tf.cast(shape[0] * shape[1] * shape[2], tf.float32)
        # The operation estimates the variance of the population; Keras keeps that of the batch.
        variance = result.batch_variance * ((count - 1) / count)
        means.assign_sub((means - result.batch_mean) * (1 - layer.momentum))
        variances.assign_sub((variances - variance) * (1 - layer.momentum))
    return result.y


def _mask(shape: tuple[int, ...], rate: float, key: Any) -> Any:
    """Return 0 with probability ``rate`` and 1 / (1 - rate) else, independently for each value.

    Each random word of 64 bits decides four values, so the rate is exact to 1 / 65,536.
    """
    size = math.prod(shape)
    words = tf.cast(tf.range((size + 3) // 4, dtype=tf.int64), tf.uint64)
    bits = tf.bitcast(_mixed(words * _word(0x9E3779B97F4A7C15) + key), tf.uint16)
    bits = tf.reshape(tf.reshape(bits, [-1])[:size], shape)
    dropped = bits < tf.constant(round(rate * 65536), tf.uint16)
    return tf.where(dropped, 0.0, 1 / (1 - rate))


def _mixed(words: Any) -> Any:
    """Return SplitMix64's output function of uint64 words (Steele, Lea and Flood 2014).

    A seventh of the work of TensorFlow's own generators when XLA compiles it, and dropout needs no
    better randomness.
    """
    words = _folded(words, 30) * _word(0xBF58476D1CE4E5B9)
    return _folded(_folded(words, 27) * _word(0x94D049BB133111EB), 31)


def _folded(words: Any, shift: int) -> Any:
    return tf.bitwise.bitwise_xor(words, tf.bitwise.right_shift(words, _word(shift)))


def _word(value: int) -> Any:
    return tf.constant(value, tf.uint64)
