"""What pages say of a class in several places."""

import time

from core.classroom.people import Classroom

_KEPT = (
    "Kept until {until}: your handle, your runs, what you hand in, send and answer. No name, "
    "e-mail or IP address is kept, nothing goes to third parties, and the teacher can delete all "
    "of it at once."
)


def day(moment: float) -> str:
    """Return a day such as "29 December 2026", by the server's clock."""
    local = time.localtime(moment)
    return f"{local.tm_mday} {time.strftime('%B %Y', local)}"


def kept(classroom: Classroom) -> str:
    """Say in two sentences what is kept of a student, and until when."""
    return _KEPT.format(until=day(classroom.delete_after))
