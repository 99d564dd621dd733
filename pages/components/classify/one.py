"""Classify, one picture: the answer, and how the picture was prepared for the network."""

import streamlit as st

from core import inference
from core.imaging.gate import Picture
from core.inference import Answer, Model
from pages.components.classify import engine, sources
from pages.components.guard import sentences
from pages.components.pixels import pixel_image
from pages.components.probability_bars import probability_bars
from pages.components.wording import percent

UNSURE = 0.5  # below this probability the answer is called a guess


def draw(model: Model) -> None:
    """Draw the view."""
    settled = engine.settled()
    st.fragment(_try, run_every=None if settled else engine.TICK)(model, settled)


def _try(model: Model, was_settled: bool) -> None:
    picture, answer = None, None  # where a sentence takes their place
    left, right = st.columns([1, 1], gap="medium")
    with left, st.container(border=True), sentences():
        picture = sources.choose()
        if picture is not None:
            st.image(picture.rgb, width=280)
    with right, st.container(border=True), sentences():
        answer = _answer(picture, model, was_settled)
    if picture is not None and answer is not None:
        _steps(picture, answer)


def _answer(picture: Picture | None, model: Model, was_settled: bool) -> Answer | None:
    """Show what the network says, or why it says nothing yet."""
    if not engine.loaded(model, was_settled):
        return None
    if picture is None:
        st.markdown("**The answer appears here**")
        st.caption(
            f"The network knows {', '.join(model.dataset.classes)}. Whatever you show it, it "
            "answers with one of these."
        )
        return None
    with st.spinner("Loading the network …", show_time=True):
        answer = inference.classify_picture(picture.rgb, model)
    sure = float(answer.probabilities[answer.label])
    word = "It is:" if sure >= UNSURE else "Perhaps, but it is a guess:"
    st.markdown(f"{word} **{answer.name}** ({percent(sure, 0)})")
    see, bars = st.columns([1, 2], vertical_alignment="center")
    with see:
        pixel_image(answer.prepared.pixels, "What the network sees", width=140)
        st.caption("What the network sees")
    with bars:
        probability_bars(model.dataset.classes, answer.probabilities.tolist(), key="answer")
    return answer


def _steps(picture: Picture, answer: Answer) -> None:
    with st.expander("How the picture became that, step by step", icon=":material/stairs:"):
        for note in picture.notes:
            st.caption(note)
        with st.grid(4, min_column_width=150):
            for step in answer.prepared.steps:
                with st.container():
                    pixel_image(step.image, step.title, width=140)
                    st.markdown(f"**{step.title}**")
                    st.caption(step.sentence)
