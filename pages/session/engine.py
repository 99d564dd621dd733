"""The wait for TensorFlow: what a page says meanwhile, and how often it looks again."""

import streamlit as st

from core import networks, runs
from core.errors import ModelUnavailable

TICK = 0.5  # seconds between two looks at how far loading is
USUAL = 8  # seconds that loading takes, about


def pace() -> float | None:
    """Return how often to draw what needs a network: None unless TensorFlow is about to load.

    For ``pages.session.ticking``.
    """
    return TICK if networks.state().phase in ("cold", "loading") else None


def loaded(run_id: str, meanwhile: str) -> bool:
    """Tell whether the network of a run can be asked now; until then say how far loading is.

    Args:
        run_id: whose network.
        meanwhile: a sentence on what can be done until then.

    Raises:
        ModelUnavailable: it is the bundled model, and that cannot be loaded.
    """
    if networks.state().phase == "resting":  # nobody has asked for long
        networks.warm()
    state = networks.state()
    if state.phase == "failed" and run_id == runs.BUNDLED:
        raise ModelUnavailable(state.problem or "")
    if state.phase in ("cold", "loading"):
        st.markdown("**Loading the network …**")
        st.progress(
            min(0.95, state.seconds_now() / USUAL),
            text=f"TensorFlow takes a few seconds to start, once. {meanwhile}",
        )
        return False
    return True
