"""Confusion matrix and report, against scikit-learn on predictions that were never learned."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)
from support import small

from core import datasets, evaluation, runs
from core.errors import RunDamaged

CLASSES = [f"class {index}" for index in range(10)]
COUNT = 2000


@pytest.fixture(scope="module")
def labels():
    return np.random.default_rng(0).integers(0, 10, COUNT)


@pytest.fixture(scope="module")
def probabilities(labels):
    """Answers that are right about half of the time and never say class 6."""
    values = np.random.default_rng(1).random((COUNT, 10))
    values[np.arange(COUNT), labels] += 0.6
    values[:, 6] = 0
    return (values / values.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def report(probabilities, labels):
    return evaluation.report(probabilities, labels, CLASSES, loss=1.25)


def test_the_matrix_counts_true_by_predicted(report, probabilities, labels):
    matrix = np.array(report.matrix)
    assert np.array_equal(matrix, confusion_matrix(labels, probabilities.argmax(axis=1)))
    assert np.array_equal(matrix.sum(axis=1), np.bincount(labels))
    assert matrix[:, 6].sum() == 0


def test_the_rows_are_those_of_scikit_learn(report, probabilities, labels):
    predicted = probabilities.argmax(axis=1)
    values = precision_recall_fscore_support(labels, predicted, zero_division=0)
    found = [(row.precision, row.recall, row.f1, row.support) for row in report.rows]
    assert np.array(found) == pytest.approx(np.transpose(values))
    assert [row.name for row in report.rows] == CLASSES
    assert (report.rows[6].precision, report.rows[6].recall, report.rows[6].f1) == (0, 0, 0)
    assert report.rows[6].support > 100


@pytest.mark.parametrize(("index", "average"), [(0, "macro"), (1, "weighted")])
def test_the_averages_are_those_of_scikit_learn(report, probabilities, labels, index, average):
    values = precision_recall_fscore_support(
        labels, probabilities.argmax(axis=1), average=average, zero_division=0
    )
    row = report.averages[index]
    assert row.name == f"{average} average"
    assert (row.precision, row.recall, row.f1) == pytest.approx(values[:3])
    assert row.support == COUNT


def test_accuracy_and_loss(report, probabilities, labels):
    assert report.accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert 0.3 < report.accuracy < 0.9
    assert report.loss == 1.25


def test_the_interval_is_wilsons_and_top_two_scikit_learns(report, probabilities, labels):
    right = round(report.accuracy * COUNT)
    expected = binomtest(right, COUNT).proportion_ci(method="wilson")
    assert report.interval == pytest.approx((expected.low, expected.high))
    assert report.top_two == pytest.approx(top_k_accuracy_score(labels, probabilities, k=2))


def test_a_class_that_is_not_there_has_a_row_too(probabilities, labels):
    some = labels != 3
    report = evaluation.report(probabilities[some], labels[some], CLASSES, 0.0)
    assert len(report.matrix) == len(report.rows) == 10
    assert report.rows[3].support == 0
    assert sum(report.matrix[3]) == 0


def test_a_class_that_training_has_not_is_left_out_of_the_macro_average(probabilities, labels):
    """As scikit-learn's average over the other classes."""
    report = evaluation.report(probabilities, labels, CLASSES, 0.0, unseen={3})
    values = precision_recall_fscore_support(
        labels,
        probabilities.argmax(axis=1),
        labels=[index for index in range(10) if index != 3],
        average="macro",
        zero_division=0,
    )
    macro, weighted = report.averages
    assert (macro.precision, macro.recall, macro.f1) == pytest.approx(values[:3])
    assert report.left_out == ("class 3",)
    whole = evaluation.report(probabilities, labels, CLASSES, 0.0)
    assert weighted == whole.averages[1] and whole.left_out == ()
    assert report.rows == whole.rows and report.accuracy == whole.accuracy
    text = report.to_text("test")
    assert "class 3 *" in text and "Left out of the macro average" in text
    assert "*" not in whole.to_text("test")
    some = labels != 3
    absent = evaluation.report(probabilities[some], labels[some], CLASSES, 0.0)
    assert absent.left_out == ("class 3",) and absent.averages[0].recall > 0


def test_the_report_is_plain_data(report):
    words = json.loads(json.dumps(report.to_dict()))
    assert set(words) == {
        *("accuracy", "interval", "top_two", "loss", "matrix", "rows", "averages", "left_out")
    }
    assert words["rows"][0]["name"] == "class 0"
    assert words["matrix"] == [list(line) for line in report.matrix]


def test_the_report_as_text_has_a_line_a_class(report):
    assert report.to_text("test").startswith("Test accuracy ")
    text = report.to_text("validation")
    assert text.startswith(f"Validation accuracy {report.accuracy:.2%}, loss 1.2500")
    for row in (*report.rows, *report.averages):
        (line,) = [line for line in text.splitlines() if line.startswith(f"{row.name} ")]
        assert line.split()[-4:] == [
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            str(row.support),
        ]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_top_accuracy_is_that_of_scikit_learn(probabilities, labels, most):
    expected = top_k_accuracy_score(labels, probabilities, k=most, labels=range(10))
    assert evaluation.top_accuracy(probabilities, labels, most) == pytest.approx(expected)


def test_rows_are_shares_and_an_empty_row_stays_empty():
    shares = evaluation.row_normalised(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 7]]))
    assert shares.tolist() == [[0.75, 0.25, 0], [0, 0, 0], [0, 0, 1]]


def test_columns_are_shares_and_an_empty_column_stays_empty():
    shares = evaluation.column_normalised(np.array([[3, 0, 1], [1, 0, 0], [0, 0, 7]]))
    assert shares.tolist() == [[0.75, 0, 0.125], [0.25, 0, 0], [0, 0, 0.875]]


def test_the_shares_are_scikit_learns(report, probabilities, labels):
    predicted, matrix = probabilities.argmax(axis=1), np.array(report.matrix)
    rows = confusion_matrix(labels, predicted, normalize="true")
    assert evaluation.row_normalised(matrix) == pytest.approx(rows)
    some = matrix.sum(axis=0) > 0
    columns = confusion_matrix(labels, predicted, normalize="pred")
    assert evaluation.column_normalised(matrix)[:, some] == pytest.approx(columns[:, some])


@pytest.mark.parametrize(
    ("matrix", "cell"),
    [
        ([[90, 2, 8], [0, 100, 0], [9, 0, 91]], (2, 0)),
        ([[90, 0], [0, 95]], (1, 1)),  # no mistake at all
        ([[0, 3], [0, 0]], (0, 1)),
        ([[0, 0], [0, 0]], (0, 0)),
    ],
)
def test_the_commonest_mistake(matrix, cell):
    assert evaluation.commonest_mistake(np.array(matrix)) == cell


def test_a_cell_has_its_images_the_most_confident_first(probabilities, labels):
    predicted = probabilities.argmax(axis=1)
    matrix = evaluation.confusion(labels, predicted, 10)
    for true in range(10):
        for answer in range(10):
            inside = evaluation.cell(probabilities, labels, true, answer)
            assert len(inside) == matrix[true, answer]
            assert (labels[inside] == true).all() and (predicted[inside] == answer).all()
            confidence = probabilities[inside, answer]
            assert (np.diff(confidence) <= 0).all()


def test_equally_confident_images_keep_their_order():
    probabilities = np.tile(np.array([[0.2, 0.8]], np.float32), (5, 1))
    assert evaluation.cell(probabilities, np.ones(5, int), 1, 1).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_examples_are_of_different_classes(labels, count):
    for seed in range(20):
        indices = evaluation.examples(labels, seed, count)
        assert len(indices) == len(set(labels[indices])) == count


def test_examples_are_drawn_with_the_seed(labels):
    assert evaluation.examples(labels, 1).tolist() == evaluation.examples(labels, 1).tolist()
    drawn = {tuple(evaluation.examples(labels, seed)) for seed in range(20)}
    assert len(drawn) == 20
    assert {int(label) for three in drawn for label in labels[list(three)]} == set(range(10))


def test_the_report_of_a_run(trained):
    report = evaluation.report_of(trained)
    assert report.accuracy == pytest.approx(trained.result.test_accuracy)
    assert report.loss == trained.result.test_loss
    assert [row.support for row in report.rows] == [1000] * 10
    assert [row.name for row in report.rows] == list(datasets.find("fashion-mnist").classes)


def test_a_run_without_evaluation_and_a_damaged_one_have_no_report():
    run_id = runs.create(small(), "ada")
    with pytest.raises(RunDamaged, match="no file"):
        evaluation.report_of(runs.read(run_id))
    runs.folder_of(run_id).config.write_text("{", encoding="utf-8")
    with pytest.raises(RunDamaged, match=r"is damaged: The file config\.json"):
        evaluation.report_of(runs.read(run_id))


def test_a_note_says_what_raises_the_training_loss(trained):
    """The bundled model's is 0.98 beside 0.22: people ask."""
    assert evaluation.training_loss_note(trained) == ""
    recipe = trained.config.recipe.changed(label_smoothing=0.1, augmentation=("flip",))
    smoothed = replace(trained, config=replace(trained.config, recipe=recipe))
    assert evaluation.training_loss_note(smoothed) == "raised by label smoothing 0.1, augmentation"
    assert evaluation.training_loss_note(replace(smoothed, id=runs.BUNDLED)).endswith(
        ", harder pictures"
    )
    assert evaluation.training_loss_note(replace(trained, config=None)) == ""


def test_a_sentence_says_why_training_looks_worse_than_validation(trained):
    assert evaluation.training_gap(trained.config) == (
        "The training loss is a mean over the whole epoch, while the network was still learning. "
        "The validation loss is measured at the end of the epoch, so it can be lower."
    )
    bundled = runs.read(runs.BUNDLED).config
    assert (
        "; dropout, label smoothing 0.05, augmentation and harder pictures raise it further."
        in evaluation.training_gap(bundled, harder=True)
    )
    accurate = runs.read(runs.BUNDLED_ACCURATE).config
    assert "dropout" in evaluation.training_gap(accurate), "it is after a residual block"
    dropped = replace(trained.config, dropout=0.5)
    assert "; dropout raises it further. The" in evaluation.training_gap(dropped)
