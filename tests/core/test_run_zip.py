"""Runs taken home as a ZIP and brought into another Atelier: the same network, measured anew."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from support import cut_off_after_two_epochs, run_core, small

from core import datasets, runs
from core.datasets import imported
from core.datasets.fingerprint import fingerprint
from core.errors import DataUnavailable, SettingsError
from core.export.run_zip import gate, layout
from core.export.run_zip.bring import Left, Taken, bring
from core.export.run_zip.take import take
from core.export.run_zip.write import Carried, problem, write
from core.networks.weights import weights_of
from core.runs import State, read_curves
from core.runs.checkpoint import read_checkpoint
from core.settings import forget_settings, settings
from core.training.lifecycle import train_run


def packed(*carried, visitor="ada"):
    """Return a ZIP of runs as bytes."""
    content = io.BytesIO()
    write(content, carried, visitor, lambda share: None, "runs.zip")
    return content.getvalue()


def taken(content, visitor="bob", circle=()):
    """Take in the runs of a ZIP in this process, and return what they are now."""
    folder = settings().home / "brought"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.zip"
    path.write_bytes(content)
    with gate.opened(path, "runs.zip", folder) as found:
        return [runs.read(take(each, visitor, lambda share: None, circle)) for each in found]


def moved(content, change):
    """Return a ZIP with its entries, by name, changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    change(entries)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, value in entries.items():
            file.writestr(name, value)
    return target.getvalue()


def header_changed(content, **changes):
    def change(entries):
        name = next(each for each in entries if each.endswith(layout.HEADER))
        entries[name] = json.dumps(json.loads(entries[name]) | changes).encode()

    return moved(content, change)


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """Return the home of another Atelier, with a run cut off after two epochs of four."""
    home = tmp_path_factory.mktemp("away")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(home))
        forget_settings()
        config = small(epochs=4, limit=2000)
        cut_off = runs.create(config, "ada", claimed=True)
        cut_off_after_two_epochs(cut_off)
    forget_settings()
    return home


@pytest.fixture
def cut_off(away, home):
    """Put a copy of that run into this test's home, and return it."""
    shutil.copytree(away / "runs", home / "runs", dirs_exist_ok=True)
    (run,) = (each for each in runs.list_runs() if each.config.architecture == "basic-cnn")
    return run


@pytest.fixture
def finished(trained):
    """Return the finished run as if a visitor had trained it, with its test set sealed."""
    path = trained.folder.config
    values = json.loads(path.read_text(encoding="utf-8")) | {"visitor": "ada"}
    path.write_text(json.dumps(values), encoding="utf-8")
    runs.annotate(trained.id, name="My first")
    return runs.read(trained.id)


def test_a_finished_run_is_the_same_network_with_figures_measured_here(finished):
    before = weights_of(finished)
    (run,) = taken(packed(Carried(finished, note="It *learns*.\n")))
    assert (run.visitor, run.state, run.name) == ("bob", State.FINISHED, "My first")
    assert run.config == finished.config and run.id != finished.id
    after = weights_of(run)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert run.result.val_accuracy == pytest.approx(finished.result.val_accuracy, abs=1e-6)
    assert run.result.test_accuracy == pytest.approx(finished.result.test_accuracy, abs=1e-6)
    assert run.brought.val_accuracy == finished.result.val_accuracy
    assert run.brought.run == finished.id and run.brought.created == finished.created
    assert runs.read_note(run.folder) == "It *learns*.\n"
    assert read_curves(run.folder) == read_curves(finished.folder)
    assert run.stretches == finished.stretches
    assert run.result.images_per_second is None, "another machine's speed is no estimate here"


def test_a_test_set_stays_sealed_on_the_way_out_and_on_the_way_in(finished):
    content = packed(Carried(finished))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        texts = b"".join(file.read(name) for name in file.namelist() if name.endswith("json"))
        assert b"test_accuracy" not in texts
        assert not any(name.endswith(layout.TEST) for name in file.namelist())
    runs.open_test(finished.id)
    content = packed(Carried(runs.read(finished.id)))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert any(name.endswith(layout.TEST) for name in file.namelist())
    (run,) = taken(content)
    assert not run.test_opened and run.told.test_accuracy is None and run.testable


def test_what_is_closed_for_who_takes_it_is_not_told(finished, monkeypatch):
    runs.open_test(finished.id)
    monkeypatch.setattr("core.export.run_zip.write.why_closed", lambda visitor, name: "Closed.")
    with zipfile.ZipFile(io.BytesIO(packed(Carried(runs.read(finished.id))))) as file:
        assert not any(name.endswith(layout.TEST) for name in file.namelist())


def test_a_claim_that_is_not_true_is_measured_again(finished):
    result = vars(finished.result) | {"val_accuracy": 0.999, "test_accuracy": 0.999}
    (run,) = taken(header_changed(packed(Carried(finished)), result=result))
    assert run.result.val_accuracy == pytest.approx(finished.result.val_accuracy, abs=1e-6)
    assert run.brought.val_accuracy == 0.999


def test_a_training_that_was_cut_off_continues_to_the_last_bit(cut_off):
    config = cut_off.config
    (run,) = taken(packed(Carried(cut_off)))
    assert (run.state, run.epochs, run.resumable) == (State.PAUSED, cut_off.epochs, True)
    one, two = (read_checkpoint(each.folder.checkpoint) for each in (cut_off, run))
    assert one.progress == two.progress
    assert all(np.array_equal(one.state[name], two.state[name]) for name in one.state)
    # To the end, there and here.
    ends = []
    for each in (cut_off, run):
        runs.resume(each.id, claimed=True)
        train_run(each.id)
        ends.append(runs.read(each.id))
    assert [each.state for each in ends] == [State.FINISHED] * 2
    assert ends[0].config == ends[1].config == config
    first, second = (weights_of(each) for each in ends)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_several_are_brought_by_a_process_of_its_own_and_one_that_fails_stops_no_other(
    finished, cut_off, home, tmp_path
):
    # The second one says that it is finished, but has no weights.
    def change(entries):
        name = next(each for each in entries if each.startswith("2-") and "run.json" in each)
        values = json.loads(entries[name]) | {"state": "finished"}
        values["result"] = {"state": "finished", "epochs": 2}
        entries[name] = json.dumps(values).encode()

    third = Carried(cut_off, whose="Teal otter")
    path = tmp_path / "runs.zip"
    path.write_bytes(moved(packed(Carried(finished), Carried(cut_off), third), change))
    answers = list(bring(path, "runs.zip", "bob"))
    assert any(isinstance(each, tuple) for each in answers)
    left = [each for each in answers if isinstance(each, Left)]
    assert len(left) == 1 and "no weights" in left[0].why
    brought = [runs.read(each.run) for each in answers if isinstance(each, Taken)]
    assert [each.state for each in brought] == [State.FINISHED, State.PAUSED]
    assert brought[1].name == "Teal otter" and all(each.visitor == "bob" for each in brought)
    assert not list((home / "runs").glob(".new-*"))


def test_the_command_line_brings_runs_as_well_as_data(finished, tmp_path):
    path = tmp_path / "runs.zip"
    path.write_bytes(packed(Carried(finished)))
    other = tmp_path / "other"
    process = run_core("import", path, "--json", home=other)
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert (other / "runs" / answer["run"] / "model.keras").is_file()


def test_what_was_brought_can_be_taken_home_again(cut_off):
    (run,) = taken(packed(Carried(cut_off)))
    (again,) = taken(packed(Carried(run)), "eve")
    one, two = (read_checkpoint(each.folder.checkpoint) for each in (cut_off, again))
    assert all(np.array_equal(one.state[name], two.state[name]) for name in one.state)


def test_a_zip_that_was_unpacked_and_packed_again_has_a_folder_around_it(cut_off):
    def change(entries):
        inside = dict(entries)
        entries.clear()
        entries.update({f"my runs/{name}": value for name, value in inside.items()})

    assert taken(moved(packed(Carried(cut_off)), change))[0].state is State.PAUSED


def test_a_run_on_what_a_class_has_corrected_is_brought_by_its_members_alone(cut_off):
    original, group = datasets.find(cut_off.config.dataset), "c" * 12
    labels = original.load("train").labels.copy()
    labels[:20] = (labels[:20] + 1) % 10
    made = imported.relabel(original, labels, "Corrected", group, "a court")
    content = header_changed(
        packed(Carried(cut_off)),
        config=cut_off.config.to_dict() | {"dataset": "corrected-elsewhere-123abc"},
        dataset={"title": "Corrected", "fingerprint": fingerprint(made)},
    )
    with pytest.raises(DataUnavailable, match="is not among yours"):
        taken(content)
    (run,) = taken(content, circle={group})
    assert run.config.dataset == made
    path = settings().home / "runs.zip"
    path.write_bytes(content)
    (answer,) = [each for each in bring(path, "runs.zip", "bob") if isinstance(each, Taken | Left)]
    assert isinstance(answer, Left)
    found = list(bring(path, "runs.zip", "bob", circle={group}))
    assert isinstance(found[-1], Taken) and runs.read(found[-1].run).config.dataset == made


def test_a_visitor_may_bring_so_many(cut_off, monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_MAX_BROUGHT", "1")
    forget_settings()
    taken(packed(Carried(cut_off)))
    with pytest.raises(SettingsError, match="You have brought 1 run, and a visitor may bring 1"):
        next(bring(tmp_path / "runs.zip", "runs.zip", "bob"))


def test_a_server_that_allows_fewer_epochs_takes_no_training_that_is_to_continue(
    cut_off, monkeypatch
):
    content = packed(Carried(cut_off))
    monkeypatch.setenv("ATELIER_MAX_EPOCHS", "3")
    forget_settings()
    with pytest.raises(SettingsError, match="4 epochs, and this server allows 3"):
        taken(content)


def test_runs_that_have_nothing_to_take_along_say_so(home):
    waiting = runs.create(small(), "ada")
    assert "still waiting" in problem(runs.read(waiting))
    runs.request_pause(waiting)
    assert "learned nothing yet" in problem(runs.read(waiting))
    assert "every Atelier" in problem(runs.read(runs.BUNDLED))
    with pytest.raises(SettingsError, match="learned nothing yet"):
        packed(Carried(runs.read(waiting)))


def test_a_network_that_somebody_built_comes_along():
    config = small("stack1:c4.r.c4ln.b90.a.e.p4.f.b.u8", limit=500)
    run_id = runs.create(config, "ada", claimed=True)
    train_run(run_id)
    before = runs.read(run_id)
    assert before.state is State.FINISHED, before.reason
    content = packed(Carried(before))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(name.startswith("1-stack1/") for name in archive.namelist() if "/" in name)
    (run,) = taken(content)
    assert run.config == config
    mine, theirs = weights_of(run), weights_of(before)
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
    assert run.result.val_accuracy == pytest.approx(before.result.val_accuracy, abs=1e-6)
