"""The queue: what waits, what runs, and the rule by which the next run is chosen.

Fair on two levels, by the same rule on both: first among groups (a class is one; all visitors of no
class are one together), then among the visitors of the group. The turn is with whom has the fewest
running; among those, with whom had a turn longest ago. So a visitor who queues ten does not keep
the others waiting, nor does a class of thirty keep a class of five, on one worker or on many.

Runs of a class with equal settings need one training: the first whose turn comes is trained, and
the others go with it (``core.jobs.sharing``). They take one place in the order together.
"""

import heapq
import itertools
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from core.runs import Run, Stretch

Line = tuple[str, str]  # the runs of one visitor in one group
Turns = Mapping[Line, int]  # the number of the latest turn of each line
GroupTurns = Mapping[str, int]
Kind = Callable[[Run], Hashable]
_NEVER = -1
_KEPT_TURNS = 10_000  # visitors and groups whose latest turn is remembered

_Name = TypeVar("_Name")
_Claim = tuple[int, int, float, str]  # running, latest turn, and age and id of the oldest run


def same_training(run: Run, here: Stretch | None = None) -> Hashable:
    """Return what is equal for runs that one training can serve; None if it can serve no other.

    Settings, data set and seed are part of the config, and nothing in a data set ever changes. What
    else decides the curves (threads, versions) is the same for all that one server trains.

    Args:
        run: that waits, trains or has finished.
        here: how this server computes; a run that was trained otherwise is like no other.
    """
    if not run.group or run.config is None:
        return None
    if here is not None and not all(each.like(here) for each in run.stretches):
        return None
    return run.group, run.config, run.allowance.seconds


def order(
    queued: Iterable[Run],
    running: Iterable[Run],
    turns: Turns | None = None,
    group_turns: GroupTurns | None = None,
    kind: Kind = same_training,
) -> list[Run]:
    """Return the queued runs in the order in which they will start; n log n comparisons.

    Of runs that one training serves, the first stands for all.

    Args:
        queued: what waits.
        running: what runs.
        turns: when each visitor had the latest turn; none by default.
        group_turns: when each group had.
        kind: returns what is equal for runs that one training serves.
    """
    found = _order(queued, running, turns or {}, group_turns or {}, kind)
    return [run for run, first in found if first]


def _order(
    queued: Iterable[Run],
    running: Iterable[Run],
    turns: Turns,
    group_turns: GroupTurns,
    kind: Kind,
) -> Iterator[tuple[Run, bool]]:
    """Yield each queued run, and whether it is the first that needs this training."""
    running = list(running)
    busy = Counter((run.group, run.visitor) for run in running)
    groups = Counter(run.group for run in running)
    numbers = itertools.count(max([0, *turns.values(), *group_turns.values()]) + 1)
    lines: dict[str, dict[str, deque[Run]]] = {}
    for run in sorted(queued, key=_age):
        lines.setdefault(run.group, {}).setdefault(run.visitor, deque()).append(run)
    heaps: dict[str, list[tuple[_Claim, str]]] = {}
    for group, visitors in lines.items():
        heaps[group] = [
            ((busy[group, name], turns.get((group, name), _NEVER), *_age(line[0])), name)
            for name, line in visitors.items()
        ]
        heapq.heapify(heaps[group])
    heap: list[tuple[_Claim, str]] = [
        ((groups[group], group_turns.get(group, _NEVER), *own[0][0][2:]), group)
        for group, own in heaps.items()
    ]
    heapq.heapify(heap)
    seen: set[Hashable] = set()
    while heap:
        (group_count, group_turn, _, _), group = heap[0]
        own = heaps[group]
        (count, turn, _, _), visitor = own[0]
        line = lines[group][visitor]
        run = line.popleft()
        same = kind(run)
        first = same is None or same not in seen
        if first:
            # What goes ahead counts for those after it.
            count, group_count = count + 1, group_count + 1
            turn = group_turn = next(numbers)
        seen.add(same)
        yield run, first
        if line:
            heapq.heapreplace(own, ((count, turn, *_age(line[0])), visitor))
        else:
            heapq.heappop(own)
        if own:
            heapq.heapreplace(heap, ((group_count, group_turn, *own[0][0][2:]), group))
        else:
            heapq.heappop(heap)


def _age(run: Run) -> tuple[float, str]:
    return run.created, run.id


class _Latest(OrderedDict[_Name, int]):
    """The latest turns of so many; those whose turn is longest ago are forgotten."""

    def note(self, name: _Name, turn: int) -> None:
        self[name] = turn
        self.move_to_end(name)
        while len(self) > _KEPT_TURNS:
            self.popitem(last=False)


class Queue:
    """Queued and running runs; safe to use from several threads.

    The order is worked out once for each change, and not at all for the commonest one: when the
    run in front starts, the rest stays as it is.
    """

    def __init__(self, most_running: int, kind: Kind = same_training) -> None:
        """Make an empty queue.

        Args:
            most_running: runs that one visitor may have running.
            kind: returns what is equal for runs that one training serves.
        """
        self._most_running, self._kind = most_running, kind
        self._kinds: dict[str, Hashable] = {}  # of queued runs, as when they were added
        self._queued: dict[str, Run] = {}
        self._running: dict[str, Run] = {}
        self._waiting: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._same: dict[Hashable, dict[str, Run]] = {}  # queued runs that one training serves
        self._turns: _Latest[Line] = _Latest()
        self._group_turns: _Latest[str] = _Latest()
        self._turn = 0
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
                kind = self._kind(run)
                if kind is not None:
                    self._kinds[run.id] = kind
                    self._same.setdefault(kind, {})[run.id] = run
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
            kind = self._kinds.get(run.id)
            self._take(run.id)
            # Those that its training serves have no place of their own in the order.
            in_front = in_front and kind not in self._same
            self._running[run.id] = run
            self._busy[run.visitor] += 1
            self._turn += 1
            self._turns.note((run.group, run.visitor), self._turn)
            self._group_turns.note(run.group, self._turn)
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
        """Return the run that should start now; None if nobody's may."""
        with self._lock:
            ordered = self._ordered()
            for index in range(self._begun, len(ordered)):
                run = ordered[index]
                # Resumed while the process of its earlier life is about to end: not yet.
                if self._busy[run.visitor] < self._most_running and run.id not in self._running:
                    return run
            return None

    def next_waiting(self) -> Run | None:
        """Return the run in front, whether or not it may start now."""
        with self._lock:
            ordered = self._ordered()
            return ordered[self._begun] if self._begun < len(ordered) else None

    def ordered(self) -> list[Run]:
        """Return what waits, in the order in which it will start; of equal ones the first."""
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
            return max(0, self._places[run_id] - self._begun)

    def first_of(self, run_id: str) -> str | None:
        """Return the first queued run of those that one training serves; None if none waits."""
        with self._lock:
            if run_id not in self._queued:
                return None
            return self._ordered()[self._places[run_id]].id

    def same(self, run: Run) -> list[Run]:
        """Return the queued runs that the training of this one can serve, itself as well."""
        with self._lock:
            return list(self._same.get(self._kinds.get(run.id), {}).values())

    def shareable(self) -> dict[Hashable, list[Run]]:
        """Return the queued runs that a training may serve besides others, by their kind."""
        with self._lock:
            return {same: list(each.values()) for same, each in self._same.items()}

    def waiting(self, visitor: str) -> int:
        """Return how many runs of a visitor are queued."""
        return self._waiting[visitor]

    def counts(self) -> tuple[int, int]:
        """Return how many run and how many trainings wait."""
        with self._lock:
            served = sum(len(each) - 1 for each in self._same.values())
            return len(self._running), len(self._queued) - served

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
            kind = self._kinds.pop(run_id, None)
            if kind is not None:
                del self._same[kind][run_id]
                if not self._same[kind]:
                    del self._same[kind]
        return run

    def _changed(self) -> None:
        self._order = None
        self.version += 1

    def _ordered(self) -> list[Run]:
        if self._order is None:
            self._order, self._places = [], {}
            firsts: dict[Hashable, int] = {}
            every = _order(
                self._queued.values(),
                self._running.values(),
                self._turns,
                self._group_turns,
                lambda run: self._kinds.get(run.id),
            )
            for run, first in every:
                kind = self._kinds.get(run.id)
                if first:
                    firsts[kind] = len(self._order)
                    self._order.append(run)
                self._places[run.id] = firsts[kind]
            self._begun = 0
        return self._order
