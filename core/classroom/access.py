"""Who may do what: one table of actions, asked by the functions, by pages and by tests."""

from dataclasses import dataclass
from enum import StrEnum

from core.classroom.people import Person
from core.errors import ClassroomRefused


class Role(StrEnum):
    """What somebody is to a class."""

    VISITOR = "visitor"
    OTHER = "student of another class"
    STUDENT = "student"
    TEACHER = "teacher"


class Scope(StrEnum):
    """How far a right goes."""

    NONE = "none"
    OWN = "own"  # what is the student's own
    ALL = "all"


class Action(StrEnum):
    """What can be done in a class, as the sentence of a refusal calls it."""

    LIST_CLASSES = "see the list of classes"
    OPEN_CLASS = "open a class"
    CHANGE_CLASS = "change a class"
    CLOSE_CLASS = "close a class"
    REOPEN_CLASS = "open a class again"
    COPY_CLASS = "copy a class"
    DELETE_CLASS = "delete a class"
    JOIN = "join a class"
    LEAVE = "leave a class"
    SEE_CLASS = "see who is in a class"
    DEVICE_CODE = "get a code for another device"
    RENAME = "rename a student"
    REMOVE = "remove a student"
    HIDE_NAME = "hide a name"
    SHOW_NAME = "show a name again"
    SAY = "send a message to everyone"
    CLEAR_MESSAGE = "take back a message"
    SEE_LOG = "see what was done in a class"
    UNDO = "undo what was done"
    WATCH_RUN = "watch a run"
    STOP_RUN = "stop or pause a run"
    STOP_ALL = "stop or pause all runs"
    HIDE_RUN = "hide or change the name or the notes of a run"
    SEE_TASKS = "see the tasks of a class"
    CHANGE_TASKS = "give or remove a task"
    OPEN_TASK = "open, close or reveal a task"
    GUESS = "make a guess"
    RUN_TASK = "start a run of a task"
    HAND_IN = "hand in a run"
    SEE_HAND_INS = "see guesses and hand-ins"
    SEE_BOARD = "see the board of a task"
    SEE_BELIEFS = "see what a class believes"
    EXPORT = "download what a class did"
    RUN_BEAT = "open or close a round of Beat the network"
    PLAY_BEAT = "answer in a round of Beat the network"
    SEE_BEAT = "see a round of Beat the network"
    RUN_EXPERIMENT = "open or close an experiment"
    TRAIN_PART = "train a part of an experiment"
    SEE_EXPERIMENT = "see an experiment of a class"
    RUN_COURT = "open or close a label court"
    JUDGE = "judge labels in a court"
    SEE_COURT = "see a label court"
    RUN_PHOTOS = "collect, approve or judge the photos of a class"
    SEND_PHOTO = "send a photo"
    TAKE_BACK_PHOTO = "take back a photo"
    SEE_PHOTOS = "see the photos of a class"


@dataclass(frozen=True)
class Row:
    """Who may do one action.

    Attributes:
        visitor: somebody in no class.
        other: a student of another class.
        student: of this class.
        teacher: by the teacher's link.
        closed: whether students may still do it when the class is closed.
    """

    visitor: Scope
    other: Scope
    student: Scope
    teacher: Scope
    closed: bool = True

    def of(self, role: Role) -> Scope:
        """Return how far the right of a role goes."""
        return {
            Role.VISITOR: self.visitor,
            Role.OTHER: self.other,
            Role.STUDENT: self.student,
            Role.TEACHER: self.teacher,
        }[role]


_NONE, _OWN, _ALL = Scope.NONE, Scope.OWN, Scope.ALL
_TEACHER = Row(_NONE, _NONE, _NONE, _ALL)

TABLE: dict[Action, Row] = {
    Action.LIST_CLASSES: _TEACHER,
    Action.OPEN_CLASS: _TEACHER,
    Action.CHANGE_CLASS: _TEACHER,
    Action.CLOSE_CLASS: _TEACHER,
    Action.REOPEN_CLASS: _TEACHER,
    Action.COPY_CLASS: _TEACHER,
    Action.DELETE_CLASS: _TEACHER,
    # Who is in a class already leaves it first: one student has one name.
    Action.JOIN: Row(_ALL, _NONE, _NONE, _ALL),
    Action.LEAVE: Row(_NONE, _NONE, _OWN, _NONE),
    Action.SEE_CLASS: Row(_NONE, _NONE, _ALL, _ALL),
    Action.DEVICE_CODE: Row(_NONE, _NONE, _OWN, _ALL),
    Action.RENAME: _TEACHER,
    Action.REMOVE: _TEACHER,
    Action.HIDE_NAME: _TEACHER,
    Action.SHOW_NAME: _TEACHER,
    Action.SAY: _TEACHER,
    Action.CLEAR_MESSAGE: _TEACHER,
    Action.SEE_LOG: _TEACHER,
    Action.UNDO: _TEACHER,
    Action.WATCH_RUN: Row(_NONE, _NONE, _ALL, _ALL),
    Action.STOP_RUN: Row(_NONE, _NONE, _OWN, _ALL),
    Action.STOP_ALL: _TEACHER,
    Action.HIDE_RUN: _TEACHER,
    Action.SEE_TASKS: Row(_NONE, _NONE, _ALL, _ALL),
    Action.CHANGE_TASKS: _TEACHER,
    Action.OPEN_TASK: _TEACHER,
    # A teacher may have joined to try it.
    Action.GUESS: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.RUN_TASK: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.HAND_IN: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.SEE_HAND_INS: Row(_NONE, _NONE, _OWN, _ALL),
    Action.SEE_BOARD: Row(_NONE, _NONE, _ALL, _ALL),
    Action.SEE_BELIEFS: _TEACHER,
    Action.EXPORT: _TEACHER,
    Action.RUN_BEAT: _TEACHER,
    Action.PLAY_BEAT: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.SEE_BEAT: Row(_NONE, _NONE, _ALL, _ALL),
    Action.RUN_EXPERIMENT: _TEACHER,
    Action.TRAIN_PART: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.SEE_EXPERIMENT: Row(_NONE, _NONE, _ALL, _ALL),
    Action.RUN_COURT: _TEACHER,
    Action.JUDGE: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.SEE_COURT: Row(_NONE, _NONE, _ALL, _ALL),
    Action.RUN_PHOTOS: _TEACHER,
    Action.SEND_PHOTO: Row(_NONE, _NONE, _OWN, _OWN, closed=False),
    Action.TAKE_BACK_PHOTO: Row(_NONE, _NONE, _OWN, _OWN),
    Action.SEE_PHOTOS: Row(_NONE, _NONE, _ALL, _ALL),
}


def role(person: Person, class_id: int | None) -> Role:
    """Return what somebody is to a class; with None, to classes as such."""
    if person.teacher:
        return Role.TEACHER
    if person.member is None:
        return Role.VISITOR
    return Role.STUDENT if person.member.class_id == class_id else Role.OTHER


def may(
    person: Person, action: Action, class_id: int | None = None, member_id: int | None = None
) -> bool:
    """Tell whether somebody may do something.

    Args:
        person: who.
        action: what.
        class_id: in which class; None where it is about none.
        member_id: whose it is, where the right may be to one's own only.
    """
    row = TABLE[action]
    who = role(person, class_id)
    scope = row.of(who)
    if who is Role.STUDENT and not row.closed and _is_closed(person):
        return False
    if scope is Scope.OWN:
        return person.member is not None and person.member.id == member_id
    return scope is Scope.ALL


def check(
    person: Person, action: Action, class_id: int | None = None, member_id: int | None = None
) -> None:
    """Let somebody do something; arguments as of ``may``.

    Raises:
        ClassroomRefused: they may not; the sentence says who may.
    """
    if may(person, action, class_id, member_id):
        return
    row, who = TABLE[action], role(person, class_id)
    mine = who is Role.STUDENT and row.student is not Scope.NONE
    if mine and not row.closed and _is_closed(person):
        raise ClassroomRefused(f"The class is closed: you cannot {action} now. Ask the teacher.")
    if action is Action.JOIN:
        raise ClassroomRefused("You are in a class already. Leave it first, then join another.")
    if row.student is Scope.NONE:
        raise ClassroomRefused(
            f"Only a teacher can {action}. Open the teacher's link in this browser first."
        )
    if who is Role.STUDENT:
        raise ClassroomRefused(f"You can {action} of your own only.")
    raise ClassroomRefused(
        f"Only students of the class and their teacher can {action}. Join it first."
    )


def _is_closed(person: Person) -> bool:
    return person.classroom is None or not person.classroom.is_open
