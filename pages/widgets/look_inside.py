"""The way to the page Inside, and the picture that goes along."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import runs

MINE = "mine"
"""What a link calls the visitor's own picture, which only their session has."""

_PICTURE = "inside_picture"


@dataclass(frozen=True)
class Brought:
    """A picture of the visitor's own, prepared for a network.

    Attributes:
        pixels: uint8 (height, width, channels).
        name: what it is, such as ``"Your drawing"``.
        dataset: the name of the data set whose images it was made like.
    """

    pixels: np.ndarray
    name: str
    dataset: str


def look_inside(run: runs.Run | str, image: str, *, label: str = "Look inside") -> None:
    """Draw the link that shows what a network makes of an image.

    Args:
        run: of the network, or its id.
        image: such as ``"test-5"``, or ``MINE``.
        label: of the link.
    """
    st.page_link(
        "pages/inside.py",
        label=label,
        icon=":material/layers:",
        query_params={"run": run if isinstance(run, str) else run.id, "image": image},
    )


def keep(picture: Brought) -> None:
    """Let ``MINE`` be this picture from now on."""
    st.session_state[_PICTURE] = picture


def kept() -> Brought | None:
    """Return the visitor's own picture, if one was kept."""
    picture: Brought | None = st.session_state.get(_PICTURE)
    return picture
