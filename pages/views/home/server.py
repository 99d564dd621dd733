"""Home, about this server: the state of inference, training and data in words."""

import streamlit as st

from core import datasets, jobs, networks, runs
from core.errors import AtelierError
from core.settings import SMALL, settings
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.words import literal, percent

LOOK = 5.0  # seconds between two looks


def draw() -> None:
    """Draw the part of the page, open where something is wrong; it looks again by itself."""
    wrong = jobs.backend().engine().problem is not None
    with st.expander("About this server", icon=":material/dns:", expanded=wrong):
        watching(_engine, LOOK)()


def next_run(queue: jobs.Engine) -> str:
    """Return when a run that is started now would begin, as a sentence."""
    if queue.problem:
        return "No run can start now."
    if queue.queued or queue.running >= queue.workers:
        return "A new run waits for its turn."
    if queue.elsewhere:
        return "Another server process starts the runs of this one."
    if queue.warm:
        return "The next run starts at once."
    if queue.warm is None:
        return "The next run loads TensorFlow first, which takes some seconds."
    return "A worker is warming up for the next run."


def _engine() -> None:
    with sentences():
        queue = jobs.backend().engine()
        state = networks.state()
        phases = {
            "cold": "starts with the first picture",
            "loading": f"loading for {state.seconds_now():.0f} s",
            "ready": f"ready, loaded in {state.seconds:.1f} s",
            "resting": "rests until someone asks",
            "failed": "not available",
        }
        if queue.problem:
            st.error(queue.problem, icon=":material/error:")
        with st.grid(3, min_column_width=200):
            with st.container(border=True, height="stretch"):
                st.markdown(":material/bolt: **Answers**")
                st.caption(f"Network: {phases[state.phase]}. {_bundled_accuracy()}")
            with st.container(border=True, height="stretch"):
                st.markdown(":material/model_training: **Training**")
                st.caption(
                    f"{queue.running} training (at most {queue.workers}), {queue.queued} waiting. "
                    + next_run(queue)
                    + (f" Trains on: {literal(queue.device)}." if queue.device else "")
                )
            with st.container(border=True, height="stretch"):
                st.markdown(":material/database: **Data**")
                st.caption(" ".join(_data_sentence(spec) for spec in datasets.DATASETS.values()))
        if settings().profile is SMALL:
            st.caption("Profile: small, for a server with little memory.")


def _bundled_accuracy() -> str:
    try:
        accuracy = networks.find(runs.BUNDLED).test_accuracy
    except AtelierError:
        return ""
    return f"The bundled model gets {percent(accuracy, 2)} of the test images right."


def _data_sentence(spec: datasets.DatasetSpec) -> str:
    there = "not on this machine yet" if spec.missing() else f"{sum(spec.counts.values()):,} images"
    return f"{spec.title}: {there}."
