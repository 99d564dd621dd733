"""The whole way as a person goes it: look, train, evaluate, classify; at a desk and on a phone.

The tests build on one another: the run that the first one trains is looked at by the others.
"""

import re
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from core import datasets

pytestmark = pytest.mark.browser

CLASSES = datasets.find("fashion-mnist").classes
EPOCHS = "60"  # of 6,000 images: long enough to be reloaded in the middle
ANSWER = re.compile("^(It is: |Best guess: |Probably none of the ten)")
UPDATES = 4  # of the live chart that are looked at


@dataclass
class Trained:
    """The id of the run that was trained by hand, once it was."""

    run: str = ""


@pytest.fixture(scope="module")
def trained() -> Trained:
    """Hand the run from the test that trains it to those that look at it."""
    return Trained()


def expect_bars(visitor, count: int = len(CLASSES)) -> None:
    """Wait for as many bars as there are classes, each with a class and a share in percent."""
    bars = visitor.page.get_by_role("list", name="Probability of each class").first
    rows = bars.get_by_role("listitem")
    expect(rows).to_have_count(count)
    for row, name in zip(rows.all(), CLASSES, strict=True):
        expect(row).to_contain_text(re.compile(rf"{re.escape(name)}.*\d %", re.DOTALL))


def test_home_classifies_a_picture(visitor):
    page = visitor.page
    visitor.open("")
    expect(page.get_by_role("heading", name="Atelier", level=1)).to_be_visible()
    expect(page).to_have_title("Home · Atelier")
    page.get_by_text("Test image", exact=True).click()
    sentence = page.get_by_text(re.compile(r"^The network says .+ \(.+ %\)\. (Correct|Wrong)"))
    expect(sentence).to_be_visible()
    expect_bars(visitor)
    before = page.get_by_role("img", name="Test image").get_attribute("alt")
    visitor.button("Another one").click()
    expect(page.get_by_role("img", name="Test image")).not_to_have_attribute("alt", before)
    expect(sentence).to_be_visible()
    assert visitor.fits()


def test_home_answers_to_a_drawing_and_classify_goes_on_with_it(visitor):
    page = visitor.page
    visitor.open("")
    expect(page.get_by_role("heading", name="The answer appears here")).to_be_visible()
    answer = page.get_by_role("heading", name=ANSWER)
    stroke(visitor)
    expect(answer).to_be_visible()
    expect_in_view(visitor, answer, page.locator("canvas.upper-canvas"))
    expect_bars(visitor)
    page.get_by_role("link", name="Open in Classify").click()
    expect(page.get_by_role("heading", name="Classify", level=1)).to_be_visible()
    expect(answer).to_be_visible()
    expect_in_view(visitor, answer, page.locator("canvas.upper-canvas"))
    # The drawing is on the sheet, and nowhere else before the steps.
    expect(page.locator("canvas.upper-canvas")).to_have_count(1)
    expect(page.get_by_role("application")).to_have_count(0)
    assert visitor.fits()


def expect_in_view(visitor, *elements) -> None:
    """Check that elements are wholly on the screen of somebody who has not scrolled."""
    visitor.settle()
    size = visitor.page.viewport_size
    for element in elements:
        box = element.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"], box
        assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"], box


def test_explore_keeps_the_view_in_the_url(visitor):
    page = visitor.page
    visitor.open("")
    visitor.go("Explore")
    tiles = page.get_by_role("button", name=re.compile(r"^.+, image \d+$"))
    expect(tiles).to_have_count(30 if visitor.is_phone else 120)
    choose(visitor, "Class", "Bag")
    expect(page.get_by_text("6,000 images of the class Bag")).to_be_visible()
    page.get_by_role("button", name="Page 2", exact=True).click()
    second = "31 to 60" if visitor.is_phone else "121 to 240"
    expect(page.get_by_text(second)).to_be_visible()
    assert re.search(r"[?&]class=Bag(&|$)", page.url) and re.search(r"[?&]from=\d+(&|$)", page.url)
    page.reload()
    expect(page.get_by_text("6,000 images of the class Bag")).to_be_visible()
    expect(page.get_by_text(second)).to_be_visible()
    no_warning(visitor)

    tiles.nth(3).click()
    expect(page.get_by_text("Label Bag (class 8)")).to_be_visible()
    assert visitor.fits()
    visitor.settle()  # the key belongs to a button, which comes with the panel
    page.keyboard.press("Escape")
    expect(page.get_by_text("Label Bag (class 8)")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("image="))


def test_explore_other_splits_and_late_pages(visitor):
    page = visitor.page
    visitor.open("explore?from=53941")
    expect(
        page.get_by_text("53,941 to 53,970" if visitor.is_phone else "53,881 to 54,000")
    ).to_be_visible()
    choose(visitor, "Class", "Coat")
    expect(page.get_by_text("6,000 images of the class Coat")).to_be_visible()
    no_warning(visitor)
    page.get_by_role("radio", name="Test").or_(page.get_by_role("button", name="Test")).click()
    expect(page.get_by_text("1,000 images of the class Coat")).to_be_visible()
    visitor.settle()
    page.reload()
    expect(page.get_by_text("1,000 images of the class Coat")).to_be_visible()
    no_warning(visitor)


def test_train_streams_survives_a_reload_and_finishes(server, new_visitor, trained):
    visitor = new_visitor(server)
    page = visitor.page
    visitor.open("")
    visitor.go("Train")
    page.get_by_text("More settings").click()
    limit = page.get_by_role("slider", name="Training images")
    limit.focus()
    limit.press("Home")
    limit.press("ArrowRight")
    limit.press("ArrowRight")
    expect(page.get_by_test_id("stSlider")).to_contain_text("6,000")
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill(EPOCHS)
    epochs.press("Enter")
    visitor.settle()
    visitor.button("Train").click()

    expect(page).to_have_url(re.compile("run="))
    plot = page.locator(".js-plotly-plot")
    plot.wait_for()
    plot.evaluate("node => { window.firstPlot = node }")
    counts = growing(plot, UPDATES)
    assert counts == sorted(counts)
    listed = page.locator(".st-key-latest_runs")
    expect(listed.locator(".stMarkdownBadge").first).to_contain_text("Training")  # not Waiting

    page.reload()
    expect(page).to_have_url(re.compile("run="))
    expect(page.get_by_text(re.compile(rf"^Epoch \d+ of {EPOCHS} · "))).to_be_visible()
    visitor.button("Pause").click()
    expect(visitor.state("Paused")).to_be_visible()
    visitor.button("Resume").click()
    expect(visitor.state("Finished")).to_be_visible()
    expect(metric(visitor, "Validation accuracy")).to_have_text(re.compile(r"^\d\d\.\d %$"))
    expect(metric(visitor, "Test accuracy")).to_contain_text("sealed")
    expect(visitor.button("Stop")).to_have_count(0)
    page.get_by_text("Shared", exact=True).click()  # the tests after this are other visitors
    visitor.settle()
    trained.run = re.search(r"run=([^&]+)", page.url)[1]


def growing(plot, updates: int) -> list[int]:
    """Return how many points the chart has at each of so many updates of the same node."""
    counts = []
    until = time.monotonic() + 60
    while len(counts) < updates and time.monotonic() < until:
        same, count = plot.evaluate(
            "node => [node === window.firstPlot, node.data?.[0]?.x?.length ?? 0]"
        )
        assert same, "the chart was replaced while it grew"
        if count and (not counts or count != counts[-1]):
            counts.append(count)
        plot.page.wait_for_timeout(100)
    assert len(counts) == updates, f"points: {counts}"
    return counts


def test_evaluate_shows_the_images_of_a_cell(visitor, trained):
    page = visitor.page
    visitor.open(f"train?run={need(trained)}")
    page.get_by_role("link", name="Evaluate it").click()
    expect(page.get_by_role("heading", name="Evaluate", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(f"evaluate.*run={trained.run}"))
    cells = page.get_by_role("button", name=re.compile("^True .+, predicted .+"))
    expect(cells).to_have_count(len(CLASSES) ** 2)
    cell = page.get_by_role("button", name="True Shirt, predicted T-shirt/top")
    count = int(re.search(r": (\d+) image", cell.get_attribute("aria-label"))[1])
    assert count > 0
    cell.click()
    expect(page.get_by_role("heading", name="Shirt called T-shirt/top")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"^{count:,} images?\. Below each"))).to_be_visible()
    expect(page).to_have_url(re.compile("cell=6-0"))
    images = page.get_by_role("button", name=re.compile(r"^Validation image \d+, "))
    expect(images).to_have_count(min(count, 24))
    assert visitor.fits()


def test_classify_an_upload_and_a_drawing(visitor, trained, picture):
    page = visitor.page
    visitor.open(f"classify?run={need(trained)}")
    expect(page.get_by_text("The answer appears here")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {"name": "trousers.png", "mimeType": "image/png", "buffer": picture}
    )
    answer = page.get_by_text(re.compile("^(It is:|Best guess:|Probably none) "))
    expect(answer).to_be_visible()
    expect_bars(visitor)
    expect(page.get_by_text("Step by step", exact=True)).to_be_visible()
    assert visitor.fits()

    page.get_by_role("radio", name="Draw", exact=True).click()
    expect(page.get_by_text("The answer appears here")).to_be_visible()
    stroke(visitor)
    expect(answer).to_be_visible()
    expect_bars(visitor)
    assert visitor.fits()
    visitor.button("Clear").click()
    expect(page.get_by_text("The answer appears here")).to_be_visible()


def stroke(visitor) -> None:
    """Draw the outline of trousers, from one leg to the other."""
    page = visitor.page
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    mouse = page.mouse
    mouse.move(box["x"] + 110, box["y"] + 250)
    mouse.down()
    for x, y in ((120, 50), (180, 50), (190, 250)):
        mouse.move(box["x"] + x, box["y"] + y, steps=8)
    mouse.up()


def need(trained: Trained) -> str:
    """Return the id of the run trained before, without which a test has nothing to look at."""
    if not trained.run:
        pytest.skip("The test that trains a run has not passed.")
    return trained.run


def choose(visitor, label: str, option: str) -> None:
    """Choose an option of a select box."""
    visitor.page.get_by_role("combobox", name=label).click()
    visitor.page.get_by_role("option", name=option, exact=True).click()
    visitor.settle()


def metric(visitor, label: str):
    """Return the value of a figure."""
    figure = visitor.page.get_by_test_id("stMetric").filter(has_text=label)
    return figure.get_by_test_id("stMetricValue")


def no_warning(visitor) -> None:
    """Fail if the page shows a warning or an error."""
    visitor.settle()
    assert visitor.page.get_by_test_id("stAlert").all_inner_texts() == []
