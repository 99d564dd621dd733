import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest
from support import small

from core import runs
from core.errors import RunNotFound, SettingsError
from core.processes.identity import start_time
from core.runs import Heartbeat, Result, RunFolder, State
from core.runs.reading import STALE_AFTER
from core.runs.records import BUNDLED_FOLDERS
from core.settings import forget_settings, settings

HOST = socket.gethostname()
HERE = Heartbeat(os.getpid(), HOST, "training", 1.5, 9000.0, 3.0, 6.0, start_time(os.getpid()))
ELSEWHERE = replace(HERE, host="elsewhere")


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
    forget_settings()
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


bundled = pytest.mark.parametrize(
    "run_id",
    [
        pytest.param(
            run_id,
            marks=pytest.mark.skipif(
                not (folder / "config.json").exists(), reason="this model is not trained yet"
            ),
        )
        for run_id, folder in BUNDLED_FOLDERS.items()
    ],
)


@bundled
def test_a_bundled_run(run_id):
    run = runs.read(run_id)
    assert run.state is State.FINISHED
    assert run.path == BUNDLED_FOLDERS[run_id]
    assert run.result.test_accuracy > 0.92
    runs.request_stop(run_id)
    assert not run.folder.stop.exists()


def test_bundled_runs_have_a_list_of_their_own(home, folder):
    listed = runs.list_bundled()
    assert [run.id for run in listed] == [runs.BUNDLED, runs.BUNDLED_ACCURATE]
    assert all(runs.is_bundled(run.id) for run in listed)
    assert [run.id for run in runs.list_runs()] == [folder.path.name]
    assert not runs.is_bundled(folder.path.name) and not runs.is_bundled(["bundled"])


@pytest.mark.parametrize("run_id", BUNDLED_FOLDERS)
def test_a_folder_made_by_hand_is_no_bundled_run(home, folder, run_id):
    folder.path.rename(folder.path.with_name(run_id))
    assert runs.list_runs() == []
    assert runs.folder_of(run_id).path == BUNDLED_FOLDERS[run_id]


# States


def test_a_fresh_heartbeat_of_a_living_process_is_running(folder):
    folder.write_heartbeat(HERE)
    run = runs.read(folder.path.name)
    assert run.state is State.RUNNING and run.state.active
    assert run.heartbeat == HERE


def test_a_dead_process_is_interrupted_at_once(folder, dead_pid):
    folder.write_heartbeat(Heartbeat(dead_pid, HOST, started=1))
    run = runs.read(folder.path.name)
    assert run.state is State.INTERRUPTED and not run.state.active
    assert "Resume it" in run.reason and run.resumable


def test_on_this_machine_the_process_decides_however_old_its_heartbeat_is(folder):
    """A worker that computes, or a machine that slept, is not dead."""
    folder.write_heartbeat(HERE)
    make_old(folder.heartbeat, 3600)
    assert state(folder) is State.RUNNING


@pytest.mark.parametrize(
    "started", [None, 0, pytest.param(HERE.started + 1, id="a moment later"), 10**30]
)
def test_a_process_that_started_at_another_time_is_another_process(folder, started):
    folder.write_heartbeat(replace(HERE, started=started))
    assert state(folder) is State.INTERRUPTED


class Clocks:
    """The time of day, which may jump, and the clock that only goes on, both set by hand."""

    def __init__(self, monkeypatch):
        self.day, self.steady = time.time(), time.monotonic()
        monkeypatch.setattr(time, "time", lambda: self.day)
        monkeypatch.setattr(time, "time_ns", lambda: int(self.day * 1e9))
        monkeypatch.setattr(time, "monotonic", lambda: self.steady)

    def go_on(self, seconds):
        self.day += seconds
        self.steady += seconds

    def beat(self, folder):
        """Write a heartbeat of another machine, whose clock is this one's."""
        folder.write_heartbeat(ELSEWHERE)
        os.utime(folder.heartbeat, (self.day, self.day))


@pytest.fixture
def clocks(monkeypatch):
    return Clocks(monkeypatch)


def test_of_another_machine_the_heartbeat_has_to_change(folder, clocks):
    for _ in range(3):
        clocks.beat(folder)
        assert state(folder) is State.RUNNING
        clocks.go_on(STALE_AFTER - 1)
        assert state(folder) is State.RUNNING
    clocks.go_on(2)
    assert state(folder) is State.INTERRUPTED
    clocks.beat(folder)  # it was only slow
    assert state(folder) is State.RUNNING


def test_a_heartbeat_that_is_old_at_the_first_look_is_no_sign_of_life(folder, clocks):
    clocks.beat(folder)
    clocks.go_on(STALE_AFTER + 1)
    assert state(folder) is State.INTERRUPTED


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_clock_that_jumps_ends_no_run_and_keeps_none_alive(folder, clocks, jump):
    clocks.beat(folder)
    assert state(folder) is State.RUNNING
    clocks.day += jump
    assert state(folder) is State.RUNNING
    clocks.beat(folder)
    assert state(folder) is State.RUNNING
    clocks.go_on(STALE_AFTER - 1)
    assert state(folder) is State.RUNNING
    clocks.day -= 2 * jump
    clocks.go_on(2)
    assert state(folder) is State.INTERRUPTED


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_clock_that_jumps_before_the_first_look_is_believed_for_ten_seconds_at_most(
    folder, clocks, jump
):
    clocks.beat(folder)
    clocks.day += jump
    state(folder)
    clocks.go_on(0.5)
    clocks.beat(folder)  # a living worker is seen at its next beat
    assert state(folder) is State.RUNNING
    clocks.go_on(STALE_AFTER + 1)  # and a dead one within that time
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
    folder.result.write_text(
        json.dumps(asdict(Result(State.FINISHED, epochs=2)) | {"new": [1]}), encoding="utf-8"
    )
    folder.heartbeat.write_text(json.dumps(asdict(HERE) | {"new": {}}), encoding="utf-8")
    assert runs.read(folder.path.name).result.epochs == 2


# Damage


def change_config(**changes):
    def damage(folder):
        folder.config.write_text(
            json.dumps(json.loads(folder.config.read_text(encoding="utf-8")) | changes),
            encoding="utf-8",
        )

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
    "unknown layer": change_config(config=CONFIG | {"architecture": "stack1:c3.<b>.f"}),
    "too many layers": change_config(config=CONFIG | {"architecture": "stack1:" + "a." * 9_999}),
    "layers that do not fit": change_config(config=CONFIG | {"architecture": "stack1:p8.p8.f"}),
    "wrong recipe": change_config(config=CONFIG | {"recipe": {"epochs": -1}}),
    "huge seed": change_config(config=CONFIG | {"seed": 10**400}),
    "created at no time": change_config(created="yesterday"),
    "created is null": change_config(created=None),
    "created too late": change_config(created=10**400),
    "created after all calendars": change_config(created=1e12),
    "created before all time": change_config(created=-1e12),
    "created is not a number": change_config(created=float("nan")),
    "result of garbage": write("result.json", b"\x00\x01"),
    "empty result": write("result.json", b""),
    "result is a number": write("result.json", b"7"),
    "result is a folder": make_folder("result.json"),
    "result without state": write("result.json", b"{}"),
    "result of unknown state": result(state="great"),
    "result that has not ended": result(state="running"),
    "result of wrong types": result(epochs="three"),
    "result with a list": result(test_accuracy=[1]),
    "result that is not a number": result(test_accuracy=float("nan")),
    "result beyond all numbers": result(test_loss=10**400),
    "reason is no text": result(reason=7),
    "heartbeat of garbage": write("heartbeat", b"beep"),
    "empty heartbeat": write("heartbeat", b""),
    "heartbeat is a folder": make_folder("heartbeat"),
    "heartbeat without process": write("heartbeat", b'{"host": "a"}'),
    "heartbeat of wrong types": beat(epoch="two"),
    "heartbeat beyond all numbers": beat(seconds=10**400),
    "process is text": beat(pid="1"),
    "start of the process is text": beat(started="1"),
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
    os.utime(folder.path, (1, 1))  # long ago: what was read of it may be remembered
    assert state(folder) is State.DAMAGED
    folder.config.write_bytes(content)
    assert state(folder) is State.QUEUED


# Pause and resume


def waiting(folder):
    pass


def running(folder):
    folder.write_heartbeat(HERE)


def cut_off(folder):
    folder.write_heartbeat(replace(HERE, started=1))


def paused(folder):
    folder.pause.touch()
    cut_off(folder)


def ended(state, *, checkpoint=False):
    def end(folder):
        cut_off(folder)
        folder.write_result(Result(state, "Because."))
        if checkpoint:
            folder.checkpoint.touch()

    return end


@pytest.mark.parametrize(
    "happened",
    [
        cut_off,
        paused,
        ended(State.STOPPED),
        ended(State.FAILED, checkpoint=True),
    ],
)
def test_what_did_not_come_to_its_end_can_be_resumed(folder, happened):
    happened(folder)
    folder.stop.touch()
    assert runs.read(folder.path.name).resumable
    runs.resume(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.state is State.QUEUED and not run.stopping and not run.resumable
    assert (run.result, run.heartbeat) == (None, None)


@pytest.mark.parametrize(
    ("happened", "word"),
    [
        (waiting, "queued"),
        (running, "running"),
        (ended(State.FINISHED, checkpoint=True), "finished"),
        (ended(State.FAILED), "failed"),
        (change_config(config=None), "damaged"),
    ],
)
def test_what_cannot_go_on_is_not_resumed(folder, happened, word):
    happened(folder)
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    with pytest.raises(SettingsError, match=f"cannot continue: it is {word}"):
        runs.resume(folder.path.name)
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


@bundled
def test_a_bundled_run_stays_as_it_is(run_id):
    for change in (
        runs.resume,
        runs.delete,
        lambda run_id: runs.annotate(run_id, name="Mine"),
    ):
        with pytest.raises(SettingsError):
            change(run_id)
    runs.request_pause(run_id)
    assert not RunFolder(BUNDLED_FOLDERS[run_id]).pause.exists()


def test_a_resume_by_this_process_is_not_for_the_queue(folder):
    cut_off(folder)
    runs.resume(folder.path.name, claimed=True)
    run = runs.read(folder.path.name)
    assert run.state is State.RUNNING and run.heartbeat.pid == os.getpid()


def test_a_wish_to_pause(folder):
    running(folder)
    runs.request_pause(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.state is State.RUNNING and run.stopping
    cut_off(folder)
    assert state(folder) is State.PAUSED


def test_a_run_that_waits_is_paused_at_once(folder):
    runs.request_pause(folder.path.name)
    assert state(folder) is State.PAUSED
    runs.resume(folder.path.name)
    assert state(folder) is State.QUEUED


# Notes, deletion


def test_notes_are_kept_and_changed_one_by_one(folder):
    run_id = folder.path.name
    run = runs.read(run_id)
    assert (run.name, run.starred, run.shared) == (None, False, False)
    runs.annotate(run_id, name="Wide", starred=True)
    runs.annotate(run_id, shared=True)
    run = runs.read(run_id)
    assert (run.name, run.starred, run.shared) == ("Wide", True, True)
    runs.annotate(run_id, name="", starred=False)
    run = runs.read(run_id)
    assert (run.name, run.starred, run.shared) == (None, False, True)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("  a \n b\t", "a b"),
        ("x" * 1000, "x" * 60),
        ("x" * 59 + " yz", "x" * 59),
        ("\0\x1b[31m\u202e", "[31m"),
        ("\u200b\n", None),
        ("größer 🙂", "größer 🙂"),
    ],
)
def test_a_name_is_one_line_of_text(folder, asked, shown):
    runs.annotate(folder.path.name, name=asked)
    assert runs.read(folder.path.name).name == shown
    folder.notes.write_text(json.dumps({"name": asked}), encoding="utf-8")  # by hand
    assert runs.read(folder.path.name).name == shown


@pytest.mark.parametrize("content", ["", "[]", "{", '{"name": 7, "starred": 1, "shared": "yes"}'])
def test_notes_that_cannot_be_read_are_none(folder, content):
    folder.notes.write_text(content, encoding="utf-8")
    run = runs.read(folder.path.name)
    assert (run.state, run.name, run.starred, run.shared) == (State.QUEUED, None, False, False)


# The sealed test set

TESTED = Result(State.FINISHED, val_accuracy=0.9, test_accuracy=0.88, test_loss=0.4)


def test_the_test_figures_are_told_once_the_test_set_is_opened(folder):
    run_id = folder.path.name
    folder.write_result(TESTED)
    run = runs.read(run_id)
    assert not run.test_opened
    assert run.told == replace(TESTED, test_accuracy=None, test_loss=None)
    assert run.result == TESTED
    before = time.time()
    assert runs.open_test(run_id, accuracy=0.91, pair=(4, 6))
    run = runs.read(run_id)
    assert run.test_opened and run.told == TESTED
    assert before <= run.opened.at <= time.time()
    assert (run.opened.accuracy, run.opened.pair) == (0.91, (4, 6))


def test_a_test_set_is_opened_once_and_never_closed(folder):
    run_id = folder.path.name
    folder.write_result(TESTED)
    assert runs.open_test(run_id)
    first = runs.read(run_id).opened
    assert (first.accuracy, first.pair) == (None, None)
    assert not runs.open_test(run_id, accuracy=0.88)
    runs.annotate(run_id, name="Mine", starred=False, shared=True)
    run = runs.read(run_id)
    assert run.opened == first and run.name == "Mine"


def test_notes_of_several_at_once_lose_nothing(folder):
    run_id = folder.path.name
    folder.write_result(TESTED)
    changes = [
        lambda: runs.open_test(run_id, accuracy=0.9),
        lambda: runs.annotate(run_id, name="Mine"),
        lambda: runs.annotate(run_id, starred=True),
        lambda: runs.annotate(run_id, shared=True),
    ]
    with ThreadPoolExecutor(len(changes)) as pool:
        for done in [pool.submit(change) for change in changes]:
            done.result()
    run = runs.read(run_id)
    assert (run.name, run.starred, run.shared) == ("Mine", True, True)
    assert run.opened.accuracy == 0.9


@pytest.mark.parametrize(
    "guess",
    [{"accuracy": 1.2}, {"accuracy": float("nan")}, {"pair": (3, 3)}, {"pair": (0, 10)}],
)
def test_a_guess_that_is_none_opens_nothing(folder, guess):
    folder.write_result(TESTED)
    with pytest.raises(SettingsError, match="cannot be used: guess an accuracy from 0 to 1"):
        runs.open_test(folder.path.name, **guess)
    assert not runs.read(folder.path.name).test_opened


def test_a_run_that_has_not_finished_has_nothing_to_open(folder):
    with pytest.raises(SettingsError, match="cannot be opened yet: the run is queued"):
        runs.open_test(folder.path.name)
    assert not folder.notes.exists()


@pytest.mark.parametrize(
    "opened",
    ["yes", True, 1, [], {}, {"at": "now"}, {"at": -1}, {"at": None}, {"at": 1e300}],
)
def test_notes_that_say_nothing_of_an_opening_leave_the_seal(folder, opened):
    folder.write_result(TESTED)
    folder.notes.write_text(json.dumps({"name": "Mine", "opened": opened}), encoding="utf-8")
    run = runs.read(folder.path.name)
    assert not run.test_opened and run.told.test_accuracy is None
    assert runs.open_test(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.test_opened and run.name == "Mine"


@pytest.mark.parametrize("accuracy", ["0.9", 7, -0.1, [], float("nan"), 10**400])
@pytest.mark.parametrize(
    "pair", ["46", [4], [4, 4], [4, 10], [-1, 4], [4, 6.0], [True, 4], {"0": 4}, [[4], [6]]]
)
def test_a_guess_that_is_nonsense_is_none(folder, accuracy, pair):
    folder.write_result(TESTED)
    notes = {"opened": {"at": 1.0, "accuracy": accuracy, "pair": pair}}
    folder.notes.write_text(json.dumps(notes), encoding="utf-8")
    assert runs.read(folder.path.name).opened == runs.Opening(1.0)


def test_runs_of_the_command_line_are_open(folder):
    run_id = runs.create(small(), runs.COMMAND_LINE)
    runs.folder_of(run_id).write_result(TESTED)
    assert runs.read(run_id).told == TESTED
    assert not runs.open_test(run_id)
    assert not runs.folder_of(run_id).notes.exists()


def test_a_deletion_can_be_undone(folder):
    run_id = folder.path.name
    ended(State.FINISHED)(folder)
    before = runs.read(run_id)
    runs.delete(run_id)
    assert runs.list_runs() == []
    with pytest.raises(RunNotFound):
        runs.read(run_id)
    runs.purge_deleted()
    runs.restore(run_id)
    assert runs.read(run_id) == before


def test_a_deletion_is_for_good_after_ten_minutes(folder, home):
    run_id = folder.path.name
    ended(State.FINISHED)(folder)
    other = runs.create(small(), "grace")
    runs.delete(run_id)
    make_old(home / "runs" / f".deleted-{run_id}", 601)
    runs.purge_deleted()
    assert [path.name for path in (home / "runs").iterdir()] == [other]
    with pytest.raises(RunNotFound, match="gone for good"):
        runs.restore(run_id)


@pytest.mark.parametrize("happened", [waiting, running])
def test_an_active_run_is_not_deleted(folder, happened):
    happened(folder)
    with pytest.raises(SettingsError, match="Stop it first"):
        runs.delete(folder.path.name)
    assert folder.config.exists()


def test_a_damaged_run_can_be_deleted(folder):
    folder.config.write_text("{", encoding="utf-8")
    runs.delete(folder.path.name)
    assert runs.list_runs() == []


@pytest.mark.parametrize("run_id", ["", "../x", "no-such-run", "%2e%2e", "a" * 5000, None, 7])
def test_nothing_is_done_to_what_is_no_run(home, run_id):
    (home / "runs").mkdir(parents=True)
    (home / "x").mkdir()
    for use in (runs.delete, runs.restore, runs.resume, runs.request_pause, runs.annotate):
        with pytest.raises(RunNotFound):
            use(run_id)
    assert (home / "x").is_dir()


def test_thousands_of_runs_are_listed_in_no_time(home):
    """The first look reads them all; those after it only look whether anything changed."""
    first = runs.create(small(), "ada")
    config = runs.folder_of(first).config.read_bytes()
    for number in range(2000):
        folder = home / "runs" / f"run-{number}"
        folder.mkdir()
        (folder / "config.json").write_bytes(config)
        os.utime(folder, (1, 1))
    assert len(runs.list_runs()) == 2001
    begun = time.process_time()
    assert len(runs.list_runs()) == 2001
    assert time.process_time() - begun < 0.5  # 0.02 s on an idle machine
