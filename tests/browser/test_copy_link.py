"""Copy link: the address on the clipboard, and what happens where the browser refuses."""

import json
import shutil

import pytest
from playwright.sync_api import expect

from core.settings import ASSETS

pytestmark = pytest.mark.browser

ME = "a" * 32
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
NO_COPY = f"{NO_CLIPBOARD}; document.execCommand = () => false"


def copy_button(visitor):
    return visitor.page.get_by_role("button", name="Copy link").last


def test_the_address_with_its_settings_is_copied(visitor):
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.open("train?epochs=7")
    copy_button(visitor).click()
    expect(visitor.page.get_by_text("Copied")).to_be_visible()
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link == visitor.page.url and "epochs=7" in link
    visitor.open(link.removeprefix(f"{visitor.url}/"))
    expect(visitor.page.get_by_role("spinbutton", name="Epochs")).to_have_value("7")
    assert visitor.fits()


def test_a_link_names_the_architecture_that_one_did_not_choose(server, new_visitor):
    visitor = new_visitor(server)
    visitor.open("train")
    epochs = visitor.page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("7")
    epochs.press("Enter")
    visitor.page.wait_for_url("**/train?*architecture=Sprint+CNN*")
    visitor.page.reload()
    expect(visitor.page.get_by_role("combobox", name="Architecture")).to_have_value("Sprint CNN")
    expect(epochs).to_have_value("7")


def test_without_a_secure_origin_the_old_way_copies(server, new_visitor):
    visitor = new_visitor(server)
    visitor.page.add_init_script(NO_CLIPBOARD)
    visitor.open("train?epochs=7")
    copy_button(visitor).click()
    expect(visitor.page.get_by_text("Copied")).to_be_visible()
    expect(visitor.page.get_by_label("Link to this view")).to_be_hidden()


def test_where_nothing_may_copy_the_link_lies_there_selected(server, new_visitor):
    visitor = new_visitor(server, "phone", "dark")
    visitor.page.add_init_script(NO_COPY)
    visitor.open("train?epochs=7")
    copy_button(visitor).click()
    field = visitor.page.get_by_label("Link to this view")
    expect(field).to_have_value(visitor.page.url)
    selected = field.evaluate("field => field.selectionEnd - field.selectionStart")
    assert selected == len(visitor.page.url)
    assert visitor.fits()


def test_the_button_of_a_run_stays_in_its_panel(server, visitor):
    run_id = "20260101-000001-pictures-cnn-abcdef"
    folder = server.home / "runs" / run_id
    shutil.copytree(ASSETS / "models" / "fashion-mnist", folder, dirs_exist_ok=True)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(values | {"visitor": ME}), encoding="utf-8")
    cookie = {"name": "atelier_visitor", "value": ME, "url": server.url}
    visitor.page.context.add_cookies([cookie])
    visitor.open(f"train?run={run_id}")
    expect(visitor.page.get_by_text("Shared", exact=True)).to_be_visible()  # the longest row
    panel = visitor.page.locator(".chart").first
    expect(panel).to_be_visible()
    right_of_panel = panel.bounding_box()["x"] + panel.bounding_box()["width"]
    buttons = visitor.page.get_by_role("button", name="Copy link")
    expect(buttons).to_have_count(2)  # the form's and the run's
    for button in buttons.all():
        box = button.bounding_box()
        assert box["x"] + box["width"] <= right_of_panel
