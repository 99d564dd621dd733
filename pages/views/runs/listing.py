"""Runs, list: one page of the table, its pages and its file."""

from collections.abc import Sequence

import streamlit as st

from core import runs
from core.errors import AtelierError
from core.runs import Run
from core.runs.access import owns
from pages.session.ticking import watching
from pages.views.runs.address import choose, each_own, first_page
from pages.views.runs.facts import (
    SEALED,
    detail,
    epochs_done,
    parameters,
    seconds,
    test_set,
    whose,
)
from pages.views.runs.order import COLUMNS, valid_sort
from pages.views.runs.spreadsheet import to_csv
from pages.widgets.runs_table import Row, Sortable, runs_table
from pages.words import STATE_WORDS, ago, duration, percent, title

PAGE = 20  # runs
WATCH = 2.0  # seconds between two looks at the active runs that are listed


def listing(found: Sequence[Run], chosen: Sequence[Run], sort: str, visitor: str) -> None:
    """Draw the runs that were found, a page at a time; a run that is pressed opens on Train.

    Args:
        found: the runs, in order.
        chosen: those with a tick, on this page or another.
        sort: what they are sorted by.
        visitor: whose runs can get a star.
    """
    pages = -(-len(found) // PAGE)
    place, below = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with below:
        page = 1
        if pages > 1:
            if st.session_state.get("runs_page", 1) > pages:
                st.session_state["runs_page"] = pages  # what was on the last page is deleted
            page = st.pagination(pages, key="runs_page", bind="query-params")
        st.caption(f"{len(found):,} {'run' if len(found) == 1 else 'runs'}")
        st.space("stretch")
        st.download_button(
            "CSV",
            lambda: to_csv(found, visitor),
            "runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="All matching runs, as CSV.",
        )
    shown = found[(page - 1) * PAGE : page * PAGE]
    with place:
        opened = runs_table(
            [_row(run, visitor) for run in shown],
            columns=[
                Sortable(each.name, each.label, each.largest_first, each.shown)
                for each in COLUMNS.values()
            ],
            chosen=[run.id for run in chosen],
            sort=sort,
            key="table",
            on_choose=choose,
            on_star=_star,
            on_sort=_sort,
        )
    if opened:
        st.switch_page("pages/train.py", query_params={"run": opened})
    active = tuple(run.id for run in shown if run.state.active)
    if active:
        watching(_watch, WATCH)(active, _progress(active))


def _row(run: Run, visitor: str) -> Row:
    word, colour, _ = STATE_WORDS[run.state]
    planned, done = run.config.recipe.epochs if run.config else 0, epochs_done(run)
    took, count = seconds(run), parameters(run)
    test = SEALED
    if test_set(run) != SEALED:
        test = percent(run.told.test_accuracy if run.told else None, 2)
    return {
        "id": run.id,
        "title": title(run),
        # For those who hear it, as several runs may have the same title.
        "spoken": f"{title(run)}, {detail(run)}, {ago(run.created)}",
        "detail": detail(run),
        "href": f"train?run={run.id}",
        "state": "Stopping" if run.stopping else word,
        "reason": run.reason,
        "colour": colour,
        "mine": owns(run, visitor),
        "starred": run.starred,
        "cells": [
            f"{done} of {planned}" if done < planned else str(done),
            percent(runs.validation_so_far(run), 2),
            test,
            "–" if took is None else duration(took),
            "–" if count is None else f"{count:,}",
            ago(run.created),
            whose(run, visitor),
        ],
    }


def _star(marks: dict[str, bool]) -> None:
    each_own(list(marks), lambda run: runs.annotate(run.id, starred=marks[run.id]))


def _sort(asked: object) -> None:
    st.query_params["sort"] = valid_sort(asked)
    first_page()


def _progress(ids: Sequence[str]) -> list[tuple[str, int] | None]:
    """Return what is looked at in active runs to tell whether the table is still right."""
    found: list[tuple[str, int] | None] = []
    for run_id in ids:
        try:
            run = runs.read(run_id)
        except AtelierError:
            found.append(None)
            continue
        found.append((run.state, int(run.heartbeat.epoch) if run.heartbeat else 0))
    return found


def _watch(ids: Sequence[str], before: list[tuple[str, int] | None]) -> None:
    """Draw the page anew when an active run of the table has done an epoch or ended."""
    if _progress(ids) != before:
        st.rerun()
