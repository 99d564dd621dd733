"""Every action as every role: by the table, and by the function that does it."""

from dataclasses import replace

import numpy as np
import pytest
from class_support import finished

from core import runs
from core.classroom import (
    access,
    beating,
    classes,
    court,
    experiments,
    exports,
    given,
    guessing,
    handins,
    joining,
    log,
    messages,
    naming,
    photos,
    presence,
    tasks,
    training,
    verdicts,
)
from core.classroom.access import TABLE, Action, Role, Row, Scope
from core.classroom.docket import KEPT
from core.classroom.people import NO_LIMITS, SERVER, Classroom, Member, Person, State
from core.errors import ClassroomRefused, RunNotFound
from core.runs.access import seen

# What the table is meant to say: visitor, student of another class, a classmate, the student
# whose it is, teacher. Kept apart from the table, so that a slip in it is found.
ALLOWED = {
    Action.LIST_CLASSES: "no no no no yes",
    Action.OPEN_CLASS: "no no no no yes",
    Action.CHANGE_CLASS: "no no no no yes",
    Action.CLOSE_CLASS: "no no no no yes",
    Action.REOPEN_CLASS: "no no no no yes",
    Action.COPY_CLASS: "no no no no yes",
    Action.DELETE_CLASS: "no no no no yes",
    Action.JOIN: "yes no no no yes",
    Action.LEAVE: "no no no yes no",
    Action.SEE_CLASS: "no no yes yes yes",
    Action.DEVICE_CODE: "no no no yes yes",
    Action.RENAME: "no no no no yes",
    Action.REMOVE: "no no no no yes",
    Action.HIDE_NAME: "no no no no yes",
    Action.SHOW_NAME: "no no no no yes",
    Action.SAY: "no no no no yes",
    Action.CLEAR_MESSAGE: "no no no no yes",
    Action.SEE_LOG: "no no no no yes",
    Action.UNDO: "no no no no yes",
    Action.WATCH_RUN: "no no yes yes yes",
    Action.STOP_RUN: "no no no yes yes",
    Action.STOP_ALL: "no no no no yes",
    Action.HIDE_RUN: "no no no no yes",
    Action.SEE_TASKS: "no no yes yes yes",
    Action.CHANGE_TASKS: "no no no no yes",
    Action.OPEN_TASK: "no no no no yes",
    Action.GUESS: "no no no yes no",
    Action.RUN_TASK: "no no no yes no",
    Action.HAND_IN: "no no no yes no",
    Action.SEE_HAND_INS: "no no no yes yes",
    Action.SEE_BOARD: "no no yes yes yes",
    Action.SEE_BELIEFS: "no no no no yes",
    Action.EXPORT: "no no no no yes",
    Action.RUN_BEAT: "no no no no yes",
    Action.PLAY_BEAT: "no no no yes no",
    Action.SEE_BEAT: "no no yes yes yes",
    Action.RUN_EXPERIMENT: "no no no no yes",
    Action.TRAIN_PART: "no no no yes no",
    Action.SEE_EXPERIMENT: "no no yes yes yes",
    Action.RUN_COURT: "no no no no yes",
    Action.JUDGE: "no no no yes no",
    Action.SEE_COURT: "no no yes yes yes",
    Action.RUN_PHOTOS: "no no no no yes",
    Action.SEND_PHOTO: "no no no yes no",
    Action.TAKE_BACK_PHOTO: "no no no yes no",
    Action.SEE_PHOTOS: "no no yes yes yes",
}
WHO = ("visitor", "other", "classmate", "owner", "teacher")
CASES = [
    (action, who, word == "yes")
    for action, words in ALLOWED.items()
    for who, word in zip(WHO, words.split(), strict=True)
]


class World:
    """Two classes, and one of each who may want something of the first."""

    def __init__(self) -> None:
        self.room = classes.open_class(SERVER, "8b")
        self.foreign = classes.open_class(SERVER, "8c")
        joined = {
            "owner": joining.join(self.room.code),
            "classmate": joining.join(self.room.code),
            "other": joining.join(self.foreign.code),
        }
        self.people = {
            name: Person(each.member.visitor, each.member, each.classroom)
            for name, each in joined.items()
        }
        self.people["visitor"] = Person("0" * 32)
        self.people["teacher"] = Person("1" * 32, teacher=True)
        self.owner = joined["owner"].member
        self.tokens = {name: each.token for name, each in joined.items()}
        self.beat = beating.open_round(SERVER, self.room.id, "fashion-mnist", runs.BUNDLED, seed=1)
        task = given.give(SERVER, self.room.id, tasks.find("luck"))
        self.task = given.open_task(SERVER, task.id)
        self.experiment = experiments.open_experiment(
            SERVER, self.room.id, "Which?", "learning_rate", [0.001, 0.01]
        )
        self.court = court.open_court(SERVER, self.room.id, "fashion-mnist", KEPT, seed=1)
        self.collection = photos.open_collection(SERVER, self.room.id, "fashion-mnist")
        pixels = np.zeros((28, 28), np.uint8)
        self.photo = photos.send(self.people["owner"], self.collection.id, pixels, 3)
        photos.approve(SERVER, [self.photo.id])
        config, group = tasks.find("luck").config(), training.group_of(self.room.id)
        self.run_id = runs.create(config, self.owner.visitor, group=group)
        runs.annotate(self.run_id, name="Mine")
        joining.hide(SERVER, self.owner.id)
        messages.say(SERVER, self.room.id, "Look here")
        self.done = log.actions(SERVER, self.room.id)[0]

    def state(self):
        """Return all that may be changed without right."""
        return (
            sorted(classes.all_classes(SERVER), key=lambda room: room.id),
            presence.members(self.room.id, everybody=True),
            presence.members(self.foreign.id, everybody=True),
            log.actions(SERVER, self.room.id),
            given.tasks_of(SERVER, self.room.id),
            beating.rounds_of(SERVER, self.room.id),
            beating.figures(SERVER, self.beat.id).players,
            experiments.experiments_of(SERVER, self.room.id),
            court.courts_of(SERVER, self.room.id),
            photos.collections_of(SERVER, self.room.id),
            photos.numbers(SERVER, self.collection.id),
            runs.read(self.run_id).name,
            runs.read(self.run_id).stopping,
            len(runs.list_runs()),
            [guessing.guess_of(self.people[name], self.task.id) for name in ("owner", "classmate")],
        )

    def own(self, person):
        """Return a run of somebody's own that has finished and is one of the task."""
        return finished(tasks.find("luck").config(), person)


@pytest.fixture
def world(stored):
    return World()


def watched(by, world):
    seen(world.run_id, by.visitor, training.circle_of(by))


def joined(by, world):
    name = next(name for name, each in world.people.items() if each is by)
    joining.join(world.room.code, token=world.tokens.get(name))


def pictured(by, world):
    pixels = np.full((28, 28), int(by.visitor[:2], 16), np.uint8)
    photos.send(by, world.collection.id, pixels, 3)


def started(by, world):
    guessing.guess(by, world.task.id, 2)
    handins.start(by, world.task.id, tasks.find("luck").config())


DO = {
    Action.LIST_CLASSES: lambda by, world: classes.all_classes(by),
    Action.OPEN_CLASS: lambda by, world: classes.open_class(by, "New"),
    Action.CHANGE_CLASS: lambda by, world: classes.change_class(by, world.room.id, title="New"),
    Action.CLOSE_CLASS: lambda by, world: classes.close_class(by, world.room.id),
    Action.REOPEN_CLASS: lambda by, world: classes.reopen_class(by, world.room.id),
    Action.COPY_CLASS: lambda by, world: classes.copy_class(by, world.room.id),
    Action.DELETE_CLASS: lambda by, world: classes.delete_class(by, world.room.id),
    Action.JOIN: joined,
    Action.SEE_CLASS: lambda by, world: access.check(by, Action.SEE_CLASS, world.room.id),
    Action.WATCH_RUN: watched,
    Action.STOP_RUN: lambda by, world: training.stop(by, world.run_id),
    Action.STOP_ALL: lambda by, world: training.stop_all(by, world.room.id),
    Action.DEVICE_CODE: lambda by, world: joining.device_code(by, world.owner.id),
    Action.RENAME: lambda by, world: joining.rename(by, world.owner.id),
    Action.REMOVE: lambda by, world: joining.remove(by, world.owner.id),
    Action.HIDE_NAME: lambda by, world: joining.hide(by, world.owner.id),
    Action.SHOW_NAME: lambda by, world: joining.show(by, world.owner.id),
    Action.SAY: lambda by, world: messages.say(by, world.room.id, "Now"),
    Action.CLEAR_MESSAGE: lambda by, world: messages.clear(by, world.room.id),
    Action.SEE_LOG: lambda by, world: log.actions(by, world.room.id),
    Action.UNDO: lambda by, world: log.undo(by, world.done.id),
    Action.HIDE_RUN: lambda by, world: naming.hide(by, world.run_id),
    Action.SEE_TASKS: lambda by, world: given.task_of(by, world.task.id),
    Action.CHANGE_TASKS: lambda by, world: given.remove(by, world.task.id),
    Action.OPEN_TASK: lambda by, world: given.close_task(by, world.task.id),
    Action.SEE_HAND_INS: lambda by, world: handins.hand_ins(by, world.task.id, world.owner.id),
    Action.SEE_BOARD: lambda by, world: handins.live(by, world.task.id),
    Action.SEE_BELIEFS: lambda by, world: guessing.beliefs(by, world.task.id),
    Action.EXPORT: lambda by, world: exports.archive(by, world.room.id),
    Action.RUN_BEAT: lambda by, world: beating.close_round(by, world.beat.id),
    Action.SEE_BEAT: lambda by, world: beating.rounds_of(by, world.room.id),
    Action.RUN_EXPERIMENT: lambda by, world: experiments.close_experiment(by, world.experiment.id),
    Action.SEE_EXPERIMENT: lambda by, world: experiments.figures(by, world.experiment.id),
    Action.RUN_COURT: lambda by, world: court.close_court(by, world.court.id),
    Action.SEE_COURT: lambda by, world: verdicts.figures(by, world.court.id),
    Action.RUN_PHOTOS: lambda by, world: photos.refuse(by, world.photo.id),
    Action.TAKE_BACK_PHOTO: lambda by, world: photos.take_back(by, world.photo.id),
    Action.SEE_PHOTOS: lambda by, world: photos.approved(by, world.collection.id),
}


# What everybody does for themselves alone, so that there is nothing of others to be had: members
# may, and those who are in no class, or in another one, may not.
FOR_ONESELF = {
    Action.GUESS: lambda by, world: guessing.guess(by, world.task.id, 2),
    Action.RUN_TASK: started,
    Action.HAND_IN: lambda by, world: handins.hand_in(by, world.task.id, world.own(by), "Luck."),
    Action.PLAY_BEAT: lambda by, world: beating.show_next(by, world.beat.id),
    Action.TRAIN_PART: lambda by, world: experiments.deal(by, world.experiment.id),
    Action.JUDGE: lambda by, world: court.show_next(by, world.court.id),
    Action.SEND_PHOTO: pictured,
}
MEMBERS = ("classmate", "owner")


def test_every_action_is_walked():
    """Who adds an action says here who may do it, and what does it."""
    assert set(TABLE) == set(ALLOWED) == set(Action)
    # To leave takes the cookie, which is the leaver's own.
    assert DO.keys() | FOR_ONESELF.keys() | {Action.LEAVE} == set(Action)


def somebody(number, class_id):
    """Return a student of a class, of whom no database knows."""
    member = Member(number, class_id, "", "Teal otter", "", 0.0, 0.0, "", State.HERE, hidden=False)
    room = Classroom(class_id, "", "", 0.0, None, 1e12, False, 60, None, None, NO_LIMITS)
    return Person(f"{number:032}", member, room)


PEOPLE = {
    "visitor": Person("0" * 32),
    "other": somebody(3, class_id=2),
    "classmate": somebody(2, class_id=1),
    "owner": somebody(1, class_id=1),
    "teacher": Person("0" * 32, teacher=True),
}


@pytest.mark.parametrize(("action", "who", "allowed"), CASES)
def test_the_table_says_who_may(action, who, allowed):
    person = PEOPLE[who]
    assert access.may(person, action, class_id=1, member_id=1) is allowed
    if allowed:
        access.check(person, action, class_id=1, member_id=1)
    else:
        with pytest.raises(ClassroomRefused) as refusal:
            access.check(person, action, class_id=1, member_id=1)
        assert str(refusal.value).endswith(".") and len(str(refusal.value)) > 30


@pytest.mark.parametrize("action", DO)
def test_the_function_that_does_it_lets_only_those(world, no_queue, action):
    allowed = {who: word == "yes" for who, word in zip(WHO, ALLOWED[action].split(), strict=True)}
    before = world.state()
    for who in WHO:
        if not allowed[who]:
            with pytest.raises((ClassroomRefused, RunNotFound)):
                DO[action](world.people[who], world)
            assert world.state() == before, who
    for who in WHO:
        if allowed[who]:
            DO[action](world.people[who], world)


@pytest.mark.parametrize("action", FOR_ONESELF)
def test_what_everybody_does_for_themselves_only_members_do(world, no_queue, action):
    before = world.state()
    for who in WHO:
        if who not in MEMBERS:
            with pytest.raises(ClassroomRefused):
                FOR_ONESELF[action](world.people[who], world)
            # A run of their own is theirs to have, and is not handed in.
            assert [*world.state()[:-2], world.state()[-1]] == [*before[:-2], before[-1]], who
    for who in MEMBERS:
        FOR_ONESELF[action](world.people[who], world)


def test_a_cookie_leaves_for_its_owner_alone(world):
    joining.leave(world.tokens["classmate"])
    left = {each.id: each.state for each in presence.members(world.room.id, everybody=True)}
    assert left.pop(world.people["classmate"].member.id) is State.LEFT
    assert set(left.values()) == {State.HERE} and presence.members(world.foreign.id)
    for nothing in ("", "x" * 43, world.room.code, world.owner.public_id, world.owner.visitor):
        joining.leave(nothing)
    assert len(presence.members(world.room.id)) == 1


def test_a_role_is_told_by_who_somebody_is():
    roles = [access.role(PEOPLE[who], class_id=1) for who in WHO]
    assert roles == [Role.VISITOR, Role.OTHER, Role.STUDENT, Role.STUDENT, Role.TEACHER]
    both = replace(PEOPLE["classmate"], teacher=True)  # who joined to try it
    assert access.role(both, class_id=1) is Role.TEACHER


def test_in_a_closed_class_students_do_only_what_the_table_says(world, monkeypatch):
    row = Row(Scope.NONE, Scope.NONE, Scope.OWN, Scope.ALL, closed=False)
    monkeypatch.setitem(access.TABLE, Action.STOP_RUN, row)
    owner = world.people["owner"]
    assert access.may(owner, Action.STOP_RUN, world.room.id, world.owner.id)
    closed = replace(owner, classroom=classes.close_class(SERVER, world.room.id))
    with pytest.raises(ClassroomRefused, match="The class is closed"):
        access.check(closed, Action.STOP_RUN, world.room.id, world.owner.id)
    access.check(closed, Action.DEVICE_CODE, world.room.id, world.owner.id)
    access.check(SERVER, Action.STOP_RUN, world.room.id, world.owner.id)
