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


def _activation(name: str) -> str:
    return {"relu": ", ReLU", "softmax": ", softmax", "linear": ""}[name]
