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
from core.training.pooling import pooled


class Forward:
    """The layers of one model from ``core.architectures.build.build``."""

    def __init__(
        self, model: keras.Model, convolutions: Any = tf.float32, *, processor: bool = False
    ) -> None:
        """Look at the layers; their weights are read when a step runs.

        Args:
            model: the network.
            convolutions: type of the numbers that convolutions take and give; all else, their
                weights too, is float32.
            processor: whether a processor computes: there, strided convolutions are matrix
                products while training if that makes the network one for XLA, and pooling is
                one pass with what follows it.
        """
        self._layers = model.layers
        self._dropouts = [
            (place, layer)
            for place, (_, layer) in enumerate(leaves(model))
            if isinstance(layer, keras.layers.Dropout)
        ]
        self._trained = model.trainable_variables
        self._convolutions = tf.as_dtype(convolutions)
        self._processor = processor
        self._products = processor and self._convolutions == tf.float32
        self.suits_xla = all(self._is_quick(layer) for _, layer in leaves(model))
        self._products &= self.suits_xla

    def _is_quick(self, layer: Any) -> bool:
        """Tell whether XLA on a CPU is quick at a layer."""
        kinds = keras.layers
        if isinstance(layer, kinds.Conv2D):
            return self._products and min(layer.strides) > 1
        simple = (kinds.InputLayer, kinds.Rescaling, kinds.Dense, kinds.Dropout, kinds.Flatten)
        return isinstance(layer, (*simple, kinds.Activation))

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

    def train(
        self, images: Any, weights: list[Any], masks: list[Any], *, compiled: bool = True
    ) -> Any:
        """Return the logits (batch, classes) in training, and move the moving averages on.

        Args:
            images: (batch, height, width, channels), pixels of 0 to 255 of any type.
            weights: values of the model's ``trainable_variables``.
            masks: from ``masks``.
            compiled: whether to let XLA compile parts for this number of images.
        """
        known = {
            id(variable): value for variable, value in zip(self._trained, weights, strict=True)
        }
        return self._run(
            self._layers,
            images,
            lambda variable: known[id(variable)],
            iter(masks),
            fused=self._processor and compiled,
        )

    def infer(self, images: Any) -> Any:
        """Return the logits (batch, classes) of the network in use."""
        return self._run(self._layers, images, lambda each: resource(each).read_value(), None)

    def _run(
        self, layers: Sequence[Any], x: Any, read: Any, masks: Any, *, fused: bool = False
    ) -> Any:
        kinds = keras.layers
        place = 0
        while place < len(layers):
            layer = layers[place]
            after = layers[place + 1] if place + 1 < len(layers) else None
            match layer:
                case kinds.InputLayer():
                    pass
                case keras.Model():  # a residual block: from its input to the sum at its end
                    x += self._run(layer.layers[1:-1], x, read, masks, fused=fused)
                case kinds.Rescaling():
                    x = tf.cast(x, tf.float32) * layer.scale
                case kinds.Conv2D():
                    kind = (
                        tf.float32 if masks is None else self._convolutions
                    )  # in use, all is float32
                    if self._products and masks is not None:
                        x = _product(x, read(layer.kernel), layer)
                    else:
                        x = _convolution(x, read(layer.kernel), layer, kind)
                    bias = read(layer.bias) if layer.use_bias else None
                    relu = layer.activation is keras.activations.relu
                    x, pools = _activated(x, bias, after, relu=relu, fused=fused)
                    place += pools
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
                    if layer.activation is keras.activations.relu:
                        x, pools = _activated(x, None, after, relu=True, fused=fused)
                        place += pools
                    else:
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


def _product(x: Any, kernel: Any, layer: Any) -> Any:
    """Do a convolution as one matrix product, of all patches with the kernel.

    Patches of strided convolutions overlap little, so they are few numbers, and a product is
    faster than oneDNN's strided convolutions and their gradients.
    """
    spans = [
        _span(side, size, stride, layer.padding)
        for side, size, stride in zip(x.shape[1:3], kernel.shape[:2], layer.strides, strict=True)
    ]
    (top, bottom, height), (left, right, width) = spans
    if layer.padding == "same":
        x = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]])
    down, across = layer.strides
    shifted = [
        x[:, row : row + (height - 1) * down + 1 : down, column::across][:, :, :width]
        for row in range(kernel.shape[0])
        for column in range(kernel.shape[1])
    ]
    patches = tf.concat(shifted, axis=-1)
    filters = kernel.shape[-1]
    result = tf.matmul(
        tf.reshape(patches, [-1, patches.shape[-1]]), tf.reshape(kernel, [-1, filters])
    )
    return tf.reshape(result, [-1, height, width, filters])


def _span(side: int, size: int, stride: int, padding: str) -> tuple[int, int, int]:
    """Return the padding before and behind, and the length of the result."""
    if padding == "valid":
        return 0, 0, (side - size) // stride + 1
    length = math.ceil(side / stride)
    added = max(0, (length - 1) * stride + size - side)
    return added // 2, added - added // 2, length


def _activated(x: Any, bias: Any, after: Any, *, relu: bool, fused: bool) -> tuple[Any, bool]:
    """Return ``x`` with bias and perhaps ReLU, pooled before both if ``after`` pools; whether so.

    Args:
        x: (batch, height, width, channels).
        bias: (channels,), or None.
        after: the next layer, or None.
        relu: whether ReLU follows.
        fused: whether to pool in one pass with what follows.
    """
    if fused and _halves(after):
        return pooled(x, tf.zeros(x.shape[-1]) if bias is None else bias, relu=relu), True
    pools = isinstance(after, keras.layers.MaxPooling2D)
    if pools:
        x = _max_pool(x, after)
    if bias is not None:
        x = tf.nn.bias_add(x, bias)
    return (tf.nn.relu(x) if relu else x), pools


def _halves(layer: Any) -> bool:
    return isinstance(layer, keras.layers.MaxPooling2D) and (
        (layer.pool_size, layer.strides, layer.padding) == ((2, 2), (2, 2), "valid")
    )


def _max_pool(x: Any, layer: Any) -> Any:
    return tf.nn.max_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())


def _batch_norm(x: Any, layer: Any, read: Any, *, training: bool) -> Any:
    if len(x.shape) == 2:  # after Flatten: a map of one pixel, as the operation takes only maps
        maps = tf.reshape(x, [-1, 1, 1, x.shape[-1]])
        return tf.reshape(_batch_norm(maps, layer, read, training=training), tf.shape(x))
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
