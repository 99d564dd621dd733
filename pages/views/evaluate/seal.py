"""Evaluate, the sealed test set: what opening it means, the guess before, and the button."""

import math

import streamlit as st

from core import datasets, runs
from core.classroom import seal
from core.evaluation import share_of
from core.runs.access import may_open, owned
from pages.session.visitor import visitor_id
from pages.words import count, literal, percent

GUESSED = "Open the test set with this guess"
BELOW, ABOVE = 10, 5  # percentage points around the validation accuracy that can be guessed


def sealed(run: runs.Run, spec: datasets.DatasetSpec) -> None:
    """Draw what stands in the place of the test results while they are sealed."""
    with st.container(border=True):
        st.subheader(":material/lock: The test set is sealed", anchor=False)
        st.markdown(
            "The test images are for one honest look at the end. Once you have seen the result, "
            "whatever you choose (a setting, or one run among several) also fits these images, "
            "and the figure is too good. So open a run’s test set once, when the tuning is done."
        )
        if not run.testable:
            st.info(
                "This run may still continue. Its test set can be opened when the run has "
                "finished or was stopped. Until then, look at the validation images.",
                icon=":material/lock:",
            )
            return
        if not may_open(run, visitor_id()):
            st.info(
                "This run belongs to someone else, and its owner has not opened the test set yet. "
                "Use the validation images until then.",
                icon=":material/lock:",
            )
            return
        _looked(spec)
        st.markdown("**What will the result be?** Guess first, then see how close you were.")
        accuracy, pair = _guess(run, spec)
        st.caption("It stays open, for you and for everyone the run is shared with.")
        with st.container(horizontal=True):
            guessed = st.button(GUESSED, type="primary", icon=":material/lock_open:")
            plain = st.button("Open without a guess")
        if guessed or plain:
            if plain:
                accuracy = pair = None
            seal.open_test(owned(run.id, visitor_id()).id, accuracy=accuracy, pair=pair)
            st.rerun()


def _looked(spec: datasets.DatasetSpec) -> None:
    """Say how many test sets the visitor has opened on this data."""
    looks = seal.looks(visitor_id(), spec.name)
    if looks:
        st.markdown(
            f"You have opened the test set of {count(looks, 'run')} on {literal(spec.title)}. "
            "Opening many and keeping the best is not one look: the best figure of many is partly "
            "luck."
        )


def _guess(
    run: runs.Run, spec: datasets.DatasetSpec
) -> tuple[float | None, tuple[int, int] | None]:
    """Draw the guess, and return the accuracy and the pair of classes, None for no pair."""
    config, result = run.config, run.told
    assert config is not None, "a damaged run has no test set"
    validation = share_of(result.val_accuracy if result else None, config.validation_count)
    left, middle, right = st.columns([2, 1, 1])
    low, high, start = 0.0, 100.0, 50.0
    if validation is not None:
        start = round(100 * validation.value, 1)
        low, high = max(0.0, math.floor(start) - BELOW), min(100.0, math.ceil(start) + ABOVE)
    with left:
        percents = st.slider(
            "Test accuracy",
            float(low),
            float(high),
            start,
            0.1,
            format="%.1f %%",
            key=f"guess_accuracy_{run.id}",
        )
        if validation is not None:
            st.caption(
                f"Validation accuracy: {percent(validation.value, 2)} of {validation.count:,} "
                f"images, 95 % interval {validation.interval_words}."
            )
    chosen: list[int | None] = []
    for place, caption in ((middle, "Most confused class"), (right, "Confused with")):
        with place:
            chosen.append(
                st.selectbox(
                    caption,
                    range(len(spec.classes)),
                    index=None,
                    format_func=spec.classes.__getitem__,
                    placeholder="Choose",
                    key=f"guess_{len(chosen)}_{run.id}",
                )
            )
    first, second = chosen
    if first is None and second is None:
        return percents / 100, None
    if first is None or second is None or first == second:
        st.caption(
            ":material/info: A pair is two different classes. Choose another one, or leave "
            "the guess empty."
        )
        return percents / 100, None
    return percents / 100, (first, second)
