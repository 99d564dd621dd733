"""The wall: code, who is there, everybody's curves, who leads, what waits."""

from html import escape

import streamlit as st

from core.classroom import classes
from core.classroom.links import join_link
from core.classroom.overview import Contest, Overview
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.address import app_url
from pages.session.guard import sentences
from pages.views.board.beat import beat_on_wall
from pages.views.board.court import court_on_wall
from pages.views.board.end import end_on_wall
from pages.views.board.experiment import experiment_on_wall
from pages.views.board.photos import photos_on_wall
from pages.widgets import palette
from pages.widgets.class_chart import class_chart, numbers
from pages.widgets.qr import qr_image
from pages.widgets.ranking import of_live, of_students, ranking

TICK = 2.0  # seconds between two looks
MOST = 12  # lines of the ranking, which fill the screen

# The whole screen for the class: no sidebar, no header, no scrolling; sizes follow the screen.
STYLE = """<style>
[data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"],
[data-testid="stToolbar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1.2vw 2vw 0; max-width: none; }
.wall-head { display: flex; align-items: center; gap: 2vw; }
.wall-title { flex: 1; font-size: clamp(1.4rem, 2.2vw, 3rem); font-weight: 700; line-height: 1.15; }
.wall-how { font-size: clamp(1rem, 1.3vw, 1.8rem); opacity: 0.8; text-align: right; }
.wall-code { font-size: clamp(2rem, 4.6vw, 6rem); font-weight: 800; letter-spacing: 0.08em;
  font-variant-numeric: tabular-nums; white-space: nowrap; line-height: 1; }
.wall-qr { width: clamp(90px, 9vw, 200px); }
.wall-message { font-size: clamp(1.6rem, 3.4vw, 4.5rem); font-weight: 700; text-align: center;
  padding: 2vw; border-radius: 1rem; margin-bottom: 1vw; color: white; background: INDIGO; }
.wall-big { font-size: clamp(0.9rem, 1.2vw, 1.8rem); }
.wall-here { display: flex; flex-wrap: wrap; gap: 0.35em; font-size: clamp(0.8rem, 1vw, 1.4rem);
  line-height: 1.6; max-height: 8.25em; overflow: hidden; } /* four whole rows */
.wall-here span { padding: 0.1em 0.6em; border-radius: 1em;
  background: color-mix(in srgb, currentColor 10%, transparent); }
.wall-task { padding: 0.6em 0.8em; border-radius: 0.6rem; margin-bottom: 0.8em;
  background: color-mix(in srgb, INDIGO 14%, transparent); }
.wall-task small { font-size: 0.75em; line-height: 1.35; margin-top: 0.3em; overflow: hidden;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 5; }
.wall-here .away { opacity: 0.5; }
</style>""".replace("INDIGO", palette.GOOD)


def wall(who: Person) -> None:
    """Draw the board of the visitor's class; a teacher chooses it by the link."""
    classroom = who.classroom
    asked = st.query_params.get("class")
    if who.teacher:
        every = classes.all_classes(who)
        classroom = next((each for each in every if each.code == asked), next(iter(every), None))
    if classroom is None:
        st.title("Board", anchor=False)
        st.info(
            "The board shows a class on the wall. Join a class first, or open the teacher's link.",
            icon=":material/co_present:",
        )
        st.page_link("pages/classroom.py", label="Join a class", icon=":material/groups:")
        return
    st.html(STYLE)
    st.fragment(_wall, run_every=TICK)(who, classroom.id, join_link(app_url(), classroom.code))


def _wall(who: Person, class_id: int, link: str) -> None:
    with sentences():
        now = data.class_overview(class_id)
        st.html(_head(now.classroom, link))
        if now.classroom.message:
            st.html(f'<div class="wall-message">{escape(now.classroom.message)}</div>')
        if beat_on_wall(who, class_id, room=not now.classroom.message):
            return
        if experiment_on_wall(class_id, room=not now.classroom.message):
            return
        if court_on_wall(class_id, room=not now.classroom.message):
            return
        if photos_on_wall(class_id, room=not now.classroom.message):
            return
        found = data.class_contest(class_id)
        if found is not None and found.is_past(now):
            found = None
        if found is not None and found.end:
            end_on_wall(found)
            return
        left, right = st.columns([5, 2], gap="large")
        with left:
            lines = data.class_lines(class_id, of_contest=found is not None)
            # It is as high as the screen lets it be, and this at least.
            class_chart(lines, key="wall_chart", height=380, wall=True)
            st.html(f'<div class="wall-here"><b>{numbers(now)}</b></div>{_here(now)}')
        with right:
            st.html(f'<div class="wall-big">{_contest(found)}{_places(now, found)}</div>')


def _head(classroom: Classroom, link: str) -> str:
    title = f'<div class="wall-title">{escape(classroom.title)}</div>'
    if not classroom.is_open:
        return f'<div class="wall-head">{title}<div class="wall-how">closed</div></div>'
    code = f"{classroom.code[:3]} {classroom.code[3:]}"
    place = escape(link.partition("://")[2].partition("/join/")[0])
    return (
        f'<div class="wall-head">{title}'
        f'<div class="wall-how">Join at {place}/join<br>with the code</div>'
        f'<div class="wall-code">{code}</div><div class="wall-qr">{qr_image(link)}</div></div>'
    )


def _contest(found: Contest | None) -> str:
    """Return the task as HTML: what is to be found out."""
    if found is None:
        return ""
    title, question = escape(found.given.task.title), escape(found.given.task.question)
    return f'<div class="wall-task"><b>{title}</b><small>{question}</small></div>'


def _places(now: Overview, found: Contest | None) -> str:
    """Return who leads as HTML: in the task, or of everything that was trained."""
    lines = of_students(now.ranked) if found is None else of_live(found.live)
    return ranking(lines[:MOST])


def _here(now: Overview) -> str:
    chips = [
        f'<span class="{"" if each.here else "away"}">{escape(each.member.name)}</span>'
        for each in now.students
    ]
    return f'<div class="wall-here">{"".join(chips)}</div>'
