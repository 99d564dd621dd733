"""Inside, in a browser: from a picture to a value, and from its numbers to the same value."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from core import datasets, runs
from core.networks import laid_open

pytestmark = pytest.mark.browser

IMAGE = 17


@pytest.fixture(scope="module")
def made():
    """Return what Keras makes of the image in every layer of the bundled model's first network."""
    opened = laid_open.of_run(runs.read(runs.BUNDLED), 0)
    image = datasets.find("fashion-mnist").load("test").images[IMAGE]
    return [np.asarray(each)[0] for each in opened.model(image[None].astype("f4"), training=False)]


def number(text):
    return float(text.replace("−", "-").replace(",", "").strip())


def numbers(locator):
    return [number(text) for text in locator.all_inner_texts()]


def at(visitor):
    """Return the place that the address tells: layer, map, row and column."""
    visitor.page.wait_for_timeout(500)  # it is written a moment later
    (told,) = parse_qs(urlsplit(visitor.page.url).query)["at"]
    return tuple(map(int, told.split(".")))


def value_of(visitor, made):
    """Return what Keras has at the place that the address tells."""
    layer, part, row, column = at(visitor)
    return made[layer][row, column, part] if made[layer].ndim == 3 else made[layer][part]


def test_a_click_on_a_cell_shows_the_sum_that_made_it(visitor, made):
    visitor.open(f"inside?image=test-{IMAGE}&member=Network+1")
    page = visitor.page
    first = page.locator(".layer.conv").first
    first.locator(".part canvas").first.wait_for()
    expect(page.locator("section.layer")).to_have_count(len(made))
    assert visitor.fits()
    box = first.locator(".part > canvas").first
    box.click(position={"x": 30, "y": 25})
    panel = page.locator(".panel")
    panel.locator(".grid").first.wait_for()
    layer, part, row, column = at(visitor)
    assert layer == 1
    patch, kernel, products = (
        numbers(grid.locator("span")) for grid in panel.locator(".grid").all()
    )
    image = datasets.find("fashion-mnist").load("test").images[IMAGE, ..., 0] / 255
    padded = np.pad(image, 1)
    assert np.allclose(patch, padded[row : row + 3, column : column + 3].ravel(), atol=6e-4)
    assert np.allclose(np.array(patch) * kernel, products, atol=2e-3)
    lines = dict(each.locator("td").all_inner_texts() for each in panel.locator(".ledger tr").all())
    total = number(lines["Sum"])  # it has no bias, as normalisation follows
    assert sum(products) == pytest.approx(total, abs=6e-3)
    told = number(panel.locator(".value").inner_text())
    assert told == pytest.approx(total, abs=1e-3)
    assert told == pytest.approx(float(made[layer][row, column, part]), abs=1e-3)
    # The arrow keys move the window.
    panel.locator(".frame[tabindex]").last.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert at(visitor) == (layer, part, row + 1, column + 1)
    told = number(panel.locator(".value").inner_text())
    assert told == pytest.approx(float(value_of(visitor, made)), abs=1e-3)
    page.get_by_role("button", name="Close the arithmetic").click()
    expect(panel.locator(".value")).to_have_count(0)
    assert "at=" not in page.url


def test_the_link_holds_the_value_and_what_is_off(server, new_visitor, made):
    visitor = new_visitor(server)
    visitor.open(f"inside?image=test-{IMAGE}&at=5.17.3.4")
    page = visitor.page
    value = page.locator(".panel .value")
    value.wait_for()
    assert number(value.inner_text()) == pytest.approx(float(made[5][3, 4, 17]), abs=1e-3)
    shares = page.locator(".class .share")
    before = shares.all_inner_texts()
    page.get_by_role("button", name="Switch map 17 off").click()
    expect(page.locator(".panel .value")).to_have_text("0 (switched off)")
    assert shares.all_inner_texts() != before
    # Whoever follows the link sees the same, and a longer one is followed, too.
    visitor.page.goto(f"{page.url}~5.3~5.9")
    visitor.settle()
    expect(page.get_by_role("button", name="Switch all on (3 off)")).to_be_visible()
    expect(value).to_have_text("0 (switched off)")
    assert shares.all_inner_texts() != before
    page.get_by_role("button", name=re.compile("Switch all on")).click()
    expect(shares.first).to_have_text(before[0])
    assert shares.all_inner_texts() == before and "off=" not in page.url


def test_numbers_give_the_result_beside_them(server, new_visitor, made):
    visitor = new_visitor(server)
    for layer in (len(made) - 3, len(made) - 1):  # the dense ones
        visitor.open(f"inside?image=test-{IMAGE}&member=Network+1&at={layer}.1.0.0")
        panel = visitor.page.locator(".panel")
        panel.locator(".value").wait_for()
        rows = panel.locator(".products tr:has(.bar)").all()
        assert len(rows) == 10
        for row in rows:
            texts = row.locator("td").all_inner_texts()[1:4]
            level, weight, product = map(number, texts)
            off = [10.0 ** -len(text.partition(".")[2]) for text in texts]  # twice of what may be
            error = off[0] * abs(weight) + off[1] * abs(level) + off[2]
            assert level * weight == pytest.approx(product, abs=error)
            assert all(len(text.partition(".")[2]) >= 3 for text in texts)
    visitor.open(f"inside?image=test-{IMAGE}&member=Network+1&at=3.0.3.3")
    ledger = visitor.page.locator(".panel .ledger")
    ledger.wait_for()
    told = ledger.inner_text()
    variance, epsilon, spread = re.search(r"√\((\S+) \+ (\S+)\)\s+÷ (\S+)", told).groups()
    assert number(spread) == pytest.approx((number(variance) + float(epsilon)) ** 0.5, rel=2e-3)


def test_another_network_begins_with_all_maps_on(server, new_visitor):
    visitor = new_visitor(server)
    visitor.open(f"inside?image=test-{IMAGE}&member=Network+1&at=5.17.3.4&off=5.17~5.3&order=own")
    page = visitor.page
    on = page.get_by_role("button", name="Switch all on (2 off)")
    expect(on).to_be_visible()
    page.get_by_text("Network 2", exact=True).first.click()
    expect(on).to_be_hidden()
    page.locator(".class").first.wait_for()
    visitor.settle()
    told = parse_qs(urlsplit(page.url).query)
    assert "off" not in told and told["order"] == ["own"] and told["member"] == ["Network 2"]
    page.reload()
    page.locator(".class").first.wait_for()
    expect(page.get_by_role("button", name=re.compile("Switch all on"))).to_be_hidden()


def test_all_of_it_by_keyboard(server, new_visitor, made):
    visitor = new_visitor(server)
    visitor.open(f"inside?image=test-{IMAGE}")
    page = visitor.page
    page.locator(".layer.conv .part").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    layer, part, *_ = at(visitor)
    label = page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel")
    assert layer == 1 and label is not None
    page.keyboard.press("ArrowUp")
    told = number(page.locator(".panel .value").inner_text())
    assert told == pytest.approx(float(value_of(visitor, made)), abs=1e-3)
    page.keyboard.press("Escape")
    pressed = page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel")
    assert pressed == f"Map {part}"


FOCUSED = "document.activeElement.shadowRoot?.activeElement?.textContent"


def test_the_focus_stays_where_a_person_is(visitor):
    visitor.open(f"inside?image=test-{IMAGE}&member=Network+1&at=8.5.2.2")
    page = visitor.page
    panel = page.locator(".panel")
    link = panel.get_by_role("button", name="Show all 96 maps")
    link.focus()
    page.keyboard.press("Enter")
    panel.get_by_role("button", name="Show the 3 that matter most").wait_for()
    assert re.fullmatch(r"Map \d+", page.evaluate(FOCUSED))  # the first that was added
    expect(panel.locator(".channel button")).to_have_count(96)
    panel.locator(".channel button").first.focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".place")).not_to_contain_text("unit")
    assert at(visitor)[0] == 7
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.closest('.panel')")
    page.locator(".class").nth(4).focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".place")).to_contain_text("Class")
    page.keyboard.press("Escape")
    name = page.locator(".class .name").nth(4).inner_text()
    assert name.split()[0] in page.evaluate(FOCUSED)
    if page.viewport_size["width"] < 700:
        expect(panel).to_be_hidden()


def test_what_a_link_asks_for_in_vain_is_said(server, new_visitor):
    visitor = new_visitor(server)
    for query in ("at=99.0.0.0", "at=5.17.30.4", "at=<img src=x>", "off=1.999", "at=1.0.0"):
        visitor.open(f"inside?image=test-{IMAGE}&{query}")
        note = visitor.page.locator(".note")
        expect(note).to_contain_text("that this network does not have")
        visitor.page.locator(".class").first.wait_for()


def test_two_pictures_follow_each_other(server, new_visitor):
    visitor = new_visitor(server)
    visitor.open(f"inside?image=test-{IMAGE}&beside=test-3")
    page = visitor.page
    views = page.locator(".stage")
    expect(views).to_have_count(2)
    expect(page.locator(".class")).to_have_count(20)
    page.locator(".layer.conv .part").nth(1).click()
    expect(page.locator(".panel .value")).to_have_count(2)
    places = page.locator(".panel .place").all_inner_texts()
    assert places[0] == places[1]
    assert visitor.fits()
