"""Choosing a trained network: the bundled one, or a run that has finished and may be seen."""

import streamlit as st

from core import runs
from core.errors import RunDamaged, RunNotFound
from pages.components.access import may_see, owns, seen
from pages.components.guard import sentences
from pages.components.visitor import visitor_id
from pages.components.wording import STATE_WORDS, dataset_title, label, title_markdown

OFFERED = 200  # of the newest finished runs


def finished_runs(visitor: str, dataset: str | None = None) -> list[runs.Run]:
    """Return the bundled model and the newest finished runs that a visitor may see.

    The visitor's own come before what others share; each newest first.

    Args:
        visitor: the visitor's id.
        dataset: only networks for this data set.
    """
    finished = [
        run
        for run in runs.list_runs()
        if run.state is runs.State.FINISHED and may_see(run, visitor) and _is_for(run, dataset)
    ]
    finished.sort(key=lambda run: not owns(run, visitor))
    bundled = runs.read(runs.BUNDLED)
    first = [bundled] if dataset is None or _is_for(bundled, dataset) else []
    return [*first, *finished[:OFFERED]]


def run_picker(caption: str, dataset: str | None = None) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    If the URL asks for a run that has no finished network, a sentence says so, and the first one
    offered (the bundled model, where it fits) takes its place.

    Args:
        caption: of the choice.
        dataset: offer only networks for this data set.

    Raises:
        RunNotFound: there is none for this data set.
    """
    visitor = visitor_id()
    offered = {run.id: run for run in finished_runs(visitor, dataset)}
    default = next(iter(offered), None)
    asked = st.query_params.get("run", default)
    if asked is not None and asked not in offered:
        with sentences():
            offered[asked] = _finished(asked, visitor, dataset)
    ids = list(offered)
    shown = asked if asked in offered else default
    if shown is None:
        raise RunNotFound(
            f"No network has been trained on {dataset_title(dataset or '')} yet. Train one on the "
            "Train page."
        )
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


def _is_for(run: runs.Run, dataset: str | None) -> bool:
    return dataset is None or (run.config is not None and run.config.dataset == dataset)


def _finished(run_id: str, visitor: str, dataset: str | None) -> runs.Run:
    run = seen(run_id, visitor)
    if run.state is not runs.State.FINISHED:
        raise RunDamaged(
            f"The run “{title_markdown(run)}” has no finished network: its state is "
            f"“{STATE_WORDS[run.state][0].lower()}”. {run.reason or ''} Open it on the Train "
            "page, or choose another here."
        )
    if not _is_for(run, dataset):
        raise RunNotFound(
            f"The run “{title_markdown(run)}” was not trained on {dataset_title(dataset or '')}. "
            "Choose another here."
        )
    return run
