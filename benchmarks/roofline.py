"""How near to the machine's limit training is: ``python -m core benchmark roofline``.

For each preset with its plain recipe, on Fashion-MNIST: what each convolution and dense layer
takes in a training step when TensorFlow does its product alone (forward, back to its input, back to
its weights), against one large matrix product; then what the whole step of the engine takes. The
sum of the products alone is what a step could take if all else were free. Prints Markdown tables
and, with ``--write``, puts them into ``docs/RESULTS.md``. Takes about three minutes on two cores,
which should do nothing else.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from benchmarks._machine import describe
from benchmarks._results import publish
from core import datasets
from core.architectures import PRESETS, Architecture, Conv, Dense, Precision, Recipe
from core.architectures.build import build
from core.datasets import Split
from core.training.steps import Steps

DATASET = "fashion-mnist"
SIDE = 4096  # of the large product
FLOPS = 2  # a multiplication and an addition
SECONDS = 1.0  # of training that one measurement is long, about
WARM = 20  # products or steps before the clock
REPEATS = 8  # of a product in a call, each of other numbers


@dataclass(frozen=True)
class Product:
    """One of a layer's products in a step: its floating-point operations, and how it is done."""

    layer: str
    way: str
    operations: float
    run: Callable[[int], Any]


def products(architecture: Architecture, batch: int) -> Iterator[Product]:
    """Yield the products of a training step with one batch."""
    spec = datasets.find(DATASET)
    shape, first = tuple(spec.shape), True
    for layer in architecture.network(len(spec.classes)):
        operations = FLOPS * batch * layer.multiplications(shape)
        if isinstance(layer, Conv | Dense):
            make = _convolution if isinstance(layer, Conv) else _dense
            for way, run in make(layer, shape, batch):
                if not (first and way == "to its input"):  # nobody asks for that of the pixels
                    yield Product(layer.describe(), way, operations, run)
            first = False
        shape = layer.output_shape(shape)


def _convolution(
    layer: Any, shape: Sequence[int], batch: int
) -> list[tuple[str, Callable[[int], Any]]]:
    size = [batch, *shape]
    kernel = [layer.kernel, layer.kernel, shape[2], layer.filters]
    x, weights = tf.random.normal([REPEATS, *size]), tf.random.normal(kernel)
    gradients = tf.random.normal([REPEATS, batch, *layer.output_shape(tuple(shape))])
    x, gradients = tf.unstack(x), tf.unstack(gradients)
    how = {"strides": [1, layer.stride, layer.stride, 1], "padding": layer.padding.upper()}

    def forward(number: int) -> Any:
        return tf.raw_ops.Conv2D(input=x[number], filter=weights, **how)

    def back(number: int) -> Any:
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=size, filter=weights, out_backprop=gradients[number], **how
        )

    def update(number: int) -> Any:
        return tf.raw_ops.Conv2DBackpropFilter(
            input=x[number], filter_sizes=kernel, out_backprop=gradients[number], **how
        )

    return [("forward", forward), ("to its input", back), ("to its weights", update)]


def _dense(layer: Any, shape: Sequence[int], batch: int) -> list[tuple[str, Callable[[int], Any]]]:
    x = tf.unstack(tf.random.normal([REPEATS, batch, shape[0]]))
    weights = tf.random.normal([shape[0], layer.units])
    gradients = tf.unstack(tf.random.normal([REPEATS, batch, layer.units]))
    return [
        ("forward", lambda number: tf.matmul(x[number], weights)),
        ("to its input", lambda number: tf.matmul(gradients[number], weights, transpose_b=True)),
        (
            "to its weights",
            lambda number: tf.matmul(x[number], gradients[number], transpose_a=True),
        ),
    ]


def seconds_of(product: Callable[[int], Any], rounds: int, repeats: int = REPEATS) -> float:
    """Return the median seconds of a product, done so many times in a call.

    One after the other in one call, so that what a call costs does not count as the product's. Each
    is of other numbers and is returned, or TensorFlow would leave it out.
    """

    def many() -> Any:
        results = [product(0)]
        for number in range(1, repeats):
            with tf.control_dependencies(results[-1:]):
                results.append(product(number))
        return results

    call = tf.function(many, autograph=False)
    for _ in range(WARM // repeats + 1):
        call()[-1].numpy()
    times = []
    for _ in range(4 * rounds):
        begun = time.perf_counter()
        call()[-1].numpy()
        times.append((time.perf_counter() - begun) / repeats)
    return statistics.median(times)


def step_seconds(
    architecture: Architecture, recipe: Recipe, part: Split, rounds: int
) -> list[float]:
    """Return the seconds of a training step, a value a round."""
    spec = datasets.find(DATASET)
    model = build(architecture, spec.shape, len(spec.classes), seed=0)
    steps = Steps(model, recipe, part, len(spec.classes), 10**6, seed=0)
    steps.begin_epoch(0)
    steps.run(0, 2)
    begun = time.perf_counter()
    steps.run(0, WARM)
    count = max(WARM, round(WARM * SECONDS / (time.perf_counter() - begun)))
    count = min(count, len(part) // recipe.batch_size)
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        steps.run(0, count)
        found.append((time.perf_counter() - begun) / count)
    return found


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark roofline")
    parser.add_argument("--times", type=int, default=5, help="rounds of each (default: 5)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    rounds = options.times
    large = tf.random.normal([SIDE, SIDE])
    peak = FLOPS * SIDE**3 / seconds_of(lambda _: tf.matmul(large, large), rounds, repeats=1)
    part = datasets.load(DATASET, "train")
    layers, wholes = [], []
    for preset in PRESETS:
        recipe = preset.recipe.changed(patience=None)
        alone, operations = 0.0, 0.0
        for each in products(preset, recipe.batch_size):
            seconds = seconds_of(each.run, rounds)
            alone, operations = alone + seconds, operations + each.operations
            layers.append(
                f"| {preset.title} | {each.layer} | {each.way} | {each.operations / 1e6:,.1f} "
                f"| {1e3 * seconds:.3f} | {each.operations / seconds / 1e9:,.0f} "
                f"| {each.operations / seconds / peak:.0%} |"
            )
        times = step_seconds(preset, recipe, part, rounds)
        half = step_seconds(preset, recipe.changed(precision=Precision.BFLOAT16), part, rounds)
        step = statistics.median(times)
        wholes.append(
            f"| {preset.title} | {recipe.batch_size} | {operations / 1e6:,.0f} "
            f"| {1e3 * alone:.2f} | {1e3 * step:.2f} ({1e3 * min(times):.2f} to "
            f"{1e3 * max(times):.2f}) | {alone / step:.0%} | {operations / step / 1e9:,.0f} "
            f"| {operations / step / peak:.0%} | {recipe.batch_size / step:,.0f} "
            f"| {step / statistics.median(half):.2f} |"
        )
    text = "\n".join(
        [
            describe(),
            "",
            f"One product of {SIDE:,} × {SIDE:,} matrices: {peak / 1e9:,.0f} GFLOP/s. Medians and "
            f"range of {rounds} rounds.",
            "",
            "| preset | batch | MFLOP a step | products alone, ms | whole step, ms | products' "
            "share | GFLOP/s of the step | of the large product | images/s | bfloat16 to float32 |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *wholes,
            "",
            "| preset | layer | product | MFLOP | alone, ms | GFLOP/s | of the large product |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *layers,
        ]
    )
    publish("roofline", text, write=options.write)


if __name__ == "__main__":
    main()
