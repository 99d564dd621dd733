"""Evaluate, confidence: what the view says of a real network, and of answers made for the test."""

import importlib
import json

import numpy as np
import pytest
from reading import components, quiet, sentence, texts

from core import evaluation, runs
from core.runs import Evaluation, State
from pages.views.evaluate.confidence import calibration_words, refusal_words


@pytest.fixture
def finished(every_state):
    return every_state[State.FINISHED]


@pytest.fixture
def enough(monkeypatch):
    """Let the small run of these tests have validation images enough to fit a temperature on."""
    # By its name it would be the function: the package exports it.
    module = importlib.import_module("core.evaluation.calibration")
    monkeypatch.setattr(module, "FEWEST", 50)


def rewrite(run: runs.Run, part: str, change) -> None:
    """Put other probabilities into a run's folder."""
    path = run.folder.evaluation if part == "test" else run.folder.validation
    answers = evaluation.answers_of(run, part)
    probabilities = change(answers.probabilities, answers.labels).astype(np.float32)
    runs.write_evaluation(path, Evaluation(probabilities, 0.1))


def figure(app, key_end: str):
    """Return the figure of the chart with this name."""
    for message in components(app, "chart"):
        data = json.loads(message.json)
        if data["name"].startswith(key_end):
            return data["figure"]
    raise AssertionError(f"no chart {key_end}")


def test_the_words_and_the_table_say_what_the_answers_say(open_page, finished):
    app = open_page("evaluate", run=finished, view="confidence")
    assert quiet(app)
    answers = evaluation.answers_of(runs.read(finished), "validation")
    found = evaluation.calibration(evaluation.confidence_of(answers.probabilities), answers.right)
    assert f"Its calibration error is **{100 * found.error:.1f} points**" in texts(app)
    measures = app.dataframe[0].value
    assert measures.iloc[0, 1] == f"{100 * found.error:.2f}"
    assert measures.iloc[3, 1] == f"{100 * answers.right.mean():.2f} %"
    (bars,) = [
        trace for trace in figure(app, "reliability")["data"] if trace.get("name") == "right"
    ]
    assert bars["y"] == pytest.approx(
        [each.accuracy for each in found.bins if each.count], abs=1e-5
    )


def test_temperature_scaling_takes_the_error_away(open_page, finished):
    run = runs.read(finished)
    # A network that boasts: its logits four times too large.
    for part in ("test", "validation"):
        rewrite(run, part, lambda probabilities, _: evaluation.temper(probabilities, 0.25))
    app = open_page("evaluate", run=finished, view="confidence", part="Test")
    assert quiet(app)
    assert "**overconfident**" in texts(app)
    assert "makes its answers more hesitant" in texts(app)
    assert "It was fitted on the validation images, not on these." in texts(app)
    before = figure(app, "reliability")
    measures = app.dataframe[0].value
    assert float(measures.iloc[0, 2]) < float(measures.iloc[0, 1])
    app.segmented_control(key="answers").set_value("scaled").run()
    assert quiet(app)
    assert figure(app, "reliability") != before


@pytest.mark.usefixtures("enough")
def test_on_validation_images_the_halves_are_crossed_and_said_so(open_page, finished):
    app = open_page("evaluate", run=finished, view="confidence")
    assert "each half of the validation images" in texts(app)


def test_the_slider_says_what_refusing_brings(open_page, finished):
    app = open_page("evaluate", run=finished, view="confidence", refuse="20")
    answers = evaluation.answers_of(runs.read(finished), "validation")
    found = evaluation.refusal(evaluation.confidence_of(answers.probabilities), answers.right)
    assert f"**{100 * found.at(0.2):.2f} %** of the other" in texts(app)
    assert len(components(app, "gallery")) == 1
    app.slider(key="refuse").set_value(0).run()
    assert quiet(app)
    assert "Without the 0 least sure" in texts(app) and not components(app, "gallery")


def test_bins_of_equal_counts(open_page, finished):
    app = open_page("evaluate", run=finished, view="confidence", bins="count")
    assert quiet(app)
    assert all(trace.get("type") != "bar" for trace in figure(app, "reliability")["data"])


@pytest.mark.usefixtures("bundled")
def test_a_second_run_stands_beside(open_page, finished):
    app = open_page("evaluate", run=finished, view="confidence", **{"with": "bundled"})
    assert quiet(app)
    assert "**A** is" in texts(app)
    for chart in ("reliability", "refusal"):
        assert "B" in [trace.get("name") for trace in figure(app, chart)["data"]]


@pytest.mark.usefixtures("enough")
@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize("right", [True, False])
def test_no_mistakes_and_nothing_but_mistakes(open_page, finished, right, sure):
    def change(probabilities, labels):
        answered = np.eye(10)[labels if right else (labels + 1) % 10]
        return answered if sure else 0.5 * answered + 0.05

    rewrite(runs.read(finished), "validation", change)
    app = open_page("evaluate", run=finished, view="confidence")
    assert quiet(app)
    assert "Temperature scaling is left out: no temperature fits" in texts(app)
    assert not [each for each in app.segmented_control if each.key == "answers"]


def test_few_images_are_said_to_be_too_few(open_page, finished, monkeypatch):
    run = runs.read(finished)
    app = open_page("evaluate", run=run.id, view="confidence")
    count = len(evaluation.answers_of(run, "validation"))
    assert 100 <= count < 200
    assert f"there are {count} validation images" in texts(app)
    monkeypatch.setattr("pages.views.evaluate.confidence.FEWEST", 1_000)
    app = open_page("evaluate", run=run.id, view="confidence")
    assert f"{count} validation images are too few" in app.info[0].value


def test_a_run_without_validation_answers_has_no_temperature(open_page, finished):
    runs.read(finished).folder.validation.unlink()
    app = open_page("evaluate", run=finished, view="confidence", part="Test")
    assert quiet(app)
    assert "Temperature scaling needs this run's answers on its validation images." in texts(app)


@pytest.mark.usefixtures("enough")
@pytest.mark.parametrize(
    ("name", "value"),
    [("bins", "<b>"), ("answers", "../.."), ("refuse", "1e999"), ("refuse", "-1"), ("refuse", "x")],
)
def test_what_a_link_may_not_ask_for_becomes_a_sentence(open_page, finished, name, value):
    app = open_page("evaluate", run=finished, view="confidence", **{name: value})
    assert f"{name} “{value}”" in sentence(app)


@pytest.mark.parametrize(
    ("confidence", "share", "verdict"),
    [
        (0.9, 0.9, "**well calibrated**"),
        (0.9, 0.7, "**overconfident**"),
        (0.7, 0.9, "**underconfident**"),
    ],
)
def test_the_verdict(confidence, share, verdict):
    said, right = np.full(1_000, confidence), np.arange(1_000) < 1_000 * share
    found = evaluation.calibration(said, right)
    words = calibration_words(found, 0.02, said, right)
    assert verdict in words
    assert ("When this network is about 90 %" in words) == (confidence == 0.9)


def test_sure_where_it_is_wrong_and_hesitant_where_it_is_right():
    said = np.repeat([0.55, 0.95], 500)
    right = np.r_[np.arange(500) < 475, np.arange(500) < 275]
    found = evaluation.calibration(said, right)
    assert "**too sure in some places" in calibration_words(found, 0.02, said, right)


def test_a_network_that_cannot_be_brought_to_99_percent():
    right = np.arange(100) % 2 == 0
    found = evaluation.refusal(np.full(100, 0.5), right)
    words = refusal_words(found, 0.1, right)
    assert "It cannot reach 99 % in this way." in words
    assert "Without the 10 least sure answers" in words and "**50.00 %** of the other 90" in words
