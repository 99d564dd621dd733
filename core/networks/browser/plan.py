"""What the browser's engine must know of a network besides its weights, as data for JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from core.architectures import (
    Activation,
    Architecture,
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
from core.architectures.layers import Shape
from core.datasets import DatasetSpec

MOST_PARAMETERS = 8_000_000  # of one network: 32 MB that every browser fetches
MOST_WORK = 400_000_000  # multiplications for one picture: about a second on a phone


def layer_plans(layers: Iterable[Layer]) -> Iterator[dict[str, Any]]:
    """Yield what ``engine.js`` must know of layers; those that only train are left out.

    Raises:
        TypeError: it has no such layer.
    """
    for layer in layers:
        match layer:
            case Conv():
                yield {
                    "kind": "conv",
                    "filters": layer.filters,
                    "kernel": layer.kernel,
                    "stride": layer.stride,
                    "same": layer.padding == "same",
                    "bias": layer.bias,
                    "activation": layer.activation,
                }
            case Dense():
                yield {"kind": "dense", "units": layer.units, "activation": layer.activation}
            case BatchNorm():
                yield {"kind": "norm"}
            case MaxPool():
                yield {"kind": "pool", "size": layer.size}
            case GlobalAveragePool():
                yield {"kind": "average"}
            case Activation():
                yield {"kind": "activation", "activation": layer.name}
            case Flatten():
                yield {"kind": "flatten"}
            case Residual():
                yield {"kind": "residual", "layers": list(layer_plans(layer.layers))}
            case Dropout():
                pass
            case _:
                raise TypeError(f"engine.js has no {layer!r}")


def network_plan(architecture: Architecture, spec: DatasetSpec) -> dict[str, Any]:
    """Return the plan of one network by which ``program.js`` lays it open.

    Unlike that of an export it has all layers, each with its ``title`` and its ``parameters``.

    Args:
        architecture: the network's.
        spec: the data set that it was trained on.

    Raises:
        TypeError: the engine has no such layer.
    """
    layers = architecture.network(len(spec.classes))
    return {
        "shape": list(spec.shape),
        "scale": architecture.scale,
        "networks": 1,
        "layers": list(_titled(layers, spec.shape)),
    }


def too_large(architecture: Architecture, spec: DatasetSpec) -> str | None:
    """Return why a browser cannot show the inside of a network, as a sentence, or None."""
    parameters = architecture.parameters(spec.shape, len(spec.classes))
    if parameters > MOST_PARAMETERS:
        return (
            f"This network has {parameters:,} parameters. Your browser works out what is shown "
            f"here, and can do so for networks of up to {MOST_PARAMETERS:,}. Choose a smaller one, "
            "or train one of less width."
        )
    work = architecture.multiplications(spec.shape, len(spec.classes))
    if work > MOST_WORK:
        return (
            f"This network takes {work:,} multiplications for each picture. Your browser works out "
            f"what is shown here, and can do so for networks of up to {MOST_WORK:,}. Choose a "
            "smaller one, or train one of less width."
        )
    try:
        list(layer_plans(architecture.network(len(spec.classes))))
    except TypeError:
        return (
            "This network has a kind of layer that cannot be shown here yet. Choose another "
            "network."
        )
    return None


def _titled(layers: Iterable[Layer], shape: Shape) -> Iterator[dict[str, Any]]:
    for layer in layers:
        told = {"title": layer.describe(), "parameters": layer.parameters(shape)}
        if isinstance(layer, Dropout):
            yield {"kind": "dropout", **told}
        elif isinstance(layer, Residual):
            within = list(_titled(layer.layers, shape))
            yield {"kind": "residual", **told, "layers": within}
        else:
            yield from ({**plan, **told} for plan in layer_plans([layer]))
        shape = layer.output_shape(shape)
