"""What a run was asked to do."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from core import architectures, datasets
from core.architectures import Architecture, RecipeName
from core.architectures.recipe import Recipe, check_names
from core.architectures.settings import LIMIT, SETTINGS
from core.errors import SettingsError

MOST_ACTIVATIONS = 4e9  # bytes that the layers' outputs of one batch may take while training


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training; the same config and machine give the same curves.

    Attributes:
        dataset: name of a registered data set.
        architecture: name of a registered architecture that is made for it, or the text of a
            network that somebody built (``core.architectures.stack``).
        recipe: how the network is trained.
        limit: use only this many training images (validation included), evenly spread over the
            classes as the data set is; None for all.
        seed: of the weights, the order of the images and the augmentation.
        width: factor on the number of filters and units of every layer.
        dropout: rate of every dropout layer instead of the architecture's own; None for its own.
        tensorboard: whether the run also writes TensorBoard's event files; changes no curve.
        recipe_name: the recipe of the architecture that ``recipe`` began as; by default its first.

    Raises:
        SettingsError: a value or a combination cannot work; the message says why.
    """

    dataset: str
    architecture: str
    recipe: Recipe
    limit: int | None = SETTINGS["limit"].default
    seed: int = SETTINGS["seed"].default
    width: float = SETTINGS["width"].default
    dropout: float | None = SETTINGS["dropout"].default
    tensorboard: bool = SETTINGS["tensorboard"].default
    recipe_name: RecipeName | None = None

    def __post_init__(self) -> None:
        """Check the combination."""
        if not isinstance(self.dataset, str) or not isinstance(self.architecture, str):
            raise SettingsError("Name the data set and the architecture as text.")
        if not isinstance(self.recipe_name, str | None):
            raise SettingsError("Name the recipe as text.")
        spec = datasets.find(self.dataset)
        architecture = architectures.find(self.architecture)
        object.__setattr__(self, "architecture", architecture.name)  # a text in its shortest form
        architecture.recipe_for(self.dataset, self.recipe_name)
        name = RecipeName(self.recipe_name or architecture.recipe_names[0])
        object.__setattr__(self, "recipe_name", name)
        if not isinstance(self.recipe, Recipe):
            raise SettingsError("The recipe is not a recipe.")
        for each in fields(self):
            setting = SETTINGS.get(each.name)
            if setting is not None:
                if setting is LIMIT:
                    setting = replace(LIMIT, high=spec.counts["train"])
                setting.check(getattr(self, each.name))
        self.recipe.validation_count(self.used, spec.counts["train"], spec.validation)
        if self.network.limited and (
            problem := self.network.problem(spec.shape, len(spec.classes))
        ):
            raise SettingsError(problem)
        # Each layer's output is kept for the gradients, which take as much again.
        layers = self.network.table(spec.shape, len(spec.classes))
        images = min(self.recipe.batch_size, self.training_count)
        needed = 2 * 4 * images * sum(row.activations for row in layers)
        if needed > MOST_ACTIVATIONS:
            raise SettingsError(
                f"A batch of {images:,} images would need about {needed / 1e9:.0f} GB of memory in "
                "this network. Use a smaller batch or a smaller width."
            )

    @property
    def network(self) -> Architecture:
        """The architecture in the size that this run asks for."""
        return architectures.find(self.architecture).sized(self.width, self.dropout)

    @property
    def parameters(self) -> int:
        """Number of parameters of the network."""
        return _parameters(self.architecture, self.dataset, self.width)

    @property
    def used(self) -> int:
        """Number of training images used, validation included."""
        return self.limit or datasets.find(self.dataset).counts["train"]

    @property
    def validation_count(self) -> int:
        """Number of images held back for validation."""
        spec = datasets.find(self.dataset)
        return self.recipe.validation_count(self.used, spec.counts["train"], spec.validation)

    @property
    def training_count(self) -> int:
        """Number of images trained on in each epoch."""
        return self.used - self.validation_count

    @property
    def usual_recipe(self) -> Recipe:
        """The recipe of the architecture that this run's began as."""
        return architectures.find(self.architecture).recipe_for(self.dataset, self.recipe_name)

    @property
    def unchanged(self) -> "TrainingConfig":
        """A run of the same network by its recipe as it is."""
        return TrainingConfig(
            self.dataset, self.architecture, self.usual_recipe, recipe_name=self.recipe_name
        )

    def flat(self) -> dict[str, Any]:
        """Return the value of every setting of the table, by name."""
        return {
            name: getattr(self if setting.of_run else self.recipe, name)
            for name, setting in SETTINGS.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "dataset": self.dataset,
            "architecture": self.architecture,
            "recipe_name": self.recipe_name,
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
        recipe = Recipe.from_dict(values["recipe"])
        if "recipe_name" not in values:
            values = values | _before_0_5(values["dataset"], values["architecture"], recipe)
        return cls(**{**values, "recipe": recipe})


@lru_cache(maxsize=256)
def _parameters(architecture: str, dataset: str, width: float) -> int:
    spec = datasets.find(dataset)
    network = architectures.find(architecture).sized(width, None)
    return network.parameters(spec.shape, len(spec.classes))


def _before_0_5(dataset: Any, name: Any, recipe: Recipe) -> dict[str, Any]:
    """Return what a run of before version 0.5 trained, in today's names.

    Architectures had one recipe then, and some of today's names meant another network.
    """
    if not isinstance(dataset, str) or not isinstance(name, str):
        return {}  # the config's own check says what is wrong
    name = architectures.RETIRED_NAMES.get(name, name)
    return {
        "architecture": name,
        "recipe_name": architectures.find(name).nearest_recipe(dataset, recipe),
    }
