"""Runs in a class: its limits, who may watch them, and who may stop them."""

import os

import pytest
from support import small, wait_until

from core import jobs, runs
from core.classroom import classes, joining, log, training
from core.classroom.people import SERVER, Limits, Person
from core.errors import ClassroomRefused, RunNotFound, SettingsError
from core.jobs import LocalBackend
from core.runs import State
from core.runs.access import seen
from core.settings import Settings, forget_settings

pytestmark = pytest.mark.usefixtures("stored")

TEACHER = Person("teacher-visitor", teacher=True)
GUEST = Person("guest-visitor")


class Queueing(LocalBackend):
    """The real backend without a place, so that the queue stays as it is."""

    def _capacity(self):
        return 0


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    forget_settings()
    backend = Queueing(Settings.from_environment(os.environ))
    before = jobs.use(backend)
    yield backend
    jobs.use(before)
    backend.close()


@pytest.fixture
def room(stored):
    return classes.open_class(SERVER, "8b", limits=Limits(epochs=3, seconds=60.0, waiting=2))


def student(room):
    joined = joining.join(room.code)
    return Person(joined.member.visitor, joined.member, joined.classroom)


def state(run_id):
    return runs.read(run_id).state


def test_a_student_starts_a_run_of_the_class_with_its_limits(room):
    ada = student(room)
    run = runs.read(training.start(small(), ada))
    assert run.visitor == ada.visitor and run.group == training.group_of(room.id)
    assert run.allowance == runs.Allowance(3, 60.0, 2)
    assert room.code.lower() not in run.folder.config.read_text(encoding="utf-8").lower()
    with pytest.raises(SettingsError, match="Your class allows a run at most 3 epochs"):
        training.start(small(epochs=4), ada)
    training.start(small(seed=1), ada)
    with pytest.raises(SettingsError, match="your class lets a student have 2 runs"):
        training.start(small(seed=2), ada)
    training.start(small(), student(room))
    guest = runs.read(training.start(small(epochs=4), GUEST))
    assert guest.group == "" and guest.allowance == runs.SERVER_ALLOWS


def test_a_task_allows_a_run_less_time_than_the_class_and_never_more(room):
    ada = student(room)
    short = runs.read(training.start(small(), ada, minutes=0.5))
    assert short.allowance == runs.Allowance(3, 30.0, 2)
    long = runs.read(training.start(small(seed=1), ada, minutes=90))
    assert long.allowance.seconds == 60.0


def test_classes_have_public_ids_of_their_own(room):
    other = classes.open_class(SERVER, "8c")
    groups = {training.group_of(each.id) for each in (room, other)}
    assert len(groups) == 2 and all(len(each) == 12 for each in groups)


def test_who_may_watch_a_run_that_has_not_ended(room):
    other = classes.open_class(SERVER, "8c")
    ada, bo, eve = student(room), student(room), student(other)
    run_id = training.start(small(), ada)
    alone = training.start(small(), GUEST)
    for who in (ada, bo, TEACHER):
        assert seen(run_id, who.visitor, training.circle_of(who)).id == run_id
    for who in (eve, GUEST):
        with pytest.raises(RunNotFound, match="belongs to someone else"):
            seen(run_id, who.visitor, training.circle_of(who))
    for who in (ada, TEACHER):  # what is of no class is its owner's alone
        with pytest.raises(RunNotFound):
            seen(alone, who.visitor, training.circle_of(who))


@pytest.mark.parametrize(
    ("action", "wanted"), [(training.stop, State.STOPPED), (training.pause, State.PAUSED)]
)
def test_who_may_stop_and_pause_a_run(room, action, wanted):
    other = classes.open_class(SERVER, "8c")
    ada, bo, eve = student(room), student(room), student(other)
    first, second = (training.start(small(seed=seed), ada) for seed in (1, 2))
    with pytest.raises(ClassroomRefused, match="of your own only"):
        action(bo, first)
    for who in (eve, GUEST):
        with pytest.raises(RunNotFound):
            action(who, first)
    assert state(first) is State.QUEUED
    action(ada, first)
    action(TEACHER, second)
    wait_until(lambda: {state(first), state(second)} == {wanted}, 10, str(wanted))
    shared = runs.create(small(), GUEST.visitor)
    with pytest.raises(RunNotFound):
        action(TEACHER, shared)


def test_a_teacher_stops_and_pauses_the_runs_of_a_student_and_of_a_class(room):
    other = classes.open_class(SERVER, "8c")
    ada, bo, eve = student(room), student(room), student(other)
    mine = [training.start(small(seed=seed), ada) for seed in (1, 2)]
    theirs, elsewhere = training.start(small(), bo), training.start(small(), eve)
    for who in (ada, eve, GUEST):
        for action in (training.stop_all, training.pause_all):
            with pytest.raises(ClassroomRefused, match="Only a teacher can stop or pause all runs"):
                action(who, room.id)
    with pytest.raises(ClassroomRefused, match="no such student"):
        training.stop_all(TEACHER, room.id, eve.member.id)
    assert training.stop_all(TEACHER, room.id, bo.member.id) == [theirs]
    paused = training.pause_all(TEACHER, room.id)
    assert set(paused) == set(mine)
    wait_until(lambda: state(theirs) is State.STOPPED, 10, "the stop")
    assert [state(run_id) for run_id in mine] == [State.PAUSED] * 2
    assert state(elsewhere) is State.QUEUED
    with pytest.raises(ClassroomRefused):
        training.resume_all(ada, room.id, paused)
    assert training.resume_all(TEACHER, other.id, paused) == []
    assert set(training.resume_all(TEACHER, room.id, paused)) == set(mine)
    assert set(training.stop_all(TEACHER, room.id)) == set(mine)
    said = [each.sentence for each in log.actions(TEACHER, room.id)]
    assert f"Stopped 1 run of {bo.member.name}." in said
    assert {"Paused 2 runs of the class.", "Resumed 2 runs of the class."} <= set(said)
    assert not any(ada.visitor in each or bo.visitor in each for each in said)
