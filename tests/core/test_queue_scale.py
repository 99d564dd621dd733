"""A queue of ten thousand runs, with the real supervisor over real folders."""

import json
import os
import time

import pytest
from support import small, wait_until

from core import runs
from core.jobs import LocalBackend
from core.jobs.queue import order
from core.jobs.scan import SETTLED, Scan
from core.settings import Settings, forget_settings

COUNT = 10_000
VISITORS = 30


def write_runs(folder, count, visitors=VISITORS):
    """Write that many queued runs, as fast as the disk takes them; return their ids."""
    folder.mkdir(parents=True, exist_ok=True)
    config = small().to_dict()
    ids = []
    for number in range(count):
        run_id = f"20260101-000000-basic-cnn-{number:06}"
        path = folder / run_id
        path.mkdir()
        # The first visitor asks for half of all.
        visitor = f"v{number % visitors if number % 2 else 0:02}"
        text = json.dumps({"config": config, "visitor": visitor, "created": 1e9 + number})
        (path / "config.json").write_text(text, encoding="utf-8")
        ids.append(run_id)
    return ids


class Queueing(LocalBackend):
    """The real backend without a place, so that the queue stays as it is."""

    def _capacity(self):
        return 0


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Ten thousand queued runs, and the ids in the order of their folders."""
    home = tmp_path_factory.mktemp("crowd")
    return home, write_runs(home / "runs", COUNT)


@pytest.fixture
def backend(crowd, monkeypatch):
    monkeypatch.setenv("ATELIER_HOME", str(crowd[0]))
    forget_settings()
    environment = os.environ | {"ATELIER_WARM_SPARE": "0", "ATELIER_WORKERS": "1"}
    backend = Queueing(Settings.from_environment(environment))
    wait_until(lambda: backend.engine().queued == COUNT, 60, "the queue is read")
    yield backend
    backend.close()


def seconds(call, times=5):
    """Return the shortest of some times on the processor, whatever else the machine does."""
    taken = []
    for _ in range(times):
        begun = time.thread_time()
        call()
        taken.append(time.thread_time() - begun)
    return min(taken)


def test_ten_thousand_runs_wait_in_a_fair_order_and_nothing_is_slow(backend, crowd):
    ids = crowd[1]
    everyone = runs.list_runs()
    expected = order(everyone, [])
    places = {run.id: place for place, run in enumerate(expected)}
    assert all(backend.position(run_id) == places[run_id] for run_id in ids)
    # The first run of every visitor goes ahead of anybody's second one.
    visitors = {run.visitor for run in everyone}
    assert {run.visitor for run in expected[: len(visitors)]} == visitors
    assert seconds(lambda: [backend.position(ids[-1]) for _ in range(1000)]) < 0.05
    assert seconds(backend.engine) < 0.01
    assert seconds(runs.list_runs) < 0.5
    assert seconds(lambda: order(everyone, [])) < 0.5
    assert seconds(lambda: backend.wait(ids[-1]), times=2) < 0.5
    assert backend.wait(expected[0].id) == 0
    assert backend.wait(expected[1].id) > 0
    assert backend.wait(expected[-1].id) > backend.wait(expected[-2].id)


def test_one_more_is_submitted_and_stopped_at_once(backend):
    begun = time.thread_time()
    run_id = runs.create(small(), "newcomer")
    backend.submit(run_id)
    place = backend.position(run_id)
    assert time.thread_time() - begun < 0.5
    assert place == len({run.visitor for run in runs.list_runs()}) - 1  # before all second runs
    backend.stop(run_id)
    wait_until(lambda: runs.read(run_id).state is runs.State.STOPPED, 2, "the stop")
    assert backend.position(run_id) is None
    runs.delete(run_id)


def test_what_others_do_to_the_folder_is_found_within_seconds(backend, crowd):
    ids = crowd[1]
    folder = runs.folder_of(ids[0])
    runs.request_pause(ids[0])  # as another server would, without a word to this one
    wait_until(lambda: backend.position(ids[0]) is None, 5, "the pause is found")
    assert backend.engine().queued == COUNT - 1
    folder.pause.unlink()
    wait_until(lambda: backend.position(ids[0]) == 0, 5, "the run is back")
    moved = folder.path.rename(folder.path.parent.parent / "elsewhere")
    wait_until(lambda: backend.position(ids[0]) is None, 5, "the removal is found")
    moved.rename(folder.path)
    wait_until(lambda: backend.position(ids[0]) == 0, 5, "the run is back")


def test_an_idle_supervisor_leaves_the_cores_to_others(backend):
    time.sleep(1)
    begun, before = time.monotonic(), time.process_time()
    time.sleep(4)
    share = (time.process_time() - before) / (time.monotonic() - begun)
    assert share < 0.2  # of one core, all threads of this process together


def test_a_scan_costs_little(crowd):
    scan = Scan(crowd[0] / "runs")
    newest = max(path.stat().st_mtime for path in (crowd[0] / "runs").iterdir())
    changed, gone = scan.look()
    assert sorted(changed) == crowd[1] and gone == []
    time.sleep(max(0.0, SETTLED / 1e9 - (time.time() - newest)))
    scan.look()
    assert scan.look() == ([], [])
    assert seconds(scan.look) < 0.3
