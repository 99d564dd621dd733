"""Classes: a teacher opens, changes, closes, copies and deletes them; each ends by itself."""

import time

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from core.classroom import codes
from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.guesses import CODES
from core.classroom.leftovers import clear_up, leave_behind
from core.classroom.log import record
from core.classroom.people import NO_LIMITS, Classroom, Limits, Person
from core.classroom.rows import class_row, classroom
from core.classroom.schema import Base, ClassRow, TokenRow
from core.classroom.texts import line
from core.errors import ClassroomRefused

TITLE = 60  # characters
MOST, MOST_EVER = 60, 500  # students at a time
DAYS, DAYS_EVER = 30, 365  # until a class is deleted
DAY = 86_400.0  # seconds

WRONG_CODE = (
    "No class has this code. Look at the six letters again: capital or small does not matter."
)


def open_class(
    by: Person,
    title: str,
    *,
    nicknames: bool = False,
    most: int = MOST,
    days: int = DAYS,
    limits: Limits = NO_LIMITS,
) -> Classroom:
    """Open a class and return it, with a code that no other has.

    Args:
        by: who opens it.
        title: what it is called, up to 60 characters.
        nicknames: whether students may choose their names.
        most: students at a time.
        days: after which it is deleted with all that belongs to it.
        limits: for the runs of its students.

    Raises:
        ClassroomRefused: not a teacher, or a value that cannot be.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.OPEN_CLASS)
    now = time.time()
    row = ClassRow(
        title=line(title, TITLE, "title"),
        opened=now,
        closed=None,
        delete_after=now + DAY * _number(days, 1, DAYS_EVER, "number of days"),
        nicknames=bool(nicknames),
        most=_number(most, 1, MOST_EVER, "number of students"),
        message=None,
        message_at=None,
        **_columns(limits),
    )
    with database().begin() as session:
        row.code = _free_code(session)
        session.add(row)
        session.flush()
        record(session, row.id, f"Opened the class {row.title}.")
        return classroom(row)


def change_class(
    by: Person,
    class_id: int,
    *,
    title: str | None = None,
    nicknames: bool | None = None,
    most: int | None = None,
    days: int | None = None,
    limits: Limits | None = None,
) -> Classroom:
    """Change a class and return it; what is None stays as it is.

    Args:
        by: who changes it.
        class_id: of the class.
        title: what it is called.
        nicknames: whether students may choose their names; those there are stay.
        most: students at a time.
        days: from now, after which it is deleted.
        limits: for the runs of its students.

    Raises:
        ClassroomRefused: not a teacher, no such class, or a value that cannot be.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CHANGE_CLASS, class_id)
    wanted: dict[str, object] = {}
    if title is not None:
        wanted["title"] = line(title, TITLE, "title")
    if nicknames is not None:
        wanted["nicknames"] = bool(nicknames)
    if most is not None:
        wanted["most"] = _number(most, 1, MOST_EVER, "number of students")
    if days is not None:
        wanted["delete_after"] = time.time() + DAY * _number(days, 1, DAYS_EVER, "number of days")
    if limits is not None:
        wanted |= _columns(limits)
    return _change(class_id, wanted, "Changed the class: {}.")


def close_class(by: Person, class_id: int) -> Classroom:
    """Close a class: nobody joins any more, and its members may only look.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CLOSE_CLASS, class_id)
    return _change(class_id, {"closed": time.time()}, "Closed the class.", unless="closed")


def reopen_class(by: Person, class_id: int) -> Classroom:
    """Open a closed class again; errors as of ``close_class``."""
    check(by, Action.REOPEN_CLASS, class_id)
    return _change(class_id, {"closed": None}, "Opened the class again.")


def copy_class(by: Person, class_id: int, title: str | None = None) -> Classroom:
    """Open a class with the settings and the tasks of another, and no students; return it.

    Args:
        by: who copies it.
        class_id: of the class to copy.
        title: of the new one; None for the title of the old one.

    Raises:
        ClassroomRefused: not a teacher, no such class, or no such title.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.COPY_CLASS, class_id)
    now = time.time()
    with database().begin() as session:
        old = class_row(session, class_id)
        days = max(DAY, old.delete_after - old.opened)
        values = _values(old) | {
            "title": old.title if title is None else line(title, TITLE, "title"),
            "code": _free_code(session),
            "opened": now,
            "closed": None,
            "delete_after": now + min(days, DAYS_EVER * DAY),
            "message": None,
            "message_at": None,
        }
        new = ClassRow(**values)
        session.add(new)
        session.flush()
        for kind in (mapper.class_ for mapper in Base.registry.mappers if mapper.class_.COPIED):
            for row in session.scalars(select(kind).where(kind.class_id == old.id)):
                fresh = dict.fromkeys(kind.FRESH)
                session.add(kind(**_values(row) | fresh | {"class_id": new.id}))
        record(session, new.id, f"Opened the class {new.title} as a copy of {old.code}.")
        return classroom(new)


def delete_class(by: Person, class_id: int) -> None:
    """Delete a class with all that belongs to it, its students' runs and data sets included.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.DELETE_CLASS, class_id)
    with database().begin() as session:
        row = class_row(session, class_id, alone=True)
        leave_behind(session, row.id)
        session.delete(row)
    clear_up()


def all_classes(by: Person) -> list[Classroom]:
    """Return all classes, the newest first.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.LIST_CLASSES)
    with database().read() as session:
        rows = session.scalars(select(ClassRow).order_by(ClassRow.id.desc()))
        return [classroom(row) for row in rows]


def find(code: str, asker: str = "") -> Classroom:
    """Return the class that has a code, open or closed.

    Args:
        code: as somebody typed it: small letters, spaces and hyphens do not matter.
        asker: tells those apart who guess; of it nothing is kept.

    Raises:
        ClassroomRefused: no class has it, or there were too many wrong ones.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        return classroom(row_of_code(session, code, asker))


def row_of_code(session: Session, code: str, asker: str = "", *, alone: bool = False) -> ClassRow:
    """Return the row of the class that has a code; arguments and errors as of ``find``."""
    CODES.check(asker)
    query = select(ClassRow).where(ClassRow.code == codes.tidy(code))
    query = query.where(ClassRow.delete_after > time.time())
    row = session.scalar(query.with_for_update() if alone else query)
    if row is None:
        CODES.wrong(asker)
        raise ClassroomRefused(WRONG_CODE)
    return row


def of_id(class_id: int) -> Classroom:
    """Return a class.

    Raises:
        ClassroomRefused: there is none with this id.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        return classroom(class_row(session, class_id))


def expire(now: float | None = None) -> int:
    """Delete the classes whose time is over, and the tokens; return how many classes it were.

    Args:
        now: in seconds of the epoch; None for now.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    now = time.time() if now is None else now
    with database().begin() as session:
        over = session.scalars(select(ClassRow).where(ClassRow.delete_after <= now)).all()
        for row in over:
            leave_behind(session, row.id)
            session.delete(row)
        session.execute(delete(TokenRow).where(TokenRow.expires <= now))
    clear_up()
    return len(over)


def _change(
    class_id: int, wanted: dict[str, object], sentence: str, unless: str | None = None
) -> Classroom:
    """Change columns of a class, and record it.

    Args:
        class_id: of the class.
        wanted: the new values.
        sentence: for the log; ``{}`` stands for what was changed.
        unless: a column that is left alone where it has a value.
    """
    with database().begin() as session:
        row = class_row(session, class_id, alone=True)
        if unless is not None and getattr(row, unless) is not None:
            return classroom(row)
        changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if changed:
            before = {name: getattr(row, name) for name in changed}
            for name, value in changed.items():
                setattr(row, name, value)
            names = ", ".join(_NAMES.get(name, name) for name in changed)
            record(session, row.id, sentence.format(names), row, before, changed)
        return classroom(row)


_NAMES = {
    "delete_after": "when it is deleted",
    "most": "how many students",
    "epochs": "epochs a run",
    "seconds": "time a run",
    "waiting": "waiting runs",
}


def _columns(limits: Limits) -> dict[str, object]:
    seconds = limits.seconds
    if seconds is not None and not 1 <= seconds <= 10 * DAY:
        raise ClassroomRefused("A run may take from 1 second to 10 days. Choose another limit.")
    epochs = limits.epochs
    if epochs is not None:
        epochs = _number(epochs, 1, 500, "number of epochs")
    waiting = limits.waiting
    if waiting is not None:
        waiting = _number(waiting, 1, 100_000, "number of waiting runs")
    return {"epochs": epochs, "seconds": seconds, "waiting": waiting}


def _number(value: int, low: int, high: int, what: str) -> int:
    if not low <= value <= high:
        raise ClassroomRefused(f"The {what} is {value:,}, but can be {low} to {high:,}.")
    return int(value)


def _values(row: Base) -> dict[str, object]:
    """Return the columns of a row, but for its key."""
    columns = inspect(type(row)).column_attrs
    return {each.key: getattr(row, each.key) for each in columns if each.key != "id"}


def _free_code(session: Session) -> str:
    while True:
        code = codes.class_code()
        if session.scalar(select(ClassRow.id).where(ClassRow.code == code)) is None:
            return code
