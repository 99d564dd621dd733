"""“Eyes on me”: what a teacher wants everyone in a class to read now, on every page."""

import time

from core.classroom.access import Action, check
from core.classroom.database import database
from core.classroom.log import record
from core.classroom.people import Classroom, Person
from core.classroom.rows import class_row, classroom
from core.classroom.texts import lines

LONGEST = 500  # characters


def say(by: Person, class_id: int, text: str) -> Classroom:
    """Show a message to everyone in a class, in the place of one before; return the class.

    Raises:
        ClassroomRefused: not a teacher, no such class, or the text is empty or too long.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SAY, class_id)
    message = lines(text, LONGEST, "message")
    return _change(class_id, message, f"Sent everyone the message: {message}")


def clear(by: Person, class_id: int) -> Classroom:
    """Take the message back, if there is one; return the class.

    Raises:
        ClassroomRefused: not a teacher, or no such class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.CLEAR_MESSAGE, class_id)
    return _change(class_id, None, "Took the message back.")


def _change(class_id: int, message: str | None, sentence: str) -> Classroom:
    with database().begin() as session:
        row = class_row(session, class_id, alone=True)
        if row.message != message:
            at = None if message is None else time.time()
            before = {"message": row.message, "message_at": row.message_at}
            row.message, row.message_at = message, at
            record(session, row.id, sentence, row, before, {"message": message, "message_at": at})
        return classroom(row)
