"""A table of runs with checkboxes, stars and links; it knows nothing of what a run is."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypedDict

import streamlit as st

from core.runs.records import ID
from pages.widgets.shared import register

_RUNS_TABLE = register(__file__, "runs_table")


class Sortable(NamedTuple):
    """Something that the runs can be sorted by: its name, its label, and which way round first.

    Those that are ``shown`` are the table's columns, the first two of which are title and state.
    """

    name: str
    label: str
    largest_first: bool
    shown: bool


class Row(TypedDict):
    """One run, as the browser gets it."""

    id: str
    title: str
    spoken: str
    """The title for those who hear it, different for each run."""
    detail: str
    """A second line under the title."""
    href: str
    state: str
    reason: str | None
    """Why it is in that state, where that needs saying."""
    colour: str
    """Of the state: one of Streamlit's colour names."""
    mine: bool
    """Whether the visitor can give it a star."""
    starred: bool
    cells: list[str]
    """The other columns."""


def runs_table(
    rows: Sequence[Row],
    *,
    columns: Sequence[Sortable],
    chosen: Sequence[str],
    sort: str,
    key: str,
    on_choose: Callable[[list[str]], None],
    on_star: Callable[[dict[str, bool]], None],
    on_sort: Callable[[object], None],
) -> str | None:
    """Show one page of runs; the callbacks run before the script does, as those of widgets.

    Args:
        rows: the runs of this page, in order.
        columns: what they can be sorted by.
        chosen: ids of the runs with a tick, on this page or another.
        sort: the name of what they are sorted by, with a minus before it for largest first.
        key: the element's key.
        on_choose: gets the ids that are chosen now.
        on_star: gets, by id, which runs got a star or lost it.
        on_sort: gets what to sort by, as the browser sent it: it may be anything.

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

    result = _RUNS_TABLE(
        key=key,
        data={
            "rows": list(rows),
            "columns": [{"name": each.name, "label": each.label} for each in columns if each.shown],
            "sorts": [[each.name, each.label, each.largest_first] for each in columns],
            "sort": sort,
            "chosen": list(chosen),
            "known": {name: told(name).get("at") for name in ("chosen", "stars")},
        },
        on_chosen_change=chose,
        on_stars_change=starred,
        on_sort_change=lambda: on_sort(told("sort").get("by")),
        on_opened_change=lambda: None,
    )
    opened = result.opened
    return opened if any(row["id"] == opened for row in rows) else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None
