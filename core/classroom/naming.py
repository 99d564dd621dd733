"""Names and notes of runs that a teacher hides: others see them, and the teacher answers for that.

Both are in the run's folder, so that nothing shows them while they are hidden. What was done is in
the log of the class, where it can be undone.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import runs
from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.log import Name, name_of, record_name, record_note
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


def hide_note(by: Person, run_id: str) -> None:
    """Keep what a member wrote about a run from all others; errors as of ``hide``.

    Its owner reads it and writes on.
    """
    _change_note(by, run_id, hidden=True)


def show_note(by: Person, run_id: str) -> None:
    """Let others read again what was hidden, where the run is shared; errors as of ``hide``."""
    _change_note(by, run_id, hidden=False)


def _change_note(by: Person, run_id: str, *, hidden: bool) -> None:
    check(by, Action.HIDE_RUN)
    run = runs.read(run_id)
    with database().begin() as session:
        owner = _owner(session, run, "notes")
        if run.note_hidden is hidden:
            return
        runs.hide_note(run.id, hidden)
        words = "Hid the notes {}." if hidden else "Showed the notes {} again."
        sentence = words.format(f"of a run of {owner.handle}")
        record_note(session, owner.class_id, sentence, run.id, hidden=hidden)


def _owner(session: Session, run: Run, what: str) -> MemberRow:
    query = select(MemberRow).where(MemberRow.visitor == run.visitor)
    owner = session.scalar(query) if run.visitor else None
    if owner is None:
        stay = "stay" if what.endswith("s") else "stays"
        raise ClassroomRefused(f"This run is of nobody in a class, so its {what} {stay}.")
    return owner


def _change(run: Run, new: Name, what: str) -> None:
    old = name_of(run)
    with database().begin() as session:
        owner = _owner(session, run, "name")
        runs.moderate(run.id, new.text, hidden=new.hidden)
        now = name_of(runs.read(run.id))  # as it is kept
        if now != old:
            sentence = f"{what}, of a run of {owner.handle}."
            record_name(session, owner.class_id, sentence, run.id, old, now)
