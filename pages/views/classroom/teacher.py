"""The teacher's view: open a class, let others in, see everybody, guide the lesson."""

import math
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import streamlit as st

from core.classroom import classes, exports, messages
from core.classroom.links import join_link
from core.classroom.people import Classroom, Limits, Person
from core.settings import settings
from pages.session import data
from pages.session.address import app_url, is_for_others
from pages.session.guard import sentences
from pages.session.person import teaches_by_link
from pages.session.streamlit_internals import DeltaGenerator
from pages.views.classroom.beat_control import beat_control
from pages.views.classroom.court_control import court_control
from pages.views.classroom.experiment_control import experiment_control
from pages.views.classroom.log import log_view
from pages.views.classroom.people import people_view
from pages.views.classroom.photos_control import photos_control
from pages.views.classroom.standing import standing
from pages.views.classroom.tasks import tasks_view
from pages.widgets.choice import choice
from pages.widgets.closing_popover import close_popover, closing_popover
from pages.widgets.door import leave_teaching
from pages.widgets.qr import qr_image
from pages.widgets.several_home import several_home
from pages.words import count, literal
from pages.words.classroom import day

OPENED = "class"  # in the URL: the code of the class that is looked at
NEW, CHANGE = "class_new", "class_changing"  # popovers
DAYS = (1, 7, 30, 90, 365)
ONLY_HERE = (
    "Students cannot come in yet: only this computer can open this address. End Atelier, start it "
    "with `python run.py class`, and open the teacher's link that it prints."
)


class View(StrEnum):
    """What a teacher looks at."""

    PEOPLE = "people"
    TASKS = "tasks"
    CLASS = "class"
    EXPERIMENT = "experiment"
    BEAT = "beat"
    COURT = "court"
    PHOTOS = "photos"
    LOG = "log"


TITLES = {
    View.PEOPLE: "People",
    View.TASKS: "Tasks",
    View.CLASS: "Everybody's curves",
    View.EXPERIMENT: "One experiment",
    View.BEAT: "Beat the network",
    View.COURT: "Label court",
    View.PHOTOS: "Our photos",
    View.LOG: "Log",
}


def teacher_view(who: Person) -> None:
    """Draw the page of a teacher."""
    every = classes.all_classes(who)
    asked = st.query_params.get(OPENED)
    opened = next((each for each in every if each.code == asked), next(iter(every), None))
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.title(literal(opened.title) if opened else "Class", anchor=False, width="stretch")
        if opened is not None:
            if len(every) > 1:
                _choose(every, opened)
            with closing_popover("New class", NEW, ":material/add:"):
                _new(who)
        _stop_teaching()
    if opened is None:
        st.markdown("You are the teacher here. Open a class: it gets a code that students join by.")
        with st.container(border=True, width=560):
            _new(who, key="first")
        return
    with sentences():
        _head(who, opened)
    with sentences():
        match choice("View", TITLES, "view", label_visibility="collapsed"):
            case View.PEOPLE:
                people_view(who, opened)
            case View.TASKS:
                tasks_view(who, opened)
            case View.CLASS:
                standing(opened.id)
                _take_home(who, opened)
            case View.EXPERIMENT:
                experiment_control(who, opened)
            case View.BEAT:
                beat_control(who, opened)
            case View.COURT:
                court_control(who, opened)
            case View.PHOTOS:
                photos_control(who, opened)
            case View.LOG:
                log_view(who, opened)


def _stop_teaching() -> None:
    """Draw the button for a teacher at a computer that others use after them."""
    if st.button(
        "Stop teaching here",
        icon=":material/logout:",
        type="tertiary",
        help="In this browser alone. The teacher's link opens your classes again.",
    ):
        if teaches_by_link():
            leave_teaching()
        st.logout()


def _take_home(who: Person, opened: Classroom) -> None:
    """Draw what takes the runs of the whole class along."""
    with st.expander("Take the class's runs home", icon=":material/download:"), sentences():
        st.markdown(
            "One ZIP of all runs that are not under way, named by handle, for another Atelier. "
            "Sealed test figures and students' notes stay here."
        )
        several_home(
            exports.runs_of(who, opened.id), f"class-{opened.code}-runs.zip", key="class_runs"
        )


def _choose(every: list[Classroom], opened: Classroom) -> None:
    titles = {
        each.code: f"{each.title} · {each.code}{'' if each.is_open else ' · closed'}"
        for each in every
    }
    # Without a key: a box that is kept knows its choice by its words, and once they change (a new
    # title, or "closed") it falls back to the first class.
    chosen = st.selectbox(
        "Class",
        list(titles),
        index=list(titles).index(opened.code),
        format_func=titles.__getitem__,
        label_visibility="collapsed",
        width=260,
    )
    if chosen != opened.code:
        st.query_params[OPENED] = chosen
        st.rerun()


def _new(who: Person, key: str = "new") -> None:
    """Draw the form that opens a class."""
    with st.form(f"class_{key}", border=False), sentences():
        wanted = _fields(None)
        days = st.selectbox(
            "Deleted after", DAYS, DAYS.index(30), format_func=lambda days: count(days, "day")
        )
        if st.form_submit_button("Open the class", type="primary", icon=":material/school:"):
            st.query_params[OPENED] = classes.open_class(who, days=days, **wanted).code
            close_popover(NEW)
            st.rerun()


def _change(who: Person, classroom: Classroom) -> None:
    """Draw the form that changes a class."""
    today = date.today()
    ends = date.fromtimestamp(classroom.delete_after)
    with st.form("class_change", border=False), sentences():
        wanted = _fields(classroom)
        chosen = st.date_input(
            "Deleted on",
            ends,
            min(ends, today + timedelta(1)),
            max(ends, today + timedelta(classes.DAYS_EVER)),
            help="With all that belongs to the class.",
        )
        if st.form_submit_button("Save", type="primary", icon=":material/check:"):
            days = (chosen - today).days if chosen not in (None, ends) else None
            classes.change_class(who, classroom.id, days=days, **wanted)
            data.forget_classes()
            close_popover(CHANGE)
            st.toast("The class is changed. The log can undo that.", icon=":material/check:")
            st.rerun()


def _fields(now: Classroom | None) -> dict[str, Any]:
    """Draw what can be set of a class, and return it as ``classes.open_class`` takes it.

    Args:
        now: the class as it is; None for a new one.
    """
    title = st.text_input(
        "Title",
        now.title if now else "",
        max_chars=classes.TITLE,
        placeholder="Deep learning, Tuesday",
    )
    nicknames = st.toggle(
        "Own nicknames",
        now is not None and now.nicknames,
        help="Off: each student gets a colour and an animal, so no name is typed and none is "
        "kept. On: students may type a nickname, which you can change.",
    )
    allowed = settings().limits
    limits = Limits(seconds=180.0, waiting=3) if now is None else now.limits
    first, second = st.columns(2)
    minutes = _number(first, "Minutes a run", int(allowed.seconds // 60), _minutes(limits.seconds))
    waiting = _number(second, "Runs waiting a student", allowed.queued, limits.waiting)
    most = first.number_input(
        "Students at most", 1, classes.MOST_EVER, now.most if now else classes.MOST
    )
    kept = Limits(
        limits.epochs,
        limits.seconds if minutes is None else 60.0 * minutes,
        limits.waiting if waiting is None else waiting,
    )
    return {"title": title, "nicknames": nicknames, "most": most, "limits": kept}


def _minutes(seconds: float | None) -> int | None:
    return None if seconds is None else math.ceil(seconds / 60)


def _number(place: DeltaGenerator, label: str, most: int, value: int | None) -> int | None:
    """Draw a field for a number from 1 to what the server allows; None if it was left as it is.

    Args:
        place: to draw in.
        label: what it is.
        most: that the server allows.
        value: as it is; None for as many as the server allows. The server may allow less by now.
    """
    shown = max(1, most if value is None else min(value, most))
    chosen: int = place.number_input(label, 1, max(1, most), shown)
    return None if chosen == shown else chosen


def _head(who: Person, classroom: Classroom) -> None:
    """Draw how students come in, what is said to all of them, and what becomes of the class."""
    url = app_url()
    link = join_link(url, classroom.code)
    if classroom.is_open and not is_for_others(url):
        st.warning(ONLY_HERE, icon=":material/wifi_off:")
    code, message, rest = st.columns([4, 5, 5], gap="small", vertical_alignment="top")
    with code, st.container(border=True, height="stretch"):
        if classroom.is_open:
            st.caption("Students join with this code")
            st.markdown(f"## {classroom.code[:3]} {classroom.code[3:]}")
            with st.container(horizontal=True):
                with st.popover("QR code", icon=":material/qr_code_2:"):
                    st.html(f'<div style="width:240px">{qr_image(link)}</div>')
                    st.code(link, language=None, wrap_lines=True)
                st.page_link(
                    "pages/board.py",
                    label="Board for the wall",
                    icon=":material/co_present:",
                    query_params={OPENED: classroom.code},
                )
        else:
            st.caption("This class is closed: nobody can join it.")
            if st.button("Open it again", icon=":material/lock_open:"):
                classes.reopen_class(who, classroom.id)
                st.rerun()
    with message, st.container(border=True, height="stretch"):
        _message(who, classroom)
    with rest, st.container(border=True, height="stretch"):
        _care(who, classroom)


def _message(who: Person, classroom: Classroom) -> None:
    """Draw "eyes on me": a sentence on every page of every student."""
    if classroom.message:
        st.markdown(f"On every page of your students: **{literal(classroom.message)}**")
        if st.button("Remove the message", icon=":material/visibility_off:"):
            messages.clear(who, classroom.id)
            st.rerun()
        return
    with st.form("class_message", border=False, clear_on_submit=True), sentences():
        words = st.text_input(
            "Eyes on me",
            "",
            max_chars=200,
            placeholder="Look at the board.",
            help="A sentence on every page of your students. What trains goes on.",
        )
        if st.form_submit_button("Show it to all", icon=":material/campaign:"):
            messages.say(who, classroom.id, words.strip() or "Look at the board.")
            st.rerun()


def _care(who: Person, classroom: Classroom) -> None:
    st.caption(f"Deleted on {day(classroom.delete_after)}, with all that belongs to it.")
    with st.container(horizontal=True):
        if classroom.is_open and st.button(
            "Close", icon=":material/lock:", help="Nobody joins any more; all can still look."
        ):
            classes.close_class(who, classroom.id)
            st.rerun()
        if st.button(
            "Copy",
            icon=":material/content_copy:",
            help="A new class with the same settings and tasks.",
        ):
            st.query_params[OPENED] = classes.copy_class(who, classroom.id).code
            st.rerun()
        with closing_popover("Change", CHANGE, ":material/edit:"):
            _change(who, classroom)
        if st.button("Delete", icon=":material/delete:"):
            _delete(who, classroom)


@st.dialog("Delete this class?")
def _delete(who: Person, classroom: Classroom) -> None:
    st.markdown(
        f"**{literal(classroom.title)}** goes for good: its students' handles, their runs, "
        "photos, and what they handed in and guessed. This cannot be undone."
    )
    with sentences():
        if st.button("Delete all of it", type="primary", icon=":material/delete_forever:"):
            classes.delete_class(who, classroom.id)
            st.query_params.pop(OPENED, None)
            st.rerun()
