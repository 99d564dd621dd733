"""A training recipe: how a network is trained, as data that travels through JSON and URLs."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.architectures.settings import (
    SETTINGS,
    Augmentation,
    FirstFilters,
    LabelForm,
    Optimizer,
    Precision,
    RecipeName,
    Schedule,
    ValidationFrom,
)
from core.errors import SettingsError

__all__ = [
    "Augmentation",
    "FirstFilters",
    "LabelForm",
    "Optimizer",
    "Precision",
    "Recipe",
    "RecipeName",
    "Schedule",
    "ValidationFrom",
    "check_names",
]


# What version 0.1.0 wrote: one word for several ways.
_AUGMENTATION_0_1 = {
    "none": (),
    "flip": ("flip",),
    "flip-shift": ("flip", "shift"),
    "affine": ("flip", "shift", "rotation", "scale"),
}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; every value is checked when the recipe is made.

    ``core.architectures.settings`` says of each field what it may be and what it does.
    ``augmentation`` is in the order of its kind; ``patience`` is None to train to the end;
    ``validation`` is None for the validation part that the data set came with.

    Raises:
        SettingsError: a value is out of its range; the message says which and what would do.
    """

    optimizer: Optimizer = SETTINGS["optimizer"].default
    learning_rate: float = SETTINGS["learning_rate"].default
    weight_decay: float = SETTINGS["weight_decay"].default
    schedule: Schedule = SETTINGS["schedule"].default
    batch_size: int = SETTINGS["batch_size"].default
    epochs: int = SETTINGS["epochs"].default
    validation: float | None = SETTINGS["validation"].default
    validation_from: ValidationFrom = SETTINGS["validation_from"].default
    label_form: LabelForm = SETTINGS["label_form"].default
    label_smoothing: float = SETTINGS["label_smoothing"].default
    patience: int | None = SETTINGS["patience"].default
    augmentation: tuple[Augmentation, ...] = SETTINGS["augmentation"].default
    first_filters: FirstFilters = SETTINGS["first_filters"].default
    precision: Precision = SETTINGS["precision"].default

    def __post_init__(self) -> None:
        """Check every value."""
        for each in fields(self):
            value = SETTINGS[each.name].check(getattr(self, each.name))
            object.__setattr__(self, each.name, value)

    def validation_count(self, used: int, available: int, own: int = 0) -> int:
        """Return how many of ``used`` training images are held back for validation.

        A number of images shrinks with the data: 5,000 of 60,000 become 500 of 6,000.

        Args:
            used: images to train and validate with.
            available: those that the data set has for that, 1 or more.
            own: how many of these are the data set's own validation part.

        Raises:
            SettingsError: fewer than one image would be left for training or for validation, or
                the data set has no part of its own.
        """
        held = own if self.validation is None else self.validation
        if not held:
            raise SettingsError(
                "This data set has no validation part of its own. Set aside a share of its "
                "training images, such as 0.1, or a number of them, such as 5000."
            )
        count = round((held if held < 1 else held / available) * used)
        if not 1 <= count < used:
            raise SettingsError(
                f"Validation holds back {count:,} of {used:,} training images. Hold back at least "
                "one, and leave at least one to train on."
            )
        return count

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"augmentation": list(self.augmentation)}

    @classmethod
    def from_dict(cls, values: Any) -> "Recipe":
        """Make a recipe from what ``to_dict`` gave, or from part of it.

        Raises:
            SettingsError: not a mapping, an unknown name, or a value out of range.
        """
        check_names("recipe", values, {field.name for field in fields(cls)})
        augmentation = values.get("augmentation")
        if isinstance(augmentation, str):
            values = {**values, "augmentation": _AUGMENTATION_0_1.get(augmentation, augmentation)}
        return cls(**values)

    def changed(self, **values: Any) -> "Recipe":
        """Return a recipe with some values replaced, checked again."""
        return replace(self, **values)


def check_names(what: str, values: object, known: set[str]) -> None:
    """Raise SettingsError unless ``values`` is a dict whose keys are all in ``known``."""
    if not isinstance(values, dict):
        raise SettingsError(f"The {what} is not a set of named values.")
    unknown = sorted(str(name)[:40] for name in values if name not in known)
    if unknown:
        raise SettingsError(
            f"The {what} has the unknown setting {unknown[0]!r}. Known are: "
            f"{', '.join(sorted(known))}."
        )
