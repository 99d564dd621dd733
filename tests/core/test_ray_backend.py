"""The Ray backend on a real cluster of a head and two nodes, all on this machine's loopback.

Skipped where Ray is not installed (``pip install -r requirements-cluster.txt``). With
``pytest -s`` what happens is printed with times. Ray's client server
listens on the machine's own address whatever it is told; to keep even that inside:
``unshare --net sh -c 'ip link set lo up; python -m pytest tests/core/test_ray_backend.py'``.
"""

import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support import small, wait_until

from core import jobs, runs
from core.jobs.ray import RayBackend
from core.processes.identity import start_time
from core.runs import State, read_curves
from core.settings import Settings, forget_settings

START = 300  # seconds until a task trains: Ray starts a process, which loads TensorFlow
LONG = {"epochs": 500, "limit": 6000}

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install -r requirements-cluster.txt",
)


class Node:
    """A machine of the cluster: processes of our own, on the loopback address."""

    def __init__(self, output, *arguments):
        """Start it and wait until it has: two that start at once take the same socket's name."""
        with output.open("ab") as file:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "ray.scripts.scripts", "start", *arguments),
                    *("--node-ip-address=127.0.0.1", "--disable-usage-stats", "--block"),
                ],
                stdout=file,
                stderr=file,
                # Half a minute is not enough on a machine that does other things too.
                env=os.environ | {"RAY_raylet_start_wait_time_s": "240"},
                start_new_session=True,
            )
        try:
            wait_until(
                lambda: "Ray runtime started" in output.read_text(encoding="utf-8"), START, "a node"
            )
        except AssertionError as error:
            self.kill()
            raise AssertionError(output.read_text(encoding="utf-8")) from error

    def processes(self):
        """Return (number, start time) of all processes of this node."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append((pid, start_time(pid)))
            for file in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    waiting += [int(child) for child in file.read_text(encoding="utf-8").split()]
                except OSError:
                    continue  # that thread has ended
        return found

    def kill(self):
        """End the node as a power cut would."""
        for pid, started in self.processes():
            if started is not None and start_time(pid) == started:
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Cluster:
    """A head that trains nothing, and nodes with a place for one run each."""

    def __init__(self):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets need short paths
        self.nodes = []
        self.head = self.start(
            *("--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false"),
            f"--temp-dir={self.folder}",
        )
        self.nodes = [self.add_node(), self.add_node()]

    def start(self, *arguments):
        return Node(Path(self.folder) / f"start-{time.monotonic_ns()}.log", *arguments)

    def add_node(self):
        return self.start(f"--address={self.address}", "--num-cpus=1")

    def close(self):
        for node in [*self.nodes, self.head]:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def server(cluster, tmp_path_factory):
    """A backend on the cluster, for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("server")))
        patch.setenv("RAY_ADDRESS", cluster.address)
        # One thread a run, whatever this machine has, so that a node has a place for one.
        patch.setenv("ATELIER_WORKERS", "64")
        backend = RayBackend(Settings.from_environment(os.environ))
        try:
            wait_until(lambda: backend.engine().workers == 2, START, "two nodes")
            note("two nodes are connected")
            yield backend
        finally:
            backend.close()


@pytest.fixture
def backend(server, monkeypatch):
    monkeypatch.setenv("ATELIER_HOME", str(server._settings.home))
    forget_settings()
    yield server
    for run in runs.list_runs():
        server.stop(run.id)
    wait_until(lambda: not any(run.state.active for run in runs.list_runs()), 30, "end of all runs")
    wait_until(lambda: not server.engine().running, 30, "end of all tasks")


BEGUN = time.monotonic()


def note(text):
    """Print what happens, and when: to be seen with ``pytest -s``."""
    sys.stdout.write(f"{time.monotonic() - BEGUN:7.1f} s  {text}\n")


def submit(backend, visitor="ada", group="", **changes):
    run_id = runs.create(small(**changes), visitor, group=group)
    backend.submit(run_id)
    return run_id


def state(run_id):
    return runs.read(run_id).state


def wait_for_epochs(run_id, count, seconds=START):
    folder = runs.folder_of(run_id)
    wait_until(lambda: len(read_curves(folder).epochs["epoch"]) >= count, seconds, "epochs")
    return runs.read(run_id)


def node_of(cluster, run_id):
    """Return the node that trains a run."""
    pid = runs.read(run_id).heartbeat.pid
    return next(node for node in cluster.nodes if pid in dict(node.processes()))


@needs_ray
def test_runs_spread_over_the_nodes_and_come_to_their_end(backend, cluster):
    first, second = submit(backend, "ada", **LONG), submit(backend, "grace", **LONG)
    third = submit(backend, "mary", epochs=2)
    for run_id in (first, second):
        wait_for_epochs(run_id, 1)
    note("two runs train at the same time, a third one waits")
    nodes = [node_of(cluster, run_id) for run_id in (first, second)]
    assert nodes[0] is not nodes[1]
    assert backend.position(third) == 0 and state(third) is State.QUEUED
    assert backend.wait(third) > 0
    backend.stop(first)
    wait_until(lambda: state(first) is State.STOPPED, 10, "the stop")
    wait_until(lambda: state(third) is State.FINISHED, START, "the end of the third")
    note("the first was stopped, and the third came to its end in its place")
    assert runs.read(third).result.test_accuracy > 0.3
    assert read_curves(runs.folder_of(third)).epochs["epoch"] == [1, 2]
    assert "core" not in {run.reason for run in runs.list_runs()}
    assert backend.engine().problem is None


@needs_ray
def test_a_stop_and_a_pause_are_heeded_and_a_paused_run_goes_on(backend):
    run_id = submit(backend, **LONG)
    wait_for_epochs(run_id, 1)
    begun = time.monotonic()
    backend.pause(run_id)
    wait_until(lambda: state(run_id) is State.PAUSED, 15, "the pause")
    note(f"a run was paused within {time.monotonic() - begun:.1f} s")
    before = read_curves(runs.folder_of(run_id)).batches["epoch"][-1]
    backend.resume(run_id)
    wait_for_epochs(run_id, int(before) + 2)
    begun = time.monotonic()
    backend.stop(run_id)
    wait_until(lambda: state(run_id) is State.STOPPED, 10, "the stop")
    note(f"it went on from its checkpoint, and was stopped within {time.monotonic() - begun:.1f} s")
    epochs = read_curves(runs.folder_of(run_id)).epochs["epoch"]
    assert epochs == list(range(1, len(epochs) + 1))


@needs_ray
def test_a_run_whose_node_dies_goes_on_elsewhere_from_its_checkpoint(backend, cluster):
    run_id = submit(backend, **LONG)
    wait_for_epochs(run_id, 3)
    node = node_of(cluster, run_id)
    done = len(read_curves(runs.folder_of(run_id)).epochs["epoch"])
    node.kill()
    begun = time.monotonic()
    note(f"the node that trains is killed after {done} epochs")
    wait_until(lambda: state(run_id) is not State.RUNNING, 60, "the end of its process is seen")
    wait_until(lambda: state(run_id) is State.RUNNING, START, "the run goes on")
    note(f"its run goes on elsewhere {time.monotonic() - begun:.1f} s later, by itself")
    wait_for_epochs(run_id, done + 3)
    other = node_of(cluster, run_id)
    assert other is not node
    curves = read_curves(runs.folder_of(run_id))
    epochs = curves.epochs["epoch"]
    assert epochs == list(range(1, len(epochs) + 1))  # none missing, none twice
    points = curves.batches["epoch"]
    assert points == sorted(set(points))
    assert max(b - a for a, b in itertools.pairwise(points)) <= 1.0
    note(f"{len(epochs)} epochs by now, each of them once")
    cluster.nodes.remove(node)
    cluster.nodes.append(cluster.add_node())
    wait_until(lambda: backend.engine().workers == 2, START, "a new node")
    note("a new node has joined")


@needs_ray
def test_equal_runs_of_a_class_take_one_place_and_survive_a_stop_of_the_first(backend):
    same = [submit(backend, f"student-{i}", "c", **LONG) for i in range(5)]
    wait_for_epochs(same[0], 2)
    wait_until(lambda: {state(run_id) for run_id in same} == {State.RUNNING}, 10, "all run")
    assert backend.engine().running == 1 and backend.companions(same[4]) == 4
    note("five equal runs take one place of the cluster")
    backend.stop(same[0])
    wait_until(lambda: state(same[0]) is State.STOPPED, 10, "the stop")
    done = len(read_curves(runs.folder_of(same[0])).epochs["epoch"])
    wait_until(
        lambda: len(read_curves(runs.read(same[4]).folder).epochs["epoch"]) > done, START, "more"
    )
    note("the first was stopped, and the four others train on")
    assert backend.engine().running == 1 and backend.companions(same[4]) == 3
    epochs = read_curves(runs.read(same[4]).folder).epochs["epoch"]
    assert epochs == list(range(1, len(epochs) + 1))


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch, home):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    backend = RayBackend(Settings.from_environment(os.environ))
    try:
        submit(backend)
        problem = wait_until(lambda: backend.engine().problem, 10, "a problem")
    finally:
        backend.close()
    assert "requirements-cluster.txt" in problem


@needs_ray
def test_a_cluster_that_is_not_there_is_a_problem_and_the_queue_waits(monkeypatch, home):
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    backend = RayBackend(Settings.from_environment(os.environ))
    try:
        run_id = submit(backend)
        problem = wait_until(lambda: backend.engine().problem, 120, "a problem")
    finally:
        backend.close()
    assert address in problem and "cannot be reached" in problem
    assert state(run_id) is State.QUEUED


def test_ray_is_not_loaded_unless_it_is_asked_for():
    code = "import sys; from core import jobs; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert jobs.LocalBackend is not None
