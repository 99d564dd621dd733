"""Classify, one picture: what the visitor has decided about its preparation, in the session.

Steps that are switched off stay off for the next picture; brush and crop belong to one picture.
"""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from PIL import Image

from core.imaging.prepare import Kind, Options, Stage
from core.imaging.scene import Box
from pages.components.choice import choice

AUTOMATIC = "automatic"
KINDS = {AUTOMATIC: "Automatic", Kind.PHOTO: "Photo", Kind.SKETCH: "Sketch"}

_OFF = "classify_off"
_EDITS = "classify_edits"
_NUMBER = "classify_edits_number"


@dataclass
class Edits:
    """What brush and crop tool have done to one picture.

    Attributes:
        picture: the picture.
        token: tells these edits from those of other pictures, and from before a reset.
        add, erase: for ``Options``; None before the brush was used.
        box: for ``Options``; None for the crop that was found.
        version: grows with every change.
    """

    picture: Image.Image
    token: str
    add: np.ndarray | None = field(default=None, repr=False)
    erase: np.ndarray | None = field(default=None, repr=False)
    box: Box | None = None
    version: int = 0

    @property
    def any(self) -> bool:
        """Whether anything was edited."""
        brushed = any(each is not None and each.any() for each in (self.add, self.erase))
        return brushed or self.box is not None


def edits_of(picture: Image.Image) -> Edits:
    """Return the edits of the picture that is looked at; of another one there are none yet."""
    edits: Edits | None = st.session_state.get(_EDITS)
    if edits is None or (edits.picture is not picture and edits.picture != picture):
        edits = _new(picture)
    return edits


def kind_choice() -> Kind | None:
    """Draw the choice between photo and sketch, kept in ``?kind=``; None to tell by looking."""
    kind = choice("This is a", KINDS, "kind")
    return None if kind == AUTOMATIC else Kind(kind)


def switched_off() -> frozenset[Stage]:
    """Return the steps that the visitor has switched off."""
    return frozenset(st.session_state.get(_OFF, ()))


def switch(stage: Stage) -> None:
    """Switch a step off, or on again."""
    st.session_state[_OFF] = switched_off() ^ {stage}


def options(kind: Kind | None, edits: Edits) -> Options:
    """Return all decisions together."""
    off = switched_off()
    box = None if Stage.CROP in off else edits.box
    return Options(kind=kind, off=off, box=box, add=edits.add, erase=edits.erase)


def changed(edits: Edits) -> bool:
    """Tell whether anything differs from what happens by itself."""
    return bool(switched_off()) or edits.any or st.session_state.get("kind") != AUTOMATIC


def reset(picture: Image.Image) -> None:
    """Let everything happen by itself again."""
    st.session_state.pop(_OFF, None)
    st.session_state["kind"] = AUTOMATIC
    _new(picture)


def _new(picture: Image.Image) -> Edits:
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    edits = st.session_state[_EDITS] = Edits(picture, str(number))
    return edits
