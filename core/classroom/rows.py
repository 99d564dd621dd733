"""From rows of the tables to the values that are passed around."""

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from core.classroom.people import Classroom, Limits, Member, State
from core.classroom.schema import Base, ClassRow, MemberRow
from core.errors import ClassroomRefused

NO_CLASS = "There is no such class any more: it was deleted, or the link is wrong."
NO_MEMBER = "There is no such student any more. Reload the page to see who is in the class."
Row = TypeVar("Row", bound=Base)
_HIGHEST = 2**31 - 1  # of an id


def classroom(row: Any) -> Classroom:
    """Return a class; ``row`` has the columns of ``ClassRow``."""
    return Classroom(
        id=row.id,
        code=row.code,
        title=row.title,
        opened=row.opened,
        closed=row.closed,
        delete_after=row.delete_after,
        nicknames=row.nicknames,
        most=row.most,
        message=row.message,
        message_at=row.message_at,
        limits=Limits(row.epochs, row.seconds, row.waiting),
    )


def member(row: Any) -> Member:
    """Return a member; ``row`` has the columns of ``MemberRow``."""
    return Member(
        id=row.id,
        class_id=row.class_id,
        public_id=row.public_id,
        handle=row.handle,
        visitor=row.visitor,
        joined=row.joined,
        seen=row.seen,
        page=row.page,
        state=State(row.state),
        hidden=row.hidden,
    )


def class_row(session: Session, class_id: int, *, alone: bool = False) -> ClassRow:
    """Return the row of a class; ``alone`` as for ``row_of``.

    Raises:
        ClassroomRefused: there is none.
    """
    return row_of(session, ClassRow, class_id, NO_CLASS, alone=alone)


def member_row(session: Session, member_id: int, *, alone: bool = False) -> MemberRow:
    """Return the row of a member, also of one who left; ``alone`` as for ``row_of``.

    Raises:
        ClassroomRefused: there is none.
    """
    return row_of(session, MemberRow, member_id, NO_MEMBER, alone=alone)


def row_of(
    session: Session, table: type[Row], number: int, missing: str, *, alone: bool = False
) -> Row:
    """Return the row with an id, of any table that has one.

    Args:
        session: to read with.
        table: what it is a row of.
        number: the id, as anybody may have sent it.
        missing: the sentence if there is none.
        alone: keep all others from changing it until the transaction ends.

    Raises:
        ClassroomRefused: there is none.
    """
    lock = True if alone else None
    row = session.get(table, number, with_for_update=lock) if is_id(number) else None
    if row is None:
        raise ClassroomRefused(missing)
    return row


def is_id(number: object) -> bool:
    """Tell whether a number can be an id: one from a link may be anything."""
    # True is no id, though Python takes it for 1.
    return type(number) is int and 0 < number <= _HIGHEST
