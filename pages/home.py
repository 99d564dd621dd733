"""Home: what Atelier is, a picture classified before your eyes, and the way through the app."""

import random

import streamlit as st

from core import datasets, jobs, networks, runs
from core.errors import AtelierError
from pages.session import engine, frame
from pages.session.data import split
from pages.session.guard import sentences
from pages.session.ticking import ticking
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars
from pages.words import percent, sure_by

WAY = (
    ("explore", "Explore", "See the 70,000 pictures, class by class.", ":material/grid_view:"),
    ("train", "Train", "Watch a network learn them, live.", ":material/show_chart:"),
    ("evaluate", "Evaluate", "See where it is right, and where not.", ":material/target:"),
    ("classify", "Classify", "Try it on your photos and drawings.", ":material/photo_camera:"),
)


def main() -> None:
    """Draw the page."""
    st.title("Atelier", anchor=False)
    st.markdown(
        "A small network looks at pictures of clothes. Explore what it sees, train one yourself, "
        "find out where it goes wrong, and try it on your own photos and drawings."
    )
    with st.container(border=True):
        ticking(_sample, engine.pace)()
    st.subheader("The way through", anchor=False)
    with st.grid(4, min_column_width=170):
        for page, title, sentence, icon in WAY:
            with st.container(border=True, height="stretch"):
                st.page_link(f"pages/{page}.py", label=f"**{title}**", icon=icon)
                st.caption(sentence)
    st.subheader("Engine", anchor=False)
    st.fragment(_engine, run_every=5)()


def _sample() -> None:
    """Show a test image and what the bundled model says of it."""
    with sentences():
        test = split("fashion-mnist", "test")
        spec = datasets.find("fashion-mnist")
        index = st.session_state.setdefault("home_sample", random.randrange(len(test)))
        truth = int(test.labels[index])
        left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with left:
            st.markdown("**A picture it has never seen**")
            pixel_image(test.images[index], f"Test image {index}: {spec.classes[truth]}")
            st.button(
                "Another one",
                icon=":material/casino:",
                on_click=lambda: st.session_state.pop("home_sample", None),
            )
        with right:
            _answer(index, truth)


def _answer(index: int, truth: int) -> None:
    spec = datasets.find("fashion-mnist")
    # Not in the first run: TensorFlow must not keep the first page from painting.
    if st.session_state.get("home_painted"):
        networks.warm()
    st.session_state["home_painted"] = True
    if not engine.loaded(runs.BUNDLED, "Everything else works meanwhile."):
        return
    model = networks.find(runs.BUNDLED)
    images = datasets.load("fashion-mnist", "test").images[index : index + 1]
    probabilities = networks.load(model).probabilities(images)[0]
    label = int(probabilities.argmax())
    verdict = "and it is one" if label == truth else f"but it is: {spec.classes[truth]}"
    sure = sure_by(float(probabilities[label]))
    st.markdown(f"**{spec.classes[label]}**, says the network with {sure}, {verdict}.")
    probability_bars(spec.classes, probabilities.tolist(), key="home_bars", truth=truth)


def _engine() -> None:
    """Show the state of inference and training in words."""
    with sentences():
        queue = jobs.backend().engine()
        if queue.problem:
            st.error(queue.problem, icon=":material/error:")
        state = networks.state()
        phases = {
            "cold": "starts with the first picture",
            "loading": f"loading for {state.seconds_now():.0f} s",
            "ready": f"ready, loaded in {state.seconds:.1f} s",
            "failed": "not available",
        }
        with st.grid(3, min_column_width=200):
            with st.container(border=True, height="stretch"):
                st.markdown(":material/bolt: **Answers**")
                st.caption(f"Network {phases[state.phase]}. {_bundled_accuracy()}")
            with st.container(border=True, height="stretch"):
                st.markdown(":material/model_training: **Training**")
                st.caption(
                    f"{queue.running} of {queue.workers} training, {queue.queued} waiting. "
                    + ("The next run starts at once." if queue.warm else "A worker is warming up.")
                )
            with st.container(border=True, height="stretch"):
                st.markdown(":material/database: **Data**")
                st.caption(" ".join(_data_sentence(spec) for spec in datasets.DATASETS.values()))


def _bundled_accuracy() -> str:
    try:
        accuracy = networks.find(runs.BUNDLED).test_accuracy
    except AtelierError:
        return ""
    return f"The bundled model gets {percent(accuracy, 2)} of the test images right."


def _data_sentence(spec: datasets.DatasetSpec) -> str:
    there = "not on this machine yet" if spec.missing() else f"{sum(spec.counts.values()):,} images"
    return f"{spec.title}: {there}."


frame.draw(main)
