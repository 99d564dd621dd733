"""A calculation in the background: a button that says what it costs, progress, and its result."""

from pathlib import Path

import streamlit as st

from core.runs import Run
from core.runs.access import owns
from core.tasks import pool as tasks
from core.tasks.pool import TaskState
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.words import duration

TICK = 1.0  # seconds between two looks at a task that is active


def task(kind: str, run: Run, *, title: str, explanation: str) -> Path | None:
    """Return the file with the result of a task, or draw what it takes to get one.

    When the result is there, the page is drawn anew, once.

    Args:
        kind: of the task, see ``core.tasks.worker.KINDS``.
        run: a run that the visitor may see.
        title: what the result is called.
        explanation: what is worked out and how long it takes, in a sentence or two.
    """
    path = tasks.result(kind, run)
    if path is None:
        active = _active(tasks.look(kind, run))
        view = st.fragment(_view, run_every=TICK if active else None)
        view(kind, run, title, explanation, active)
    return path


def _active(state: TaskState) -> bool:
    return state.phase in ("waiting", "working")


def _view(kind: str, run: Run, title: str, explanation: str, was_active: bool) -> None:
    with sentences():
        state = tasks.look(kind, run)
        if state.phase == "done" or _active(state) != was_active:
            st.rerun()  # the whole page: with the result, or to begin or end the ticking
        visitor = visitor_id()
        with st.container(border=True):
            st.markdown(f"**{title}**")
            st.markdown(explanation)
            if _active(state):
                st.progress(state.share, text=_progress(state))
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


def _progress(state: TaskState) -> str:
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
