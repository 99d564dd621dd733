"""How students come into a class: by its code, with a ticket for the cookie, and from elsewhere.

A member has a visitor's id of their own, made at joining: in a class it is the member's runs that
the pages show, and who leaves leaves them behind. What proves that a browser is a member's is a
token, of which the database has only the hash; it ends with the class.
"""

import time
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.architectures.settings import count
from core.classroom import codes, handles, nicknames
from core.classroom.access import Action, check
from core.classroom.classes import row_of_code
from core.classroom.database import database
from core.classroom.guesses import CODES
from core.classroom.keys import hashed, new_token, new_visitor, public_id
from core.classroom.log import record
from core.classroom.people import Joined, Member, Person, Place, Redeemed, State
from core.classroom.rows import class_row, classroom, member, member_row
from core.classroom.schema import ClassRow, MemberRow, TokenRow
from core.classroom.teachers import SESSION_SECONDS
from core.errors import ClassroomRefused

TICKET_SECONDS = 60.0
DEVICE_SECONDS = 600.0

MEMBER, TEACHER, TICKET, DEVICE = "member", "teacher", "ticket", "device"

TAKEN = "Someone in the class has this nickname, or one that looks like it. Choose another."
REMOVED = "The teacher has removed you from the class. Talk to them; they can bring you back."
OLD_TICKET = "This way in was used already, or is too old. Enter the code of the class again."
WRONG_DEVICE_CODE = (
    "This code is wrong, was used already, or is older than ten minutes. Get a new one on the "
    "device where you are in the class, or from the teacher."
)


# -- Coming in ---------------------------------------------------------------------------------


def propose(class_id: int) -> str:
    """Return a name that nobody in the class has.

    Raises:
        ClassroomRefused: there is no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        class_row(session, class_id)
        return handles.draw(_taken(session, class_id))


def join(
    code: str,
    nickname: str | None = None,
    *,
    handle: str | None = None,
    asker: str = "",
    token: str | None = None,
) -> Joined:
    """Make somebody a member of the class that has a code.

    Args:
        code: of the class, as it was typed.
        nickname: that they chose, where the teacher allows it; None for a name from the list.
        handle: from ``propose``; another is drawn where it is taken by now, or not from the list.
        asker: tells those apart who guess; of it nothing is kept.
        token: that their browser has of a class, if any: who is in one leaves it first, and who
            was removed from this one does not come back by its code.

    Raises:
        ClassroomRefused: wrong code, closed or full class, in one already, removed from this
            one, or a nickname that cannot be.
        ClassroomUnavailable: the database cannot be used.
    """
    new = new_token()
    try:
        with database().begin() as session:
            # Who joins at the same moment waits here, so that the last place is taken once.
            room = row_of_code(session, code, asker, alone=True)
            if room.closed is not None:
                raise ClassroomRefused(
                    "The class is closed: nobody can join now. Ask the teacher to open it again."
                )
            if token:
                _check_browser(session, room, token)
            _check_room(session, room)
            name = _name(session, room, nickname, handle)
            row = _new_member(room.id, name)
            session.add(row)
            session.flush()
            _add(session, new, MEMBER, row.id)
            return Joined(member(row), classroom(room), new)
    except IntegrityError as error:  # somebody was renamed to it meanwhile
        raise ClassroomRefused(TAKEN) from error


def _check_browser(session: Session, room: ClassRow, token: str) -> None:
    source = session.get(TokenRow, hashed(token))
    if source is None or source.kind != MEMBER or source.member_id is None:
        return
    who = member_row(session, source.member_id)
    if who.state == State.REMOVED.value and who.class_id == room.id:
        raise ClassroomRefused(REMOVED)
    if who.state == State.HERE.value:
        raise ClassroomRefused(
            f"You are in a class already, as {who.handle}. Leave it first, then join another."
        )


def _check_room(session: Session, room: ClassRow) -> None:
    here = select(func.count()).where(
        MemberRow.class_id == room.id, MemberRow.state == State.HERE.value
    )
    if (session.scalar(here) or 0) >= room.most:
        raise ClassroomRefused(
            f"The class is full: it has room for {count(room.most, 'student')}. Ask the teacher "
            "to make more room."
        )


def _name(session: Session, room: ClassRow, nickname: str | None, handle: str | None) -> str:
    taken = _taken(session, room.id)
    if nickname is not None:
        if not room.nicknames:
            raise ClassroomRefused("In this class names are drawn. Join without a nickname.")
        return _own_name(nickname, taken)
    if handle is not None and handles.is_handle(handle) and nicknames.key(handle) not in taken:
        return handle
    return handles.draw(taken)


def _own_name(nickname: str, taken: Collection[str]) -> str:
    name = nicknames.check(nickname)
    if nicknames.key(name) in taken:
        raise ClassroomRefused(TAKEN)
    return name


def _taken(session: Session, class_id: int) -> set[str]:
    """Return the keys of all names in a class, also of those who left: nobody takes one over."""
    return set(session.scalars(select(MemberRow.handle_key).where(MemberRow.class_id == class_id)))


def _new_member(class_id: int, name: str) -> MemberRow:
    visitor, now = new_visitor(), time.time()
    return MemberRow(
        class_id=class_id,
        visitor=visitor,
        public_id=public_id(visitor),
        handle=name,
        handle_key=nicknames.key(name),
        joined=now,
        seen=now,
        page="",
        state=State.HERE.value,
        hidden=False,
    )


def _add(
    session: Session,
    token: str,
    kind: str,
    member_id: int | None,
    seconds: float | None = None,
    parent: str | None = None,
) -> None:
    now = time.time()
    expires = None if seconds is None else now + seconds
    session.add(
        TokenRow(
            hash=hashed(token),
            kind=kind,
            member_id=member_id,
            parent=parent,
            made=now,
            expires=expires,
        )
    )


# -- Tickets: from a page, which cannot set a secret cookie, to the address that can ------------


def ticket(token: str) -> str:
    """Return a ticket for what a token is good for; it can be redeemed once, within a minute.

    Args:
        token: of a member or a teacher.

    Raises:
        ClassroomRefused: the token is good for nothing (any more).
        ClassroomUnavailable: the database cannot be used.
    """
    new = new_token()
    with database().begin() as session:
        source = _living(session, token)
        session.execute(delete(TokenRow).where(TokenRow.expires <= time.time()))
        _add(session, new, TICKET, source.member_id, TICKET_SECONDS, source.hash)
    return new


def redeem(ticket: str) -> Redeemed:
    """Return a new token for a ticket, which is used up.

    Raises:
        ClassroomRefused: it was used, is too old, or never was one.
        ClassroomUnavailable: the database cannot be used.
    """
    token, now = new_token(), time.time()
    with database().begin() as session:
        # Only one of two that come at once deletes it.
        used = session.execute(
            delete(TokenRow)
            .where(TokenRow.hash == hashed(ticket), TokenRow.kind == TICKET, TokenRow.expires > now)
            .returning(TokenRow.member_id, TokenRow.parent)
        ).one_or_none()
        if used is None or session.get(TokenRow, used.parent) is None:
            raise ClassroomRefused(OLD_TICKET)
        if used.member_id is None:
            _add(session, token, TEACHER, None, SESSION_SECONDS, used.parent)
            return Redeemed(TEACHER, token, now + SESSION_SECONDS)
        _add(session, token, MEMBER, used.member_id, None, used.parent)
        room = class_row(session, member_row(session, used.member_id).class_id)
        return Redeemed(MEMBER, token, room.delete_after)


def _living(session: Session, token: str) -> TokenRow:
    row = session.get(TokenRow, hashed(token))
    good = row is not None and row.kind in (MEMBER, TEACHER)
    if row is None or not good or (row.expires is not None and row.expires <= time.time()):
        raise ClassroomRefused(OLD_TICKET)
    return row


# -- Being in ----------------------------------------------------------------------------------


def place_of(token: str) -> Place | None:
    """Return who a token makes its bearer, and where; None if it is good for nothing.

    Pages ask on each script run, so it is one query over keys.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    row = database().one(
        _PLACE.where(
            TokenRow.hash == hashed(token),
            MemberRow.state == State.HERE.value,
            ClassRow.delete_after > time.time(),
        )
    )
    return None if row is None else _place(row)


def why_not(token: str) -> str | None:
    """Return why a token is good for nothing any more, as a sentence; None if nobody knows.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    row = database().one(_PLACE.where(TokenRow.hash == hashed(token)))
    if row is None:
        return None
    place = _place(row)
    if place.member.state is State.REMOVED:
        return REMOVED
    if place.classroom.delete_after <= time.time():
        return "The class is over, and is being deleted."
    return None


_MEMBER_COLUMNS = [each.label(f"m_{each.name}") for each in MemberRow.__table__.columns]
_CLASS_COLUMNS = [each.label(f"c_{each.name}") for each in ClassRow.__table__.columns]
_PLACE: Select[Any] = (
    select(*_MEMBER_COLUMNS, *_CLASS_COLUMNS)
    .select_from(TokenRow)
    .join(MemberRow, MemberRow.id == TokenRow.member_id)
    .join(ClassRow, ClassRow.id == MemberRow.class_id)
    .where(TokenRow.kind == MEMBER)
)


class _Part:
    """The columns of one table in a row that has those of several."""

    def __init__(self, row: Row[Any], prefix: str) -> None:
        self._row, self._prefix = row, prefix

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, self._prefix + name)


def _place(row: Row[Any]) -> Place:
    return Place(member(_Part(row, "m_")), classroom(_Part(row, "c_")))


def leave(token: str) -> None:
    """End a browser's token; who has no other one has left the class.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    with database().begin() as session:
        row = session.get(TokenRow, hashed(token))
        if row is None or row.kind != MEMBER or row.member_id is None:
            return
        own = [row.hash] if row.parent is None else [row.hash, row.parent]
        session.execute(
            delete(TokenRow).where(or_(TokenRow.hash.in_(own), TokenRow.parent.in_(own)))
        )
        others = select(TokenRow.hash).where(
            TokenRow.member_id == row.member_id, TokenRow.kind == MEMBER
        )
        left = member_row(session, row.member_id, alone=True)
        if session.scalar(others.limit(1)) is None and left.state == State.HERE.value:
            left.state = State.LEFT.value


# -- From another device -----------------------------------------------------------------------


def device_code(by: Person, member_id: int) -> str:
    """Return a code by which a member comes in from another device, once, within ten minutes.

    Args:
        by: the member, or the teacher for one who has lost their device.
        member_id: of the member.

    Raises:
        ClassroomRefused: not theirs, or they were removed.
        ClassroomUnavailable: the database cannot be used.
    """
    code = codes.device_code()
    with database().begin() as session:
        row = member_row(session, member_id)
        check(by, Action.DEVICE_CODE, row.class_id, row.id)
        if row.state == State.REMOVED.value:
            raise ClassroomRefused("This student was removed. Bring them back first.")
        session.execute(
            delete(TokenRow).where(TokenRow.member_id == row.id, TokenRow.kind == DEVICE)
        )
        _add(session, codes.tidy(code), DEVICE, row.id, DEVICE_SECONDS)
    return code


def by_device_code(code: str, asker: str = "") -> Joined:
    """Return the member whose code for another device somebody typed, with a token for it.

    Raises:
        ClassroomRefused: the code is wrong, used or old, or there were too many wrong ones.
        ClassroomUnavailable: the database cannot be used.
    """
    CODES.check(asker)
    token, now = new_token(), time.time()
    with database().begin() as session:
        found = session.scalar(
            delete(TokenRow)
            .where(
                TokenRow.hash == hashed(codes.tidy(code)),
                TokenRow.kind == DEVICE,
                TokenRow.expires > now,
            )
            .returning(TokenRow.member_id)
        )
        where = session.scalar(select(MemberRow.class_id).where(MemberRow.id == found))
        if found is None or where is None:
            CODES.wrong(asker)
            raise ClassroomRefused(WRONG_DEVICE_CODE)
        # The class before the member, as everywhere: two never wait for each other.
        room = class_row(session, where, alone=True)
        row = member_row(session, found, alone=True)
        if row.state == State.REMOVED.value:
            raise ClassroomRefused(WRONG_DEVICE_CODE)
        if row.state == State.LEFT.value:
            _check_room(session, room)
            row.state = State.HERE.value
        _add(session, token, MEMBER, row.id)
        return Joined(member(row), classroom(room), token)


# -- What the teacher does ---------------------------------------------------------------------


def rename(by: Person, member_id: int, nickname: str | None = None) -> Member:
    """Give a member another name, and return them.

    Args:
        by: a teacher.
        member_id: of the member.
        nickname: the name; None for one from the list.

    Raises:
        ClassroomRefused: not a teacher, no such member, or a name that cannot be.
        ClassroomUnavailable: the database cannot be used.
    """
    try:
        with database().begin() as session:
            row = member_row(session, member_id, alone=True)
            check(by, Action.RENAME, row.class_id)
            taken = _taken(session, row.class_id) - {row.handle_key}
            if nickname is None:
                name = handles.draw(taken | {row.handle_key})
            else:
                name = _own_name(nickname, taken)
            new = {"handle": name, "handle_key": nicknames.key(name)}
            return _change(session, row, new, f"Renamed {row.handle} to {name}.")
    except IntegrityError as error:
        raise ClassroomRefused(TAKEN) from error


def remove(by: Person, member_id: int) -> Member:
    """Put a member out of the class, and return them; ``log.undo`` brings them back.

    Raises:
        ClassroomRefused: not a teacher, or no such member.
        ClassroomUnavailable: the database cannot be used.
    """
    return _teacher(by, Action.REMOVE, member_id, {"state": State.REMOVED.value}, "Removed {}.")


def hide(by: Person, member_id: int) -> Member:
    """Hide a member's name from the class, and return them; errors as of ``remove``."""
    return _teacher(by, Action.HIDE_NAME, member_id, {"hidden": True}, "Hid the name {}.")


def show(by: Person, member_id: int) -> Member:
    """Show a hidden name again, and return the member; errors as of ``remove``."""
    return _teacher(by, Action.SHOW_NAME, member_id, {"hidden": False}, "Showed the name {} again.")


def _teacher(
    by: Person, action: Action, member_id: int, new: dict[str, Any], sentence: str
) -> Member:
    with database().begin() as session:
        row = member_row(session, member_id, alone=True)
        check(by, action, row.class_id)
        return _change(session, row, new, sentence.format(row.handle))


def _change(session: Session, row: MemberRow, new: dict[str, Any], sentence: str) -> Member:
    before = {name: getattr(row, name) for name in new}
    if before != new:
        for name, value in new.items():
            setattr(row, name, value)
        session.flush()
        record(session, row.class_id, sentence, row, before, new)
    return member(row)
