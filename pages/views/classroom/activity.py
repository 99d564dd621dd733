"""The head of an activity in the teacher's view: open or closed, and on the board or not."""

from collections.abc import Callable
from typing import NoReturn

import streamlit as st

from pages.session import data


def state_badge(is_open: bool) -> None:
    """Say whether an activity is open."""
    if is_open:
        st.badge("Open", icon=":material/play_arrow:", color="green")
    else:
        st.badge("Closed", icon=":material/lock:", color="orange")


def wall_button(on_wall: bool, key: str, show: Callable[[bool], object]) -> None:
    """Draw the button that shows an activity on the board, or takes it off.

    Args:
        on_wall: whether it is there.
        key: of the button.
        show: lets the board show it, or not.
    """
    words = "Take it off the board" if on_wall else "Show it on the board"
    if st.button(words, icon=":material/co_present:", key=key):
        show(not on_wall)
        drawn_anew()


def drawn_anew() -> NoReturn:
    """Draw the page with what has just been done in the class."""
    data.forget_classes()
    st.rerun()
