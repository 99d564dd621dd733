"""One network with the result of each of its layers (TF when called).

The layers come in the order in which ``core.networks.browser`` lays a network open: those within a
residual block before the sum that ends it, and the scaled pixels first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import datasets
from core.architectures.keras_private import run_through
from core.errors import ModelUnavailable
from core.networks.browser import weights_file
from core.runs import Run


@dataclass(frozen=True)
class LaidOpen:
    """A network that tells all it works out.

    Attributes:
        layers: of Keras, in order.
        model: from pixels of 0 to 255, (n, height, width, channels), to a list of what each of the
            layers makes of them.
    """

    layers: tuple[Any, ...]
    model: Any


def laid_open(model: Any) -> LaidOpen:
    """Return a model that ``core.architectures.build`` has made, with all its results.

    Args:
        model: of Keras. Its layers get other names, as those within a block may be called as those
            around it.
    """
    import keras

    layers: list[Any] = []
    made: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.Model):
            return run_through(layer, args[0], call)
        layer.name = f"{layer.name}_{len(layers)}"
        result = layer(*args, **kwargs)
        layers.append(layer)
        made.append(result)
        return result

    pixels = keras.Input(model.input_shape[1:], name="pixels")
    call(model, pixels)
    return LaidOpen(tuple(layers), keras.Model(pixels, made))


def of_run(run: Run, member: int = 0) -> LaidOpen:
    """Return a run's network so.

    Args:
        run: whose.
        member: which of the networks that answer together, from 0.

    Raises:
        ModelUnavailable: the run is damaged or has no network, or its file cannot be read.
    """
    from core.architectures.build import build, leaves

    config = run.config
    if config is None:
        raise ModelUnavailable(f"The run {run.id} is damaged: {run.reason}")
    spec = datasets.find(config.dataset)
    rest = np.frombuffer(weights_file(run, member), "<f4")
    model = build(config.network, spec.shape, len(spec.classes), config.seed)
    for _, layer in leaves(model):
        for variable in layer.weights:
            count = int(np.prod(variable.shape))
            variable.assign(rest[:count].reshape(variable.shape))
            rest = rest[count:]
    return laid_open(model)
