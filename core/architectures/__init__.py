"""The architectures: networks and their training recipes as plain data, in one registry.

Nothing here imports TensorFlow; ``core.architectures.build`` turns the data into a Keras model.
"""

from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    LayerRow,
    MaxPool,
    Residual,
)
from core.architectures.recipe import Augmentation, LabelForm, Optimizer, Precision, Recipe
from core.architectures.registry import (
    ARCHITECTURES,
    DEFAULT,
    UNNAMED,
    Architecture,
    Measured,
    Reported,
    find,
)

__all__ = [
    "ARCHITECTURES",
    "DEFAULT",
    "UNNAMED",
    "Activation",
    "Architecture",
    "Augmentation",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "LabelForm",
    "Layer",
    "LayerRow",
    "MaxPool",
    "Measured",
    "Optimizer",
    "Precision",
    "Recipe",
    "Reported",
    "Residual",
    "find",
]
