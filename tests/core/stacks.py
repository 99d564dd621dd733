"""Networks as people may build them, drawn at random, and cases for the editor's own arithmetic.

``python tests/core/stacks.py`` writes ``tests/frontend/layer_stack.json``, which holds the
JavaScript of the editor against Python; ``test_stack.py`` holds the file against this version.
"""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from core.architectures import (
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
    stack,
    text_of,
)
from core.architectures.layers import Shape
from core.settings import ROOT

GOLDEN = ROOT / "tests" / "frontend" / "layer_stack.json"
SHAPES: tuple[Shape, ...] = ((28, 28, 1), (32, 32, 3), (13, 10, 1))

# One network for each kind of layer, and for each of its options.
KINDS: dict[str, str] = {
    "convolution": "stack1:c3.f",
    "convolution, bare": "stack1:c3v.f",
    "convolution, linear, no bias": "stack1:c3ln.f",
    "convolution, 1 x 1": "stack1:c4k1.f",
    "convolution, even kernel": "stack1:c3k4.f",
    "convolution, large kernel": "stack1:c2k11.f",
    "convolution, stride": "stack1:c3s2.f",
    "convolution, stride, bare": "stack1:c3k5s3v.f",
    "convolution, stride beyond the kernel": "stack1:c3k2s4.f",
    "pooling": "stack1:p2.f",
    "pooling by three": "stack1:c3.p3.f",
    "pooling after ReLU": "stack1:c3l.a.p2.f",
    "normalisation": "stack1:c3ln.b90.a.f",
    "normalised pixels": "stack1:b.f",
    "normalised list": "stack1:f.b.u5",
    "normalised dense": "stack1:f.u6l.b80.a",
    "ReLU": "stack1:f.u5l.a",
    "dropout": "stack1:c3.d30.f.d50",
    "flatten": "stack1:f",
    "flatten twice": "stack1:f.f",
    "global average": "stack1:c5.g",
    "dense": "stack1:f.u7.u5",
    "dense, linear": "stack1:f.u5l",
    "residual": "stack1:c4.r.c4ln.b90.a.c4l.e.a.f",
    "residual of pixels": "stack1:r.b.c1.e.f",
    "residual of a list": "stack1:f.u6.r.u9.u6l.e.a",
    "residual with dropout": "stack1:c3.r.c3.d20.c3l.e.p2.g",
}


def any_layers(chance: random.Random, most: int = 12) -> tuple[Layer, ...]:
    """Return layers in any order: most such networks cannot work."""
    return tuple(_any_layer(chance) for _ in range(chance.randint(0, most)))


def _any_layer(chance: random.Random, *, inside: bool = False) -> Layer:
    kinds = "cpbadfgu" if inside else "cccpbadfgur"
    match chance.choice(kinds):
        case "c":
            return Conv(
                chance.choice((1, 2, 3, 8, 40)),
                chance.choice((1, 2, 3, 3, 5, 11)),
                chance.choice((1, 1, 2, 4)),
                chance.choice(("same", "valid")),
                chance.choice(("relu", "linear")),
                chance.choice((True, False)),
            )
        case "p":
            return MaxPool(chance.choice((2, 2, 3, 8)))
        case "b":
            return BatchNorm(chance.choice((0.9, 0.99, 0.5)))
        case "a":
            return Activation()
        case "d":
            return Dropout(chance.randint(1, 95) / 100)
        case "f":
            return Flatten()
        case "g":
            return GlobalAveragePool()
        case "u":
            return Dense(chance.choice((1, 7, 64, 4096)), chance.choice(("relu", "linear")))
    count = chance.randint(0, 3)
    return Residual(tuple(_any_layer(chance, inside=True) for _ in range(count)))


def working_layers(chance: random.Random, shape: Shape, most: int = 6) -> tuple[Layer, ...]:
    """Return layers that work with images of a shape: small ones, for quick trainings."""
    layers: list[Layer] = []
    now = shape
    for _ in range(chance.randint(0, most)):
        layer = _small_layer(chance, now)
        if not layer.fault(now) and not (isinstance(layer, Flatten) and len(now) == 1):
            layers.append(layer)
            now = layer.output_shape(now)
    if len(now) > 1:
        layers.append(chance.choice((Flatten(), GlobalAveragePool())))
    return tuple(layers)


def _small_layer(chance: random.Random, shape: Shape) -> Layer:
    if len(shape) == 1:
        width = shape[0]
        kinds = "ubad" if width > 64 else "ubadr"
        match chance.choice(kinds):
            case "u":
                return Dense(chance.choice((3, 8, 17)), chance.choice(("relu", "linear")))
            case "b":
                return BatchNorm(chance.choice((0.9, 0.99)))
            case "a":
                return Activation()
            case "d":
                return Dropout(0.25)
        return Residual((Dense(5), Dense(width, activation="linear")))
    match chance.choice("cccppbadrf"):
        case "c":
            return Conv(
                chance.choice((2, 5, 8)),
                chance.choice((1, 2, 3, 3, 5)),
                chance.choice((1, 1, 2, 3)),
                chance.choice(("same", "valid")),
                chance.choice(("relu", "linear")),
                chance.choice((True, False)),
            )
        case "p":
            return MaxPool(chance.choice((2, 2, 3)))
        case "b":
            return BatchNorm(chance.choice((0.9, 0.99)))
        case "a":
            return Activation()
        case "d":
            return Dropout(0.25)
        case "f":
            return Flatten()
    inside: list[Layer] = []
    for _ in range(chance.randint(1, 3)):
        inside.append(chance.choice((Conv(shape[2]), BatchNorm(0.9), Activation(), Dropout(0.2))))
    return Residual(tuple(inside))


def cases() -> Iterator[dict[str, Any]]:
    """Yield networks with what Python says of them, as ``layer_stack.json`` has them."""
    chance = random.Random(17)
    known: list[tuple[str, Shape]] = [(text, SHAPES[0]) for text in KINDS.values()]
    known += [(text_of(any_layers(chance)), chance.choice(SHAPES)) for _ in range(120)]
    known += [(text_of(working_layers(chance, shape, 12)), shape) for shape in SHAPES * 15]
    known += [("stack1:c1024.f.u4096", SHAPES[0]), ("stack1:c200.c200.c500.f", SHAPES[0])]
    known += [("stack1:", SHAPES[0]), ("stack1:c300.r.c300.c300.c300.e.g", SHAPES[0])]
    for text, shape in dict.fromkeys(known):
        yield {"text": text, "shape": list(shape), "steps": list(_steps(text, shape))}


def _steps(text: str, shape: Sequence[int]) -> Iterator[list[Any]]:
    for step in stack(text).steps(shape, 10):
        yield [
            step.shape and list(step.shape),
            step.parameters,
            step.multiplications,
            step.activations,
            step.field and list(step.field),
            step.fault,
        ]


def golden() -> str:
    """Return what the file has to be."""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in cases())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(golden(), encoding="utf-8", newline="\n")
