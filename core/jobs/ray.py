"""The Ray backend: one task a run, on the machines of a cluster that share the runs folder.

Order, stop and pause stay with the supervisor: it hands out no more tasks than the cluster has
places, so what waits waits here. A run whose node dies goes on elsewhere from its checkpoint. Ray
itself lives in a process of its own, ``core.jobs.ray_driver``; this module does not import it.
"""

import contextlib
import importlib.util
import logging
import sys
import threading
import time
from dataclasses import dataclass

from core.errors import RunNotFound
from core.jobs.supervisor import Job, Place, Supervisor
from core.processes.child import Child
from core.runs import Run, State, read, resume
from core.runs.files import open_append
from core.settings import Settings

RETRIES = 3  # times that a run goes on by itself after its node was lost
LOST_LOOK_SECONDS = 1.0  # between two looks whether a lost run may go on
HUNG_SECONDS = 30.0  # without a heartbeat until a task that Ray believes alive is given up
DRIVER_RETRY = 10.0  # between two attempts to reach the cluster
SLOW_SECONDS = 20.0  # for the connection, until people are told
CONNECT_SECONDS = 120.0  # after which an attempt is given up

log = logging.getLogger(__name__)


@dataclass
class _Driver:
    """The process that speaks with the cluster."""

    process: Child
    started: float
    slots: int | None = None  # None until it is connected
    problem: str | None = None

    @property
    def alive(self) -> bool:
        return self.process.alive

    def say(self, **values: str) -> None:
        self.process.say(values)  # where it has ended, the next round sees that


@dataclass
class _Task:
    """A run on a node."""

    run_id: str
    driver: _Driver
    ended: bool = False
    error: str | None = None
    silent_since: float | None = None

    @property
    def alive(self) -> bool:
        """Whether neither the task nor the driver that knows of it has ended."""
        return not self.ended and self.driver.alive

    def kill(self) -> None:
        """End the task by force."""
        self.driver.say(cancel=self.run_id)


class RayBackend(Supervisor):
    """Trains runs on a Ray cluster; see ``core.jobs.backend.Backend``."""

    stop_grace = 5.0  # a shared volume shows a new file to other machines after some seconds
    pause_grace = 20.0

    def __init__(self, settings: Settings) -> None:
        """Start the supervisor, which connects to the cluster."""
        self._driver: _Driver | None = None
        self._driver_due = self._next_look = 0.0
        self._tasks: dict[str, _Task] = {}
        self._lost: dict[str, int] = {}  # runs whose node is gone, and how often it was
        self._retries: dict[str, int] = {}
        self._installed = importlib.util.find_spec("ray") is not None
        self._unreachable: str | None = None
        super().__init__(settings)

    def _capacity(self) -> int:
        return (self._driver.slots or 0) if self._driver is not None else 0

    @property
    def _device(self) -> str:
        return "a Ray cluster"

    def _obstacle(self) -> str | None:
        address = self._settings.ray_address
        if not self._installed:
            return (
                "RAY_ADDRESS is set, but the package ray is not installed. Install it with "
                "pip install -r requirements-cluster.txt, or unset RAY_ADDRESS; then restart."
            )
        if self._capacity():
            return None
        if self._driver is not None and self._driver.slots == 0:
            return (
                f"The Ray cluster at {address} has no machine with {self._settings.threads} free "
                "cores for a training. Start one with: ray start --address=" + str(address)
            )
        if self._unreachable is not None:
            return (
                f"The Ray cluster at {address} cannot be reached ({self._unreachable}). Start it, "
                "or unset RAY_ADDRESS and restart; what is queued waits until then."
            )
        return None  # about to connect

    def _begin(self, run: Run) -> Job:
        assert self._driver is not None
        task = self._tasks[run.id] = _Task(run.id, self._driver)
        self._driver.say(start=run.id)
        return task

    def _tend(self, now: float) -> None:
        if not self._installed:
            return
        if self._driver is None or not self._driver.alive:
            if self._driver is not None:
                self._unreachable = self._driver.problem or "the connection was lost"
                self._driver = None
            if now >= self._driver_due:
                self._driver_due = now + DRIVER_RETRY
                self._driver = self._start_driver()
        elif self._driver.slots is None:
            waited = now - self._driver.started
            if waited > SLOW_SECONDS:
                self._unreachable = f"no answer within {SLOW_SECONDS:.0f} seconds"
            if waited > CONNECT_SECONDS:
                self._driver.process.kill()
        if now >= self._next_look:
            self._next_look = now + LOST_LOOK_SECONDS
            self._look_for_silence(now)
            self._go_on_with_lost()

    def _start_driver(self) -> _Driver:
        with open_append(self._settings.home / "workers.log") as output:
            environment = {
                "RAY_ADDRESS": str(self._settings.ray_address),
                "ATELIER_HOME": str(self._settings.home),
                "RAY_USAGE_STATS_ENABLED": "0",
            }
            command = [sys.executable, "-m", "core.jobs.ray_driver"]
            process = Child(command, environment=environment, log=output)
        driver = _Driver(process, time.monotonic())
        threading.Thread(target=self._hear, args=(driver,), daemon=True).start()
        return driver

    def _hear(self, driver: _Driver) -> None:
        """Take in what the driver says, until it ends."""
        with driver.process.output:
            for said in driver.process.answers():
                if "slots" in said:
                    driver.slots, self._unreachable = said["slots"], None
                elif "problem" in said:
                    driver.problem = said["problem"]
                elif (task := self._tasks.get(said.get("ended"))) and task.driver is driver:
                    task.error, task.ended = said["error"], True
                self._wake.set()

    def _leave(self, place: Place) -> None:
        super()._leave(place)
        self._tasks.pop(place.run.id, None)

    def _end_of(self, place: Place) -> None:
        run, task = place.run, place.job
        assert isinstance(task, _Task)
        log.warning("run %s: %s", run.id, task.error or "the connection to the cluster was lost")
        if run.folder.heartbeat.exists():
            self._lost[run.id] = self._retries.get(run.id, 0)
        elif task.ended:
            self._start_failed(run)
        else:
            self._queue.add(run)  # the driver ended before the task began

    def _look_for_silence(self, now: float) -> None:
        """Give tasks up of which nothing was heard for long, though Ray believes them alive."""
        for place in list(self._places.values()):
            task = place.job
            assert isinstance(task, _Task)
            with contextlib.suppress(RunNotFound):
                if read(place.run.id).state is not State.INTERRUPTED:
                    task.silent_since = None
                elif task.silent_since is None:
                    task.silent_since = now
                elif now - task.silent_since > HUNG_SECONDS:
                    task.kill()
                    task.ended, task.error = True, "no sign of life"

    def _go_on_with_lost(self) -> None:
        for run_id, retries in list(self._lost.items()):
            with self._going_on():
                try:
                    run = read(run_id)
                except RunNotFound:
                    del self._lost[run_id]
                    continue
                if run.state is State.RUNNING:
                    continue  # its process may live, cut off from Ray alone, or has just ended
                if run.state is State.INTERRUPTED and retries < RETRIES:
                    resume(run_id)
                    self._retries[run_id] = retries + 1
                    self._queue.add(read(run_id))
                del self._lost[run_id]

    def _close(self) -> None:
        """End the driver; Ray ends its tasks."""
        driver = self._driver
        if driver is None:
            return
        driver.process.let_go()
        if driver.process.wait(10) is None:
            driver.process.kill()
