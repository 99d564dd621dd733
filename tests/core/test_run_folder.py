import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict

import pytest
from support import small

from core import runs
from core.errors import RunNotFound, SettingsError
from core.runs import BUNDLED, Heartbeat, Result, State
from core.runs.folder import BUNDLED_FOLDER, STALE_AFTER
from core.runs.process import start_time
from core.settings import settings

HOST = socket.gethostname()
HERE = Heartbeat(os.getpid(), HOST, "training", 1.5, 9000.0, 3.0, 6.0, start_time(os.getpid()))


@pytest.fixture
def folder():
    """Return the folder of a run that waits."""
    return runs.folder_of(runs.create(small(), "ada"))


def state(folder):
    return runs.read(folder.path.name).state


def make_old(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture(scope="module")
def dead_pid():
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


# Making, reading, listing


def test_what_was_created_can_be_read():
    before = time.time()
    config = small(seed=7, limit=3000)
    run = runs.read(runs.create(config, "ada"))
    assert run.state is State.QUEUED and run.state.active
    assert run.config == config
    assert run.visitor == "ada"
    assert before <= run.created <= time.time()
    assert (run.reason, run.heartbeat, run.result, run.stopping) == (None, None, None, False)
    assert run.path == settings().runs / run.id
    assert [path.name for path in run.path.iterdir()] == ["config.json"]


def test_a_claimed_run_is_not_for_the_queue():
    run = runs.read(runs.create(small(), "ada", claimed=True))
    assert run.state is State.RUNNING
    assert run.heartbeat.pid == os.getpid()


def test_ids_are_many_and_name_the_architecture():
    ids = {runs.create(small(), "ada") for _ in range(20)}
    assert len(ids) == 20
    assert all("-basic-cnn-" in run_id for run_id in ids)


def test_runs_are_listed_newest_first_and_only_runs():
    ids = [runs.create(small(), "ada") for _ in range(3)]
    for name in (".new-half-made", "Not a run"):
        (settings().runs / name).mkdir()
    (settings().runs / "a-file").touch()
    assert [run.id for run in runs.list_runs()] == ids[::-1]


def test_no_folder_means_no_runs(home):
    assert not home.exists()
    assert runs.list_runs() == []


def test_a_home_below_a_file_is_refused_with_a_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "file" / "home"))
    settings.cache_clear()
    with pytest.raises(SettingsError, match=r"could not be saved in .*/file/home/runs: .* ATELIER"):
        runs.create(small(), "ada")
    assert runs.list_runs() == []


def test_a_deleted_run_is_gone(folder):
    folder.config.unlink()
    folder.path.rmdir()
    with pytest.raises(RunNotFound):
        runs.read(folder.path.name)
    assert runs.list_runs() == []


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        ".",
        "..",
        "../x",
        "../../etc",
        "/etc",
        "a/../b",
        "a" * 81,
        "a" * 5000,
        "a\0b",
        "a\n",
        "A",
        "é",
        "-a",
        ".new-x",
        "%2e%2e",
        "no-such-run",
        None,
        7,
        [],
    ],
)
def test_an_id_that_no_run_has(home, run_id):
    (home / "runs").mkdir(parents=True)
    (home / "x").mkdir()  # what '../x' would reach
    for use in (runs.folder_of, runs.read, runs.request_stop):
        with pytest.raises(RunNotFound) as caught:
            use(run_id)
        assert len(str(caught.value)) < 400
    assert list((home / "x").iterdir()) == []


def test_a_link_out_of_the_folder_is_not_followed_by_its_name(home, folder):
    with pytest.raises(RunNotFound):
        runs.folder_of(f"../runs/{folder.path.name}")


def test_the_bundled_run():
    if not (BUNDLED_FOLDER / "config.json").exists():
        pytest.skip("the bundled model is not trained yet")
    run = runs.read(BUNDLED)
    assert run.state is State.FINISHED
    assert run.path == BUNDLED_FOLDER
    assert run.result.test_accuracy > 0.92
    runs.request_stop(BUNDLED)
    assert not run.folder.stop.exists()


# States


def test_a_fresh_heartbeat_of_a_living_process_is_running(folder):
    folder.write_heartbeat(HERE)
    run = runs.read(folder.path.name)
    assert run.state is State.RUNNING and run.state.active
    assert run.heartbeat == HERE


def test_a_dead_process_is_interrupted_at_once(folder, dead_pid):
    folder.write_heartbeat(Heartbeat(dead_pid, HOST))
    run = runs.read(folder.path.name)
    assert run.state is State.INTERRUPTED and not run.state.active
    assert "Start it again" in run.reason


def test_of_another_machine_only_the_age_of_the_heartbeat_is_known(folder, dead_pid):
    folder.write_heartbeat(Heartbeat(dead_pid, "elsewhere"))
    assert state(folder) is State.RUNNING
    make_old(folder.heartbeat, STALE_AFTER - 3)
    assert state(folder) is State.RUNNING
    make_old(folder.heartbeat, STALE_AFTER + 1)
    assert state(folder) is State.INTERRUPTED


def test_a_stale_heartbeat_is_interrupted_though_its_process_number_lives(folder):
    """The number may belong to another process by now."""
    folder.write_heartbeat(HERE)
    make_old(folder.heartbeat, STALE_AFTER + 1)
    assert state(folder) is State.INTERRUPTED


@pytest.mark.parametrize("end", [State.FINISHED, State.STOPPED, State.FAILED])
def test_a_result_ends_a_run(folder, end, dead_pid):
    folder.write_heartbeat(Heartbeat(dead_pid, HOST))
    result = Result(end, "Because.", epochs=3, val_accuracy=0.5, test_loss=float("nan"))
    folder.write_result(result)
    run = runs.read(folder.path.name)
    assert run.state is end and not run.state.active
    assert run.reason == "Because."
    assert run.result.epochs == 3 and run.result.val_accuracy == 0.5
    assert run.result.test_loss is None


def test_a_result_is_the_truth_even_for_a_run_without_heartbeat(folder):
    folder.write_result(Result(State.STOPPED, "Stopped before it started."))
    assert state(folder) is State.STOPPED


def test_a_result_with_the_time_zero_counts():
    """Archives and image builders set file times to 1970."""
    folder = runs.folder_of(runs.create(small(), "ada"))
    folder.write_result(Result(State.FINISHED))
    os.utime(folder.result, (0, 0))
    assert state(folder) is State.FINISHED


def test_a_wish_to_stop(folder):
    runs.request_stop(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.state is State.QUEUED and run.stopping
    folder.write_heartbeat(HERE)
    assert runs.read(folder.path.name).stopping
    folder.write_result(Result(State.STOPPED))
    assert not runs.read(folder.path.name).stopping


def test_what_has_ended_is_not_asked_to_stop(folder):
    folder.write_result(Result(State.FINISHED))
    runs.request_stop(folder.path.name)
    assert not folder.stop.exists()


def test_results_of_a_later_version_are_read(folder):
    folder.result.write_text(json.dumps(asdict(Result(State.FINISHED, epochs=2)) | {"new": [1]}))
    folder.heartbeat.write_text(json.dumps(asdict(HERE) | {"new": {}}))
    assert runs.read(folder.path.name).result.epochs == 2


# Damage


def change_config(**changes):
    def damage(folder):
        folder.config.write_text(json.dumps(json.loads(folder.config.read_text()) | changes))

    return damage


def write(name, content):
    def damage(folder):
        (folder.path / name).write_bytes(content)

    return damage


def make_folder(name):
    def damage(folder):
        (folder.path / name).unlink(missing_ok=True)
        (folder.path / name).mkdir()

    return damage


def beat(**changes):
    return write("heartbeat", json.dumps(asdict(HERE) | changes).encode())


def result(**changes):
    return write("result.json", json.dumps({"state": "finished"} | changes).encode())


CONFIG = small().to_dict()
DAMAGE = {
    "no config": lambda folder: folder.config.unlink(),
    "config of garbage": write("config.json", b"{{{"),
    "config of bytes": write("config.json", b"\xff\xfe\x00"),
    "empty config": write("config.json", b""),
    "config without end": write("config.json", b"[" * 100_000),
    "config is a list": write("config.json", b"[]"),
    "config is a folder": make_folder("config.json"),
    "config without config": write("config.json", b"{}"),
    "config with a wrong type": change_config(config=[1]),
    "unknown data set": change_config(config=CONFIG | {"dataset": "mnist"}),
    "unknown architecture": change_config(config=CONFIG | {"architecture": "resnet"}),
    "wrong recipe": change_config(config=CONFIG | {"recipe": {"epochs": -1}}),
    "huge seed": change_config(config=CONFIG | {"seed": 10**400}),
    "created at no time": change_config(created="yesterday"),
    "created is null": change_config(created=None),
    "created too late": change_config(created=10**400),
    "result of garbage": write("result.json", b"\x00\x01"),
    "empty result": write("result.json", b""),
    "result is a number": write("result.json", b"7"),
    "result is a folder": make_folder("result.json"),
    "result without state": write("result.json", b"{}"),
    "result of unknown state": result(state="great"),
    "result that has not ended": result(state="running"),
    "result of wrong types": result(epochs="three"),
    "result with a list": result(test_accuracy=[1]),
    "reason is no text": result(reason=7),
    "heartbeat of garbage": write("heartbeat", b"beep"),
    "empty heartbeat": write("heartbeat", b""),
    "heartbeat is a folder": make_folder("heartbeat"),
    "heartbeat without process": write("heartbeat", b'{"host": "a"}'),
    "heartbeat of wrong types": beat(epoch="two"),
    "process is text": beat(pid="1"),
    "process is half a number": beat(pid=1.5),
    "process is not a number": beat(pid=float("nan")),
    "phase is a list": beat(phase=["training"]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_a_state_and_hides_no_other_run(folder, damage):
    other = runs.create(small(), "grace")
    damage(folder)
    run = runs.read(folder.path.name)
    assert run.state is State.DAMAGED and not run.state.active
    assert run.reason.endswith(".")
    assert run.config is None
    assert {each.id for each in runs.list_runs()} == {other, run.id}


def test_the_reason_names_the_file(folder):
    folder.config.unlink()
    assert runs.read(folder.path.name).reason == "The file config.json is missing."


def test_a_run_that_is_mended_is_well_again(folder):
    content = folder.config.read_bytes()
    folder.config.write_bytes(b"{")
    assert state(folder) is State.DAMAGED
    folder.config.write_bytes(content)
    assert state(folder) is State.QUEUED


def test_a_process_number_without_bounds_is_no_error(folder):
    folder.write_heartbeat(Heartbeat(10**30, HOST))
    assert state(folder) in (State.RUNNING, State.INTERRUPTED, State.DAMAGED)
