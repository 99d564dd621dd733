"""Classify, one picture: what the visitor has decided about its preparation, in the session.

Steps that are switched off stay off for the next picture; brush and crop belong to one picture.
"""

from dataclasses import replace

import streamlit as st

from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options, Stage
from core.imaging.scene import Box
from pages.widgets.choice import choice
from pages.widgets.picture_edits import Edits

AUTOMATIC = "automatic"
KINDS = {AUTOMATIC: "Automatic", Kind.PHOTO: "Photo", Kind.SKETCH: "Drawing"}
FORMER = {"Sketch": Kind.SKETCH}  # in links of versions up to 0.4.1

_OFF = "classify_off"
_EDITS = "classify_edits"
_NUMBER = "classify_edits_number"


def edits_of(picture: Picture) -> Edits:
    """Return the edits of the picture that is looked at; of another one there are none yet."""
    edits: Edits | None = st.session_state.get(_EDITS)
    if edits is None or (edits.brought is not picture and edits.brought != picture):
        edits = _new(picture)
    return edits


def turn(edits: Edits, quarters: int) -> None:
    """Turn the picture to the right; a crop or a brush belonged to how it lay before."""
    _new(edits.brought, edits.quarters + quarters)


def crop(edits: Edits, box: Box | None) -> None:
    """Crop the picture to a box, or to what is found in it again."""
    edits.change(replace(edits.edit, box=box))
    edits.token = _number()  # or the browser would keep its own


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
    return edits.options(kind, switched_off())


def changed(edits: Edits) -> bool:
    """Tell whether anything differs from what happens by itself."""
    return bool(switched_off()) or edits.any or st.session_state.get("kind", AUTOMATIC) != AUTOMATIC


def reset(picture: Picture) -> None:
    """Let everything happen by itself again."""
    st.session_state.pop(_OFF, None)
    st.session_state["kind"] = AUTOMATIC
    _new(picture)


def _new(brought: Picture, quarters: int = 0) -> Edits:
    edits = st.session_state[_EDITS] = Edits.of(brought, _number(), quarters)
    return edits


def _number() -> str:
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    return str(number)
