"""Classify, one picture: the answer, and how the picture was prepared for the network."""

import numpy as np
import streamlit as st

from core import classify
from core.classify import Answer
from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options
from core.imaging.things import place_names, things
from core.networks import Model
from pages.session import engine
from pages.session.guard import sentences
from pages.session.screen import Screen, screen
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.ticking import ticking
from pages.views.classify import adjust, doubt, sources, steps, why
from pages.widgets.copy_link import copy_link
from pages.widgets.look_inside import MINE, Brought, keep, look_inside
from pages.widgets.picture_edits import Edits, edited_picture
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars
from pages.widgets.verdict import verdict
from pages.words import literal, sure_by

NOT_YET = "The answer appears here"
TURNS = {1: "a quarter to the right", 2: "upside down", 3: "a quarter to the left"}
KIND_WORDS = {Kind.PHOTO: "photo", Kind.SKETCH: "drawing"}

_TURN = "classify_turn"  # session: the last question whether to turn, and what was found
_LAST = "classify_last"  # session: the last question, and what was answered


def draw(model: Model) -> None:
    """Draw the view."""
    ticking(_try, engine.pace)(model, screen() is Screen.PHONE)


def _try(model: Model, phone: bool) -> None:
    picture, answer, options = None, None, Options()  # where a sentence takes their place
    grey = model.dataset.shape[-1] == 1  # colour pictures are neither negated nor masked
    left, right = st.columns([1, 1], gap="medium")
    with left, st.container(border=True), sentences():
        source = sources.source()
        drawn = source == sources.DRAW
        # What is beside the picture elsewhere would be below the fold: on a phone it stands above
        # sheet and tiles, and between file and picture.
        tall = source in sources.TALL
        above = st.container() if phone and tall else None
        picture = sources.picture_from(source)
        if phone and not tall:
            above = st.container()
        editor = st.container()
        kind = adjust.kind_choice() if grey and picture is not None else None
        looks = st.container()
    with right, st.container(border=True), sentences():
        if engine.loaded(model.run, sources.MEANWHILE):
            if picture is None:
                _nothing_yet(model, above if tall else None)
            else:
                edits = adjust.edits_of(picture)
                options = adjust.options(kind, edits)
                answer, pixels, probabilities = _ask(edits, model, options)
                _say(answer, model, above)
                _two_ways(answer, model, pixels, probabilities)
                with st.container(horizontal=True, vertical_alignment="center"):
                    _inside(answer, model, source)
                    if source == sources.SAMPLES:  # no link can hold a visitor's own picture
                        copy_link(
                            key="copy_answer", help="Copies a link to this sample and network."
                        )
        elif above is not None and tall:
            above.subheader(NOT_YET, anchor=False)
    if picture is None:
        return
    edits = adjust.edits_of(picture)
    if not drawn:  # a drawing is on the sheet already, where it is changed as well
        with editor, sentences():
            edited_picture(edits, answer.prepared if answer else None, brush=grey, key="editor")
            if answer is not None:
                _offer_things(edits, answer)
                _offer_turn(edits, answer, model, options)
    if answer is not None:
        if kind is None and answer.prepared.kind is not None:
            looks.caption(f"Detected as a {KIND_WORDS[answer.prepared.kind]}.")
        _steps(picture, edits, answer)
        with sentences():
            why.expander(answer, edits.picture, model, options)


def _nothing_yet(model: Model, above: DeltaGenerator | None) -> None:
    """Say what comes, in the place where it will be: the sheet must not move under a pen."""
    place = st.container() if above is None else above
    place.subheader(NOT_YET, anchor=False)
    st.caption(
        f"The network knows {', '.join(model.dataset.classes)}. Show it one complete item at a "
        "time."
    )


def _ask(edits: Edits, model: Model, options: Options) -> tuple[Answer, np.ndarray, np.ndarray]:
    """Return the answer, and what the naive way shows the network and gets for it.

    The last answers are kept: most script runs, such as one of the threshold, ask nothing new.
    """
    picture, asked = edits.picture, (model.run, edits.token)
    question = (edits.version, options.kind, options.off, options.box)
    last = st.session_state.get(_LAST)
    if last is None or last[0] != asked:
        # A network that was trained here is loaded when it is first asked.
        with st.spinner("Asking the network …", show_time=True):
            last = (asked, classify.naive_answer(picture, model), None, None)
    _, naive, answered, answer = last
    if answered != question:
        before = answer.prepared if answer else None
        answer = classify.classify_picture(picture, model, options, before)
        st.session_state[_LAST] = (asked, naive, question, answer)
    return answer, *naive


def _say(answer: Answer, model: Model, above: DeltaGenerator | None) -> None:
    """Say what the network answers, or that it is probably none of what it knows.

    The words go ``above``, where there is such a place, the rest to here.
    """
    words = st.container() if above is None else above
    notes, bars, below = st.container(), st.container(), st.container()
    with below:
        threshold = doubt.threshold(model, answer)
    with notes:
        refused = verdict(answer, model.dataset, threshold, words)
        if refused and model.dataset.missing() is None:
            st.caption("The training images most like it:")
            why.nearest_three(answer, model)
        if hint := answer.hint:
            st.info(hint, icon=":material/lightbulb:")
    with bars:
        probability_bars(model.dataset.classes, answer.probabilities.tolist(), key="answer")


def _inside(answer: Answer, model: Model, source: str) -> None:
    """Draw the way to what the network makes of the picture."""
    pixels = answer.prepared.pixels.reshape(model.dataset.shape)
    name = "Your drawing" if source == sources.DRAW else "The picture that you classified"
    keep(Brought(pixels, name, model.dataset.name))
    look_inside(model.run, MINE)


def _offer_turn(edits: Edits, answer: Answer, model: Model, options: Options) -> None:
    """Offer to turn a picture that would be recognised then."""
    if options.box is not None or edits.edit.layer is not None:
        return
    question = (model.run, edits.token, options)
    kept = st.session_state.get(_TURN)
    if kept is None or kept[0] != question:
        kept = (question, classify.better_turned(answer, edits.picture, model, options))
        st.session_state[_TURN] = kept
    if (turn := kept[1]) is None:
        return
    name, sure = literal(turn.answer.name), sure_by(turn.answer.probability)
    with st.container(border=True):
        st.markdown(f"Turned {TURNS[turn.quarters]}, it would be: **{name}** ({sure}).")
        st.button(
            "Turn the picture",
            icon=":material/rotate_right:",
            on_click=adjust.turn,
            args=(edits, turn.quarters),
        )


def _offer_things(edits: Edits, answer: Answer) -> None:
    """Where there are several things in a picture, let the visitor choose one of them."""
    boxes = [] if answer.prepared.kind is None else things(answer.prepared.mask)
    if not boxes or edits.edit.box not in (None, *boxes):  # or it was cropped by hand
        return
    st.caption(f"There are {len(boxes)} things in the picture. Which one is it about?")
    with st.container(horizontal=True, gap="small"):
        ways = dict(zip(place_names(boxes), boxes, strict=True))
        for name, box in {**ways, "All of it": None}.items():
            st.button(
                name,
                key=f"thing_{name}",
                type="primary" if edits.edit.box == box else "secondary",
                on_click=adjust.crop,
                args=(edits, box),
            )


def _two_ways(answer: Answer, model: Model, pixels: np.ndarray, probabilities: np.ndarray) -> None:
    """Show what the network saw, beside what most demos would have shown it."""
    if np.array_equal(pixels.ravel(), answer.prepared.pixels.ravel()):  # square, and in colour
        st.caption("What the network sees")
        pixel_image(pixels, "What the network sees", width=140)
        return
    label = int(probabilities.argmax())
    ways = (
        ("Prepared", answer.prepared.pixels, answer.name, answer.probabilities[answer.label]),
        ("Resized only", pixels, model.dataset.classes[label], probabilities[label]),
    )
    with st.grid(2, min_column_width=120):
        for title, image, name, sure in ways:
            with st.container(gap="xsmall"):
                st.caption(title)
                pixel_image(image, f"{title}: what the network sees", width=140)
                st.markdown(f"**{literal(name)}**, {sure_by(float(sure))}")
    st.caption(
        "Same picture, same network. Most demos only resize the picture; "
        + (
            "that squeezes a picture that is not square. Here its edges are cut off."
            if answer.prepared.kind is None
            else "but the training images were prepared, so yours is too."
        )
    )


def _steps(picture: Picture, edits: Edits, answer: Answer) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Step by step", anchor=False)
        st.button(
            "Turn",
            icon=":material/rotate_right:",
            help="Turns the picture a quarter to the right.",
            on_click=adjust.turn,
            args=(edits, 1),
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            disabled=not adjust.changed(edits),
            help="Restores all automatic choices.",
            on_click=adjust.reset,
            args=(picture,),
        )
    if answer.prepared.kind is not None:
        st.caption("Switch a step off and see how the answer changes.")
    steps.draw(picture, answer.prepared)
