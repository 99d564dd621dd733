"""Run folders made by hand, by accident or in bad faith: a sentence, no harm, nobody waits.

Pipes are the worst of them: whoever opens one waits for the other end, for ever.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from core import architectures, runs
from core.errors import AtelierError, RunDamaged, RunNotFound
from core.processes.identity import HOST, OWN_START, start_time
from core.runs import Heartbeat, State, read_curves
from core.runs.checkpoint import read_checkpoint

RECIPE = architectures.find("basic-cnn").recipe.changed(epochs=1)
CONFIG = runs.TrainingConfig("fashion-mnist", "basic-cnn", RECIPE, limit=300)


@pytest.fixture(autouse=True)
def nobody_waits():
    """End a test that waits for a pipe: an alarm interrupts even that."""

    def ring(*_):
        raise TimeoutError("something waits for ever")

    if sys.platform == "win32":  # which has neither such pipes nor alarms
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def secret(tmp_path):
    """Return a file outside that no link may lead to."""
    path = tmp_path / "secret.json"
    path.write_text('{"password": "swordfish"}', encoding="utf-8")
    return path


@pytest.fixture
def folder():
    return runs.folder_of(runs.create(CONFIG, "ada", group="c"))


def use(run_id):
    """Do all that a page does with a run, and return what people would read."""
    said = []
    run = runs.read(run_id)
    said.append(run.reason or "")
    said.append(run.name or "")
    for action in (
        lambda: read_curves(run.folder),
        lambda: read_checkpoint(run.folder.checkpoint),
        lambda: runs.read_evaluation(run.folder.evaluation, 10_000, 10),
        lambda: runs.request_pause(run_id),
        lambda: runs.annotate(run_id, name="Mine"),
        lambda: runs.request_stop(run_id),
        lambda: runs.resume(run_id),
    ):
        try:
            said.append(repr(action()))
        except AtelierError as error:
            assert str(error).endswith(".") and len(str(error)) < 400
            said.append(str(error))
    return said


FILES = (
    "config.json",
    "heartbeat",
    "batches.jsonl",
    "epochs.jsonl",
    "result.json",
    "notes.json",
    "same.json",
    "stretches.json",
    "snapshots.jsonl",
    "checkpoint.npz",
    "evaluation.npz",
    "stop",
    "pause",
    "lock",
)


def pipe(path, secret):
    os.mkfifo(path)


def link(path, secret):
    path.symlink_to(secret)


def dangling_link(path, secret):
    path.symlink_to("/nonexistent/file")


def loop(path, secret):
    path.symlink_to(path)


def directory(path, secret):
    path.mkdir()
    (path / "file").touch()


def large(path, secret):
    path.write_bytes(b'{"a": "' + b"x" * 10_000_000 + b'"}\n')


def deep(path, secret):
    path.write_bytes(b"[" * 500_000 + b"\n")


def nulls(path, secret):
    path.write_bytes(b"\0" * 4096)


PIPES = () if sys.platform == "win32" else (pipe,)  # Windows has none in folders
KINDS = (*PIPES, link, dangling_link, loop, directory, large, deep, nulls)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_none(folder, secret, kind, name):
    other = runs.create(CONFIG, "grace")
    path = folder.path / name
    path.unlink(missing_ok=True)
    kind(path, secret)
    begun = time.monotonic()
    said = use(folder.path.name)
    assert {run.id for run in runs.list_runs()} == {folder.path.name, other}
    assert runs.read(other).state is State.QUEUED
    assert time.monotonic() - begun < 10
    assert not any("swordfish" in text for text in said)
    assert secret.read_text(encoding="utf-8") == '{"password": "swordfish"}'


@pytest.mark.parametrize("name", ["config.json", "heartbeat", "result.json", "same.json"])
@pytest.mark.parametrize("kind", [*PIPES, link, dangling_link, loop, directory, large, deep, nulls])
def test_what_the_state_needs_is_damage_if_it_is_no_plain_file(folder, secret, kind, name):
    path = folder.path / name
    path.unlink(missing_ok=True)
    kind(path, secret)
    run = runs.read(folder.path.name)
    assert run.state is State.DAMAGED
    assert name in run.reason and run.reason.endswith(".")


@pytest.mark.parametrize("kind", [*PIPES, directory, deep, nulls])
def test_a_training_ends_though_a_file_is_none(folder, secret, kind):
    """Each in a process of its own, as it would wait with all its threads."""
    for name in ("batches.jsonl", "epochs.jsonl", "checkpoint.npz"):
        kind(folder.path / name, secret)
    program = "import sys; from core.training.lifecycle import train_run; train_run(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", program, folder.path.name], timeout=50, capture_output=True
    )
    run = runs.read(folder.path.name)
    assert run.state is State.FAILED, run
    assert run.reason.endswith(".")


def test_a_link_to_a_folder_is_no_run(home, folder, tmp_path):
    outside = tmp_path / "outside"
    folder.path.rename(outside)
    (home / "runs" / "linked").symlink_to(outside)
    (home / "runs" / "root").symlink_to("/")
    (home / "runs" / "itself").symlink_to(home / "runs" / "itself")
    for make in PIPES:
        make(home / "runs" / "pipe", None)
    assert runs.list_runs() == []
    for run_id in ("linked", "root", "itself", "pipe"):
        with pytest.raises(RunNotFound):
            runs.read(run_id)
        with pytest.raises(RunNotFound):
            runs.delete(run_id)
    assert (outside / "config.json").exists()


def test_a_deleted_run_that_is_a_link_takes_nothing_with_it(home, secret):
    (home / "runs").mkdir(parents=True)
    target = secret.parent / "photos"
    target.mkdir()
    (target / "photo.jpg").touch()
    link = home / "runs" / ".deleted-x"
    link.symlink_to(target)
    os.utime(link, (1, 1), follow_symlinks=False)
    runs.purge_deleted()
    assert (target / "photo.jpg").exists()
    with pytest.raises(RunNotFound):
        runs.restore("x")


def test_a_folder_called_bundled_is_not_the_bundled_run(folder):
    folder.path.rename(folder.path.with_name(runs.BUNDLED))
    assert runs.list_runs() == []


@pytest.mark.parametrize(
    "run_id",
    [
        "../x",
        "..%2fx",
        "%2e%2e",
        "%2e%2e%2fx",
        ".",
        "..",
        "./x",
        "x/",
        "/",
        "//x",
        "\\..\\x",
        "x\0",
        "x\n",
        "x" * 81,
        "x" * 1_000_000,
        "‥/x",
        "x/../x",
        ".deleted-x",
        "~",
        "$HOME",
    ],
)
def test_an_id_reaches_nothing_but_a_run(home, run_id):
    for path in (home / "runs" / "y", home / "x", home / "runs" / ".deleted-x"):
        path.mkdir(parents=True)
        (path / "config.json").write_text("{}", encoding="utf-8")
    before = sorted(home.rglob("*"))
    for use in (
        runs.read,
        runs.request_stop,
        runs.request_pause,
        runs.resume,
        runs.delete,
        runs.restore,
        runs.annotate,
    ):
        with pytest.raises(RunNotFound) as caught:
            use(run_id)
        assert len(str(caught.value)) < 400
    assert sorted(home.rglob("*")) == before


@pytest.fixture
def bystander():
    """A process that belongs to nobody here, and notes each signal that it gets."""
    program = (
        "import signal, sys\n"
        "for number in set(signal.valid_signals()) - {9, 19}:\n"
        "    signal.signal(number, lambda number, _: print(number, flush=True))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.poll() is None, "it was killed"
        assert process.communicate()[0] == "", "it was signalled"


def test_a_heartbeat_that_names_another_process_signals_nobody(folder, bystander):
    for started in (None, 0, 1, start_time(bystander.pid) + 1):
        folder.write_heartbeat(Heartbeat(bystander.pid, HOST, started=started))
        assert runs.read(folder.path.name).state is State.INTERRUPTED
        use(folder.path.name)


@pytest.mark.parametrize("pid", [0, 1, -1, -(10**30), 10**30, 2**31, 2**64, True])
@pytest.mark.parametrize("started", [None, 0, pytest.param(OWN_START, id="our start")])
def test_a_heartbeat_of_no_process_of_ours_is_interrupted(folder, pid, started):
    folder.heartbeat.write_text(
        json.dumps(asdict(Heartbeat(pid, HOST, started=started))), encoding="utf-8"
    )
    assert runs.read(folder.path.name).state is State.INTERRUPTED
    use(folder.path.name)


def test_a_start_time_that_is_right_by_chance_keeps_nobody_from_reading(folder, bystander):
    """Even then nothing is signalled: a stop is a file, and a process reads it or does not."""
    beat = Heartbeat(bystander.pid, HOST, started=start_time(bystander.pid))
    folder.write_heartbeat(beat)
    assert runs.read(folder.path.name).state is State.RUNNING
    runs.request_stop(folder.path.name)
    runs.request_pause(folder.path.name)


@pytest.mark.parametrize("line", ['{"epoch": 1e999}', '{"epoch": 1' + "0" * 400 + "}", "[[]]"])
def test_curves_that_are_none_are_a_sentence_or_empty(folder, line):
    folder.batches.write_text(line + "\n", encoding="utf-8")
    try:
        assert read_curves(folder).batches["epoch"] == [None]
    except RunDamaged as error:
        assert "batches.jsonl" in str(error)
