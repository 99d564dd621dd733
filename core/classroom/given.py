"""The tasks of a class: the teacher gives them in an order, opens, closes and reveals them."""

import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.classroom.access import Action, check
from core.classroom.database import database, exists
from core.classroom.log import record
from core.classroom.people import Person
from core.classroom.rows import class_row, row_of
from core.classroom.schema import HandInRow, MemberRow, TaskRow, TaskRunRow
from core.classroom.tasks import Task
from core.errors import ClassroomRefused

MOST = 40  # tasks of a class
NO_TASK = "There is no such task in this class any more. Reload the page to see those there are."


class Phase(StrEnum):
    """Where a task is."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    REVEALED = "revealed"


@dataclass(frozen=True)
class Given:
    """A task as a class has it.

    Attributes:
        id: in the database.
        class_id: of the class.
        place: in the order of the class.
        task: what it asks.
        opened: since when students may work on it; None before that.
        closed: since when they may not any more.
        revealed: since when the end is there for all.
    """

    id: int
    class_id: int
    place: int
    task: Task
    opened: float | None
    closed: float | None
    revealed: float | None

    @property
    def phase(self) -> Phase:
        """Where it is."""
        if self.revealed is not None:
            return Phase.REVEALED
        if self.closed is not None:
            return Phase.CLOSED
        return Phase.PLANNED if self.opened is None else Phase.OPEN


def give(by: Person, class_id: int, task: Task) -> Given:
    """Put a task at the end of a class's; students see it when it is opened.

    Raises:
        ClassroomRefused: not a teacher, no such class, or it has too many.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CHANGE_TASKS, class_id)
    with database().begin() as session:
        class_row(session, class_id, alone=True)
        of_class = TaskRow.class_id == class_id
        if (session.scalar(select(func.count()).where(of_class)) or 0) >= MOST:
            raise ClassroomRefused(
                f"The class has {MOST} tasks already. Remove one that nobody works on."
            )
        last = session.scalar(select(func.max(TaskRow.place)).where(of_class))
        row = TaskRow(
            class_id=class_id,
            place=1 + (last or 0),
            text=task.to_toml(),
            dataset=task.dataset,
            blind=task.counts.blind,
            opened=None,
            closed=None,
            revealed=None,
        )
        session.add(row)
        session.flush()
        record(session, class_id, f"Gave the task “{task.title}”.")
        return given(row)


def remove(by: Person, task_id: int) -> None:
    """Take a task out of its class, with guesses and runs; not one that has hand-ins.

    Raises:
        ClassroomRefused: not a teacher, no such task, or it has hand-ins.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CHANGE_TASKS, class_of(task_id))
    with database().begin() as session:
        row = task_row(session, task_id, alone=True)
        title = given(row).task.title
        if session.scalar(select(HandInRow.id).where(HandInRow.task_id == row.id).limit(1)):
            raise ClassroomRefused(
                f"Students have handed in for “{title}”. Close the task instead: what they did "
                "stays."
            )
        session.delete(row)
        record(session, row.class_id, f"Removed the task “{title}”.")


def move(by: Person, task_id: int, place: int) -> list[Given]:
    """Put a task at a place in the order, from 1, and return all tasks in their new order.

    Raises:
        ClassroomRefused: not a teacher, or no such task.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CHANGE_TASKS, class_of(task_id))
    with database().begin() as session:
        row = task_row(session, task_id, alone=True)
        rows = [each for each in _rows(session, row.class_id) if each.id != row.id]
        rows.insert(max(0, place - 1), row)
        for number, each in enumerate(rows, 1):
            each.place = number
        return [given(each) for each in rows]


def open_task(by: Person, task_id: int) -> Given:
    """Let the class work on a task, for the first time or again.

    From now on, and until the end is revealed, the test set of its data is closed for the class,
    if hand-ins are placed by it.

    Raises:
        ClassroomRefused: not a teacher, no such task, or it has been revealed.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.OPEN_TASK, class_of(task_id))
    with database().begin() as session:
        row = task_row(session, task_id, alone=True)
        found = given(row)
        if found.phase is Phase.REVEALED:
            raise ClassroomRefused(
                f"The end of “{found.task.title}” has been revealed, so the places are known. Give "
                "the task again instead."
            )
        if found.phase is not Phase.OPEN:
            _note(session, row, "Opened", opened=row.opened or time.time(), closed=None)
        return given(row)


def close_task(by: Person, task_id: int) -> Given:
    """End the work on a task: no runs and no hand-ins any more. It can be opened again.

    Raises:
        ClassroomRefused: not a teacher, no such task, or it is not open.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.OPEN_TASK, class_of(task_id))
    with database().begin() as session:
        row = task_row(session, task_id, alone=True)
        if given(row).phase is not Phase.OPEN:
            raise ClassroomRefused("The task is not open. Reload the page to see where it is.")
        _note(session, row, "Closed", closed=time.time())
        return given(row)


def reveal(by: Person, task_id: int) -> Given:
    """Open the images for the end, for the whole class at once. This cannot be undone.

    A task that is open is closed with it.

    Raises:
        ClassroomRefused: not a teacher, no such task, or it was never opened.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.OPEN_TASK, class_of(task_id))
    now = time.time()
    with database().begin() as session:
        row = task_row(session, task_id, alone=True)
        found = given(row)
        if found.phase is Phase.PLANNED:
            raise ClassroomRefused("Nobody has worked on this task yet. Open it first.")
        if found.phase is not Phase.REVEALED:
            row.closed = row.closed or now
            row.revealed = now
            record(session, row.class_id, f"Revealed the end of “{found.task.title}”.")
        return given(row)


def tasks_of(by: Person, class_id: int) -> list[Given]:
    """Return the tasks of a class in their order; students see none that was never opened.

    Raises:
        ClassroomRefused: not of the class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_TASKS, class_id)
    with database().read() as session:
        found = [given(row) for row in _rows(session, class_id)]
    return [each for each in found if by.teacher or each.opened is not None]


def task_of(by: Person, task_id: int) -> Given:
    """Return a task of a class; errors as of ``tasks_of``."""
    with database().read() as session:
        found = given(task_row(session, task_id))
    check(by, Action.SEE_TASKS, found.class_id)
    if found.opened is None and not by.teacher:
        raise ClassroomRefused(NO_TASK)
    return found


def task_of_run(run_id: str, visitor: str) -> Given | None:
    """Return the task that somebody started their own run for; None if for none.

    Args:
        run_id: of the run.
        visitor: who started it.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    if not exists():
        return None
    query = (
        select(TaskRow)
        .join(TaskRunRow, TaskRunRow.task_id == TaskRow.id)
        .join(MemberRow, MemberRow.id == TaskRunRow.member_id)
        .where(TaskRunRow.run_id == run_id, MemberRow.visitor == visitor)
        .order_by(TaskRunRow.id)
    )
    with database().read() as session:
        row = session.scalars(query).first()
        return None if row is None else given(row)


def class_of(task_id: int) -> int:
    """Return the class that a task is of; errors as of ``task_row``."""
    with database().read() as session:
        return task_row(session, task_id).class_id


def task_row(session: Session, task_id: int, *, alone: bool = False) -> TaskRow:
    """Return the row of a task; ``alone`` as for ``row_of``.

    Raises:
        ClassroomRefused: there is none.
    """
    return row_of(session, TaskRow, task_id, NO_TASK, alone=alone)


def given(row: TaskRow) -> Given:
    """Return a task of a class."""
    return Given(
        id=row.id,
        class_id=row.class_id,
        place=row.place,
        task=_task(row.text),
        opened=row.opened,
        closed=row.closed,
        revealed=row.revealed,
    )


@lru_cache(maxsize=256)
def _task(text: str) -> Task:
    """Return the task of a text; a page asks for the same ones at each tick."""
    return Task.from_toml(text)


def _rows(session: Session, class_id: int) -> list[TaskRow]:
    query = select(TaskRow).where(TaskRow.class_id == class_id)
    return list(session.scalars(query.order_by(TaskRow.place, TaskRow.id)))


def _note(session: Session, row: TaskRow, what: str, **after: float | None) -> None:
    """Change columns of a task for a teacher, so that it can be undone."""
    before = {name: getattr(row, name) for name in after}
    for name, value in after.items():
        setattr(row, name, value)
    record(session, row.class_id, f"{what} the task “{given(row).task.title}”.", row, before, after)
