"""Runs of a class on the pages: where they start, who watches them, and who stops them."""

import json

import pytest
from making import config
from reading import button, labels, quiet, sentence, texts

from core import runs
from core.classroom import classes, joining, teachers, training
from core.classroom.people import SERVER, Limits, Person
from core.runs import State
from core.settings import settings
from pages.session.cookies import MEMBER, TEACHER


@pytest.fixture
def room():
    return classes.open_class(SERVER, "8b", limits=Limits(epochs=5, seconds=90.0, waiting=2))


@pytest.fixture
def teacher(jar):
    """Be a teacher in this browser."""
    jar[TEACHER] = teachers.check(teachers.teacher_token())


def enter(jar, room):
    """Be a student of the class in this browser."""
    joined = joining.join(room.code)
    jar[MEMBER] = joined.token
    return Person(joined.member.visitor, joined.member, joined.classroom)


@pytest.fixture
def classmates(jar, room):
    """Return a run of a student that waits; in this browser sits another student."""
    ada = enter(jar, room)
    run_id = training.start(config(), ada)
    jar.clear()
    return run_id


def test_what_a_student_starts_is_of_the_class_and_keeps_its_limits(open_page, queue, jar, room):
    ada = enter(jar, room)
    app = open_page("train", epochs="3", seed="7")
    button(app, "Train").click().run()
    assert quiet(app)
    (run,) = runs.list_runs()
    assert queue.submitted == [run.id]
    assert (run.visitor, run.group) == (ada.visitor, training.group_of(room.id))
    assert run.allowance == runs.Allowance(5, 90.0, 2)
    app = open_page("train", epochs="6")
    button(app, "Train").click().run()
    assert sentence(app) == "Your class allows a run at most 5 epochs, not 6. Choose fewer."


def test_what_a_visitor_starts_is_of_no_class(open_page, jar, room):
    app = open_page("train", epochs="6")
    button(app, "Train").click().run()
    (run,) = runs.list_runs()
    assert (run.group, run.allowance) == ("", runs.SERVER_ALLOWS)


def test_a_classmate_watches_a_run_that_has_not_ended_and_cannot_change_it(
    open_page, jar, room, classmates
):
    enter(jar, room)
    app = open_page("train", run=classmates)
    assert quiet(app)
    assert "Waiting: next in line, starts in about 2 min." in [
        each.proto.text for each in app.get("progress")
    ]
    assert not {"Stop", "Pause"} & set(labels(app))
    assert quiet(open_page("runs", runs=classmates))


def test_others_do_not_see_it(open_page, jar, classmates):
    app = open_page("train", run=classmates)
    assert "belongs to someone else and is not shared" in sentence(app)
    enter(jar, classes.open_class(SERVER, "8c"))
    app = open_page("train", run=classmates)
    assert "belongs to someone else and is not shared" in sentence(app)


def test_a_teacher_watches_and_stops_it(open_page, queue, classmates, teacher):
    app = open_page("train", run=classmates)
    assert quiet(app) and {"Stop", "Pause"} <= set(labels(app))
    button(app, "Stop").click().run()
    assert queue.stopped == [classmates]
    # In the list of runs are still the teacher's own and what is shared.
    assert "No runs yet" in texts(open_page("runs"))


def test_a_run_that_others_share_says_so(open_page, queue, jar, room, monkeypatch):
    ada = enter(jar, room)
    run_id = training.start(config(), ada)
    monkeypatch.setattr(queue, "companions", lambda asked: 24 if asked == run_id else 0)
    app = open_page("train", run=run_id)
    assert quiet(app) and "The same run as 24 others in the class." in texts(app)
    monkeypatch.setattr(queue, "companions", lambda asked: 1)
    assert "The same run as 1 other in the class." in texts(open_page("train", run=run_id))


def made_with(run_id, *threads):
    values = [
        {"epoch": float(epoch), "threads": each, "engine": "TensorFlow 1.0"}
        for epoch, each in enumerate(threads)
    ]
    path = runs.folder_of(run_id).stretches
    path.write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize(
    ("threads", "said"),
    [
        ((3,), "It was trained with 3 threads and TensorFlow 1.0, and here it would be with"),
        ((3, 5), "It was trained with 3 threads, then 5 threads, so a repeat gives slightly"),
    ],
)
def test_a_run_says_that_a_repeat_here_gives_other_curves(open_page, every_state, threads, said):
    assert settings().threads not in (3, 5)
    finished = every_state[State.FINISHED]
    made_with(finished, *threads)
    app = open_page("train", run=finished)
    assert quiet(app) and said in texts(app).replace("\\", "")  # as Markdown shows it
    assert f"{threads[-1]} threads" in texts(app)


def test_a_run_says_that_it_continues_in_another_way(open_page, every_state):
    paused = every_state[State.PAUSED]
    assert "here it continues with" not in texts(open_page("train", run=paused))
    made_with(paused, 3)
    app = open_page("train", run=paused)
    assert quiet(app) and "So far it was trained with 3 threads" in texts(app)
    assert "here it continues with" in texts(app)
