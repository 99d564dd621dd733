"""What a run was asked to do."""

from dataclasses import dataclass, fields
from typing import Any

from core import architectures, datasets
from core.architectures import Architecture
from core.architectures.recipe import Recipe, check_names, check_number
from core.errors import SettingsError

MOST_ACTIVATIONS = 4e9  # bytes that the layers' outputs of one batch may take while training

# As ``EXPLANATIONS`` of the recipe.
EXPLANATIONS = {
    "limit": "Use only so many training images, for a quick try; validation is taken from them.",
    "seed": "The same seed and settings give the same curves on the same machine.",
    "width": "Factor on the filters and units of every layer: the size of the network.",
    "dropout": "Share of a layer's inputs that are zeroed at random while training; slower to "
    "learn, harder to learn by heart.",
    "tensorboard": "Also writes event files: look at them with tensorboard --logdir var/runs.",
}


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training; the same config and machine give the same curves.

    Attributes:
        dataset: name of a registered data set.
        architecture: name of a registered architecture that is made for it.
        recipe: how the network is trained.
        limit: use only this many training images (validation included), evenly spread over the
            classes as the data set is; None for all.
        seed: of the weights, the order of the images and the augmentation, 0 to 2**31 - 1.
        width: factor on the number of filters and units of every layer, 0.25 to 4.
        dropout: rate of every dropout layer instead of the architecture's own, 0 (none) to 0.9;
            None for its own.
        tensorboard: whether the run also writes TensorBoard's event files; changes no curve.

    Raises:
        SettingsError: a value or a combination cannot work; the message says why.
    """

    dataset: str
    architecture: str
    recipe: Recipe
    limit: int | None = None
    seed: int = 0
    width: float = 1.0
    dropout: float | None = None
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Check the combination."""
        if not isinstance(self.dataset, str) or not isinstance(self.architecture, str):
            raise SettingsError("Data set and architecture are named by text.")
        spec = datasets.find(self.dataset)
        architectures.find(self.architecture).recipe_for(self.dataset)
        if not isinstance(self.recipe, Recipe):
            raise SettingsError("The recipe is not a recipe.")
        check_number("width", self.width, 0.25, 4)
        if self.dropout is not None:
            check_number("dropout", self.dropout, 0, 0.9)
        if not isinstance(self.tensorboard, bool):
            raise SettingsError("TensorBoard is asked for with true or false.")
        available = spec.counts["train"]
        if self.limit is not None:
            check_number("limit", self.limit, 100, available, whole=True)
        check_number("seed", self.seed, 0, 2**31 - 1, whole=True)
        self.recipe.validation_count(self.used, available)
        # Each layer's output is kept for the gradients, which take as much again.
        layers = self.network.table(spec.shape, len(spec.classes))
        images = min(self.recipe.batch_size, self.training_count)
        needed = 2 * 4 * images * sum(row.activations for row in layers)
        if needed > MOST_ACTIVATIONS:
            raise SettingsError(
                f"A batch of {images:,} images would need about {needed / 1e9:.0f} GB of memory in "
                "this network. Take a smaller batch or a smaller width."
            )

    @property
    def network(self) -> Architecture:
        """The architecture in the size that this run asks for."""
        return architectures.find(self.architecture).sized(self.width, self.dropout)

    @property
    def used(self) -> int:
        """Number of training images used, validation included."""
        return self.limit or datasets.find(self.dataset).counts["train"]

    @property
    def validation_count(self) -> int:
        """Number of images held back for validation."""
        available = datasets.find(self.dataset).counts["train"]
        return self.recipe.validation_count(self.used, available)

    @property
    def training_count(self) -> int:
        """Number of images trained on in each epoch."""
        return self.used - self.validation_count

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "dataset": self.dataset,
            "architecture": self.architecture,
            "recipe": self.recipe.to_dict(),
            "limit": self.limit,
            "seed": self.seed,
            "width": self.width,
            "dropout": self.dropout,
            "tensorboard": self.tensorboard,
        }

    @classmethod
    def from_dict(cls, values: Any) -> "TrainingConfig":
        """Make a config from what ``to_dict`` gave.

        Raises:
            SettingsError: not a mapping, a name is missing or unknown, or a value cannot work.
        """
        names = {field.name for field in fields(cls)}
        check_names("training configuration", values, names)
        lacking = {"dataset", "architecture", "recipe"} - values.keys()
        if lacking:
            raise SettingsError(f"The training configuration lacks {sorted(lacking)[0]!r}.")
        return cls(**{**values, "recipe": Recipe.from_dict(values["recipe"])})
