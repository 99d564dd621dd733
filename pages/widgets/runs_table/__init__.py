"""The table of runs: which are listed, in which order, and the component that shows them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from core import architectures, datasets, runs
from core.errors import RunDamaged
from core.runs import COMMAND_LINE, Run, State
from core.runs.records import ID
from pages.session.access import owns
from pages.widgets.shared import register
from pages.widgets.table import csv_text
from pages.words import STATE_WORDS, ago, dataset_title, duration, percent, title

ALL, MINE, SHARED = "All", "Yours", "Shared"
NEWEST = "-created"
SEALED = "sealed"

CSV_COLUMNS = (
    "run",
    "name",
    "starred",
    "state",
    "dataset",
    "architecture",
    "optimizer",
    "learning_rate",
    "batch_size",
    "seed",
    "epochs",
    "epochs_planned",
    "val_accuracy",
    "test_set",
    "test_accuracy",
    "test_loss",
    "seconds",
    "parameters",
    "started",
    "whose",
)

_RUNS_TABLE = register(__file__, "runs_table")


@dataclass(frozen=True)
class Filters:
    """What a run has to be to be listed; what is empty does not matter.

    Attributes:
        text: words that are all in its name, settings, state or id.
        state, dataset, architecture: as the run has them.
        whose: ``ALL``, ``MINE``, or ``SHARED`` for what others let everyone see.
        starred: whether only runs with a star.
    """

    text: str = ""
    state: str = ""
    dataset: str = ""
    architecture: str = ""
    whose: str = ALL
    starred: bool = False

    def matching(self, listed: Iterable[Run], visitor: str) -> list[Run]:
        """Return the runs that are so, in the same order."""
        words = self.text.casefold().split()
        return [run for run in listed if self._fits(run, visitor, words)]

    def _fits(self, run: Run, visitor: str, words: list[str]) -> bool:
        config = run.config
        return (
            (not self.state or run.state == self.state)
            and (not self.dataset or (config is not None and config.dataset == self.dataset))
            and (
                not self.architecture
                or (config is not None and config.architecture == self.architecture)
            )
            and (self.whose == ALL or owns(run, visitor) == (self.whose == MINE))
            and (run.starred or not self.starred)
            and (not words or all(word in _haystack(run) for word in words))
        )


def _haystack(run: Run) -> str:
    words = f"{title(run)} {detail(run)} {STATE_WORDS[run.state][0]} {run.id}"
    return words.casefold()


def detail(run: Run) -> str:
    """Return the second line of a run: what its title does not say."""
    if run.config is None:
        return run.reason or ""
    architecture = architectures.find(run.config.architecture).title
    dataset = dataset_title(run.config.dataset)
    named = run.name or runs.is_bundled(run.id)
    words = [f"{architecture} on {dataset}"] if named else []
    recipe = run.config.recipe
    words.append(f"learning rate {recipe.learning_rate:g}, batch {recipe.batch_size}")
    if run.config.limit:
        words.append(f"{run.config.limit:,} images")
    return " · ".join(words)


def whose(run: Run, visitor: str) -> str:
    """Say whose a run is."""
    if owns(run, visitor):
        return "You, shared" if run.shared else "You"
    if runs.is_bundled(run.id):
        return "The app"
    return {COMMAND_LINE: "Command line", "": "Unknown"}.get(run.visitor, "Shared")


def epochs_done(run: Run) -> int:
    """Return the complete epochs of a run, as far as it has told."""
    if run.result is not None:
        return run.result.epochs
    return int(run.heartbeat.epoch) if run.heartbeat else 0


def seconds(run: Run) -> float | None:
    """Return how long processes have worked on a run; None if none has."""
    if run.result is not None:
        return run.result.seconds
    return run.heartbeat.seconds if run.heartbeat else None


def test_set(run: Run) -> str | None:
    """Say whether the test set of a run was opened or is sealed; None if it has no test results."""
    if run.result is None or run.result.test_accuracy is None:
        return None
    return "opened" if run.test_opened else SEALED


def parameters(run: Run) -> int | None:
    """Return the number of parameters of a run's network, or of its networks."""
    if run.config is None:
        return None
    each = _parameters(run.config.architecture, run.config.dataset, run.config.width)
    return each * (run.result.networks if run.result else 1)


@lru_cache(maxsize=256)
def _parameters(architecture: str, dataset: str, width: float) -> int:
    spec = datasets.find(dataset)
    network = architectures.find(architecture).sized(width, None)
    return network.parameters(spec.shape, len(spec.classes))


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
        Column("whose", "Whose", lambda run: run.visitor, largest_first=False),
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


def to_csv(listed: Iterable[Run], visitor: str) -> str:
    """Return the runs as CSV, one line a run, numbers as numbers."""
    return csv_text(CSV_COLUMNS, (_values(run, visitor) for run in listed))


def _values(run: Run, visitor: str) -> list[Any]:
    config, result = run.config, run.told
    recipe = config.recipe if config else None
    return [
        run.id,
        title(run),
        int(run.starred),
        run.state,
        *(getattr(config, name, None) for name in ("dataset", "architecture")),
        *(getattr(recipe, name, None) for name in ("optimizer", "learning_rate", "batch_size")),
        getattr(config, "seed", None),
        epochs_done(run),
        getattr(recipe, "epochs", None),
        getattr(result, "val_accuracy", None),
        test_set(run),
        *(getattr(result, name, None) for name in ("test_accuracy", "test_loss")),
        seconds(run),
        parameters(run),
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.created)),
        whose(run, visitor),
    ]


def runs_table(
    listed: Sequence[Run],
    *,
    visitor: str,
    chosen: Sequence[str],
    sort: str,
    key: str,
    on_choose: Callable[[list[str]], None],
    on_star: Callable[[dict[str, bool]], None],
    on_sort: Callable[[str], None],
) -> str | None:
    """Show one page of runs; the callbacks run before the script does, as those of widgets.

    Args:
        listed: the runs of this page, in order.
        visitor: whose stars can be pressed.
        chosen: ids of the runs with a tick, on this page or another.
        sort: what they are sorted by.
        key: the element's key.
        on_choose: gets the ids that are chosen now.
        on_star: gets, by id, which runs got a star or lost it.
        on_sort: gets what to sort by.

    Returns:
        The id of the run that was opened in this rerun, None in every other one.
    """

    def told(name: str) -> Any:
        # What the browser sends may be anything.
        value = (st.session_state.get(key) or {}).get(name)
        return value if isinstance(value, dict) else {}

    def chose() -> None:
        ids = told("chosen").get("ids")
        if isinstance(ids, list):
            on_choose([each for each in ids if _is_id(each)])

    def starred() -> None:
        marks = told("stars").get("marks")
        if isinstance(marks, dict):
            on_star({each: mark is True for each, mark in marks.items() if _is_id(each)})

    shown = [column for column in COLUMNS.values() if column.shown]
    result = _RUNS_TABLE(
        key=key,
        data={
            "rows": [_row(run, visitor) for run in listed],
            "columns": [{"name": column.name, "label": column.label} for column in shown],
            "sorts": [
                [column.name, column.label, column.largest_first] for column in COLUMNS.values()
            ],
            "sort": sort,
            "chosen": list(chosen),
            "known": {name: told(name).get("at") for name in ("chosen", "stars")},
        },
        on_chosen_change=chose,
        on_stars_change=starred,
        on_sort_change=lambda: on_sort(valid_sort(told("sort").get("by"))),
        on_opened_change=lambda: None,
    )
    opened = result.opened
    return opened if any(run.id == opened for run in listed) else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _row(run: Run, visitor: str) -> dict[str, Any]:
    word, colour, _ = STATE_WORDS[run.state]
    result = run.told
    validation = result.val_accuracy if result else _so_far(run)
    planned, done = run.config.recipe.epochs if run.config else 0, epochs_done(run)
    took, count = seconds(run), parameters(run)
    return {
        "id": run.id,
        "title": title(run),
        # For those who hear it, as several runs may have the same title.
        "spoken": f"{title(run)}, {ago(run.created)}",
        "detail": detail(run),
        "href": f"train?run={run.id}",
        "state": "Stopping" if run.stopping else word,
        "reason": run.reason,
        "colour": colour,
        "mine": owns(run, visitor),
        "starred": run.starred,
        "cells": [
            f"{done} of {planned}" if done < planned else str(done),
            percent(validation, 2),
            SEALED
            if test_set(run) == SEALED
            else percent(result.test_accuracy if result else None, 2),
            "–" if took is None else duration(took),
            "–" if count is None else f"{count:,}",
            ago(run.created),
            whose(run, visitor),
        ],
    }


def _so_far(run: Run) -> float | None:
    """Return the latest validation accuracy of a run that has not ended."""
    if run.heartbeat is None or run.state is State.DAMAGED:
        return None
    try:
        found = runs.read_curves(run.folder).epochs["val_accuracy"]
    except RunDamaged:
        return None
    return found[-1] if found else None
