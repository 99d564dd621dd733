"""Equal runs of one class are trained once, with real worker processes."""

import hashlib
import json
import os
import sys
import time

import psutil
import pytest
from support import small, wait_until

from core import jobs, runs
from core.errors import RunNotFound, SettingsError
from core.jobs import LocalBackend
from core.jobs.local import Worker
from core.jobs.supervisor import LOOK_SECONDS
from core.processes.identity import HOST, OWN_START
from core.runs import Allowance, Heartbeat, Result, State, following, read_curves
from core.runs.access import owned, owns, seen
from core.settings import Settings, forget_settings, settings

START = 120  # seconds that a process with TensorFlow may take on a busy machine
SHORT = {"epochs": 2, "limit": 2000}
LONG = {"epochs": 500, "limit": 6000}
SOME = {"epochs": 60, "limit": 3000}
VALUES = ("loss", "accuracy", "val_loss", "val_accuracy")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A backend with one worker and a spare, for several tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("server")))
        patch.setenv("ATELIER_WORKERS", "1")
        backend = LocalBackend(Settings.from_environment(os.environ))
    yield backend
    backend.close()


@pytest.fixture
def backend(server, monkeypatch):
    """Give this test the shared backend and its folder; leave nothing running behind."""
    monkeypatch.setenv("ATELIER_HOME", str(server._settings.home))
    monkeypatch.setenv("ATELIER_WORKERS", "1")
    forget_settings()
    yield server
    jobs.stop_all(server)
    wait_until(lambda: not any(run.state.active for run in runs.list_runs()), 20, "end of all runs")
    wait_until(lambda: not server.engine().running, 10, "end of all workers")


@pytest.fixture
def group(request):
    """Return the id of a class that no other test uses."""
    return f"class-{hashlib.sha256(request.node.name.encode()).hexdigest()[:6]}"


def submit(backend, visitor, group, **changes):
    run_id = runs.create(small(**changes), visitor, group=group)
    backend.submit(run_id)
    return run_id


def of_class(backend, count, group, **changes):
    return [submit(backend, f"student-{i}", group, **changes) for i in range(count)]


def state(run_id):
    return runs.read(run_id).state


def states(ids):
    return [state(run_id) for run_id in ids]


def wait_for(ids, wanted, seconds=START):
    try:
        wait_until(lambda: all(state(run_id) is wanted for run_id in ids), seconds, wanted)
    except AssertionError as error:
        found = [(run.id, run.state, run.reason, run.same_as) for run in map(runs.read, ids)]
        raise AssertionError(f"{error}: {found}") from None
    return [runs.read(run_id) for run_id in ids]


def epochs_of(run_id):
    return read_curves(runs.read(run_id).folder).epochs["epoch"]


def wait_for_epochs(run_id, count, seconds=START):
    wait_until(lambda: len(epochs_of(run_id)) >= count, seconds, f"{count} epochs of {run_id}")


def values(run_id):
    """Return what a training decided, without the times."""
    curves = read_curves(runs.read(run_id).folder)
    return {name: curves.epochs[name] for name in VALUES}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def trained_by_itself(run_id):
    """Tell whether a process has worked in the run's own folder."""
    return runs.folder_of(run_id).lock.exists()


def test_twenty_five_equal_runs_train_once(backend, group):
    same = of_class(backend, 25, group, **SHORT)
    changed = submit(backend, "student-0", group, **SHORT, seed=1)
    outside = submit(backend, "guest", "", **SHORT)
    finished = wait_for(same, State.FINISHED)
    assert [run_id for run_id in same if trained_by_itself(run_id)] == [finished[0].id]
    assert len({run.result for run in finished}) == 1
    assert len({digest(run.folder.model) for run in finished}) == 1
    assert len({digest(run.folder.evaluation) for run in finished}) == 1
    first = read_curves(finished[0].folder)
    assert first.epochs["epoch"] == [1, 2] and len(first.batches["loss"]) > 1
    assert all(read_curves(run.folder) == first for run in finished)
    assert {run.visitor for run in finished} == {f"student-{i}" for i in range(25)}
    assert {backend.companions(run_id) for run_id in same} == {24}
    assert all(run.same_as == same[0] and run.source is None for run in finished[1:])
    assert all(not (run.path / "checkpoint.npz").exists() for run in finished)
    # Twenty-five networks take the room of one.
    if sys.platform != "win32":
        assert finished[0].folder.model.stat().st_nlink == 25
    # Who changes anything, or is in no class, gets their own.
    for other in wait_for([changed, outside], State.FINISHED):
        assert trained_by_itself(other.id) and other.same_as is None
        assert backend.companions(other.id) == 0
    assert values(changed) != values(same[0])
    assert values(outside) == values(same[0])  # it repeats bit for bit, so all this is right

    # Each opens the test set, names and deletes their own.
    runs.open_test(same[3])
    runs.annotate(same[4], name="Mine")
    assert [run_id for run_id in same if runs.read(run_id).test_opened] == [same[3]]
    assert runs.read(same[5]).told.test_accuracy is None
    runs.delete(same[0])
    with pytest.raises(RunNotFound):
        runs.read(same[0])
    assert runs.read(same[4]).name == "Mine" and runs.read(same[4]).network.is_file()
    wait_until(lambda: backend.companions(same[4]) == 23, 5, "word of the deletion")

    # Who comes later has it at once, although the first one is gone.
    late = submit(backend, "student-30", group, **SHORT)
    (run,) = wait_for([late], State.FINISHED, 5)
    assert not trained_by_itself(late) and run.result == finished[0].result
    assert not run.test_opened and run.created > finished[-1].created


def test_others_watch_the_one_training_as_their_own(backend, group):
    same = of_class(backend, 3, group, **LONG)
    wait_for_epochs(same[0], 1)
    wait_for(same, State.RUNNING, 5)
    leader = runs.read(same[0])
    for run_id in same[1:]:
        run = runs.read(run_id)
        assert run.follows and run.same_as == leader.id and run.heartbeat is not None
        assert run.heartbeat.pid == leader.heartbeat.pid
        assert epochs_of(run_id) and not (run.path / "epochs.jsonl").exists()
        assert owns(run, run.visitor) and not owns(run, leader.visitor)
        assert backend.position(run_id) is None and backend.companions(run_id) == 2
    assert backend.engine().running == 1 and backend.engine().queued == 0
    assert backend.waiting("student-1") == 0
    assert {run.id for run in runs.list_runs() if run.state is State.RUNNING} >= set(same)
    with pytest.raises(SettingsError, match="still waiting or training"):
        runs.delete(same[1])


def test_the_stop_of_the_first_leaves_the_others_a_run_that_trains_on(backend, group):
    whole = submit(backend, "guest", "", **SOME)
    same = of_class(backend, 3, group, **SOME)
    wait_for_epochs(same[0], 2)
    backend.stop(same[0])
    wait_for(same[:1], State.STOPPED, 10)
    done = runs.read(same[0]).result.epochs
    runs.delete(same[0])
    wait_for(same[1:], State.FINISHED)
    assert done < SOME["epochs"]
    assert sum(map(trained_by_itself, same[1:])) == 1
    assert digest(runs.folder_of(same[1]).model) == digest(runs.folder_of(same[2]).model)
    wait_for([whole], State.FINISHED)
    # As if nobody had stopped: they went on from where the first one was.
    for run_id in same[1:]:
        assert values(run_id) == values(whole)
        assert epochs_of(run_id) == list(range(1, SOME["epochs"] + 1))
    assert {backend.companions(run_id) for run_id in same[1:]} == {1}
    runs.restore(same[0])
    assert runs.read(same[0]).epochs == done and runs.read(same[0]).resumable


def test_the_stop_of_another_ends_theirs_alone(backend, group):
    same = of_class(backend, 3, group, **LONG)
    wait_for_epochs(same[0], 2)
    wait_for(same, State.RUNNING, 5)
    pid = runs.read(same[0]).heartbeat.pid
    backend.stop(same[1])
    (stopped,) = wait_for([same[1]], State.STOPPED, 5)
    assert stopped.reason == "Stopped on request." and stopped.same_as is None
    assert stopped.epochs == stopped.result.epochs == len(epochs_of(same[1])) >= 2
    assert stopped.result.val_accuracy == read_curves(stopped.folder).epochs["val_accuracy"][-1]
    assert stopped.network is not None and stopped.testable and stopped.resumable
    done = len(epochs_of(same[0]))
    wait_for_epochs(same[2], done + 3)
    assert states([same[0], same[2]]) == [State.RUNNING] * 2
    assert runs.read(same[0]).heartbeat.pid == pid
    assert len(epochs_of(same[1])) == stopped.epochs
    assert backend.companions(same[0]) == 1 and backend.companions(same[1]) == 0
    # Resumed, it goes along again: the training is further than it was.
    backend.resume(same[1])
    (again,) = wait_for([same[1]], State.RUNNING, 5)
    assert again.same_as == same[0] and len(epochs_of(same[1])) >= stopped.epochs


def test_a_pause_of_either_is_theirs_alone(backend, group):
    whole = submit(backend, "guest", "", **SOME)
    same = of_class(backend, 3, group, **SOME)
    wait_for_epochs(same[0], 1)
    wait_for(same, State.RUNNING, 5)
    backend.pause(same[2])
    (paused,) = wait_for([same[2]], State.PAUSED, 5)
    assert paused.same_as is None and paused.network is not None
    backend.pause(same[0])
    wait_for([same[0]], State.PAUSED, 20)
    wait_for([same[1], whole], State.FINISHED)
    assert trained_by_itself(same[1])
    assert states(same) == [State.PAUSED, State.FINISHED, State.PAUSED]
    for run_id in (same[0], same[2]):
        backend.resume(run_id)  # what it would train to is there by now
    wait_for(same, State.FINISHED, 10)
    for run_id in same:
        assert values(run_id) == values(whole)
    assert not trained_by_itself(same[2])


def test_what_befalls_the_training_befalls_all(backend, group):
    same = of_class(backend, 3, group, **LONG)
    wait_for_epochs(same[0], 2)
    wait_for(same, State.RUNNING, 5)
    psutil.Process(runs.read(same[0]).heartbeat.pid).kill()
    interrupted = wait_for(same, State.INTERRUPTED, 10)
    assert all(run.resumable and run.network and run.epochs >= 2 for run in interrupted)
    assert len({run.reason for run in interrupted}) == 1
    # One of those that went along goes on, then the first one goes along with it.
    backend.resume(same[1])
    wait_for([same[1]], State.RUNNING)
    wait_for_epochs(same[1], interrupted[0].epochs + 1)
    assert trained_by_itself(same[1]) and states([same[0], same[2]]) == [State.INTERRUPTED] * 2
    backend.resume(same[0])
    (first,) = wait_for([same[0]], State.RUNNING, 5)
    assert first.same_as == same[1]
    # And so does who had followed the first one.
    (third,) = wait_for([same[2]], State.RUNNING, 5)
    assert third.same_as == same[1]


def test_who_is_resumed_does_not_follow_a_worker_that_has_just_died(backend, group, monkeypatch):
    same = of_class(backend, 2, group, **LONG)
    wait_for_epochs(same[0], 2)
    wait_for(same, State.RUNNING, 5)
    with monkeypatch.context() as patch:
        # The system takes its time to say that the process is gone.
        patch.setattr(Worker, "alive", property(lambda worker: True))
        psutil.Process(runs.read(same[0]).heartbeat.pid).kill()
        interrupted = wait_for(same, State.INTERRUPTED, 10)
        backend.resume(same[1])
        wait_until(lambda: not backend._asked, 5, "a look at the run")
        time.sleep(3 * LOOK_SECONDS)
        assert runs.read(same[1]).same_as is None and state(same[1]) is State.QUEUED
    wait_for_epochs(same[1], interrupted[0].epochs + 1)
    assert trained_by_itself(same[1]) and state(same[0]) is State.INTERRUPTED


def test_a_training_that_fails_fails_for_all_and_once(backend, group):
    diverging = {"optimizer": "momentum", "learning_rate": 10.0, "limit": 500}
    same = of_class(backend, 3, group, architecture="two-conv-cnn", **diverging)
    failed = wait_for(same, State.FAILED)
    assert len({run.reason for run in failed}) == 1
    assert "the recipe of Two-convolution CNN" in failed[0].reason
    assert [trained_by_itself(run_id) for run_id in same] == [True, False, False]
    assert not any(run.resumable for run in failed)


def test_the_runs_of_a_class_are_stopped_and_paused_together(backend, group):
    training = of_class(backend, 3, group, **LONG)
    waiting = submit(backend, "student-1", group, **LONG, seed=5)
    other = submit(backend, "guest", "other-class", **LONG, seed=6)
    wait_for_epochs(training[0], 1)
    wait_for(training, State.RUNNING, 5)
    assert jobs.stop_all(backend, visitor="student-2") == [training[2]]
    wait_for([training[2]], State.STOPPED, 5)
    assert state(training[1]) is State.RUNNING
    paused = jobs.pause_all(backend, group=group)
    assert set(paused) == {*training[:2], waiting}
    wait_for(paused, State.PAUSED, 20)
    wait_for_epochs(other, 1)  # its turn has come
    assert set(jobs.resume_all(backend, [*paused, other])) == set(paused)
    wait_until(lambda: all(state(each).active for each in paused), 10, "the class goes on")
    assert state(other) is State.RUNNING
    assert set(jobs.stop_all(backend, group=group)) == set(paused)
    wait_for(paused, State.STOPPED, 10)
    assert state(other) is State.RUNNING
    assert set(jobs.stop_all(backend)) == {other}


def test_a_server_that_ends_leaves_all_where_they_were(home, monkeypatch, group):
    monkeypatch.setenv("ATELIER_WARM_SPARE", "0")
    monkeypatch.setenv("ATELIER_WORKERS", "1")
    forget_settings()
    first = LocalBackend(settings())
    try:
        same = of_class(first, 3, group, **SOME)
        wait_for_epochs(same[0], 2)
        wait_for(same, State.RUNNING, 5)
    finally:
        first.close()
    wait_for(same, State.INTERRUPTED, 10)
    second = LocalBackend(settings())
    try:
        second.resume(same[0])
        # Who went along goes along still, without a click.
        wait_for(same, State.FINISHED)
        assert [trained_by_itself(run_id) for run_id in same] == [True, False, False]
        wait_until(lambda: second.companions(same[2]) == 2, 5, "word of the others")
    finally:
        second.close()


def test_a_class_has_limits_of_its_own(backend, group):
    before = jobs.use(backend)
    try:
        allowed = Allowance(epochs=3, seconds=120.0, waiting=1)
        with pytest.raises(SettingsError, match=r"^Your class allows a run at most 3 epochs, not"):
            jobs.start(small(epochs=4), "ada", group=group, allowance=allowed)
        blocking = submit(backend, "guest", "", **LONG)
        wait_for_epochs(blocking, 1)
        waiting = jobs.start(small(epochs=3), "ada", group=group, allowance=allowed)
        assert runs.read(waiting).allowance == allowed and runs.read(waiting).group == group
        with pytest.raises(SettingsError, match=r"^You have 1 waiting .* your class lets"):
            jobs.start(small(epochs=2), "ada", group=group, allowance=allowed)
        jobs.start(small(epochs=2), "grace", group=group, allowance=allowed)
        # The same settings with another limit of time may end elsewhere.
        longer = Allowance(seconds=60.0)
        other = jobs.start(small(epochs=3), "mary", group=group, allowance=longer)
        assert backend.position(other) != backend.position(waiting)
        jobs.start(small(epochs=2), "ada")  # outside of the class the server's limits hold
    finally:
        jobs.use(before)


def test_a_run_ends_before_it_takes_longer_than_the_class_allows(backend, group):
    run_id = runs.create(small(**LONG), "ada", group=group, allowance=Allowance(seconds=6.0))
    backend.submit(run_id)
    (run,) = wait_for([run_id], State.FINISHED)
    assert 1 <= run.result.epochs < 500
    assert "would have passed the class's limit of 0.1 minutes per run" in run.reason


# Without a worker: what folders say.


def finished_run(visitor="ada", group="c"):
    run_id = runs.create(small(), visitor, group=group)
    runs.folder_of(run_id).write_result(Result(State.FINISHED, epochs=1, val_accuracy=0.5))
    return run_id


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (State.RUNNING, State.RUNNING),
        (State.QUEUED, State.QUEUED),
        (State.INTERRUPTED, State.INTERRUPTED),
        (State.PAUSED, State.QUEUED),
        (State.STOPPED, State.QUEUED),
        (State.FINISHED, State.RUNNING),
        (State.FAILED, State.RUNNING),
        (None, State.QUEUED),
    ],
)
def test_the_state_of_a_run_that_follows(home, other, wanted):
    """What its owner does to the other run is not this one's, which waits for its own training."""
    leader, run_id = runs.create(small(), "ada", group="c"), runs.create(small(), "bo", group="c")
    following.follow(runs.folder_of(run_id), leader)
    folder = runs.folder_of(leader)
    if other is None:
        folder.path.rename(home / "elsewhere")
    elif other is State.RUNNING:
        folder.write_heartbeat(Heartbeat(os.getpid(), HOST, started=OWN_START))
    elif other is State.INTERRUPTED:
        folder.write_heartbeat(Heartbeat(os.getpid(), HOST, started=1))
    elif other is State.PAUSED:
        runs.request_pause(leader)
    elif other is not State.QUEUED:
        folder.write_result(Result(other))
    assert other is None or state(leader) is other
    assert state(run_id) is wanted
    assert runs.read(run_id).follows and runs.read(run_id).same_as == leader


def test_only_runs_of_the_same_class_are_followed(home):
    leader = finished_run(group="c")
    run_id = runs.create(small(), "bo", group="d")
    runs.folder_of(run_id).same.write_text(json.dumps({"run": leader}), encoding="utf-8")
    run = runs.read(run_id)
    assert run.source is None and run.state is State.QUEUED and run.result is None
    alone = runs.create(small(), "bo")
    runs.folder_of(alone).same.write_text(json.dumps({"run": leader}), encoding="utf-8")
    assert runs.read(alone).same_as is None


@pytest.mark.parametrize("content", ['{"run": "../../etc"}', '{"run": 3}', "{}", '{"run": "me"}'])
def test_a_file_with_nonsense_names_no_run(home, content):
    run_id = runs.create(small(), "bo", group="c")
    runs.folder_of(run_id).same.write_text(content.replace("me", run_id), encoding="utf-8")
    assert runs.read(run_id).same_as is None and state(run_id) is State.QUEUED


def test_two_that_name_each_other_wait(home):
    first, second = (runs.create(small(), visitor, group="c") for visitor in ("ada", "bo"))
    following.follow(runs.folder_of(first), second)
    following.follow(runs.folder_of(second), first)
    assert states([first, second]) == [State.QUEUED] * 2
    following.let_go(runs.folder_of(first))
    assert runs.read(first).same_as is None and runs.read(second).source is not None


def test_what_is_done_twice_is_done_once(home):
    """Every step can be repeated, as after a crash in the middle."""
    leader, run_id = finished_run(), runs.create(small(), "bo", group="c")
    folder = runs.folder_of(leader)
    folder.model.write_bytes(b"network")
    folder.epochs.write_text('{"epoch": 1, "loss": 1.0}\n', encoding="utf-8")
    for _ in range(2):
        following.finish(runs.folder_of(run_id), runs.read(leader))
    run = runs.read(run_id)
    assert run.state is State.FINISHED and run.same_as == leader
    assert run.folder.model.read_bytes() == b"network" and epochs_of(run_id) == [1]
    following.let_go(runs.folder_of(run_id))
    following.let_go(runs.folder_of(run_id))
    assert runs.read(run_id).same_as is None and runs.read(run_id).state is State.FINISHED


def test_members_of_the_class_and_the_teacher_watch_and_do_not_change(home):
    run_id = runs.create(small(), "ada", group="c")
    assert seen(run_id, "bo", {"c"}).id == run_id  # a classmate, while it waits
    assert seen(run_id, "teacher", {"b", "c"}).id == run_id
    for circle in ((), {"d"}, {""}):
        with pytest.raises(RunNotFound, match="belongs to someone else and is not shared"):
            seen(run_id, "bo", circle)
    with pytest.raises(SettingsError, match="is not yours"):
        owned(run_id, "bo", {"c"})
    assert owned(run_id, "ada", {"c"}).id == run_id
    with pytest.raises(RunNotFound):
        seen(runs.create(small(), "ada"), "bo", {"c", ""})  # of no class


def test_runs_of_before_have_no_class(home):
    run_id = runs.create(small(), "ada")
    values = json.loads((runs.folder_of(run_id).config).read_text(encoding="utf-8"))
    assert values.keys() == {"config", "visitor", "created"}
    run = runs.read(run_id)
    assert (run.group, run.allowance, run.stretches) == ("", Allowance(), ())
    with pytest.raises(ValueError):
        runs.create(small(), "ada", group="../c")
