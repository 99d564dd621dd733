"""A run that was stopped, paused or cut off after an epoch can be evaluated and used."""

import json
import threading

import numpy as np
import pytest
from support import run_core, small, wait_until

from core import datasets, networks, runs
from core.errors import ModelUnavailable, SettingsError
from core.evaluation import TEST, VALIDATION, answers_of
from core.networks.network import Network
from core.runs import Run, State, read_curves
from core.runs.access import may_be_shared, may_open, may_see
from core.runs.analysis import analysis_file, stamp_of
from core.tasks.worker import work_out
from core.training.lifecycle import train_run

LONG = {"epochs": 6, "limit": 600}


def train_until_an_epoch(run_id, request):
    """Train a run, and ask something of it once it has done an epoch."""
    folder = runs.folder_of(run_id)

    def wait():
        wait_until(lambda: read_curves(folder).epochs["epoch"], 60, "an epoch")
        request(run_id)

    thread = threading.Thread(target=wait)
    thread.start()
    train_run(run_id)
    thread.join()
    return runs.read(run_id)


@pytest.fixture
def stopped(home) -> Run:
    run = train_until_an_epoch(runs.create(small(epochs=500, limit=600), "ada"), runs.request_stop)
    assert run.state is State.STOPPED, run.reason
    return run


def validation_of(run):
    work_out(VALIDATION, run, analysis_file(VALIDATION, run), lambda share: None)
    return answers_of(run, VALIDATION, analysis_file(VALIDATION, run))


def test_a_stopped_run_keeps_its_network_and_is_evaluated(stopped, home):
    assert stopped.unfinished and stopped.network == stopped.folder.model
    assert stopped.epochs == stopped.result.epochs >= 1
    answers = validation_of(stopped)
    assert answers.right.mean() > 0.3
    process = run_core("evaluate", stopped.id, "--json", home=home)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["accuracy"] == pytest.approx(answers.right.mean(), abs=1e-4)
    sample = "assets/samples/bag.jpg"
    process = run_core("classify", "--run", stopped.id, sample, "--json", home=home)
    assert process.returncode == 0, process.stderr
    assert len(json.loads(process.stdout)["probabilities"]) == 10


def test_the_test_set_of_a_stopped_run_is_sealed_and_opened_once(stopped, home):
    assert stopped.testable and not stopped.test_opened
    assert may_open(stopped, "ada") and not may_open(stopped, "grace")
    process = run_core("evaluate", stopped.id, "--test", "--json", home=home)
    assert process.returncode == 0 and "is open from now on" in process.stderr
    opened = runs.read(stopped.id)
    assert opened.test_opened and not may_open(opened, "ada")
    answers = answers_of(opened, TEST, analysis_file(TEST, opened))
    assert json.loads(process.stdout)["accuracy"] == pytest.approx(answers.right.mean(), abs=1e-4)


def test_a_stopped_run_can_be_shared(stopped):
    assert may_be_shared(stopped) and not may_see(stopped, "grace")
    runs.annotate(stopped.id, shared=True)
    assert may_see(runs.read(stopped.id), "grace")


def test_a_stop_by_force_leaves_the_network_of_the_checkpoint(stopped):
    images = datasets.load("fashion-mnist", "test").images[:50]
    kept = Network(networks.of_run(stopped)).probabilities(images)
    stopped.folder.model.unlink()
    forced = runs.read(stopped.id)
    assert forced.network == forced.folder.checkpoint and forced.testable
    assert np.allclose(Network(networks.of_run(forced)).probabilities(images), kept, atol=1e-6)
    shared = networks.load(networks.find(forced.id))
    assert np.allclose(shared.probabilities(images), kept, atol=1e-5)


def test_a_paused_run_is_evaluated_and_goes_on_as_if_never_paused(home):
    config = small(**LONG)
    whole = runs.create(config, "ada")
    train_run(whole)
    paused = train_until_an_epoch(runs.create(config, "ada"), runs.request_pause)
    if paused.state is State.FINISHED:
        pytest.skip("the training was over before the pause was seen")
    assert paused.state is State.PAUSED and paused.unfinished
    before, stamp = validation_of(paused), stamp_of(paused)
    assert before.right.mean() > 0.2
    assert not paused.testable and not may_be_shared(paused)
    with pytest.raises(SettingsError, match="cannot be opened yet: the run is paused"):
        runs.open_test(paused.id)

    runs.resume(paused.id)
    waiting = runs.read(paused.id)
    assert waiting.network is None and not waiting.unfinished
    with pytest.raises(ModelUnavailable):
        networks.find(paused.id)
    train_run(paused.id)
    run = runs.read(paused.id)
    assert run.state is State.FINISHED and not run.unfinished and run.network == run.folder.model
    assert stamp_of(run) != stamp  # so what was worked out at the pause is no longer told
    curves, expected = (read_curves(runs.folder_of(each)).epochs for each in (run.id, whole))
    for name in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy"):
        assert curves[name] == expected[name]


def test_a_stopped_run_that_goes_on_forgets_the_network_of_its_stop(stopped):
    gone = threading.Event()
    gone.set()
    runs.resume(stopped.id)
    train_run(stopped.id, server_gone=gone)
    cut_off = runs.read(stopped.id)
    assert cut_off.state is State.INTERRUPTED
    assert cut_off.network == cut_off.folder.checkpoint and not cut_off.folder.model.exists()


def test_before_an_epoch_is_done_there_is_no_network(home):
    run_id = runs.create(small(), "ada")
    runs.request_pause(run_id)
    run = runs.read(run_id)
    assert run.state is State.PAUSED and run.network is None and not run.testable
    runs.folder_of(run_id).checkpoint.write_bytes(b"")
    assert runs.read(run_id).network is None


def test_a_damaged_checkpoint_is_a_sentence(stopped):
    stopped.folder.model.unlink()
    stopped.folder.checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(ModelUnavailable, match=r"checkpoint\.npz of .* cannot be read"):
        Network(networks.of_run(runs.read(stopped.id)))
