"""Which run folders changed since the last look, at the price of one ``lstat`` each."""

import os
import stat
import time
from pathlib import Path

from core.files import status_of

SETTLED = 2_500_000_000  # ns; the coarsest file systems count time in steps of two seconds


class Scan:
    """Looks through the runs folder; ten thousand folders take some 20 ms.

    All that counts in a run folder is made, replaced or removed as a whole file, and each of these
    changes the folder's time.
    """

    def __init__(self, runs: Path) -> None:
        """Look through this folder."""
        self._runs = runs
        self._seen: dict[str, int] = {}

    def look(self) -> tuple[list[str], list[str]]:
        """Return the names of folders that are new or changed, and of those that are gone.

        Raises:
            OSError: the folder cannot be read.
        """
        now = time.time_ns()
        before, found, changed = self._seen, {}, []
        with os.scandir(self._runs) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    continue  # being made, or deleted
                try:
                    status = status_of(entry)
                except FileNotFoundError:
                    continue
                if not stat.S_ISDIR(status.st_mode):
                    continue
                time_ns = status.st_mtime_ns
                if before.get(name) != time_ns:
                    changed.append(name)
                # What changed just now may change again without a new time: look again then.
                found[name] = time_ns if abs(now - time_ns) > SETTLED else -1
        self._seen = found
        return changed, [name for name in before if name not in found]
