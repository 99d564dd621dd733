"""A web page taken home: opened as a file, without a network, it answers as the app."""

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import VIEWPORTS
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import expect

from core import datasets, runs
from core.export.page.form import written
from core.export.told import told
from core.imaging.gate import open_picture
from core.imaging.prepare import prepare
from core.networks import of_run
from core.networks.batches import answers
from core.networks.network import load_file
from core.runs import BUNDLED
from core.settings import ROOT

pytestmark = pytest.mark.browser

SAMPLES = ROOT / "assets" / "samples"
IMAGES, SKETCHES = 200, 50
CLOSE = 1e-3
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202eevil"
SHIRT = [(60, 90), (110, 60), (190, 60), (240, 90), (195, 115), (195, 240), (105, 240), (60, 90)]
TROUSER = [(100, 40), (200, 40), (215, 260), (165, 260), (150, 110), (135, 260), (85, 260)]
BOOT = [(60, 60), (130, 60), (140, 170), (250, 200), (250, 235), (60, 235), (60, 60)]
LINE = [(150, 20), (151, 280)]
SEEN = "async () => Array.from(prepared(chosen ?? pictureOn(sheet), plan.frame).pixels.values)"

COLOUR = "async (frame) => Array.from(prepared(chosen, frame).pixels.values)"


@pytest.fixture(scope="module")
def known():
    return told(runs.read(BUNDLED))


@pytest.fixture(scope="module")
def file(known, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(written(known), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium):
    """Return a function that opens a page without a network; fails if it complains or asks."""
    contexts, problems = [], []

    def opened(path, width="desktop", scheme="light"):
        context = chromium.new_context(**VIEWPORTS[width], color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        address = path.as_uri()
        page.on("request", lambda asked: asked.url == address or problems.append(asked.url[:200]))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def draw(page, points):
    box = page.locator("#drawing").bounding_box()
    for place, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3 if place else 1)
        if not place:
            page.mouse.down()
    page.mouse.up()
    expect(page.locator("#bars li")).to_have_count(10)


def png(picture):
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def choose(page, content, name="picture.png"):
    page.evaluate("() => forgetAnswer()")
    page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": content})
    expect(page.locator("#bars li")).to_have_count(10)


def on_plain_ground():
    """Return a photo of a bag with a soft shadow, on a plain ground."""
    shadow = Image.new("L", (420, 360), 0)
    ImageDraw.Draw(shadow).rectangle((110, 150, 350, 320), fill=70)
    ground = Image.new("RGB", (420, 360), (236, 234, 233))
    ground.paste((120, 118, 117), mask=shadow.filter(ImageFilter.GaussianBlur(18)))
    pen = ImageDraw.Draw(ground)
    pen.arc((150, 40, 280, 200), 180, 360, fill=(70, 30, 40), width=12)
    for row in range(110, 300):
        pen.line((90, row, 330, row), fill=(60 + row // 4, 40 + row % 7, 150 - row // 3))
    return ground


def test_test_images_get_the_answers_of_the_app(opened, file, known):
    page = opened(file)
    images = datasets.load("fashion-mnist", "test").images[:IMAGES]
    asked = json.dumps(images.reshape(IMAGES, -1).tolist())
    found = page.evaluate(
        "(all) => JSON.parse(all).map((pixels) => Array.from(ask(pixels)))", asked
    )
    count = known.spec.counts["test"]
    wanted = runs.read_evaluation(known.run.folder.evaluation, count, 10).probabilities[:IMAGES]
    assert np.abs(np.array(found) - wanted).max() < CLOSE
    assert np.array_equal(np.argmax(found, axis=1), wanted.argmax(axis=1))


def test_drawings_become_the_pixels_of_the_app(opened, file, known):
    page = opened(file)
    expect(page.get_by_text("The network waits for a picture")).to_be_visible()
    for points in (SHIRT, TROUSER, BOOT, LINE):
        draw(page, points)
        sheet = page.locator("#drawing").evaluate("(canvas) => canvas.toDataURL().split(',')[1]")
        picture = open_picture(base64.b64decode(sheet), "the drawing")
        wanted = prepare(picture.rgb, **known.spec.frame).pixels
        assert page.evaluate(SEEN) == wanted.ravel().tolist()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#bars li")).to_have_count(0)
    draw(page, TROUSER)
    expect(page.locator("#answer")).to_have_text(
        re.compile(r"It is: \u2068Trouser\u2069 \(\d+\s%\)")
    )
    expect(page.locator("#bars li").first).to_have_text(re.compile(r"Trouser\d+\.\d %"))
    before = page.locator("#bars").inner_text()
    draw(page, LINE)
    page.get_by_role("button", name="Undo").click()
    assert page.locator("#bars").inner_text() == before
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    expect(page.locator("#bars li")).to_have_count(0)


def sketch(number):
    """Return a drawing with a pen of some width, of a garment as somebody draws it by hand."""
    random = np.random.default_rng(number)
    points = np.array([SHIRT, TROUSER, BOOT][number % 3], float)
    middle = points.mean(axis=0)
    points = middle + (points - middle) * random.uniform(0.5, 1.1)
    points += random.normal(0, 9, points.shape)
    picture = Image.new("L", (300, 300), 255)
    line = [tuple(each) for each in points.clip(5, 295)]
    ImageDraw.Draw(picture).line(line, fill=0, width=int(random.integers(6, 24)), joint="curve")
    return picture


def test_fifty_sketches_get_the_answers_of_the_app(opened, file, known):
    page, seen, told = opened(file), [], []
    for number in range(SKETCHES):
        content = png(sketch(number))
        choose(page, content)
        wanted = prepare(open_picture(content, "it").rgb, **known.spec.frame).pixels
        pixels = page.evaluate(SEEN)
        assert pixels == wanted.ravel().tolist()
        seen.append(wanted)
        told.append(page.evaluate("(pixels) => Array.from(ask(pixels))", pixels))
        called = known.classes[int(np.argmax(told[-1]))]
        expect(page.locator("#bars li").first).to_contain_text(called)
    own = answers(load_file(of_run(known.run)), np.stack(seen).reshape(-1, *known.spec.shape))
    assert np.abs(np.array(told) - own).max() < CLOSE
    assert np.array_equal(np.argmax(told, axis=1), own.argmax(axis=1))
    assert len({*own.argmax(axis=1).tolist()}) >= 3, "they are of several classes"


def test_files_of_drawings_and_plain_photos_become_the_pixels_of_the_app(opened, file, known):
    page = opened(file)
    contents = [path.read_bytes() for path in sorted(SAMPLES.glob("*.png"))]
    for content in (*contents, png(on_plain_ground()), png(on_plain_ground().resize((1500, 1300)))):
        choose(page, content)
        wanted = prepare(open_picture(content, "it").rgb, **known.spec.frame)
        assert page.evaluate(SEEN) == wanted.pixels.ravel().tolist()
        colour = {"height": 32, "width": 24, "channels": 3}
        wanted_colour = prepare(open_picture(content, "it").rgb, **colour).pixels
        assert page.evaluate(COLOUR, colour) == wanted_colour.ravel().tolist()
        kind = "drawing" if wanted.kind == "sketch" else "photo"
        expect(page.locator("#seen-words")).to_contain_text(f"prepared as a {kind}")


def test_photos_on_any_ground_get_the_class_that_the_app_says(opened, file, known):
    page = opened(file)
    for path in sorted(SAMPLES.glob("*.jpg"))[::2]:
        picture = open_picture(path.read_bytes(), path.name).rgb
        choose(page, png(picture))
        wanted = prepare(picture, **known.spec.frame).pixels.ravel().tolist()
        likeliest = page.evaluate(
            "(pixels) => { const all = ask(pixels); return all.indexOf(Math.max(...all)) }", wanted
        )
        expect(page.locator("#bars li").first).to_contain_text(known.classes[likeliest])


def test_hostile_names_are_shown_and_do_nothing(opened, known, tmp_path):
    path = tmp_path / "hostile.html"
    classes = (HOSTILE, *known.classes[1:])
    path.write_text(written(replace(known, title=HOSTILE, classes=classes)), encoding="utf-8")
    page = opened(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    draw(page, SHIRT)
    expect(page.locator("#bars .name").first).to_have_text(HOSTILE)
    assert page.locator("img").count() == 0


def test_what_is_added_to_the_file_does_not_run(chromium, file, tmp_path):
    path = tmp_path / "changed.html"
    added = "<script>document.title = 'changed'</script><img src='https://example.org/x.png'>"
    text = file.read_text(encoding="utf-8").replace("<header>", f"{added}<header>")
    path.write_text(text, encoding="utf-8")
    page, refused = chromium.new_page(), []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.title() != "changed"
    assert [each for each in refused if "inline script" in each and "Security Policy" in each]
    assert [each for each in refused if "x.png" in each and "Security Policy" in each]
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_says_what_is_wrong_with_a_file(opened, file, scheme):
    page = opened(file, "phone", scheme)
    page.on("filechooser", lambda chooser: None)  # from now on the browser hands choosers to us
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.locator("#choose").focus()
    expect(page.locator("#choose")).to_be_focused()
    with page.expect_file_chooser() as waited:
        page.keyboard.press("Enter")
    waited.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_role("alert")).to_contain_text("no picture that this browser can read")
    blank = png(Image.new("RGB", (80, 80), "white"))
    page.set_input_files("#file", {"name": "b.png", "mimeType": "image/png", "buffer": blank})
    expect(page.get_by_role("alert")).to_contain_text("The picture is a single colour")
    choose(page, (SAMPLES / "drawn-bag.png").read_bytes())
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#answer")).to_contain_text("Bag")
    page.get_by_label("The picture is").select_option("photo")
    expect(page.locator("#seen-words")).to_contain_text("prepared as a photo")
    page.get_by_role("button", name="Back to drawing").click()
    expect(page.locator("#drawing")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
