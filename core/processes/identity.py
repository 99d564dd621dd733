"""Which process is which: a process id alone may belong to somebody else by now."""

import os
import socket

import psutil

HOST = socket.gethostname()


def start_time(pid: int) -> int | None:
    """Return when a process started, in hundredths of a second since this machine did.

    That is not moved when somebody sets the clock. None if there is no such process, or it only
    waits for its parent to notice its end.
    """
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return round(100 * (process.create_time() - psutil.boot_time()))
    except (psutil.Error, ValueError, OverflowError):
        return None


def is_process(pid: int, started: int | None) -> bool:
    """Tell whether process ``pid`` of this machine is the one that started then.

    Nothing is ever signalled: this only looks.
    """
    return started is not None and start_time(pid) == started


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process takes; 0 where there is no such process."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.Error, ValueError, OverflowError):
        return 0


OWN_START = start_time(os.getpid())
