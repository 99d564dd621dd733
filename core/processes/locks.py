"""Locks between processes: held by at most one, and let go when it ends, however it ends."""

from pathlib import Path

import filelock

Lock = filelock.BaseFileLock


def hold(path: Path) -> Lock | None:
    """Take the lock at ``path`` and return it, to be released; None if another process holds it.

    Raises:
        OSError: the file cannot be made or opened, or it is a link.
    """
    lock = filelock.FileLock(path, is_singleton=False, thread_local=False)
    try:
        return lock if lock.acquire(blocking=False) else None
    except filelock.Timeout:
        return None
