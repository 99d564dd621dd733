"""Runs brought in, notes, and files that are made aside, as the pages show them."""

import json

import pytest
from making import SOMEBODY_ELSE, VISITOR, config
from reading import components, labels, quiet, texts

from core import datasets, runs
from core.analysis.judgements import judgements_of
from core.export.run_zip import gate
from core.export.run_zip.bring import Left, Taken
from core.export.run_zip.form import personal
from core.export.run_zip.take import take
from core.runs.note import MOST
from core.settings import settings
from pages import words
from pages.views.runs.bring import SAID
from pages.views.runs.facts import epochs_done


@pytest.fixture
def brought(put_run):
    """Return a run that was taken home and brought in again."""
    run = runs.read(put_run(name="My =first"))
    folder = settings().home / "exports"
    folder.mkdir(parents=True)
    path = folder / "run.zip"
    path.write_bytes(personal(run, VISITOR))
    with gate.opened(path, "run.zip", folder) as found:
        return runs.read(take(found[0], VISITOR, lambda share: None))


def test_a_brought_run_is_marked_and_its_figures_are_said_to_be_measured(open_page, brought):
    app = open_page("train", run=brought.id)
    assert quiet(app)
    assert "Brought from elsewhere, some time ago. Its accuracy was measured again here" in texts(
        app
    )
    app = open_page("runs")
    assert quiet(app)
    assert "brought from elsewhere" in json.dumps(str(components(app, "runs_table")))


def test_a_brought_run_that_waits_tells_its_epochs(home):
    run_id = runs.create(config(), VISITOR)
    folder = runs.folder_of(run_id)
    folder.epochs.write_text('{"epoch": 1}\n', encoding="utf-8")
    folder.checkpoint.write_bytes(b"some")
    folder.pause.touch()
    run = runs.read(run_id)
    assert run.state == "paused" and run.heartbeat is None and epochs_done(run) == 1


def test_a_claim_that_is_not_what_was_measured_is_told(brought):
    path = brought.folder.brought
    values = json.loads(path.read_text(encoding="utf-8")) | {"val_accuracy": 0.999}
    path.write_text(json.dumps(values), encoding="utf-8")
    runs.annotate(brought.id, starred=True)  # the folder has changed
    said = words.brought_words(runs.read(brought.id))
    assert "The file claims 99.90 % on the validation images, and here they are" in said


def test_what_became_of_a_file_is_said_once(open_page, brought):
    app = open_page("runs")
    assert "Bring it in" in labels(app)
    app.session_state[SAID] = [
        Taken(brought.id, "x"),
        Left("[a](http://b)", "Its weights are missing."),
        "“x” is no ZIP file.",
    ]
    app.run()
    assert [each.value for each in app.success] == ["“My \\=first” is here."]
    assert "“\\[a\\]\\(http\\:\\/\\/b\\)” was not brought in" in app.warning[0].value
    assert app.error[0].value == "“x” is no ZIP file\\."
    app.run()
    assert not app.success and not app.warning and not app.error


def test_the_owner_writes_notes_and_others_read_them_only_where_the_run_is_shared(
    open_page, put_run
):
    own, other = put_run(), put_run(SOMEBODY_ELSE)
    runs.write_note(own, "**Mine**")
    runs.write_note(other, "Of *somebody* else </script>")
    app = open_page("train", run=own)
    assert quiet(app) and "**Mine**" in str(components(app, "notes"))
    runs.annotate(other, shared=True)
    app = open_page("train", run=other)
    assert quiet(app) and not components(app, "notes")
    assert [each.value for each in app.text] == ["Of *somebody* else </script>"]
    assert runs.access.may_read_note(runs.read(other), VISITOR)
    runs.annotate(other, shared=False)
    assert not runs.access.may_read_note(runs.read(other), VISITOR)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u202eabc\x00\ud800", "abc"),
        ("x" * (MOST + 5), "x" * MOST),
        ("👩\u200d🔬\tok", "👩\u200d🔬\tok"),
        (" \n ", ""),
    ],
)
def test_notes_are_kept_without_what_is_not_seen(put_run, text, kept):
    run_id = put_run()
    runs.write_note(run_id, text)
    assert runs.read_note(runs.read(run_id).folder) == kept
    assert runs.read(run_id).folder.note.exists() == bool(kept)


def test_the_data_is_taken_home_from_explore(open_page):
    app = open_page("explore", view="images")
    app.button(key="take_data").click().run()
    assert quiet(app)
    assert "Make the file" in labels(app)


def test_judgements_survive_a_reload(open_page):
    app = open_page("explore", view="labels")
    app.button_group(key="verdict_fashion-mnist_train_1087").set_value("wrong").run()
    assert quiet(app)
    found = judgements_of(VISITOR, datasets.find("fashion-mnist"))
    assert [(each.split, each.index, each.verdict) for each in found.values()] == [
        ("train", 1087, "wrong")
    ]
    again = open_page("explore", view="labels")
    assert "**780 labels** · 1 judged by you, kept for you" in texts(again)


def test_two_runs_are_taken_home_in_one_zip(open_page, put_run, every_state):
    app = open_page("runs", chosen=",".join([put_run(), every_state["failed"]]))
    app.button(key="take_several").click().run()
    assert quiet(app)
    assert "Make a ZIP of 1 run" in labels(app)
    assert "has learned nothing yet" in texts(app)


def test_runs_that_do_not_fit_into_one_zip_go_into_several(open_page, put_run, monkeypatch):
    monkeypatch.setattr("core.export.run_zip.layout.MOST_RUNS", 2)
    app = open_page("runs", chosen=",".join(put_run(seed=number) for number in range(3)))
    app.button(key="take_several").click().run()
    assert quiet(app) and "at most 2 runs, so there are 2." in texts(app)
    assert [each for each in labels(app) if each.startswith("Make a ZIP")] == [
        "Make a ZIP of 2 runs",
        "Make a ZIP of 1 run",
    ]
