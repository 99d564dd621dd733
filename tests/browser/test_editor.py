"""Build your own: by mouse, finger and keyboard, then trained and found among Runs."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from walking import picture

pytestmark = pytest.mark.browser

SMALL = "stack1:c4.p4.f"


def editor(visitor):
    return visitor.page.locator(".stack")


def layers(visitor):
    """Return the titles of the layers in order, without image and answer."""
    return editor(visitor).locator("li.layer:not(.fixed) b").all_text_contents()


def link_has(visitor, text):
    """Wait until the address has a network."""
    visitor.page.wait_for_url(lambda url: f"architecture={text.replace(':', '%3A')}" in url)


def row(visitor, number):
    """Return the row of a layer, counted from 1."""
    return editor(visitor).locator("li.layer:not(.fixed)").nth(number - 1)


def test_a_network_is_built_trained_and_found(server, visitor, tmp_path):
    visitor.open("train?limit=1%2C000")
    assert not editor(visitor).count()
    box = visitor.page.get_by_role("combobox", name="Architecture")
    box.click()
    visitor.page.get_by_role("option", name="Build your own").click()
    expect(editor(visitor)).to_be_visible()
    assert layers(visitor) == [
        "Convolution",
        "Max pooling",
        "Convolution",
        "Max pooling",
        "Flatten",
        "Dense",
    ]
    link_has(visitor, "stack1:c32.p2.c64.p2.f.u64")

    # A number in place: figures follow at once, before the server knows.
    filters = row(visitor, 1).get_by_role("spinbutton", name="Filters")
    filters.fill("8")
    expect(row(visitor, 1).locator(".figure.shape")).to_have_text("28 × 28 × 8", timeout=1_000)
    expect(row(visitor, 1).locator(".figure.parameters")).to_have_text("80")
    link_has(visitor, "stack1:c8.p2.c64.p2.f.u64")

    # Remove, add, undo.
    row(visitor, 3).get_by_role("button", name="Remove Convolution").click()
    assert layers(visitor)[2] == "Max pooling"
    row(visitor, 1).get_by_role("button", name="Add a layer after Convolution").click()
    visitor.page.get_by_role("button", name=re.compile("^Batch normalisation")).click()
    link_has(visitor, "stack1:c8.b90.p2.p2.f.u64")
    visitor.page.get_by_role("button", name="Undo").click()
    link_has(visitor, "stack1:c8.p2.p2.f.u64")

    visitor.page.get_by_label("Name", exact=True).fill("Mine <b>& only</b>")
    expect(visitor.page.get_by_text("An epoch here")).to_be_visible()
    visitor.page.wait_for_url("**named=Mine*")
    picture(visitor, f"editor-{'phone' if visitor.is_phone else 'desktop'}", tmp_path)
    assert visitor.fits()
    epochs = visitor.page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("1")
    epochs.press("Enter")
    visitor.settle()
    visitor.button("Train").click()
    expect(visitor.state("Finished")).to_be_visible()
    run_id = re.search(r"run=([^&]+)", visitor.page.url)[1]
    saved = (server.home / "runs" / run_id / "config.json").read_text(encoding="utf-8")
    config = json.loads(saved)["config"]
    assert (config["architecture"], config["limit"]) == ("stack1:c8.p2.p2.f.u64", 1000)
    visitor.open("runs?network=Own+networks")
    expect(visitor.page.get_by_text("Mine <b>& only</b>").first).to_be_visible()


def test_layers_move_by_mouse_keyboard_and_finger(server, visitor):
    visitor.open("train?architecture=stack1:c8.p2.a.f.u16")
    convolution = re.compile("^Move Convolution")
    grip = row(visitor, 1).get_by_role("button", name=convolution)
    grip.focus()
    grip.press("ArrowDown")
    link_has(visitor, "stack1:p2.c8.a.f.u16")
    expect(
        row(visitor, 2).get_by_role("button", name=re.compile("^Move Convolution"))
    ).to_be_focused()
    visitor.page.keyboard.press("ArrowUp")
    link_has(visitor, "stack1:c8.p2.a.f.u16")

    source = row(visitor, 3).locator(".grip").bounding_box()
    target = row(visitor, 1).bounding_box()
    x, y = source["x"] + source["width"] / 2, source["y"] + source["height"] / 2
    if visitor.is_phone:
        session = visitor.page.context.new_cdp_session(visitor.page)

        def touch(kind, *points):
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": each} for each in points]},
            )

        touch("touchStart", y)
        for step in range(1, 9):
            touch("touchMove", y + (target["y"] + 5 - y) * step / 8)
        touch("touchEnd")
    else:
        visitor.page.mouse.move(x, y)
        visitor.page.mouse.down()
        visitor.page.mouse.move(x, target["y"] + 5, steps=8)
        visitor.page.mouse.up()
    link_has(visitor, "stack1:a.c8.p2.f.u16")
    visitor.page.keyboard.press("Control+z")
    link_has(visitor, "stack1:c8.p2.a.f.u16")


def test_a_fault_is_at_its_layer_and_can_be_mended(server, visitor):
    visitor.open("train?architecture=stack1:c8.p8.c8k5v.f.u16")
    expect(row(visitor, 3).locator(".fault")).to_have_text(
        "3 × 3 pixels are left, and the kernel is 5 × 5. Remove a pooling or a stride before it, "
        "choose a smaller kernel, or pad."
    )
    expect(visitor.button("Train")).to_be_disabled()
    row(visitor, 3).get_by_role("button", name="padded").click()
    expect(row(visitor, 3).locator(".fault")).to_be_hidden(timeout=1_000)
    link_has(visitor, "stack1:c8.p8.c8k5.f.u16")
    expect(visitor.button("Train")).to_be_enabled()


def test_a_network_is_kept_in_this_browser(server, new_visitor):
    visitor = new_visitor(server)
    visitor.open(f"train?architecture={SMALL}")
    visitor.page.get_by_label("Name", exact=True).fill("Small")
    visitor.page.get_by_role("button", name="Keep").click()
    expect(visitor.page.get_by_role("button", name="Kept")).to_be_visible()
    start = visitor.page.get_by_label("Start from")
    start.select_option(label="MLP 300-100")
    link_has(visitor, "stack1:f.u300.u100")
    visitor.page.reload()
    visitor.page.get_by_label("Start from").select_option(label="Small")
    link_has(visitor, SMALL)


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_the_editor_has_no_serious_barrier(server, new_visitor, width, scheme, tmp_path):
    visitor = new_visitor(server, width, scheme)
    for text in ("stack1:c8.p2.r.c8.b90.e.f.d30.u16", "stack1:c8.p8.p8.f"):
        visitor.open(f"train?architecture={text}")
        row(visitor, 2).locator(".add").click()
        found = Axe().run(visitor.page).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["failureSummary"]) for each in serious] == []
        picture(visitor, f"editor-{width}-{scheme}-{len(text)}", tmp_path)
        assert visitor.fits()
