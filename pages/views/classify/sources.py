"""Classify: where a picture comes from. Each source keeps its picture while others are open."""

import streamlit as st

from core.imaging.gate import MAX_BYTES, Picture
from pages.session import brought
from pages.widgets.choice import choice
from pages.widgets.drawing import drawing
from pages.widgets.samples import samples
from pages.widgets.upload_words import upload_words

MEANWHILE = "Choose or draw a picture meanwhile."
DRAW, SAMPLES = "draw", "samples"
TALL = (DRAW, SAMPLES)  # what comes after them is off the screen of a phone

_CAMERA_ON = "classify_camera"  # session: whether the visitor has switched the camera on


def source() -> str:
    """Draw the choice of a source, kept in ``?from=``, and return its name."""
    titles = {name: title for name, (title, _) in SOURCES.items()}
    chosen = choice("Picture from", titles, "from", label_visibility="collapsed")
    if chosen != "camera":
        st.session_state.pop(_CAMERA_ON, None)
    return chosen


def picture_from(chosen: str) -> Picture | None:
    """Draw a source and return its picture, None if it has none yet.

    Raises:
        ImageRejected: the file is of no use.
    """
    return SOURCES[chosen][1]()


def _upload() -> Picture | None:
    with st.container(gap=None):
        file = st.file_uploader(
            "A photo or drawing of one thing",
            type="image",
            key="upload",
            max_upload_size=MAX_BYTES // 1024**2,
            help="JPEG, PNG, WebP, GIF or BMP, at most 10 MB. It is not stored.",
            on_change=_forget_if_removed,
            args=("upload",),
        )
        upload_words("upload")
    if file is not None:
        return brought.opened("upload", file.file_id, file.getvalue(), file.name)
    return brought.kept("upload")


def _camera() -> Picture | None:
    st.caption("The photo goes to this server and nowhere else. It is not stored.")
    if not st.session_state.get(_CAMERA_ON):
        st.button(
            "Use the camera",
            icon=":material/photo_camera:",
            on_click=st.session_state.__setitem__,
            args=(_CAMERA_ON, True),
        )
        return brought.kept("camera")
    shot = st.camera_input(
        "Hold one thing in front of a plain wall",
        key="camera",
        on_change=_forget_if_removed,
        args=("camera",),
    )
    if shot is not None:
        return brought.opened("camera", shot.file_id, shot.getvalue(), "The camera's photo")
    return brought.kept("camera")


def _forget_if_removed(chosen: str) -> None:
    """Forget the picture when the visitor takes it out of the widget."""
    if st.session_state.get(chosen) is None:
        brought.forget(chosen)


# In the order of the buttons; the names are those in the URL.
SOURCES = {
    "upload": ("Upload", _upload),
    DRAW: ("Draw", drawing),
    "camera": ("Camera", _camera),
    SAMPLES: ("Samples", samples),
}
