"""A student's class: what is to be done, how everybody fares, and the student's own place in it."""

from enum import StrEnum

import streamlit as st

from core.classroom import joining
from core.classroom.people import Classroom, Member, Person
from pages.session.guard import sentences
from pages.views.classroom.beat import beat_view
from pages.views.classroom.court import court_view
from pages.views.classroom.experiment import experiment_view
from pages.views.classroom.photos import photos_view
from pages.views.classroom.standing import standing
from pages.views.classroom.todo import todo
from pages.widgets.choice import choice
from pages.widgets.door import leave
from pages.words import literal
from pages.words.classroom import kept


class View(StrEnum):
    """What a student looks at."""

    TASKS = "tasks"
    CLASS = "class"
    EXPERIMENT = "experiment"
    BEAT = "beat"
    COURT = "court"
    PHOTOS = "photos"
    ME = "me"


TITLES = {
    View.TASKS: "Tasks",
    View.CLASS: "Everybody",
    View.EXPERIMENT: "One experiment",
    View.BEAT: "Beat the network",
    View.COURT: "Label court",
    View.PHOTOS: "Our photos",
    View.ME: "Me",
}
_CODE = "class_device_code"  # session: the private code that is shown


def student_view(who: Person, member: Member, classroom: Classroom) -> None:
    """Draw the page of a member."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(literal(classroom.title), anchor=False, width="stretch")
        st.badge(literal(member.name), icon=":material/person:", color="violet")
    if not classroom.is_open:
        st.info(
            "This class is closed. You can look at everything in it.", icon=":material/door_front:"
        )
    with sentences():
        match choice("View", TITLES, "view", label_visibility="collapsed"):
            case View.TASKS:
                todo(who, member, classroom)
            case View.CLASS:
                standing(classroom.id, mine=member.public_id)
            case View.EXPERIMENT:
                experiment_view(who, classroom)
            case View.BEAT:
                beat_view(who, classroom)
            case View.COURT:
                court_view(who, classroom)
            case View.PHOTOS:
                photos_view(who, classroom)
            case View.ME:
                _me(who, member, classroom)


def _me(who: Person, member: Member, classroom: Classroom) -> None:
    st.markdown(f"In this class you are **{literal(member.handle)}**.")
    if member.hidden:
        st.caption("The teacher has hidden this name: others see “Hidden name”.")
    st.caption(kept(classroom))
    with st.container(border=True, width=560):
        st.markdown("**Use another device**")
        st.caption("A private code for your phone or another computer: good once, for ten minutes.")
        if st.button("Show a code", icon=":material/devices:"):
            st.session_state[_CODE] = joining.device_code(who, member.id)
        if _CODE in st.session_state:
            st.code(st.session_state[_CODE], language=None)
            st.caption(
                "Enter it there on the Class page. Keep it to yourself: it lets others be you."
            )
    with st.container(border=True, width=560):
        st.markdown(f"**Not {literal(member.handle)}?**")
        st.caption(
            "Leave the class on this device, and start afresh. Without another device that knows "
            "you, you cannot come back under this name; your runs and photos stay with the class."
        )
        if st.button("Leave on this device", icon=":material/logout:"):
            leave()
