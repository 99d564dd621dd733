"""The local backend: one process a run, on this machine, and a spare kept warm.

The supervisor starts workers with ``subprocess`` (never ``multiprocessing``, whose children would
run the Streamlit script again). Each worker holds the read end of a pipe: when the server dies,
however it dies, the pipe closes and the worker saves a checkpoint and ends.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.files import open_append
from core.jobs.estimate import expected_seconds
from core.jobs.supervisor import Job, Supervisor
from core.machine import free_memory
from core.processes import gpus
from core.processes.child import Child, start
from core.processes.gpus import Gpu
from core.runs import Run
from core.settings import Settings
from core.training.devices import on

SPARE_DELAY = 1.5  # so that a new spare does not slow the first page, or a run's first seconds
SPARE_RETRY = 30.0  # one that cannot start must not be tried ten times a second
LOAD_SECONDS = 6.0  # until a worker is ready, before one has shown it
MOST_SPARES = 2
SPARE_MEMORY = 2_000_000_000  # bytes free for a second one, which takes half of that
CLOSE_SECONDS = 5.0  # for the checkpoints, when the server is told to end
GPU_SECONDS = 60.0  # for TensorFlow to say which GPUs it sees

log = logging.getLogger(__name__)


@dataclass
class Worker:
    """A worker process; ``ready`` is set once TensorFlow is loaded, after ``loading`` seconds."""

    process: Child
    gpu: Gpu | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)
    loading: float | None = None

    @classmethod
    def start(cls, settings: Settings, gpu: Gpu | None = None) -> "Worker":
        """Start a process that trains on a GPU, or with None on the processor.

        Raises:
            OSError: the machine refuses.
        """
        with open_append(settings.home / "workers.log") as output:
            process = start(
                settings,
                output,
                "core.training.worker",
                *([] if gpu is None else [str(gpu)]),
                graphics=gpus.environment(gpu),
            )
        worker = cls(process, gpu)
        threading.Thread(target=worker._wait_until_ready, daemon=True).start()
        return worker

    def _wait_until_ready(self) -> None:
        with self.process.output as output:
            if output.readline().strip() == b'"ready"':
                self.loading = time.monotonic() - self.started
                self.ready.set()

    def take(self, run_id: str) -> None:
        """Give the run to the process; one that is still loading finds it when it is ready."""
        if not self.process.send(run_id.encode()):
            self.kill()  # it has just ended; the next round queues the run anew

    @property
    def alive(self) -> bool:
        """Whether the process works; of one that has ended, nothing stays open."""
        if self.process.alive:
            return True
        self.let_go()
        return False

    def let_go(self) -> None:
        """Close the pipe: the process saves what it has and ends."""
        self.process.let_go()

    def kill(self) -> None:
        """End the process; only ever our own child, so that no other can be hit."""
        self.process.kill(1)


class LocalBackend(Supervisor):
    """Trains runs in processes of this machine; see ``core.jobs.backend.Backend``."""

    def __init__(
        self,
        settings: Settings,
        find_gpus: Callable[[Settings], Sequence[Gpu]] | None = None,
    ) -> None:
        """Start the supervisor; runs that were queued when the last server ended go on.

        Args:
            settings: of this server.
            find_gpus: returns the GPUs to train on, and may take its time; by default TensorFlow is
                asked where this machine may have some.
        """
        if find_gpus is None and gpus.possible():
            find_gpus = gpus_seen
        self._seats: tuple[Gpu | None, ...] | None = None
        if find_gpus is None:
            self._seats = gpus.seats((), settings.workers, chosen=True)
        self._spares: list[Worker] = []
        self._spare_due = time.monotonic() + SPARE_DELAY
        self._spare_failed = -1e9
        self._load_seconds = LOAD_SECONDS
        super().__init__(settings)
        if find_gpus is not None:
            finding = threading.Thread(target=self._sit_down, args=(find_gpus,), daemon=True)
            finding.start()

    def _sit_down(self, find_gpus: Callable[[Settings], Sequence[Gpu]]) -> None:
        """Find out what the workers train on; until that is known nothing is given out."""
        found: Sequence[Gpu] = ()
        try:
            found = find_gpus(self._settings)
        except (OSError, ValueError) as error:
            log.warning("TensorFlow does not say which GPUs there are: %s", error)
        chosen = self._settings.workers_chosen or not found
        places = gpus.seats(found, self._settings.workers, chosen=chosen)
        self._settings = replace(self._settings, workers=len(places))
        self._seats = places
        self._wake.set()

    @property
    def _device(self) -> str:
        if self._seats is None:
            return ""
        names = dict.fromkeys(str(seat) for seat in self._seats if seat is not None)
        return on(", ".join(names), self._settings.threads)

    @property
    def _warm(self) -> bool | None:
        if not self._settings.warm_spare:
            return None
        return any(spare.alive and spare.ready.is_set() for spare in list(self._spares))

    def _capacity(self) -> int:
        return len(self._seats or ())

    def _taken(self) -> list[Gpu | None]:
        """Return the seats of the runs under way."""
        workers = [place.job for place in self._places.values()]
        return [worker.gpu for worker in workers if isinstance(worker, Worker)]

    def _begin(self, run: Run) -> Job:
        assert self._seats is not None, "there was a place"
        seat = gpus.free_seat(self._seats, self._taken())
        spares = [spare for spare in self._spares if spare.alive]
        # One that is ready, or that will be first.
        spares.sort(key=lambda spare: (not spare.ready.is_set(), spare.started))
        fitting = [spare for spare in spares if spare.gpu == seat]
        worker = fitting[0] if fitting else Worker.start(self._settings, seat)
        self._load_seconds = worker.loading or self._load_seconds
        self._spares = [spare for spare in spares if spare is not worker]
        self._spare_due = time.monotonic() + SPARE_DELAY
        worker.take(run.id)
        return worker

    def _tend(self, now: float) -> None:
        """Keep as many spares as it takes."""
        if not self._settings.warm_spare or self._seats is None:
            return
        following = self._queue.next_waiting()
        if now < self._spare_due and (following is None or not self._places):
            return
        spares = [spare for spare in self._spares if spare.alive]
        if len(spares) < len(self._spares):
            # One that cannot start must not be tried ten times a second.
            self._spares, self._spare_failed = spares, now
        if now - self._spare_failed < SPARE_RETRY:
            return
        if len(spares) < self._spares_wanted(following):
            taken = self._taken()
            full = len(taken) >= len(self._seats)
            # Of a full house nobody knows who leaves first.
            seat = self._seats[0] if full else gpus.free_seat(self._seats, taken)
            self._spares = [*spares, Worker.start(self._settings, seat)]

    def _spares_wanted(self, following: Run | None) -> int:
        """Return 1, or 2 if the runs that wait are shorter than a worker takes to load."""
        if following is None or following.config is None:
            return 1
        interval = expected_seconds(following.config) / self._settings.workers
        short = interval < self._load_seconds and self._queue.counts()[1] > 1
        return MOST_SPARES if short and free_memory() > SPARE_MEMORY else 1

    def _close(self) -> None:
        workers = [place.job for place in self._places.values() if isinstance(place.job, Worker)]
        for place in self._places.values():
            worker = place.job
            assert isinstance(worker, Worker)
            if place.run.folder.heartbeat.exists():
                worker.let_go()
            else:
                worker.kill()  # nothing to save yet
        for spare in self._spares:
            spare.kill()
        end = time.monotonic() + CLOSE_SECONDS
        for worker in workers:
            worker.process.wait(max(0.0, end - time.monotonic()))
            worker.kill()


def gpus_seen(settings: Settings) -> list[Gpu]:
    """Return the GPUs that TensorFlow sees, which it says in a process of its own.

    Raises:
        OSError: the machine refuses.
    """
    with open_append(settings.home / "workers.log") as output:
        child = start(settings, output, "core.training.devices", graphics=gpus.everything())
    late = threading.Timer(GPU_SECONDS, child.kill)
    late.start()
    try:
        for answer in child.answers():
            return [Gpu(int(each["index"]), str(each["name"])) for each in answer]
        raise ChildProcessError("it ended without an answer")
    finally:
        late.cancel()
        child.close()
