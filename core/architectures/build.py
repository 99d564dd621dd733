"""From layers and recipes as data to Keras's models and optimizers (TF: imports TensorFlow)."""

from collections.abc import Iterator
from typing import Any

import keras

from core.architectures.architecture import Architecture
from core.architectures.keras_private import resource
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
    Residual,
)
from core.architectures.muon import Muon
from core.architectures.recipe import Optimizer, Recipe, Schedule


def build(
    architecture: Architecture, shape: tuple[int, int, int], classes: int, seed: int
) -> keras.Model:
    """Return the network with fresh weights drawn from ``seed``.

    The model takes pixels of 0 to 255 in shape (batch, height, width, channels), any number type,
    and returns probabilities of shape (batch, classes): whoever loads it need not know its scale.
    """
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape, name="pixels")
    tensor = keras.layers.Rescaling(architecture.scale, name="scale")(inputs)
    for layer in architecture.network(classes):
        tensor = _keras_layer(layer, tensor.shape[1:])(tensor)
    return keras.Model(inputs, tensor, name=architecture.slug.replace("-", "_"))


def make_optimizer(recipe: Recipe, steps: int) -> Any:
    """Return the optimizer of ``recipe``; its schedule runs over ``steps`` steps."""
    rate = _learning_rate(recipe, steps)
    match recipe.optimizer:
        case Optimizer.SGD:
            return keras.optimizers.SGD(rate)
        case Optimizer.MOMENTUM:
            return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
        case Optimizer.ADAM:
            return keras.optimizers.Adam(rate)
        case Optimizer.ADAMW:
            return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
        case Optimizer.RMSPROP:
            return keras.optimizers.RMSprop(rate)
        case Optimizer.MUON:
            return Muon(rate)


def _learning_rate(recipe: Recipe, steps: int) -> Any:
    """Return the learning rate as a number, or as a Keras schedule over ``steps`` steps."""
    match recipe.schedule:
        case Schedule.CONSTANT:
            return recipe.learning_rate
        case Schedule.COSINE:
            return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(1, steps))
        case Schedule.ONE_CYCLE:
            up = max(1, round(0.3 * steps))
            return keras.optimizers.schedules.CosineDecay(
                recipe.learning_rate / 20,
                max(1, steps - up),
                warmup_target=recipe.learning_rate,
                warmup_steps=up,
            )


def _keras_layer(layer: Layer, shape: tuple[int, ...]) -> Any:
    """Return the layer of Keras for input of ``shape``, without the batch."""
    layers = keras.layers
    match layer:
        case Conv():
            return layers.Conv2D(
                layer.filters,
                layer.kernel,
                strides=layer.stride,
                padding=layer.padding,
                activation=None if layer.activation == "linear" else layer.activation,
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
        case Residual():
            # A model within the model: standard layers only, so that any Keras can load the file.
            tensor = entry = keras.Input(shape)
            for each in layer.layers:
                tensor = _keras_layer(each, tensor.shape[1:])(tensor)
            return keras.Model(entry, layers.Add()([entry, tensor]))
    raise TypeError(f"no Keras layer for {layer!r}")


def variables(model: keras.Model, optimizer: Any = None) -> dict[str, Any]:
    """Return the variables of a model, and of its optimizer, by names as those of ``leaves``.

    What is kept of a training, or of a network as plain arrays, is kept under these names.
    """
    named = {}
    for name, layer in leaves(model):
        for variable in layer.weights:
            named[f"{name}.{variable.name}"] = resource(variable)
    for place, variable in enumerate(optimizer.variables if optimizer is not None else ()):
        named[f"optimizer{place}"] = resource(variable)
    return named


def leaves(model: keras.Model, name: str = "layer") -> Iterator[tuple[str, Any]]:
    """Yield the layers of a model, those inside of residual blocks too, each with a name.

    The names tell the places and do not depend on what this process built before.
    """
    for place, layer in enumerate(model.layers):
        if isinstance(layer, keras.Model):
            yield from leaves(layer, f"{name}{place}.")
        else:
            yield f"{name}{place}", layer
