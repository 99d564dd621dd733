"""Memory that a process gives back to the system once it is done with it: for little memory."""

import ctypes
import functools
import sys

from core.settings import SMALL, settings

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8
ARENAS = 2
THRESHOLD = 128 * 1024  # bytes


def thrifty() -> None:
    """Have this process give memory back where the profile is small.

    Raises:
        SettingsError: a setting has a value that cannot work.
    """
    if settings().profile is SMALL:
        give_back()


@functools.cache
def give_back() -> bool:
    """Have this process's C library give memory back at once; returns whether it can.

    By itself, glibc keeps for later what was freed: the larger the blocks were, the more of it,
    and in places of its own for each thread. A server of pages has many threads and reads whole
    data sets now and then. Not for a process that trains: for it, every step would become slower.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is None:
        return False
    return bool(mallopt(M_ARENA_MAX, ARENAS)) and bool(mallopt(M_TRIM_THRESHOLD, THRESHOLD))
