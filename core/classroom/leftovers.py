"""What is left of a deleted class outside of the database: runs, data sets and judgements.

They are its students', or its own: what it trained and made together has the class's public id for
an owner.

Whose they are is noted in the transaction that deletes the class, and forgotten when all is gone,
so that nothing stays if the server is killed in between, or while a run still trains.
"""

import contextlib
import threading
import time

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import Session

from core import runs
from core.analysis import judgements
from core.classroom.database import database
from core.classroom.keys import group_of
from core.classroom.schema import LeftoverRow, MemberRow
from core.datasets import imported
from core.errors import AtelierError, SettingsError

KEPT = 7 * 86_400.0  # seconds, where several servers share a database: each clears up hourly


unfinished = threading.Event()  # whether a run was still to end when it was looked last


def leave_behind(session: Session, class_id: int) -> None:
    """Note the members of a class that is being deleted, and the class itself."""
    members = select(MemberRow.visitor, literal(time.time())).where(MemberRow.class_id == class_id)
    session.execute(insert(LeftoverRow).from_select(["visitor", "since"], members))
    session.add(LeftoverRow(visitor=group_of(class_id), since=time.time()))


def clear_up() -> int:
    """Delete what is left of deleted classes, as far as it can be now; return of how many members.

    A run that still trains is told to stop, and deleted by a later call: ``upkeep`` makes it soon.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        visitors = set(session.scalars(select(LeftoverRow.visitor)))
    if not visitors:
        return 0
    waiting = set()
    for run in runs.list_runs():
        if run.visitor in visitors and not _delete_run(run):
            waiting.add(run.visitor)
    for dataset in imported.list_imported():
        if dataset.visitor in visitors and not dataset.deleted:
            try:
                imported.delete(dataset.spec.name)
            except SettingsError:
                waiting.add(dataset.visitor)
    for visitor in visitors:
        judgements.forget(visitor)
    gone = visitors - waiting
    (unfinished.set if waiting else unfinished.clear)()
    done = delete(LeftoverRow).where(LeftoverRow.visitor.in_(gone))
    if database().file is None:  # other servers have runs of theirs in homes of their own
        done = done.where(LeftoverRow.since < time.time() - KEPT)
    with database().begin() as session:
        session.execute(done)
    return len(gone)


def _delete_run(run: runs.Run) -> bool:
    """Delete a run, or have it stopped; return whether it is gone."""
    try:
        runs.delete(run.id)
    except AtelierError:
        with contextlib.suppress(AtelierError):  # it ended or was deleted meanwhile
            runs.request_stop(run.id)
        return False
    return True
