"""A training that was paused or cut off goes on as if nothing had happened, to the last bit."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import small, wait_until

from core import runs
from core.architectures import Augmentation
from core.architectures.recipe import FirstFilters, Optimizer, Schedule
from core.errors import RunDamaged, SettingsError
from core.runs import State, read_curves
from core.runs.checkpoint import Checkpoint, Progress, read_checkpoint, write_checkpoint
from core.training import loop
from core.training.lifecycle import train_run
from core.training.loop import train

VALUES = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


class Killed(Exception):
    """Stands for the end of a process."""


class Listener:
    """Keeps checkpoints in a file; pauses or dies once so many images were seen."""

    def __init__(self, path, pause_at=None, die_at=None):
        self.path, self.pause_at, self.die_at = path, pause_at, die_at
        self.images, self.batches, self.epochs = 0, [], []

    def phase(self, name):
        pass

    def batch(self, event):
        self.images = event.images
        self.batches.append(event)
        if self.die_at is not None and self.images >= self.die_at:
            raise Killed

    def checkpoint(self, make):
        write_checkpoint(self.path, make())

    def epoch(self, event):
        self.epochs.append(event)

    def should_stop(self):
        return self.pause_at is not None and self.images >= self.pause_at

    def time_is_up(self, epoch_seconds):
        return False


def values(epochs):
    return [tuple(getattr(event, name) for name in VALUES) for event in epochs]


CASES = {
    "basic-cnn": small(epochs=4, limit=500),
    "mlp": small("mlp", epochs=4, limit=500, optimizer=Optimizer.MOMENTUM),
    "dropout, one cycle, augmentation": small(
        "two-conv-cnn",
        epochs=4,
        limit=500,
        schedule=Schedule.ONE_CYCLE,
        augmentation=tuple(Augmentation),
    ),
    "batch normalisation, cosine": small(
        "atelier-cnn", epochs=3, limit=200, batch_size=50, schedule=Schedule.COSINE
    ),
    "adamw": small(epochs=4, limit=500, optimizer=Optimizer.ADAMW),
    "rmsprop": small(epochs=4, limit=500, optimizer=Optimizer.RMSPROP),
    "muon, whitening": small(
        "sprint-cnn",
        epochs=4,
        limit=500,
        optimizer=Optimizer.MUON,
        first_filters=FirstFilters.WHITENING,
    ),
    "a network that somebody built": small(
        "stack1:c6.r.c6ln.b90.a.d10.e.p3.f.b.u12.d20", epochs=3, limit=300, batch_size=50
    ),
    "early stopping": small(
        learning_rate=0.01, epochs=30, batch_size=32, limit=400, patience=2, validation=0.25
    ),
}


@pytest.mark.parametrize("config", CASES.values(), ids=CASES)
def test_a_resumed_training_is_the_uninterrupted_one(config, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "EVENT_SECONDS", 0)
    monkeypatch.setattr(loop, "GROUP_SECONDS", 0)  # one step a group: it ends where it is told to
    path, count = tmp_path / "checkpoint.npz", config.training_count
    whole = Listener(tmp_path / "whole.npz")
    expected = train(config, whole)

    paused = Listener(path, pause_at=1.5 * count)
    assert train(config, paused).stopped
    assert read_checkpoint(path).progress.epoch == 1
    assert read_checkpoint(path).progress.step > 0
    killed = Listener(path, die_at=2.5 * count)
    with pytest.raises(Killed):
        train(config, killed, read_checkpoint(path))
    assert read_checkpoint(path).progress.epoch == 2
    rest = Listener(path)
    trained = train(config, rest, read_checkpoint(path))

    assert values([*paused.epochs, *killed.epochs, *rest.epochs]) == values(whole.epochs)
    assert values([trained.best]) == values([expected.best])
    assert trained.epochs == expected.epochs == len(whole.epochs)
    for weights, others in zip(
        trained.model.get_weights(), expected.model.get_weights(), strict=True
    ):
        assert np.array_equal(weights, others)
    # The points go on where the pause was, and after the death where the checkpoint was.
    assert killed.batches[0].images > paused.batches[-1].images
    assert killed.batches[0].seconds > paused.batches[-1].seconds
    first = rest.batches[0].images - 2 * count
    assert 0 < first <= loop.FIRST_GROUP * config.recipe.batch_size


def test_a_resume_of_what_is_complete_trains_no_more(tmp_path):
    """It was cut off while it evaluated."""
    config, path = small(epochs=2, limit=300), tmp_path / "checkpoint.npz"
    trained = train(config, Listener(path))
    again = Listener(path)
    resumed = train(config, again, read_checkpoint(path))
    assert again.batches == again.epochs == []
    assert resumed.epochs == 2 and not resumed.stopped
    assert all(map(np.array_equal, resumed.model.get_weights(), trained.model.get_weights()))


def unfit(checkpoint):
    state = dict(checkpoint.state)
    name = next(iter(sorted(state)))
    yield dataclasses.replace(checkpoint, state={})
    yield dataclasses.replace(checkpoint, state=state | {name: np.zeros((2, 3), np.float32)})
    yield dataclasses.replace(checkpoint, state=state | {name: state[name].astype(np.float64)})
    yield dataclasses.replace(checkpoint, state=state | {"other": np.zeros(1)})
    yield dataclasses.replace(checkpoint, best=[np.zeros(3)])
    yield dataclasses.replace(checkpoint, best=[np.zeros(3)] * 4)
    steps = dataclasses.replace(checkpoint.progress, step=10**6)
    yield dataclasses.replace(checkpoint, progress=steps)


def test_a_checkpoint_of_another_network_is_a_sentence(tmp_path):
    config, path = small(limit=300), tmp_path / "checkpoint.npz"
    train(config, Listener(path))
    for checkpoint in unfit(read_checkpoint(path)):
        with pytest.raises(RunDamaged, match="does not fit the run"):
            train(config, Listener(path), checkpoint)


# The same with run folders


@contextlib.contextmanager
def once(condition, action):
    """Do something as soon as a condition holds, while the body runs."""

    def wait():
        wait_until(condition, 60, "the moment")
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def epochs_of(folder):
    return read_curves(folder).epochs["epoch"]


def train_until(run_id, epochs, request):
    """Train a run, and ask something of it once it has so many epochs."""
    folder = runs.folder_of(run_id)
    with once(lambda: len(epochs_of(folder)) >= epochs, lambda: request(run_id)):
        train_run(run_id)
    return runs.read(run_id)


def summaries(folder):
    """Return {tag: [(step, value), ...]} of a run's event files."""
    found = {}
    for path in sorted(folder.path.glob("events.out.*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_pause_resume_stop_resume_to_the_end():
    config = dataclasses.replace(
        small("two-conv-cnn", epochs=12, limit=500, batch_size=20), tensorboard=True, dropout=0.4
    )
    whole_id = runs.create(config, "ada")
    train_run(whole_id)
    whole = runs.read(whole_id)
    assert whole.state is State.FINISHED, whole.reason

    run_id = runs.create(config, "ada")
    folder = runs.folder_of(run_id)
    paused = train_until(run_id, 3, runs.request_pause)
    assert (paused.state, paused.result) == (State.PAUSED, None)
    assert paused.resumable and not paused.stopping
    points = read_curves(folder).batches
    assert not folder.model.exists()

    runs.resume(run_id)
    assert runs.read(run_id).state is State.QUEUED
    stopped = train_until(run_id, 6, runs.request_stop)
    assert stopped.state is State.STOPPED and stopped.resumable
    assert stopped.result.epochs == len(epochs_of(folder)) >= 6
    assert keras.models.load_model(folder.model, compile=False).name == "two_conv_cnn"
    between = read_curves(folder).batches
    # What was there at the pause is still there.
    for name, column in points.items():
        assert between[name][: len(column)] == column

    runs.resume(run_id)
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FINISHED, run.reason
    curves, expected = read_curves(folder), read_curves(whole.folder)
    for name in VALUES:
        assert curves.epochs[name] == expected.epochs[name]
    epoch, seconds = curves.batches["epoch"], curves.batches["seconds"]
    assert epoch == sorted(set(epoch)) and epoch[-1] == 12
    assert set(range(1, 13)) <= set(epoch)
    assert seconds == sorted(seconds)
    # Each part took its time, and the whole is their sum.
    assert paused.heartbeat.seconds < stopped.result.seconds < run.result.seconds
    assert run.result.seconds >= seconds[-1] > sum(curves.epochs["seconds"]) * 0.9
    assert sum(curves.epochs["seconds"]) < run.result.seconds
    one, other = (
        runs.read_evaluation(each.evaluation, 10_000, 10) for each in (folder, whole.folder)
    )
    assert np.array_equal(one.probabilities, other.probabilities)
    assert not folder.checkpoint.exists()
    assert not list(folder.path.glob(".*"))

    # TensorBoard's files tell the same, each step once.
    found = summaries(folder)
    assert found.keys() == {
        "loss/batches",
        "accuracy/batches",
        "loss/training",
        "accuracy/training",
        "loss/validation",
        "accuracy/validation",
    }
    for tag, name in (("loss/validation", "val_loss"), ("accuracy/training", "accuracy")):
        steps, numbers = zip(*found[tag], strict=True)
        assert list(steps) == [number * config.training_count for number in range(1, 13)]
        assert list(numbers) == pytest.approx(curves.epochs[name], rel=1e-6)
    steps = [step for step, _ in found["loss/batches"]]
    assert steps == sorted(set(steps)) and len(steps) == len(epoch)
    assert len(list(folder.path.glob("events.out.*"))) == 1


def test_a_pause_while_the_run_is_evaluated_goes_on_with_that():
    run_id = runs.create(small(limit=300), "ada")
    folder = runs.folder_of(run_id)
    with once(folder.model.exists, lambda: runs.request_pause(run_id)):
        train_run(run_id)
    if runs.read(run_id).state is State.FINISHED:
        pytest.skip("the evaluation was over before the pause was seen")
    assert runs.read(run_id).state is State.PAUSED
    runs.resume(run_id)
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FINISHED and run.result.test_accuracy > 0.1
    assert epochs_of(folder) == [1]


def test_a_run_that_diverges_ends_with_a_reason_and_cannot_go_on():
    run_id = runs.create(
        small("two-conv-cnn", optimizer="momentum", learning_rate=10.0, limit=500), "ada"
    )
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FAILED and not run.resumable
    assert "the recipe of Two-convolution CNN uses 0.001." in run.reason
    assert not run.folder.model.exists()
    with pytest.raises(SettingsError, match="cannot continue"):
        runs.resume(run_id)


def interrupted(**changes):
    """Return the folder of a run that was cut off after an epoch or more."""
    run_id = runs.create(small(epochs=500, limit=300, **changes), "ada")
    folder, gone = runs.folder_of(run_id), threading.Event()
    with once(lambda: epochs_of(folder), gone.set):
        train_run(run_id, server_gone=gone)
    assert runs.read(run_id).state is State.INTERRUPTED
    return folder


def test_a_damaged_checkpoint_ends_the_run_with_a_sentence():
    folder = interrupted()
    other = runs.create(small(), "grace")
    folder.checkpoint.write_bytes(folder.checkpoint.read_bytes()[:1000])
    assert runs.read(folder.path.name).resumable
    runs.resume(folder.path.name)
    train_run(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.state is State.FAILED and not run.resumable
    assert run.reason.startswith("The file checkpoint.npz cannot be read")
    assert epochs_of(folder)  # its curves stay
    assert {each.id for each in runs.list_runs()} == {run.id, other}


def test_a_checkpoint_of_another_run_ends_the_run_with_a_sentence():
    folder = interrupted()
    write_checkpoint(folder.checkpoint, Checkpoint(Progress(), {"a": np.zeros(3)}))
    runs.resume(folder.path.name)
    train_run(folder.path.name)
    run = runs.read(folder.path.name)
    assert run.state is State.FAILED and not run.resumable
    assert "does not fit the run" in run.reason


def test_a_process_trains_no_run_that_another_one_trains():
    run_id = runs.create(small(), "ada")
    folder = runs.folder_of(run_id)
    hold = "import fcntl, sys; file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX); "
    hold += "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, folder.lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(SettingsError, match="is being trained by another process"):
            train_run(run_id)
        assert {path.name for path in folder.path.iterdir()} == {"config.json", "lock"}
        other.stdin.close()
    train_run(run_id)  # the lock ends with its process
    assert runs.read(run_id).state is State.FINISHED


@pytest.mark.parametrize("name", ["lock", "batches"])
def test_a_folder_in_the_way_of_a_file_fails_the_run_in_a_sentence(name):
    run_id = runs.create(small(limit=300), "ada")
    folder = runs.folder_of(run_id)
    getattr(folder, name).mkdir()
    with contextlib.suppress(SettingsError):
        train_run(run_id)
    result = json.loads(folder.result.read_text(encoding="utf-8"))
    assert result["state"] == "failed"
    assert "a directory" in result["reason"].lower() and result["reason"].endswith("again.")
    assert not runs.read(run_id).resumable
