"""Which browser this is: an anonymous id that it keeps, so that a visitor finds their runs again.

The browser keeps it twice, as a cookie and in its localStorage, and each restores the other. The
id names nobody and proves nothing: it is for fair queues and "my runs", not for secrets. A member
of a class has an id of their own beside it, which no browser ever sees: ``pages.session.person``.
"""

import re
import secrets
from typing import Any

import streamlit as st

from pages.widgets.shared import register

COOKIE = "atelier_visitor"
COOKIE_SECONDS = 365 * 24 * 3600

AFRESH = "visitor_afresh"

_ID = re.compile(r"[0-9a-f]{32}")
_KEY = f"{COOKIE}_keeper"
_KEEPER = register(__file__, "browser", uses=("address",))


def browser_id() -> str:
    """Return the browser's id, 32 hexadecimal characters, the same over reloads and pages.

    Streamlit sees the cookie as it was when the page was loaded. Without a valid one, the session
    takes what the browser's localStorage has, or makes a new id; see ``keep_browser``.
    """
    afresh = st.session_state.get(AFRESH)
    if afresh is not None:
        return str(afresh)
    cookie = st.context.cookies.get(COOKIE)
    if isinstance(cookie, str) and _is_id(cookie):
        return cookie
    made: str = st.session_state.setdefault(COOKIE, secrets.token_hex(16))
    return made


def keep_browser() -> None:
    """Mount the component that lets the browser keep the id; the frame does, once a script run.

    It takes no space, and causes a rerun only where the cookie is gone and localStorage is not.
    """
    data = {
        "name": COOKIE,
        "id": browser_id(),
        "told": _told(),
        "maxAge": COOKIE_SECONDS,
        "afresh": AFRESH in st.session_state,
    }
    _KEEPER(key=_KEY, data=data, on_id_change=_take_kept)
    # Streamlit puts a gap between elements, even empty ones; a style alone takes no space.
    st.html(f"<style>.st-key-{_KEY} {{ display: none }}</style>")


def start_afresh() -> None:
    """Let the browser be another visitor, who owns nothing, and have the page loaded anew.

    With the page goes all that the session remembers of the one before.
    """
    st.session_state[AFRESH] = secrets.token_hex(16)


def _take_kept() -> None:
    """Let the session go on with the id that the browser had kept."""
    kept = _told()
    if _is_id(kept):  # it comes from the browser: anything may be there
        st.session_state[COOKIE] = kept


def _told() -> Any:
    state: Any = st.session_state.get(_KEY)
    return state.get("id") if state else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
