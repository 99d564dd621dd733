"""What teachers did in a class, latest first; what makes sense to undo can be undone."""

import streamlit as st

from core.classroom import log
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.guard import sentences
from pages.words import ago, literal


def log_view(who: Person, classroom: Classroom) -> None:
    """Draw the log of a class."""
    actions = log.actions(who, classroom.id)
    if not actions:
        st.info("Nothing has been done yet.", icon=":material/history:")
    for action in actions:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(ago(action.at), width=110)
            words = literal(action.sentence)
            st.markdown(f"~~{words}~~ undone" if action.undone else words, width="stretch")
            if action.can_undo and st.button(
                "Undo", icon=":material/undo:", key=f"undo_{action.id}"
            ):
                with sentences():
                    log.undo(who, action.id)
                    data.forget_classes()
                    st.rerun()
