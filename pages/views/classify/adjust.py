"""Classify, one picture: what the visitor has decided about its preparation, in the session.

Steps that are switched off stay off for the next picture; brush and crop belong to one picture.
"""

from dataclasses import dataclass, field

import streamlit as st
from PIL import Image

from core.imaging.prepare import Kind, Options, Stage
from pages.widgets.choice import choice
from pages.widgets.mask_editor import ADD, ERASE, Edit, picture_file

AUTOMATIC = "automatic"
KINDS = {AUTOMATIC: "Automatic", Kind.PHOTO: "Photo", Kind.SKETCH: "Drawing"}
FORMER = {"Sketch": Kind.SKETCH}  # in links of versions up to 0.4.1

_OFF = "classify_off"
_EDITS = "classify_edits"
_NUMBER = "classify_edits_number"


@dataclass
class Edits:
    """What brush and crop tool have done to one picture.

    Attributes:
        picture: the picture.
        token: tells these edits from those of other pictures, and from before a reset.
        file: the picture as the editor shows it.
        edit: brush and crop.
        version: grows with every change.
    """

    picture: Image.Image = field(repr=False)
    token: str
    file: bytes = field(repr=False)
    edit: Edit = field(default_factory=Edit)
    version: int = 0

    @property
    def any(self) -> bool:
        """Whether anything was edited."""
        return self.edit.layer is not None or self.edit.box is not None

    def change(self, edit: Edit) -> None:
        """Take what the visitor has done since."""
        self.edit = edit
        self.version += 1


def edits_of(picture: Image.Image) -> Edits:
    """Return the edits of the picture that is looked at; of another one there are none yet."""
    edits: Edits | None = st.session_state.get(_EDITS)
    if edits is None or (edits.picture is not picture and edits.picture != picture):
        edits = _new(picture)
    return edits


def kind_choice() -> Kind | None:
    """Draw the choice between photo and drawing, kept in ``?kind=``; None to detect it."""
    kind = choice("This is a", KINDS, "kind", former=FORMER)
    return None if kind == AUTOMATIC else Kind(kind)


def switched_off() -> frozenset[Stage]:
    """Return the steps that the visitor has switched off."""
    return frozenset(st.session_state.get(_OFF, ()))


def switch(stage: Stage, *, on: bool) -> None:
    """Switch a step off, or on again."""
    st.session_state[_OFF] = switched_off() - {stage} if on else switched_off() | {stage}


def options(kind: Kind | None, edits: Edits) -> Options:
    """Return all decisions together."""
    off, layer = switched_off(), edits.edit.layer
    return Options(
        kind=kind,
        off=off,
        box=None if Stage.CROP in off else edits.edit.box,
        add=None if layer is None else layer == ADD,
        erase=None if layer is None else layer == ERASE,
    )


def changed(edits: Edits) -> bool:
    """Tell whether anything differs from what happens by itself."""
    return bool(switched_off()) or edits.any or st.session_state.get("kind", AUTOMATIC) != AUTOMATIC


def reset(picture: Image.Image) -> None:
    """Let everything happen by itself again."""
    st.session_state.pop(_OFF, None)
    st.session_state["kind"] = AUTOMATIC
    _new(picture)


def _new(picture: Image.Image) -> Edits:
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    edits = st.session_state[_EDITS] = Edits(picture, str(number), picture_file(picture))
    return edits
