"""How large the visitor's screen is, in three sizes.

Streamlit does not say. The browser reports it once and keeps it in a cookie; before that, what it
calls itself tells a phone from the rest, so that hardly anybody sees a page drawn twice.
"""

from enum import StrEnum

import streamlit as st

from pages.widgets.shared import register

COOKIE = "atelier_screen"

_KEY = f"{COOKIE}_watcher"
_WATCHER = register(__file__, "screen", uses=("address",))


class Screen(StrEnum):
    """Sizes by the width of the window in CSS pixels; the limits are in ``screen.js``."""

    PHONE = "phone"  # below 640, where Streamlit stacks columns
    TABLET = "tablet"
    DESKTOP = "desktop"  # from 1,100: room for something beside a grid


def screen() -> Screen:
    """Return the size of the visitor's screen, and have the page drawn again when it changes."""
    size = _size()
    _WATCHER(key=_KEY, data={"cookie": COOKIE, "size": str(size)}, on_size_change=lambda: None)
    # Streamlit puts a gap between elements, even empty ones; a style alone takes no space.
    st.html(f"<style>.st-key-{_KEY} {{ display: none }}</style>")
    return size


def _size() -> Screen:
    state = st.session_state.get(_KEY)
    # Both come from the browser: anything may be there.
    for told in (state.get("size") if state else None, st.context.cookies.get(COOKIE)):
        if isinstance(told, str) and told in tuple(Screen):
            return Screen(told)
    named = st.context.headers.get("User-Agent") or ""
    return Screen.PHONE if "Mobi" in named else Screen.DESKTOP
