"""Class: join by a code, see what is to be done and how all fare; for teachers, their class."""

import streamlit as st

from pages.session import frame
from pages.session.arrival import arrival
from pages.session.person import lost_place, person
from pages.views.classroom.join import join_view
from pages.views.classroom.student import student_view
from pages.views.classroom.teacher import teacher_view


def main() -> None:
    """Draw the page."""
    for problem in (arrival(), lost_place()):
        if problem is not None:
            st.warning(problem, icon=":material/info:")
    who = person()
    if who.teacher:
        teacher_view(who)
    elif who.member is not None and who.classroom is not None:
        student_view(who, who.member, who.classroom)
    else:
        join_view(who)


frame.draw(main)
