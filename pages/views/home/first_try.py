"""Home, the first minute: draw something, pick a sample or take a test image, and see the answer.

Drawing and sample are the same as on Classify, where the visitor can go on with them.
"""

import random

import streamlit as st

from core import classify, datasets, networks, runs
from core.classify import THRESHOLD, Answer
from core.imaging.gate import Picture
from core.networks import Model
from pages.session import engine
from pages.session.closed import closed_to, tell
from pages.session.data import split
from pages.session.guard import sentences
from pages.session.screen import Screen, screen
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.ticking import ticking
from pages.widgets.choice import choice
from pages.widgets.drawing import drawing
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars
from pages.widgets.samples import samples
from pages.widgets.verdict import verdict
from pages.words import literal, sure_by

DRAW, SAMPLES, TEST = "draw", "samples", "test"
WAYS = {DRAW: "Draw", SAMPLES: "Pick a sample", TEST: "Test image"}
DATASET = "fashion-mnist"  # the bundled model's
MEANWHILE = "Draw something or pick a sample meanwhile."

_PAINTED = "home_painted"  # session: whether the page has been on the screen
_INDEX = "home_sample"  # session: which test image is shown
_LAST = "home_last"  # session: the last picture, and the answer to it


def draw() -> None:
    """Draw the part of the page."""
    with st.container(border=True):
        ticking(_try, engine.pace)(screen() is Screen.PHONE)


def _try(phone: bool) -> None:
    left, right = st.columns(2, gap="medium")
    above, picture, index = None, None, None
    with left, sentences():
        way = choice("Try it", WAYS, "try", label_visibility="collapsed")
        # A phone has no room beside the picture, and what is below it is off the screen.
        above = st.container() if phone else None
        if way == DRAW:
            picture = drawing()
        elif way == SAMPLES:
            picture = samples()
        else:
            index = _test_image()
    with right, sentences():
        words = st.container() if above is None else above
        # Not in the first run: TensorFlow must not keep the first page from painting.
        if st.session_state.get(_PAINTED):
            networks.warm()
        st.session_state[_PAINTED] = True
        if not engine.loaded(runs.BUNDLED, MEANWHILE):
            if above is not None:
                above.subheader("The answer appears here", anchor=False)
            return
        model = networks.find(runs.BUNDLED)
        if picture is not None:
            _on_picture(model, picture, words)
            _open_in_classify(way)
        elif index is not None:
            _on_test_image(model, index, words)
        elif way != TEST:
            words.subheader("The answer appears here", anchor=False)
            st.caption(f"The network knows {', '.join(model.dataset.classes)}.")


def _test_image() -> int | None:
    """Show a test image and return its index; None while they are closed for a class."""
    if (closed := closed_to(DATASET)) is not None:
        tell(closed)
        return None
    test = split(DATASET, "test")
    index: int = st.session_state.setdefault(_INDEX, random.randrange(len(test)))
    name = datasets.find(DATASET).classes[int(test.labels[index])]
    st.caption("The network has never seen this image.")
    pixel_image(test.images[index], f"Test image {index}: {name}")
    st.button(
        "Another one", icon=":material/casino:", on_click=lambda: st.session_state.pop(_INDEX, None)
    )
    return index


def _on_picture(model: Model, picture: Picture, words: DeltaGenerator) -> None:
    """Answer to what the visitor drew or picked."""
    last: tuple[Picture, Answer] | None = st.session_state.get(_LAST)
    if last is None or last[0] is not picture:
        last = (picture, classify.classify_picture(picture, model))
        st.session_state[_LAST] = last
    answer = last[1]
    verdict(answer, model.dataset, THRESHOLD, words)
    probability_bars(model.dataset.classes, answer.probabilities.tolist(), key="home_bars")


def _on_test_image(model: Model, index: int, words: DeltaGenerator) -> None:
    """Answer to a test image, and say whether that is right."""
    test, classes = split(DATASET, "test"), model.dataset.classes
    truth = int(test.labels[index])
    probabilities = networks.load(model).probabilities(test.images[index : index + 1])[0]
    label = int(probabilities.argmax())
    right = "Correct." if label == truth else f"Wrong: it is **{literal(classes[truth])}**."
    sure = sure_by(float(probabilities[label]))
    words.markdown(f"The network says **{literal(classes[label])}** ({sure}). {right}")
    probability_bars(classes, probabilities.tolist(), key="home_bars", truth=truth)


def _open_in_classify(way: str) -> None:
    """Link to Classify with the same picture: a drawing is kept in the session."""
    query = {"from": way}
    if way == SAMPLES:
        query["sample"] = st.query_params.get("sample", "")
    st.page_link(
        "pages/classify.py",
        label="Open in Classify",
        icon=":material/arrow_forward:",
        help="Shows how the picture was prepared, and why the network answers so.",
        query_params=query,
    )
