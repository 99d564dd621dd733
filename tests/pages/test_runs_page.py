"""Runs: filters, what can be done with whose runs, and comparisons by link."""

import csv
import io
import json
import os
import time

import numpy as np
import pytest
from making import SOMEBODY_ELSE, VISITOR, config
from reading import button, components, labels, quiet, sentence, texts
from scipy.stats import binomtest

from core import runs
from core.evaluation import Paired
from core.runs import State, access, write_evaluation
from core.settings import settings
from pages.views.runs.filters import Filters
from pages.views.runs.order import COLUMNS, in_order
from pages.views.runs.spreadsheet import to_csv
from pages.widgets.compare_chart import Across, curves_across
from pages.words.comparison import paired_words

pytestmark = pytest.mark.usefixtures("no_bundled")


def rows(app) -> list[dict]:
    """Return the rows of the table, as the browser gets them."""
    (table,) = components(app, "runs_table")
    return json.loads(table.mixed.json if table.WhichOneof("data") == "mixed" else table.json)[
        "rows"
    ]


def listed(app) -> list[str]:
    return [row["id"] for row in rows(app)]


@pytest.fixture
def finished(put_run):
    """Return the function that makes a finished run."""
    return put_run


def test_an_empty_table_is_a_sentence_and_a_way_to_train(open_page):
    app = open_page("runs")
    assert quiet(app)
    assert "No runs yet." in texts(app)
    assert "Train a network" in [link.proto.label for link in app.get("page_link")]
    assert not components(app, "runs_table")


def test_one_sees_ones_own_what_is_shared_and_the_command_lines(open_page, every_state, finished):
    shared = finished(SOMEBODY_ELSE, shared=True)
    finished(SOMEBODY_ELSE)
    waiting = runs.create(config(), SOMEBODY_ELSE)
    runs.annotate(waiting, shared=True)  # but it has not finished
    app = open_page("runs")
    assert quiet(app)
    assert set(listed(app)) == {*every_state.values(), shared}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "Failed"}, {State.FAILED}),
        ({"state": "failed"}, {State.FAILED}),
        ({"whose": "Shared", "state": "Finished"}, {State.FINISHED}),
        ({"find": "mlp MEMORY"}, set()),
        ({"find": "mlp FAILED"}, {State.FAILED}),
        ({"network": "Deep CNN"}, set()),
        ({"data": "CIFAR-10"}, set()),
        ({"starred": "true"}, {State.STOPPED}),
    ],
)
def test_filters_are_in_the_url(open_page, every_state, query, expected):
    runs.annotate(every_state[State.STOPPED], starred=True)
    app = open_page("runs", **query)
    assert not app.exception and not app.error and not app.warning
    if expected:
        assert set(listed(app)) == {every_state[state] for state in expected}
    else:
        assert app.info[0].value == "No runs match these filters."
        button(app, "Clear filters").click().run()
        assert len(listed(app)) == len(State)


def test_a_filter_that_there_is_not_becomes_a_sentence(open_page, every_state):
    app = open_page("runs", state="sleeping")
    assert "This link's state “sleeping”" in sentence(app)
    assert len(listed(app)) == len(State)


def test_sorting_is_in_the_url_and_what_has_no_value_goes_last(open_page, every_state):
    for sort in ("test", "-test"):
        assert listed(open_page("runs", sort=sort))[0] == every_state[State.FINISHED]
    newest = listed(open_page("runs"))
    assert listed(open_page("runs", sort="-nonsense")) == newest
    assert listed(open_page("runs", sort="created")) != newest


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_sorts_runs_of_every_state(every_state, name):
    every = runs.list_runs()
    for sort in (name, f"-{name}"):
        assert {run.id for run in in_order(every, sort)} == set(every_state.values())


def test_rename(open_page, finished):
    run_id = finished()
    app = open_page("runs", chosen=run_id)
    app.text_input(key=f"name_{run_id}").set_value("  Mine,\nwith ![x](http://x)  ")
    button(app, "Save").click().run()
    assert quiet(app)
    assert [row["title"] for row in rows(app)] == ["Mine, with ![x](http://x)"]
    button(app, "Delete").click().run()
    assert r"Deleted “Mine\, with \!\[x\]\(http\:\/\/x\)”. You can undo" in texts(app)


def test_star_and_share_one_or_several(open_page, finished):
    ids = [finished(seed=seed) for seed in range(3)]
    app = open_page("runs", chosen=",".join(ids))
    for label, name, value in (
        ("Star 3", "starred", True),
        ("Unstar 3", "starred", False),
        ("Share 3", "shared", True),
        ("Unshare 3", "shared", False),
    ):
        button(app, label).click().run()
        assert quiet(app)
        assert all(getattr(runs.read(run_id), name) is value for run_id in ids)


def test_delete_and_undo_also_after_a_reload(open_page, finished):
    ids = [finished(seed=seed) for seed in range(3)]
    app = open_page("runs", chosen=",".join(ids[:2]))
    button(app, "Delete 2").click().run()
    assert quiet(app)
    assert "Deleted 2 runs." in texts(app)
    assert listed(app) == ids[2:]
    assert not app.query_params["chosen"]
    again = open_page("runs")
    button(again, "Undo").click().run()
    assert quiet(again)
    assert set(listed(again)) == set(ids)
    assert "Undo" not in labels(again)


def test_undo_takes_back_the_latest_deletion_first(open_page, finished):
    ids = [finished(seed=seed) for seed in range(2)]
    runs.delete(ids[0])
    minute_ago = time.time() - 60
    os.utime(settings().runs / f".deleted-{ids[0]}", (minute_ago, minute_ago))
    runs.delete(ids[1])
    app = open_page("runs")
    button(app, "Undo").click().run()
    assert listed(app) == [ids[1]]
    button(app, "Undo").click().run()
    assert set(listed(app)) == set(ids)


def test_what_others_deleted_is_not_offered(open_page, finished):
    runs.delete(finished(SOMEBODY_ELSE, shared=True))
    app = open_page("runs")
    assert "Undo" not in labels(app)


def test_an_active_run_can_be_stopped_and_not_deleted(open_page, every_state, queue):
    queued = every_state[State.QUEUED]
    app = open_page("runs", chosen=queued)
    assert "Delete" not in labels(app)
    button(app, "Stop").click().run()
    assert quiet(app)
    assert queue.stopped == [queued]


def test_a_paused_run_can_be_stopped(open_page, every_state, queue):
    paused = every_state[State.PAUSED]
    app = open_page("runs", chosen=paused)
    button(app, "Stop").click().run()
    assert quiet(app)
    assert queue.stopped == [paused]


def test_runs_of_others_can_be_looked_at_only(open_page, every_state, finished):
    foreign = [finished(SOMEBODY_ELSE, shared=True), every_state[State.FINISHED]]
    app = open_page("runs", chosen=",".join(foreign))
    # All else is the visitor's own to do.
    usual = {"Bring it in", "Take home 2"}
    assert set(labels(app)) == usual | {"Compare 2", "Clear", "Start afresh"}
    assert "2 are not yours; view and compare only." in texts(app)


def test_what_fails_becomes_a_sentence_and_the_rest_is_done(open_page, finished):
    first, second = finished(seed=1), finished(seed=2)
    app = open_page("runs", chosen=f"{first},{second}")
    # Somebody else's by the time that the button is pressed, as in a stale or forged page.
    path = runs.folder_of(first).config
    values = json.loads(path.read_text(encoding="utf-8")) | {"visitor": SOMEBODY_ELSE}
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    runs.annotate(first, shared=True)
    button(app, "Delete 2").click().run()
    assert "is not yours" in sentence(app)
    assert runs.read(first).state is State.FINISHED
    assert listed(app) == [first]


def test_whose_run_it_is(every_state, finished):
    mine, unshared = finished(), finished(SOMEBODY_ELSE)
    shared = finished(SOMEBODY_ELSE, shared=True)
    seen = {run_id: access.may_see(runs.read(run_id), VISITOR) for run_id in (mine, unshared)}
    assert seen == {mine: True, unshared: False}
    assert access.owned(mine, VISITOR).id == mine
    with pytest.raises(access.RunNotFound, match="is not shared"):
        access.owned(unshared, VISITOR)
    for run_id in (shared, every_state[State.FINISHED], every_state[State.DAMAGED]):
        assert access.may_see(runs.read(run_id), VISITOR)
        with pytest.raises(access.SettingsError, match="is not yours"):
            access.owned(run_id, VISITOR)
    assert not access.owns(runs.read(every_state[State.DAMAGED]), "")


@pytest.mark.parametrize("page", ["evaluate", "classify"])
def test_somebodys_unshared_run_is_not_offered_and_its_link_is_a_sentence(
    open_page, finished, page
):
    hidden = finished(SOMEBODY_ELSE)
    app = open_page(page, run=hidden)
    assert f"The run {hidden} belongs to someone else and is not shared." in texts(app)


def test_csv_has_every_run_that_was_found(every_state, finished):
    finished(name="=1+1", starred=True, opened=True)
    every = runs.list_runs()
    table = list(csv.DictReader(io.StringIO(to_csv(every, VISITOR))))
    assert [row["run"] for row in table] == [run.id for run in every]
    (named,) = [row for row in table if row["name"].endswith("=1+1")]
    assert named["name"] == "'=1+1"  # or a spreadsheet would work it out
    assert named["starred"] == "1" and 0 < float(named["test_accuracy"]) < 1
    assert named["test_set"] == "opened"


def test_the_filters_match_words_in_any_order(every_state):
    every = runs.list_runs()
    found = Filters(text="fashion mlp finished").matching(every, VISITOR)
    assert [run.id for run in found] == [every_state[State.FINISHED]]


def facts(app, caption: str) -> dict:
    for table in components(app, "facts_table"):
        text = table.mixed.json if table.WhichOneof("data") == "mixed" else table.json
        values = json.loads(text)
        if values["caption"] == caption:
            return {row["name"]: row["values"] for row in values["rows"]}
    raise AssertionError(caption)


def test_a_link_compares_runs(open_page, finished):
    first = finished(seed=1, opened=True)
    second = finished(SOMEBODY_ELSE, seed=2, name="Hers", shared=True, opened=True)
    app = open_page("runs", runs=f"{first},{second}")
    assert quiet(app)
    assert facts(app, "Settings that differ") == {"Seed": ["1", "2"]}
    assert "MLP 300-100" in facts(app, "Settings that are equal")["Architecture"]
    figures = facts(app, "Figures of the runs")
    assert figures["Test accuracy"][0] == figures["Test accuracy"][1] != "–"
    # The same network twice: nothing to explain, on the validation and on the test images.
    assert texts(app).count("**There is no difference to explain.**") == 2
    button(app, "All runs").click().run()
    assert quiet(app)
    assert not app.query_params["runs"]
    assert app.query_params["chosen"] == f"{first},{second}"


def test_two_networks_are_tested_against_each_other(open_page, finished):
    first, second = finished(seed=1, opened=True), finished(seed=2, opened=True)
    folder = runs.folder_of(second)
    answers = np.eye(10, dtype=np.float32)[np.zeros(10_000, int)]
    folder.evaluation.unlink()
    write_evaluation(folder.evaluation, runs.Evaluation(answers, 2.3))
    app = open_page("runs", runs=f"{first},{second}")
    assert quiet(app)
    assert "B 10.00 %" in texts(app)
    assert "fewer than 1 of 1,000 such comparisons" in texts(app)
    assert "A is better on images like these." in texts(app)
    table = app.table[1].value
    assert int(table.iloc[0, -2].replace(",", "")) + int(table.iloc[1, -2].replace(",", "")) == 1000


def test_on_the_test_images_only_when_both_test_sets_are_open(open_page, finished):
    first, second = finished(seed=1, opened=True), finished(seed=2)
    app = open_page("runs", runs=f"{first},{second}")
    assert quiet(app)
    validation = runs.read(first).config.validation_count
    assert f"of the {validation:,} validation images that both held back right" in texts(app)
    assert "10,000 test images" not in texts(app) and len(app.table) == 1
    assert "that of B is sealed." in texts(app)
    figures = facts(app, "Figures of the runs")
    assert figures["Test accuracy"][0].endswith(" %")
    assert (figures["Test accuracy"][1], figures["Test loss"][1]) == ("sealed", "sealed")
    assert "The test set of B is sealed" in texts(app)


def test_runs_that_held_back_other_images_are_not_compared_by_them(open_page, finished):
    first, second = finished(), finished()
    path = runs.folder_of(second).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"]["limit"] = 4_000  # the last tenth of these, instead of 2,000
    values["config"]["recipe"]["validation"] = 200
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    run = runs.read(second)
    answers = np.full((run.config.validation_count, 10), 0.1, np.float32)
    run.folder.validation.unlink()
    write_evaluation(run.folder.validation, runs.Evaluation(answers, 2.3))
    app = open_page("runs", runs=f"{first},{second}")
    assert quiet(app)
    assert "These two held back different images" in texts(app)


def test_what_cannot_be_compared_is_a_sentence_and_the_others_are_shown(
    open_page, every_state, finished
):
    unshared, fine = finished(SOMEBODY_ELSE), finished()
    asked = ["nope", unshared, every_state[State.DAMAGED], fine, every_state[State.QUEUED], fine]
    app = open_page("runs", runs=",".join(asked))
    assert not app.exception
    said = [error.value for error in app.error]
    assert [sentence.split(":")[0][:12] for sentence in said] == [
        "There is no ",
        "The run 2026"[:12] if unshared.startswith("2026") else f"The run {unshared}"[:12],
        f"The run {every_state[State.DAMAGED]}"[:12],
    ]
    assert "Once both have finished, their answers are compared" in texts(app)
    assert facts(app, "Figures of the runs")["Test accuracy"][1] == "–"


@pytest.mark.parametrize("state", [State.STOPPED, State.FAILED, State.INTERRUPTED])
def test_a_run_without_answers_has_no_test(open_page, every_state, state):
    app = open_page("runs", runs=f"{every_state[State.FINISHED]},{every_state[state]}")
    assert quiet(app)
    assert "did not finish, so it has no answers" in texts(app)


def test_a_lost_evaluation_is_a_sentence(open_page, finished):
    first, second = finished(seed=1, opened=True), finished(seed=2, opened=True)
    runs.folder_of(second).evaluation.unlink()
    app = open_page("runs", runs=f"{first},{second}")
    assert "cannot be tested: This run has no file evaluation.npz" in sentence(app)
    assert components(app, "compare_chart")


def test_a_damaged_curve_leaves_the_rest_alone(open_page, finished):
    first, second = finished(seed=1), finished(seed=2)
    runs.folder_of(second).batches.write_text("{broken\n", encoding="utf-8")
    app = open_page("runs", runs=f"{first},{second}")
    assert sentence(app) == "The file batches.jsonl has a line that is not a point of a curve."
    assert "Settings" in texts(app)


def test_a_link_to_more_than_six_compares_the_first_six(open_page, finished):
    ids = [finished(seed=seed) for seed in range(8)]
    app = open_page("runs", runs=",".join(ids))
    assert sentence(app).startswith("The link names 8 runs. The first 6 are compared")
    assert len(facts(app, "Figures of the runs")["Epochs"]) == 6


def test_a_link_to_one_run_says_so(open_page, finished):
    app = open_page("runs", runs=finished())
    assert not app.exception and not app.error
    assert app.info[0].value.startswith("This is only one run.")


@pytest.mark.slow
@pytest.mark.parametrize("asked", [",,,", "%00", "../../etc", "<b>", "x" * 5000])
def test_hostile_links_are_no_exception(open_page, every_state, asked):
    for name in ("runs", "chosen", "sort", "find", "runs_page"):
        app = open_page("runs", **{name: asked})
        assert not app.exception


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((8810, 310, 270, 610), "in about 11 of 100 such comparisons: **it could be chance.**"),
        ((8810, 270, 350, 570), "in about 1 of 1,000 such comparisons: **chance is an unlikely"),
        ((9000, 5, 5, 990), "**There is no difference to explain.**"),
        ((9000, 6, 5, 989), "in nearly all such comparisons: **it could be chance.**"),
        ((8000, 900, 100, 1000), "in fewer than 1 of 1,000 such comparisons: **chance is an"),
    ],
)
def test_the_verdict_in_words(counts, words):
    p_value = float(binomtest(counts[1], counts[1] + counts[2]).pvalue)
    said = paired_words(Paired(*counts, p_value), "A", "B", "test images")
    assert words in said
    assert f"of the {sum(counts):,} test images right" in said
    assert f"{counts[1]:,} images only A gets right, {counts[2]:,} only B." in said


def test_curves_over_images_and_seconds(finished):
    run = runs.read(finished())
    epochs = curves_across(run, Across.EPOCHS)["validation"]["x"]
    images = curves_across(run, Across.IMAGES)["validation"]["x"]
    taken = curves_across(run, Across.SECONDS)
    assert images == [epoch * run.config.training_count for epoch in epochs]
    for curve in taken.values():
        assert curve["x"] == sorted(curve["x"])
        assert 0 < curve["x"][-1] <= run.result.seconds + 1


def test_the_first_epochs_of_long_runs_are_drawn_with_all_their_points(home):
    run = runs.read(runs.create(config(), VISITOR))
    run.folder.epochs.write_text(
        "".join(
            json.dumps({"epoch": epoch, "val_loss": 1, "val_accuracy": 0.5, "seconds": 1}) + "\n"
            for epoch in range(1, 101)
        ),
        encoding="utf-8",
    )
    run.folder.batches.write_text(
        "".join(
            json.dumps({"epoch": step / 50, "loss": 1, "accuracy": 0.5, "seconds": step}) + "\n"
            for step in range(1, 5_001)
        ),
        encoding="utf-8",
    )
    whole, some = (curves_across(run, Across.EPOCHS, first) for first in (None, 2))
    assert whole["validation"]["x"][-1] == 100
    assert some["validation"]["x"] == [1, 2]
    assert some["training"]["x"][-1] == 2
    inside = [x for x in whole["training"]["x"] if x <= 2]
    assert len(some["training"]["x"]) > 10 * len(inside)


def test_the_first_epochs_are_in_the_link(open_page, put_run):
    longer = runs.create(config(), VISITOR)
    path = runs.folder_of(longer).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"]["recipe"]["epochs"] = 9
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    app = open_page("runs", runs=f"{put_run()},{longer}", epochs="3")
    assert quiet(app)
    (chart,) = components(app, "compare_chart")
    text = chart.mixed.json if chart.WhichOneof("data") == "mixed" else chart.json
    assert json.loads(text)["first"] == 3
    assert "X axis" in [each.label for each in app.get("button_group")]


def test_seconds_of_runs_that_noted_none_come_from_their_epochs(home):
    run = runs.read(runs.create(config(), VISITOR))
    run.folder.epochs.write_text(
        "".join(
            json.dumps({"epoch": epoch, "val_loss": 1, "val_accuracy": 0.5, "seconds": seconds})
            + "\n"
            for epoch, seconds in ((1, 10.0), (2, 20.0))
        ),
        encoding="utf-8",
    )
    run.folder.batches.write_text(
        "".join(
            json.dumps({"epoch": epoch, "loss": 1, "accuracy": 0.5}) + "\n"
            for epoch in (0.5, 1.5, 2.5)
        ),
        encoding="utf-8",
    )
    curves = curves_across(run, Across.SECONDS)
    assert curves["validation"]["x"] == [10, 30]
    assert curves["training"]["x"] == [5, 20, 37.5]  # the last at the average speed so far


def test_runs_on_different_data_sets_are_not_tested_against_each_other(open_page, finished):
    first, second = finished(seed=1), finished(seed=2)
    path = runs.folder_of(second).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"] |= {"dataset": "cifar-10"}
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    app = open_page("runs", runs=f"{first},{second}")
    assert quiet(app)
    assert "answered images of different data sets" in texts(app)
    assert facts(app, "Settings that differ")["Data set"] == ["Fashion-MNIST", "CIFAR-10"]


def test_what_raises_a_training_loss_is_said_below_the_figures(open_page, finished):
    one, other = finished(VISITOR), finished(VISITOR)
    settled = json.loads(runs.folder_of(other).config.read_text(encoding="utf-8"))
    settled["config"]["recipe"]["label_smoothing"] = 0.1
    runs.folder_of(other).config.write_text(json.dumps(settled), encoding="utf-8")
    app = open_page("runs", runs=f"{one},{other}")
    assert quiet(app)
    assert "B’s is raised by label smoothing 0.1" in texts(app) and "A’s is" not in texts(app)
