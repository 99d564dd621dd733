"""The one table of a training's settings: each is declared here, once.

An entry says what a setting may be, what it is when nobody chooses, and what people call it and its
values. Everything else reads it: the checks of ``Recipe`` and ``TrainingConfig``, the command line,
the form on the Train page and its URL, comparisons, summaries and model cards.

To add a setting, add an entry here, a field of that name to ``Recipe`` (how a network is trained)
or ``TrainingConfig`` (on what, and how large), and use it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    MUON = "muon"  # momentum made orthogonal (kellerjordan.github.io/posts/muon)


class Schedule(StrEnum):
    """How the learning rate changes over the run."""

    CONSTANT = "constant"
    COSINE = "cosine"  # half a cosine down to zero (arXiv:1608.03983, without restarts)
    ONE_CYCLE = "one-cycle"  # up for the first 30 %, then down (arXiv:1708.07120)


class RecipeName(StrEnum):
    """Which of an architecture's recipes."""

    ORIGIN = "origin"  # plain, as the public project that a preset is true to
    TUNED = "tuned"  # found here


RECIPE_TITLES = {RecipeName.ORIGIN: "As its origin", RecipeName.TUNED: "Tuned"}


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


class FirstFilters(StrEnum):
    """What the filters of the first convolution are before the first step."""

    RANDOM = "random"
    WHITENING = "whitening"  # of the training images' patches (airbench, arXiv:2404.00498)


class Precision(StrEnum):
    """The numbers that convolutions are calculated with while training; weights stay float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"  # 8 bits of mantissa instead of 24


class Group(StrEnum):
    """Where a setting stands on the form."""

    MAIN = "Main"  # always in sight
    DATA = "Data"
    NETWORK = "Network"
    OPTIMISATION = "Optimisation"
    REGULARISATION = "Regularisation"
    REPRODUCIBILITY = "Reproducibility"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: its field, and its key in JSON and in the URL; the command line writes ``--name``
            with hyphens.
        title: what people call it.
        help: what it does, in a sentence or two.
        group: where it stands on the form.
        default: its value when nobody chooses one.
        quiet: the value that a summary does not mention; ``...`` if it mentions every one.
        summary: the words of a value in a summary (``batches of 64``); by default title and value.
        special: words for single values ("all" for None).
        of_run: whether it is a field of ``TrainingConfig`` and not of ``Recipe``.
        shapes: whether it changes what the network learns; if not, comparisons leave it out.
        needs: another setting and the value of it without which this one has no effect.
        idle_with: another setting and the value of it with which this one has no effect.
    """

    name: str
    title: str
    help: str
    group: Group
    default: Any
    quiet: Any = ...
    summary: Callable[[Any], str] | None = None
    special: Mapping[Any, str] = field(default_factory=dict)
    of_run: bool = False
    shapes: bool = True
    needs: tuple[str, str] | None = None
    idle_with: tuple[str, Any] | None = None

    def acts(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the setting has an effect beside these values of the others, by name."""
        if self.needs is not None and values.get(self.needs[0]) != self.needs[1]:
            return False
        other = self.idle_with
        return other is None or values.get(other[0], ...) != other[1]

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--{self.name.replace('_', '-')}"

    def check(self, value: Any) -> Any:
        """Return a value as the config keeps it.

        Raises:
            SettingsError: it cannot be; the sentence says what could.
        """
        raise NotImplementedError

    def words(self, value: Any) -> str:
        """Return a value in words, also one that this version does not know."""
        if isinstance(value, str | int | float | None) and value in self.special:
            return self.special[value]
        return self._words(value)

    def in_summary(self, value: Any) -> str:
        """Return the setting and its value as a part of a sentence; nothing if it is quiet."""
        if (tuple(value) if isinstance(value, list) else value) == self.quiet:
            return ""
        return self.phrase(value)

    def phrase(self, value: Any) -> str:
        """Return the setting and its value as part of a sentence, quiet or not: "batches of 64"."""
        if self.summary is not None:
            return self.summary(value)
        return f"{self.title[0].lower()}{self.title[1:]} {self.words(value)}"

    def _words(self, value: Any) -> str:
        return f"{value:g}" if isinstance(value, float) else str(value)

    def _refused(self, value: Any, wanted: str) -> SettingsError:
        name = self.name.replace("_", " ").capitalize()
        return SettingsError(f"{name} is {value!r:.60}{wanted}")


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A number from ``low`` to ``high``, both included.

    Attributes:
        low, high: the range.
        whole: whether it is an integer.
        empty: whether it may be None.
        offered: the values that the form offers to choose from; without them it is typed in.
        step, digits: of the field on the form where it is typed in.
        text: makes the words of a value.
    """

    low: float
    high: float
    whole: bool = False
    empty: bool = False
    offered: tuple[float | None, ...] = ()
    step: float | None = None
    digits: str | None = None
    text: Callable[[Any], str] | None = None

    def check(self, value: Any) -> Any:
        """Return the number; see ``Setting``."""
        if value is None and self.empty:
            return None
        right = isinstance(value, int if self.whole else int | float)
        # NaN and infinity are not between any two numbers.
        if isinstance(value, bool) or not right or not self.low <= value <= self.high:
            kind = "whole number" if self.whole else "number"
            raise self._refused(
                value, f", but must be a {kind} from {self.low:g} to {self.high:g}."
            )
        return value

    def _words(self, value: Any) -> str:
        number = isinstance(value, int | float) and math.isfinite(value)
        return self.text(value) if self.text and number else super()._words(value)


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of several; ``titles`` has the words of each.

    Attributes:
        kind: the values.
        titles: what people call them.
        formerly: titles of older versions, which are in links that people have.
    """

    kind: type[StrEnum]
    titles: Mapping[Any, str]
    formerly: Mapping[str, Any] = field(default_factory=dict)

    def check(self, value: Any) -> Any:
        """Return the member; see ``Setting``."""
        if not isinstance(value, str) or value not in self.kind.__members__.values():
            raise self._refused(value, f". Choose one of: {', '.join(self.kind)}.")
        return self.kind(value)

    def _words(self, value: Any) -> str:
        return self.titles.get(value, str(value))


@dataclass(frozen=True, kw_only=True)
class Several(Choice):
    """Any number of several, in the order of ``kind``."""

    def check(self, value: Any) -> Any:
        """Return the members as a tuple; see ``Setting``."""
        if not isinstance(value, tuple | list):
            wanted = f", but must be a list of any of: {', '.join(self.kind)}."
            raise self._refused(value, wanted)
        asked = {super(Several, self).check(each) for each in value}
        return tuple(each for each in self.kind if each in asked)

    def _words(self, value: Any) -> str:
        return ", ".join(self.titles.get(each, str(each)) for each in value) or "none"


@dataclass(frozen=True, kw_only=True)
class Switch(Setting):
    """On or off."""

    def check(self, value: Any) -> Any:
        """Return the bool; see ``Setting``."""
        if not isinstance(value, bool):
            raise self._refused(value, ", but must be true or false.")
        return value

    def _words(self, value: Any) -> str:
        return "on" if value is True else "off" if value is False else str(value)


def _check_validation(value: float) -> float:
    if value >= 1 and value != int(value):
        raise SettingsError(
            f"Validation is {value}, but must be a whole number of images, or a share below 1 such "
            "as 0.1."
        )
    return value


@dataclass(frozen=True, kw_only=True)
class _Validation(Number):
    """A share below 1, or a number of images; None for the data set's own part."""

    def check(self, value: Any) -> Any:
        """Return the number; see ``Setting``."""
        value = super().check(value)
        return None if value is None else _check_validation(value)


@dataclass(frozen=True, kw_only=True)
class _Float(Number):
    """A number that is kept as a float: JSON and URLs write 1 for 1.0, Keras takes only 1.0."""

    def check(self, value: Any) -> Any:
        """Return the number; see ``Setting``."""
        return float(super().check(value))


def count(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun: ``1 epoch``, ``12 epochs``."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _held_back(value: float) -> str:
    return f"{value:.0%}" if value < 1 else f"{value:,.0f} images"


LIMIT = Number(
    name="limit",
    title="Training images",
    help="Use only this many training images, for a quick try. Validation images are taken from "
    "them.",
    group=Group.DATA,
    default=None,
    quiet=None,
    low=100,
    high=math.inf,  # the data set's training images; TrainingConfig knows how many
    whole=True,
    empty=True,
    offered=(1_000, 2_000, 6_000, 12_000, 30_000, None),
    special={None: "all"},
    text=lambda value: f"{value:,}",
    summary=lambda value: "all images" if value is None else f"{value:,} images in all",
    of_run=True,
)

VALIDATION = _Validation(
    name="validation",
    title="Validation",
    help="Images set aside to check the network on images it has not learned from: a share of the "
    "training images (0.1) or a number (5000). A data set that was imported with a validation part "
    "uses that part unless you choose otherwise.",
    group=Group.DATA,
    default=0.1,
    low=0.001,
    high=50_000,
    empty=True,
    offered=(0.05, 0.1, 0.2, 0.3, 1_000.0, 5_000.0, 10_000.0),
    special={None: "the data set's own"},
    text=_held_back,
    summary=lambda value: (
        "the data set's own validation part"
        if value is None
        else f"{_held_back(value)} held back for validation"
    ),
)

_ALL: tuple[Setting, ...] = (
    Number(
        name="epochs",
        title="Epochs",
        help="How many times the network sees every training image.",
        group=Group.MAIN,
        default=10,
        low=1,
        high=500,
        whole=True,
        summary=lambda value: count(value, "epoch"),
    ),
    Number(
        name="batch_size",
        title="Batch size",
        help="Images per step. Larger batches are faster and make fewer, smoother steps.",
        group=Group.MAIN,
        default=64,
        low=1,
        high=4096,
        whole=True,
        summary=lambda value: f"batches of {value:,}",
    ),
    _Float(
        name="learning_rate",
        title="Learning rate",
        help="The size of each step. If it is too small, the network learns slowly; too large, "
        "and it does not learn at all.",
        group=Group.MAIN,
        default=0.001,
        low=1e-6,
        high=10.0,
        digits="%.6g",
    ),
    LIMIT,
    VALIDATION,
    Choice(
        name="validation_from",
        title="Validation images",
        help="Which training images are held back for validation.",
        group=Group.DATA,
        default=ValidationFrom.END,
        quiet=ValidationFrom.END,
        idle_with=("validation", None),
        kind=ValidationFrom,
        titles={
            ValidationFrom.END: "the last ones",
            ValidationFrom.RANDOM: "random (uses the seed)",
        },
        formerly={"at random, by the seed": ValidationFrom.RANDOM},
        summary=lambda value: (
            "validation images drawn at random"
            if value == ValidationFrom.RANDOM
            else "the last ones"
        ),
    ),
    Number(
        name="width",
        title="Width",
        help="Multiplies the filters and units of every layer: the size of the network.",
        group=Group.NETWORK,
        default=1.0,
        quiet=1.0,
        low=0.25,
        high=4,
        offered=(0.25, 0.5, 1.0, 2.0, 4.0),
        text=lambda value: f"×{value:g}",
        of_run=True,
    ),
    Number(
        name="dropout",
        title="Dropout",
        help="Share of a layer's inputs that are set to zero at random while training: slower to "
        "learn, but reduces memorising.",
        group=Group.NETWORK,
        default=None,
        quiet=None,
        low=0,
        high=0.9,
        empty=True,
        offered=(None, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8),
        special={None: "its own", 0.0: "none"},
        of_run=True,
    ),
    Choice(
        name="optimizer",
        title="Optimizer",
        help="The rule that turns gradients into steps.",
        group=Group.OPTIMISATION,
        default=Optimizer.ADAM,
        kind=Optimizer,
        titles={
            Optimizer.SGD: "SGD",
            Optimizer.MOMENTUM: "SGD with momentum",
            Optimizer.ADAM: "Adam",
            Optimizer.ADAMW: "AdamW",
            Optimizer.RMSPROP: "RMSprop",
            Optimizer.MUON: "Muon",
        },
    ),
    Number(
        name="weight_decay",
        title="Weight decay",
        help="Pulls every weight a little towards zero at each step. Only AdamW uses it.",
        group=Group.OPTIMISATION,
        default=0.004,
        low=0.0,
        high=1.0,
        step=0.01,
        digits="%.4g",
        needs=("optimizer", Optimizer.ADAMW),
    ),
    Choice(
        name="schedule",
        title="Learning-rate schedule",
        help="How the learning rate changes over the run: cosine falls to zero, one cycle rises "
        "first. Large steps first and small ones at the end often reach a lower loss.",
        group=Group.OPTIMISATION,
        default=Schedule.CONSTANT,
        quiet=Schedule.CONSTANT,
        kind=Schedule,
        titles={
            Schedule.CONSTANT: "Constant",
            Schedule.COSINE: "Cosine",
            Schedule.ONE_CYCLE: "One cycle",
        },
        formerly={
            "One cycle, up and down": Schedule.ONE_CYCLE,
            "Cosine, down to zero": Schedule.COSINE,
        },
        summary=lambda value: f"{value} schedule",
    ),
    Choice(
        name="label_form",
        title="Label form",
        help="How labels enter the loss, the cross-entropy. The curves are the same.",
        group=Group.OPTIMISATION,
        default=LabelForm.INTEGER,
        quiet=LabelForm.INTEGER,
        kind=LabelForm,
        titles={LabelForm.INTEGER: "Numbers", LabelForm.ONE_HOT: "One-hot"},
        summary=lambda value: f"{value} labels",
    ),
    Choice(
        name="first_filters",
        title="First filters",
        help="What the filters of the first convolution begin as: random numbers, or patterns that "
        "the training images are made of. With patterns, a network learns faster at first.",
        group=Group.OPTIMISATION,
        default=FirstFilters.RANDOM,
        quiet=FirstFilters.RANDOM,
        kind=FirstFilters,
        titles={
            FirstFilters.RANDOM: "Random",
            FirstFilters.WHITENING: "Image patterns",
        },
        formerly={"Patterns of the training images": FirstFilters.WHITENING},
        summary=lambda value: "first filters from the training images",
    ),
    Choice(
        name="precision",
        title="Convolution precision",
        help="The numbers that convolutions are calculated with. Shorter ones are faster, but "
        "only on processors that support them.",
        group=Group.OPTIMISATION,
        default=Precision.FLOAT32,
        quiet=Precision.FLOAT32,
        kind=Precision,
        titles={
            Precision.FLOAT32: "32-bit numbers",
            Precision.BFLOAT16: "bfloat16, 16 bits",
        },
        summary=lambda value: f"convolutions in {value}",
    ),
    Several(
        name="augmentation",
        title="Augmentation",
        help="Varies the images from epoch to epoch, which reduces memorising.",
        group=Group.REGULARISATION,
        default=(),
        quiet=(),
        kind=Augmentation,
        titles={
            Augmentation.FLIP: "Flip",
            Augmentation.SHIFT: "Shift",
            Augmentation.ROTATION: "Rotation",
            Augmentation.SCALE: "Scale",
            Augmentation.ERASING: "Erasing",
        },
        summary=lambda value: (
            f"augmentation: {' and '.join(value)}" if value else "no augmentation"
        ),
    ),
    Number(
        name="label_smoothing",
        title="Label smoothing",
        help="Spreads this share of each label over all classes, which reduces overconfidence.",
        group=Group.REGULARISATION,
        default=0.0,
        quiet=0.0,
        low=0.0,
        high=0.5,
        step=0.05,
    ),
    Number(
        name="patience",
        title="Early-stopping patience (epochs)",
        help="Stops after this many epochs without a lower validation loss, and keeps the best "
        "epoch.",
        group=Group.REGULARISATION,
        default=None,
        quiet=None,
        low=1,
        high=500,
        whole=True,
        empty=True,
        special={None: "never"},
        text=lambda value: count(value, "epoch"),
        summary=lambda value: (
            f"stops after {count(value, 'epoch')} without a lower validation loss"
            if value
            else "no early stopping"
        ),
    ),
    Number(
        name="seed",
        title="Seed",
        help="The same seed and settings give the same curves on the same machine.",
        group=Group.REPRODUCIBILITY,
        default=0,
        low=0,
        high=2**31 - 1,
        whole=True,
        of_run=True,
    ),
    Switch(
        name="tensorboard",
        title="TensorBoard files",
        help="Also writes event files: look at them with tensorboard --logdir var/runs.",
        group=Group.REPRODUCIBILITY,
        default=False,
        quiet=False,
        shapes=False,
        summary=lambda value: "with TensorBoard files" if value else "no TensorBoard files",
        of_run=True,
    ),
)

SETTINGS: dict[str, Setting] = {each.name: each for each in _ALL}


def in_words(values: Mapping[str, Any]) -> str:
    """Return settings and their values as one line, in the order of the table.

    Args:
        values: by name; what is not a setting of the table is left out.
    """
    said = (
        setting.in_summary(values[name])
        for name, setting in SETTINGS.items()
        if name in values and setting.acts(values)
    )
    return ", ".join(each for each in said if each)
