"""What teachers did in a class, and how it is undone.

Whoever changes a row for a teacher records it in the same transaction. Where the row's columns
before and after are recorded too, it can be undone while they still are as they became. The name
of a run, and whether its note is hidden, are no rows, but in its folder; they can be undone in the
same way.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import runs
from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.people import Person
from core.classroom.rows import class_row, is_id
from core.classroom.schema import ActionRow, Base
from core.errors import ClassroomRefused, RunNotFound

# In the place of a table: what was changed is the name of a run, or who may read its note.
RUN, NOTE = "run", "note"


@dataclass(frozen=True)
class Done:
    """What a teacher did.

    Attributes:
        id: of the action.
        class_id: of the class.
        at: when, in seconds of the epoch.
        sentence: what was done.
        undone: when it was undone; None if it was not.
        can_undo: whether it can be undone now.
    """

    id: int
    class_id: int
    at: float
    sentence: str
    undone: float | None
    can_undo: bool


@dataclass(frozen=True)
class Name:
    """The name of a run.

    Attributes:
        text: what it is called; None for no name.
        hidden: whether nobody is shown it.
    """

    text: str | None
    hidden: bool = False


def name_of(run: runs.Run) -> Name:
    """Return the name of a run, also a hidden one: for teachers alone."""
    if run.hidden_name is not None:
        return Name(run.hidden_name, hidden=True)
    return Name(run.name)


def record(
    session: Session,
    class_id: int,
    sentence: str,
    row: Base | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note what a teacher did, in the transaction that does it.

    Args:
        session: of the transaction.
        class_id: of the class.
        sentence: what was done, in the past tense: "Renamed Teal otter to Ruby owl."
        row: what was changed, with an ``id``, if it can be undone.
        before: its changed columns as they were; they are written back to undo it.
        after: its changed columns as they are now.
    """
    session.add(
        ActionRow(
            class_id=class_id,
            at=time.time(),
            sentence=sentence,
            table=None if row is None else row.__tablename__,
            row_id=None if row is None else _id_of(row),
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            undone=None,
        )
    )


def record_name(
    session: Session, class_id: int, sentence: str, run_id: str, before: Name, after: Name
) -> None:
    """Note that a teacher changed the name of a run; arguments as of ``record``."""
    _record_run(session, class_id, sentence, RUN, run_id, asdict(before), asdict(after))


def record_note(
    session: Session, class_id: int, sentence: str, run_id: str, *, hidden: bool
) -> None:
    """Note that a teacher hid the note of a run or showed it again; arguments as of ``record``."""
    before, after = {"hidden": not hidden}, {"hidden": hidden}
    _record_run(session, class_id, sentence, NOTE, run_id, before, after)


def _record_run(
    session: Session,
    class_id: int,
    sentence: str,
    table: str,
    run_id: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Note a change of a run's folder, which is no row of the database."""
    session.add(
        ActionRow(
            class_id=class_id,
            at=time.time(),
            sentence=sentence,
            table=table,
            row_id=None,
            before={"run": run_id, **before},
            after={"run": run_id, **after},
            undone=None,
        )
    )


def _id_of(row: Base) -> int:
    identity = inspect(row).identity
    if identity is None:
        raise ValueError("the row has no id yet: flush the session first")
    number: int = identity[0]
    return number


def actions(by: Person, class_id: int, most: int = 100) -> list[Done]:
    """Return what was done last in a class, the newest first.

    Raises:
        ClassroomRefused: only a teacher sees that, or there is no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_LOG, class_id)
    query = select(ActionRow).where(ActionRow.class_id == class_id)
    with database().read() as session:
        class_row(session, class_id)
        found = session.scalars(query.order_by(ActionRow.id.desc()).limit(most)).all()
        return [_done(session, row) for row in found]


def undo(by: Person, action_id: int) -> Done:
    """Undo what was done, and return it as it is now.

    Raises:
        ClassroomRefused: only a teacher may, there is no such action, or it cannot be undone
            (any more); the sentence says why.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.UNDO)
    try:
        with database().begin() as session:
            known = is_id(action_id)
            action = session.get(ActionRow, action_id, with_for_update=True) if known else None
            if action is None:
                raise ClassroomRefused("There is no such action any more. Reload the page.")
            if action.undone is not None:
                raise ClassroomRefused("This has been undone already.")
            class_row(session, action.class_id, alone=True)  # before its rows, as everywhere
            undoing = _undoing(session, action, alone=True)
            if undoing is None:
                raise ClassroomRefused(
                    "This cannot be undone, or it was changed again since. Change it by hand."
                )
            undoing()
            action.undone = time.time()
            session.flush()
            return _done(session, action)
    except IntegrityError as error:
        raise ClassroomRefused(
            "This cannot be undone: what it was before is taken by now. Change it by hand."
        ) from error


def _undoing(
    session: Session, action: ActionRow, *, alone: bool = False
) -> Callable[[], None] | None:
    """Return what undoes an action, if what it changed still is as it became then.

    Args:
        session: to read and change with.
        action: what was done.
        alone: keep all others from changing it until the transaction ends.
    """
    if action.undone is not None:
        return None
    before, after = action.before or {}, action.after or {}
    if action.table == RUN:
        return _undoing_name(before, after)
    if action.table == NOTE:
        return _undoing_note(before, after)
    kinds = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    kind = kinds.get(action.table)
    if kind is None or action.row_id is None:
        return None
    row: Base | None = session.get(kind, action.row_id, with_for_update=alone)
    if row is None or any(getattr(row, name) != value for name, value in after.items()):
        return None

    def undo() -> None:
        for name, value in before.items():
            setattr(row, name, value)
        _check_alone(session, row)

    return undo


def _undoing_name(before: Mapping[str, Any], after: Mapping[str, Any]) -> Callable[[], None] | None:
    try:
        now = name_of(runs.read(after["run"]))
    except RunNotFound:
        return None
    if now != Name(after["text"], after["hidden"]):
        return None
    return lambda: runs.moderate(before["run"], before["text"], hidden=before["hidden"])


def _undoing_note(before: Mapping[str, Any], after: Mapping[str, Any]) -> Callable[[], None] | None:
    try:
        now = runs.read(after["run"]).note_hidden
    except RunNotFound:
        return None
    if now is not after["hidden"]:
        return None
    return lambda: runs.hide_note(before["run"], before["hidden"])


def _check_alone(session: Session, row: Any) -> None:
    """Keep a second one from being open where a class has one at a time."""
    kind = type(row)
    if not kind.ONE_OPEN or row.closed is not None:
        return
    others = select(kind.id).where(
        kind.class_id == row.class_id, kind.closed.is_(None), kind.id != row.id
    )
    if session.scalar(others.limit(1)) is not None:
        raise ClassroomRefused("Another one is open by now. Close it first, then undo this.")


def _done(session: Session, row: ActionRow) -> Done:
    return Done(
        id=row.id,
        class_id=row.class_id,
        at=row.at,
        sentence=row.sentence,
        undone=row.undone,
        can_undo=_undoing(session, row) is not None,
    )
