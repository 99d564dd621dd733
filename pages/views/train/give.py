"""For teachers: the settings on the page as a task of their class, by one click."""

import streamlit as st

from core.classroom import classes, tasks
from core.classroom import given as of_class
from core.classroom.people import Classroom
from core.runs import TrainingConfig
from pages.session.guard import sentences
from pages.session.person import person
from pages.words import literal

SHOWS = "shows"  # in the URL: the only settings that the link's reader is to see


def give_button(config: TrainingConfig) -> None:
    """Draw what gives these settings as a task; nothing where no class is open."""
    who = person()
    rooms = {each.id: each for each in classes.all_classes(who) if each.is_open}
    if not rooms:
        return
    chosen = next(iter(rooms))
    if len(rooms) > 1:
        chosen = st.selectbox(
            "Class",
            list(rooms),
            format_func=lambda number: rooms[number].title,
            key="give_class",
            label_visibility="collapsed",
        )
    if st.button(
        "Give this as a task",
        icon=":material/add_task:",
        width="stretch",
        help="Students of the class see it when you open it under Class, Tasks. The controls that "
        "the link names with shows= are theirs to change; without it all but the data set.",
    ):
        with sentences():
            _give(rooms[chosen], config)


def _give(room: Classroom, config: TrainingConfig) -> None:
    named = st.query_params.get(SHOWS)
    shows = tasks.SHOWABLE if named is None else [each for each in named.split(",") if each]
    task = of_class.give(person(), room.id, tasks.task_of_config(config, shows)).task
    st.success(
        f"“{literal(task.title)}” is a task of {literal(room.title)} now. Open it there.",
        icon=":material/check:",
    )
    st.page_link(
        "pages/classroom.py",
        label="Class, Tasks",
        icon=":material/assignment:",
        query_params={"class": room.code, "view": "Tasks"},
    )
