"""Label court on its pages: what a student, a teacher and the wall see, and when."""

import pytest
import streamlit as st
from reading import sent
from streamlit.testing.v1 import AppTest

from core import datasets, runs
from core.classroom import correcting, court, docket, joining, verdicts
from core.classroom.court import Answer, Court
from core.classroom.database import database
from core.classroom.docket import KEPT
from core.classroom.people import SERVER, Classroom, Joined, Person
from core.classroom.schema import CourtRow
from core.classroom.teachers import start_session
from core.runs import Result, State
from pages.session.cookies import MEMBER, TEACHER
from pages.views.classroom import activity
from pages.views.classroom import court as view

DATA = "fashion-mnist"
VIEW = "Label court"
IMAGES = 5  # four doubtful ones, and a clear one


@pytest.fixture
def opened(classroom) -> Court:
    return court.open_court(SERVER, classroom.id, DATA, KEPT, IMAGES, IMAGES, seed=3)


def person(joined: Joined) -> Person:
    return Person(joined.member.visitor, joined.member, joined.classroom)


def known(court_id: int) -> CourtRow:
    """Return what only the server knows of a court."""
    with database().read() as session:
        row = session.get(CourtRow, court_id)
        session.expunge(row)
        return row


def judge(who: Person, court_id: int) -> None:
    """Say of every doubtful image what is suspected."""
    row, at = known(court_id), court.show_next(who, court_id)
    classes_ = datasets.find(DATA).classes
    while at.image is not None:
        place = row.images.index(at.image)
        said = row.given if row.clear[place] else row.suspected
        court.judge(who, court_id, at.number, at.answers.index(classes_[said[place]]))
        at = court.show_next(who, court_id)


def judged(classroom: Classroom, court_id: int, students: int = 3) -> None:
    for _ in range(students):
        judge(person(joining.join(classroom.code)), court_id)


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_there_is_no_court_yet_and_then_the_tasks_say_that_there_is_one(
    open_page, joined, classroom
):
    assert any("no court yet" in each.value for each in open_page("classroom", view=VIEW).info)
    assert not any(VIEW in each.value for each in open_page("classroom").info)
    court.open_court(SERVER, classroom.id, DATA, KEPT)
    st.cache_resource.clear()
    assert any(VIEW in each.value for each in open_page("classroom").info)


def test_the_browser_gets_a_picture_and_four_answers_and_not_which_is_the_label(
    open_page, joined, classroom, opened
):
    judged(classroom, opened.id, 1)
    app = open_page("classroom", view=VIEW)
    button(app, "Start").click().run()
    at, row = court.turn(person(joined), opened.id), known(opened.id)
    found = sent(app)
    assert at.image is not None and "data:image/png" in found
    place = row.images.index(at.image)
    names = datasets.find(DATA).classes
    given, suspected = names[row.given[place]], names[row.suspected[place]]
    assert found.count(given) == found.count(suspected) == 1, "each is one of the four answers"
    for secret in (f"{at.image}", f"{row.doubt[place]}", joined.member.visitor, "court-cases"):
        assert f": {secret}" not in found and f'"{secret}"' not in found
    for word in ("given", "suspected", "doubt"):
        assert f'"{word}' not in found
    assert "vote" not in found.replace("“", ""), "nothing of what others said"


def test_explore_keeps_the_list_of_doubtful_labels_to_itself_meanwhile(open_page, joined, opened):
    app = open_page("explore", view="Doubtful labels")
    assert any("Your class judges these labels" in each.value for each in app.info)
    assert not any("labels are doubtful" in each.value for each in app.markdown)
    court.close_court(SERVER, opened.id)
    app = open_page("explore", view="Doubtful labels")
    assert any("labels are doubtful" in each.value for each in app.markdown)


def test_what_the_browser_says_is_taken_or_refused_with_a_sentence(joined, opened, monkeypatch):
    state: dict[str, object] = {}
    monkeypatch.setattr(view.st, "session_state", state)
    who = person(joined)
    court.show_next(who, opened.id)
    view._vote(who, opened.id, 1, 3)
    assert activity.PROBLEM not in state and court.turn(who, opened.id).number == 2
    for number, said in [(1, 2), (2, "3"), (2, 4), (7, 1), (None, None), ({}, []), (True, True)]:
        view._vote(who, opened.id, number, said)
        assert str(state[activity.PROBLEM]).endswith("."), (number, said)
        assert court.turn(who, opened.id).number == 2
    assert state[activity.REFUSED] == 7, "each lets the image be answered again"
    court.close_court(SERVER, opened.id)
    view._vote(who, opened.id, 2, 1)
    assert "closed" in str(state[activity.PROBLEM])


def test_who_is_through_is_thanked_and_sees_the_verdicts_when_the_court_is_closed(
    open_page, joined, classroom, opened
):
    judged(classroom, opened.id, 2)
    judge(person(joined), opened.id)
    app = open_page("classroom", view=VIEW)
    assert any("Thank you" in each.value for each in app.success)
    assert "Fleiss" in sent(app) and "<figure" not in sent(app)
    court.close_court(SERVER, opened.id)
    st.cache_resource.clear()
    app = open_page("classroom", view=VIEW)
    assert sent(app).count("<figure") == IMAGES - 1
    assert any("**4 of 4** verdicts" in each.value for each in app.markdown)
    assert any("4 are wrong" in each.value for each in app.markdown)


def test_a_teacher_opens_closes_corrects_and_measures(open_page, jar, classroom, queue):
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    app.number_input(key="court_images").set_value(IMAGES).run()
    button(app, "Open the court").click().run()
    (found,) = court.courts_of(SERVER, classroom.id)
    assert found.is_open and found.count == IMAGES
    assert "Open the court" not in [each.label for each in app.button], "one at a time"
    judged(classroom, found.id)
    button(app, "Close the court").click().run()
    button(app, "Make the data set with 4 corrected labels").click().run()
    (made,) = court.courts_of(SERVER, classroom.id)
    assert made.corrected is not None
    assert any("**Fashion-MNIST, corrected by" in each.value for each in app.markdown)
    button(app, "Train them").click().run()
    assert len(queue.submitted) == 6
    assert any("6 runs of 6 to go" in each.value for each in app.caption)
    for run_id in queue.submitted:
        runs.folder_of(run_id).write_result(Result(State.STOPPED))
    st.cache_resource.clear()
    app = open_page("classroom", view=VIEW)
    assert any("6 runs ended without a result" in each.value for each in app.caption)
    button(app, "Remove the images").click().run()
    assert court.courts_of(SERVER, classroom.id)[0].corrected is None
    button(app, "Take it off the board").click().run()
    assert not court.courts_of(SERVER, classroom.id)[0].on_wall
    button(app, "Remove it").click().run()
    assert court.courts_of(SERVER, classroom.id) == []
    assert not app.error and not app.exception


def test_where_no_doubts_are_known_a_run_finds_them(open_page, jar, classroom, queue, monkeypatch):
    jar[TEACHER] = start_session()
    monkeypatch.setattr(docket.labels, "labels_of", lambda spec, split: None)
    monkeypatch.setattr(docket.runs, "list_bundled", list)
    app = open_page("classroom", view=VIEW)
    button(app, "Find doubtful labels").click().run()
    (run_id,) = queue.submitted
    assert docket.finding(classroom.id, DATA).id == run_id
    assert "0.0 of 5 epochs" in sent(app) and not app.exception


def test_members_can_train_on_what_their_class_has_corrected(
    open_page, jar, joined, classroom, opened
):
    judged(classroom, opened.id)
    court.close_court(SERVER, opened.id)
    made = correcting.make_data_set(SERVER, opened.id).corrected
    assert made is not None and verdicts.figures(SERVER, opened.id).count(Answer.SUSPECTED) == 4
    app = open_page("train", dataset=made)
    assert app.selectbox(key="dataset").value == made and not app.exception
    assert any("made by your class" in each.value for each in explored(open_page).caption)
    del jar[MEMBER]
    assert open_page("train", dataset=made).selectbox(key="dataset").value != made


def explored(open_page) -> AppTest:
    return open_page("explore", view="Your data")


def test_the_wall_shows_how_far_it_is_and_verdicts_afterwards(open_page, jar, classroom, opened):
    judged(classroom, opened.id)
    jar[TEACHER] = start_session()
    live = sent(open_page("board", **{"class": classroom.code}))
    assert "<b>3</b>judges" in live and "<b>4 of 4</b>" in live and "<figure" not in live
    court.close_court(SERVER, opened.id)
    st.cache_resource.clear()
    after = sent(open_page("board", **{"class": classroom.code}))
    assert after.count("<figure") == 4 and "4 are wrong" in after
    court.show_on_wall(SERVER, opened.id, False)
    st.cache_resource.clear()
    assert "wall-court" not in sent(open_page("board", **{"class": classroom.code}))
