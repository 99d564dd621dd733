"""Evaluate, confusion: what the cells say, which cell is open, and the images behind it."""

import json
import shutil

import numpy as np
import pytest
from reading import components, quiet, sentence, texts

from core import datasets, evaluation, runs
from core.evaluation import VALIDATION
from core.runs import Evaluation, State, write_evaluation
from core.settings import settings
from pages.views.evaluate import confusion
from pages.widgets.confusion_grid import Numbers, confusion_grid, valid_cell
from pages.words import literal

CLASSES = datasets.find("fashion-mnist").classes


@pytest.fixture
def finished(every_state):
    return runs.read(every_state[State.FINISHED])


@pytest.fixture
def answers(finished):
    return evaluation.answers_of(finished, VALIDATION)


@pytest.fixture
def second(finished, answers):
    """Put a run into the folder that answers as the first does, but for a few images."""
    run_id = f"{finished.id[:-6]}ffffff"
    folder = shutil.copytree(finished.path, settings().runs / run_id)
    probabilities = answers.probabilities.copy()
    probabilities[::7] = np.roll(probabilities[::7], 1, axis=1)
    write_evaluation(folder / "validation.npz", Evaluation(probabilities, answers.loss))
    return runs.read(run_id)


def grid(app) -> dict:
    (message,) = components(app, "confusion_grid")
    return json.loads(message.json)


def tiles(app) -> list[str]:
    shown = components(app, "gallery")
    return json.loads(shown[0].json)["labels"] if shown else []


def expected_tiles(answers, places, predicted) -> list[str]:
    return [
        f"Validation image {answers.indices[place]}, "
        f"{100 * answers.probabilities[place, predicted]:.0f} % sure"
        for place in places
    ]


def test_the_commonest_mistake_is_open_with_its_images_the_surest_first(
    open_page, finished, answers
):
    app = open_page("evaluate", run=finished.id)
    assert quiet(app)
    matrix = evaluation.confusion(answers.labels, answers.predicted, 10)
    sent = grid(app)
    assert sent["counts"] == matrix.tolist()
    true, predicted = evaluation.commonest_mistake(matrix)
    assert sent["cell"] == {"row": true, "col": predicted}
    assert f"{literal(CLASSES[true])} called {literal(CLASSES[predicted])}" in texts(app)
    places = evaluation.cell(answers.probabilities, answers.labels, true, predicted)
    assert tiles(app) == expected_tiles(answers, places[: confusion.TILES], predicted)
    app.segmented_control(key="sure").set_value("unsure").run()
    assert tiles(app) == expected_tiles(answers, places[::-1][: confusion.TILES], predicted)


def test_a_link_opens_a_cell_and_more_images_than_fit_have_pages(
    open_page, finished, answers, monkeypatch
):
    monkeypatch.setattr(confusion, "TILES", 5)
    true = int(np.bincount(answers.labels[answers.right]).argmax())
    places = evaluation.cell(answers.probabilities, answers.labels, true, true)
    assert len(places) > 5
    app = open_page("evaluate", run=finished.id, cell=f"{true}-{true}")
    assert quiet(app)
    assert grid(app)["cell"] == {"row": true, "col": true}
    assert f"{literal(CLASSES[true])}, correctly recognised" in texts(app)
    assert tiles(app) == expected_tiles(answers, places[:5], true)
    app.session_state[f"cell_page_{true}_{true}__surest"] = 2
    app.run()
    assert tiles(app) == expected_tiles(answers, places[5:10], true)


def test_two_networks_without_images_in_common_have_no_difference(
    open_page, finished, second, monkeypatch
):
    def apart(first, second):
        return first.at(np.arange(0)), second.at(np.arange(0))

    monkeypatch.setattr(evaluation, "in_common", apart)
    app = open_page("evaluate", **{"run": finished.id, "with": second.id})
    assert quiet(app)
    assert "difference" not in app.segmented_control(key="numbers").options
    assert len(app.segmented_control(key="numbers").options) == 3


def test_an_empty_cell_says_so(open_page, finished, answers):
    matrix = evaluation.confusion(answers.labels, answers.predicted, 10)
    true, predicted = np.argwhere(matrix == 0)[0]
    app = open_page("evaluate", run=finished.id, cell=f"{true}-{predicted}")
    assert quiet(app)
    assert "No images in this cell." in texts(app) and tiles(app) == []


@pytest.mark.parametrize(
    "hostile",
    ["10-0", "0-10", "-1-0", "6", "6-0-1", "a-b", "٦-٠", "9999999999-0", "6-0\n", "<b>-0", "1e1-0"],
)
def test_a_cell_that_does_not_exist_is_a_sentence(open_page, finished, hostile):
    app = open_page("evaluate", run=finished.id, cell=hostile)
    assert sentence(app).startswith("The link asks for the cell “")
    assert "from 0 to 9" in sentence(app)
    assert tiles(app)


@pytest.mark.parametrize(
    ("cell", "valid"),
    [
        ({"row": 6, "col": 0}, (6, 0)),
        ({"row": 10, "col": 0}, None),
        ({"row": -1, "col": 0}, None),
        ({"row": 1.0, "col": 0}, None),
        ({"row": "1", "col": 0}, None),
        ({"row": 1}, None),
        ([1, 0], None),
        ("1-0", None),
        (None, None),
    ],
)
def test_what_the_browser_sends_is_a_cell_or_nothing(cell, valid):
    assert valid_cell(cell, 10) == valid


def test_a_matrix_must_fit_its_classes():
    options = {"chosen": (0, 0), "on_choose": print, "key": "k", "name": "n"}
    with pytest.raises(ValueError, match="2 x 2 matrix"):
        confusion_grid(np.eye(3), ["a", "b"], numbers=Numbers.COUNTS, **options)
    with pytest.raises(ValueError, match="second matrix"):
        confusion_grid(np.eye(2), ["a", "b"], numbers=Numbers.DIFFERENCE, **options)


@pytest.mark.parametrize("numbers", ["rows", "columns"])
def test_shares_and_the_order_come_from_the_url(open_page, finished, answers, numbers):
    app = open_page("evaluate", run=finished.id, numbers=numbers, order="similar")
    assert quiet(app)
    matrix = evaluation.confusion(answers.labels, answers.predicted, 10)
    assert grid(app)["numbers"] == numbers
    assert grid(app)["order"] == evaluation.similar_order(matrix)


def test_without_a_second_network_there_is_no_difference(open_page, finished):
    app = open_page("evaluate", run=finished.id, numbers="difference")
    assert "This link's numbers “difference” is unavailable" in sentence(app)
    assert grid(app)["numbers"] == "counts"


def test_the_difference_is_b_minus_a_and_its_images_are_those_that_one_of_them_has(
    open_page, finished, second, answers
):
    app = open_page("evaluate", **{"run": finished.id, "with": second.id}, numbers="difference")
    assert quiet(app)
    other = evaluation.answers_of(second, VALIDATION)
    one = evaluation.confusion(answers.labels, answers.predicted, 10)
    two = evaluation.confusion(other.labels, other.predicted, 10)
    sent = grid(app)
    assert (sent["counts"], sent["other"]) == (one.tolist(), two.tolist())
    true, predicted = sent["cell"]["row"], sent["cell"]["col"]
    change = np.abs(two - one)
    np.fill_diagonal(change, 0)
    assert change[true, predicted] == change.max() > 0
    first_cell = evaluation.cell(answers.probabilities, answers.labels, true, predicted)
    second_cell = evaluation.cell(other.probabilities, other.labels, true, predicted)
    only_b = [place for place in second_cell if place not in first_cell]
    only_a = [place for place in first_cell if place not in second_cell]
    assert len(only_b) - len(only_a) == (two - one)[true, predicted]
    control = app.segmented_control(key="whose_images")
    assert tiles(app) == expected_tiles(other, only_b[: confusion.TILES], predicted)
    control.set_value("a").run()
    assert tiles(app) == expected_tiles(answers, only_a[: confusion.TILES], predicted)


def test_the_values_of_the_file_are_the_numbers_of_the_cells():
    one, two = np.array([[3, 1], [0, 4]]), np.array([[2, 2], [0, 4]])
    assert confusion._values(Numbers.COUNTS, one, None).tolist() == one.tolist()
    assert confusion._values(Numbers.ROWS, one, None).tolist() == [[0.75, 0.25], [0, 1]]
    assert confusion._values(Numbers.COLUMNS, one, None).tolist() == [[1, 0.2], [0, 0.8]]
    assert confusion._values(Numbers.DIFFERENCE, one, two).tolist() == [[-1, 1], [0, 0]]
