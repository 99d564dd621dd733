"""Networks that people build: a stack of layers, written as a short text.

The text *is* the name of the architecture, so that links, the command line, ``config.json`` and all
that takes an architecture by name carry the whole network: ``stack1:c32.p2.c64.p2.f.u128``. The 1
is the version of this form. A token is a layer:

========  =================================================================================
``c32``   convolution of 32 filters; then, in this order, ``k5`` kernel 5 × 5 (usual: 3 × 3),
          ``s2`` stride 2, ``v`` without padding, ``l`` without ReLU, ``n`` without bias
``p2``    max pooling 2 × 2
``b``     batch normalisation; ``b90`` with a momentum of 0.90 (usual: 0.99)
``a``     ReLU as a layer of its own
``d30``   dropout of 30 %
``f``     flatten
``g``     global average pooling
``u128``  dense layer of 128 units; ``u128l`` without ReLU
``r``     the begin of a residual block, ``e`` its end
========  =================================================================================

Letters, digits, dots and one colon: nothing in it can be markup, a path or a formula. What people
call their network is no part of it; that is the name of the run.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from core.architectures.architecture import Architecture, Recipes
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
from core.architectures.recipe import Recipe, RecipeName, Schedule
from core.architectures.settings import count
from core.errors import SettingsError

PREFIX = "stack1:"
MOST_LAYERS = 40  # those inside of blocks and the blocks themselves included
MOST_TOKENS = 2 * MOST_LAYERS  # with the ends of blocks
MOST_CHARACTERS = 1_000  # of a text; no network of so many layers has more
BOTH = ("fashion-mnist", "cifar-10")

# What each number may be, lowest and highest; the editor in the browser is told the same.
RANGES = {
    "filters": (1, 1024),
    "kernel": (1, 11),
    "stride": (1, 4),
    "size": (2, 8),
    "momentum": (50, 99),  # percent
    "rate": (1, 95),  # percent
    "units": (1, 4096),
}
# What is left out where it is as usual.
_KERNEL, _STRIDE, _MOMENTUM = Conv(1).kernel, Conv(1).stride, round(100 * BatchNorm().momentum)

_KINDS = {
    "c": "c (convolution)",
    "p": "p (max pooling)",
    "b": "b (batch normalisation)",
    "a": "a (ReLU)",
    "d": "d (dropout)",
    "f": "f (flatten)",
    "g": "g (global average pooling)",
    "u": "u (dense)",
    "r": "r (residual block)",
    "e": "e (end of the block)",
}
_FORMS = {
    "c": ("(-?[0-9]+)(?:k(-?[0-9]+))?(?:s(-?[0-9]+))?(v?)(l?)(n?)", "c32k3s2"),
    "p": ("(-?[0-9]+)", "p2"),
    "b": ("(-?[0-9]+)?", "b or b90"),
    "d": ("(-?[0-9]+)", "d30"),
    "u": ("(-?[0-9]+)(l?)", "u128"),
}
_VERSION = re.compile(r"stack([0-9]{1,6}):")
_RECIPE = Recipe(
    learning_rate=0.003,
    schedule=Schedule.ONE_CYCLE,
    batch_size=128,
    epochs=5,
    validation=5000,
)


def is_stack(name: str) -> bool:
    """Tell whether the name of an architecture is the text of a network that somebody built."""
    return _VERSION.match(name) is not None


def text_of(layers: Sequence[Layer]) -> str:
    """Return the text of a network: all its layers but the answer.

    Raises:
        SettingsError: it has a layer, or a number, that the text has no form for.
    """
    return PREFIX + ".".join(_tokens(layers))


def layers_of(text: str) -> tuple[Layer, ...]:
    """Return the layers of a text; what each of them makes of an image is not looked at.

    Raises:
        SettingsError: it is no such text, or goes beyond a limit; the sentence says which layer.
    """
    version = _VERSION.match(text)
    if version is None:
        raise SettingsError(
            f"The text of a network begins with {PREFIX} and its layers, such as "
            f"{PREFIX}c32.p2.f.u64. Copy it again, or build the network on the page Train."
        )
    if version[0] != PREFIX:
        raise SettingsError(
            "This network was written by another version of Atelier. Open it there, or build it "
            "here on the page Train."
        )
    body = text[len(PREFIX) :]
    tokens = body.count(".") + 1 if body else 0
    if tokens > MOST_TOKENS or len(text) > MOST_CHARACTERS:
        size = f"{count(tokens, 'layer')} in {len(text):,} characters"
        raise SettingsError(
            f"This network has {size}, and at most {MOST_LAYERS} layers are allowed. Use fewer."
        )
    return _read(body.split(".") if body else [])


@lru_cache(maxsize=512)
def stack(text: str) -> Architecture:
    """Return the architecture that a text is; its name is the text in its shortest form.

    Whether it fits the images of a data set, ``Architecture.problem`` says.

    Raises:
        SettingsError: as of ``layers_of``.
    """
    layers = layers_of(text)
    held = count(sum(1 for _ in _flat(layers)), "layer")
    return Architecture(
        name=text_of(layers),
        title=_title(layers),
        summary=f"Built layer by layer: {held} and the answer.",
        origin="Put together layer by layer with Atelier's “Build your own”.",
        layers=layers,
        recipes=((RecipeName.TUNED, Recipes(_RECIPE)),),
        datasets=BOTH,
        limited=True,
    )


def stack_like(architecture: Architecture) -> str:
    """Return the text of a network with the layers of another architecture, as it is sized.

    Rates that are no whole percent are rounded.
    """
    return text_of([_rounded(layer) for layer in architecture.layers])


def in_brief(layers: Sequence[Layer]) -> str:
    """Return layers in a line: ``conv 32, pool 2, flatten``; usual options are left out."""
    return ", ".join(map(_brief, layers))


def _brief(layer: Layer) -> str:
    match layer:
        case Conv():
            words = [f"conv {layer.filters}"]
            words += [f"{layer.kernel}×{layer.kernel}"] if layer.kernel != _KERNEL else []
            words += [f"stride {layer.stride}"] if layer.stride != _STRIDE else []
            words += ["unpadded"] if layer.padding == "valid" else []
            words += ["linear"] if layer.activation == "linear" else []
            return " ".join(words + ([] if layer.bias else ["without bias"]))
        case MaxPool():
            return f"pool {layer.size}"
        case BatchNorm():
            return "norm"
        case Activation():
            return "ReLU"
        case Dropout():
            return f"dropout {layer.rate:.0%}"
        case Flatten():
            return "flatten"
        case GlobalAveragePool():
            return "global average"
        case Dense():
            return f"dense {layer.units}{' linear' if layer.activation == 'linear' else ''}"
        case Residual():
            return f"block ({in_brief(layer.layers)})"
    raise TypeError(f"no words for {layer!r}")


def _rounded(layer: Layer) -> Layer:
    match layer:
        case Dropout():
            percent = round(100 * layer.rate)
            return replace(layer, rate=min(max(percent, 1), RANGES["rate"][1]) / 100)
        case BatchNorm():
            return replace(layer, momentum=round(100 * layer.momentum) / 100)
        case Residual():
            return replace(layer, layers=tuple(_rounded(each) for each in layer.layers))
    return layer


def _title(layers: Sequence[Layer]) -> str:
    """Return for example ``Own CNN 32-64-128``: as papers call networks, by filters and units."""
    flat = list(_flat(layers))
    sizes = [
        str(each.filters if isinstance(each, Conv) else each.units)
        for each in flat
        if isinstance(each, Conv | Dense)
    ]
    kind = "MLP" if sizes else "linear network"
    if any(isinstance(each, Conv) for each in flat):
        kind = "CNN"
    if any(isinstance(each, Residual) for each in flat):
        kind = f"residual {kind}" if sizes else "residual network"
    if len(sizes) > 6:
        sizes = [*sizes[:4], "…", sizes[-1]]
    return f"Own {kind} {'-'.join(sizes)}".rstrip()


def _flat(layers: Sequence[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from _flat(layer.layers)


def _tokens(layers: Sequence[Layer]) -> Iterator[str]:
    for layer in layers:
        match layer:
            case Conv():
                kernel = f"k{layer.kernel}" if layer.kernel != _KERNEL else ""
                stride = f"s{layer.stride}" if layer.stride != _STRIDE else ""
                padding = "v" if layer.padding == "valid" else ""
                linear = "l" if layer.activation == "linear" else ""
                bias = "" if layer.bias else "n"
                yield f"c{layer.filters}{kernel}{stride}{padding}{linear}{bias}"
            case MaxPool():
                yield f"p{layer.size}"
            case BatchNorm():
                momentum = round(100 * layer.momentum)
                yield "b" if momentum == _MOMENTUM else f"b{momentum}"
            case Activation(name="relu"):
                yield "a"
            case Dropout():
                yield f"d{round(100 * layer.rate)}"
            case Flatten():
                yield "f"
            case GlobalAveragePool():
                yield "g"
            case Dense():
                yield f"u{layer.units}{'l' if layer.activation == 'linear' else ''}"
            case Residual():
                yield "r"
                yield from _tokens(layer.layers)
                yield "e"
            case _:
                raise SettingsError(f"A network of one's own cannot have the layer {layer!r:.60}.")


def _read(tokens: Sequence[str]) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    block: list[Layer] | None = None
    number = 0
    for token in tokens:
        kind = token[:1]
        number += kind != "e"
        if kind not in _KINDS:
            raise SettingsError(
                f"Layer {number} of the network, “{_shown(token)}”, is of no kind that Atelier "
                f"has. It has: {', '.join(_KINDS.values())}."
            )
        if kind in "re" and token != kind:
            raise _unreadable(number, token, kind)
        if kind == "r":
            if block is not None:
                raise SettingsError(
                    f"Layer {number} of the network is a residual block inside of another one. "
                    "Put it behind the other block."
                )
            block = []
        elif kind == "e":
            if block is None:
                raise SettingsError(
                    f"After layer {number} of the network a residual block ends that has not "
                    "begun. Copy the whole text."
                )
            layers.append(Residual(tuple(block)))
            block = None
        else:
            (layers if block is None else block).append(_layer(number, token))
    if block is not None:
        raise SettingsError("The last residual block of the network has no end. Write .e after it.")
    if number > MOST_LAYERS:
        raise SettingsError(
            f"This network has {number} layers, and at most {MOST_LAYERS} are allowed. Use fewer."
        )
    return tuple(layers)


def _layer(number: int, token: str) -> Layer:
    kind, rest = token[0], token[1:]
    if kind not in _FORMS:
        if rest:
            raise _unreadable(number, token, kind)
        bare: dict[str, Layer] = {"a": Activation(), "f": Flatten(), "g": GlobalAveragePool()}
        return bare[kind]
    found = re.fullmatch(_FORMS[kind][0], rest)
    if found is None:
        raise _unreadable(number, token, _FORMS[kind][1])

    def value(group: int, name: str, usual: int = 0) -> int:
        text = found[group]
        if text is None:
            return usual
        low, high = RANGES[name]
        what = {"size": "window", "momentum": "momentum in percent", "rate": "dropout in percent"}
        if len(text) > 9 or not low <= int(text) <= high:
            raise SettingsError(
                f"Layer {number} of the network has {what.get(name, name)} {_shown(text)}, and "
                f"from {low} to {high:,} is possible."
            )
        return int(text)

    match kind:
        case "c":
            return Conv(
                value(1, "filters"),
                value(2, "kernel", _KERNEL),
                value(3, "stride", _STRIDE),
                padding="valid" if found[4] else "same",
                activation="linear" if found[5] else "relu",
                bias=not found[6],
            )
        case "p":
            return MaxPool(value(1, "size"))
        case "b":
            return BatchNorm(value(1, "momentum", _MOMENTUM) / 100)
        case "d":
            return Dropout(value(1, "rate") / 100)
    return Dense(value(1, "units"), activation="linear" if found[2] else "relu")


def _unreadable(number: int, token: str, example: str) -> SettingsError:
    return SettingsError(
        f"Layer {number} of the network, “{_shown(token)}”, cannot be read. Write it such as "
        f"{example}."
    )


def _shown(token: str) -> str:
    """Return what stands in a text so that it can stand in a sentence, whatever it is."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each == "-") else "?" for each in token[:20]
    )
