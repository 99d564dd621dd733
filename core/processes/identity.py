"""Which process is which: a process id alone may belong to somebody else by now."""

import os
import socket
import sys

import psutil

HOST = socket.gethostname()


def start_time(pid: int) -> int | None:
    """Return when a process started, in hundredths of a second; None if there is no such process.

    Neither is there one that only waits for its parent to notice its end. Whenever somebody asks
    it is the same, also after the clock was set: Linux counts from the start of the machine, other
    systems note the time itself.
    """
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        since = psutil.boot_time() if sys.platform == "linux" else 0.0
        return round(100 * (process.create_time() - since))
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
