"""Two to six runs compared: curves on the same axes, figures, settings, and a paired test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import datasets, evaluation
from core.errors import RunDamaged
from core.evaluation import Answers
from core.runs import Run, State
from core.runs.access import seen
from pages.session import data
from pages.session.guard import check_url_number, sentences
from pages.session.person import circle
from pages.session.ticking import watching
from pages.views.runs.compare_tables import (
    figures_of,
    figures_table,
    settings_table,
)
from pages.views.runs.facts import epochs_done
from pages.widgets.choice import choice
from pages.widgets.compare_chart import Across, Line, compare_chart
from pages.widgets.copy_link import copy_link
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
        # As wide as their words: beside what stretches, the link would lose its own.
        st.header("Comparison", anchor=False, width="content")
        st.button("All runs", icon=":material/arrow_back:", on_click=on_back)
        copy_link(key="compare_link", help="Copies the address of this comparison.")
    compared = []
    for run_id in asked[:MOST]:
        with sentences():
            compared.append(_comparable(run_id, visitor))
    if len(asked) > MOST:
        st.warning(
            f"The link names {len(asked)} runs. The first {MOST} are compared: more lines would "
            "be unreadable.",
            icon=":material/filter_6:",
        )
    if not compared:
        return
    if len(compared) == 1:
        st.info(
            "This is only one run. Go to all runs and select another to compare it with.",
            icon=":material/compare_arrows:",
        )
    heads = _heads(compared)
    shown = _controls(compared)
    active = any(run.state.active for run in compared)
    ids = [run.id for run in compared]
    watching(_live, TICK if active else None)(ids, visitor, heads, shown, active)
    if len(compared) == 2:
        with st.container(border=True):
            _paired(compared, heads)
            if all(run.state is State.FINISHED for run in compared):
                st.page_link(
                    "pages/evaluate.py",
                    label="Evaluate both",
                    icon=":material/target:",
                    query_params={"run": compared[0].id, "with": compared[1].id},
                )
    if len(compared) > 1:
        with st.container(border=True):
            _settings(compared, heads)


def _comparable(run_id: str, visitor: str) -> Run:
    run = seen(run_id, visitor, circle())
    if run.config is None:
        raise RunDamaged(f"The run {run.id} cannot be shown: {run.reason}")
    return run


def _heads(compared: Sequence[Run]) -> Heads:
    """Return a letter and a title for each run, the titles all different."""
    return list(zip(LETTERS, told_apart(compared), strict=False))


@dataclass(frozen=True)
class Shown:
    """What the chart shows; ``first`` are the epochs that it ends with, None for all."""

    across: Across
    lines: list[Line]
    smoothing: float
    first: int | None


def _controls(compared: Sequence[Run]) -> Shown:
    """Draw what the chart shows; all of it is in the URL."""
    left, middle = st.columns(2, vertical_alignment="bottom")
    right, last = st.columns(2, vertical_alignment="bottom")
    with left:
        across = choice("X axis", {each: TITLES[each] for each in Across}, "x")
    with middle:
        lines = st.pills(
            "Curves",
            list(Line),
            selection_mode="multi",
            default=list(Line),
            format_func=LINE_TITLES.__getitem__,
            key="lines",
            bind="query-params",
            help="Validation is solid, training dashed.",
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
            help="Weight of earlier values in the moving average (exponential, debiased). The "
            "measured curve stays faint behind it.",
        )
    with last:
        first = _first_epochs(compared)
    chosen = [line for line in Line if line in lines]
    return Shown(across, chosen or list(Line), smoothing, first)


def _first_epochs(compared: Sequence[Run]) -> int | None:
    """Draw the choice of the first epochs: beside a long run, a short one would be a smudge."""
    longest = max(
        run.config.recipe.epochs if run.state.active else epochs_done(run)
        for run in compared
        if run.config
    )
    if longest < 2:
        return None
    check_url_number("epochs", 1, longest)
    known = st.session_state.get("epochs", longest)
    if not 1 <= known <= longest:
        st.session_state["epochs"] = longest  # of a comparison with a longer run
    first = st.slider(
        "First epochs",
        1,
        longest,
        longest,
        key="epochs",
        bind="query-params",
        help="Shows only the beginning, so that short runs can be seen beside long ones.",
    )
    return None if first == longest else first


def _live(
    ids: Sequence[str],
    visitor: str,
    heads: Heads,
    axes: Shown,
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
                across=axes.across,
                lines=axes.lines,
                smoothing=axes.smoothing,
                first=axes.first,
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
            f":material/lock: The test set of {_listed(sealed)} is sealed. Its owner opens it on "
            "the Evaluate page, once, when the tuning is done."
        )
    figures_table(heads, figures, key="figures")
    st.caption(
        "Below each accuracy: its 95 % confidence interval (Wilson). It shows how much the figure "
        "could vary on other images of the same kind, not with another seed. Training accuracy is "
        "the mean over an epoch during which the weights changed."
    )
    raised = [
        f"{letter}’s is {note}"
        for letter, run in zip(letters, compared, strict=True)
        if (note := evaluation.training_loss_note(run))
    ]
    if raised:
        st.caption(
            f"Training loss is not comparable with validation and test loss: {'; '.join(raised)}."
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
            f":material/lock: They are compared on the test images once both test sets are open; "
            f"that of {_listed(sealed)} is sealed."
        )
    else:
        with sentences():
            _paired_on(evaluation.TEST, compared, letters)
    st.caption(
        "p is from McNemar’s exact test. It compares these two trained networks, not their "
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
            "These two answered images of different data sets, so they cannot be compared image by "
            "image."
        )
    for run in compared:
        if run.state.active:
            return "Once both have finished, their answers are compared here, image by image."
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
        st.markdown("These differ:")
        settings_table(heads, different, "Settings that differ", key="different")
    else:
        st.markdown("All settings are equal, including the seed.")
    with st.expander(f"{len(equal)} equal {'setting' if len(equal) == 1 else 'settings'}"):
        settings_table(heads, equal, "Settings that are equal", key="equal")
