"""Names of runs that a teacher hides or changes: all see them, and the teacher answers for that.

The name is in the run's folder, so that nothing shows it while it is hidden. What was done is in
the log of the class, where it can be undone.
"""

from sqlalchemy import select

from core import runs
from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.log import Name, name_of, record_name
from core.classroom.people import Person
from core.classroom.schema import MemberRow
from core.errors import ClassroomRefused
from core.runs import Run


def hide(by: Person, run_id: str) -> None:
    """Hide the name of a member's run from everybody, its owner included.

    Raises:
        ClassroomRefused: not a teacher, or nobody in a class owns the run.
        RunNotFound: there is no such run.
        SettingsError: the folder cannot be written.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.HIDE_RUN)
    run = runs.read(run_id)
    old = name_of(run)
    if old.text is not None:
        _change(run, Name(old.text, hidden=True), f"Hid the name “{old.text}”")


def show(by: Person, run_id: str) -> None:
    """Show a name again that was hidden; errors as of ``hide``."""
    check(by, Action.HIDE_RUN)
    run = runs.read(run_id)
    old = name_of(run)
    _change(run, Name(old.text), f"Showed the name “{old.text}” again")


def rename(by: Person, run_id: str, text: str) -> None:
    """Give a member's run another name, or none if the text is empty; errors as of ``hide``."""
    check(by, Action.HIDE_RUN)
    run = runs.read(run_id)
    old = name_of(run)
    words = f"Changed the name “{old.text}” to “{text.strip()[:60]}”"
    _change(run, Name(text), words if text.strip() else f"Took away the name “{old.text}”")


def _change(run: Run, new: Name, what: str) -> None:
    old = name_of(run)
    with database().begin() as session:
        query = select(MemberRow).where(MemberRow.visitor == run.visitor)
        owner = session.scalar(query) if run.visitor else None
        if owner is None:
            raise ClassroomRefused("This run is of nobody in a class, so its name stays.")
        runs.moderate(run.id, new.text, hidden=new.hidden)
        now = name_of(runs.read(run.id))  # as it is kept
        if now != old:
            sentence = f"{what}, of a run of {owner.handle}."
            record_name(session, owner.class_id, sentence, run.id, old, now)
