"""Registers the components with Streamlit, each from the .js and .css files beside its module.

This module knows nothing of what a component shows. The files are read once, when the component's
Python module is imported. Streamlit sends their text to the browser along with every change of a
component's data, so they stay small and a library is never inlined. The palette goes before them: a
script has it as ``PALETTE``, a stylesheet as ``--good``, ``--class-0`` and so on.
"""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.session.streamlit_internals import ComponentRenderer
from pages.widgets import palette

_SHARED = Path(__file__).parent


def register(
    module: str, name: str, *, uses: tuple[str, ...] = (), parts: tuple[Path, ...] = ()
) -> ComponentRenderer:
    """Register the component `<name>.js` (and .css) beside a module and return what mounts it.

    The component gets one empty `<div class="root">` in its own shadow root, which stays the same
    node for as long as the component is on the page.

    Args:
        module: The `__file__` of the module whose component it is.
        name: The file's name without its suffix.
        uses: .js files of this folder whose functions the component calls, and their .css.
            They are put before it, because a component's script cannot import from another file.
        parts: other .js files, its own or of ``core``, that are put between those and it.
    """
    own = Path(module).parent / name
    shared = [_SHARED / part for part in uses]
    styles = [part.with_suffix(".css") for part in (_SHARED / "base", *shared, own)]
    scripts = [*(part.with_suffix(".js") for part in shared), *parts, own.with_suffix(".js")]
    return st.components.v2.component(
        f"atelier_{name}",
        html='<div class="root"></div>',
        css="\n".join([palette.in_css(), *(_text(file) for file in styles if file.exists())]),
        js="\n".join([palette.in_javascript(), *(_text(file) for file in scripts)]),
    )


def packed(values: npt.NDArray[Any], kind: npt.DTypeLike) -> str:
    """Return numbers as text for a component's data, which its script takes apart with ``atob``."""
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
