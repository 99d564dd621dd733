"""The local backend: one process a run, on this machine, and one spare kept warm.

The supervisor starts workers with ``subprocess`` (never ``multiprocessing``, whose children would
run the Streamlit script again). Each worker holds the read end of a pipe: when the server dies,
however it dies, the pipe closes and the worker saves a checkpoint and ends.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO

from core.jobs.supervisor import Job, Supervisor
from core.runs import Run
from core.runs.files import open_append
from core.settings import ROOT, Settings

SPARE_DELAY = 1.5  # so that a new spare does not slow the first page, or a run's first seconds
SPARE_RETRY = 30.0  # one that cannot start must not be tried ten times a second
CLOSE_SECONDS = 5.0  # for the checkpoints, when the server is told to end


@dataclass
class Worker:
    """A worker process; ``ready`` is set once TensorFlow is loaded."""

    process: "subprocess.Popen[bytes]"
    ready: threading.Event = field(default_factory=threading.Event)
    took_run: bool = False

    @classmethod
    def start(cls, settings: Settings) -> "Worker":
        """Start a process.

        Raises:
            OSError: the machine refuses.
        """
        threads = str(settings.threads)
        environment = os.environ | {
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_NUM_INTEROP_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUNBUFFERED": "1",
        }
        with open_append(settings.home / "workers.log") as output:
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
        with output:
            if output.readline().strip() == b"ready":
                self.ready.set()

    def take(self, run_id: str) -> None:
        """Give the run to the process; one that is still loading finds it when it is ready."""
        assert self.process.stdin is not None
        self.took_run = True
        try:
            self.process.stdin.write(run_id.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.kill()  # it has just ended; the next round queues the run anew

    @property
    def alive(self) -> bool:
        """Whether the process works."""
        return self.process.poll() is None

    def let_go(self) -> None:
        """Close the pipe: the process saves what it has and ends."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def kill(self) -> None:
        """End the process; only ever our own child, so that no other can be hit."""
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.let_go()


class LocalBackend(Supervisor):
    """Trains runs in processes of this machine; see ``core.jobs.backend.Backend``."""

    def __init__(self, settings: Settings) -> None:
        """Start the supervisor; runs that were queued when the last server ended go on."""
        self._spare: Worker | None = None
        self._spare_due = time.monotonic() + SPARE_DELAY
        super().__init__(settings)

    @property
    def _warm(self) -> bool:
        spare = self._spare
        return spare is not None and spare.alive and spare.ready.is_set()

    def _capacity(self) -> int:
        return self._settings.workers

    def _begin(self, run: Run) -> Job:
        worker = self._spare if self._spare and self._spare.alive else None
        worker = worker or Worker.start(self._settings)
        self._spare = None
        self._spare_due = time.monotonic() + SPARE_DELAY
        worker.take(run.id)
        return worker

    def _tend(self, now: float) -> None:
        """Keep a spare."""
        if not self._settings.warm_spare or now < self._spare_due:
            return
        if self._spare is None or not self._spare.alive:
            self._spare_due = now + SPARE_RETRY
            self._spare = Worker.start(self._settings)

    def _close(self) -> None:
        workers = [place.job for place in self._places.values() if isinstance(place.job, Worker)]
        for place in self._places.values():
            worker = place.job
            assert isinstance(worker, Worker)
            if place.run.folder.heartbeat.exists():
                worker.let_go()
            else:
                worker.kill()  # nothing to save yet
        if self._spare is not None:
            self._spare.kill()
        end = time.monotonic() + CLOSE_SECONDS
        for worker in workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, end - time.monotonic()))
            worker.kill()
