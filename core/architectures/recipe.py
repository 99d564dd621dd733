"""A training recipe: how a network is trained, as data that travels through JSON and URLs."""

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from core.errors import SettingsError


class Optimizer(StrEnum):
    """How weights are changed."""

    SGD = "sgd"
    MOMENTUM = "momentum"  # SGD with Nesterov momentum 0.9
    ADAM = "adam"
    ADAMW = "adamw"  # Adam with decoupled weight decay (arXiv:1711.05101)
    RMSPROP = "rmsprop"


class Schedule(StrEnum):
    """How the learning rate changes over the run."""

    CONSTANT = "constant"
    COSINE = "cosine"  # half a cosine down to zero (arXiv:1608.03983, without restarts)
    ONE_CYCLE = "one-cycle"  # up for the first 30 %, then down (arXiv:1708.07120)


class LabelForm(StrEnum):
    """How labels enter the loss; both are the cross-entropy and give the same curves."""

    INTEGER = "integer"  # sparse categorical cross-entropy
    ONE_HOT = "one-hot"  # categorical cross-entropy


class ValidationFrom(StrEnum):
    """Which training images are held back for validation."""

    END = "end"  # the last ones, as Keras's validation_split does
    RANDOM = "random"  # drawn with the run's seed


class Augmentation(StrEnum):
    """One way in which training images are varied from epoch to epoch; a recipe takes several."""

    FLIP = "flip"  # mirrored left to right, every second one
    SHIFT = "shift"  # moved by up to a tenth of the side
    ROTATION = "rotation"  # turned by up to 10 degrees
    SCALE = "scale"  # scaled by up to a tenth
    ERASING = "erasing"  # a rectangle of every second one erased (arXiv:1708.04896)


class Precision(StrEnum):
    """The numbers that convolutions are calculated with while training; weights stay float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"  # 8 bits of mantissa instead of 24


# What version 0.1.0 wrote: one word for several ways.
_AUGMENTATION_0_1 = {
    "none": (),
    "flip": ("flip",),
    "flip-shift": ("flip", "shift"),
    "affine": ("flip", "shift", "rotation", "scale"),
}


# What each setting does, in one line for people who see it for the first time.
EXPLANATIONS = {
    "optimizer": "The rule that turns gradients into steps.",
    "learning_rate": "How far each step goes. Too small learns slowly, too large not at all.",
    "weight_decay": "AdamW only: pulls every weight a little towards zero at each step.",
    "schedule": "Large steps first and small ones at the end often end lower.",
    "batch_size": "Images a step. Larger batches are faster and make fewer, smoother steps.",
    "epochs": "How often the network sees every training image.",
    "validation": "Training images that are only looked at to see how well the network does on "
    "images it has not learned from: a share (0.1) or a number (5000).",
    "validation_from": "Which images are held back: the last ones, or drawn with the seed.",
    "label_form": "How labels enter the loss: as numbers or one-hot. The curves are the same.",
    "label_smoothing": "Spreads this share of each label over all classes: less sure of itself.",
    "patience": "Ends after so many epochs without a lower validation loss, and keeps the best "
    "epoch.",
    "augmentation": "Varies the images from epoch to epoch, so that they are not learned by heart.",
    "precision": "Shorter numbers in convolutions: faster, but only on processors that know them.",
}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; every value is checked when the recipe is made.

    Attributes:
        optimizer: how weights are changed.
        learning_rate: its step, 1e-6 to 10; the highest one if a schedule changes it.
        weight_decay: share of each weight taken away a step, times the learning rate, 0 to 1; for
            AdamW only.
        schedule: how the learning rate changes over the run.
        batch_size: images a step, 1 to 4096.
        epochs: passes over the training images, 1 to 500.
        validation: training images held back for validation: a number of images (5000) or, below
            1, a share (0.2).
        validation_from: which of them.
        label_form: how labels enter the loss.
        label_smoothing: share of each label spread over all classes, 0 to 0.5.
        patience: epochs without a lower validation loss before the run stops early and takes the
            best epoch's weights back; None to train to the end.
        augmentation: the ways in which training images are varied, in the order of
            ``Augmentation``; none of them leaves the images as they are.
        precision: numbers that convolutions are calculated with while training.

    Raises:
        SettingsError: a value is out of its range; the message says which and what would do.
    """

    optimizer: Optimizer = Optimizer.ADAM
    learning_rate: float = 0.001
    weight_decay: float = 0.004
    schedule: Schedule = Schedule.CONSTANT
    batch_size: int = 64
    epochs: int = 10
    validation: float = 0.1
    validation_from: ValidationFrom = ValidationFrom.END
    label_form: LabelForm = LabelForm.INTEGER
    label_smoothing: float = 0.0
    patience: int | None = None
    augmentation: tuple[Augmentation, ...] = ()
    precision: Precision = Precision.FLOAT32

    def __post_init__(self) -> None:
        """Check every value."""
        for name, kind in (
            ("optimizer", Optimizer),
            ("schedule", Schedule),
            ("validation_from", ValidationFrom),
            ("label_form", LabelForm),
            ("precision", Precision),
        ):
            object.__setattr__(self, name, _member(name, kind, getattr(self, name)))
        if not isinstance(self.augmentation, tuple | list):
            raise SettingsError(
                f"Augmentation is {self.augmentation!r:.60}, but must be a list of any of: "
                f"{', '.join(Augmentation)}."
            )
        asked = {_member("augmentation", Augmentation, each) for each in self.augmentation}
        object.__setattr__(
            self, "augmentation", tuple(each for each in Augmentation if each in asked)
        )
        check_number("learning_rate", self.learning_rate, 1e-6, 10)
        # JSON and URLs write 1 for 1.0; Keras takes only the latter.
        object.__setattr__(self, "learning_rate", float(self.learning_rate))
        check_number("weight_decay", self.weight_decay, 0, 1)
        check_number("batch_size", self.batch_size, 1, 4096, whole=True)
        check_number("epochs", self.epochs, 1, 500, whole=True)
        check_number("label_smoothing", self.label_smoothing, 0, 0.5)
        if self.patience is not None:
            check_number("patience", self.patience, 1, 500, whole=True)
        check_number("validation", self.validation, 0.001, 50_000)
        if self.validation >= 1 and self.validation != int(self.validation):
            raise SettingsError(
                f"Validation is {self.validation}, but must be a whole number of images, or a "
                "share below 1 such as 0.1."
            )

    def validation_count(self, used: int, available: int) -> int:
        """Return how many of ``used`` training images are held back for validation.

        A number of images shrinks with the data: 5,000 of 60,000 become 500 of 6,000.

        Raises:
            SettingsError: fewer than one image would be left for training or for validation.
        """
        share = self.validation if self.validation < 1 else self.validation / available
        count = round(share * used)
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


def _member(name: str, kind: type[StrEnum], value: object) -> StrEnum:
    if not isinstance(value, str) or value not in kind.__members__.values():
        choices = ", ".join(kind)
        raise SettingsError(f"{_words(name)} is {value!r:.60}. Choose one of: {choices}.")
    return kind(value)


def check_number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    """Raise SettingsError unless ``value`` is a finite number from ``low`` to ``high``."""
    right_type = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    # NaN and infinity are not between any two numbers.
    if not right_type or not low <= value <= high:  # type: ignore[operator]
        kind = "whole number" if whole else "number"
        raise SettingsError(
            f"{_words(name)} is {value!r:.60}, but must be a {kind} from {low:g} to {high:g}."
        )


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


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
