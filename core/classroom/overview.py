"""A class at one moment: who is there, what they train, and how far they are.

Put together from the database (one query) and the run folders, once a tick for everybody who
looks; nothing of it is kept.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core import jobs, runs
from core.classroom import classes, handins, presence
from core.classroom import given as tasks
from core.classroom.given import Given, Phase
from core.classroom.handins import EndLine, Line
from core.classroom.people import SERVER, Classroom, Member
from core.classroom.tasks import Task
from core.runs import Run, State

END_STAYS = 300.0
"""Seconds for which the end of a task is shown in any case, to be talked about."""
END_SHOWN = 3600.0
"""Seconds after which it is shown no more."""


@dataclass(frozen=True)
class Student:
    """A member with their runs.

    Attributes:
        member: who it is.
        here: whether a page of theirs was open a moment ago.
        runs: newest first.
        accuracies: the best validation accuracy so far of each run that has one, 0 to 1, by its id.
    """

    member: Member
    here: bool
    runs: tuple[Run, ...]
    accuracies: Mapping[str, float]

    @property
    def latest(self) -> Run | None:
        """The run that was started last, if it can be read."""
        return next((run for run in self.runs if run.config is not None), None)

    @property
    def active(self) -> Run | None:
        """The run that trains, or else one that waits."""
        going = [run for run in self.runs if run.state.active]
        return next((run for run in going if run.state is State.RUNNING), next(iter(going), None))

    @property
    def best(self) -> Run | None:
        """The run with the highest validation accuracy; of equals the earlier one."""
        known = [run for run in reversed(self.runs) if run.id in self.accuracies]
        return max(known, key=lambda run: self.accuracies[run.id], default=None)

    def of_task(self, task: Task) -> "Student":
        """Return the student with those runs alone that have the settings of a task."""
        own = [run for run in self.runs if run.config and task.refusal(run.config) is None]
        return replace(self, runs=tuple(own))

    @property
    def best_accuracy(self) -> float | None:
        """The validation accuracy of ``best``."""
        return self.accuracies[self.best.id] if self.best is not None else None


@dataclass(frozen=True)
class Overview:
    """A class at one moment.

    Attributes:
        classroom: the class.
        students: its members in the order in which they joined; none who left or was removed.
        running: runs of the class that train.
        waiting: runs of the class that wait, in the order in which they will start.
        at: seconds since the epoch.
    """

    classroom: Classroom
    students: tuple[Student, ...]
    running: tuple[Run, ...]
    waiting: tuple[Run, ...]
    at: float

    @property
    def here(self) -> int:
        """How many have a page open."""
        return sum(student.here for student in self.students)

    @property
    def ranked(self) -> list[Student]:
        """The students who have a validation accuracy, best first; of equals who had it first."""
        return ranked(self.students)

    def student(self, member_id: int) -> Student | None:
        """Return a member with their runs; None if they are not in the class any more."""
        return next((each for each in self.students if each.member.id == member_id), None)


def overview(class_id: int) -> Overview:
    """Return a class at this moment.

    Raises:
        ClassroomRefused: there is no such class (any more).
        ClassroomUnavailable: the database does not answer.
    """
    now = time.time()
    classroom, members = classes.of_id(class_id), presence.members(class_id)
    owners = {member.visitor for member in members}
    by_owner: dict[str, list[Run]] = {}
    for run in runs.list_runs():
        if run.visitor in owners:
            by_owner.setdefault(run.visitor, []).append(run)
    students = tuple(_student(member, by_owner.get(member.visitor, ()), now) for member in members)
    of_class = [run for student in students for run in student.runs if run.state.active]
    places = {run.id: jobs.backend().position(run.id) for run in of_class}
    waiting = [run for run in of_class if run.state is State.QUEUED]
    return Overview(
        classroom,
        students,
        tuple(run for run in of_class if run.state is State.RUNNING),
        # One that is about to start has no place any more: it is in front.
        tuple(sorted(waiting, key=lambda run: places[run.id] or 0)),
        now,
    )


def _student(member: Member, own: Sequence[Run], now: float) -> Student:
    accuracies = {}
    for run in own:
        accuracy = runs.validation_so_far(run)
        if accuracy is not None:
            accuracies[run.id] = accuracy
    return Student(member, presence.is_here(member, now), tuple(own), accuracies)


def ranked(students: Iterable[Student]) -> list[Student]:
    """Return those who have a validation accuracy, best first; of equals who had it first."""
    return sorted((each for each in students if each.best is not None), key=_rank)


def _rank(student: Student) -> tuple[float, float]:
    best = student.best
    assert best is not None, "only those who have one are ranked"
    return -student.accuracies[best.id], best.created


@dataclass(frozen=True)
class Contest:
    """What a class works on, or has just found out.

    Attributes:
        given: the open task that comes first, or else the task that was revealed last.
        live: while it is open, everybody's best validation accuracy.
        end: once it is revealed, the places on images that no board has shown.
    """

    given: Given
    live: tuple[Line, ...] = ()
    end: tuple[EndLine, ...] = ()

    def is_past(self, now: Overview) -> bool:
        """Tell whether the end has made room for what the class does now.

        That is an hour after it was revealed; or, once there was time to talk about it, when
        somebody of the class has trained again.
        """
        revealed = self.given.revealed
        if revealed is None:
            return False
        age = now.at - revealed
        return age > END_SHOWN or (
            age > END_STAYS
            and any(run.created > revealed for each in now.students for run in each.runs)
        )


def contest(class_id: int) -> Contest | None:
    """Return what a class works on, for the wall; None if there is nothing to show.

    Raises:
        ClassroomRefused: there is no such class (any more).
        ClassroomUnavailable: the database does not answer.
    """
    every = tasks.tasks_of(SERVER, class_id)
    for each in every:
        if each.phase is Phase.OPEN:
            return Contest(each, live=tuple(handins.live(SERVER, each.id)))
    revealed = [each for each in every if each.phase is Phase.REVEALED and each.task.counts.blind]
    if not revealed:
        return None
    latest = max(revealed, key=lambda each: each.revealed or 0.0)
    return Contest(latest, end=tuple(handins.end(SERVER, latest.id)))
