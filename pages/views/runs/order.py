"""Runs, order: what runs can be sorted by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from core.runs import Run
from pages.views.runs.facts import epochs_done, parameters, seconds
from pages.words import STATE_WORDS, title

NEWEST = "-created"


@dataclass(frozen=True)
class Column:
    """Something that runs can be sorted by.

    Attributes:
        name: in the URL.
        label: on the page.
        value: of a run; None goes last, whichever way it is sorted.
        largest_first: which way round is wanted first.
        shown: whether the table has a column for it.
    """

    name: str
    label: str
    value: Callable[[Run], Any]
    largest_first: bool = True
    shown: bool = True


def _result(name: str) -> Callable[[Run], float | None]:
    return lambda run: getattr(run.told, name) if run.told else None


def _config(name: str) -> Callable[[Run], str | None]:
    return lambda run: getattr(run.config, name) if run.config else None


COLUMNS = {
    column.name: column
    for column in (
        Column("title", "Run", lambda run: title(run).casefold(), largest_first=False),
        Column("state", "State", lambda run: STATE_WORDS[run.state][0], largest_first=False),
        Column("epochs", "Epochs", epochs_done),
        Column("validation", "Validation", _result("val_accuracy")),
        Column("test", "Test", _result("test_accuracy")),
        Column("time", "Time", seconds),
        Column("parameters", "Parameters", parameters),
        Column("created", "Started", lambda run: run.created),
        Column("whose", "Owner", lambda run: run.visitor, largest_first=False),
        Column("dataset", "Data set", _config("dataset"), largest_first=False, shown=False),
        Column(
            "architecture",
            "Architecture",
            _config("architecture"),
            largest_first=False,
            shown=False,
        ),
        Column("starred", "Star", lambda run: run.starred, shown=False),
    )
}


def in_order(listed: Iterable[Run], sort: str) -> list[Run]:
    """Return the runs sorted by a column's name, a minus before it for largest first.

    Runs that are equal there stay in the order in which they were.
    """
    value = COLUMNS[sort.removeprefix("-")].value
    pairs = [(value(run), run) for run in listed]
    known = [pair for pair in pairs if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [run for _, run in known] + [run for found, run in pairs if found is None]


def valid_sort(asked: object) -> str:
    """Return what was asked for if runs can be sorted by it, else the newest first."""
    known = isinstance(asked, str) and asked.removeprefix("-") in COLUMNS
    return str(asked) if known else NEWEST
