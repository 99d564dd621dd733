"""A student's rounds of Beat the network: twenty images against the clock, then how it went."""

from functools import partial

import streamlit as st

from core import datasets
from core.classroom import beating
from core.classroom.beating import SECONDS, Figures, Round
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import newest_first, tell, telling
from pages.widgets import beat_figures
from pages.widgets.quick_answer import quick_answer
from pages.words import count, percent

TICK = 3.0  # seconds between two looks
PLAYING = "beat_playing"  # session: whether images are shown
ICON = ":material/timer_off:"
BASIS = (
    "Accuracy with its 95 % interval. What counts are the images, not the answers: what one finds "
    "hard, most do. An image without an answer in time counts as wrong. Class and network saw the "
    "same images, so their difference is paired by image."
)


def beat_view(who: Person, classroom: Classroom) -> None:
    """Draw the round that was opened last, and those before it."""
    if st.session_state.get(PLAYING):
        st.fragment(_play)(who, classroom.id)
    else:
        watching(_look, TICK)(who, classroom.id)


def _look(who: Person, class_id: int) -> None:
    """Draw what there is while no image is shown, and follow the teacher."""
    if st.session_state.get(PLAYING):
        st.rerun()  # the first image is to be drawn
    with sentences():
        tell(ICON)
        newest_first(
            beating.rounds_of(who, class_id),
            "There is no round yet. When the teacher opens one, you and the network look at the "
            "same images.",
            newest=partial(_newest, who),
            earlier=lambda each: results(data.round_figures(each.id)),
            title=lambda each: f"An earlier round on {datasets.find(each.dataset).title}",
        )


def _newest(who: Person, found: Round) -> None:
    at = beating.turn(who, found.id)
    title = datasets.find(found.dataset).title
    st.subheader(f"Beat the network on {title}", anchor=False)
    if at.right is not None:
        st.markdown(f"You had **{at.right} of {at.number}** right.")
    if not found.is_open:
        results(data.round_figures(found.id))
    elif at.done:
        st.caption("What the images are is shown when the teacher closes the round.")
        results(data.round_figures(found.id))
    else:
        st.markdown(
            f"{count(found.count, 'image')}, {SECONDS:g} seconds each. The class and the network "
            "look at the same ones. Press a class, or its key from 0 to 9; your first answer "
            "counts."
        )
        words = "Start" if at.number == 0 else f"Continue with image {at.number + (not at.left)}"
        st.button(
            words,
            type="primary",
            icon=":material/timer:",
            on_click=_next_image,
            args=(who, found.id),
        )


def _next_image(who: Person, round_id: int) -> None:
    with telling():
        beating.show_next(who, round_id)
        st.session_state[PLAYING] = True


def _play(who: Person, class_id: int) -> None:
    """Draw the image whose time runs; where there is none, look at the rest again."""
    with sentences():
        found = next(iter(beating.rounds_of(who, class_id)), None)
        at = beating.turn(who, found.id) if found is not None and found.is_open else None
        if found is None or at is None or at.left is None or at.image is None:
            if found is not None and at is not None and at.missed and not at.done:
                tell(ICON)
                st.markdown(f"The time for image {at.number} of {at.count} is over.")
                st.button(
                    "Next image",
                    type="primary",
                    icon=":material/arrow_forward:",
                    shortcut="Enter",
                    on_click=_next_image,
                    args=(who, found.id),
                )
                return
            st.session_state[PLAYING] = False
            st.rerun()
        tell(ICON)
        spec = datasets.find(found.dataset)
        quick_answer(
            data.pictures(data.split(spec.name, "test").images)[at.image],
            spec.classes,
            number=at.number,
            count=at.count,
            on_answer=partial(_answer, who, found.id),
            key=f"beat_{found.id}",
            left=at.left,
            most=SECONDS,
        )


def _answer(who: Person, round_id: int, number: object, label: object) -> None:
    """Take what the browser says; what it may not say is for the core to refuse."""
    with telling():
        beating.answer(who, round_id, number, label)
        if label is not None:
            beating.show_next(who, round_id)


def results(found: Figures) -> None:
    """Draw how the class does beside the network."""
    if found.crowd is None:
        st.caption("Nobody has answered yet.")
        return
    st.html(beat_figures.STYLE + beat_figures.lines(found))
    st.markdown(f"**{beat_figures.verdict(found)}**")
    if found.vote is not None and found.players > 2:
        st.caption(
            "Together the class would say its commonest answer: "
            f"{percent(found.vote.share.value)} right. Beside the network McNemar's exact test "
            f"gives p = {found.vote.paired.p_value:.2g}."
        )
    st.caption(f"{beat_figures.progress(found)} · network: {found.round.network}. {BASIS}")
    if few := beat_figures.awaited(found):
        st.caption(few)
    else:
        for column, matrix in zip(
            st.columns(2, gap="medium"), beat_figures.matrices(found), strict=True
        ):
            column.html(matrix)
        st.caption("Rows: what it is. Columns: what it was called, by its number.")
    if found.tiles:
        st.markdown("**The images**, the hardest for the class first")
        images = data.pictures(data.split(found.round.dataset, "test").images)
        st.html(beat_figures.tiles(found, images))
