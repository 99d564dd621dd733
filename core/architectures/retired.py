"""Networks that presets had before version 0.5: old runs are shown with them, and go on.

They are found by name, but offered nowhere.
"""

from dataclasses import replace

from core.architectures.architecture import Architecture, Recipes
from core.architectures.layers import (
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
)
from core.architectures.presets import BASIC, DEEP, TWO_CONVOLUTIONS, block
from core.architectures.recipe import LabelForm, Recipe, RecipeName, Schedule, ValidationFrom


def _retired(
    preset: Architecture, name: str, what: str, layers: tuple[Layer, ...], recipe: Recipe
) -> Architecture:
    return replace(
        preset,
        name=name,
        title=f"{preset.title} ({what})",
        origin=f"The preset {preset.title} as it was before version 0.5.",
        layers=layers,
        recipes=((RecipeName.TUNED, Recipes(recipe)),),
        stated=None,
        reported=(),
        measured=(),
        successor=preset.name,
    )


_ALL = (
    _retired(
        BASIC,
        "basic-cnn-32",
        "32 filters",
        (Conv(32, padding="valid"), MaxPool(), Flatten()),
        Recipe(
            learning_rate=0.006,
            schedule=Schedule.ONE_CYCLE,
            batch_size=64,
            epochs=10,
            validation=0.1,
            validation_from=ValidationFrom.RANDOM,
            label_smoothing=0.05,
        ),
    ),
    _retired(
        TWO_CONVOLUTIONS,
        "two-conv-cnn-2x2",
        "2 × 2 kernels",
        (
            Conv(64, kernel=2),
            MaxPool(),
            Dropout(0.3),
            Conv(32, kernel=2),
            MaxPool(),
            Dropout(0.3),
            Flatten(),
            Dense(256),
            Dropout(0.5),
        ),
        Recipe(batch_size=64, epochs=10, validation=5000),
    ),
    _retired(
        DEEP,
        "deep-cnn-direct",
        "no dense layer",
        (*block(16, 0.2), *block(32, 0.3), *block(64, 0.4), GlobalAveragePool()),
        Recipe(
            learning_rate=0.004,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=15,
            validation=0.2,
            label_form=LabelForm.ONE_HOT,
            patience=5,
        ),
    ),
)

RETIRED: dict[str, Architecture] = {each.name: each for each in _ALL}

# What their names were then, when runs did not say which recipe they had.
RETIRED_NAMES: dict[str, str] = {each.successor: each.name for each in _ALL}
