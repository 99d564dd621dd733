"""Who is asking: an anonymous id that a browser keeps, so that a visitor finds their runs again.

The browser keeps it twice, as a cookie and in its localStorage, and each restores the other. The
id names nobody and proves nothing: it is for fair queues and "my runs", not for secrets.
"""

import re
import secrets
from typing import Any

import streamlit as st

from pages.widgets.shared import register

COOKIE = "atelier_visitor"
COOKIE_SECONDS = 365 * 24 * 3600

_ID = re.compile(r"[0-9a-f]{32}")
_KEY = f"{COOKIE}_keeper"
_KEEPER = register(__file__, "visitor", uses=("address",))


def visitor_id() -> str:
    """Return the visitor's id, 32 hexadecimal characters, the same over reloads and pages.

    Streamlit sees the cookie as it was when the page was loaded. Without a valid one, the session
    takes what the browser's localStorage has, or makes a new id; see ``keep_visitor``.
    """
    cookie = st.context.cookies.get(COOKIE)
    if isinstance(cookie, str) and _is_id(cookie):
        return cookie
    visitor: str = st.session_state.setdefault(COOKIE, secrets.token_hex(16))
    return visitor


def keep_visitor() -> None:
    """Mount the component that lets the browser keep the id; the frame does, once a script run.

    It takes no space, and causes a rerun only where the cookie is gone and localStorage is not.
    """
    data = {"name": COOKIE, "id": visitor_id(), "told": _told(), "maxAge": COOKIE_SECONDS}
    _KEEPER(key=_KEY, data=data, on_id_change=_take_kept)
    # Streamlit puts a gap between elements, even empty ones; a style alone takes no space.
    st.html(f"<style>.st-key-{_KEY} {{ display: none }}</style>")


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
