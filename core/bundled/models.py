"""Which models come with the app, and how each is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import architectures
from core.architectures import Precision
from core.architectures.recipe import Recipe
from core.runs.records import BUNDLED, BUNDLED_ACCURATE

DATASET = "fashion-mnist"
SEED = 1708_07747  # the data set's arXiv number
SEEDS = (SEED, SEED + 1)  # of the networks of a bundled model, which answer together


@dataclass(frozen=True)
class Bundled:
    """A model that comes with the app: networks of one architecture, each from a seed of its own.

    It answers with their mean over an image and its mirror image.

    Attributes:
        run: the id of its run.
        architecture: name of its network.
        purpose: what the app has it for, as the first sentence of its card.
        meant_for: what it may be used for, as the card's sentence goes on.
        changes: settings that differ from the recipe of the architecture.
    """

    run: str
    architecture: str
    purpose: str
    meant_for: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def recipe(self, epochs: int | None = None) -> Recipe:
        """Return how its networks are trained, in so many epochs if that is not the usual."""
        recipe = architectures.find(self.architecture).recipe_for(DATASET).changed(**self.changes)
        return recipe if epochs is None else recipe.changed(epochs=epochs)


PICTURES, ACCURATE = "pictures", "accurate"
MODELS = {
    PICTURES: Bundled(
        BUNDLED,
        "pictures-cnn",
        "The network that Atelier uses until you train your own.",
        "demonstrations and teaching: photos and drawings of one piece of clothing, turned into "
        "what Fashion-MNIST looks like (28 × 28, white on black).",
        {"precision": Precision.BFLOAT16},
    ),
    ACCURATE: Bundled(
        BUNDLED_ACCURATE,
        "residual-cnn",
        "Atelier’s most accurate network on Fashion-MNIST.",
        "demonstrations and teaching: how far a small network gets on Fashion-MNIST itself, and "
        "what to compare your own with.",
        {"precision": Precision.BFLOAT16},
    ),
}
