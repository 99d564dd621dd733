"""Who is in a class now, and on which page.

Pages tell at each script run. It is kept in memory and written together for all, each member at
most once in ten seconds, so that a full class costs a write a second and not fifty.
"""

import re
import threading
import time
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select, update

from core.classroom.database import Database, database
from core.classroom.people import Member, State
from core.classroom.rows import NO_CLASS, class_row, is_id, member
from core.classroom.schema import MemberRow
from core.errors import ClassroomRefused

EVERY_SECONDS = 10.0  # that a member is written at most
TOGETHER_SECONDS = 1.0  # that all writes together wait
AWAY_AFTER = 45.0  # seconds without a sign of a member

_PAGE = re.compile("[a-z0-9_-]{0,20}")


@dataclass
class _Sign:
    """The last sign of a member.

    Attributes:
        seen: when, in seconds of the epoch.
        page: where.
        written: when one was written last.
    """

    seen: float
    page: str
    written: float = 0.0

    @property
    def due(self) -> bool:
        return self.seen >= self.written + EVERY_SECONDS


class _Signs:
    """What is known of the members of one database, and not all written yet."""

    def __init__(self, of: Database) -> None:
        self.of = of
        self.members: dict[int, _Sign] = {}
        self.written = 0.0


_lock = threading.Lock()
_signs: _Signs | None = None


def seen(who: Member, page: str, now: float | None = None) -> None:
    """Note that a member is on a page.

    Args:
        who: the member.
        page: of small letters; another is noted as none.
        now: in seconds of the epoch; None for now.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    global _signs
    now = time.time() if now is None else now
    page = page if _PAGE.fullmatch(page) else ""
    due: dict[int, _Sign] = {}
    target = database()
    with _lock:
        if _signs is None or _signs.of is not target:
            _signs = _Signs(target)
        sign = _signs.members.setdefault(who.id, _Sign(now, page))
        sign.seen, sign.page = max(sign.seen, now), page
        if now >= _signs.written + TOGETHER_SECONDS or now < _signs.written:
            _signs.written = now
            due = {each: sign for each, sign in _signs.members.items() if sign.due}
            for sign in due.values():
                sign.written = sign.seen
            if len(_signs.members) > 2000:  # of classes long over
                _signs.members = {
                    each: sign for each, sign in _signs.members.items() if sign.seen > now - 3600
                }
    if due:
        # In the same order everywhere, so that two servers do not wait for each other.
        values = [
            {"who": who_id, "at": sign.seen, "where": sign.page}
            for who_id, sign in sorted(due.items())
        ]
        with target.begin() as session:
            session.connection().execute(_WRITE, values)


_TABLE = MemberRow.__table__
_WRITE = (
    update(MemberRow.__table__)  # type: ignore[arg-type]  # a Table, as far as mypy does not know
    .where(_TABLE.c.id == bindparam("who"), _TABLE.c.seen < bindparam("at"))
    .values(seen=bindparam("at"), page=bindparam("where"))
)


def members(class_id: int, *, everybody: bool = False) -> list[Member]:
    """Return the members of a class by the time they joined.

    Args:
        class_id: of the class.
        everybody: also those who left or were removed.

    Raises:
        ClassroomRefused: there is no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    query = select(MemberRow).where(MemberRow.class_id == class_id).order_by(MemberRow.id)
    if not everybody:
        query = query.where(MemberRow.state == State.HERE.value)
    if not is_id(class_id):
        raise ClassroomRefused(NO_CLASS)
    with database().read() as session:
        found = [member(row) for row in session.scalars(query)]
        if not found:
            class_row(session, class_id)
    return [_newest(each) for each in found]


def is_here(who: Member, now: float | None = None) -> bool:
    """Tell whether there was a sign of a member lately."""
    now = time.time() if now is None else now
    return who.state is State.HERE and who.seen >= now - AWAY_AFTER


def _newest(who: Member) -> Member:
    """Return a member with what this process knows and has not written yet."""
    with _lock:
        signs = _signs
        sign = None if signs is None else signs.members.get(who.id)
    if sign is None or signs is None or signs.of is not database() or sign.seen <= who.seen:
        return who
    return replace(who, seen=sign.seen, page=sign.page)
