"""Runs in a browser: the table by mouse, touch and keyboard, and a comparison on one chart."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from conftest import Server, serve
from playwright.sync_api import expect

from core import runs
from core.settings import ASSETS

pytestmark = pytest.mark.browser

ME, OTHER = "a" * 32, "b" * 32
COOKIE = "atelier_visitor"
SMOOTHING = 0.6
STEPS = 150  # as in compare_chart.js
EPOCHS = 40  # of the bundled model, whose folder the runs here are copies of


def put(home: Path, number: int, visitor: str = ME, **notes) -> str:
    """Put a run into the folder: the bundled one, really trained, with another seed and owner."""
    run_id = f"20260101-{number:06d}-atelier-cnn-abcdef"
    folder = home / "runs" / run_id
    shutil.copytree(ASSETS / "models" / "fashion-mnist", folder)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    values |= {"visitor": visitor, "created": time.time() - 60 * number}
    values["config"]["seed"] = number
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    if notes:
        (folder / "notes.json").write_text(json.dumps(notes), encoding="utf-8")
    return run_id


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    """Run a server with thirty runs of mine, a shared one and one that was not shared."""
    folder = tmp_path_factory.mktemp("runs")
    for number in range(30):
        put(folder / "home", number)
    put(folder / "home", 30, OTHER, shared=True, name="Somebody's best")
    put(folder / "home", 31, OTHER)
    with serve(folder) as server:
        yield server


@pytest.fixture
def enter(shop: Server, new_visitor):
    """Return a function that opens a browser that has an id already."""

    def enter(width: str = "desktop", scheme: str = "light", visitor_id: str = ME):
        visitor = new_visitor(shop, width, scheme)
        cookie = {"name": COOKIE, "value": visitor_id, "url": shop.url}
        visitor.page.context.add_cookies([cookie])
        return visitor

    return enter


def boxes(visitor):
    return visitor.page.get_by_role("checkbox", name=re.compile("^Choose "))


def press(visitor, label: str) -> None:
    visitor.page.get_by_role("button", name=label, exact=True).click()
    visitor.settle()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_choose_star_sort_and_compare(enter, width):
    visitor = enter(width)
    page = visitor.page
    visitor.open("runs")
    expect(boxes(visitor)).to_have_count(20)
    # Faster than the server answers: nothing that a person did is lost.
    for place in (0, 1, 4):
        boxes(visitor).nth(place).click()
    expect(page.get_by_role("button", name="Compare 3")).to_be_visible()
    visitor.settle()
    assert [boxes(visitor).nth(place).is_checked() for place in range(5)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    star = page.get_by_role("button", name=re.compile("^Star ")).nth(2)
    pressed = star.get_attribute("aria-pressed") == "true"
    star.click()
    expect(star).to_have_attribute("aria-pressed", str(not pressed).lower())
    visitor.settle()
    page.reload()
    expect(star).to_have_attribute("aria-pressed", str(not pressed).lower())
    expect(page.get_by_role("button", name="Compare 3")).to_be_visible()

    page.get_by_role("combobox", name="Sort by").select_option("Run")
    expect(page).to_have_url(re.compile("sort=title"))
    page.get_by_role("textbox", name="Search").fill("somebody")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(boxes(visitor)).to_have_count(1)
    boxes(visitor).first.click()
    expect(page.get_by_text("4 runs selected. 3 are hidden by the filters.")).to_be_visible()
    assert visitor.fits()
    press(visitor, "Compare 4")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    expect(page.get_by_role("group", name="Runs shown").get_by_role("button")).to_have_count(4)
    assert visitor.fits()
    press(visitor, "All runs")
    expect(page.get_by_role("button", name="Compare 4")).to_be_visible()


def test_by_keyboard(enter):
    visitor = enter()
    page = visitor.page
    visitor.open("runs")
    first = boxes(visitor).first
    first.focus()
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    expect(first).to_be_focused()  # the answer of the server has not taken it away
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Pictures CNN").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/train\?run=20260101-"))


def test_rename_delete_and_undo(enter, shop):
    visitor = enter()
    page = visitor.page
    visitor.open("runs")
    boxes(visitor).nth(3).click()
    page.get_by_role("button", name="Rename").click()
    name = page.get_by_role("textbox", name="Name")
    name.fill("With <b>more</b> layers")
    name.press("Enter")
    expect(page.get_by_role("link", name="With <b>more</b> layers")).to_be_visible()
    visitor.settle()
    press(visitor, "Delete")
    expect(page.get_by_text("Deleted “With <b>more</b> layers”")).to_be_visible()
    expect(page.get_by_role("link", name="With <b>more</b> layers")).to_have_count(0)
    page.reload()
    press(visitor, "Undo")
    expect(page.get_by_role("link", name="With <b>more</b> layers")).to_be_visible()
    assert len(list((shop.home / "runs").glob("2026*"))) == 32


def test_the_chart_smooths_hides_and_changes_its_axis(enter):
    visitor = enter()
    page = visitor.page
    ids = [f"20260101-{number:06d}-atelier-cnn-abcdef" for number in (0, 30)]
    visitor.open(f"runs?runs={','.join(ids)}")
    plot = page.locator(".js-plotly-plot")
    expect(plot.locator(".scatterlayer .trace").first).to_be_attached()

    def lines() -> list[dict]:
        return plot.evaluate(
            "node => node.data.map(({name, x, y, visible, xaxis, yaxis}) =>"
            " ({name, x: [...x], y: [...y], visible, yaxis}))"
        )

    for raw, shown in zip(lines()[0::2], lines()[1::2], strict=True):
        assert len(lines()) == 16  # two runs, two curves, two panels, as measured and smoothed
        assert shown["y"] == pytest.approx(debiased(raw["x"], raw["y"], EPOCHS), rel=1e-6)
    entry = page.get_by_role("group", name="Runs shown").get_by_role("button").nth(1)
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    assert [line["visible"] for line in lines()] == [True] * 8 + [False] * 8
    plot.evaluate("node => { window.firstPlot = node }")
    page.get_by_role("radio", name="Images seen").or_(
        page.get_by_role("button", name="Images seen")
    ).click()
    expect(page).to_have_url(re.compile("x=Images"))
    visitor.settle()
    assert plot.evaluate("node => node === window.firstPlot")
    assert max(line["x"][-1] for line in lines()) == EPOCHS * 55_000
    expect(entry).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("There is no difference to explain.")).to_be_visible()


def debiased(x, y, end: float) -> list[float]:
    """Return the moving average as the formula has it, sum by sum."""
    smooth = []
    for i in range(len(x)):
        weights = [SMOOTHING ** ((x[i] - x[j]) / end * STEPS) for j in range(i + 1)]
        smooth.append(sum(w * y[j] for j, w in enumerate(weights)) / sum(weights))
    return smooth


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_six_runs_fit(enter, width, scheme):
    visitor = enter(width, scheme)
    ids = [f"20260101-{number:06d}-atelier-cnn-abcdef" for number in range(6)]
    visitor.open(f"runs?runs={','.join(ids)}&x=Seconds")
    expect(visitor.page.locator(".js-plotly-plot")).to_be_visible()
    intervals = visitor.page.get_by_role("list", name="Validation accuracy")
    expect(intervals.get_by_role("listitem")).to_have_count(6)
    expect(
        visitor.page.get_by_text("The test set of A, B, C, D, E and F is sealed")
    ).to_be_visible()
    expect(visitor.page.get_by_test_id("stAlert")).to_have_count(0)
    assert visitor.fits()


def test_cookie_and_local_storage_restore_each_other(enter):
    visitor = enter()
    page = visitor.page
    stored = f"localStorage.getItem('{COOKIE}')"
    visitor.open("runs")
    expect(boxes(visitor)).to_have_count(20)
    assert page.evaluate(stored) == ME

    page.context.clear_cookies()
    page.reload()
    # The server has made a new id, which owns nothing, and is told the one that is kept.
    expect(boxes(visitor)).to_have_count(20)
    assert f"{COOKIE}={ME}" in page.evaluate("document.cookie")
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(boxes(visitor)).to_have_count(20)
    page.wait_for_function(f"{stored} === '{ME}'")


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_the_next_one_at_the_computer_starts_afresh(enter, tmp_path, width, scheme):
    visitor = enter(width, scheme)
    page = visitor.page
    visitor.open("classify?from=drawing")  # what a session remembers goes, too
    visitor.open("runs?find=cnn")
    page.get_by_role("button", name="Not you?").click()
    expect(page.get_by_text(re.compile("^Runs belong to a browser"))).to_be_visible()
    page.screenshot(path=tmp_path / "afresh.png")
    assert visitor.fits()
    visitor.button("Start afresh").click()
    expect(page).to_have_url(re.compile(r"/runs$"))
    expect(boxes(visitor)).to_have_count(3)  # what is shared, and the bundled models
    made = page.evaluate(f"localStorage.{COOKIE}")
    assert re.fullmatch("[0-9a-f]{32}", made) and made != ME
    assert f"{COOKIE}={made}" in page.evaluate("document.cookie")
    expect(page.get_by_role("button", name="Not you?")).to_have_count(0)
    page.reload()
    expect(boxes(visitor)).to_have_count(3)
    assert made == page.evaluate(f"localStorage.{COOKIE}")


@pytest.mark.parametrize("hostile", ["", "x" * 32, "A" * 32, "a" * 33, "<script>", "null"])
def test_what_is_no_id_is_replaced(shop, new_visitor, hostile):
    visitor = new_visitor(shop)
    page = visitor.page
    page.add_init_script(f"localStorage.{COOKIE} ??= {json.dumps(hostile)}")
    visitor.open("runs")
    page.wait_for_function(f"/^[0-9a-f]{{32}}$/.test(localStorage.{COOKIE})")
    made = page.evaluate(f"localStorage.{COOKIE}")
    assert f"{COOKIE}={made}" in page.evaluate("document.cookie")
    expect(boxes(visitor)).to_have_count(3)  # what is shared, and the bundled models


def test_where_storage_is_forbidden_nothing_breaks(shop, new_visitor):
    visitor = new_visitor(shop)
    visitor.page.add_init_script(
        "const refuse = () => { throw new DOMException('no', 'SecurityError') };"
        "Storage.prototype.setItem = Storage.prototype.getItem = refuse;"
    )
    visitor.open("runs")
    expect(boxes(visitor)).to_have_count(3)
    visitor.page.wait_for_function(f"document.cookie.includes('{COOKIE}=')")


def test_the_runs_of_these_tests_are_real():
    run = runs.read(runs.BUNDLED)
    assert run.state is runs.State.FINISHED and run.result.test_accuracy > 0.9
