"""Two to six runs compared: curves on the same axes, figures, settings, and a paired test."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core import datasets, evaluation
from core.errors import RunDamaged
from core.evaluation import Answers
from core.runs import Run, State
from core.runs.access import seen
from pages.session import data
from pages.session.guard import sentences
from pages.views.runs.compare_tables import (
    figures_of,
    figures_table,
    settings_table,
)
from pages.widgets.choice import choice
from pages.widgets.compare_chart import Across, Line, compare_chart
from pages.widgets.facts_table import Heads
from pages.widgets.interval_plot import interval_plots
from pages.widgets.table import csv_button
from pages.words import STATE_WORDS, title_markdown
from pages.words.comparison import NONE_IN_COMMON, paired_words
from pages.words.telling import told_apart

LETTERS = "ABCDEF"
MOST = len(LETTERS)
TICK = 1.0  # seconds between two looks at runs that are active
SMOOTHING = 0.6  # TensorBoard's

TITLES = {Across.EPOCHS: "Epochs", Across.IMAGES: "Images seen", Across.SECONDS: "Seconds"}
LINE_TITLES = {Line.VALIDATION: "Validation", Line.TRAINING: "Training"}


def comparison(asked: Sequence[str], visitor: str, *, on_back: Callable[[], None]) -> None:
    """Compare the runs with these ids; those that cannot be shown become a sentence each."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Comparison", anchor=False, width="stretch")
        st.button("All runs", icon=":material/arrow_back:", on_click=on_back)
    st.caption("The address of this page is a link to this comparison.")
    compared = []
    for run_id in asked[:MOST]:
        with sentences():
            compared.append(_comparable(run_id, visitor))
    if len(asked) > MOST:
        st.warning(
            f"The link names {len(asked)} runs. The first {MOST} are compared: more lines than "
            "that nobody can tell apart.",
            icon=":material/filter_6:",
        )
    if not compared:
        return
    if len(compared) == 1:
        st.info(
            "This is one run only. Go to all runs and choose another one to compare it with.",
            icon=":material/compare_arrows:",
        )
    heads = _heads(compared)
    across, lines, smoothing = _controls()
    active = any(run.state.active for run in compared)
    ids = [run.id for run in compared]
    live = st.fragment(_live, run_every=TICK if active else None)
    live(ids, visitor, heads, across, lines, smoothing, active)
    if len(compared) == 2:
        with st.container(border=True):
            _paired(compared, heads)
    if len(compared) > 1:
        with st.container(border=True):
            _settings(compared, heads)


def _comparable(run_id: str, visitor: str) -> Run:
    run = seen(run_id, visitor)
    if run.config is None:
        raise RunDamaged(f"The run {run.id} cannot be shown: {run.reason}")
    return run


def _heads(compared: Sequence[Run]) -> Heads:
    """Return a letter and a title for each run, the titles all different."""
    return list(zip(LETTERS, told_apart(compared), strict=False))


def _controls() -> tuple[Across, list[Line], float]:
    """Draw what the chart shows; all of it is in the URL."""
    left, middle, right = st.columns([4, 3, 3], vertical_alignment="bottom")
    with left:
        across = choice("Over", {each: TITLES[each] for each in Across}, "x")
    with middle:
        lines = st.pills(
            "Curves",
            list(Line),
            selection_mode="multi",
            default=list(Line),
            format_func=LINE_TITLES.__getitem__,
            key="lines",
            bind="query-params",
            help="Validation is drawn solid, training dashed.",
        )
    with right:
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            SMOOTHING,
            0.01,
            key="smoothing",
            bind="query-params",
            help="How much of what came before a moving average keeps (exponential, debiased). "
            "The curve as measured stays faint behind it.",
        )
    chosen = [line for line in Line if line in lines]
    return across, chosen or list(Line), smoothing


def _live(
    ids: Sequence[str],
    visitor: str,
    heads: Heads,
    across: Across,
    lines: Sequence[Line],
    smoothing: float,
    was_active: bool,
) -> None:
    """Draw what grows while runs are trained: the chart and the figures."""
    with sentences():
        compared = [_comparable(run_id, visitor) for run_id in ids]
        if was_active and not any(run.state.active for run in compared):
            st.rerun()  # ends the fragment's ticking, and the test may be possible now
        shown = list(zip(heads, compared, strict=True))
        with st.container(border=True):
            compare_chart(
                [(letter, run, f"{name}{_state(run)}") for (letter, name), run in shown],
                across=across,
                lines=lines,
                smoothing=smoothing,
                key="compare_chart",
            )
        with st.container(border=True):
            _figures(compared, heads)


def _state(run: Run) -> str:
    """Say so where a run has not finished, as its line ends early."""
    return "" if run.state is State.FINISHED else f" · {STATE_WORDS[run.state][0].lower()}"


def _figures(compared: Sequence[Run], heads: Heads) -> None:
    counts = [datasets.find(run.config.dataset).counts["test"] for run in compared if run.config]
    figures = [figures_of(run, count) for run, count in zip(compared, counts, strict=True)]
    st.subheader("Figures", anchor=False)
    letters = [letter for letter, _ in heads]
    interval_plots(
        letters,
        {
            "Validation accuracy": [each.validation for each in figures],
            "Test accuracy": [each.test for each in figures],
        },
    )
    sealed = [letter for letter, run in zip(letters, compared, strict=True) if _is_sealed(run)]
    if sealed:
        st.caption(
            f":material/lock: The test set of {_listed(sealed)} is sealed: its owner opens it on "
            "the Evaluate page, once, when the tuning is done."
        )
    figures_table(heads, figures, key="figures")
    st.caption(
        "Under each accuracy: its 95 % confidence interval (Wilson). It says how far the figure "
        "would move on other images of the same kind, and nothing about another seed. Training "
        "accuracy is the mean over an epoch in which the weights changed."
    )


def _is_sealed(run: Run) -> bool:
    return run.testable and not run.test_opened


def _listed(letters: Sequence[str]) -> str:
    """Return letters as "A", "A and B" or "A, B and C"."""
    return " and ".join(filter(None, (", ".join(letters[:-1]), letters[-1])))


def _paired(compared: Sequence[Run], heads: Heads) -> None:
    """Say whether the difference between two networks could be chance."""
    st.subheader("Is the difference chance?", anchor=False)
    with sentences():
        reason = _unpaired(compared)
        if reason:
            st.caption(reason)
            return
    letters = [letter for letter, _ in heads]
    with sentences():
        _paired_on(evaluation.VALIDATION, compared, letters)
    sealed = [letter for letter, run in zip(letters, compared, strict=True) if _is_sealed(run)]
    if sealed:
        st.caption(
            f":material/lock: On the test images they are compared when both test sets are open; "
            f"that of {_listed(sealed)} is sealed."
        )
    else:
        with sentences():
            _paired_on(evaluation.TEST, compared, letters)
    st.caption(
        "p is of McNemar's exact test. It is about these two trained networks, not about their "
        "settings: another seed gives another network. To compare settings, train each with "
        "several seeds."
    )


def _paired_on(part: str, compared: Sequence[Run], letters: Sequence[str]) -> None:
    """Compare two networks on the images of a part that both were asked about."""
    what = f"{part} images"
    st.markdown(f"**On the {what}**")
    first, second = evaluation.in_common(*(_answers(run, part) for run in compared))
    if not len(first):
        st.caption(NONE_IN_COMMON)
        return
    if part == evaluation.VALIDATION:
        what += " that both held back"
    paired = evaluation.mcnemar(first.predicted, second.predicted, first.labels)
    st.markdown(f"{paired_words(paired, letters[0], letters[1], what)} (p = {paired.p_value:.2g})")
    columns: dict[str, list[Any]] = {
        "": [f"{letters[0]} right", f"{letters[0]} wrong"],
        f"{letters[1]} right": [paired.both, paired.only_second],
        f"{letters[1]} wrong": [paired.only_first, paired.neither],
    }
    st.table(
        {
            name: [f"{each:,}" if isinstance(each, int) else each for each in values]
            for name, values in columns.items()
        },
        width="content",
        hide_index=True,
    )
    rows = zip(*columns.values(), strict=True)
    csv_button(list(columns), rows, key=f"paired_{part}", name=f"both-networks-{part}")


def _unpaired(compared: Sequence[Run]) -> str | None:
    """Say why two runs cannot be tested against each other, if they cannot."""
    first, second = (run.config for run in compared)
    assert first is not None and second is not None, "a damaged run is not compared"
    if first.dataset != second.dataset:
        return (
            "These two answered the images of different data sets, so they cannot be compared "
            "image by image."
        )
    for run in compared:
        if run.state.active:
            return "When both have finished, their answers are compared image by image here."
        if run.network is None:
            return f"“{title_markdown(run)}” did not finish, so it has no answers to compare."
    return None


def _answers(run: Run, part: str) -> Answers:
    try:
        return data.answers(run, part)
    except RunDamaged as error:
        raise RunDamaged(f"“{title_markdown(run)}” cannot be tested: {error}") from error


def _settings(compared: Sequence[Run], heads: Heads) -> None:
    rows = evaluation.differences([run.config for run in compared if run.config])
    different = [row for row in rows if row.differs]
    equal = [row for row in rows if not row.differs]
    st.subheader("Settings", anchor=False)
    if different:
        st.markdown("What differs:")
        settings_table(heads, different, "Settings that differ", key="different")
    else:
        st.markdown("All settings are equal, the seed too.")
    with st.expander(f"{len(equal)} settings that are equal"):
        settings_table(heads, equal, "Settings that are equal", key="equal")
