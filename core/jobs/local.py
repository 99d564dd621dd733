"""The local backend: one process a run, on this machine, and one spare kept warm.

A supervisor thread in the server starts workers with ``subprocess`` (never ``multiprocessing``,
whose children would run the Streamlit script again). Each worker holds the read end of a pipe: when
the server dies, however it dies, the pipe closes and the worker ends.
"""

import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO

from core.errors import RunNotFound
from core.jobs.backend import Engine, order
from core.runs import Result, Run, RunFolder, State, read, request_stop
from core.settings import ROOT, Settings

LOOK_SECONDS = 0.1  # between two rounds of the supervisor
SCAN_SECONDS = 1.0  # between two looks for runs that others put into the folder
SPARE_DELAY = 1.5  # so that a new spare does not slow the first page, or a run's first seconds
STOP_GRACE = 2.0  # a worker ends by itself within a second of a stop; then it is killed
START_ATTEMPTS = 2

log = logging.getLogger(__name__)


@dataclass
class _Worker:
    """A worker process; ``ready`` is set once TensorFlow is loaded."""

    process: "subprocess.Popen[bytes]"
    ready: threading.Event = field(default_factory=threading.Event)
    stop_seen: float | None = None

    @classmethod
    def start(cls, settings: Settings) -> "_Worker":
        threads = str(max(1, settings.cores // settings.workers))
        environment = os.environ | {
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_NUM_INTEROP_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUNBUFFERED": "1",
        }
        with (settings.home / "workers.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=ROOT,
                env=environment,
                start_new_session=True,  # Ctrl-C in the server's terminal is not for workers
            )
        worker = cls(process)
        assert process.stdout is not None
        threading.Thread(
            target=worker._wait_until_ready, args=(process.stdout,), daemon=True
        ).start()
        return worker

    def _wait_until_ready(self, output: IO[bytes]) -> None:
        if output.readline().strip() == b"ready":
            self.ready.set()

    def take(self, run_id: str) -> None:
        """Give the run to the process; one that is still loading finds it when it is ready."""
        assert self.process.stdin is not None
        self.process.stdin.write(run_id.encode() + b"\n")
        self.process.stdin.flush()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class LocalBackend:
    """Trains runs in processes of this machine; see ``core.jobs.backend.Backend``."""

    def __init__(self, settings: Settings) -> None:
        """Start the supervisor; runs that were queued when the last server ended go on."""
        self._settings = settings
        self._queued: dict[str, Run] = {}
        self._working: dict[str, tuple[Run, _Worker]] = {}
        self._spare: _Worker | None = None
        self._spare_due = time.monotonic() + SPARE_DELAY
        self._attempts: dict[str, int] = {}
        self._known: set[str] = set()
        self._next_scan = 0.0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._problem: str | None = None
        self._folder_lock: IO[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._thread.start()

    def submit(self, run_id: str) -> None:
        """Queue a run; see ``Backend``."""
        run = read(run_id)
        with self._lock:
            if run_id not in self._working and run.state is State.QUEUED:
                self._known.add(run_id)
                self._queued[run_id] = run
        self._wake.set()

    def stop(self, run_id: str) -> None:
        """Stop a run; see ``Backend``."""
        request_stop(run_id)
        self._wake.set()

    def position(self, run_id: str) -> int | None:
        """Return how many runs go before this one; see ``Backend``."""
        with self._lock:
            if run_id not in self._queued:
                return None
            ordered = order(list(self._queued.values()), [run for run, _ in self._working.values()])
        return [run.id for run in ordered].index(run_id)

    def engine(self) -> Engine:
        """Return the engine's state; see ``Backend``."""
        with self._lock:
            spare = self._spare
            return Engine(
                workers=self._settings.workers,
                running=len(self._working),
                queued=len(self._queued),
                warm=spare is not None and spare.alive and spare.ready.is_set(),
                problem=self._problem,
            )

    def close(self) -> None:
        """End the supervisor and all its workers; runs under way are interrupted."""
        self._closed = True
        self._wake.set()
        self._thread.join()
        workers = [worker for _, worker in self._working.values()]
        for worker in [*workers, *([self._spare] if self._spare else [])]:
            worker.kill()
        if self._folder_lock is not None:
            self._folder_lock.close()

    def _supervise(self) -> None:
        while not self._closed:
            try:
                if self._owns_folder():
                    self._round()
                else:
                    self._forget_taken()
                self._problem = None
            except OSError as error:
                # A full disk or a missing folder may be mended while we go on looking.
                self._problem = (
                    f"Nothing can be trained now: {error.strerror or error} "
                    f"({error.filename or self._settings.home}). Make the folder writable or free "
                    "some space; training goes on by itself."
                )
                log.warning("supervisor: %s", error)
                time.sleep(1)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _owns_folder(self) -> bool:
        """Make sure that this is the one server that gives out the runs of this folder."""
        if self._folder_lock is not None:
            return True
        self._settings.runs.mkdir(parents=True, exist_ok=True)
        file = (self._settings.home / "supervisor.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False  # another server works here; its supervisor finds our runs
        self._folder_lock = file
        return True

    def _round(self) -> None:
        """Do once all that is to be done now."""
        now = time.monotonic()
        if now >= self._next_scan:
            self._next_scan = now + SCAN_SECONDS
            self._scan()
        self._forget_taken()
        self._end_stopped_before_start()
        self._collect(now)
        self._give_out(now)
        self._keep_spare(now)

    def _scan(self) -> None:
        for entry in os.scandir(self._settings.runs):
            if entry.name in self._known or entry.name.startswith("."):
                continue
            self._known.add(entry.name)
            try:
                run = read(entry.name)
            except RunNotFound:
                continue
            if run.state is State.QUEUED:
                with self._lock:
                    self._queued[run.id] = run

    def _forget_taken(self) -> None:
        """Leave alone what the server that owned this folder before has given out."""
        for run_id in list(self._queued):
            folder = self._folder(run_id)
            if folder.heartbeat.exists() or folder.result.exists():
                with self._lock:
                    self._queued.pop(run_id, None)

    def _end_stopped_before_start(self) -> None:
        for run_id in list(self._queued):
            folder = self._folder(run_id)
            gone = not folder.path.is_dir()
            if gone or folder.stop.exists():
                if not gone:
                    folder.write_result(Result(State.STOPPED, "Stopped before it started."))
                with self._lock:
                    self._queued.pop(run_id, None)

    def _collect(self, now: float) -> None:
        """Take leave of workers that have ended, and end those that do not heed a stop."""
        for run_id, (run, worker) in list(self._working.items()):
            folder = self._folder(run_id)
            if worker.alive and folder.stop.exists():
                worker.stop_seen = worker.stop_seen or now
                if now - worker.stop_seen > STOP_GRACE or not folder.heartbeat.exists():
                    worker.kill()
                    if folder.path.is_dir() and not folder.result.exists():
                        folder.write_result(Result(State.STOPPED, "Stopped on request."))
            if worker.alive:
                continue
            with self._lock:
                del self._working[run_id]
            folder.remove_temporary()
            if folder.path.is_dir() and not folder.heartbeat.exists():
                self._start_failed(run, folder)

    def _start_failed(self, run: Run, folder: RunFolder) -> None:
        """Queue a run anew whose worker ended before it took it, but not for ever."""
        if folder.result.exists():
            return
        self._attempts[run.id] = self._attempts.get(run.id, 0) + 1
        if self._attempts[run.id] < START_ATTEMPTS:
            with self._lock:
                self._queued[run.id] = run
            return
        folder.write_result(
            Result(
                State.FAILED,
                "The training process ended before it began. The file workers.log in the folder "
                "of ATELIER_HOME says why.",
            )
        )

    def _give_out(self, now: float) -> None:
        while self._queued and len(self._working) < self._settings.workers:
            running = [run for run, _ in self._working.values()]
            run = order(list(self._queued.values()), running)[0]
            worker = self._spare if self._spare and self._spare.alive else None
            worker = worker or _Worker.start(self._settings)
            with self._lock:
                self._spare = None
                del self._queued[run.id]
                self._working[run.id] = (run, worker)
            self._spare_due = now + SPARE_DELAY
            try:
                worker.take(run.id)
            except BrokenPipeError:
                worker.kill()  # it just ended; the next round queues the run anew

    def _keep_spare(self, now: float) -> None:
        if not self._settings.warm_spare or now < self._spare_due:
            return
        if self._spare is None or not self._spare.alive:
            # One that cannot start must not be tried ten times a second.
            self._spare_due = now + 30
            spare = _Worker.start(self._settings)
            with self._lock:
                self._spare = spare

    def _folder(self, run_id: str) -> RunFolder:
        return RunFolder(self._settings.runs / run_id)
