"""Who is asking: a browser, and by its cookies perhaps a member of a class, or a teacher."""

import threading

import streamlit as st

from core.classroom.people import Person
from core.settings import settings
from pages.session.browser import browser_id
from pages.session.cookies import MEMBER, TEACHER
from pages.session.streamlit_internals import this_run


def person() -> Person:
    """Return who asks in this script run; the database is asked once a run, or not at all.

    Raises:
        ClassroomUnavailable: the browser has a class's cookie, and the database does not answer.
            Who they are is then unknown: they are not somebody else meanwhile.
    """
    run = this_run()
    if run is None or getattr(_known, "run", None) is not run:
        _known.person, _known.run = _find(), run
    found: Person = _known.person
    return found


def circle() -> frozenset[str]:
    """Return the groups whose runs the visitor may watch (``core.runs.access``).

    Raises:
        ClassroomUnavailable: as ``person``.
    """
    who = person()
    if who.member is None and not who.teacher:
        return frozenset()
    from core.classroom import training

    return training.circle_of(who)


def forget_person() -> None:
    """Have the next call of ``person`` ask again: the page has just changed who they are."""
    _known.run = None


def class_token() -> str | None:
    """Return the secret of the place in a class that the browser has, or had; None if it has none.

    It may be of a place that is lost (``lost_place``).
    """
    return _cookie(MEMBER)


def lost_place() -> str | None:
    """Return why a browser that came with a class's cookie is in no class now; None if it is."""
    token = _cookie(MEMBER)
    if token is None or person().member is not None:
        return None
    from core.classroom import joining

    return joining.why_not(token)


def may_log_in() -> bool:
    """Tell whether this server knows teachers who log in by OIDC (``st.login``)."""
    return bool(settings().teachers)


def teaches_by_link() -> bool:
    """Tell whether the browser came with a teacher's cookie, which ``/leave/teacher`` ends."""
    return _cookie(TEACHER) is not None


def _find() -> Person:
    member, teacher = _cookie(MEMBER), _cookie(TEACHER)
    listed = _is_listed()
    if member is None and teacher is None:
        return Person(browser_id(), teacher=listed)
    # Here and not above: whoever is in no class needs no database loaded.
    from core.classroom import joining, teachers

    teaches = listed or (teacher is not None and teachers.is_teacher(teacher))
    place = None if member is None else joining.place_of(member)
    if place is None:
        return Person(browser_id(), teacher=teaches)
    return Person(place.member.visitor, place.member, place.classroom, teaches)


def _is_listed() -> bool:
    """Tell whether somebody has logged in whose address is one of the teachers'."""
    if not may_log_in():
        return False
    user = st.user.to_dict()
    if user.get("is_logged_in") is not True:
        return False
    from core.classroom import teachers

    return teachers.is_listed(user.get("email"), verified=user.get("email_verified"))


def _cookie(name: str) -> str | None:
    """Return a cookie as it was when the page was loaded; an empty one is none."""
    value = st.context.cookies.get(name)
    return value if isinstance(value, str) and value else None


_known = threading.local()  # a session's script runs in one thread
