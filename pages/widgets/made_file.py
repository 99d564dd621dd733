"""A file that takes longer than a click: made aside with progress, then sent from the disk."""

import contextlib
from typing import Any

import streamlit as st

from core.export import aside
from pages.session.files import address_of
from pages.session.guard import sentences
from pages.words import percent


def made_file(
    label: str, program: str, request: dict[str, Any], name: str, *, key: str, help: str
) -> None:
    """Draw the button that makes a file; once it is made, the link that downloads it.

    Leaving the page, or any other action on it, stops the making.

    Args:
        label: of the button.
        program: that makes it, see ``core.export.aside``.
        request: what it makes; of another one, another file is made.
        name: that the file is saved under.
        key: tells it from others.
        help: what the button does, and how long that takes.
    """
    kept = st.session_state.setdefault("made_files", {})
    place = st.empty()
    if kept.get(key, (None,))[0] != request or aside.find(kept[key][1]) is None:
        pressed = place.button(
            label, key=f"make_{key}", type="primary", icon=":material/download:", help=help
        )
        if not pressed:
            return
        place.empty()
        with sentences():
            kept[key] = (request, _made(program, request, f".{name.rpartition('.')[2]}", key))
    if kept.get(key, (None,))[0] == request:
        token = kept[key][1]
        path = aside.find(token)
        size = path.stat().st_size if path is not None else 0
        st.link_button(
            f"Download {name} ({size / 1e6:,.1f} MB)",
            address_of(token, name),
            type="primary",
            icon=":material/download:",
        )


def _made(program: str, request: dict[str, Any], suffix: str, key: str) -> str:
    """Make the file, with progress, and return its token."""
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Getting ready …")
        # Whatever is pressed ends this run of the script, and with it the process.
        st.button("Stop", icon=":material/stop:", key=f"stop_{key}")
    token = ""
    try:
        with contextlib.closing(aside.made(program, request, suffix)) as answers:
            for answer in answers:
                if isinstance(answer, float):
                    bar.progress(answer, f"{percent(answer, 0)} written")
                else:
                    token = answer.name
    finally:
        place.empty()
    return token
