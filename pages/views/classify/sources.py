"""Classify: where a picture comes from. Each source keeps its picture while others are open."""

import streamlit as st

from core.imaging.gate import Picture
from pages.widgets import photo
from pages.widgets.choice import choice
from pages.widgets.drawing import drawing
from pages.widgets.samples import samples

MEANWHILE = "Choose or draw a picture meanwhile."
DRAW, SAMPLES = "draw", "samples"
TALL = (DRAW, SAMPLES)  # what comes after them is off the screen of a phone
NOT_KEPT = "It is not stored."


def source() -> str:
    """Draw the choice of a source, kept in ``?from=``, and return its name."""
    titles = {name: title for name, (title, _) in SOURCES.items()}
    chosen = choice("Picture from", titles, "from", label_visibility="collapsed")
    if chosen != "camera":
        st.session_state.pop(photo.CAMERA_ON, None)
    return chosen


def picture_from(chosen: str) -> Picture | None:
    """Draw a source and return its picture, None if it has none yet.

    Raises:
        ImageRejected: the file is of no use.
    """
    return SOURCES[chosen][1]()


def _upload() -> Picture | None:
    return photo.uploaded("upload", "A photo or drawing of one thing", NOT_KEPT)


def _camera() -> Picture | None:
    return photo.taken("camera", "Hold one thing in front of a plain wall", NOT_KEPT)


# In the order of the buttons; the names are those in the URL.
SOURCES = {
    "upload": ("Upload", _upload),
    DRAW: ("Draw", drawing),
    "camera": ("Camera", _camera),
    SAMPLES: ("Samples", samples),
}
