"""The map in a browser: pictures at the pointer, the lasso, and the way to an image."""

import math
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_point_lasso_and_open(visitor):
    page = visitor.page
    visitor.open("explore?view=Map")
    canvas = page.locator(".stage > canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tip = page.locator(".tip")

    def place(across: float, down: float) -> tuple[float, float]:
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    point = page.touchscreen.tap if visitor.is_phone else page.mouse.move
    for step in range(60):
        point(*place(0.2 + 0.6 * step / 60, 0.2 + 0.6 * (step * 7 % 60) / 60))
        if tip.is_visible():
            break
    expect(tip).to_contain_text(re.compile("image [0-9]+"))
    expect(tip.locator("canvas")).to_be_visible()

    page.get_by_role("button", name="Lasso").click()
    for step in range(41):
        angle = step / 40 * 2 * math.pi
        page.mouse.move(*place(0.4 + 0.3 * math.cos(angle), 0.5 + 0.45 * math.sin(angle)))
        if step == 0:
            page.mouse.down()
    page.mouse.up()
    selected = page.get_by_text("images selected")
    expect(selected).to_be_visible()
    page.locator(".legend").get_by_role("button", name="Bag").click()
    page.get_by_role("button", name="Select all in view").click()
    expect(selected).to_have_text("1,000 images selected")
    assert visitor.fits()

    page.get_by_role("button", name=re.compile("^Bag, image")).first.click()
    opens = page.get_by_role("dialog").get_by_role("button", name=re.compile("^Training image"))
    number = re.sub(r"\D", "", opens.inner_text().split("image")[1])
    opens.click()
    expect(page).to_have_url(re.compile(f"[?&]image={number}$"))


def test_by_keyboard(server, new_visitor):
    visitor = new_visitor(server)
    visitor.open("explore?view=Map")
    canvas = visitor.page.locator(".stage > canvas")
    canvas.focus()
    canvas.press("Enter")
    selected = visitor.page.get_by_text("images selected")
    expect(selected).to_contain_text("10,000 images selected")
    for key in ("+", "+", "+", "ArrowLeft"):
        canvas.press(key)
    canvas.press("Enter")
    expect(selected).not_to_contain_text("10,000 images selected")
    canvas.press("Escape")
    expect(selected).to_have_count(0)
