"""The queue: what waits, what runs, and the rule by which the next run is chosen."""

import heapq
import threading
from collections import Counter, deque
from collections.abc import Iterable

from core.runs import Run


def order(queued: Iterable[Run], running: Iterable[Run]) -> list[Run]:
    """Return the queued runs in the order in which they will start; n log n comparisons.

    Fair: the next run is the oldest one of the visitor with the fewest running, so a visitor who
    queues ten does not keep the others waiting.
    """
    busy = Counter(run.visitor for run in running)
    lines: dict[str, deque[Run]] = {}
    for run in sorted(queued, key=_age):
        lines.setdefault(run.visitor, deque()).append(run)
    heap = [(busy[visitor], *_age(line[0]), visitor) for visitor, line in lines.items()]
    heapq.heapify(heap)
    ordered = []
    while heap:
        count, _, _, visitor = heap[0]
        line = lines[visitor]
        ordered.append(line.popleft())
        if line:
            # What goes ahead counts for those after it.
            heapq.heapreplace(heap, (count + 1, *_age(line[0]), visitor))
        else:
            heapq.heappop(heap)
    return ordered


def _age(run: Run) -> tuple[float, str]:
    return run.created, run.id


class Queue:
    """Queued and running runs; safe to use from several threads.

    The order is worked out once for each change, and not at all for the commonest one: when the
    run in front starts, the rest stays as it is.
    """

    def __init__(self, most_running: int) -> None:
        """Make an empty queue in which one visitor may have so many runs running."""
        self._most_running = most_running
        self._queued: dict[str, Run] = {}
        self._running: dict[str, Run] = {}
        self._waiting: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._order: list[Run] | None = None
        self._places: dict[str, int] = {}
        self._begun = 0  # how many of ``_order`` have started
        self.version = 0  # goes up with every change
        self._lock = threading.Lock()

    def add(self, run: Run, *, again: bool = False) -> None:
        """Queue a run, unless it is queued or runs.

        Args:
            run: to be queued.
            again: queue it although it runs: it was resumed while its process is about to end.
        """
        with self._lock:
            if run.id not in self._queued and (again or run.id not in self._running):
                self._queued[run.id] = run
                self._waiting[run.visitor] += 1
                self._changed()

    def remove(self, run_id: str) -> None:
        """Take a run out of the queue, if it is queued."""
        with self._lock:
            if self._take(run_id) is not None:
                self._changed()

    def begin(self, run: Run) -> None:
        """Note that a queued run runs now."""
        with self._lock:
            in_front = self._order is not None and self._order[self._begun].id == run.id
            self._take(run.id)
            self._running[run.id] = run
            self._busy[run.visitor] += 1
            if in_front:
                self._begun += 1
                self.version += 1
            else:
                self._changed()

    def end(self, run_id: str) -> None:
        """Note that a run no longer runs."""
        with self._lock:
            run = self._running.pop(run_id, None)
            if run is not None:
                self._busy[run.visitor] -= 1
                self._busy += Counter()  # drops the zeros
                self._changed()

    def next(self) -> Run | None:
        """Return the run that should start now; None if nobody's may.

        In front is a visitor with the fewest running: if even they have as many as one may have,
        everybody has.
        """
        with self._lock:
            ordered = self._ordered()
            for index in range(self._begun, len(ordered)):
                run = ordered[index]
                if self._busy[run.visitor] >= self._most_running:
                    return None
                # Resumed while the process of its earlier life is about to end: not yet.
                if run.id not in self._running:
                    return run
            return None

    def next_waiting(self) -> Run | None:
        """Return the run in front, whether or not it may start now."""
        with self._lock:
            ordered = self._ordered()
            return ordered[self._begun] if self._begun < len(ordered) else None

    def ordered(self) -> list[Run]:
        """Return what waits, in the order in which it will start."""
        with self._lock:
            return self._ordered()[self._begun :]

    def running(self) -> list[Run]:
        """Return what runs."""
        with self._lock:
            return list(self._running.values())

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this one; None if it is not queued."""
        with self._lock:
            if run_id not in self._queued:
                return None
            self._ordered()
            return self._places[run_id] - self._begun

    def waiting(self, visitor: str) -> int:
        """Return how many runs of a visitor are queued."""
        return self._waiting[visitor]

    def counts(self) -> tuple[int, int]:
        """Return how many run and how many wait."""
        return len(self._running), len(self._queued)

    def slots(self, workers: int) -> int:
        """Return how many of the workers the visitors who are here may use together."""
        with self._lock:
            visitors = len(self._waiting.keys() | self._busy.keys())
        return max(1, min(workers, visitors * self._most_running))

    def __contains__(self, run_id: str) -> bool:
        """Tell whether a run is queued."""
        return run_id in self._queued

    def _take(self, run_id: str) -> Run | None:
        run = self._queued.pop(run_id, None)
        if run is not None:
            self._waiting[run.visitor] -= 1
            if not self._waiting[run.visitor]:
                del self._waiting[run.visitor]
        return run

    def _changed(self) -> None:
        self._order = None
        self.version += 1

    def _ordered(self) -> list[Run]:
        if self._order is None:
            self._order = order(self._queued.values(), self._running.values())
            self._places = {run.id: place for place, run in enumerate(self._order)}
            self._begun = 0
        return self._order
