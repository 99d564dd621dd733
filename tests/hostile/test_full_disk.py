"""A disk that fills up while a run trains, for real: a small file system in memory."""

import contextlib
import dataclasses
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks.kills import worker as worker_process
from core import architectures, runs
from core.errors import SettingsError
from core.runs import State, read_curves
from core.runs.checkpoint import read_checkpoint
from core.settings import forget_settings
from core.training import recorder
from core.training.lifecycle import train_run

VALUES = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
SIZE = 3_000_000  # bytes: room for two checkpoints of 0.65 MB, a model and an evaluation


@pytest.fixture
def disk(tmp_path, monkeypatch, expected):
    """Make a file system of three megabytes the app's home, and return it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"mounting needs root: {mounted.stderr.strip()}")
    monkeypatch.setenv("ATELIER_HOME", str(folder))
    forget_settings()
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Disk:
    """A small disk that can be filled to the last byte, and emptied."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filler = path / "filler"

    def fill(self, leave=0):
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 4096, 1):
                while self.free > leave + size and file.write(b"x" * size) == size:
                    pass

    def empty(self):
        self.filler.unlink()

    @property
    def free(self):
        return shutil.disk_usage(self.path).free


EPOCHS = 8


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)


RECIPE = architectures.find("basic-cnn").recipe.changed(epochs=EPOCHS, batch_size=100)
CONFIG = runs.TrainingConfig("fashion-mnist", "basic-cnn", RECIPE, limit=300)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Return the epochs of an uninterrupted run on a disk with room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("roomy")))
        forget_settings()
        run_id = runs.create(CONFIG, "ada")
        train_run(run_id)
        return read_curves(runs.folder_of(run_id)).epochs


def train_and_fill(run_id, disk, epoch, leave):
    """Train a run, and fill the disk after so many epochs."""
    real = recorder.Recorder.epoch

    def fill(recorder, event):
        real(recorder, event)
        if event.epoch == epoch:
            disk.fill(leave)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder.Recorder, "epoch", fill)
        train_run(run_id)


@pytest.mark.parametrize(
    ("epoch", "leave", "tensorboard"),
    [
        pytest.param(3, 0, False, id="a point"),
        pytest.param(3, 0, True, id="an event file"),
        pytest.param(3, 20_000, False, id="a checkpoint, at once"),
        pytest.param(3, 300_000, False, id="a checkpoint, half-way"),
        pytest.param(EPOCHS, 100_000, False, id="the model"),
        pytest.param(EPOCHS, 300_000, False, id="the evaluation"),
    ],
)
def test_a_run_on_a_full_disk_ends_with_a_sentence_and_goes_on_later(
    disk, expected, epoch, leave, tensorboard
):
    """Whatever is the first file that finds no room."""
    other = runs.create(CONFIG, "grace")
    run_id = runs.create(dataclasses.replace(CONFIG, tensorboard=tensorboard), "ada")
    folder = runs.folder_of(run_id)
    train_and_fill(run_id, disk, epoch, leave)
    run = runs.read(run_id)
    assert run.state is State.FAILED and run.resumable, run
    assert "No space left on device" in run.reason and "resume the run" in run.reason
    assert run.result.epochs >= epoch
    # The checkpoint of the last complete epoch is whole, nothing else is half, nobody is hidden.
    progress = read_checkpoint(folder.checkpoint).progress
    curves = read_curves(folder)
    assert progress.epoch >= curves.epochs["epoch"][-1] >= epoch
    assert not list(folder.path.glob(".*"))
    assert {each.id: each.state for each in runs.list_runs()} == {
        run_id: State.FAILED,
        other: State.QUEUED,
    }
    # A resume while the disk is still full changes nothing for the worse.
    disk.fill()
    runs.resume(run_id)
    with contextlib.suppress(SettingsError):  # there may be no room for a result
        train_run(run_id)
    assert runs.read(run_id).state in (State.FAILED, State.QUEUED)
    assert read_checkpoint(folder.checkpoint).progress.epoch >= progress.epoch

    disk.empty()
    if runs.read(run_id).state is State.FAILED:
        runs.resume(run_id)
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FINISHED, run.reason
    curves = read_curves(folder)
    assert curves.batches["epoch"] == sorted(set(curves.batches["epoch"]))
    for name in VALUES:
        assert curves.epochs[name] == expected[name]


def test_a_worker_process_whose_disk_another_one_fills_says_so(disk):
    """Its log is on that disk too, and the disk never has a byte to spare again."""
    long = dataclasses.replace(CONFIG, recipe=RECIPE.changed(epochs=500))
    run_id = runs.create(long, "ada")
    folder = runs.folder_of(run_id)
    with worker_process(run_id):
        wait_until(lambda: len(read_curves(folder).epochs["epoch"]) >= 2, 120, "two epochs")
        wait_until(lambda: disk.fill() or not runs.read(run_id).state.active, 15, "the end")
    run = runs.read(run_id)
    assert run.state in (State.FAILED, State.INTERRUPTED) and run.resumable, run
    if run.state is State.FAILED:
        assert "No space left on device" in run.reason
    curves = read_curves(folder)
    assert read_checkpoint(folder.checkpoint).progress.epoch >= curves.epochs["epoch"][-1] >= 2
    disk.empty()
    runs.resume(run_id)
    with worker_process(run_id):
        done = len(curves.epochs["epoch"])
        wait_until(lambda: len(read_curves(folder).epochs["epoch"]) > done + 1, 120, "more epochs")
    epochs = read_curves(folder).epochs["epoch"]
    assert epochs == list(range(1, len(epochs) + 1))
