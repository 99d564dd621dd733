"""What a loaded network works out on the way to its answer (TF when called).

Found by following the network's graph back from the answer, so that it works for a plain stack of
layers, for models inside of models (residual blocks) and for several branches whose answers are
averaged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.architectures.keras_private import run_through

LEAST = 6  # px; smaller feature maps say too little about where something is


@dataclass(frozen=True)
class Inside:
    """A network that tells more than its answer. All models share the weights of the network.

    Attributes:
        hidden: from pixels (n, height, width, channels) to the pair of answer (n, classes) and last
            hidden layer (n, features): what the last dense layer reads, flattened; of several
            branches side by side.
        maps: from pixels to the answer and the last feature maps of the convolutions that are at
            least ``LEAST`` px high and wide, one 4-D tensor a branch; None for a network without
            convolutions.
        mirrored: for each of the maps whether its branch sees the picture mirrored.
        last: whether no smaller feature maps follow.
    """

    hidden: Any
    maps: Any | None
    mirrored: tuple[bool, ...]
    last: bool


@dataclass(frozen=True)
class _Call:
    """One layer at work: which it is, and the tensors that go in."""

    layer: Any
    inputs: list[Any]


def look_inside(network: Any) -> Inside:
    """Return the network with the doors open.

    Args:
        network: a Keras model with one input and one output, functional or sequential.
    """
    import keras

    made: dict[int, _Call] = {}  # by the id of the tensor that came out
    names: dict[int, str] = {}  # by the id of the layer

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.Sequential):
            (tensor,) = args
            for each in layer.layers:
                tensor = call(each, tensor)
            return tensor
        if isinstance(layer, keras.Model):
            return run_through(layer, args[0], call)
        # Side by side in one model, layers of several models may not be called the same.
        layer.name = names.setdefault(id(layer), f"{layer.name}_{len(names)}")
        result = layer(*args, **kwargs)
        for tensor in keras.tree.flatten(result):
            made[id(tensor)] = _Call(layer, keras.tree.flatten(args))
        return result

    pixels = keras.Input(network.input_shape[1:], name="pixels")
    answer = call(network, pixels)
    ends = _back(answer, made, lambda each: isinstance(made[id(each)].layer, keras.layers.Dense))
    dense = [made[id(tensor)].inputs[0] for tensor in ends]
    last_maps = _maps(answer, made, 1)
    maps = _maps(answer, made, LEAST) or last_maps
    # Without a dense layer the answer is read off the maps, and without both off the pixels.
    read = dense or [tensor for tensor, _ in last_maps] or [pixels]
    # Names that no layer of the network has, which all end in an underscore and a number.
    flat = [keras.layers.Flatten(name=f"read-{n}")(tensor) for n, tensor in enumerate(read)]
    hidden = flat[0] if len(flat) == 1 else keras.layers.Concatenate(name="read")(flat)
    return Inside(
        keras.Model(pixels, [answer, hidden]),
        keras.Model(pixels, [answer, *[tensor for tensor, _ in maps]]) if maps else None,
        tuple(mirrored for _, mirrored in maps),
        [id(tensor) for tensor, _ in maps] == [id(tensor) for tensor, _ in last_maps],
    )


def _maps(answer: Any, made: dict[int, _Call], least: int) -> list[tuple[Any, bool]]:
    """Return the last feature map of each branch, and whether it is mirrored.

    Args:
        answer: where to begin.
        made: which call gave which tensor.
        least: height and width of a map that counts, in px.
    """
    import keras

    kinds = keras.layers
    pooling = (kinds.MaxPooling2D, kinds.AveragePooling2D, kinds.Dropout, kinds.SpatialDropout2D)

    def is_map(tensor: Any) -> bool:
        if len(tensor.shape) != 4 or min(tensor.shape[1:3]) < least:
            return False
        layer = made[id(tensor)].layer
        # Before its activation function a map is as much below zero as above.
        linear = getattr(layer, "activation", None) is keras.activations.linear
        return not linear and not isinstance(layer, (*pooling, kinds.BatchNormalization))

    found = []
    for tensor in _back(answer, made, is_map):
        above = _above(tensor, made)
        if any(isinstance(each, kinds.Conv2D | kinds.DepthwiseConv2D) for each in above):
            flips = sum(type(each).__name__ == "Flip" for each in above)
            found.append((tensor, flips % 2 == 1))
    return found


def _back(answer: Any, made: dict[int, _Call], wanted: Callable[[Any], bool]) -> list[Any]:
    """Follow every path back from a tensor; return the first wanted tensor on each."""
    found: list[Any] = []
    known: set[int] = set()
    open_ends = [answer]
    while open_ends:
        tensor = open_ends.pop(0)
        if id(tensor) in known or id(tensor) not in made:
            continue
        known.add(id(tensor))
        if wanted(tensor):
            found.append(tensor)
        else:
            open_ends += made[id(tensor)].inputs
    return found


def _above(tensor: Any, made: dict[int, _Call]) -> list[Any]:
    """Return the layers that a tensor passed through, each call once."""
    layers: list[Any] = []
    known: set[int] = set()
    open_ends = [tensor]
    while open_ends:
        each = open_ends.pop()
        if id(each) not in known and id(each) in made:
            known.add(id(each))
            layers.append(made[id(each)].layer)
            open_ends += made[id(each)].inputs
    return layers
