"""What a visitor and a run may take, enforced for real; how long a run is expected to take."""

import json
import os
import threading
from dataclasses import replace

import pytest
from support import run_core, small, wait_until

from core import architectures, jobs, runs
from core.errors import DataUnavailable, SettingsError
from core.jobs import LocalBackend, estimate, expected_seconds
from core.runs import Result, Run, State, TrainingConfig
from core.settings import Settings, forget_settings, settings
from core.training import recorder
from core.training.lifecycle import train_in_process

START = 120  # seconds that a process with TensorFlow may take on a busy machine


class Queueing(LocalBackend):
    """The real backend without a place, so that the queue stays as it is."""

    def _capacity(self):
        return 0


@pytest.fixture
def backend(monkeypatch, home):
    """A backend that admits two waiting runs a visitor, of three epochs at most."""
    monkeypatch.setenv("ATELIER_MAX_QUEUED", "2")
    monkeypatch.setenv("ATELIER_MAX_EPOCHS", "3")
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    forget_settings()
    backend = Queueing(Settings.from_environment(os.environ))
    before = jobs.use(backend)
    yield backend
    jobs.use(before)
    backend.close()


def submit(backend, visitor="ada", **changes):
    run_id = runs.create(small(**changes), visitor)
    backend.submit(run_id)
    return run_id


def test_a_start_makes_a_run_and_queues_it(backend):
    run_id = jobs.start(small(), "ada")
    run = runs.read(run_id)
    assert (run.state, run.visitor, run.config) == (State.QUEUED, "ada", small())
    assert backend.position(run_id) == 0


def test_a_start_that_is_refused_leaves_no_run(backend, no_cifar10):
    with pytest.raises(SettingsError, match="Choose fewer"):
        jobs.start(small(epochs=4), "ada")
    with pytest.raises(DataUnavailable):
        jobs.start(small("strided-cnn", dataset="cifar-10"), "ada")
    assert runs.list_runs() == []


def test_too_many_epochs_are_refused_with_a_sentence(backend):
    jobs.admit(small(epochs=3), "ada")
    with pytest.raises(
        SettingsError, match=r"^This server allows a run at most 3 epochs, not 4\. Choose fewer\.$"
    ):
        jobs.admit(small(epochs=4), "ada")


def test_a_visitor_with_a_full_queue_is_refused_and_others_are_not(backend):
    first, _ = submit(backend), submit(backend)
    with pytest.raises(SettingsError, match=r"^You have 2 waiting .* 2 runs in the queue\. Wait"):
        jobs.admit(small(), "ada")
    jobs.admit(small(), "grace")
    backend.pause(first)  # at once, without the supervisor
    assert runs.read(first).state is State.PAUSED
    assert backend.position(first) is None
    jobs.admit(small(), "ada")
    submit(backend)
    with pytest.raises(SettingsError, match=r"^You have 2 waiting"):
        backend.resume(first)  # pausing is no way around the limit
    assert runs.read(first).state is State.PAUSED


def test_a_queued_run_pauses_and_goes_on(backend):
    first, second = submit(backend), submit(backend)
    backend.pause(first)
    assert (backend.position(first), backend.position(second)) == (None, 0)
    assert backend.wait(first) is None and backend.wait(second) == 0
    backend.resume(first)
    assert backend.position(first) == 0  # it kept its age
    wait_until(lambda: backend.wait(second), 5, "a wait that counts the first one")
    backend.stop(first)
    wait_until(lambda: runs.read(first).state is State.STOPPED, 5, "the stop")
    with pytest.raises(SettingsError):
        backend.resume(second)  # it waits already


def test_a_run_that_takes_too_much_memory_fails_with_a_sentence(monkeypatch, home):
    monkeypatch.setenv("ATELIER_MAX_MEMORY_MB", "200")  # TensorFlow alone takes three times that
    monkeypatch.setenv("ATELIER_WORKERS", "1")
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    forget_settings()
    backend = LocalBackend(Settings.from_environment(os.environ))
    try:
        run_id = submit(backend, epochs=500)
        wait_until(lambda: not runs.read(run_id).state.active, START, "the end of the run")
    finally:
        backend.close()
    run = runs.read(run_id)
    assert run.state is State.FAILED
    assert run.reason.startswith("The run took ")
    assert "this server allows a run 200 MB. Use a smaller batch or network." in run.reason


def test_a_run_ends_before_it_takes_too_long_and_keeps_what_it_has(monkeypatch, home):
    limits = replace(settings().limits, seconds=6)  # the environment counts in minutes
    allowed = replace(settings(), limits=limits)
    monkeypatch.setattr(recorder, "settings", lambda: allowed)
    run = train_in_process(small(epochs=500, limit=6000))
    assert run.state is State.FINISHED
    assert 1 <= run.result.epochs < 500
    assert f"Ended after {run.result.epochs} of 500 epochs" in run.reason
    assert "limit of 0.1 minutes per run" in run.reason
    assert run.folder.model.exists()


def test_the_command_line_is_its_own_visitor_and_has_no_queue(home):
    process = run_core("train", "--architecture", "mlp", "--epochs", 501, home=home)
    assert process.returncode == 1 and "500" in process.stderr


def finished(home, config, speed, created):
    """Write the folder of a run that finished at this speed."""
    run_id = runs.create(config, "ada")
    folder = runs.folder_of(run_id)
    value = json.loads(folder.config.read_text(encoding="utf-8"))
    folder.config.write_text(json.dumps(value | {"created": created}), encoding="utf-8")
    folder.write_result(Result(State.FINISHED, images_per_second=speed))
    return run_id


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(estimate, "LOOK_SECONDS", 0)


def config(architecture="mlp", width=1.0, **changes):
    recipe = architectures.find(architecture).recipe_for("fashion-mnist").changed(**changes)
    return TrainingConfig("fashion-mnist", architecture, recipe, 10_000, width=width)


# Images a second on two cores that did nothing else: ``benchmark training``, and for the last two
# the training steps alone.
MEASURED = {
    "basic-cnn": 28_182,
    "two-conv-cnn": 8_105,
    "deep-cnn": 4_311,
    "mlp": 125_451,
    "strided-cnn": 21_505,
    "atelier-cnn": 2_580,
    "residual-cnn": 880,
}


@pytest.mark.parametrize("architecture", MEASURED)
def test_without_any_run_the_estimate_is_near_what_was_measured(
    home, at_once, monkeypatch, architecture
):
    monkeypatch.setattr(Settings, "threads", 2)
    recipe = architectures.find(architecture).recipe_for("fashion-mnist")
    asked = TrainingConfig("fashion-mnist", architecture, recipe)
    training = recipe.epochs * asked.training_count / MEASURED[architecture]
    assert training / 1.4 < expected_seconds(asked) < 1.4 * training


def test_a_small_network_says_nothing_wild_of_a_large_one(home, at_once):
    large = config("residual-cnn")
    alone = expected_seconds(large)
    finished(home, config("mlp"), 100_000, created=1)  # about as fast as it was measured
    assert alone / 2 < expected_seconds(large) < 2 * alone


def test_without_any_run_the_layers_say_how_long(home, at_once):
    small_one, large_one = expected_seconds(config("mlp")), expected_seconds(config("deep-cnn"))
    assert 0 < small_one < large_one < 24 * 3600
    assert expected_seconds(config(epochs=20)) == pytest.approx(
        2 * expected_seconds(config(epochs=10)), rel=0.5
    )


def test_the_latest_run_of_the_same_network_says_how_long(home, at_once):
    finished(home, config(), 1_000, created=2)
    finished(home, config(), 9_999, created=1)  # older
    finished(home, config("basic-cnn"), 50, created=3)  # another network
    asked = config(epochs=10)
    seconds = expected_seconds(asked)
    assert seconds >= 10 * asked.training_count / 1_000
    assert seconds < 2 * 10 * asked.training_count / 1_000
    finished(home, config(), 2_000, created=4)
    assert expected_seconds(asked) < seconds


def test_without_one_the_most_similar_network_says_how_long(home, at_once):
    finished(home, config("mlp", width=2.0), 1_000, created=1)
    finished(home, config("deep-cnn"), 10, created=2)
    wide, plain = expected_seconds(config(width=2.0)), expected_seconds(config())
    assert plain < wide
    # Twice the width is about four times the work: nothing like the deep CNN's pace.
    assert wide < 6 * plain


def test_a_wait_is_the_sum_of_what_goes_before(home, at_once):
    finished(home, config(), 1_000, created=1)
    each = expected_seconds(config())
    queued = [Run(name, home, State.QUEUED, None, config(), "ada", 0.0) for name in "abcd"]
    assert estimate.starts([], queued, 1) == pytest.approx(
        {"a": 0, "b": each, "c": 2 * each, "d": 3 * each}
    )
    assert estimate.starts([5.0], queued, 2) == pytest.approx(
        {"a": 0, "b": 5, "c": min(each, 5 + each), "d": 5 + each}
    )


def test_an_estimate_costs_little_from_many_threads(home):
    asked = config()
    expected_seconds(asked)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(expected_seconds(asked))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
