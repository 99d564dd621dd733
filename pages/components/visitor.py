"""Who is asking: an anonymous id that a browser keeps, so that a visitor finds their runs again.

The id names nobody and proves nothing: it is for fair queues and "my runs", not for access.
"""

import re
import secrets

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from pages.components._frontend import register

COOKIE = "atelier_visitor"
COOKIE_SECONDS = 365 * 24 * 3600

_ID = re.compile(r"[0-9a-f]{32}")
_WRITER = register("visitor")


def visitor_id() -> str:
    """Return the visitor's id, 32 hexadecimal characters, the same over reloads and pages.

    A browser without a valid cookie gets a new id, and an invisible component that writes the
    cookie. Streamlit sees a cookie only from the next page load on; until then the session
    remembers the id. No rerun is caused.
    """
    cookie = st.context.cookies.get(COOKIE)
    if isinstance(cookie, str) and _ID.fullmatch(cookie):
        return cookie
    visitor: str = st.session_state.setdefault(COOKIE, secrets.token_hex(16))
    _write_cookie(visitor)
    return visitor


def _write_cookie(visitor: str) -> None:
    """Mount the component that writes the cookie, once a script run, without taking any space."""
    key = f"{COOKIE}_writer"
    try:
        _WRITER(key=key, data={"cookie": COOKIE, "id": visitor, "maxAge": COOKIE_SECONDS})
    except StreamlitDuplicateElementKey:
        return  # the frame or another part of the page has asked in this run already
    # Streamlit puts a gap between elements, even empty ones; a style alone takes no space.
    st.html(f"<style>.st-key-{key} {{ display: none }}</style>")
