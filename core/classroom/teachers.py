"""Who is a teacher: whoever has the link that the server printed at its start.

Its token is made here, or set by ``ATELIER_TEACHER_TOKEN``. A link made here stays good for thirty
days, also after a restart; only its hash is stored, so that it cannot be printed again, but another
one can be made at any time.
"""

import hmac
import time

from sqlalchemy import delete, select

from core.classroom.database import database
from core.classroom.guesses import TEACHERS
from core.classroom.keys import hashed, new_token
from core.classroom.schema import TokenRow
from core.errors import ClassroomRefused
from core.settings import settings

LINK_SECONDS = 30 * 86_400.0
SESSION_SECONDS = 7 * 86_400.0  # that a teacher's browser is one

WRONG_LINK = (
    "This is not the teacher's link of this server, or it is older than 30 days. The server prints "
    "it when it starts, and python -m core class link prints a new one."
)


def teacher_token() -> str:
    """Return a token for the teacher's link: that of the settings, or a new one.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    chosen = settings().teacher_token
    if chosen is not None:
        return chosen
    token, now = new_token(), time.time()
    with database().begin() as session:
        session.execute(delete(TokenRow).where(TokenRow.expires <= now))
        session.add(_row(token, "link", now, LINK_SECONDS))
    return token


def forget_links() -> None:
    """End all links that were made here, and the sessions of all teachers.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    with database().begin() as session:
        session.execute(delete(TokenRow).where(TokenRow.kind.in_(("link", "teacher"))))


def check(token: str, asker: str = "") -> str:
    """Return a token for the session of somebody who opened the teacher's link.

    Args:
        token: of the link.
        asker: tells those apart who guess; of it nothing is kept.

    Raises:
        ClassroomRefused: it is not that of the link, or there were too many wrong ones.
        ClassroomUnavailable: the database cannot be used.
    """
    TEACHERS.check(asker)
    given, chosen = hashed(token), settings().teacher_token
    links = select(TokenRow.hash).where(TokenRow.kind == "link", TokenRow.expires > time.time())
    with database().read() as session:
        known = [*session.scalars(links), *([hashed(chosen)] if chosen else [])]
    # All of them are compared, each in the same time, whatever was given.
    if not sum(hmac.compare_digest(given, each) for each in known):
        TEACHERS.wrong(asker)
        raise ClassroomRefused(WRONG_LINK)
    return start_session()


def start_session() -> str:
    """Return a token for the session of somebody of whom it is known that they are a teacher.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    token = new_token()
    with database().begin() as session:
        session.add(_row(token, "teacher", time.time(), SESSION_SECONDS))
    return token


def is_listed(address: object, *, verified: object) -> bool:
    """Tell whether somebody who logged in is a teacher, by ``ATELIER_TEACHERS``.

    Args:
        address: the e-mail address that the provider names; it is kept nowhere.
        verified: what the provider says about it; only ``True`` counts, as some let people
            choose any address.
    """
    return (
        verified is True
        and isinstance(address, str)
        and address.strip().casefold() in settings().teachers
    )


def is_teacher(session_token: str) -> bool:
    """Tell whether a session is a teacher's; one query by its key.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    query = select(TokenRow.hash).where(
        TokenRow.hash == hashed(session_token),
        TokenRow.kind == "teacher",
        TokenRow.expires > time.time(),
    )
    return database().one(query) is not None


def end_session(session_token: str) -> None:
    """End a teacher's session.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    own = hashed(session_token)
    with database().begin() as session:
        row = session.get(TokenRow, own)
        if row is not None and row.kind == "teacher":
            hashes = [own] if row.parent is None else [own, row.parent]
            session.execute(delete(TokenRow).where(TokenRow.hash.in_(hashes)))


def _row(token: str, kind: str, now: float, seconds: float) -> TokenRow:
    return TokenRow(
        hash=hashed(token), kind=kind, member_id=None, parent=None, made=now, expires=now + seconds
    )
