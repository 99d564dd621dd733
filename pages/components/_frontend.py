"""Registers the components in `frontend/` with Streamlit, each from its own .js and .css file.

This module knows nothing of what a component shows. The files are read once, when the component's
Python module is imported. Streamlit sends their text to the browser along with every change of a
component's data, so they stay small and a library is never inlined.
"""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_FOLDER = Path(__file__).parent / "frontend"


def register(name: str, *, uses: tuple[str, ...] = ()) -> ComponentRenderer:
    """Register the component `frontend/<name>.js` (and .css) and return what mounts it.

    The component gets one empty `<div class="root">` in its own shadow root, which stays the same
    node for as long as the component is on the page.

    Args:
        name: The file's name without its suffix.
        uses: Further .js files of the folder whose functions the component calls, and their .css.
            They are put before it, because a component's script cannot import from another file.
    """
    scripts = [_FOLDER / f"{part}.js" for part in (*uses, name)]
    styles = [_FOLDER / f"{part}.css" for part in ("base", *uses, name)]
    return st.components.v2.component(
        f"atelier_{name}",
        html='<div class="root"></div>',
        css="\n".join(file.read_text(encoding="utf-8") for file in styles if file.exists()),
        js="\n".join(file.read_text(encoding="utf-8") for file in scripts),
    )
