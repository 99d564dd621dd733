"""What the owner of a run writes about it: saved as one types, shown to others as plain text."""

import streamlit as st

from core import runs
from core.errors import AtelierError
from core.runs import Run
from core.runs.access import may_read_note, owned, owns
from core.runs.note import MOST
from pages.session.person import circle
from pages.session.visitor import visitor_id
from pages.widgets.shared import register

_NOTES = register(__file__, "notes")


def notes(run: Run, visitor: str) -> None:
    """Draw the field, or of someone else's run that is shared what its owner wrote.

    Args:
        run: that the visitor may see.
        visitor: who looks.
    """
    if owns(run, visitor):
        if run.note_hidden:
            st.caption(":material/visibility_off: The teacher has hidden these notes from others.")
        st.fragment(_field)(run.id)
        return
    text = runs.read_note(run.folder) if may_read_note(run, visitor) else ""
    if text.strip():
        with st.container(border=True):
            st.caption("Notes of its owner")
            st.text(text)


def _field(run_id: str) -> None:
    """Draw the field of one's own run; what is typed comes here without the rest of the page."""
    key = f"notes_{run_id}"

    def wrote() -> None:
        # What the browser sends may be anything.
        told = (st.session_state.get(key) or {}).get("note")
        text = told.get("text") if isinstance(told, dict) else None
        if not isinstance(text, str):
            return
        try:
            runs.write_note(owned(run_id, visitor_id(), circle()).id, text)
        except AtelierError as error:
            st.session_state[f"{key}_problem"] = str(error)
        else:
            st.session_state.pop(f"{key}_problem", None)

    told = (st.session_state.get(key) or {}).get("note")
    _NOTES(
        key=key,
        data={
            "text": runs.read_note(runs.folder_of(run_id)),
            "most": MOST,
            "known": told.get("at") if isinstance(told, dict) else None,
            "problem": st.session_state.get(f"{key}_problem", ""),
        },
        on_note_change=wrote,
    )
