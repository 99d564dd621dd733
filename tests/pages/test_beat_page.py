"""Beat the network on its pages: what a student, a teacher and the wall see, and when."""

import pytest
import streamlit as st
from reading import sent
from streamlit.testing.v1 import AppTest

from core import datasets, runs
from core.classroom import beating, joining
from core.classroom.people import SERVER, Joined, Person
from core.classroom.teachers import start_session
from pages.session.cookies import MEMBER, TEACHER
from pages.views.classroom import activity, beat

DATA = "fashion-mnist"
VIEW = "Beat the network"


@pytest.fixture
def opened(classroom) -> beating.Round:
    return beating.open_round(SERVER, classroom.id, DATA, runs.BUNDLED, seed=3)


def person(joined: Joined) -> Person:
    return Person(joined.member.visitor, joined.member, joined.classroom)


def play(who: Person, round_id: int) -> None:
    """Call every image a bag."""
    at = beating.show_next(who, round_id)
    while at.left is not None:
        beating.answer(who, round_id, at.number, 8)
        at = beating.show_next(who, round_id)


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_there_is_no_round_yet_and_then_the_tasks_say_that_there_is_one(
    open_page, joined, classroom
):
    assert any("no round yet" in each.value for each in open_page("classroom", view=VIEW).info)
    assert not any(VIEW in each.value for each in open_page("classroom").info)
    beating.open_round(SERVER, classroom.id, DATA, runs.BUNDLED)
    st.cache_resource.clear()
    assert any(VIEW in each.value for each in open_page("classroom").info)


def test_a_student_starts_and_is_shown_an_image_without_its_label_or_place(
    open_page, joined, opened
):
    app = open_page("classroom", view=VIEW)
    button(app, "Start").click().run()
    at = beating.turn(person(joined), opened.id)
    assert at.number == 1 and at.left is not None and at.image is not None
    found = sent(app)
    assert "data:image/png" in found
    assert f'"image": {at.image}' not in found and f": {at.image}," not in found
    assert joined.member.visitor not in found
    assert "<table" not in found and "beat-tiles" not in found, "no figures yet"


def test_what_the_browser_says_is_taken_or_refused_with_a_sentence(joined, opened, monkeypatch):
    state: dict[str, object] = {}
    monkeypatch.setattr(beat.st, "session_state", state)
    who = person(joined)
    beating.show_next(who, opened.id)
    answer = beat._answer
    answer(who, opened.id, 1, 3)
    assert activity.PROBLEM not in state and beating.turn(who, opened.id).number == 2
    for number, label in [(1, 4), (2, "3"), (2, 99), (7, 1), (None, None), ({}, []), (True, True)]:
        answer(who, opened.id, number, label)
        assert str(state[activity.PROBLEM]).endswith("."), (number, label)
        assert beating.turn(who, opened.id).number == 2
    answer(who, opened.id, 2, None)
    assert activity.PROBLEM not in state
    assert beating.turn(who, opened.id).missed, "who was away is asked before the next image"


def test_labels_come_when_the_round_is_closed(open_page, joined, opened):
    play(person(joined), opened.id)
    app = open_page("classroom", view=VIEW)
    assert "beat-matrix" in sent(app) and "<figure" not in sent(app)
    assert any("when the teacher closes the round" in each.value for each in app.caption)
    beating.close_round(SERVER, opened.id)
    st.cache_resource.clear()
    app = open_page("classroom", view=VIEW)
    assert sent(app).count("<figure") == beating.IMAGES
    assert any("You had **2 of 20** right" in each.value for each in app.markdown)


def test_a_few_answers_are_no_confusion_matrix(open_page, jar, joined, classroom, opened):
    who = person(joined)
    for _ in range(3):
        at = beating.show_next(who, opened.id)
        beating.answer(who, opened.id, at.number, 8)
    del jar[MEMBER]
    jar[TEACHER] = start_session()
    few = "every image has been answered or is out of time: 3 of 20 so far."
    for app in (
        open_page("classroom", view=VIEW),
        open_page("board", **{"class": classroom.code}),
    ):
        assert few in sent(app) and "<table" not in sent(app)
    beating.close_round(SERVER, opened.id)
    st.cache_resource.clear()
    closed = sent(open_page("board", **{"class": classroom.code}))
    assert few not in closed and closed.count("<table") == 2


def test_a_teacher_opens_closes_and_takes_it_off_the_board(open_page, jar, classroom):
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    button(app, "Open the round").click().run()
    (found,) = beating.rounds_of(SERVER, classroom.id)
    assert found.is_open and found.dataset == DATA
    assert "Open the round" not in [each.label for each in app.button], "one at a time"
    button(app, "Close the round").click().run()
    assert not beating.rounds_of(SERVER, classroom.id)[0].is_open
    button(app, "Take it off the board").click().run()
    assert not beating.rounds_of(SERVER, classroom.id)[0].on_wall
    assert not app.error and not app.exception


def test_the_wall_shows_figures_live_and_images_afterwards(
    open_page, jar, joined, classroom, opened
):
    play(person(joined), opened.id)
    del jar[MEMBER]
    jar[TEACHER] = start_session()
    live = sent(open_page("board", **{"class": classroom.code}))
    assert "1 student playing" in live and "beat-matrix" in live and "<figure" not in live
    beating.close_round(SERVER, opened.id)
    st.cache_resource.clear()
    after = sent(open_page("board", **{"class": classroom.code}))
    assert after.count("<figure") == 6
    beating.show_on_wall(SERVER, opened.id, False)
    st.cache_resource.clear()
    assert "beat-matrix" not in sent(open_page("board", **{"class": classroom.code}))


def test_a_student_who_still_answers_sees_no_figures_on_the_wall(open_page, joined, opened):
    other = joining.join(joined.classroom.code)
    play(person(other), opened.id)
    assert "Answer all images" in sent(open_page("board"))
    assert "<table" not in sent(open_page("board"))


def test_the_bundled_data_has_images_of_the_size_that_the_round_says():
    assert datasets.find(DATA).shape[:2] == (28, 28)
    assert datasets.find("cifar-10").shape[:2] == (32, 32)
