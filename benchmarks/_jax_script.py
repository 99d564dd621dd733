"""The presets in JAX with Optax: one step, or a whole epoch of them, compiled by ``jax.jit``.

``python -m benchmarks._jax_script PRESET IMAGES EPOCHS [scan]`` prints images a second of training,
the first epoch left out. Images and labels are in memory as one array each. Each step is a call, or
with ``scan`` a whole epoch is one (``jax.lax.scan``).

Needs jax, optax, NumPy, Pillow and psutil, and no TensorFlow.
"""

import functools
import math
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from core import architectures, datasets
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
    Shape,
)

EPSILON = 0.001  # of batch normalisation, as Keras's


def parameters_of(layer: Layer, shape: Shape, key: Any) -> dict[str, Any]:
    """Return fresh weights of a layer for inputs of ``shape``, as Keras begins (Glorot)."""
    glorot = jax.nn.initializers.glorot_uniform()
    match layer:
        case Conv():
            kernel = glorot(key, (layer.kernel, layer.kernel, shape[2], layer.filters))
            return {"kernel": kernel} | ({"bias": jnp.zeros(layer.filters)} if layer.bias else {})
        case Dense():
            kernel = glorot(key, (shape[0], layer.units))
            return {"kernel": kernel, "bias": jnp.zeros(layer.units)}
        case BatchNorm():
            return {"scale": jnp.ones(shape[-1]), "offset": jnp.zeros(shape[-1])}
    return {}


def moving_of(layer: Layer, shape: Shape) -> dict[str, Any]:
    """Return the moving averages of a layer at the beginning."""
    if isinstance(layer, BatchNorm):
        return {"mean": jnp.zeros(shape[-1]), "variance": jnp.ones(shape[-1])}
    return {}


def applied(
    layer: Layer, x: Any, weights: dict[str, Any], moving: dict[str, Any], key: Any
) -> tuple[Any, dict[str, Any]]:
    """Return what a layer makes of ``x`` in training, and its moving averages; no softmax."""
    match layer:
        case Conv():
            x = jax.lax.conv_general_dilated(
                x,
                weights["kernel"],
                (layer.stride, layer.stride),
                layer.padding.upper(),
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            x = x + weights["bias"] if layer.bias else x
            return (jax.nn.relu(x) if layer.activation == "relu" else x), moving
        case Dense():
            x = x @ weights["kernel"] + weights["bias"]
            return (jax.nn.relu(x) if layer.activation == "relu" else x), moving
        case MaxPool():
            window = (1, layer.size, layer.size, 1)
            return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID"), moving
        case BatchNorm():
            mean, variance = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
            new = {"mean": mean, "variance": variance}
            keep = layer.momentum
            moving = {name: keep * moving[name] + (1 - keep) * new[name] for name in moving}
            x = (x - mean) * (weights["scale"] * jax.lax.rsqrt(variance + EPSILON))
            return x + weights["offset"], moving
        case Activation():
            return jax.nn.relu(x), moving
        case Dropout():
            kept = jax.random.bernoulli(key, 1 - layer.rate, x.shape)
            return jnp.where(kept, x / (1 - layer.rate), 0.0), moving
        case Flatten():
            return x.reshape(len(x), -1), moving
        case GlobalAveragePool():
            return jnp.mean(x, (1, 2)), moving
    raise TypeError(f"no JAX code for {layer!r}")


def main(preset: str, count: int, epochs: int, settings: list[str]) -> None:
    """Train and print the speed."""
    architecture = architectures.find(preset)
    recipe = architecture.recipe_for("fashion-mnist")
    size = recipe.batch_size
    split = datasets.load("fashion-mnist", "train")
    x = jnp.asarray(split.images[:count] / np.float32(255))
    y = jnp.asarray(split.labels[:count].astype(np.int32))
    layers = architecture.network(10)
    weights, moving = [], []
    shape: Shape = (28, 28, 1)
    for layer, key in zip(layers, jax.random.split(jax.random.key(0), len(layers)), strict=True):
        weights.append(parameters_of(layer, shape, key))
        moving.append(moving_of(layer, shape))
        shape = layer.output_shape(shape)
    optimizer = {"sgd": optax.sgd, "adam": optax.adam}[recipe.optimizer](recipe.learning_rate)

    def loss_of(weights: Any, moving: Any, images: Any, labels: Any, key: Any) -> Any:
        following = []
        for place, layer in enumerate(layers):
            own = jax.random.fold_in(key, place)
            images, new = applied(layer, images, weights[place], moving[place], own)
            following.append(new)
        losses = optax.softmax_cross_entropy_with_integer_labels(images, labels)
        return losses.mean(), (following, losses.sum(), (images.argmax(1) == labels).sum())

    def step(state: Any, indices: Any) -> tuple[Any, tuple[Any, Any]]:
        weights, moving, slots, key = state
        key, own = jax.random.split(key)
        (_, (moving, loss, right)), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            weights, moving, x[indices], y[indices], own
        )
        updates, slots = optimizer.update(gradients, slots, weights)
        return (optax.apply_updates(weights, updates), moving, slots, key), (loss, right)

    @functools.partial(jax.jit, donate_argnums=0)
    def one(state: Any, indices: Any) -> tuple[Any, tuple[Any, Any]]:
        return step(state, indices)

    @functools.partial(jax.jit, donate_argnums=0)
    def many(state: Any, batches: Any) -> tuple[Any, tuple[Any, Any]]:
        state, (losses, right) = jax.lax.scan(step, state, batches)
        return state, (losses.sum(), right.sum())

    state = (weights, moving, optimizer.init(weights), jax.random.key(1))
    generator, whole = np.random.default_rng(0), count // size
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        order = generator.permutation(count).astype(np.int32)
        sums = []
        if "scan" in settings:
            state, found = many(state, order[: whole * size].reshape(whole, size))
            sums.append(found)
            rest = [order[whole * size :]] if count % size else []
        else:
            rest = np.split(order, range(size, count, size))
        for indices in rest:
            state, found = one(state, indices)
            sums.append(found)
        assert math.isfinite(sum(float(loss) for loss, _ in sums))
        seconds.append(time.perf_counter() - started)
    print(count * (epochs - 1) / sum(seconds[1:]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
