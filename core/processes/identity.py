"""Which process is which: a process id alone may belong to somebody else by now."""

import os
import socket
from pathlib import Path

HOST = socket.gethostname()


def start_time(pid: int) -> int | None:
    """Return when a process of this machine started, in clock ticks since the machine did.

    None if there is no such process, it only waits for its parent to notice its end, or the
    system does not tell (it has no ``/proc``).
    """
    try:
        # The name in brackets may hold anything, brackets too.
        words = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
        return None if words[0] == "Z" else int(words[19])
    except (OSError, ValueError, IndexError, OverflowError):
        return None


def is_process(pid: int, started: int | None) -> bool | None:
    """Tell whether process ``pid`` of this machine is the one that started then.

    Nothing is ever signalled: this only looks. None where the system cannot tell.
    """
    if not Path("/proc/self/stat").exists():
        return None
    return started is not None and start_time(pid) == started


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process takes; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{int(pid)}/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


_PAGE = os.sysconf("SC_PAGE_SIZE")
OWN_START = start_time(os.getpid())
