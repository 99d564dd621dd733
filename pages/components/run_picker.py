"""Choosing a trained network: the bundled one, or a run that has finished and may be seen."""

import streamlit as st

from core import evaluation, runs
from core.errors import RunDamaged
from pages.components.access import may_see, owns, seen
from pages.components.guard import sentences
from pages.components.visitor import visitor_id
from pages.components.wording import STATE_WORDS, label, title_markdown

OFFERED = 200  # of the newest finished runs
NONE = ""  # the id for no run


def run_picker(caption: str) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    If the URL asks for a run that has no finished network, a sentence says so, and the bundled
    model takes its place.
    """
    visitor = visitor_id()
    offered = _offered(visitor)
    asked = st.query_params.get("run", runs.BUNDLED)
    if asked not in offered:
        with sentences():
            offered[asked] = _finished(asked, visitor)
    shown = asked if asked in offered else runs.BUNDLED
    _select(caption, "run", {each: label(run) for each, run in offered.items()}, shown)
    return offered[shown]


def other_picker(caption: str, run: runs.Run, part: str) -> runs.Run | None:
    """Draw the choice of a second run, kept in ``?with=``, and return it, or None for none.

    Args:
        caption: of the choice.
        run: the first one; the second one is another, on the same data set.
        part: what both are looked at on. On the test images only runs are offered whose test set
            is open.
    """
    assert run.config is not None, "a damaged run is compared with none"
    visitor, dataset = visitor_id(), run.config.dataset

    def fits(other: runs.Run) -> bool:
        return (
            other.id != run.id
            and other.config is not None
            and other.config.dataset == dataset
            and (part != evaluation.TEST or other.test_opened)
        )

    offered = {each: other for each, other in _offered(visitor).items() if fits(other)}
    asked = st.query_params.get("with", NONE)
    if asked not in (NONE, run.id, *offered):
        with sentences():
            other = _finished(asked, visitor)
            if fits(other):
                offered[asked] = other
            else:
                st.info(_unfit(other, dataset), icon=":material/compare_arrows:")
    shown = asked if asked in offered else NONE
    titles = {NONE: "–"} | {each: label(other) for each, other in offered.items()}
    _select(caption, "with", titles, shown)
    return offered.get(shown)


def _offered(visitor: str) -> dict[str, runs.Run]:
    """Return the bundled model and the finished runs that may be seen, by id."""
    finished = [
        run
        for run in runs.list_runs()
        if run.state is runs.State.FINISHED and may_see(run, visitor)
    ]
    # Your own first, then what others share; each newest first.
    finished.sort(key=lambda run: not owns(run, visitor))
    return {run.id: run for run in [runs.read(runs.BUNDLED), *finished[:OFFERED]]}


def _select(caption: str, name: str, titles: dict[str, str], shown: str) -> None:
    """Draw the choice of an id, and put another one into the URL."""
    ids = list(titles)
    chosen = st.selectbox(
        caption,
        ids,
        index=ids.index(shown),
        format_func=titles.__getitem__,
        key=f"pick_{name}_{shown}",
    )
    if chosen is not None and chosen != shown:
        st.query_params[name] = chosen
        st.rerun()


def _finished(run_id: str, visitor: str) -> runs.Run:
    run = seen(run_id, visitor)
    if run.state is not runs.State.FINISHED:
        raise RunDamaged(
            f"The run “{title_markdown(run)}” has no finished network: its state is "
            f"“{STATE_WORDS[run.state][0].lower()}”. {run.reason or ''} Open it on the Train "
            "page, or choose another here."
        )
    return run


def _unfit(other: runs.Run, dataset: str) -> str:
    """Say why a finished run cannot be the second one."""
    if other.config is None or other.config.dataset != dataset:
        return (
            f"“{title_markdown(other)}” answered the images of another data set, so the two "
            "cannot be compared."
        )
    return (
        f"The test set of “{title_markdown(other)}” is sealed. Compare with it on the validation "
        "images."
    )
