"""A calculation in the background: a button that says what it costs, progress, and its result."""

from pathlib import Path

import streamlit as st

from core.runs import Run
from core.runs.access import owns
from core.tasks import pool as tasks
from core.tasks.kinds import KINDS
from core.tasks.pool import TaskState
from pages.session.guard import sentences
from pages.session.ticking import ticking
from pages.session.visitor import visitor_id
from pages.words import duration, title_markdown

TICK = 1.0  # seconds between two looks at a task that is active


def task(kind: str, run: Run) -> Path | None:
    """Return the file with the result of a task, or draw what it takes to get one.

    When the result is there, the page is drawn anew, once.

    Args:
        kind: of the task, see ``core.tasks.kinds.KINDS``.
        run: a run that the visitor may see.
    """
    path = tasks.result(kind, run)
    if path is None:
        ticking(_view, lambda: TICK if is_active(tasks.look(kind, run)) else None)(kind, run)
    return path


def _with_network(words: str, run: Run) -> str:
    return words.replace("{network}", title_markdown(run))


def is_active(state: TaskState) -> bool:
    """Tell whether a task waits or works."""
    return state.phase in ("waiting", "working")


def _view(kind: str, run: Run) -> None:
    with sentences():
        state = tasks.look(kind, run)
        if state.phase == "done":
            st.rerun()  # the whole page, with the result
        visitor = visitor_id()
        with st.container(border=True):
            st.markdown(f"**{_with_network(KINDS[kind].title, run)}**")
            st.markdown(_with_network(KINDS[kind].explanation(run), run))
            if is_active(state):
                st.progress(state.share, text=progress_words(state))
                if visitor == state.visitor or owns(run, visitor):
                    if st.button("Stop", icon=":material/stop:", key=f"stop_{kind}_{run.id}"):
                        tasks.stop(kind, run)
                        st.rerun()
                else:
                    st.caption("Started by someone else; the result appears here.")
                return
            if state.phase == "failed":
                st.error(
                    state.reason or "The calculation failed. Start it again.",
                    icon=":material/error:",
                )
            elif state.phase == "stopped":
                st.caption("Stopped. Nothing was kept.")
            label = "Start" if state.phase == "none" else "Start again"
            if st.button(
                label, icon=":material/play_arrow:", type="primary", key=f"start_{kind}_{run.id}"
            ):
                tasks.start(kind, run, visitor)
                st.rerun()


def progress_words(state: TaskState) -> str:
    """Say how far an active task is."""
    if state.phase == "waiting":
        before = state.position or 0
        if not before:
            return "Waiting: next in line."
        return (
            f"Waiting: {before:,} {'calculation goes' if before == 1 else 'calculations go'} first."
        )
    if not state.share:
        return "Loading the network; this takes a few seconds."
    words = f"{100 * state.share:.0f} % done"
    return words if state.seconds_left is None else f"{words} · {duration(state.seconds_left)} left"
