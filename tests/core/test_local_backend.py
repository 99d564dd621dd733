"""The local backend with real worker processes, each in a folder of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest
from support import small, wait_until

from core import jobs, runs
from core.errors import SettingsError
from core.jobs import LocalBackend
from core.processes.identity import start_time
from core.runs import State, read_curves
from core.runs.files import append_line
from core.settings import ROOT, Settings, forget_settings, settings

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
    forget_settings()
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

    def point_or_end():
        return read_curves(folder).batches["loss"] or not state(run_id).active

    wait_until(point_or_end, seconds, f"a point of {run_id}")
    run = runs.read(run_id)
    assert read_curves(folder).batches["loss"], why_ended(run)
    return run


def why_ended(run):
    """Return the run's reason and what its processes wrote, which a failure must not take along."""
    logs = [settings().home / "workers.log", run.folder.log]
    written = "\n".join(
        f"{log.name}: {log.read_text(encoding='utf-8')}" for log in logs if log.exists()
    )
    return f"{run.state}: {run.reason}\n{written}"


def wait_for_spare(backend):
    wait_until(lambda: backend.engine().warm, START, "a warm spare")


def test_a_backend_without_spares_does_not_say_that_one_is_warming_up(home, monkeypatch):
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    forget_settings()
    server = LocalBackend(settings())
    try:
        assert server.engine().warm is None
    finally:
        server.close()


def alive(pid):
    """Tell whether a process works; one that only waits for its parent to notice does not."""
    return start_time(pid) is not None


def test_a_run_goes_from_the_queue_to_its_end(backend):
    wait_for_spare(backend)
    run_id = submit(backend, epochs=2)
    engine = backend.engine()  # read once: the run may start between two looks
    assert engine.queued + engine.running == 1
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
    psutil.Process(pid).kill()
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
    assert (settings().home / "workers.log").read_text(encoding="utf-8").count("encodings") >= 2


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
    wait_until(lambda: second.engine().running, START, "word of it at the second server")
    assert [first.engine().elsewhere, second.engine().elsewhere] == [False, True]
    results = [wait_for_end(run_id) for run_id in (waiting, asked_there)]
    assert [run.state for run in results] == [State.FINISHED] * 2
    pids = [run.heartbeat.pid for run in results]
    for run in results:
        assert read_curves(run.folder).epochs["epoch"] == [1]
    for server in (first, second):
        wait_until(lambda server=server: not server.engine().running, 60, "end of all workers")
    first.close()
    assert wait_for_end(submit(second)).state is State.FINISHED
    # The second server is in charge now, and leaves alone what the first one has trained.
    wait_until(lambda: not second.engine().running, 60, "end of all workers")
    for run, pid in zip(results, pids, strict=True):
        again = runs.read(run.id)
        assert (again.result, again.heartbeat.pid) == (run.result, pid)
        assert read_curves(run.folder).epochs["epoch"] == [1]
    assert second.engine().queued == 0


def test_a_running_run_pauses_and_goes_on_from_where_it_was(backend):
    run_id = submit(backend, epochs=40, limit=4000)
    folder = runs.folder_of(run_id)
    wait_until(lambda: len(read_curves(folder).epochs["epoch"]) >= 2, START, "two epochs")
    pid = runs.read(run_id).heartbeat.pid
    backend.pause(run_id)
    assert runs.read(run_id).stopping
    wait_until(lambda: state(run_id) is State.PAUSED, 15, "the pause")
    assert not folder.result.exists() and folder.checkpoint.exists()
    # Its last sign of life comes just before its end, which a busy machine may put off.
    wait_until(lambda: not alive(pid), 5, "end of the worker process")
    backend.resume(run_id)
    run = wait_for_end(run_id)
    assert run.state is State.FINISHED, run.reason
    assert run.heartbeat.pid != pid
    assert read_curves(folder).epochs["epoch"] == list(range(1, 41))


def test_a_paused_run_can_be_stopped_and_keeps_what_it_has(own_backend):
    backend = own_backend()
    run_id = runs.create(small(), "ada")
    runs.request_pause(run_id)
    point = {"loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6, "seconds": 2.0}
    append_line(runs.folder_of(run_id).epochs, {"epoch": 1} | point)
    assert runs.read(run_id).state is State.PAUSED
    backend.stop(run_id)
    run = runs.read(run_id)
    assert run.state is State.STOPPED
    assert (run.result.epochs, run.result.val_accuracy) == (1, 0.6)


def test_a_run_is_paused_while_its_worker_loads(own_backend):
    backend = own_backend()
    run_id = submit(backend)
    wait_until(lambda: backend.engine().running, 10, "a worker")
    backend.pause(run_id)
    wait_until(lambda: not backend.engine().running, 5, "a free place")
    assert state(run_id) is State.PAUSED
    backend.resume(run_id)
    assert wait_for_end(run_id).state is State.FINISHED


def test_a_worker_that_does_not_heed_a_pause_is_ended(own_backend, monkeypatch):
    monkeypatch.setattr(LocalBackend, "pause_grace", 1.0)
    backend = own_backend()
    run_id = submit(backend, **LONG)
    pid = wait_for_point(run_id).heartbeat.pid
    psutil.Process(pid).suspend()  # it can do nothing from now on
    backend.pause(run_id)
    wait_until(lambda: state(run_id) is State.PAUSED, 10, "the pause")
    wait_until(lambda: not alive(pid), 5, "the end of the worker")
    wait_until(lambda: not backend.engine().running, 5, "a free place")


def test_a_worker_that_cannot_answer_a_stop_is_ended(own_backend):
    backend = own_backend()
    run_id = submit(backend, **LONG)
    pid = wait_for_point(run_id).heartbeat.pid
    psutil.Process(pid).suspend()
    backend.stop(run_id)
    run = wait_for_end(run_id, 10)
    assert (run.state, run.reason) == (State.STOPPED, "Stopped on request.")
    wait_until(lambda: not alive(pid), 5, "the end of the worker")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_what_is_put_into_the_folder_by_hand_blocks_nothing(own_backend, home):
    """Folders that are no runs, links, pipes and huge files: none stops the queue."""
    folder = home / "runs"
    folder.mkdir(parents=True)
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "file").write_text("no run", encoding="utf-8")
    (folder / "loop").symlink_to(folder)
    (folder / "secret").symlink_to("/etc")
    for name in ("config-is-a-pipe", "config-is-a-link", "config-is-huge", "config-is-a-folder"):
        (folder / name).mkdir()
    os.mkfifo(folder / "config-is-a-pipe" / "config.json")
    (folder / "config-is-a-link" / "config.json").symlink_to("/etc/passwd")
    (folder / "config-is-a-folder" / "config.json").mkdir()
    with (folder / "config-is-huge" / "config.json").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    copied = folder / "copied-by-hand"
    good = runs.create(small(), "ada")
    shutil.copytree(folder / good, copied)
    os.mkfifo(copied / "worker.log.pipe")
    hostile = runs.create(small(), "ada")
    os.mkfifo(folder / hostile / "heartbeat")
    backend = own_backend()
    assert wait_for_end(good).state is State.FINISHED
    assert wait_for_end("copied-by-hand").state is State.FINISHED
    assert state(hostile) is State.DAMAGED
    states = {run.id: run.state for run in runs.list_runs()}
    assert all(state is State.DAMAGED for name, state in states.items() if "config-is" in name)
    assert not {"pipe", "file", "loop", "secret"} & states.keys()
    assert backend.engine().problem is None


def test_a_full_disk_is_a_problem_that_can_be_mended(monkeypatch, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(volume)]
    if not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        monkeypatch.setenv("ATELIER_HOME", str(volume))
        forget_settings()
        first, second = (runs.create(small(), "ada") for _ in range(2))
        filler = volume / "filler"
        with filler.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        environment = os.environ | {"ATELIER_WARM_SPARE": "0", "ATELIER_WORKERS": "1"}
        backend = LocalBackend(Settings.from_environment(environment))
        try:
            problem = wait_until(lambda: backend.engine().problem, 10, "a problem")
            assert "No space left on device" in problem and "free some space" in problem
            assert state(first) is State.QUEUED and backend.engine().queued == 2
            with pytest.raises(SettingsError, match="space"):
                runs.create(small(), "ada")
            filler.unlink()
            wait_until(lambda: backend.engine().problem is None, 10, "the end of the problem")
            assert wait_for_end(first).state is State.FINISHED
            assert wait_for_end(second).state is State.FINISHED
        finally:
            backend.close()
    finally:
        subprocess.run(["umount", "-l", str(volume)])


def test_deleted_runs_are_purged(own_backend, home):
    run_id = runs.create(small(), "ada")
    runs.request_pause(run_id)
    runs.delete(run_id)
    deleted = next((home / "runs").glob(".deleted-*"))
    os.utime(deleted, (0, 0))
    own_backend()
    wait_until(lambda: not deleted.exists(), 10, "the purge")


def test_a_closing_server_lets_its_workers_save_a_checkpoint(own_backend):
    backend = own_backend()
    run_id = submit(backend, **LONG)
    waiting = submit(backend)
    run = wait_for_point(run_id)
    backend.close()
    assert not alive(run.heartbeat.pid)
    assert state(run_id) is State.INTERRUPTED and state(waiting) is State.QUEUED
    assert run.folder.checkpoint.exists()  # in the middle of an epoch
    assert run.folder.result.exists() is False


SERVER = """
import signal, sys, time
from core.jobs import backend
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
backend()
print("started", flush=True)
time.sleep(600)
"""


def start_server():
    environment = os.environ | {"ATELIER_WORKERS": "1", "ATELIER_WARM_SPARE": "0"}
    return subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, env=environment)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows asks no process to end, it ends it")
def test_a_server_that_is_told_to_end_leaves_a_checkpoint_and_no_process(home):
    run_id = runs.create(small(**LONG), "ada")
    with start_server() as server:
        pid = wait_for_point(run_id).heartbeat.pid
        server.terminate()
        assert server.wait(15) == 0
    assert not alive(pid)
    assert state(run_id) is State.INTERRUPTED
    assert runs.folder_of(run_id).checkpoint.exists()


def test_after_a_killed_server_the_queue_goes_on_in_order(home, own_backend):
    cut_off, first, second = (runs.create(small(**changes), "ada") for changes in (LONG, {}, {}))
    with start_server() as server:
        wait_for_point(cut_off)
        server.kill()
    wait_until(lambda: state(cut_off) is State.INTERRUPTED, 30, "an interrupted run")
    backend = own_backend()
    wait_until(lambda: backend.engine().running + backend.engine().queued == 2, 10, "the queue")
    ended = [wait_for_end(run_id) for run_id in (first, second)]
    assert [run.state for run in ended] == [State.FINISHED] * 2
    times = [run.folder.result.stat().st_mtime for run in ended]
    assert times == sorted(times)
    assert state(cut_off) is State.INTERRUPTED  # a person decides whether it goes on
    backend.resume(cut_off)
    wait_until(lambda: state(cut_off) is State.RUNNING, START, "it goes on")


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
    return [each.pid for each in psutil.Process(pid).children()]


def test_one_backend_a_process(monkeypatch, home):
    before = jobs.use(None)
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    forget_settings()
    first = jobs.backend()
    try:
        assert jobs.backend() is first
    finally:
        first.close()
        jobs.use(before)
