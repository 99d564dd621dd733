"""What a class says on every page: the teacher's message, and what the student has to do.

A fragment of its own, so that a message comes without a reload, whatever the page does.
"""

import streamlit as st

from core.classroom import handins, presence
from core.classroom.handins import Progress
from pages.session.activities import calls
from pages.session.guard import sentences
from pages.session.person import person
from pages.session.ticking import watching
from pages.words import count, literal

HAVE_THEIR_OWN = ("Class", "Board")  # pages that say it in their own way
TASKS_OF_THEIR_OWN = ("Train",)  # and of tasks alone
TICK = 4.0  # seconds until a message is seen, at most


def class_banner(page: str) -> None:
    """Draw it for a member of a class; ``page`` is the title of the page that is open."""
    watching(_banner, TICK)(page)


def _banner(page: str) -> None:
    with sentences():
        who = person()
        if who.member is None or who.classroom is None:
            st.rerun()  # left, or removed
        presence.seen(who.member, page.lower())
        if who.classroom.message:
            st.warning(f"**{literal(who.classroom.message)}**", icon=":material/campaign:")
        if page in HAVE_THEIR_OWN:
            return
        for call in calls(who.classroom.id) if who.classroom.is_open else ():
            st.page_link(
                "pages/classroom.py",
                label=f"**{call.title}** · {call.words}",
                icon=call.icon,
                query_params={"view": call.title},
            )
        if page not in TASKS_OF_THEIR_OWN:
            for each in handins.progress(who):
                _task(each)


def _task(progress: Progress) -> None:
    """Say in a line what is to be done, and how far it is."""
    task, left = progress.given.task, progress.runs_left
    if not progress.guessed:
        done = "your guess is missing"
    else:
        done = f"{count(progress.runs, 'run')} so far" + (f", {left} left" if left else "")
        done += f", {progress.hand_ins} handed in"
    st.page_link(
        "pages/classroom.py",
        label=f"**{literal(task.title)}** · {done}",
        icon=":material/assignment:",
    )
