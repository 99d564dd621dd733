"""The parts of a task as TOML has them, read with a sentence for each kind of nonsense."""

import math
from dataclasses import fields
from enum import StrEnum
from typing import Any

from core.architectures.settings import Setting
from core.classroom.questions import (
    Counts,
    Figure,
    Kind,
    Limits,
    Question,
    What,
    check_text,
    listed,
)
from core.errors import SettingsError

TITLE, SENTENCE, TEXT = 80, 200, 600  # characters that a title, a question of one line, a text have


def table(what: str, values: Any, known: set[str]) -> dict[str, Any]:
    """Return a table all of whose keys are known.

    Raises:
        SettingsError: it is no such thing; the sentence says what would be.
    """
    if not isinstance(values, dict):
        raise SettingsError(f"“{what}” must be a table: write [{what}] on a line of its own.")
    for name in values:
        if name not in known:
            raise SettingsError(
                f"The {what if what == 'task' else f'table [{what}]'} has the unknown key "
                f"{name[:40]!r}. Known are: {', '.join(sorted(known))}."
            )
    return values


def names(what: str, value: Any) -> tuple[str, ...]:
    """Return a list of words.

    Raises:
        SettingsError: it is no such thing; the sentence says what would be.
    """
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsError(f'“{what}” must be a list of names, such as ["learning_rate"].')
    return tuple(value)


def _number(what: str, value: Any, low: float, high: float, *, whole: bool = False) -> Any:
    right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not right or not (math.isfinite(value) and low <= value <= high):
        kind = "whole number" if whole else "number"
        raise SettingsError(
            f"“{what}” is {value!r:.40}, but must be a {kind} from {low:g} to {high:g}."
        )
    return value


def _one_of(what: str, value: Any, kind: type[StrEnum]) -> Any:
    if not isinstance(value, str) or value not in kind.__members__.values():
        raise SettingsError(f"“{what}” is {value!r:.40}. Choose one of: {listed(kind)}.")
    return kind(value)


def limits(values: Any) -> Limits:
    """Return what a table [limits] allows.

    Raises:
        SettingsError: it is no such thing; the sentence says what would be.
    """
    values = table("limits", values, {each.name for each in fields(Limits)})
    most = {
        "epochs": (500, True),
        "runs": (1_000, True),
        "minutes": (10_000, False),
        "images": (10**9, True),
    }
    for name, value in values.items():
        high, whole = most[name]
        _number(f"limits.{name}", value, 1 if whole else 0.1, high, whole=whole)
    return Limits(**values)


def question(what: str, values: Any) -> Question:
    """Return what a table such as [guess] asks.

    Raises:
        SettingsError: it is no such thing; the sentence says what would be.
    """
    values = dict(table(what, values, {each.name for each in fields(Question)}))
    for name in ("kind", "question"):
        if name not in values:
            raise SettingsError(f"The table [{what}] lacks “{name}”.")
    values["kind"] = _one_of(f"{what}.kind", values["kind"], Kind)
    values["question"] = check_text(f"{what}.question", values["question"], SENTENCE)
    if "choices" in values:
        choices = names(f"{what}.choices", values["choices"])
        values["choices"] = tuple(check_text(f"{what}.choices", each, TITLE) for each in choices)
    for name in ("low", "high"):
        if name in values:
            values[name] = float(_number(f"{what}.{name}", values[name], -1e9, 1e9))
    if "unit" in values:
        values["unit"] = check_text(f"{what}.unit", values["unit"], 30)
    if "figure" in values:
        values["figure"] = _one_of(f"{what}.figure", values["figure"], Figure)
    return Question(**values)


def counts(values: Any) -> Counts:
    """Return what a table [counts] counts.

    Raises:
        SettingsError: it is no such thing; the sentence says what would be.
    """
    values = dict(table("counts", values, {each.name for each in fields(Counts)}))
    values["what"] = _one_of("counts.what", values.get("what", What.VALIDATION), What)
    if "corruption" in values:
        values["corruption"] = check_text("counts.corruption", values["corruption"], 40)
    if "goal" in values:
        values["goal"] = float(_number("counts.goal", values["goal"], 0.0, 1.0))
    if "question" in values:
        values["question"] = question("counts.question", values["question"])
    if "answer" in values and isinstance(values["answer"], str):
        values["answer"] = check_text("counts.answer", values["answer"], TITLE)
    elif "answer" in values:
        values["answer"] = float(_number("counts.answer", values["answer"], -1e9, 1e9))
    if "tolerance" in values:
        values["tolerance"] = float(_number("counts.tolerance", values["tolerance"], 0, 1e9))
    return Counts(**values)


def plain(part: Any) -> dict[str, Any]:
    """Return what differs from the defaults, and what has none, for TOML."""
    values: dict[str, Any] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        if value == each.default:
            continue
        if isinstance(value, Question):
            values[each.name] = plain(value)
        elif isinstance(value, StrEnum):
            values[each.name] = str(value)
        else:
            values[each.name] = list(value) if isinstance(value, tuple) else value
    return values


def to_toml(setting: Setting | None, value: Any) -> Any:
    """Return a value as TOML has it: None is the word for it, such as "all"."""
    if value is None and setting is not None:
        return setting.special.get(None, "none")
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


def from_toml(setting: Setting | None, value: Any) -> Any:
    """Return a value of TOML as Python has it: the word for None is None."""
    if isinstance(value, str) and setting is not None and value == setting.special.get(None):
        return None
    return value
