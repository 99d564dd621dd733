"""Evaluate in a browser: cells by mouse, keyboard and touch, and what can be taken away."""

import csv
import io
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import serve
from PIL import Image
from playwright.sync_api import expect

from core import datasets, evaluation, runs
from core.evaluation import VALIDATION
from core.runs import Evaluation, write_evaluation
from core.settings import ASSETS

pytestmark = pytest.mark.browser

CLASSES = datasets.find("fashion-mnist").classes
SECOND = "20260101-000002-atelier-cnn-bbbbbb"


@pytest.fixture(scope="module")
def answers():
    """Return the bundled model's answers on its validation images."""
    return evaluation.answers_of(runs.read(runs.BUNDLED), VALIDATION)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, answers):
    """Run a server with the bundled model, and a network that is worse at every ninth image."""
    folder = tmp_path_factory.mktemp("confusion")
    second = folder / "home" / "runs" / SECOND
    shutil.copytree(ASSETS / "models" / "fashion-mnist", second)
    probabilities = answers.probabilities.copy()
    probabilities[::9] = np.roll(probabilities[::9], 1, axis=1)
    write_evaluation(second / "validation.npz", Evaluation(probabilities, answers.loss))
    with serve(folder) as server:
        yield server


def cell(page, true: str, predicted: str):
    return page.get_by_role("button", name=re.compile(rf"^True {true}, predicted {predicted}: "))


def tiles(page):
    return page.get_by_role("button", name=re.compile(r"^Validation image \d+, "))


def download(page, label: str, nth: int = 0) -> tuple[str, bytes]:
    with page.expect_download() as waited:
        page.get_by_role("button", name=label, exact=True).nth(nth).click()
    return waited.value.suggested_filename, Path(waited.value.path()).read_bytes()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_a_cell_opens_by_click_and_tap_and_has_its_own_link(desk, new_visitor, answers, width):
    visitor = new_visitor(desk, width)
    page = visitor.page
    visitor.open("evaluate")
    expect(tiles(page).first).to_be_visible()  # the commonest mistake, before anything is chosen
    button = cell(page, "Shirt", "Coat")
    button.tap() if visitor.is_phone else button.click()
    expect(page.get_by_role("heading", name="Shirt called Coat")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("cell=6-4"))
    expected = evaluation.cell(answers.probabilities, answers.labels, 6, 4)
    expect(tiles(page)).to_have_count(min(24, len(expected)))
    assert f"image {answers.indices[expected[0]]}," in tiles(page).first.get_attribute("aria-label")
    assert visitor.fits()
    page.reload()
    expect(page.get_by_role("heading", name="Shirt called Coat")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")

    tiles(page).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Label: Shirt")
    expect(dialog.get_by_role("listitem")).to_have_count(10)
    assert visitor.fits()
    dialog.get_by_role("link", name="Open in Explore").click()
    expect(page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
    # Beside the grid at a desk, over it on a phone.
    expect(page.get_by_text(f"image {answers.indices[expected[0]]:,}").first).to_be_visible()


def test_by_keyboard_and_back(desk, new_visitor):
    visitor = new_visitor(desk)
    page = visitor.page
    visitor.open("evaluate?cell=6-4&order=similar")
    expect(page.get_by_role("heading", name="Shirt called Coat")).to_be_visible()
    cell(page, "Shirt", "Coat").focus()
    page.keyboard.press("Home")
    first = page.locator("button:focus")
    expect(first).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name="correctly recognised")).to_be_visible()
    visitor.settle()
    expect(first).to_be_focused()  # the server's answer has not taken it away
    page.go_back()
    expect(page.get_by_role("heading", name="Shirt called Coat")).to_be_visible()
    expect(cell(page, "Shirt", "Coat")).to_have_attribute("aria-pressed", "true")


def test_the_difference_and_what_can_be_taken_away(desk, new_visitor, answers):
    visitor = new_visitor(desk, scheme="dark")
    page = visitor.page
    visitor.open(f"evaluate?with={SECOND}&numbers=difference&cell=0-1")
    grid = page.get_by_role("group", name=re.compile("^Confusion matrix"))
    expect(grid.get_by_role("button")).to_have_count(100)
    shown = grid.get_by_role("button").all_inner_texts()
    assert all(re.fullmatch(r"·|[+−]\d+", text) for text in shown)
    assert any(text[0] == "+" for text in shown) and any(text[0] == "−" for text in shown)
    expect(page.get_by_role("heading", name="T-shirt/top called Trouser")).to_be_visible()

    name, content = download(page, "CSV")
    assert name == "confusion-difference-validation-bundled.csv"
    head, *rows = list(csv.reader(io.StringIO(content.decode())))
    assert head == ["true class", *CLASSES] and [row[0] for row in rows] == list(CLASSES)
    numbers = [int(text.replace("·", "0").replace("−", "-")) for text in shown]
    assert [int(value) for row in rows for value in row[1:]] == numbers

    name, content = download(page, "Save the matrix as SVG")
    assert name == "confusion-difference-validation-bundled.svg"
    texts = [each.text for each in ElementTree.fromstring(content).iter() if each.text]
    assert set(CLASSES) <= set(texts) and set(shown) <= set(texts)
    name, content = download(page, "Save the matrix as PNG")
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    assert name.endswith(".png") and min(picture.size) > 600
    assert picture.getpixel((2, 2)) == (18, 18, 25)  # the dark page's own colour
    assert len(picture.getcolors(maxcolors=1 << 24)) > 20


def test_curves_and_table_of_the_report_can_be_taken_away(desk, new_visitor):
    visitor = new_visitor(desk)
    page = visitor.page
    visitor.open("evaluate?view=report")
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    for nth in range(3):
        name, content = download(page, "Save the chart as SVG", nth)
        root = ElementTree.fromstring(content)
        assert root.tag.endswith("svg") and float(root.get("width")) >= 800
        name, content = download(page, "Save the chart as PNG", nth)
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        assert picture.width >= 1600 and name.endswith(".png")
        assert picture.getpixel((1, 1)) == (253, 253, 255)
        assert len(picture.getcolors(maxcolors=1 << 24)) > 20
    name, content = download(page, "CSV")
    assert name == "report-validation-bundled.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    report = evaluation.report_of(runs.read(runs.BUNDLED), VALIDATION)
    assert [float(row["F1"]) for row in rows[:10]] == [row.f1 for row in report.rows]
