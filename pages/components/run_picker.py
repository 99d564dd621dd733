"""Choosing a trained network: the bundled one, or a run that has finished and may be seen."""

import streamlit as st

from core import runs
from core.errors import RunDamaged
from pages.components.access import may_see, owns, seen
from pages.components.guard import sentences
from pages.components.visitor import visitor_id
from pages.components.wording import STATE_WORDS, label, title_markdown

OFFERED = 200  # of the newest finished runs


def run_picker(caption: str) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    If the URL asks for a run that has no finished network, a sentence says so, and the bundled
    model takes its place.
    """
    visitor = visitor_id()
    finished = [
        run
        for run in runs.list_runs()
        if run.state is runs.State.FINISHED and may_see(run, visitor)
    ]
    # Your own first, then what others share; each newest first.
    finished.sort(key=lambda run: not owns(run, visitor))
    offered = {run.id: run for run in [runs.read(runs.BUNDLED), *finished[:OFFERED]]}
    asked = st.query_params.get("run", runs.BUNDLED)
    if asked not in offered:
        with sentences():
            offered[asked] = _finished(asked, visitor)
    ids = list(offered)
    shown = asked if asked in offered else runs.BUNDLED
    chosen = st.selectbox(
        caption,
        ids,
        index=ids.index(shown),
        format_func=lambda run_id: label(offered[run_id]),
        key=f"pick_{shown}",
    )
    if chosen is not None and chosen != shown:
        st.query_params["run"] = chosen
        st.rerun()
    return offered[shown]


def _finished(run_id: str, visitor: str) -> runs.Run:
    run = seen(run_id, visitor)
    if run.state is not runs.State.FINISHED:
        raise RunDamaged(
            f"The run “{title_markdown(run)}” has no finished network: its state is "
            f"“{STATE_WORDS[run.state][0].lower()}”. {run.reason or ''} Open it on the Train "
            "page, or choose another here."
        )
    return run
