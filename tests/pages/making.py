"""Visitors and settings that the tests of pages make runs of."""

from core import architectures
from core.runs import TrainingConfig

VISITOR = "a" * 32
SOMEBODY_ELSE = "b" * 32


def config(**recipe: object) -> TrainingConfig:
    """Return the config of a run that trains in a second or two."""
    changed = architectures.find("mlp").recipe_for("fashion-mnist").changed(epochs=1, **recipe)
    return TrainingConfig("fashion-mnist", "mlp", changed, limit=2_000)
