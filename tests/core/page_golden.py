"""Small networks of random weights, one a kind of layer, with what Keras answers.

``python tests/core/page_golden.py`` writes ``tests/frontend/page_engine.json``, which the tests of
the browser's engine read; ``test_export_page.py`` holds the file against Keras. ``within`` is what
each layer makes, from the scaled pixels on.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core import architectures
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
)
from core.networks.browser import layer_plans
from core.networks.laid_open import laid_open
from core.settings import ROOT

GOLDEN = ROOT / "tests" / "frontend" / "page_engine.json"
SHAPE, CLASSES = (7, 6, 2), 3  # odd and even, so that padding differs
LAYERS: dict[str, tuple[Layer, ...]] = {
    "dense": (Flatten(), Dense(4), Dense(3, activation="linear")),
    "convolution, same": (Conv(3), Flatten()),
    "convolution, valid": (Conv(3, padding="valid", bias=False), Flatten()),
    "convolution, even kernel": (Conv(3, kernel=2, activation="linear"), Flatten()),
    "stride, same": (Conv(3, stride=2), Flatten()),
    "stride, valid": (Conv(3, stride=2, padding="valid"), Flatten()),
    "pooling by two": (MaxPool(), Flatten()),
    "pooling by three": (MaxPool(3), Dropout(0.5), Flatten()),
    "normalisation": (BatchNorm(), Activation(), Flatten()),
    "normalised features": (Flatten(), BatchNorm(), Activation("softmax")),
    "global average": (Conv(5), GlobalAveragePool()),
    "residual": (Residual((Conv(2, activation="linear"), BatchNorm(), Activation())), Flatten()),
}


def cases() -> list[dict[str, Any]]:
    """Return the networks as ``page_engine.json`` has them."""
    return [_case(title, layers, number) for number, (title, layers) in enumerate(LAYERS.items())]


def _case(title: str, layers: Sequence[Layer], seed: int) -> dict[str, Any]:
    from core.architectures.build import build

    architecture = replace(architectures.find("mlp"), layers=tuple(layers))
    model = build(architecture, SHAPE, CLASSES, seed)
    generator = np.random.default_rng(seed)
    weights = []
    for variable in model.weights:
        values = generator.integers(-60, 61, variable.shape) / 64  # short and exact as text
        weights.append(np.abs(values) + 0.25 if variable.name == "moving_variance" else values)
    model.set_weights(weights)
    ordered = [array for layer in _leaves(model) for array in layer.get_weights()]
    pixels = generator.integers(0, 256, SHAPE)
    image = pixels[None].astype("float32")
    answer = np.asarray(model(image, training=False))[0]
    opened = laid_open(model)
    within = [
        np.asarray(made)[0]
        for layer, made in zip(opened.layers, opened.model(image, training=False), strict=True)
        if type(layer).__name__ != "Dropout"
    ]
    return {
        "title": title,
        "plan": {
            "shape": SHAPE,
            "scale": architecture.scale,
            "networks": 1,
            "layers": list(layer_plans(architecture.network(CLASSES))),
        },
        "weights": [float(value) for array in ordered for value in np.ravel(array)],
        "pixels": pixels.ravel().tolist(),
        "answer": [round(float(value), 7) for value in answer],
        "within": [[round(float(value), 5) for value in np.ravel(each)] for each in within],
    }


def _leaves(model: Any) -> list[Any]:
    from core.architectures.build import leaves

    return [layer for _, layer in leaves(model)]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(each) for each in cases())
    GOLDEN.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
