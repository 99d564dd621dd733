"""Choosing a trained network: a bundled one, or that of a run that may be seen."""

import streamlit as st

from core import evaluation, runs
from core.errors import RunDamaged, RunNotFound
from core.runs.access import may_see, owns, seen
from pages.session.guard import sentences
from pages.session.person import circle
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.visitor import visitor_id
from pages.words import STATE_WORDS, dataset_title, title_markdown
from pages.words.telling import labels

OFFERED = 200  # of the newest runs with a network
NONE = ""  # the id for no run


def usable_runs(visitor: str, dataset: str | None = None) -> list[runs.Run]:
    """Return the bundled models and the newest runs with a network that a visitor may see.

    A run that was stopped or paused after an epoch has one, too.

    The visitor's own come before what others share; each newest first.

    Args:
        visitor: the visitor's id.
        dataset: only networks for this data set.
    """
    finished = [
        run
        for run in runs.list_runs()
        if run.network is not None and may_see(run, visitor) and _is_for(run, dataset)
    ]
    finished.sort(key=lambda run: not owns(run, visitor))
    # The first is offered even if damaged: what there is to do about it is said where it is used.
    bundled = [
        run
        for run in runs.list_bundled()
        if (run.id == runs.BUNDLED or run.network is not None) and _is_for(run, dataset)
    ]
    return [*bundled, *finished[:OFFERED]]


def finished_runs(visitor: str, dataset: str | None = None) -> list[runs.Run]:
    """Return those of ``usable_runs`` that came to their end, and so have kept all answers."""
    return [run for run in usable_runs(visitor, dataset) if not run.unfinished]


def run_picker(
    caption: str, dataset: str | None = None, notes: DeltaGenerator | None = None
) -> runs.Run:
    """Draw the choice, kept in ``?run=``, and return the run.

    If the URL asks for a run that has no finished network, a sentence says so, and the first one
    offered (the bundled model, where it fits) takes its place.

    Args:
        caption: of the choice.
        dataset: offer only networks for this data set.
        notes: where a sentence has room, if not here.

    Raises:
        RunNotFound: there is none for this data set.
    """
    visitor = visitor_id()
    offered = {run.id: run for run in usable_runs(visitor, dataset)}
    default = next(iter(offered), None)
    asked = st.query_params.get("run", default)
    if asked is not None and asked not in offered:
        with notes or st.container(), sentences():
            offered[asked] = _usable(asked, visitor, dataset)
    shown = asked if asked in offered else default
    if shown is None:
        raise RunNotFound(
            f"No network has been trained on {dataset_title(dataset or '')} yet. Train one on the "
            "Train page."
        )
    if shown != asked:
        with notes or st.container():
            st.caption(f"What you see instead is “{title_markdown(offered[shown])}”.")
    _select(caption, "run", labels(list(offered.values())), shown)
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
            and _is_for(other, dataset)
            and (part != evaluation.TEST or other.test_opened)
        )

    offered = {other.id: other for other in usable_runs(visitor, dataset) if fits(other)}
    asked = st.query_params.get("with", NONE)
    above, below = st.container(), st.container()
    if asked not in (NONE, run.id, *offered):
        with below, sentences():
            other = _usable(asked, visitor, None)
            if fits(other):
                offered[asked] = other
            else:
                st.caption(f":material/info: {_unfit(other, dataset)}")
    shown = asked if asked in offered else NONE
    titles = {NONE: "–"} | labels(list(offered.values()))
    with above:
        _select(caption, "with", titles, shown)
    return offered.get(shown)


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


def _is_for(run: runs.Run, dataset: str | None) -> bool:
    return dataset is None or (run.config is not None and run.config.dataset == dataset)


def _usable(run_id: str, visitor: str, dataset: str | None) -> runs.Run:
    run = seen(run_id, visitor, circle())
    if run.network is None:
        raise RunDamaged(
            f"The run “{title_markdown(run)}” has no network yet: it is "
            f"{STATE_WORDS[run.state][0].lower()}. {run.reason or ''} Open it on the Train "
            "page, or choose another here."
        )
    if not _is_for(run, dataset):
        raise RunNotFound(
            f"The run “{title_markdown(run)}” was not trained on {dataset_title(dataset or '')}. "
            "Choose another here."
        )
    return run


def _unfit(other: runs.Run, dataset: str) -> str:
    """Say why a finished run cannot be the second one."""
    if not _is_for(other, dataset):
        return (
            f"“{title_markdown(other)}” answered the images of another data set, so the two "
            "cannot be compared."
        )
    return (
        f"The test set of “{title_markdown(other)}” is sealed. Compare with it on the validation "
        "images."
    )
