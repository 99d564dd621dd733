"""What a task asks, allows and counts: the parts of ``tasks.Task``, checked when they are made."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.classroom.scores import ALL_KINDS
from core.errors import SettingsError
from core.evaluation import CORRUPTIONS

CHOICES = 8  # of a question

# What would be more than text where Markdown is read: tags, links, pictures, colours, formulas.
_MARKUP = re.compile(r"<[A-Za-z/!?]|\]\(|\]\[|!\[|:[a-z-]+\[|:material/|[`$]|://|www\.")


class Kind(StrEnum):
    """How something is asked."""

    CHOICE = "choice"
    NUMBER = "number"
    CURVE = "curve"  # drawn by hand: one value an epoch


class Figure(StrEnum):
    """The figure of a run that a guess is shown beside; accuracies and gaps in percent."""

    VALIDATION = "validation accuracy"
    TRAINING = "training accuracy"
    GAP = "gap"  # training minus validation accuracy, in percentage points
    LOSS = "validation loss"
    EPOCH = "best epoch"
    SECONDS = "seconds"
    PARAMETERS = "parameters"


CURVES = (Figure.VALIDATION, Figure.TRAINING, Figure.LOSS)  # what there is of each epoch


class What(StrEnum):
    """What counts."""

    VALIDATION = "validation"  # and at the hand-in the accuracy on the test images of the board
    ROBUST = "robust"  # accuracy on validation images made worse
    PER_PARAMETER = "per-parameter"
    TIME = "time"  # until a goal is reached
    ANSWER = "answer"


@dataclass(frozen=True)
class Question:
    """Something that is asked.

    Attributes:
        kind: how.
        question: in one line.
        choices: of a choice.
        low, high: the range of a number, or of the values of a curve.
        unit: of the number, such as ``%``.
        figure: the figure of the run that the answer is shown beside, or None.
    """

    kind: Kind
    question: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 100.0
    unit: str = ""
    figure: Figure | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        if (self.kind is Kind.CHOICE) != bool(self.choices):
            raise SettingsError(
                "A question with choices is of the kind “choice”, and that kind needs choices."
            )
        if self.kind is Kind.CHOICE and not 2 <= len(self.choices) <= CHOICES:
            raise SettingsError(f"A question has 2 to {CHOICES} choices, not {len(self.choices)}.")
        if len(set(self.choices)) < len(self.choices):
            raise SettingsError("Two choices of a question are the same. Change one.")
        if not self.low < self.high:
            raise SettingsError(
                f"A question's range is from {self.low:g} to {self.high:g}. The first number must "
                "be the smaller one."
            )
        if self.kind is Kind.CURVE and self.figure not in CURVES:
            raise SettingsError(f"A drawn curve is of a figure. Choose one of: {listed(CURVES)}.")

    def check(self, answer: Any) -> str | float | list[float]:
        """Return an answer as it is kept.

        Raises:
            SettingsError: it is none; the sentence says what could be.
        """
        if self.kind is Kind.CHOICE:
            if answer not in self.choices:
                raise SettingsError(f"Choose one of: {', '.join(self.choices)}.")
            return str(answer)
        if self.kind is Kind.NUMBER:
            return self._number(answer)
        if not isinstance(answer, list | tuple) or not 2 <= len(answer) <= 500:
            raise SettingsError("Draw a curve from the first epoch to the last.")
        return [self._number(each) for each in answer]

    def _number(self, value: Any) -> float:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or not self.low <= value <= self.high:
            unit = f" {self.unit}" if self.unit else ""
            raise SettingsError(f"Give a number from {self.low:g} to {self.high:g}{unit}.")
        return float(value)


@dataclass(frozen=True)
class Limits:
    """What a task allows; None for what the server does.

    Attributes:
        epochs: a run.
        runs: a student.
        minutes: a run, by what is expected before it starts.
        images: training images of a run, validation included.
    """

    epochs: int | None = None
    runs: int | None = None
    minutes: float | None = None
    images: int | None = None


@dataclass(frozen=True)
class Counts:
    """What a hand-in is placed by.

    Attributes:
        what: the measure.
        corruption: of ``ROBUST``: a name in ``CORRUPTIONS``, or ``all``.
        goal: of ``TIME`` and ``PER_PARAMETER``: the validation accuracy to reach, 0 to 1.
        question: of ``ANSWER``: what is answered with the hand-in.
        answer: of ``ANSWER``: what is right; a choice, or a number.
        tolerance: by how much a number may be off.
    """

    what: What = What.VALIDATION
    corruption: str = ALL_KINDS
    goal: float | None = None
    question: Question | None = None
    answer: str | float | None = None
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        if self.corruption not in (ALL_KINDS, *CORRUPTIONS):
            known = ", ".join((ALL_KINDS, *CORRUPTIONS))
            raise SettingsError(
                f"There is no corruption {self.corruption[:40]!r}. Choose one of: {known}."
            )
        if self.what is What.TIME and self.goal is None:
            raise SettingsError("Where time counts, name the goal: an accuracy such as 0.85.")
        if (self.what is What.ANSWER) != (self.question is not None):
            raise SettingsError("Where the answer counts, and only there, a question is asked.")
        if self.question is not None:
            if self.question.kind is Kind.CURVE:
                raise SettingsError("A curve is for a guess. Ask for a choice or a number here.")
            if self.answer is None:
                raise SettingsError("Where the answer counts, name the right one: answer = …")
            self.question.check(self.answer)

    @property
    def blind(self) -> bool:
        """Whether hand-ins are placed by the test images, which are closed until the end."""
        return self.what is What.VALIDATION

    @property
    def lower_is_better(self) -> bool:
        """Whether the lowest figure wins."""
        return self.what is What.TIME

    def is_right(self, answer: Any) -> bool:
        """Tell whether an answer to the question is right."""
        if isinstance(self.answer, str) or self.answer is None:
            return bool(answer == self.answer)
        return bool(abs(answer - self.answer) <= self.tolerance + 1e-9)


def check_text(name: str, value: Any, longest: int, *, lines: bool = False) -> str:
    """Return a text as it is kept: trimmed, with plain spaces.

    Args:
        name: what it is, for the sentence.
        value: the text.
        longest: characters.
        lines: whether it may have several.

    Raises:
        SettingsError: it is no text, too long, or more than text.
    """
    if not isinstance(value, str):
        raise SettingsError(f"The {name} is {value!r:.40}, but must be text in quotation marks.")
    if len(value) > longest:
        raise SettingsError(
            f"The {name} has {len(value):,} characters, but may have at most {longest}. Shorten it."
        )
    text = value.replace("\r\n", "\n") if lines else value
    for character in text:
        category = unicodedata.category(character)
        if (category[0] == "C" or category in ("Zl", "Zp")) and not (lines and character in "\n\t"):
            raise SettingsError(
                f"The {name} has a control character (U+{ord(character):04X}), which cannot be "
                "shown. Remove it."
            )
    if found := _MARKUP.search(text):
        raise SettingsError(
            f"The {name} has markup or a link (“{found[0]}”), but is shown as plain text. Write it "
            "in words."
        )
    kept = [" ".join(line.split()) for line in text.split("\n")]
    return "\n".join(kept).strip()


def listed(names: Any) -> str:
    """Return names with commas between."""
    return ", ".join(str(each) for each in names)
