"""Choosing a trained network: the bundled one, or a run that has finished."""

import streamlit as st

from core import runs
from core.errors import RunDamaged
from pages.components.guard import sentences
from pages.components.visitor import visitor_id
from pages.components.wording import STATE_WORDS, label, title

OFFERED = 200  # of the newest finished runs


def run_picker(caption: str) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    If the URL asks for a run that has no finished network, a sentence says so, and the bundled
    model takes its place.
    """
    finished = [run for run in runs.list_runs() if run.state is runs.State.FINISHED]
    visitor = visitor_id()
    # Your own first, then everyone's; each newest first.
    finished.sort(key=lambda run: run.visitor != visitor)
    offered = {run.id: run for run in [runs.read(runs.BUNDLED), *finished[:OFFERED]]}
    asked = st.query_params.get("run", runs.BUNDLED)
    if asked not in offered:
        with sentences():
            offered[asked] = _finished(asked)
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


def _finished(run_id: str) -> runs.Run:
    run = runs.read(run_id)
    if run.state is not runs.State.FINISHED:
        raise RunDamaged(
            f"The run “{title(run)}” has no finished network: its state is "
            f"“{STATE_WORDS[run.state][0].lower()}”. {run.reason or ''} Open it on the Train "
            "page, or choose another here."
        )
    return run
