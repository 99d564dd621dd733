"""Which runs of a class one training serves, as the server that gives them out knows it.

The folders are the truth (``core.runs.following``); this is the index over them, so that nobody
has to read all of them to find a run's companions.
"""

import threading
from collections.abc import Hashable

from core.jobs.queue import same_training
from core.runs import Run, State


class Companions:
    """Runs by the training that serves them; safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._training: dict[str, str] = {}  # by run, the run whose training it is
        self._served: dict[str, set[str]] = {}  # the other way round
        self._finished: dict[Hashable, dict[str, None]] = {}
        self._kinds: dict[str, Hashable] = {}  # by finished run, its place there
        self._lock = threading.Lock()

    def note(self, run: Run) -> None:
        """Take in what a folder says; of runs of no class nothing is kept."""
        if not run.group:
            return
        with self._lock:
            self._forget(run.id)
            training = run.same_as or run.id
            self._training[run.id] = training
            self._served.setdefault(training, set()).add(run.id)
            if run.state is State.FINISHED:
                kind = self._kinds[run.id] = same_training(run)
                self._finished.setdefault(kind, {})[run.id] = None

    def forget(self, run_id: str) -> None:
        """Take in that a folder is gone."""
        with self._lock:
            self._forget(run_id)

    def training_of(self, run_id: str) -> str:
        """Return the run whose training serves this one; by default itself."""
        return self._training.get(run_id, run_id)

    def others(self, run_id: str) -> int:
        """Return how many other runs its training serves."""
        with self._lock:
            served = self._served.get(self._training.get(run_id, run_id), set())
            return len(served - {run_id})

    def followers(self, run_id: str) -> list[str]:
        """Return the runs that go along, or went along, with the training of this one."""
        with self._lock:
            return sorted(self._served.get(run_id, set()) - {run_id})

    def finished(self, kind: Hashable) -> list[str]:
        """Return the finished runs that are of one kind, see ``same_training``."""
        with self._lock:
            return list(self._finished.get(kind, {}))

    def _forget(self, run_id: str) -> None:
        training = self._training.pop(run_id, None)
        if training is not None:
            self._served[training].discard(run_id)
            if not self._served[training]:
                del self._served[training]
        kind = self._kinds.pop(run_id, None)
        if kind is not None:
            del self._finished[kind][run_id]
            if not self._finished[kind]:
                del self._finished[kind]
