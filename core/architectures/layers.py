"""The layers of a network as data: what each does to a shape, and how many parameters it has.

A shape is (height, width, channels) before ``Flatten`` or ``GlobalAveragePool`` and (features,)
after it. Counting here, without TensorFlow, lets a page show a network the moment it is chosen; a
test holds the counts against Keras.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


class Layer:
    """One layer; a subclass overrides what differs from "changes nothing, learns nothing"."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one image after this layer."""
        return shape

    def parameters(self, shape: Shape) -> int:
        """Return the number of parameters, trained or not, for this input shape."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the multiplications for one image, the measure of how slow a layer is."""
        return 0

    def activations(self, shape: Shape) -> int:
        """Return the numbers that a training step keeps of one image for the gradients."""
        return math.prod(self.output_shape(shape))

    def fault(self, shape: Shape) -> str:
        """Return why the layer cannot take this shape and what to do, as sentences, or ""."""
        return ""

    def window(self) -> tuple[int, int]:
        """Return the side of what one number of the output sees of the input, and its stride."""
        return 1, 1

    def describe(self) -> str:
        """Return the layer in the words of a table row."""
        raise NotImplementedError


@dataclass(frozen=True)
class Conv(Layer):
    """2-D convolution with bias, then the activation."""

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    activation: str = "relu"
    bias: bool = True

    def output_shape(self, shape: Shape) -> Shape:
        """Return (height, width, filters)."""
        lost = self.kernel - 1 if self.padding == "valid" else 0
        height, width = (math.ceil((side - lost) / self.stride) for side in shape[:2])
        return height, width, self.filters

    def parameters(self, shape: Shape) -> int:
        """Return weights and biases."""
        return self.kernel**2 * shape[2] * self.filters + (self.filters if self.bias else 0)

    def multiplications(self, shape: Shape) -> int:
        """Return one multiplication a weight and output position."""
        height, width, _ = self.output_shape(shape)
        return height * width * self.kernel**2 * shape[2] * self.filters

    def fault(self, shape: Shape) -> str:
        """Return what is wrong with a vector, or with fewer pixels than the kernel has."""
        if len(shape) == 1:
            return _no_image("A convolution", shape)
        if self.padding == "valid" and min(shape[:2]) < self.kernel:
            return (
                f"{in_words(shape[:2])} {_pixels(shape)} left, and the kernel is {self.kernel} × "
                f"{self.kernel}. Remove a pooling or a stride before it, choose a smaller kernel, "
                "or pad."
            )
        return ""

    def window(self) -> tuple[int, int]:
        """Return kernel and stride."""
        return self.kernel, self.stride

    def describe(self) -> str:
        """Return for example ``Convolution 3×3, 32 filters, ReLU``."""
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        return (
            f"Convolution {self.kernel}×{self.kernel}, {self.filters} filters{stride}"
            f"{_activation(self.activation)}"
        )


@dataclass(frozen=True)
class MaxPool(Layer):
    """Maximum over windows that do not overlap."""

    size: int = 2

    def output_shape(self, shape: Shape) -> Shape:
        """Return (height // size, width // size, channels)."""
        return shape[0] // self.size, shape[1] // self.size, shape[2]

    def fault(self, shape: Shape) -> str:
        """Return what is wrong with a vector, or with fewer pixels than the window has."""
        if len(shape) == 1:
            return _no_image("Max pooling", shape)
        if min(shape[:2]) < self.size:
            return (
                f"{in_words(shape[:2])} {_pixels(shape)} left, and the window is {self.size} × "
                f"{self.size}. Remove a pooling or a stride before it, or choose a smaller window."
            )
        return ""

    def window(self) -> tuple[int, int]:
        """Return the size twice: windows do not overlap."""
        return self.size, self.size

    def describe(self) -> str:
        """Return for example ``Max pooling 2×2``."""
        return f"Max pooling {self.size}×{self.size}"


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167)."""

    momentum: float = 0.99

    def parameters(self, shape: Shape) -> int:
        """Return scale, offset, moving mean and moving variance of each channel."""
        return 4 * shape[-1]

    def describe(self) -> str:
        """Return ``Batch normalisation``."""
        return "Batch normalisation"


@dataclass(frozen=True)
class Activation(Layer):
    """An activation function as a layer of its own."""

    name: str = "relu"

    def describe(self) -> str:
        """Return the function's name."""
        return _activation(self.name).removeprefix(", ")


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout (Srivastava et al. 2014): this share of the inputs is zeroed while training."""

    rate: float

    def describe(self) -> str:
        """Return for example ``Dropout 0.3``."""
        return f"Dropout {self.rate:g}"


@dataclass(frozen=True)
class Flatten(Layer):
    """Image to vector."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return (height * width * channels,)."""
        return (math.prod(shape),)

    def describe(self) -> str:
        """Return ``Flatten``."""
        return "Flatten"


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    """Mean of each channel over all positions."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return (channels,)."""
        return (shape[2],)

    def fault(self, shape: Shape) -> str:
        """Return what is wrong with a vector."""
        return _no_image("Global average pooling", shape) if len(shape) == 1 else ""

    def describe(self) -> str:
        """Return ``Global average pooling``."""
        return "Global average pooling"


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer with bias, then the activation."""

    units: int
    activation: str = "relu"

    def output_shape(self, shape: Shape) -> Shape:
        """Return (units,)."""
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        """Return weights and biases."""
        return shape[0] * self.units + self.units

    def multiplications(self, shape: Shape) -> int:
        """Return one multiplication a weight."""
        return shape[0] * self.units

    def fault(self, shape: Shape) -> str:
        """Return what is wrong with maps: Keras would take them, and answer for each position."""
        if len(shape) == 1:
            return ""
        what = "The answer" if self.activation == "softmax" else "A dense layer"
        return (
            f"{what} is worked out from a list of numbers, but {in_words(shape)} come in. Put "
            "Flatten or Global average pooling before it."
        )

    def describe(self) -> str:
        """Return for example ``Dense 256, ReLU``."""
        return f"Dense {self.units}{_activation(self.activation)}"


@dataclass(frozen=True)
class Residual(Layer):
    """What goes in, plus what ``layers`` make of it (He et al. 2015, arXiv:1512.03385).

    The layers leave the shape as it is, or the sum would have none.
    """

    layers: tuple[Layer, ...]

    def parameters(self, shape: Shape) -> int:
        """Return those of all the layers inside."""
        return sum(row.parameters for row in rows(self.layers, shape))

    def multiplications(self, shape: Shape) -> int:
        """Return those of all the layers inside."""
        return sum(row.multiplications for row in rows(self.layers, shape))

    def activations(self, shape: Shape) -> int:
        """Return those of all the layers inside, and of the sum."""
        return sum(row.activations for row in rows(self.layers, shape)) + math.prod(shape)

    def fault(self, shape: Shape) -> str:
        """Return what is wrong with the sum; what is wrong inside, its layers say."""
        if not self.layers:
            return "The block is empty. Put a layer into it, or remove the block."
        after = shape
        for layer in self.layers:
            after = layer.output_shape(after)
        if after == shape:
            return ""
        return (
            f"The block makes {in_words(after)} of {in_words(shape)}, and what is added up needs "
            "one shape. End it with as many filters or units as come in, and use padding, but no "
            "stride and no pooling inside."
        )

    def describe(self) -> str:
        """Return for example ``Residual block: 2 × (Convolution 3×3, 80 filters)``."""
        inside = [layer.describe() for layer in self.layers if isinstance(layer, Conv | Dense)]
        same = len(inside) > 1 and len(set(inside)) == 1
        told = f"{len(inside)} × ({inside[0]})" if same else "; ".join(inside)
        return f"Residual block: {told}" if told else "Residual block"


@dataclass(frozen=True)
class LayerRow:
    """One row of a network's table: the layer, the shape that leaves it, what it costs.

    Numbers are those of ``Layer``'s methods of the same names.
    """

    layer: Layer
    output_shape: Shape
    parameters: int
    multiplications: int
    activations: int


def rows(layers: Sequence[Layer], shape: Shape) -> Iterator[LayerRow]:
    """Follow one image of ``shape`` through ``layers``."""
    for layer in layers:
        after = layer.output_shape(shape)
        yield LayerRow(
            layer,
            after,
            layer.parameters(shape),
            layer.multiplications(shape),
            layer.activations(shape),
        )
        shape = after


def in_words(shape: Sequence[int]) -> str:
    """Return a shape as ``26 × 26 × 32``."""
    return " × ".join(f"{each:,}" for each in shape)


def _pixels(shape: Shape) -> str:
    return "pixel is" if math.prod(shape[:2]) == 1 else "pixels are"


def _no_image(what: str, shape: Shape) -> str:
    return (
        f"{what} works on images, but only a list of {shape[0]:,} numbers is left. Move it before "
        "Flatten or Global average pooling."
    )


def _activation(name: str) -> str:
    return {"relu": ", ReLU", "softmax": ", softmax", "linear": ""}[name]
