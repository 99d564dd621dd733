"""Evaluate, robustness; and calculations in the background as people see them."""

import os

import numpy as np
import pytest
from reading import button, components, labels, quiet, sentence, texts

from core import evaluation, runs
from core.errors import SettingsError
from core.evaluation import CORRUPTIONS, SEVERITIES
from core.runs import State
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.tasks import pool as tasks
from core.tasks.pool import TaskState
from pages.views.evaluate import robustness as view
from pages.widgets import task as task_view


@pytest.fixture
def finished(every_state):
    return runs.read(every_state[State.FINISHED])


def measured(run, count=2_000, **changes):
    """Write figures as a task does: each corruption a little worse than the one before it."""
    right = np.array(
        [
            [int(count * (0.9 - 0.05 * row - 0.06 * column)) for column in range(len(SEVERITIES))]
            for row in range(len(CORRUPTIONS))
        ]
    )
    arrays = {
        "names": np.array(list(CORRUPTIONS)),
        "count": np.array(count),
        "clean": np.array(int(0.95 * count)),
        "right": right,
    }
    write_analysis(analysis_file("robustness", run), arrays | changes, stamp_of(run))


def open_view(open_page, run, **query):
    return open_page("evaluate", run=run.id, view="robustness", **query)


def test_before_it_is_measured_people_see_the_pictures_and_what_it_takes(open_page, finished):
    app = open_view(open_page, finished)
    assert quiet(app)
    assert len(components(app, "gallery")) == 1
    count = finished.config.validation_count
    said = texts(app)
    assert f"{count:,} of its validation images" in said
    assert f"{51 * count:,} answers" in said
    assert "Start" in labels(app)
    assert "Accuracy by severity" not in said


def test_the_severity_is_in_the_link(open_page, finished):
    one, five = (
        str(components(open_view(open_page, finished, severity=severity), "gallery"))
        for severity in ("1 slight", "5")
    )
    assert one != five
    app = open_view(open_page, finished, severity="9")
    assert "This link's severity “9”" in sentence(app)


def test_figures_become_a_table_curves_and_words(open_page, finished):
    measured(finished)
    app = open_view(open_page, finished)
    assert quiet(app)
    said = texts(app)
    assert "It is weakest against **occlusion**: accuracy falls from 95.0 %" in said
    assert "to 45.0 % at severity 1 and 21.0 % at severity 5" in said
    assert "From severity 1 on, more than half of the right answers are lost." in said
    assert "It is most robust to **noise**: 78.0 % on average." in said
    assert "on 2,000 of the validation images" in said and "± 2.2 points" in said
    assert "few images" not in said
    assert {metric.label: metric.value for metric in app.metric}["Unchanged"] == "95.0 %"
    (table,) = [each.proto.body for each in app.get("html") if "robustness" in each.proto.body]
    assert table.count("<tr>") == 1 + len(CORRUPTIONS) + 1
    assert ">90.0<" in table and ">21.0<" in table
    assert len(components(app, "chart")) == 1
    assert "Start" not in labels(app)


def test_few_images_are_said_to_be_few(open_page, finished):
    measured(finished, 100)
    assert "only large differences mean something" in texts(open_view(open_page, finished))


def test_two_networks_side_by_side(open_page, finished, small, only_bundled):
    only_bundled({runs.BUNDLED: small})
    bundled = runs.read(runs.BUNDLED)
    measured(finished)
    app = open_view(open_page, finished, **{"with": runs.BUNDLED})
    assert "Start" in labels(app)  # for the second one; the first is shown
    assert "Accuracy by severity" in texts(app)
    measured(bundled, right=np.full((len(CORRUPTIONS), len(SEVERITIES)), 800))
    app = open_view(open_page, finished, **{"with": runs.BUNDLED})
    assert quiet(app)
    assert "Solid: " in texts(app)
    deltas = {metric.label: metric.delta for metric in app.metric}
    assert deltas["Corrupted, mean"] == "B: 40.0 %"
    app.segmented_control(key="robustness_table").set_value("gap").run()
    (table,) = [each.proto.body for each in app.get("html") if "robustness" in each.proto.body]
    assert ">+50.0<" in table and ">-19.0<" in table


def test_the_file_has_a_row_for_every_cell(finished):
    measured(finished)
    found = evaluation.read_robustness(analysis_file("robustness", finished))
    head, rows = view._plain(found, None)
    assert len(rows) == 1 + len(CORRUPTIONS) * len(SEVERITIES)
    assert {len(row) for row in rows} == {len(head)}
    assert rows[0] == ["none", 0, "", 2_000, 0.95]
    assert rows[1] == ["noise", 1, 0.08, 2_000, 0.9]
    head, rows = view._plain(found, found)
    assert {len(row) for row in rows} == {len(head)} and rows[1][-1] == rows[1][-2]


def test_a_result_that_is_none_becomes_a_sentence(open_page, finished):
    measured(finished, right=np.full((3, 3), 1))
    app = open_view(open_page, finished)
    assert "robustness.npz does not hold accuracies. Delete it from" in sentence(app)


@pytest.fixture
def state(monkeypatch):
    """Let the task of robustness be in a state that a test chooses; it remembers the wishes."""

    class Tasks:
        def __init__(self):
            self.now, self.wishes, self.refusal = TaskState("none"), [], None

        def start(self, kind, run, visitor):
            if self.refusal:
                raise SettingsError(self.refusal)
            self.wishes.append(f"start {kind}")
            self.now = TaskState("waiting", position=2, visitor=visitor)

        def stop(self, kind, run):
            self.wishes.append(f"stop {kind}")
            self.now = TaskState("stopped")

        def look(self, kind, run):
            return self.now

        def result(self, kind, run):
            return tasks.result(kind, run)

    found = Tasks()
    monkeypatch.setattr(task_view, "tasks", found)
    return found


def test_a_calculation_from_the_button_to_the_result(open_page, finished, state):
    app = open_view(open_page, finished)
    button(app, "Start").click().run()
    assert state.wishes == ["start robustness"]
    assert "Stop" in labels(app) and "Start" not in labels(app)
    assert progress(app) == "Waiting: 2 calculations go first."
    visitor = state.now.visitor
    state.now = TaskState("working", visitor=visitor)
    app.run()
    assert progress(app) == "Loading the network; this takes a few seconds."
    state.now = TaskState("working", 0.42, 75.0, visitor=visitor)
    app.run()
    assert progress(app) == "42 % done · 1:15 min left"
    measured(finished)
    state.now = TaskState("done", 1.0)
    app.run()
    assert quiet(app) and "Accuracy by severity" in texts(app)


def test_a_calculation_can_be_stopped_and_started_again(open_page, finished, state):
    app = open_view(open_page, finished)
    button(app, "Start").click().run()
    button(app, "Stop").click().run()
    assert state.wishes == ["start robustness", "stop robustness"]
    assert "Stopped. Nothing was kept." in texts(app)
    button(app, "Start again").click().run()
    assert state.now.phase == "waiting"


def test_who_did_not_start_it_sees_it_and_cannot_stop_it(open_page, finished, state):
    state.now = TaskState("working", 0.5, 9.0, visitor="b" * 32)
    app = open_view(open_page, finished)
    assert progress(app) == "50 % done · 9 s left"
    assert "Stop" not in labels(app)
    assert "Started by someone else" in texts(app)


def test_a_failure_and_a_refusal_are_sentences(open_page, finished, state):
    state.now = TaskState("failed", reason="The memory ran out. Start it again.")
    app = open_view(open_page, finished)
    assert sentence(app) == "The memory ran out. Start it again."
    state.now = TaskState("none")
    state.refusal = "20 calculations wait already. Try again in a few minutes."
    app.run()
    button(app, "Start").click().run()
    assert sentence(app) == state.refusal


def test_a_run_of_an_earlier_version_is_asked_about_its_validation_images(
    open_page, finished, state
):
    written = finished.folder.validation
    answers = runs.read_evaluation(written, finished.config.validation_count, 10)
    written.unlink()
    app = open_page("evaluate", run=finished.id)
    assert quiet(app)
    assert "This run predates saved predictions" in texts(app)
    button(app, "Start").click().run()
    assert state.wishes == ["start validation"]
    path = analysis_file("validation", finished)
    arrays = {"probabilities": answers.probabilities, "loss": np.array(answers.loss)}
    write_analysis(path, arrays, stamp_of(finished))
    state.now = TaskState("done", 1.0)
    app.run()
    assert quiet(app) and "Validation accuracy" in {metric.label for metric in app.metric}
    os.truncate(path, 100)
    state.now = TaskState("none")
    assert "Start" in labels(open_page("evaluate", run=finished.id))


def progress(app):
    (bar,) = app.get("progress")
    return bar.proto.text


@pytest.mark.usefixtures("bundled")
def test_a_loaded_network_answers_each_picture(open_page):
    app = open_view(open_page, runs.read(runs.BUNDLED))
    assert quiet(app)
    (gallery,) = components(app, "gallery")
    assert "Unchanged: called" in str(gallery) and "Blur: called" in str(gallery)
    assert "wrong ones are red" in texts(app)
    before = str(gallery)
    button(app, "Another image").click().run()
    assert str(components(app, "gallery")[0]) != before
