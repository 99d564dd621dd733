"""Choosing a trained network: the bundled one, or a run that has finished."""

import streamlit as st

from core import runs
from core.errors import RunDamaged
from pages.components.visitor import visitor_id
from pages.components.wording import STATE_WORDS, label, title

OFFERED = 200  # of the newest finished runs


def run_picker(caption: str) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    Raises:
        RunNotFound: the URL asks for a run that does not exist.
        RunDamaged: the URL asks for one that has no finished network.
    """
    finished = [run for run in runs.list_runs() if run.state is runs.State.FINISHED]
    visitor = visitor_id()
    # Your own first, then everyone's; each newest first.
    finished.sort(key=lambda run: run.visitor != visitor)
    offered = {run.id: run for run in [runs.read(runs.BUNDLED), *finished[:OFFERED]]}
    asked = st.query_params.get("run")
    if asked is not None and asked not in offered:
        run = runs.read(asked)
        if run.state is not runs.State.FINISHED:
            raise RunDamaged(
                f"The run “{title(run)}” has no finished network: its state is "
                f"“{STATE_WORDS[run.state][0].lower()}”. {run.reason or ''} Open it on the Train "
                "page, or choose another there."
            )
        offered[run.id] = run
    ids = list(offered)
    chosen = st.selectbox(
        caption,
        ids,
        index=ids.index(asked) if asked else 0,
        format_func=lambda run_id: label(offered[run_id]),
        key=f"pick_{asked}",
    )
    if chosen is not None and chosen != (asked or runs.BUNDLED):
        st.query_params["run"] = chosen
        st.rerun()
    return offered[chosen or runs.BUNDLED]
