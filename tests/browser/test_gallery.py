"""The gallery takes its room before its pictures are there."""

import re

import pytest
from playwright.sync_api import Route, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_nothing_moves_when_the_pictures_come(server, new_visitor, width):
    """A click on what is below must not hit something else a moment later."""
    visitor = new_visitor(server, width)
    page = visitor.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/media/*.webp", hold)
    visitor.open("explore")
    second = page.get_by_role("button", name="Page 2", exact=True)
    expect(second).to_be_visible()
    visitor.settle()
    assert held, "the pictures are not held back: the address of the sheet has changed"
    before = second.bounding_box()
    tile = page.get_by_role("button", name="Ankle boot, image 0")
    expect(tile).to_be_visible()
    picture = tile.locator(".picture")
    assert picture.evaluate("each => getComputedStyle(each).backgroundImage") == "none"
    for route in held:
        route.continue_()
    page.unroute("**/media/*.webp")
    expect(picture).to_have_css("background-image", re.compile("url"))
    assert second.bounding_box() == before
