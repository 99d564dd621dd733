"""What each layer of a network makes of an image, or at which layer it cannot go on, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.architectures.layers import (
    Dense,
    Flatten,
    GlobalAveragePool,
    Layer,
    Residual,
    Shape,
)

# What a network that people build may have, so that it trains here in minutes and fits into memory.
MOST_PARAMETERS = 5_000_000
MOST_MULTIPLICATIONS = 500_000_000  # for one image


@dataclass(frozen=True)
class Step:
    """One layer on the way of an image.

    Attributes:
        place: of the layer, from 0; a second number for its place in a residual block.
        layer: the last one is the answer.
        shape: what leaves it; None from the first fault on. So are the numbers 0.
        parameters, multiplications, activations: as ``LayerRow``; a block has those inside of it.
        field: height and width in pixels of what one number of its output sees of the image.
        fault: why it cannot work and what to do, as sentences; "" if it can.
    """

    place: tuple[int, ...]
    layer: Layer
    shape: Shape | None
    parameters: int = 0
    multiplications: int = 0
    activations: int = 0
    field: tuple[int, int] | None = None
    fault: str = ""

    @property
    def number(self) -> str:
        """What people call the layer: "3", or "3.1" for the first one in the third, a block."""
        return ".".join(str(each + 1) for each in self.place)


@dataclass(frozen=True)
class _Seen:
    """Side of what one number sees, by dimension, and pixels between two neighbours."""

    field: tuple[int, int]
    jump: int

    def after(self, layer: Layer, image: Shape) -> "_Seen":
        if isinstance(layer, Flatten | GlobalAveragePool | Dense):
            return _Seen((image[0], image[1]), self.jump)
        size, stride = layer.window()
        height, width = (
            min(whole, side + (size - 1) * self.jump)
            for side, whole in zip(self.field, image[:2], strict=True)
        )
        return _Seen((height, width), self.jump * stride)


def survey(network: Sequence[Layer], shape: Sequence[int], *, limited: bool = False) -> list[Step]:
    """Follow an image through a network, as far as it goes.

    Args:
        network: all layers, the answer included.
        shape: of an image: height, width, channels.
        limited: whether a network that is too large is a fault, too: at the layer that makes it so.

    Returns:
        One step a layer, also for those inside of blocks, which come after their block.
    """
    image = tuple(shape)
    now, seen, broken = image, _Seen((1, 1), 1), False
    parameters = multiplications = 0
    found: list[Step] = []
    for place, layer in enumerate(network):
        if broken:
            found += _unknown((place,), layer)
            continue
        inside: list[Step] = []
        if isinstance(layer, Residual):
            inside, within = _inside(layer, place, now, seen, image)
            broken = any(step.fault for step in inside)
        fault = "" if broken else layer.fault(now)
        if broken or fault:
            broken = True
            found += [Step((place,), layer, None, fault=fault), *inside]
            continue
        step = _step((place,), layer, now)
        parameters += step.parameters
        multiplications += step.multiplications
        if limited and (fault := _too_large(parameters, multiplications)):
            broken = True
            found += [Step((place,), layer, None, fault=fault), *inside]
            continue
        seen = within if isinstance(layer, Residual) else seen.after(layer, image)
        found += [_with_field(step, seen), *inside]
        now = layer.output_shape(now)
    return found


def first_fault(network: Sequence[Layer], shape: Sequence[int], *, limited: bool = False) -> str:
    """Return the first fault with the layer's number and description, or "".

    Arguments are as of ``survey``.
    """
    for step in survey(network, shape, limited=limited):
        if step.fault:
            if step.place == (len(network) - 1,):
                return step.fault
            return f"Layer {step.number} ({step.layer.describe()}): {step.fault}"
    return ""


def _inside(
    block: Residual, place: int, shape: Shape, seen: _Seen, image: Shape
) -> tuple[list[Step], _Seen]:
    """Return the steps inside of a block, and what the sum sees."""
    found: list[Step] = []
    now, broken = shape, False
    for number, layer in enumerate(block.layers):
        if broken:
            found += _unknown((place, number), layer)
            continue
        fault = layer.fault(now)
        if fault:
            broken = True
            found.append(Step((place, number), layer, None, fault=fault))
            continue
        seen = seen.after(layer, image)
        found.append(_with_field(_step((place, number), layer, now), seen))
        now = layer.output_shape(now)
    return found, seen


def _step(place: tuple[int, ...], layer: Layer, shape: Shape) -> Step:
    return Step(
        place,
        layer,
        layer.output_shape(shape),
        layer.parameters(shape),
        layer.multiplications(shape),
        layer.activations(shape),
    )


def _with_field(step: Step, seen: _Seen) -> Step:
    return Step(
        step.place,
        step.layer,
        step.shape,
        step.parameters,
        step.multiplications,
        step.activations,
        seen.field,
    )


def _unknown(place: tuple[int, ...], layer: Layer) -> Iterator[Step]:
    """Yield the steps of a layer that no image reaches."""
    yield Step(place, layer, None)
    for number, each in enumerate(layer.layers if isinstance(layer, Residual) else ()):
        yield Step((*place, number), each, None)


def _too_large(parameters: int, multiplications: int) -> str:
    if parameters > MOST_PARAMETERS:
        return (
            f"With this layer the network has {parameters:,} parameters, and at most "
            f"{MOST_PARAMETERS:,} are allowed. Use fewer filters or units, or shrink the image "
            "before it by a pooling or a stride."
        )
    if multiplications > MOST_MULTIPLICATIONS:
        return (
            f"With this layer the network does {multiplications:,} multiplications for each image, "
            f"and at most {MOST_MULTIPLICATIONS:,} are allowed. Use fewer filters, a smaller "
            "kernel, or shrink the image before it by a pooling or a stride."
        )
    return ""
