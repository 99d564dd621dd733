"""What a backend is, and the rule by which it chooses the next run."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.runs import Run


@dataclass(frozen=True)
class Engine:
    """The state of the training engine, for people.

    Attributes:
        workers: how many runs can train at the same time.
        running: how many do.
        queued: how many wait.
        warm: whether the next run starts without loading TensorFlow first.
        problem: why nothing can be trained now, as a sentence, or None.
    """

    workers: int
    running: int = 0
    queued: int = 0
    warm: bool = False
    problem: str | None = None


class Backend(Protocol):
    """Gives queued runs to workers."""

    def submit(self, run_id: str) -> None:
        """Queue a run that ``runs.create`` made; returns at once."""

    def stop(self, run_id: str) -> None:
        """Stop a queued or running run within a second, if need be by force; returns at once."""

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this queued one, or None if it is not queued."""
        ...

    def engine(self) -> Engine:
        """Return the engine's state; takes no time."""
        ...


def order(queued: Sequence[Run], running: Iterable[Run]) -> list[Run]:
    """Return the queued runs in the order in which they will start.

    Fair: the next run is the oldest one of the visitor with the fewest running, so a visitor who
    queues ten does not keep the others waiting.
    """
    busy = Counter(run.visitor for run in running)
    waiting = sorted(queued, key=lambda run: (run.created, run.id))
    ordered = []
    while waiting:
        chosen = min(waiting, key=lambda run: (busy[run.visitor], run.created, run.id))
        waiting.remove(chosen)
        busy[chosen.visitor] += 1
        ordered.append(chosen)
    return ordered
