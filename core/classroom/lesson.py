"""What the command line says about classes: the code, the links, and a QR code for the terminal."""

import time
from urllib.parse import urlsplit

from core.classroom import classes, teachers
from core.classroom.links import is_here, join_link, teacher_link
from core.classroom.people import SERVER, Classroom
from core.classroom.qr import qr_text

TODAY = 12 * 3600  # seconds; a lesson that is begun again after a restart goes on in its class


def class_of_today(title: str | None = None, now: float | None = None) -> Classroom:
    """Return the open class that was opened last, or open one.

    Args:
        title: for a class of its own; without one, a class opened in the last twelve hours will do.
        now: seconds of the epoch, by default by the clock.
    """
    now = time.time() if now is None else now
    if title is None:
        for each in classes.all_classes(SERVER):
            if each.is_open and now - each.opened < TODAY:
                return each
    date = time.strftime("%d %B %Y", time.localtime(now)).lstrip("0")
    return classes.open_class(SERVER, title or f"Class of {date}")


def class_told(classroom: Classroom, url: str, *, colours: bool) -> str:
    """Return how to join a class, for a terminal.

    Args:
        classroom: the class.
        url: at which others reach the app.
        colours: whether the terminal knows colours.
    """
    link = join_link(url, classroom.code)
    lines = [
        f"  {classroom.title}",
        f"  Code:      {' '.join(classroom.code)}",
        f"  Join link: {link}",
        "",
        *(f"  {line}" for line in qr_text(link, colours=colours).splitlines()),
    ]
    return "\n".join([*lines, *_warning(url)])


def link_told(url: str) -> str:
    """Return a teacher's link for a terminal. Links printed before stay good for some weeks."""
    return f"  Teacher's link: {teacher_link(url, teachers.teacher_token())}"


def _warning(url: str) -> list[str]:
    if not is_here(urlsplit(url).hostname or "localhost"):
        return []
    return ["", "  Only this computer can open it. For others, start with: python run.py class"]
