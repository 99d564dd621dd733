"""Explore, classes, with a real browser: choosing a class, and what can be taken away."""

import csv
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core import datasets

pytestmark = pytest.mark.browser

CLASSES = datasets.find("fashion-mnist").classes


def test_a_class_is_pressed_let_go_and_looked_at(visitor):
    page = visitor.page
    visitor.open("explore?view=Classes")
    cards = page.get_by_role("button", name=re.compile("mean and spread of 6,000 images"))
    expect(cards).to_have_count(len(CLASSES))
    bag = cards.nth(CLASSES.index("Bag"))
    words = page.get_by_text("Two images of Bag are typically")
    for pressed in ("true", "false", "true"):
        bag.tap() if visitor.is_phone else bag.click()
        expect(bag).to_have_attribute("aria-pressed", pressed)
        expect(words).to_have_count(1 if pressed == "true" else 0)
    expect(page).to_have_url(re.compile("class=Bag"))
    assert visitor.fits()
    page.get_by_role("radio", name="Images", exact=True).first.click()
    expect(page.get_by_text("6,000 images of the class Bag")).to_be_visible()


def test_the_distances_are_a_table_and_can_be_taken_away(server, new_visitor):
    visitor = new_visitor(server, scheme="dark")
    page = visitor.page
    visitor.open("explore?view=Classes&distance=Mean+images")
    grid = page.get_by_role("table", name="Distances of the mean images of the classes")
    expect(grid.get_by_role("row")).to_have_count(11)
    row = grid.get_by_role("row").nth(1 + CLASSES.index("Pullover"))
    expect(row.get_by_role("rowheader")).to_have_text("Pullover")
    expect(row.get_by_role("cell").nth(CLASSES.index("Coat"))).to_have_text("23")

    def saved(label: str) -> Path:
        with page.expect_download() as waited:
            page.get_by_role("button", name=label, exact=True).first.click()
        assert waited.value.suggested_filename.startswith("distances-means-fashion-mnist-train.")
        return Path(waited.value.path())

    lines = list(csv.reader(saved("CSV").read_text(encoding="utf-8").splitlines()))
    assert lines[0] == ["Class", *CLASSES] and lines[3][0] == "Pullover"
    assert float(lines[3][1 + CLASSES.index("Coat")]) == pytest.approx(22.6, abs=0.05)
    drawing = ElementTree.parse(saved("Save the heat map as SVG")).getroot()
    assert len(drawing.findall("{http://www.w3.org/2000/svg}rect")) == 101  # and the paper
    assert saved("Save the heat map as PNG").read_bytes().startswith(b"\x89PNG")
