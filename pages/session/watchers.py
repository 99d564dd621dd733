"""How many parts of pages watch something in this process, and how often each may look."""

import math
import threading
import time
from collections.abc import Hashable

LOOKS = 30.0  # a second, by all that watch together: each takes about 7 ms of a core
STEPS = (1, 2, 3, 5, 8)  # times as long between two looks; what is watched is on the move
ROOM = 2  # so many times too fast or too slow before one that watches changes its pace
MISSED = 3  # looks that do not come, after which it is gone


class Watchers:
    """Counts what watches by its looks; nobody has to say that they leave."""

    def __init__(self) -> None:
        """Begin with none."""
        self._until: dict[Hashable, float] = {}  # when each is no longer counted
        self._purged = 0.0
        self._lock = threading.Lock()

    def look(self, who: Hashable, pace: float) -> None:
        """Count one that looks every ``pace`` seconds, until its looks do not come."""
        now = time.monotonic()
        with self._lock:
            self._until[who] = now + MISSED * pace
            if now > self._purged + 1:
                self._purged = now
                self._until = {each: end for each, end in self._until.items() if end > now}

    def count(self) -> int:
        """Return how many watch."""
        return len(self._until)

    def pace(self, usual: float) -> float:
        """Return the seconds between two looks of one that would look every ``usual`` seconds."""
        return usual * self._step(usual)

    def fits(self, pace: float, usual: float) -> bool:
        """Tell whether one that looks every ``pace`` seconds may go on so.

        It may while that is not far from right: to change it, a whole page is drawn anew.
        """
        return 1 / ROOM <= self.pace(usual) / pace <= ROOM

    def _step(self, usual: float) -> int:
        wanted = self.count() / LOOKS / usual
        return next((step for step in STEPS if step >= math.floor(wanted)), STEPS[-1])


_watchers = Watchers()


def watchers() -> Watchers:
    """Return what counts the watchers of this process."""
    return _watchers
