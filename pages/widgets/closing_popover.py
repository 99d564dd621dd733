"""A popover with a form, which closes when what was filled in has been taken.

By itself Streamlit keeps a popover open until somebody clicks elsewhere.
"""

import streamlit as st

from pages.session.streamlit_internals import DeltaGenerator

CLOSED = "popovers_closed"  # how often each was closed, by name


def closing_popover(label: str, name: str, icon: str) -> DeltaGenerator:
    """Draw the button, and return the place for what it opens.

    Args:
        label: of the button.
        name: to close it by, its own on the page.
        icon: of the button.
    """
    # Under another key it is another popover, and those begin closed.
    number = st.session_state.get(CLOSED, {}).get(name, 0)
    return st.popover(label, icon=icon, key=f"{name}_{number}")


def close_popover(name: str) -> None:
    """Close it in the next run of the script."""
    closed = st.session_state.setdefault(CLOSED, {})
    closed[name] = closed.get(name, 0) + 1
