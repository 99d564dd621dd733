"""Several pictures at once in a browser: bring, filter, open, save; at a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_several_files_become_a_gallery(server, new_visitor, picture, width):
    visitor = new_visitor(server, width)
    page = visitor.page
    visitor.open("classify?view=Several")
    files = [
        {"name": f"{number}.png", "mimeType": "image/png", "buffer": picture} for number in range(5)
    ]
    files.append({"name": "cut.png", "mimeType": "image/png", "buffer": picture[:200]})
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.get_by_text(re.compile("^6 pictures: .*1 not read"))).to_be_visible()
    visitor.settle()
    expect(page.locator("button.marked")).to_have_count(1)
    assert visitor.fits()

    page.get_by_role("radio", name="Not read").or_(
        page.get_by_role("button", name="Not read")
    ).first.click()
    expect(page.get_by_role("button", name="3.png")).to_have_count(0)
    page.get_by_role("radio", name="All").or_(page.get_by_role("button", name="All")).first.click()
    page.get_by_role("button", name=re.compile("^3.png")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^(It is|Perhaps|Probably)"))).to_be_visible()
    expect(dialog.get_by_text("28 × 28")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)

    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("file,answer,probability") and len(lines) == 7
    assert visitor.fits()
