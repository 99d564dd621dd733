"""What a student would write: a Sequential of standard layers, compile, fit.

``python -m benchmarks._keras_script PRESET IMAGES EPOCHS SETTING...`` prints images a second of
training, the first epoch left out. The layers are the preset's, the rest is Keras as its guides
show it. The settings are what its guides advise for speed:

| setting | what it does |
| --- | --- |
| ``tf.data`` | a pipeline that caches, shuffles, batches and prefetches, instead of arrays |
| ``steps_per_execution=N`` | so many steps before a return to Python |
| ``jit_compile`` | compiles the step by XLA |
"""

import os
import sys
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from core import architectures, datasets
from core.architectures import LabelForm
from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
)


def keras_layer(layer: Layer) -> Any:
    """Return a layer as a Keras layer."""
    match layer:
        case Conv():
            return layers.Conv2D(
                layer.filters,
                layer.kernel,
                strides=layer.stride,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=layer.bias,
            )
        case MaxPool():
            return layers.MaxPooling2D(layer.size)
        case BatchNorm():
            return layers.BatchNormalization(momentum=layer.momentum)
        case Activation():
            return layers.Activation(layer.name)
        case Dropout():
            return layers.Dropout(layer.rate)
        case Flatten():
            return layers.Flatten()
        case GlobalAveragePool():
            return layers.GlobalAveragePooling2D()
        case Dense():
            return layers.Dense(layer.units, activation=layer.activation)
    raise TypeError(f"no Keras layer for {layer!r}")


class Clock(keras.callbacks.Callback):
    """Takes the time of each epoch."""

    def __init__(self) -> None:
        """Start with no epoch."""
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stop the clock."""
        self.seconds.append(time.perf_counter() - self._started)


def pipeline(x: np.ndarray, y: np.ndarray, size: int) -> Any:
    """Return the data as batches of ``size`` from tf.data."""
    whole = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(x))
    return whole.batch(size).prefetch(tf.data.AUTOTUNE)


def main(preset: str, count: int, epochs: int, settings: list[str]) -> None:
    """Train and print the speed."""
    architecture = architectures.find(preset)
    recipe = architecture.recipe_for("fashion-mnist")
    split = datasets.load("fashion-mnist", "train")
    x = split.images[:count] / np.float32(255)
    y = split.labels[:count].astype(np.int64)
    loss = "sparse_categorical_crossentropy"
    if recipe.label_form is LabelForm.ONE_HOT:
        y, loss = keras.utils.to_categorical(y), "categorical_crossentropy"
    network = architecture.network(10)
    model = keras.Sequential([keras.Input((28, 28, 1)), *map(keras_layer, network)])
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    optimizer = optimizers[recipe.optimizer](recipe.learning_rate)
    values = dict(setting.partition("=")[::2] for setting in settings)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=["accuracy"],
        steps_per_execution=int(values.get("steps_per_execution", 1)),
        jit_compile=True if "jit_compile" in values else "auto",
    )
    clock = Clock()
    if "tf.data" in values:
        model.fit(
            pipeline(x, y, recipe.batch_size),
            shuffle=False,
            epochs=epochs,
            verbose=0,
            callbacks=[clock],
        )
    else:
        model.fit(x, y, batch_size=recipe.batch_size, epochs=epochs, verbose=0, callbacks=[clock])
    print(count * (epochs - 1) / sum(clock.seconds[1:]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
