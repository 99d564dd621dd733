"""The architectures: networks and their training recipes as plain data, in one registry.

Nothing here imports TensorFlow; ``core.architectures.build`` turns the data into a Keras model.
"""

from core.architectures.architecture import (
    Architecture,
    Measured,
    Recipes,
    Reported,
    Stated,
)
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
from core.architectures.presets import PRESETS
from core.architectures.recipe import (
    Augmentation,
    LabelForm,
    Optimizer,
    Precision,
    Recipe,
    RecipeName,
)
from core.architectures.registry import ARCHITECTURES, DEFAULT, UNNAMED, find
from core.architectures.retired import RETIRED, RETIRED_NAMES
from core.architectures.stack import in_brief, is_stack, layers_of, stack, stack_like, text_of
from core.architectures.survey import Step, survey

__all__ = [
    "ARCHITECTURES",
    "DEFAULT",
    "PRESETS",
    "RETIRED",
    "RETIRED_NAMES",
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
    "RecipeName",
    "Recipes",
    "Reported",
    "Residual",
    "Stated",
    "Step",
    "find",
    "in_brief",
    "is_stack",
    "layers_of",
    "stack",
    "stack_like",
    "survey",
    "text_of",
]
