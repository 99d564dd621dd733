"""Evaluate, report: the table, the curves and the words, against what the core says."""

import json
import shutil

import numpy as np
import pytest
from making import VISITOR
from reading import components, quiet, texts

from core import datasets, evaluation, runs
from core.datasets import imported
from core.datasets.imported import Choices
from core.datasets.sources import Found
from core.datasets.sources.parts import Part
from core.evaluation import VALIDATION
from core.runs import Evaluation, State, write_evaluation
from core.settings import settings
from pages.views.evaluate.report import DRAWN_OF_TWO, curves, explanation
from pages.widgets import palette

CLASSES = datasets.find("fashion-mnist").classes


@pytest.fixture
def finished(every_state):
    return runs.read(every_state[State.FINISHED])


@pytest.fixture
def answers(finished):
    return evaluation.answers_of(finished, VALIDATION)


@pytest.fixture
def report(finished):
    return evaluation.report_of(finished, VALIDATION)


def test_the_table_has_every_figure_of_the_core(open_page, finished, answers, report):
    app = open_page("evaluate", run=finished.id, view="report")
    assert quiet(app)
    table = app.dataframe[0].value
    ranks = evaluation.rankings(answers.probabilities, answers.labels, CLASSES)
    assert list(table["Class"]) == [*CLASSES, "macro average", "weighted average"]
    assert list(table["F1"][:10]) == [row.f1 for row in report.rows]
    assert list(table["ROC AUC"][:10]) == [rank.auc for rank in ranks]
    support = [row.support for row in report.rows]
    areas = np.array([rank.average_precision for rank in ranks])
    assert table["Average precision"][10] == pytest.approx(areas.mean())
    assert table["Average precision"][11] == pytest.approx(np.average(areas, weights=support))
    low, high = report.interval
    assert f"95 % interval {100 * low:.2f} to {100 * high:.2f} %" in texts(app)
    assert len(components(app, "live_chart")) == 1


def test_classes_can_be_hidden_and_the_corner_enlarged(open_page, finished):
    app = open_page("evaluate", run=finished.id, view="report")
    (roc, both) = [json.loads(chart.json) for chart in components(app, "chart")]
    names = [trace.get("name", "") for trace in roc["figure"]["data"]]
    assert all(name.startswith(of) for name, of in zip(names, CLASSES, strict=False))
    assert max(len(trace["x"]) for trace in roc["figure"]["data"]) <= 200
    assert len(both["figure"]["data"]) == 11
    app.pills(key="ranked_fashion-mnist_1").set_value([0, 6]).run()
    assert quiet(app)
    roc, _ = (json.loads(chart.json) for chart in components(app, "chart"))
    assert len(roc["figure"]["data"]) == 2 + 2  # the corner and chance
    assert roc["figure"]["data"][1]["line"]["color"] == palette.CLASSES[6]  # its own
    app.toggle(key="near").set_value(True).run()
    assert quiet(app)
    roc, _ = (json.loads(chart.json) for chart in components(app, "chart"))
    assert roc["figure"]["layout"]["xaxis"]["range"] == [-0.004, 0.204]
    app.pills(key="ranked_fashion-mnist_1").set_value([]).run()
    assert quiet(app)


def test_a_second_network_stands_beside_the_first(open_page, finished, answers):
    run_id = f"{finished.id[:-6]}ffffff"
    folder = shutil.copytree(finished.path, settings().runs / run_id)
    rolled = np.roll(answers.probabilities, 1, axis=1)
    write_evaluation(folder / "validation.npz", Evaluation(rolled, answers.loss))
    app = open_page("evaluate", **{"run": finished.id, "with": run_id}, view="report")
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["F1 A"]) != list(table["F1 B"])
    assert list(table.columns)[1:3] == ["Precision A", "Precision B"]
    roc = json.loads(components(app, "chart")[0].json)
    # The worst classes of each, that the lines can be told apart.
    lines = [trace["line"]["dash"] for trace in roc["figure"]["data"] if "line" in trace]
    assert lines.count("dot") == DRAWN_OF_TWO and lines.count("solid") == DRAWN_OF_TWO


def test_the_curves_of_more_than_ten_classes_can_be_told_apart():
    names = [f"class {number}" for number in range(23)]
    labels = np.repeat(np.arange(23), 8)
    probabilities = np.random.default_rng(3).dirichlet(np.ones(23), len(labels))
    report = evaluation.report(probabilities, labels, names, 0.5)
    ranks = evaluation.rankings(probabilities, labels, names)
    both = [("A", report, ranks), ("B", report, ranks)]
    for kind in ("roc", "precision_recall"):
        lines = [each for each in curves(both, range(23), kind, near=False).data if each.name]
        lines = [line for line in lines if line.name.startswith("class")]
        looks = [(line.line.color, line.marker.symbol, line.line.dash) for line in lines]
        assert len(set(looks)) == len(looks) == 2 * 23
        assert {line.mode for line in lines[:20]} == {"lines"}
        assert {line.mode for line in lines[20:]} == {"lines+markers"}


def test_the_words_hold_the_numbers():
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0], [0.3, 0.7, 0]])
    labels = np.array([0, 0, 1, 1])
    names = ["Cat", "Dog", "Cow"]
    report = evaluation.report(probabilities, labels, names, 0.5)
    ranks = evaluation.rankings(probabilities, labels, names)
    words = explanation(report, ranks[0], 0, "B")
    assert "of 2 images that network B called “Cat”, 1 were" in words
    assert "of 2 images of “Cat”, network B found 1" in words
    assert "in 50.0 % of such pairs" in words
    hostile = "![x](//evil.example)"
    named = evaluation.report(probabilities, labels, [hostile, "b", "c"], 0.5)
    assert "![" not in explanation(named, ranks[0], 0) and "](" not in explanation(
        named, ranks[0], 0
    )
    words = explanation(report, ranks[2], 2)
    assert "the network never answered “Cow”" in words
    assert "no image is of “Cow”" in words and "AUC" not in words


def test_a_class_without_images_is_marked_and_left_out_of_the_macro_average(
    open_page, put_run, answers
):
    """On a data set of one's own, of which only the test images have an ankle boot."""
    split = datasets.load("fashion-mnist", "train")
    folder, counts = imported.stage(), {}
    train = np.flatnonzero(split.labels[:7000] != 9)
    for name, chosen in (("train", train), ("test", np.arange(7000, 7100))):
        with Part(folder, name, (28, 28, 1), lambda size: None) as part:
            part.append(split.images[chosen], split.labels[chosen], lambda i: f"line {i + 2}")
        counts[name] = part.counts[:10].tolist()
    found = Found("table", (28, 28, 1), counts, first=("line 2",) * 10, name="x.csv")
    dataset = imported.save(folder, found, Choices("Ours", CLASSES), VISITOR)
    run_id = put_run()
    path = settings().runs / run_id / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"] |= {"dataset": dataset, "limit": None}
    path.write_text(json.dumps(values), encoding="utf-8")
    config = runs.read(run_id).config
    assert config is not None, runs.read(run_id).reason
    size = config.validation_count
    probabilities = np.resize(answers.probabilities, (size, 10))
    write_evaluation(path.with_name("validation.npz"), Evaluation(probabilities, answers.loss))
    app = open_page("evaluate", run=run_id, view="report")
    assert quiet(app)
    table = app.dataframe[0].value
    assert list(table["Class"])[9:] == [
        "Ankle boot (left out)",
        "macro average",
        "weighted average",
    ]
    assert table["F1"][10] == pytest.approx(table["F1"][:9].mean())
    assert "macro averages leave out “Ankle boot”" in texts(app)
