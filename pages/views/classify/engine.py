"""Classify: what the page says until TensorFlow is there."""

import streamlit as st

from core import networks, runs
from core.errors import ModelUnavailable
from core.networks import Model

TICK = 0.5  # seconds between two looks at how far loading is


def settled() -> bool:
    """Tell whether TensorFlow has been loaded, or could not be."""
    return networks.state().phase in ("ready", "failed")


def loaded(model: Model, was_settled: bool) -> bool:
    """Tell whether the network can be asked now; until then say how far loading is.

    Call it in a fragment that runs every ``TICK`` seconds while not ``settled()``.

    Args:
        model: the network.
        was_settled: what ``settled()`` said when the fragment was made.

    Raises:
        ModelUnavailable: the bundled model cannot be loaded.
    """
    state = networks.state()
    if state.phase == "failed" and model.run == runs.BUNDLED:
        raise ModelUnavailable(state.problem or "")
    if state.phase in ("cold", "loading"):
        st.markdown("**Loading the network …**")
        st.progress(
            min(0.95, state.seconds_now() / 8),
            text="TensorFlow takes a few seconds, once. You can choose or draw meanwhile.",
        )
        return False
    if not was_settled:
        st.rerun()  # ends the fragment's ticking
    return True
