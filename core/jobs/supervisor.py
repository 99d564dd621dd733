"""The supervisor: the thread that gives queued runs out, whatever the machines that train them.

It acts at once on what is asked through the backend. What others do to the runs folder (another
server's visitors, the command line, a person with a shell) it finds by a scan once a second. A
subclass says how many places there are and what a running run is: a process here, a task elsewhere.
"""

import contextlib
import errno
import logging
import os
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.errors import AtelierError, RunNotFound, SettingsError
from core.jobs import estimate
from core.jobs.backend import Engine
from core.jobs.queue import Queue
from core.jobs.scan import Scan
from core.processes.locks import Lock, hold
from core.runs import (
    Result,
    Run,
    RunFolder,
    State,
    purge_deleted,
    read,
    read_curves,
    request_pause,
    request_stop,
    resume,
)
from core.settings import Settings

LOOK_SECONDS = 0.1  # between two rounds
SCAN_SECONDS = 1.0  # between two looks for what others did to the folder
PURGE_SECONDS = 60.0
TROUBLE_SECONDS = 1.0  # between two rounds while the disk refuses
SCHEDULE_SECONDS = 1.0  # how long the expected starts are believed
SPACE_NEEDED = 8_000_000  # bytes on the disk; a run without them would end with half a file
START_ATTEMPTS = 2

log = logging.getLogger(__name__)


class Job(Protocol):
    """A run under way."""

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        ...

    def kill(self) -> None:
        """End it by force; returns at once."""


@dataclass
class Place:
    """A place that is taken: by whom, and since when somebody wants it to end."""

    run: Run
    job: Job
    asked: float | None = None


@dataclass(frozen=True)
class _Starts:
    """When each queued run will start, worked out ``took`` seconds long at the time ``made``."""

    starts: dict[str, float]
    version: int
    made: float
    took: float


class Supervisor(ABC):
    """What all backends have in common; see ``core.jobs.backend.Backend``."""

    stop_grace = 2.0  # a worker ends by itself within a second of a stop; then it is killed
    pause_grace = 10.0  # and saves a checkpoint within so many of a pause

    def __init__(self, settings: Settings) -> None:
        """Start the thread; runs that were queued when the last server ended go on."""
        self._settings = settings
        self._queue = Queue(settings.limits.running)
        self._places: dict[str, Place] = {}
        self._scan = Scan(settings.runs)
        self._next_scan = self._next_purge = 0.0
        self._asked: deque[str] = deque()  # runs that somebody wants to stop
        self._attempts: dict[str, int] = {}
        self._starts = _Starts({}, -1, -1e9, 0.0)
        self._wake = threading.Event()
        self._closed = False
        self._problem: str | None = None
        self._trouble: str | None = None
        self._folder_lock: Lock | None = None
        self._elsewhere = False  # another server gives out the runs of this folder
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._thread.start()

    # What a subclass adds.

    @abstractmethod
    def _capacity(self) -> int:
        """Return how many runs can train at the same time."""

    @property
    @abstractmethod
    def _device(self) -> str:
        """What a run trains on, for people."""

    @abstractmethod
    def _begin(self, run: Run) -> Job:
        """Start a run.

        Raises:
            OSError: not now; it stays in the queue.
        """

    @abstractmethod
    def _tend(self, now: float) -> None:
        """Do once a round what a subclass has to do besides."""

    @abstractmethod
    def _close(self) -> None:
        """End all jobs in order."""

    def _end_of(self, place: Place) -> None:
        """See to a run whose job has ended, without a result and without a wish to end it."""
        if not place.run.folder.heartbeat.exists():
            self._start_failed(place.run)

    def _obstacle(self) -> str | None:
        """Return why nothing can be given out now, as a sentence, or None."""
        return None

    @property
    def _warm(self) -> bool | None:
        return None

    # What people ask.

    def submit(self, run_id: str) -> None:
        """Queue a run; see ``Backend``."""
        run = read(run_id)
        if run.state is State.QUEUED:
            self._queue.add(run)
        self._wake.set()

    def stop(self, run_id: str) -> None:
        """Stop a run; see ``Backend``."""
        run = read(run_id)
        if run.state.active:
            request_stop(run_id)
            self._asked.append(run_id)
            self._wake.set()
        elif run.state is State.PAUSED:
            # Nobody works on it: it ends here, with what it has.
            run.folder.write_result(_stopped_while_paused(run))

    def pause(self, run_id: str) -> None:
        """Pause a run; see ``Backend``."""
        if read(run_id).state.active:
            request_pause(run_id)
            self._queue.remove(run_id)
            self._wake.set()

    def resume(self, run_id: str) -> None:
        """Queue a run once more; see ``Backend``."""
        run = read(run_id)
        if run.resumable:
            self.check_waiting(run.visitor)
        resume(run_id)
        self._attempts.pop(run_id, None)
        self._queue.add(read(run_id), again=True)
        self._wake.set()

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this one; see ``Backend``."""
        return self._queue.position(run_id)

    def wait(self, run_id: str) -> float | None:
        """Return in how many seconds a queued run will start; see ``Backend``."""
        if run_id not in self._queue:
            return None
        now, version = time.monotonic(), self._queue.version
        known = self._starts
        age = now - known.made
        # A long queue that changes all the time must not be worked out all the time.
        outdated = version != known.version and age > 20 * known.took
        if age > SCHEDULE_SECONDS or outdated or run_id not in known.starts:
            starts = self._schedule()
            known = self._starts = _Starts(starts, version, now, time.monotonic() - now)
        if run_id not in known.starts:
            return None  # it has just started
        return max(0.0, known.starts[run_id] - (now - known.made))

    def waiting(self, visitor: str) -> int:
        """Return how many runs of a visitor are queued."""
        return self._queue.waiting(visitor)

    def check_waiting(self, visitor: str) -> None:
        """Check that a visitor may queue one more run.

        Raises:
            SettingsError: they have as many waiting as this server allows.
        """
        waiting, most = self._queue.waiting(visitor), self._settings.limits.queued
        if waiting >= most:
            runs = "1 run" if most == 1 else f"{most:,} runs"
            raise SettingsError(
                f"You have {waiting:,} waiting already, and this server lets a visitor have {runs} "
                "in the queue. Wait until one starts, or stop or pause one of them."
            )

    def engine(self) -> Engine:
        """Return the engine's state; see ``Backend``."""
        running, queued = self._queue.counts()
        problem = self._problem
        if not self._thread.is_alive() and not self._closed:
            problem = "The queue has ended with an unexpected error. Restart the server."
        return Engine(
            self._capacity(), running, queued, self._warm, problem, self._device, self._elsewhere
        )

    def close(self) -> None:
        """End all work in order; see ``Backend``."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        self._thread.join()
        self._close()
        if self._folder_lock is not None:
            self._folder_lock.release()

    # The thread.

    def _supervise(self) -> None:
        while not self._closed:
            self._trouble = None
            self._round(time.monotonic())
            if self._trouble is not None and self._trouble != self._problem:
                log.warning("%s", self._trouble)
            self._problem = self._trouble
            self._wake.wait(LOOK_SECONDS if self._problem is None else TROUBLE_SECONDS)
            self._wake.clear()

    @contextlib.contextmanager
    def _going_on(self) -> Iterator[None]:
        """Show what the disk refuses as the engine's problem, and go on with the next thing."""
        try:
            yield
        except OSError as error:
            # A full disk or a missing folder may be mended while we go on looking.
            self._trouble = self._trouble or (
                f"Nothing can be trained now: {error.strerror or error} "
                f"({error.filename or self._settings.home}). Make the folder writable or free "
                "some space; training continues by itself."
            )
        except AtelierError as error:
            self._trouble = self._trouble or str(error)

    def _round(self, now: float) -> None:
        """Do once all that is to be done now."""
        mine = False
        with self._going_on():
            mine = self._owns_folder()
            self._elsewhere = not mine
        if now >= self._next_scan:
            self._next_scan = now + SCAN_SECONDS
            with self._going_on():
                self._look_around(mine)
        if not mine:
            self._asked.clear()  # the wishes are in the folders
            return  # another server gives out the runs of this folder, ours too
        while self._asked:
            with self._going_on():
                self._look_at(self._asked.popleft(), mine)
        for place in list(self._places.values()):
            with self._going_on():
                self._attend(place, now)
        with self._going_on():
            self._give_out()
        with self._going_on():
            self._tend(now)
        if now >= self._next_purge:
            self._next_purge = now + PURGE_SECONDS
            purge_deleted()

    def _owns_folder(self) -> bool:
        """Make sure that this is the one server that gives out the runs of this folder."""
        if self._folder_lock is not None:
            return True
        self._settings.runs.mkdir(parents=True, exist_ok=True)
        self._folder_lock = hold(self._settings.home / "supervisor.lock")
        if self._folder_lock is None:
            return False
        self._scan = Scan(self._settings.runs)  # all is ours to see to now
        for run in self._queue.running():
            self._queue.end(run.id)  # of the server that gave them out before
        return True

    def _look_around(self, mine: bool) -> None:
        changed, gone = self._scan.look()
        for name in changed:
            with self._going_on():
                self._look_at(name, mine)
        for name in gone:
            self._queue.remove(name)
        if not mine:
            # Nothing changes in the folder of a run whose worker has just died.
            for run in self._queue.running():
                with self._going_on():
                    self._look_at(run.id, mine)

    def _look_at(self, run_id: str, mine: bool) -> None:
        """Queue a run, or take it out of the queue, as its folder says."""
        try:
            run = read(run_id)
        except RunNotFound:
            self._queue.remove(run_id)
            if not mine:
                self._queue.end(run_id)
            return
        if not mine:
            self._follow(run)
        if run.state is not State.QUEUED:
            self._queue.remove(run_id)
        elif run_id in self._places:
            return
        elif not run.stopping:
            self._queue.add(run)
        elif mine:
            run.folder.write_result(Result(State.STOPPED, "Stopped before it started."))
            self._queue.remove(run_id)

    def _follow(self, run: Run) -> None:
        """Count a run that another server has given out as running while it does."""
        known = any(run.id == other.id for other in self._queue.running())
        if run.state is not State.RUNNING:
            self._queue.end(run.id)
        elif not known:
            self._queue.add(run)
            self._queue.begin(run)

    def _attend(self, place: Place, now: float) -> None:
        """Take leave of a job that has ended, and end one that does not heed a wish."""
        run, job, folder = place.run, place.job, place.run.folder
        if job.alive:
            if run.id in self._queue:
                return  # resumed already, and about to end
            stop = folder.stop.exists()
            if not stop and not folder.pause.exists():
                place.asked = None
                return
            place.asked = now if place.asked is None else place.asked
            grace = self.stop_grace if stop else self.pause_grace
            if now - place.asked <= grace and folder.heartbeat.exists():
                return
            try:
                # The result first: there is no moment in which the run looks cut off.
                if stop:
                    self._write_stopped(folder)
            finally:
                job.kill()
            if job.alive:
                return
        elif folder.stop.exists():
            self._write_stopped(folder)
        folder.remove_temporary()
        self._leave(place)
        if run.id in self._queue or not folder.path.is_dir():
            return
        if not folder.result.exists() and not folder.pause.exists():
            self._end_of(place)

    def _leave(self, place: Place) -> None:
        del self._places[place.run.id]
        self._queue.end(place.run.id)

    def _write_stopped(self, folder: RunFolder) -> None:
        if folder.path.is_dir() and not folder.result.exists():
            folder.write_result(Result(State.STOPPED, "Stopped on request."))

    def _start_failed(self, run: Run) -> None:
        """Queue a run anew whose worker ended before it took it, but not for ever."""
        self._attempts[run.id] = self._attempts.get(run.id, 0) + 1
        if self._attempts[run.id] < START_ATTEMPTS:
            self._queue.add(run)
            return
        try:
            run.folder.write_result(
                Result(
                    State.FAILED,
                    "The training process ended before it began. The file workers.log in the "
                    "folder of ATELIER_HOME says why.",
                )
            )
        except OSError:
            self._queue.add(run)  # there was no room for its heartbeat either
            raise
        del self._attempts[run.id]

    def _give_out(self) -> None:
        if not self._queue.counts()[1]:
            return
        obstacle = self._obstacle()
        if obstacle is not None:
            self._trouble = self._trouble or obstacle
            return
        while len(self._places) < self._capacity():
            run = self._queue.next()
            if run is None:
                return
            _check_space(self._settings.runs)
            job = self._begin(run)
            self._places[run.id] = Place(run, job)
            self._queue.begin(run)

    def _schedule(self) -> dict[str, float]:
        """Return in how many seconds each queued run will start."""
        left = [estimate.seconds_left(_fresh(run)) for run in self._queue.running()]
        slots = self._queue.slots(max(1, self._capacity()))
        return estimate.starts(left, self._queue.ordered(), slots)


def _fresh(run: Run) -> Run:
    try:
        return read(run.id)
    except RunNotFound:
        return run


def _check_space(folder: Path) -> None:
    """Check that the disk has room for what a run writes first.

    Raises:
        OSError: it has not.
    """
    if shutil.disk_usage(folder).free < SPACE_NEEDED:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _stopped_while_paused(run: Run) -> Result:
    """Return the result of a paused run that is stopped: the figures of its latest epoch."""
    epochs = read_curves(run.folder).epochs
    result = Result(State.STOPPED, "Stopped while it was paused.", epochs=len(epochs["epoch"]))
    if not epochs["epoch"]:
        return result
    return replace(
        result,
        best_epoch=len(epochs["epoch"]),
        train_accuracy=epochs["accuracy"][-1],
        train_loss=epochs["loss"][-1],
        val_accuracy=epochs["val_accuracy"][-1],
        val_loss=epochs["val_loss"][-1],
        seconds=run.heartbeat.seconds if run.heartbeat else 0.0,
    )
