"""What the server does by itself: once an hour, classes whose time is over are deleted.

And of a class that was deleted, the runs that were still training, as soon as they have ended.
"""

import threading
import time

from core.classroom.classes import expire
from core.classroom.leftovers import unfinished
from core.errors import ClassroomUnavailable
from core.settings import settings

EVERY_SECONDS = 3600.0
SOON_SECONDS = 10.0  # after which it looks again where something was to end first

_lock = threading.Lock()
_thread: threading.Thread | None = None
_end = threading.Event()


def start() -> None:
    """Begin to look once an hour, the first time at once; does nothing where that has begun."""
    global _thread
    with _lock:
        if _thread is None:
            _end.clear()
            _thread = threading.Thread(target=_work, name="classroom-upkeep", daemon=True)
            _thread.start()


def stop() -> None:
    """End that, and wait for what is being done."""
    global _thread
    with _lock:
        thread, _thread = _thread, None
    if thread is not None:
        _end.set()
        thread.join()


def _work() -> None:
    looked = -EVERY_SECONDS
    while True:
        if unfinished.is_set() or time.monotonic() >= looked + EVERY_SECONDS:
            looked = time.monotonic()
            look()
        if _end.wait(SOON_SECONDS):
            return


def look() -> int:
    """Delete what is over, and return how many classes it were; no database is made for it."""
    known = settings()
    if known.database_url is None and not known.classroom.exists():
        return 0
    try:
        return expire()
    except ClassroomUnavailable:  # a page that needs it says so; in an hour it may be back
        return 0
