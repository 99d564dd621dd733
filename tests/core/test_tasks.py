"""Background tasks with real processes: most of them a small program without TensorFlow."""

import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from support import wait_until

from core import runs
from core.errors import ModelUnavailable, RunDamaged, SettingsError
from core.processes.identity import start_time
from core.runs.analysis import analysis_file, read_analysis, stamp_of, write_analysis
from core.settings import ROOT, settings
from core.tasks import pool as tasks

SLOW = "tests.core.slow_task"


@pytest.fixture(autouse=True)
def table(monkeypatch):
    """The tasks of this test alone, done by a slow program."""
    monkeypatch.setattr(tasks, "PROGRAM", SLOW)
    table = tasks.Tasks()
    before = tasks.use(table)
    yield table
    tasks.close()
    wait_until(lambda: not table.busy, 10, "the end of all processes")
    tasks.use(before)


@pytest.fixture
def run(trained):
    return trained


def end(kind, run, seconds=30):
    active = ("waiting", "working")
    wait_until(lambda: tasks.look(kind, run).phase not in active, seconds, f"the end of {kind}")
    return tasks.look(kind, run)


def working(kind, run):
    wait_until(lambda: tasks.look(kind, run).share > 0, 30, f"a sign of {kind}")


def go(run):
    analysis_file("any", run).with_name("go").touch()


def test_a_task_comes_to_its_result(run):
    assert tasks.look("quick", run) == tasks.TaskState("none")
    assert tasks.result("quick", run) is None
    tasks.start("quick", run, "ada")
    assert tasks.look("quick", run).phase == "working"
    assert end("quick", run).phase == "done"
    path = tasks.result("quick", run)
    assert path == settings().home / "analysis" / run.id / "quick.npz"
    assert read_analysis(path, ["answer"])["answer"].tolist() == [0, 1, 2]
    changed = path.stat().st_mtime_ns
    tasks.start("quick", run, "ben")  # it is there: nothing is done twice
    assert tasks.look("quick", run).phase == "done"
    assert path.stat().st_mtime_ns == changed


def test_visitors_who_want_the_same_share_it_and_others_wait_in_order(run):
    for visitor in ("ada", "ben", "eve"):
        tasks.start("wait-a", run, visitor)
    tasks.start("wait-b", run, "ben")
    tasks.start("wait-c", run, "eve")
    working("wait-a", run)
    state = tasks.look("wait-a", run)
    assert (state.phase, state.share, state.visitor) == ("working", 0.25, "ada")
    assert 0 < state.seconds_left < 100
    assert [tasks.look(kind, run).position for kind in ("wait-b", "wait-c")] == [0, 1]
    tasks.stop("wait-b", run)
    assert tasks.look("wait-b", run).phase == "stopped"
    assert tasks.look("wait-c", run).position == 0
    go(run)
    assert end("wait-a", run).phase == end("wait-c", run).phase == "done"
    assert tasks.result("wait-b", run) is None


def test_a_task_is_stopped_within_a_second_and_can_be_started_again(run, table):
    tasks.start("wait", run, "ada")
    working("wait", run)
    process = table.known[analysis_file("wait", run)].process
    began = time.monotonic()
    tasks.stop("wait", run)
    assert tasks.look("wait", run).phase == "stopped"
    wait_until(lambda: start_time(process.pid) is None, 1, "the end of the process")
    assert time.monotonic() - began < 1
    go(run)
    tasks.start("wait", run, "ada")
    assert end("wait", run).phase == "done"
    tasks.stop("wait", run)  # too late: nothing happens
    assert tasks.look("wait", run).phase == "done"


def test_one_visitor_cannot_fill_the_queue(run):
    for number in range(tasks.MOST_OF_ONE):
        tasks.start(f"wait-{number}", run, "ada")
    with pytest.raises(SettingsError, match="the most for one visitor"):
        tasks.start("wait-more", run, "ada")
    assert tasks.look("wait-more", run).phase == "none"
    tasks.start("wait-more", run, "ben")


def test_a_full_queue_says_so(run, monkeypatch):
    monkeypatch.setattr(tasks, "MOST_WAITING", 2)
    for number in range(3):
        tasks.start(f"wait-{number}", run, f"visitor {number}")
    with pytest.raises(SettingsError, match="2 calculations are waiting already"):
        tasks.start("wait-more", run, "ada")


def test_a_run_without_a_network_has_no_tasks(run):
    run.folder.model.unlink()
    with pytest.raises(ModelUnavailable, match="has no trained network"):
        tasks.start("quick", run, "ada")
    assert tasks.look("quick", run).phase == "none"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fail", "The images are gone. Put them back."),
        ("die", "The process ended before it was done"),
        ("nothing", "The run's network changed"),
    ],
)
def test_what_fails_says_why_and_can_be_tried_again(run, kind, reason):
    for _ in range(2):
        tasks.start(kind, run, "ada")
        state = end(kind, run)
        assert state.phase == "failed"
        assert state.reason.startswith(reason)
        assert tasks.result(kind, run) is None


def test_what_the_program_should_not_say_is_not_heard(run):
    tasks.start("babble", run, "ada")
    assert end("babble", run).phase == "done"


def test_a_task_that_takes_too_much_memory_or_time_ends(run, monkeypatch):
    monkeypatch.setattr(tasks, "MOST_MEMORY", 300_000_000)
    tasks.start("eat", run, "ada")
    assert "this server allows a calculation 300 MB" in end("eat", run).reason
    monkeypatch.setattr(tasks, "MOST_SECONDS", 0.6)
    tasks.start("wait", run, "ada")
    assert end("wait", run).reason.startswith("It took longer than 0.01 minutes")


def test_a_worker_that_is_killed_fails_and_leaves_no_half_file(run, table):
    tasks.start("wait", run, "ada")
    working("wait", run)
    process = table.known[analysis_file("wait", run)].process
    analysis_file("wait", run).with_name(f".{process.pid}-1-wait.npz").write_bytes(b"half")
    psutil.Process(process.pid).kill()
    assert end("wait", run).phase == "failed"
    wait_until(lambda: not table.busy, 5, "the end")
    assert [file.name for file in analysis_file("wait", run).parent.iterdir()] == ["wait.pid"]


def test_no_process_outlives_a_server_that_is_killed(run, home):
    code = (
        "import time; from core import runs; from core.tasks import pool as tasks\n"
        f"tasks.PROGRAM = {SLOW!r}; tasks.start('wait', runs.read({run.id!r}), 'ada')\n"
        "time.sleep(60)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        file = analysis_file("wait", run).with_name("wait.pid")
        wait_until(lambda: file.exists() and file.read_text(encoding="utf-8"), 30, "the worker")
        pid = int(file.read_text(encoding="utf-8"))
        assert start_time(pid) is not None
    finally:
        server.kill()
        server.wait()
    wait_until(lambda: start_time(pid) is None, 5, "the end of the worker")


def test_a_result_of_another_network_is_not_taken(run):
    tasks.start("quick", run, "ada")
    end("quick", run)
    model = run.folder.model
    content = model.read_bytes()
    model.write_bytes(content + b" ")
    assert tasks.result("quick", run) is None
    assert tasks.look("quick", run).phase == "none"
    model.write_bytes(content)
    os.utime(model)  # a copy of the folder is of another time: only the content counts
    assert tasks.result("quick", run) is not None


@pytest.mark.parametrize("damage", ["cut", "empty", "pickle", "no stamp", "link"])
def test_a_damaged_result_is_none_and_is_made_again(run, tmp_path, damage):
    path = analysis_file("quick", run)
    write_analysis(path, {"answer": np.arange(1000)}, stamp_of(run))
    assert tasks.result("quick", run) == path
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "pickle":
        np.savez(path, answer=np.array([{}]), stamp=np.array(stamp_of(run)))
    elif damage == "no stamp":
        np.savez(path, answer=np.arange(3))
    else:
        path.rename(tmp_path / "elsewhere.npz")
        path.symlink_to(tmp_path / "elsewhere.npz")
    assert tasks.result("quick", run) is None
    with pytest.raises(RunDamaged, match=r"quick\.npz cannot be read\. Delete it"):
        read_analysis(path, ["other"])
    tasks.start("quick", run, "ada")
    assert end("quick", run).phase == "done"


def test_a_folder_that_cannot_be_written_is_a_reason(run, home):
    (home / "analysis").write_text("in the way", encoding="utf-8")
    tasks.start("quick", run, "ada")
    state = end("quick", run)
    assert state.phase == "failed"
    assert state.reason.startswith("The calculation could not be started: ")
    (home / "analysis").unlink()
    tasks.start("quick", run, "ada")
    assert end("quick", run).phase == "done"


def test_a_kind_is_no_path(run):
    with pytest.raises(ValueError, match="no kind of analysis"):
        tasks.look("../../etc/passwd", run)


def test_what_was_worked_out_goes_with_the_run(run, home):
    path = analysis_file("quick", run)
    write_analysis(path, {"answer": np.arange(3)}, stamp_of(run))
    bundled = analysis_file("quick", runs.read(runs.BUNDLED))
    write_analysis(bundled, {"answer": np.arange(3)}, "stamp")
    runs.delete(run.id)
    runs.purge_deleted()
    assert path.exists()  # the run can still be brought back
    runs.purge_deleted(older=-1)
    assert not path.parent.exists()
    assert bundled.exists()
