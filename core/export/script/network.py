"""The layers of a network as the Python that a student would write."""

from collections.abc import Iterable, Iterator

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
from core.architectures.architecture import SCALE

NORMAL_MOMENTUM = BatchNorm().momentum  # Keras's own, which need not be said


def code(architecture: Architecture, shape: tuple[int, ...], classes: int, networks: int) -> str:
    """Return a function ``build`` that makes the network, with fresh weights, in standard layers.

    Args:
        architecture: the network, in its size.
        shape: of an image, (height, width, channels).
        classes: number of classes.
        networks: how many answer together, each for the image and its mirror image.
    """
    layers = architecture.network(classes)
    scaled = f"layers.Rescaling({_scale(architecture.scale)})"
    simple = not any(isinstance(layer, Residual) for layer in layers)
    body = _sequential(layers, shape, scaled) if simple else _functional(layers, shape, scaled)
    if networks == 1:
        return _function("build", f"Return {architecture.title} with fresh weights.", body)
    one = _function("build_one", f"Return one {architecture.title} with fresh weights.", body)
    together = (
        f"pixels = keras.Input({shape})",
        "answers = []",
        f"for _ in range({networks}):",
        "    network = build_one()",
        "    answers += [network(pixels), network(keras.ops.flip(pixels, axis=2))]",
        "return keras.Model(pixels, layers.Average()(answers))",
    )
    told = f"Return {networks} networks that answer together, for an image and its mirror image."
    return f"{one}\n\n\n{_function('build', told, together)}"


def _function(name: str, words: str, body: Iterable[str]) -> str:
    lines = (f"    {line}" for line in body)
    return "\n".join([f"def {name}():", f'    """{words}"""', *lines])


def _sequential(layers: Iterable[Layer], shape: tuple[int, ...], scaled: str) -> Iterator[str]:
    yield "return keras.Sequential("
    yield "    ["
    yield f"        keras.Input({shape}),"
    yield f"        {scaled},"
    yield from (f"        {layer_code(layer)}," for layer in layers)
    yield "    ]"
    yield ")"


def _functional(layers: Iterable[Layer], shape: tuple[int, ...], scaled: str) -> Iterator[str]:
    yield f"pixels = keras.Input({shape})"
    yield f"x = {scaled}(pixels)"
    for layer in layers:
        if isinstance(layer, Residual):
            yield "shortcut = x"
            yield from (f"x = {layer_code(each)}(x)" for each in layer.layers)
            yield "x = layers.Add()([shortcut, x])"
        else:
            yield f"x = {layer_code(layer)}(x)"
    yield "return keras.Model(pixels, x)"


def layer_code(layer: Layer) -> str:
    """Return what makes a layer; what is Keras's default is left out.

    Raises:
        TypeError: it is none that is known here.
    """
    match layer:
        case Conv():
            words = [str(layer.filters), str(layer.kernel)]
            words += [f"strides={layer.stride}"] if layer.stride > 1 else []
            words += ['padding="same"'] if layer.padding == "same" else []
            words += _activation(layer.activation)
            words += [] if layer.bias else ["use_bias=False"]
            return f"layers.Conv2D({', '.join(words)})"
        case Dense():
            return f"layers.Dense({', '.join([str(layer.units), *_activation(layer.activation)])})"
        case MaxPool():
            return f"layers.MaxPooling2D({layer.size})"
        case BatchNorm():
            usual = layer.momentum == NORMAL_MOMENTUM
            return f"layers.BatchNormalization({'' if usual else f'momentum={layer.momentum}'})"
        case Activation():
            return f'layers.Activation("{layer.name}")'
        case Dropout():
            return f"layers.Dropout({layer.rate})"
        case Flatten():
            return "layers.Flatten()"
        case GlobalAveragePool():
            return "layers.GlobalAveragePooling2D()"
    raise TypeError(f"no code for {layer!r}")


def _activation(name: str) -> list[str]:
    return [] if name == "linear" else [f'activation="{name}"']


def _scale(scale: float) -> str:
    return "1 / 255" if scale == SCALE else repr(scale)
