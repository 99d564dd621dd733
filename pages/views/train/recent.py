"""The visitor's latest runs, any of which can be opened again; the Runs page has them all."""

import contextlib
from collections.abc import Mapping

import streamlit as st

from core import architectures, datasets, jobs, runs
from core.architectures import DEFAULT
from core.errors import RunNotFound
from core.runs.access import owns
from pages.session.ticking import watching
from pages.session.visitor import visitor_id
from pages.words import STATE_WORDS, about, ago, count, percent, title_markdown
from pages.words.settings import changed_line

SHOWN = 8
WATCH = 2.0  # seconds between two looks at the runs that are active


def run_list(opened: str | None) -> None:
    """Draw the list; ``opened`` is the id of the run that is shown above it."""
    every, visitor = runs.list_runs(), visitor_id()
    mine = [run for run in every if owns(run, visitor)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Your latest runs", anchor=False, width="stretch")
        if every:
            st.page_link(
                "pages/runs.py",
                label="All runs: find, compare, share",
                icon=":material/table_rows:",
            )
    if not mine:
        st.info(
            f"You have no runs yet. Press Train: the first one takes {_first()}.",
            icon=":material/school:",
        )
    with st.container(key="latest_runs"):
        for run in mine[:SHOWN]:
            _row(run, is_open=run.id == opened)
    active = {run.id: run.state for run in mine[:SHOWN] if run.state.active}
    if active:
        watching(_watch, WATCH)(active)


def _first() -> str:
    """Say how long a run takes here with the settings that the page begins with."""
    spec, architecture = next(iter(datasets.DATASETS.values())), architectures.find(DEFAULT)
    recipe = architecture.recipe_for(spec.name)
    config = runs.TrainingConfig(spec.name, architecture.name, recipe)
    return about(jobs.expected_seconds(config))


def _watch(drawn: Mapping[str, runs.State]) -> None:
    """Draw the page anew when a run is in another state than the list says."""
    now = {}
    for run_id in drawn:
        with contextlib.suppress(RunNotFound):
            now[run_id] = runs.read(run_id).state
    if now != drawn:
        st.rerun()


def _row(run: runs.Run, *, is_open: bool) -> None:
    word, color, icon = STATE_WORDS[run.state]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
        with st.container(width="stretch", gap=None):
            st.markdown(f"**{title_markdown(run)}**")
            st.caption(_line(run))
        st.button(
            "Open",
            key=f"open_{run.id}",
            disabled=is_open,
            on_click=_open,
            args=(run.id,),
        )


def _line(run: runs.Run) -> str:
    words = [ago(run.created)]
    if run.config is not None:
        epochs = count(run.config.recipe.epochs, "epoch")
        words.append(epochs if run.state is runs.State.FINISHED else f"{epochs} planned")
        changed = changed_line(run.config, without=("epochs",))
        if changed:
            words.append(changed)
    result = run.told
    if result is not None and result.test_accuracy is not None:
        words.append(f"test accuracy {percent(result.test_accuracy, 2)}")
    elif result is not None and result.val_accuracy is not None:
        words.append(f"validation accuracy {percent(result.val_accuracy, 2)}")
    if run.reason:
        words.append(run.reason)
    return " · ".join(words)


def _open(run_id: str) -> None:
    st.query_params["run"] = run_id
