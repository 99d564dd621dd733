"""Classify, one picture: upload, overrule, switch steps, edit the mask by hand; and draw."""

import io
import re

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ANSWER = re.compile("^(It is: |Best guess: |Probably none of the ten)")

pillow_heif.register_heif_opener()


def test_a_picture_is_overruled_taken_apart_and_edited(visitor, picture):
    page = visitor.page
    visitor.open("classify")
    page.locator("input[type=file]").set_input_files(
        {"name": "trousers.png", "mimeType": "image/png", "buffer": picture}
    )
    expect(page.get_by_role("heading", name=ANSWER)).to_be_visible()
    expect(page.get_by_text("Resized only")).to_be_visible()
    before = bars(visitor)

    page.get_by_text("Drawing", exact=True).click()
    expect(page.get_by_text("Thickness", exact=True)).to_be_visible()
    page.get_by_text("Photo", exact=True).click()
    expect(page.get_by_text("Negate", exact=True)).to_be_visible()
    visitor.settle()
    assert bars(visitor) == before

    page.get_by_text("Negate", exact=True).click()
    expect(page.get_by_text("Off: picture unchanged.")).to_be_visible()
    visitor.settle()
    assert bars(visitor) != before
    visitor.button("Reset").click()
    expect(page.get_by_text("Off: picture unchanged.")).to_have_count(0)
    visitor.settle()
    assert bars(visitor) == before

    # By mouse: half of the trousers goes.
    page.get_by_role("radio", name="Erase").click()
    stage = page.get_by_role("application")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    answer = page.get_by_role("heading", name=ANSWER).bounding_box()
    # Beside the picture or right above it, never screens below it.
    assert answer["y"] < box["y"]
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.85 * box["height"])
    page.mouse.down()
    for x in (0.3, 0.7, 0.5):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + 0.7 * box["height"], steps=6)
    page.mouse.up()
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_enabled()
    visitor.settle()
    erased = bars(visitor)
    assert erased != before
    undo.click()
    visitor.settle()
    assert bars(visitor) == before

    # By keys: the crop's lower edge goes up.
    page.get_by_role("radio", name="Crop").click()
    corner = page.get_by_role("button", name=re.compile("^Lower right corner"))
    corner.focus()
    for _ in range(20):
        corner.press("ArrowUp")
    page.wait_for_timeout(600)  # the server is told when the keys rest
    visitor.settle()
    assert bars(visitor) != before
    page.get_by_role("button", name="Start over").click()
    visitor.settle()
    assert bars(visitor) == before
    assert visitor.fits()


def test_the_steps_stay_as_they_are_for_the_next_picture(visitor, picture):
    page = visitor.page
    visitor.open("classify")
    switched_off = page.get_by_text("Off: picture unchanged.")

    def upload(name):
        file = {"name": name, "mimeType": "image/png", "buffer": picture}
        page.locator("input[type=file]").first.set_input_files(file)
        expect(page.get_by_text(name)).to_be_visible()
        expect(page.get_by_role("heading", name=ANSWER)).to_be_visible()
        visitor.settle()

    upload("first.png")
    upload("second.png")
    expect(page.get_by_text("Negate", exact=True)).to_be_visible()
    expect(switched_off).to_have_count(0)
    page.get_by_text("Negate", exact=True).click()
    expect(switched_off).to_have_count(1)
    upload("third.png")
    expect(switched_off).to_have_count(1)


def test_a_drawing_survives_another_source(visitor):
    page = visitor.page
    visitor.open("classify?from=Draw")
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 110, box["y"] + 250)
    page.mouse.down()
    for x, y in ((120, 50), (180, 50), (190, 250)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.mouse.up()
    answer = page.get_by_role("heading", name=ANSWER)
    expect(answer).to_be_visible()
    visitor.settle()
    before = bars(visitor)
    page.get_by_text("Camera", exact=True).click()
    expect(page.get_by_role("button", name="Use the camera")).to_be_visible()
    page.get_by_text("Draw", exact=True).click()
    expect(answer).to_be_visible()
    visitor.settle()
    assert bars(visitor) == before
    visitor.button("Clear").click()
    expect(page.get_by_text("The answer appears here")).to_be_visible()
    assert visitor.fits()


@pytest.mark.parametrize("view", ["one", "compare"])
def test_who_draws_on_a_phone_sees_the_answer_with_the_sheet(server, new_visitor, view):
    visitor = new_visitor(server, "phone")
    page = visitor.page
    visitor.open(f"classify?from=draw&view={view}")
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    page.get_by_text("Loading the network").wait_for(state="detached")
    visitor.settle()
    canvas.scroll_into_view_if_needed()
    before = canvas.bounding_box()
    page.mouse.move(before["x"] + 110, before["y"] + 250)
    page.mouse.down()
    for x, y in ((120, 50), (180, 50), (190, 250)):
        page.mouse.move(before["x"] + x, before["y"] + y, steps=8)
    page.mouse.up()
    short = re.compile(r"^Bundled model: (Trouser \(|none of the ten)")
    answer = page.get_by_role("heading", name=ANSWER) if view == "one" else page.get_by_text(short)
    expect(answer.first).to_be_visible()
    visitor.settle()
    said, sheet = answer.first.bounding_box(), canvas.bounding_box()
    assert sheet == before, "the sheet has moved under the pen"
    assert 0 <= said["y"] < said["y"] + said["height"] <= sheet["y"]
    assert sheet["y"] + sheet["height"] <= page.viewport_size["height"]
    # The drawing is on the sheet alone.
    assert page.get_by_role("application").count() == 0
    assert page.get_by_role("img", name="The picture", exact=True).count() == 0


def test_a_sample_is_answered_above_the_tiles_on_a_phone(server, new_visitor):
    visitor = new_visitor(server, "phone")
    page = visitor.page
    visitor.open("classify?from=samples")
    tile = page.get_by_role("button", name="Jeans", exact=True)
    tile.click()
    answer = page.get_by_role("heading", name=ANSWER)
    expect(answer).to_be_visible()
    visitor.settle()
    assert 0 <= answer.bounding_box()["y"] < tile.bounding_box()["y"]
    assert tile.bounding_box()["y"] < page.viewport_size["height"]


def test_where_nothing_was_detected_the_editor_says_so(server, new_visitor, picture):
    visitor = new_visitor(server)
    page = visitor.page
    visitor.open("classify")
    file = io.BytesIO()
    Image.new("L", (300, 300), 255).save(file, "PNG")  # nothing to recognise
    for buffer, hint in (
        (file.getvalue(), "Nothing has been detected yet."),
        (picture, "The bright part was detected as the object."),
    ):
        page.locator("input[type=file]").set_input_files(
            {"name": "picture.png", "mimeType": "image/png", "buffer": buffer}
        )
        expect(page.get_by_text(hint)).to_be_visible()


def test_a_file_that_the_browser_knows_no_type_of_reaches_the_app(server, new_visitor, tmp_path):
    """What the chooser lets through is decided in the browser, by the ends of names."""
    visitor = new_visitor(server)
    page = visitor.page
    visitor.open("classify")
    for form, name in (("TIFF", "scan.tif"), ("HEIF", "IMG_0412.HEIC")):
        picture = Image.new("RGB", (320, 240), "white")
        for left in (30, 190):
            picture.paste("navy", (left, 40, left + 90, 200))
        picture.save(tmp_path / name, form)
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(page.get_by_text(name)).to_be_visible()
        expect(page.get_by_text("There are 2 things in the picture. Which")).to_be_visible()
        page.get_by_role("button", name="Left", exact=True).click()
        expect(page.get_by_text("and the network expects one")).not_to_be_visible()
        page.get_by_role("button", name="All of it").click()
        expect(page.get_by_text("and the network expects one")).to_be_visible()


def bars(visitor) -> list[str]:
    """Return what the bars say."""
    rows = visitor.page.get_by_role("list", name="Probability of each class").first
    return rows.get_by_role("listitem").all_inner_texts()
