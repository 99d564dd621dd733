"""Locks between processes: held by at most one, and let go when it ends, however it ends."""

import errno
from pathlib import Path

import filelock

NO_LOCKS = (
    "files cannot be locked there, as on some network drives; set ATELIER_HOME to a folder on a "
    "disk of this computer"
)
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP})

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
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise OSError(error.errno, NO_LOCKS, str(path)) from error
