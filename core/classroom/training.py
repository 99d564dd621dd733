"""Runs in a class: started with its limits, watched by each other, stopped by the teacher.

A run's folder says by the class's public id where it was started. Nothing leads from that to the
code of the class, and in a database that was made anew no class has the id of an old one.
"""

from collections.abc import Callable
from dataclasses import replace

from core import jobs, runs
from core.architectures.settings import count
from core.classroom import classes, presence
from core.classroom.access import Action, check, may
from core.classroom.database import database
from core.classroom.keys import group_of as group_of
from core.classroom.log import record
from core.classroom.people import Classroom, Person
from core.errors import ClassroomRefused
from core.runs.access import owns, seen


def circle_of(who: Person) -> frozenset[str]:
    """Return the public ids of the classes whose runs somebody may watch, for ``runs.access``.

    A student watches those of the own class, a teacher all.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    if who.teacher:
        found = {each.id for each in classes.all_classes(who)}
    else:
        found = {who.member.class_id} if who.member is not None else set()
    return frozenset(
        group_of(class_id) for class_id in found if may(who, Action.WATCH_RUN, class_id)
    )


def allowance_of(room: Classroom) -> runs.Allowance:
    """Return what a class lets its students' runs take."""
    return runs.Allowance(room.limits.epochs, room.limits.seconds, room.limits.waiting)


def start(config: runs.TrainingConfig, who: Person, *, minutes: float | None = None) -> str:
    """Start a run as ``jobs.start`` does, in the class of who asks if they are in one.

    Args:
        config: what the run is to do.
        who: starts it.
        minutes: that it may take, such as by its task; the class or the server may allow less.

    Raises:
        DataUnavailable, SettingsError: as ``jobs.start``.
        ClassroomUnavailable: the database cannot be used.
    """
    if who.member is None or who.classroom is None:
        return jobs.start(config, who.visitor)
    group, allowed = group_of(who.classroom.id), allowance_of(who.classroom)
    if minutes is not None and (allowed.seconds is None or 60 * minutes < allowed.seconds):
        allowed = replace(allowed, seconds=60 * minutes)
    return jobs.start(config, who.visitor, group=group, allowance=allowed)


def stop(who: Person, run_id: str) -> None:
    """Stop a run: one's own, or as a teacher anybody's of a class.

    Raises:
        RunNotFound: there is no such run, or it is not theirs to see.
        ClassroomRefused: it is not theirs to stop.
        SettingsError: the folder cannot be written.
        ClassroomUnavailable: the database cannot be used.
    """
    _change(who, run_id, jobs.backend().stop)


def pause(who: Person, run_id: str) -> None:
    """Pause a run, as ``stop``."""
    _change(who, run_id, jobs.backend().pause)


def stop_all(who: Person, class_id: int, member_id: int | None = None) -> list[str]:
    """Stop what waits, trains or is paused of a class, or of one of its students.

    Returns:
        The ids of the runs.

    Raises:
        ClassroomRefused: not a teacher, or no such class or student.
        SettingsError: a folder cannot be written; the other runs have been stopped.
        ClassroomUnavailable: the database cannot be used.
    """
    return _change_all(who, class_id, member_id, jobs.stop_all, "Stopped")


def pause_all(who: Person, class_id: int, member_id: int | None = None) -> list[str]:
    """Pause what waits or trains, as ``stop_all``; ``resume_all`` takes what this returns."""
    return _change_all(who, class_id, member_id, jobs.pause_all, "Paused")


def resume_all(who: Person, class_id: int, ids: list[str]) -> list[str]:
    """Let runs of a class go on that were paused, as ``stop_all``."""
    check(who, Action.STOP_ALL, class_id)
    done = jobs.resume_all(jobs.backend(), ids, group=group_of(class_id))
    _log(class_id, f"Resumed {count(len(done), 'run')} of the class.")
    return done


def _change(who: Person, run_id: str, action: Callable[[str], None]) -> None:
    run = seen(run_id, who.visitor, circle_of(who))
    if not owns(run, who.visitor):
        if not run.group:
            raise ClassroomRefused("This run is of no class: only its owner can stop or pause it.")
        check(who, Action.STOP_RUN, who.member.class_id if who.member is not None else None)
    action(run_id)


def _change_all(
    who: Person,
    class_id: int,
    member_id: int | None,
    action: Callable[..., list[str]],
    done: str,
) -> list[str]:
    check(who, Action.STOP_ALL, class_id)
    everybody = {each.id: each for each in presence.members(class_id, everybody=True)}
    member = everybody.get(member_id) if member_id is not None else None
    if member_id is not None and member is None:
        raise ClassroomRefused("There is no such student in the class. Load the page again.")
    visitor = None if member is None else member.visitor
    found = action(jobs.backend(), group=group_of(class_id), visitor=visitor)
    whose = "the class" if member is None else member.name
    _log(class_id, f"{done} {count(len(found), 'run')} of {whose}.")
    return found


def _log(class_id: int, sentence: str) -> None:
    with database().begin() as session:
        record(session, class_id, sentence)
