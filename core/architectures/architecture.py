"""What an architecture is: a network and its recipes as data, and what is known of both."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from core.architectures.layers import Conv, Dense, Dropout, Layer, LayerRow, Residual, rows
from core.architectures.recipe import Recipe, RecipeName
from core.architectures.settings import SETTINGS, in_words
from core.architectures.survey import Step, first_fault, survey
from core.datasets import DatasetSpec
from core.datasets import find as find_dataset
from core.errors import SettingsError

SCALE = 1 / 255  # every network here takes pixels of 0 to 255 and scales them to 0 to 1 itself


@dataclass(frozen=True)
class Reported:
    """A result that the origin of an architecture reports, in percent."""

    dataset: str
    measure: str  # "test accuracy", "validation accuracy", "training accuracy"
    percent: float


@dataclass(frozen=True)
class Measured:
    """Test accuracies in percent that a recipe reached here, by ``docs/RESULTS.md``.

    ``percent`` is the mean of the seeds there, ``low`` and ``high`` are the range; a single run
    has all three the same.
    """

    dataset: str
    recipe: RecipeName
    percent: float
    low: float
    high: float


@dataclass(frozen=True)
class Recipes:
    """A recipe, and others for data sets that need another one."""

    usual: Recipe
    by_dataset: tuple[tuple[str, Recipe], ...] = ()

    def of(self, dataset: str) -> Recipe:
        """Return the recipe for a data set or a kind of them."""
        return dict(self.by_dataset).get(dataset, self.usual)


@dataclass(frozen=True)
class Stated:
    """What the origin of a preset states; whatever else the preset has was filled in here.

    Attributes:
        layers: what it states of the layers and the loss, as a phrase.
        settings: names of the settings of its recipe that it states.
        filled: what of the layers was filled in here, as a phrase, or "".
        differs: where the preset knowingly differs from its origin, as a sentence, or "".
    """

    layers: str
    settings: tuple[str, ...]
    filled: str = ""
    differs: str = ""


@dataclass(frozen=True)
class Architecture:
    """A network as data, with the recipes that it is trained by.

    Attributes:
        name: what the URL, the command line and run folders call it.
        title: what people call it.
        summary: one sentence on what it is good for.
        origin: where it comes from, in a sentence.
        layers: the layers between the scaled pixels and the last dense layer, which every
            classifier gets in the same form (softmax over the classes).
        recipes: how it is trained; the first is the default. A preset has two: as its origin, and
            tuned here. Atelier's own networks have only the latter.
        stated: which part of a preset is its origin's own; None for Atelier's own networks.
        datasets: the data sets it was made for; the first is the default.
        reported: what its origin reports.
        measured: what its recipes reached, by ``docs/RESULTS.md``.
        scale: factor from pixel value (0 to 255) to network input.
        successor: what took the place of a retired network; "" for one that is offered.
        limited: whether it is held to the limits of size of ``core.architectures.survey``, as what
            people build is.
    """

    name: str
    title: str
    summary: str
    origin: str
    layers: tuple[Layer, ...]
    recipes: tuple[tuple[RecipeName, Recipes], ...]
    stated: Stated | None = None
    datasets: tuple[str, ...] = ("fashion-mnist",)
    reported: tuple[Reported, ...] = ()
    measured: tuple[Measured, ...] = ()
    scale: float = SCALE
    successor: str = ""
    limited: bool = False

    @property
    def slug(self) -> str:
        """What folders and files are called after it: its name, or "stack1" for a built one."""
        return self.name.partition(":")[0]

    @property
    def recipe(self) -> Recipe:
        """The default recipe on the first data set."""
        return self.recipe_for(self.datasets[0])

    @property
    def recipe_names(self) -> tuple[RecipeName, ...]:
        """The names of the recipes, the default first."""
        return tuple(name for name, _ in self.recipes)

    def network(self, classes: int) -> tuple[Layer, ...]:
        """Return all layers, the classifier's last one included."""
        return (*self.layers, Dense(classes, activation="softmax"))

    def sized(self, width: float = 1.0, dropout: float | None = None) -> "Architecture":
        """Return this architecture in another size.

        Args:
            width: factor on the filters of every convolution and the units of every dense layer.
            dropout: rate of every dropout layer, 0 to take them out; an architecture that has
                none gets one before the classifier. None leaves them as they are.
        """
        layers = [_sized(layer, width, dropout) for layer in self.layers]
        if dropout and not any(isinstance(layer, Dropout) for layer in layers):
            layers.append(Dropout(dropout))
        kept = (layer for layer in layers if not isinstance(layer, Dropout) or layer.rate)
        return replace(self, layers=tuple(kept))

    def table(self, shape: Sequence[int], classes: int) -> list[LayerRow]:
        """Return one row a layer for images of ``shape`` (height, width, channels)."""
        return list(rows(self.network(classes), tuple(shape)))

    def steps(self, shape: Sequence[int], classes: int) -> list[Step]:
        """Return what each layer makes of an image, as far as it goes; see ``survey``.

        The editor works this out in the browser (``layer_stack.js``); this is its reference.
        """
        return survey(self.network(classes), shape, limited=self.limited)

    def problem(self, shape: Sequence[int], classes: int) -> str:
        """Return at which layer it cannot work with such images and what to do, or ""."""
        return first_fault(self.network(classes), shape, limited=self.limited)

    def parameters(self, shape: Sequence[int], classes: int) -> int:
        """Return the number of parameters, trained or not."""
        return sum(row.parameters for row in self.table(shape, classes))

    def multiplications(self, shape: Sequence[int], classes: int) -> int:
        """Return the multiplications to classify one image."""
        return sum(row.multiplications for row in self.table(shape, classes))

    def recipe_for(self, dataset: str, name: RecipeName | None = None) -> Recipe:
        """Return a recipe for one data set, built in or imported.

        Args:
            dataset: name of the data set.
            name: of the recipe; None for the default.

        Raises:
            SettingsError: the architecture is not made for this data set, or has no such recipe.
        """
        recipes = dict(self.recipes).get(name or self.recipe_names[0])
        if recipes is None:
            raise SettingsError(
                f"{self.title} has no recipe {str(name)[:40]!r}. It has: "
                f"{', '.join(self.recipe_names)}."
            )
        if dataset in self.datasets:
            return recipes.of(dataset)
        spec = find_dataset(dataset)
        # What people build says itself at which layer it does not fit.
        if not self.limited and not self.suits(spec):
            raise SettingsError(
                f"{self.title} is not made for {dataset}. Choose an architecture that is, or one "
                f"of its data sets: {', '.join(self.datasets)}."
            )
        return _scaled(recipes.of(spec.kin), spec)

    def nearest_recipe(self, dataset: str, recipe: Recipe) -> RecipeName:
        """Return the name of the recipe that has most of a recipe's values."""

        def differing(name: RecipeName) -> int:
            known = self.recipe_for(dataset, name)
            return sum(
                getattr(known, each.name) != getattr(recipe, each.name) for each in fields(Recipe)
            )

        return min(self.recipe_names, key=differing)

    def measured_with(self, dataset: str, name: RecipeName) -> Measured | None:
        """Return what a recipe reached on a data set, if it was measured."""
        for each in self.measured:
            if (each.dataset, each.recipe) == (dataset, name):
                return each
        return None

    def provenance(self, dataset: str) -> tuple[str, str]:
        """Return what the origin states, and what was filled in here, each as a phrase.

        Both are empty for a network that has no origin but Atelier.
        """
        if self.stated is None:
            return "", ""
        values = self.recipe_for(dataset, RecipeName.ORIGIN).to_dict()
        stated = [SETTINGS[name].phrase(values[name]) for name in self.stated.settings]
        others = {name: each for name, each in values.items() if name not in self.stated.settings}
        filled = [self.stated.filled, in_words(others)]
        return (
            ", ".join(each for each in (self.stated.layers, *stated) if each),
            ", ".join(each for each in filled if each),
        )

    def tuning(self, dataset: str) -> str:
        """Return what the tuned recipe of a preset changes, as a phrase; "" if it has one only."""
        if len(self.recipes) < 2:
            return ""
        plain, tuned = (self.recipe_for(dataset, name).to_dict() for name in self.recipe_names)
        return ", ".join(
            SETTINGS[name].phrase(tuned[name])
            for name in SETTINGS
            if name in tuned and tuned[name] != plain[name]
        )

    def suits(self, spec: DatasetSpec) -> bool:
        """Tell whether the architecture is made for a data set.

        It is for an imported one if it is for the built-in one of its kind, grey or colour, and if
        the images are not too small for its layers.
        """
        if spec.name in self.datasets:
            return True
        return spec.kin in self.datasets and not self.problem(spec.shape, len(spec.classes))


def _scaled(recipe: Recipe, spec: DatasetSpec) -> Recipe:
    """Return a recipe for another data set of the same kind.

    Whether a mirrored or turned image is still of its class nobody can tell, so there is no
    augmentation. Small data gets small batches: a thousand images in batches of 128 would be
    eight steps an epoch. Where a data set has a validation part, that part validates.
    """
    batch, images = recipe.batch_size, spec.counts["train"]
    while batch > 8 and batch * 20 > images:
        batch //= 2
    validation = recipe.validation
    if spec.validation:
        validation = None
    elif validation is not None and validation > 0.2 * images:
        validation = 0.1
    return recipe.changed(batch_size=batch, validation=validation, augmentation=())


def _sized(layer: Layer, width: float, dropout: float | None) -> Layer:
    match layer:
        case Conv():
            return replace(layer, filters=max(1, round(layer.filters * width)))
        case Dense():
            return replace(layer, units=max(1, round(layer.units * width)))
        case Dropout() if dropout is not None:
            return replace(layer, rate=dropout)
        case Residual():
            inside = (_sized(each, width, dropout) for each in layer.layers)
            return replace(layer, layers=tuple(inside))
    return layer
