"""What the activities of a class have in common: rounds, experiments, courts, photo collections.

Each is a row of a class that is open until a teacher closes it, and may be on the board. The board
shows one of them at a time.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.classroom.people import State
from core.classroom.rows import member_row
from core.classroom.schema import BeatRow, CollectionRow, CourtRow, ExperimentRow
from core.errors import ClassroomRefused

Activity = BeatRow | ExperimentRow | CourtRow | CollectionRow
GONE = "You are not in this class any more. Reload the page."


def check_taking_part(
    session: Session, row: Activity, member_id: int, over: str, *, alone: bool = True
) -> None:
    """Let a member who is still in the class take part in an activity that is still open.

    Args:
        session: to read with.
        row: of the activity.
        member_id: of the student.
        over: the sentence if it is closed.
        alone: let the student do nothing else, in another tab, until the transaction ends.

    Raises:
        ClassroomRefused: the student left or was removed, or the activity is closed.
    """
    if member_row(session, member_id, alone=alone).state != State.HERE.value:
        raise ClassroomRefused(GONE)
    if row.closed is not None:
        raise ClassroomRefused(over)


def put_on_wall(session: Session, row: Activity, shown: bool) -> None:
    """Let the board show an activity in place of all others of its class, or not."""
    if shown:
        clear_wall(session, row.class_id)
    row.on_wall = shown


def clear_wall(session: Session, class_id: int) -> None:
    """Take off the board what it shows of a class."""
    for table in (BeatRow, ExperimentRow, CourtRow, CollectionRow):
        session.execute(update(table).where(table.class_id == class_id).values(on_wall=False))
