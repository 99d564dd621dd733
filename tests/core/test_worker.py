"""What a training writes into its run folder; ``test_local_backend.py`` has the processes."""

import dataclasses
import json
import os
import signal
import threading

import keras
import numpy as np
import pytest
from support import small, wait_until

from core import datasets, runs
from core.errors import DataUnavailable, RunNotFound, SettingsError
from core.runs import RunFolder, State, read_curves
from core.training.lifecycle import train_in_process, train_run


def test_a_finished_run_has_all_its_files(trained):
    assert trained.state is State.FINISHED
    assert trained.visitor == "command-line"
    names = {path.name for path in trained.path.iterdir()}
    assert names == {
        "config.json",
        "heartbeat",
        "batches.jsonl",
        "epochs.jsonl",
        "model.keras",
        "validation.npz",
        "evaluation.npz",
        "result.json",
        "stretches.json",
        "snapshots.jsonl",
        "lock",
    }


def test_the_result_agrees_with_the_other_files(trained):
    result, epochs = trained.result, read_curves(trained.folder).epochs
    assert epochs["epoch"] == [1, 2]
    assert (result.epochs, result.best_epoch) == (2, 2)
    assert result.train_accuracy == epochs["accuracy"][-1]
    assert result.val_accuracy == epochs["val_accuracy"][-1]
    assert result.val_loss == epochs["val_loss"][-1]
    evaluation = runs.read_evaluation(trained.folder.evaluation, 10_000, 10)
    labels = datasets.load("fashion-mnist", "test").labels
    right = (evaluation.probabilities.argmax(axis=1) == labels).mean()
    assert result.test_accuracy == pytest.approx(right)
    assert result.test_loss == evaluation.loss
    assert 0 < sum(epochs["seconds"]) < result.seconds


def test_the_batch_curve_ends_with_each_epoch(trained):
    batches = read_curves(trained.folder).batches
    assert batches["epoch"] == sorted(batches["epoch"])
    assert {1, 2} <= set(batches["epoch"])


def test_the_model_file_gives_the_answers_of_the_evaluation(trained):
    model = keras.models.load_model(trained.folder.model, compile=False, safe_mode=True)
    images = datasets.load("fashion-mnist", "test").images[:300]
    saved = runs.read_evaluation(trained.folder.evaluation, 10_000, 10).probabilities[:300]
    assert model(images, training=False).numpy() == pytest.approx(saved, abs=1e-5)


def test_a_run_in_this_process(capsys):
    run = train_in_process(small())
    assert run.state is State.FINISHED, run.reason
    assert run.heartbeat.pid == os.getpid()
    assert run.heartbeat.phase in ("training", "evaluating")  # it beats twice a second
    assert run.id in capsys.readouterr().err


def test_a_missing_data_set_is_said_before_a_run_is_made(no_cifar10, home):
    with pytest.raises(DataUnavailable, match="CIFAR-10 is not on this machine"):
        train_in_process(small("mlp", dataset="cifar-10"))
    assert runs.list_runs() == []


def test_a_run_that_fails_says_why(no_cifar10):
    run_id = runs.create(small("mlp", dataset="cifar-10"), "ada")
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FAILED
    assert run.reason.startswith("CIFAR-10 is not on this machine.")
    assert (run.result.epochs, run.result.test_accuracy) == (0, None)


def test_a_file_that_cannot_be_written_fails_the_run_in_a_sentence():
    run_id = runs.create(small(), "ada")
    runs.folder_of(run_id).batches.mkdir()
    train_run(run_id)
    run = runs.read(run_id)
    assert run.state is State.FAILED
    assert run.reason.startswith("A file could not be written (Is a directory).")


def test_a_stop_keeps_what_is_there():
    run_id = runs.create(small(epochs=500), "ada")
    folder = runs.folder_of(run_id)

    def stop_after_two_epochs():
        wait_until(lambda: len(read_curves(folder).epochs["epoch"]) >= 2, 60, "2 epochs")
        runs.request_stop(run_id)

    thread = threading.Thread(target=stop_after_two_epochs)
    thread.start()
    train_run(run_id)
    thread.join()
    run = runs.read(run_id)
    assert run.state is State.STOPPED
    assert run.reason == "Stopped on request."
    assert 2 <= run.result.epochs < 500
    assert run.result.val_accuracy == read_curves(folder).epochs["val_accuracy"][-1]
    assert run.result.test_accuracy is None
    assert keras.models.load_model(folder.model, compile=False).name == "basic_cnn"


def test_a_run_whose_server_is_gone_ends_without_a_result():
    """It was interrupted: nobody decided that it should end."""
    run_id = runs.create(small(epochs=500), "ada")
    gone = threading.Event()
    folder = runs.folder_of(run_id)

    def leave():
        wait_until(lambda: read_curves(folder).batches["loss"], 60, "the first point")
        gone.set()

    thread = threading.Thread(target=leave)
    thread.start()
    train_run(run_id, server_gone=gone)
    thread.join()
    assert not folder.result.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_the_run_and_leaves_the_handlers_as_they_were(number, home):
    before = signal.getsignal(number)

    def interrupt():
        wait_until(lambda: list(home.glob("runs/*/batches.jsonl")), 60, "the first point")
        signal.raise_signal(number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    run = train_in_process(small(epochs=500))
    thread.join()
    assert run.state is State.STOPPED
    assert signal.getsignal(number) is before


def test_early_stopping_reports_the_epoch_whose_weights_are_kept():
    config = small(
        optimizer="adam", learning_rate=0.01, epochs=60, batch_size=32, limit=400, patience=2
    )
    config = dataclasses.replace(config, recipe=config.recipe.changed(validation=0.25))
    run = train_in_process(config)
    assert run.state is State.FINISHED, run.reason
    epochs = read_curves(run.folder).epochs
    best = int(np.argmin(epochs["val_loss"]))
    assert run.result.epochs == len(epochs["epoch"]) > best + 1
    assert run.result.best_epoch == best + 1
    assert run.result.val_loss == epochs["val_loss"][best]


def test_a_damaged_run_is_refused():
    run_id = runs.create(small(), "ada")
    runs.folder_of(run_id).config.write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"damaged: The file config\.json"):
        train_run(run_id)
    with pytest.raises(RunNotFound):
        train_run("no-such-run")


def test_heartbeats_tell_speed_and_time_left():
    run_id = runs.create(small(epochs=500, batch_size=500), "ada")
    folder = RunFolder(runs.folder_of(run_id).path)
    beats = []

    def watch():
        def known():
            beat = runs.read(run_id).heartbeat
            return beat if beat and beat.left is not None else None

        beats.append(wait_until(known, 60, "a heartbeat with a speed"))
        runs.request_stop(run_id)

    thread = threading.Thread(target=watch)
    thread.start()
    train_run(run_id)
    thread.join()
    (beat,) = beats
    assert beat.phase == "training"
    assert beat.images_per_second > 0
    total = 500 * small().training_count
    left = (total - beat.epoch * small().training_count) / beat.images_per_second
    assert beat.left == pytest.approx(left, rel=0.01)
    assert json.loads(folder.result.read_text(encoding="utf-8"))["state"] == "stopped"
