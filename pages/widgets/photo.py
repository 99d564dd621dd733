"""A photo of the visitor's own: uploaded or taken with the camera, through the gate."""

import streamlit as st

from core.imaging.gate import ACCEPTED, MAX_BYTES, SUFFIXES, Picture
from pages.session import brought
from pages.widgets.upload_words import upload_words

CAMERA_ON = "classify_camera"  # session: whether the visitor has switched the camera on
_LIMITS = f"{ACCEPTED}, at most {MAX_BYTES // 1024**2} MB."


def uploaded(key: str, label: str, kept: str) -> Picture | None:
    """Draw an uploader and return its picture, None if it has none yet.

    Args:
        key: of the widget; another one empties it.
        label: of the widget.
        kept: a sentence on what becomes of the file.

    Raises:
        ImageRejected: the file is of no use.
    """
    with st.container(gap=None):
        file = st.file_uploader(
            label,
            type=["image", *SUFFIXES],
            key=key,
            max_upload_size=MAX_BYTES // 1024**2,
            help=f"{_LIMITS} {kept}",
            on_change=_forget_if_removed,
            args=(key,),
        )
        upload_words(key)
    if file is not None:
        return brought.opened(key, file.file_id, file.getvalue(), file.name)
    return brought.kept(key)


def taken(key: str, label: str, kept: str) -> Picture | None:
    """Draw the camera, once it is switched on, and return its picture; as ``uploaded``."""
    st.caption(f"The photo goes to this server and nowhere else. {kept}")
    if not st.session_state.get(CAMERA_ON):
        st.button(
            "Use the camera",
            icon=":material/photo_camera:",
            on_click=st.session_state.__setitem__,
            args=(CAMERA_ON, True),
        )
        return brought.kept(key)
    shot = st.camera_input(label, key=key, on_change=_forget_if_removed, args=(key,))
    if shot is not None:
        return brought.opened(key, shot.file_id, shot.getvalue(), "The camera's photo")
    return brought.kept(key)


def _forget_if_removed(key: str) -> None:
    """Forget the picture when the visitor takes it out of the widget."""
    if st.session_state.get(key) is None:
        brought.forget(key)
