"""Take home: the list in a browser, and a file that is made when its button is pressed."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_citation_is_downloaded_from_the_list(visitor):
    visitor.open("evaluate?run=bundled")
    visitor.button("Take home").click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_text("Citation", exact=True)).to_be_visible()
    visitor.settle()
    with visitor.page.expect_download() as waited:
        dialog.locator(".st-key-download_cite").get_by_role("button", name="Download").click()
    assert waited.value.suggested_filename == "atelier-bundled-cite.bib"
    assert "@software{atelier," in waited.value.path().read_text(encoding="utf-8")
    assert visitor.fits()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    visitor.page.reload()
    visitor.settle()
    expect(dialog).to_be_hidden()
