"""The local backend with real worker processes, each in a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import small, wait_until

from core import jobs, runs
from core.jobs import LocalBackend
from core.runs import State, read_curves
from core.settings import ROOT, Settings, settings

START = 120  # seconds that a process with TensorFlow may take on a busy machine
LONG = {"epochs": 500, "limit": None}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A backend with two workers and a spare, for several tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("server")))
        patch.setenv("ATELIER_WORKERS", "2")
        backend = LocalBackend(Settings.from_environment(os.environ))
    yield backend
    backend.close()


@pytest.fixture
def backend(server, monkeypatch):
    """Give this test the shared backend and its folder; leave nothing running behind."""
    monkeypatch.setenv("ATELIER_HOME", str(server._settings.home))
    settings.cache_clear()
    yield server
    for run in runs.list_runs():
        server.stop(run.id)
    wait_until(lambda: not any(run.state.active for run in runs.list_runs()), 10, "end of all runs")
    wait_until(lambda: not server.engine().running, 10, "end of all workers")


@pytest.fixture
def own_backend(home):
    """Return a function that starts a backend of this test's own, and end them all after it."""
    started = []

    def start(workers=1, warm_spare="0"):
        environment = os.environ | {
            "ATELIER_WORKERS": str(workers),
            "ATELIER_WARM_SPARE": warm_spare,
        }
        started.append(LocalBackend(Settings.from_environment(environment)))
        return started[-1]

    yield start
    for backend in started:
        backend.close()


def submit(backend, visitor="ada", **changes):
    run_id = runs.create(small(**changes), visitor)
    backend.submit(run_id)
    return run_id


def state(run_id):
    return runs.read(run_id).state


def wait_for_end(run_id, seconds=START):
    wait_until(lambda: not state(run_id).active, seconds, f"end of {run_id}")
    return runs.read(run_id)


def wait_for_point(run_id, seconds=START):
    folder = runs.folder_of(run_id)
    wait_until(lambda: read_curves(folder).batches["loss"], seconds, f"a point of {run_id}")
    return runs.read(run_id)


def wait_for_spare(backend):
    wait_until(lambda: backend.engine().warm, START, "a warm spare")


def alive(pid):
    """Tell whether a process works; one that only waits for its parent to notice does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_run_goes_from_the_queue_to_its_end(backend):
    wait_for_spare(backend)
    run_id = submit(backend, epochs=2)
    assert backend.engine().queued + backend.engine().running == 1
    begun = time.monotonic()
    wait_for_point(run_id)
    waited = time.monotonic() - begun
    run = wait_for_end(run_id)
    assert run.state is State.FINISHED, run.reason
    assert run.result.epochs == 2
    assert run.result.test_accuracy > 0.5
    assert run.folder.log.exists()
    assert run.heartbeat.pid != os.getpid()
    wait_until(lambda: not alive(run.heartbeat.pid), 10, "end of the worker process")
    wait_until(lambda: not backend.engine().running, 5, "a free place")
    # TensorFlow alone takes longer than that to load: the spare was used.
    assert waited < 10


def test_runs_of_two_visitors_do_not_mix(backend):
    wait_for_spare(backend)
    ids = [
        submit(backend, "ada", epochs=2, seed=1),
        submit(backend, "grace", architecture="mlp", epochs=3, seed=2),
    ]
    first, second = (wait_for_end(run_id) for run_id in ids)
    assert (first.state, second.state) == (State.FINISHED, State.FINISHED)
    assert (first.visitor, second.visitor) == ("ada", "grace")
    assert first.heartbeat.pid != second.heartbeat.pid
    assert first.path != second.path
    assert read_curves(first.folder).epochs["epoch"] == [1, 2]
    assert read_curves(second.folder).epochs["epoch"] == [1, 2, 3]
    assert read_curves(first.folder).batches != read_curves(second.folder).batches


def test_a_stop_is_heeded_within_a_second(backend):
    run_id = submit(backend, **LONG)
    wait_for_point(run_id)
    begun = time.monotonic()
    backend.stop(run_id)
    assert runs.read(run_id).stopping
    run = wait_for_end(run_id, 10)
    assert time.monotonic() - begun < 3  # a second, on an idle machine
    assert run.state is State.STOPPED
    assert run.reason == "Stopped on request."
    wait_until(lambda: not alive(run.heartbeat.pid), 5, "end of the worker process")
    backend.stop(run_id)  # once more changes nothing
    assert runs.read(run_id).result == run.result


def test_a_full_house_queues_and_a_queued_run_can_be_stopped(backend):
    running = [submit(backend, "ada", **LONG) for _ in range(2)]
    wait_until(lambda: backend.engine().running == 2, START, "two runs at work")
    ada, grace = submit(backend, "ada"), submit(backend, "grace")
    assert backend.engine().queued == 2
    assert (backend.position(grace), backend.position(ada)) == (0, 1)
    assert backend.position(running[0]) is None and backend.position("no-such-run") is None
    backend.stop(ada)
    run = wait_for_end(ada, 5)
    assert run.state is State.STOPPED
    assert run.reason == "Stopped before it started."
    assert run.heartbeat is None
    assert backend.position(ada) is None
    assert backend.engine().running == 2
    # A place becomes free, and goes to who waits.
    backend.stop(running[0])
    assert wait_for_end(grace).state is State.FINISHED
    assert state(running[1]) is State.RUNNING


def test_a_killed_worker_is_an_interrupted_run_and_the_next_one_starts(backend):
    run_id = submit(backend, **LONG)
    pid = wait_for_point(run_id).heartbeat.pid
    os.kill(pid, signal.SIGKILL)
    run = wait_for_end(run_id, 5)
    assert run.state is State.INTERRUPTED
    assert read_curves(run.folder).batches["loss"]
    assert wait_for_end(submit(backend)).state is State.FINISHED
    assert state(run_id) is State.INTERRUPTED
    assert backend.engine().problem is None


def test_a_run_that_fails_says_why_and_has_a_log(own_backend, no_cifar10):
    backend = own_backend()
    run_id = submit(backend, architecture="mlp", dataset="cifar-10")
    run = wait_for_end(run_id)
    assert run.state is State.FAILED
    assert run.reason.startswith("CIFAR-10 is not on this machine.")
    assert run.folder.log.exists()
    wait_until(lambda: not backend.engine().running, 10, "a free place")


def test_a_run_is_stopped_while_its_worker_loads(own_backend):
    backend = own_backend()
    run_id = submit(backend)
    wait_until(lambda: backend.engine().running, 10, "a worker")
    begun = time.monotonic()
    backend.stop(run_id)
    run = wait_for_end(run_id, 10)
    assert time.monotonic() - begun < 3
    assert run.state is State.STOPPED


def test_a_worker_that_cannot_start_fails_the_run_after_two_attempts(own_backend, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")  # no Python starts with that
    run_id = submit(own_backend())
    run = wait_for_end(run_id, 30)
    assert run.state is State.FAILED
    assert "workers.log" in run.reason
    assert (settings().home / "workers.log").read_text().count("encodings") >= 2


def test_a_folder_that_cannot_be_written_is_a_problem_that_can_be_mended(own_backend, home):
    home.touch()
    backend = own_backend()
    problem = wait_until(lambda: backend.engine().problem, 10, "a problem")
    assert "Nothing can be trained now" in problem and str(home) in problem
    home.unlink()
    wait_until(lambda: backend.engine().problem is None, 10, "the end of the problem")


def test_two_servers_on_one_folder_train_a_run_once(own_backend):
    """What waits when a server starts goes on; a second server helps, and takes over."""
    waiting = runs.create(small(), "ada")
    first = own_backend()
    wait_until(lambda: first.engine().running, 10, "the run that was waiting")
    second = own_backend()
    asked_there = submit(second)
    results = [wait_for_end(run_id) for run_id in (waiting, asked_there)]
    assert [run.state for run in results] == [State.FINISHED] * 2
    pids = [run.heartbeat.pid for run in results]
    for run in results:
        assert read_curves(run.folder).epochs["epoch"] == [1]
    first.close()
    assert wait_for_end(submit(second)).state is State.FINISHED
    # The second server is in charge now, and leaves alone what the first one has trained.
    wait_until(lambda: not second.engine().running, 60, "end of all workers")
    for run, pid in zip(results, pids, strict=True):
        again = runs.read(run.id)
        assert (again.result, again.heartbeat.pid) == (run.result, pid)
        assert read_curves(run.folder).epochs["epoch"] == [1]
    assert second.engine().queued == 0


SERVER = """
import sys, time
from core.jobs import backend
backend()
print("started", flush=True)
time.sleep(600)
"""


def test_workers_end_when_their_server_is_killed(home):
    running, waiting = (runs.create(small(**LONG), "ada") for _ in range(2))
    environment = os.environ | {"ATELIER_WORKERS": "1", "ATELIER_WARM_SPARE": "1"}
    with subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, env=environment) as server:
        try:
            pid = wait_for_point(running).heartbeat.pid
            wait_until(lambda: len(children(server.pid)) == 2, 30, "a worker and a spare")
            workers = children(server.pid)
        finally:
            server.kill()
    assert pid in workers
    wait_until(lambda: not any(alive(worker) for worker in workers), 30, "end of the workers")
    # At once, or where nobody takes leave of orphans, when the heartbeat is stale.
    wait_until(lambda: state(running) is State.INTERRUPTED, 15, "an interrupted run")
    assert state(waiting) is State.QUEUED


def children(pid):
    """Return the processes that a process has started."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def test_one_backend_a_process(monkeypatch, home):
    monkeypatch.setattr(jobs, "_backend", None)
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    settings.cache_clear()
    first = jobs.backend()
    try:
        assert jobs.backend() is first
    finally:
        first.close()
