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
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.errors import AtelierError, RunNotFound, SettingsError
from core.jobs import estimate
from core.jobs.backend import Engine
from core.jobs.queue import Queue, same_training
from core.jobs.scan import Scan
from core.jobs.sharing import Companions
from core.processes.locks import Lock, hold
from core.runs import (
    SERVER_ALLOWS,
    Allowance,
    Result,
    Run,
    RunFolder,
    State,
    following,
    purge_deleted,
    read,
    read_curves,
    request_pause,
    request_stop,
    resume,
)
from core.settings import Settings
from core.training.devices import here

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
        self._queue = Queue(settings.limits.running, self._kind)
        self._places: dict[str, Place] = {}
        self._scan = Scan(settings.runs)
        self._next_scan = self._next_purge = 0.0
        self._asked: deque[str] = deque()  # runs that somebody wants to stop
        self._companions = Companions()
        self._unsettled: set[str] = set()  # followers that the disk kept from getting their files
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
            folder = run.folder
            folder.write_result(_stopped_so_far(run, folder, "Stopped while it was paused."))

    def pause(self, run_id: str) -> None:
        """Pause a run; see ``Backend``."""
        run = read(run_id)
        if run.state.active and not RunFolder(run.path).stop.exists():  # which comes to its end
            request_pause(run_id)
            self._queue.remove(run_id)
            if run.follows:
                self._asked.append(run_id)
            self._wake.set()

    def resume(self, run_id: str) -> None:
        """Queue a run once more; see ``Backend``."""
        run = read(run_id)
        if run.resumable:
            self.check_waiting(run.visitor, run.allowance)
        resume(run_id)
        self._attempts.pop(run_id, None)
        self._queue.add(read(run_id), again=True)
        self._wake.set()

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this one; see ``Backend``."""
        return self._queue.position(self._stand_in(run_id))

    def wait(self, run_id: str) -> float | None:
        """Return in how many seconds a queued run will start; see ``Backend``."""
        first = self._queue.first_of(self._stand_in(run_id))
        if first is None:
            return None
        now, version = time.monotonic(), self._queue.version
        known = self._starts
        age = now - known.made
        # A long queue that changes all the time must not be worked out all the time.
        outdated = version != known.version and age > 20 * known.took
        if age > SCHEDULE_SECONDS or outdated or first not in known.starts:
            starts = self._schedule()
            known = self._starts = _Starts(starts, version, now, time.monotonic() - now)
        if first not in known.starts:
            return None  # it has just started
        return max(0.0, known.starts[first] - (now - known.made))

    def waiting(self, visitor: str) -> int:
        """Return how many runs of a visitor are queued."""
        return self._queue.waiting(visitor)

    def check_waiting(self, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
        """Check that a visitor may queue one more run.

        Raises:
            SettingsError: they have as many waiting as this server allows, or their class.
        """
        waiting, most = self._queue.waiting(visitor), self._settings.limits.queued
        whose, whom = "this server", "a visitor"
        if allowance.waiting is not None and allowance.waiting < most:
            most, whose, whom = allowance.waiting, "your class", "a student"
        if waiting >= most:
            runs = "1 run" if most == 1 else f"{most:,} runs"
            raise SettingsError(
                f"You have {waiting:,} waiting already, and {whose} lets {whom} have {runs} "
                "in the queue. Wait until one starts, or stop or pause one of them."
            )

    def companions(self, run_id: str) -> int:
        """Return how many other runs the training of this one serves; see ``Backend``."""
        return self._companions.others(run_id)

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
        for place in list(self._places.values()):
            with self._going_on():
                self._attend(place, now)
        # After that: what has just ended is known before its place is given to a run like it.
        self._asked.extend(self._unsettled)
        while self._asked:
            with self._going_on():
                self._look_at(self._asked.popleft(), mine)
        with self._going_on():
            self._share()
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
            self._forget(name)
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
            self._forget(run_id)
            if not mine:
                self._queue.end(run_id)
            return
        self._companions.note(run)
        if run.follows:
            self._queue.remove(run_id)
            if mine:
                self._settle(run)
            return
        self._unsettled.discard(run_id)
        if not mine:
            self._follow(run)
        elif not run.state.active and run_id not in self._places:
            self._asked.extend(self._companions.followers(run_id))
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
        if place.run.group:
            self._asked.append(place.run.id)  # for those that follow it
            self._wake.set()

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
            # It may have been resumed since the others were looked at, or like one that has ended.
            self._share()
            if run.id not in self._queue:
                continue
            _check_space(self._settings.runs)
            run = self._furthest(run)
            job = self._begin(run)
            self._places[run.id] = Place(run, job)
            self._queue.begin(run)
            self._share()

    # One training for the equal runs of a class.

    def _stand_in(self, run_id: str) -> str:
        """Return the run in whose place in the queue another one waits; by default itself."""
        return run_id if run_id in self._queue else self._companions.training_of(run_id)

    def _kind(self, run: Run) -> Hashable:
        """Return what is equal for runs that one training here can serve."""
        return same_training(run, here(self._settings.threads))

    def _furthest(self, run: Run) -> Run:
        """Return the run that is to be trained for all that have this one's place."""
        same = [each for each in self._queue.same(run) if each.id not in self._places]
        return max(same, key=lambda each: (_epochs_done(each), each.id == run.id), default=run)

    def _forget(self, run_id: str) -> None:
        """Take in that a run's folder is gone."""
        self._unsettled.discard(run_id)
        self._queue.remove(run_id)
        self._asked.extend(self._companions.followers(run_id))
        self._companions.forget(run_id)

    def _share(self) -> None:
        """Let queued runs follow a training under way, or have what one has left that is done."""
        waiting = self._queue.shareable()
        if not waiting:
            return
        # A worker may have died a moment ago and hold its place still: whoever is resumed now must
        # not follow it.
        under_way = {
            self._kind(place.run): place.run
            for place in self._places.values()
            if _fresh(place.run).state.active
        }
        for kind, runs in waiting.items():
            leader = under_way.get(kind)
            finished = None if leader is not None else self._finished(kind)
            for run in runs if leader is not None or finished is not None else ():
                with self._going_on():
                    if leader is not None and (run.id == leader.id or _further(run, leader)):
                        continue
                    # If the disk refuses in the middle, it must not be given to a worker.
                    self._queue.remove(run.id)
                    self._unsettled.add(run.id)
                    if leader is not None:
                        following.follow(run.folder, leader.id)
                    elif finished is not None:
                        following.finish(run.folder, finished)
                    self._unsettled.discard(run.id)
                    self._companions.note(read(run.id))
                    self._asked.extend(self._companions.followers(run.id))

    def _finished(self, kind: Hashable) -> Run | None:
        """Return a finished run that this server would train to the same figures, if any."""
        for run_id in self._companions.finished(kind):
            with contextlib.suppress(RunNotFound):
                run = read(run_id)
                if run.stretches and self._kind(run) == kind and run.folder.model.exists():
                    return run
        return None

    def _settle(self, run: Run) -> None:
        """Let a run that follows another part from it, if it is time for that."""
        self._unsettled.add(run.id)
        folder, leader = RunFolder(run.path), following.leader_of(run)
        if leader is not None and leader.state in (State.FINISHED, State.FAILED):
            following.finish(folder, leader)
        elif folder.stop.exists():
            following.let_go(folder, lambda: _stopped_so_far(run, folder, "Stopped on request."))
        elif folder.pause.exists():
            following.let_go(folder)
        elif leader is not None and leader.follows and leader.same_as is not None:
            following.follow(folder, leader.same_as)
        elif run.state is State.QUEUED and (leader is None or not leader.state.active):
            following.let_go(folder)
        self._unsettled.discard(run.id)
        run = read(run.id)
        self._companions.note(run)
        if run.state is State.QUEUED and not run.follows and not run.stopping:
            self._queue.add(run)

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


def _epochs_done(run: Run) -> int:
    return len(read_curves(run.folder).epochs["epoch"])


def _further(run: Run, other: Run) -> bool:
    """Tell whether a run that waits has been trained further than one under way."""
    return _epochs_done(run) > _epochs_done(other)


def _stopped_so_far(run: Run, folder: RunFolder, reason: str) -> Result:
    """Return the result of a run that is stopped although no process works on it by itself.

    It has the figures of its latest epoch.
    """
    epochs = read_curves(folder).epochs
    result = Result(State.STOPPED, reason, epochs=len(epochs["epoch"]))
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
