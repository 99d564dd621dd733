"""A student's label court: an image, four answers in an order of its own, and what the class said.

The browser gets the picture and the four answers. Which of them is the label stays on the server
until the court is closed.
"""

from functools import partial

import streamlit as st

from core import datasets
from core.classroom import court, verdicts
from core.classroom.court import BOTH, NEITHER, Court, Turn
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import newest_first, refusals, tell, telling
from pages.widgets import court_figures
from pages.widgets.quick_answer import quick_answer
from pages.words import count

TICK = 3.0  # seconds between two looks
JUDGING = "court_judging"  # session: whether images are shown
ICON = ":material/gavel:"


def court_view(who: Person, classroom: Classroom) -> None:
    """Draw the court that was opened last, and those before it."""
    if st.session_state.get(JUDGING):
        st.fragment(_judge)(who, classroom.id)
    else:
        watching(_look, TICK)(who, classroom.id)


def _look(who: Person, class_id: int) -> None:
    """Draw what there is while no image is shown, and follow the teacher."""
    if st.session_state.get(JUDGING):
        st.rerun()  # the first image is to be drawn
    with sentences():
        tell(ICON)
        newest_first(
            court.courts_of(who, class_id),
            "There is no court yet. When the teacher opens one, you judge labels that a network "
            "doubts.",
            newest=partial(_newest, who),
            earlier=_earlier,
            title=lambda each: f"An earlier court on {datasets.find(each.dataset).title}",
        )


def _earlier(found: Court) -> None:
    results(found)
    difference(found)


def _newest(who: Person, found: Court) -> None:
    st.subheader(f"Label court on {datasets.find(found.dataset).title}", anchor=False)
    if not found.is_open:
        _mine(who, found)
        difference(found)
        results(found)
        return
    at = court.turn(who, found.id)
    if at.done:
        _thanks(who, found, at)
        results(found)
        return
    st.markdown(
        f"{count(found.share, 'image')} for you. Say of each which of two classes it is: one is "
        "its label, the other is what a network says, and you are not told which is which. "
        f"“{BOTH}” and “{NEITHER}” are answers too. Press an answer, or its key from 1 to 4; your "
        "first answer counts. Nobody sees a vote before the court is closed."
    )
    words = "Start" if at.number == 0 else f"Continue with image {at.number + (at.image is None)}"
    _button(who, found, words)


def _thanks(who: Person, found: Court, at: Turn) -> None:
    st.success(
        f"Thank you: you have judged {count(at.number, 'image')}. What the class said is shown "
        "when the teacher closes the court.",
        icon=":material/check_circle:",
    )
    if at.more:
        st.markdown("Some images still lack votes.")
        _button(who, found, "Judge one more")


def _button(who: Person, found: Court, words: str) -> None:
    st.button(
        words, type="primary", icon=":material/gavel:", on_click=_next_image, args=(who, found.id)
    )


def _mine(who: Person, found: Court) -> None:
    mine = verdicts.mine(who, found.id)
    if not mine.judged:
        return
    words = f"You judged {count(mine.judged, 'image')}."
    if mine.decided:
        words += f" In **{mine.agreed} of {mine.decided}** verdicts the class says what you said."
    if mine.clear:
        words += f" Of {count(mine.clear, 'clear image')} you called {mine.clear_right} right."
    st.markdown(words)


def _next_image(who: Person, court_id: int) -> None:
    with telling():
        at = court.show_next(who, court_id)
        st.session_state[JUDGING] = at.image is not None


def _judge(who: Person, class_id: int) -> None:
    """Draw the image that waits for a vote; where there is none, look at the rest again."""
    with sentences():
        found = next(iter(court.courts_of(who, class_id)), None)
        at = court.turn(who, found.id) if found is not None and found.is_open else None
        if found is None or at is None or at.image is None:
            st.session_state[JUDGING] = False
            st.rerun()
        tell(ICON)
        quick_answer(
            data.pictures(data.split(found.dataset, "train").images)[at.image],
            at.answers,
            number=at.number,
            count=at.count,
            on_answer=partial(_vote, who, found.id),
            key=f"court_{found.id}",
            first_key=1,
            attempt=refusals(),
        )


def _vote(who: Person, court_id: int, number: object, button: object) -> None:
    """Take what the browser says; what it may not say is for the core to refuse."""
    with telling():
        court.judge(who, court_id, number, button)
        if not court.turn(who, court_id).done:
            court.show_next(who, court_id)


def results(found: Court) -> None:
    """Draw how far a court is, and once it is closed what the class said."""
    figures = data.court_figures(found.id)
    if not figures.votes:
        st.caption("Nobody has judged yet.")
        return
    if not found.is_open:
        st.markdown(f"**{court_figures.verdict(figures)}**")
        st.html(court_figures.STYLE + court_figures.tally(figures))
    st.markdown(court_figures.agreed(figures))
    if figures.cases:
        st.markdown("**The images**, those first that speak clearest against their label")
        images = data.pictures(data.split(found.dataset, "train").images)
        st.html(court_figures.STYLE + court_figures.cases(figures, images))
    st.caption(f"{court_figures.progress(figures)}. Doubts: {found.source}. {court_figures.BASIS}")


def difference(found: Court) -> None:
    """Draw what the corrected labels change, if that is or was measured."""
    measured = data.court_difference(found.id)
    if measured is not None:
        st.markdown(f"**What the corrected labels change.** {court_figures.difference(measured)}")
        st.html(court_figures.STYLE + court_figures.difference_table(measured))
        st.caption(court_figures.difference_basis(measured))
