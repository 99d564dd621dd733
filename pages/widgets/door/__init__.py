"""Sends the browser through one of the server's doors: into a class, or out of it.

A script cannot set a cookie that scripts in the browser do not see; the server can, when the
browser comes to it (``pages.session.doors``). The page is loaded anew after that.
"""

from typing import NoReturn

import streamlit as st

from pages.widgets.shared import register

_DOOR = register(__file__, "door", uses=("address",))


def enter(ticket: str) -> NoReturn:
    """Let the browser in as whom a ticket stands for, and end this script run.

    Args:
        ticket: of ``core.classroom.joining.ticket``; it is good for a minute, once.
    """
    _go(f"enter/{ticket}")


def leave() -> NoReturn:
    """End the member's place in this browser, and this script run."""
    _go("leave")


def leave_teaching() -> NoReturn:
    """End the teacher's session in this browser, and this script run."""
    _go("leave/teacher")


def _go(path: str) -> NoReturn:
    st.caption("One moment …")
    _DOOR(key="door", data={"path": path})
    st.stop()
