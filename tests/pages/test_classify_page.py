"""Classify: uploads that are pictures and uploads that are not, with and without a network."""

import io

import numpy as np
import pytest
from PIL import Image
from reading import button, components, quiet, sentence, texts

from core import datasets, runs
from core.runs import State


@pytest.fixture(scope="module")
def picture() -> bytes:
    """Return a test image as a shop would show it, large and dark on white, as a PNG."""
    image = datasets.load("fashion-mnist", "test").images[1, ..., 0]
    file = io.BytesIO()
    Image.fromarray(255 - np.kron(image, np.ones((16, 16), np.uint8))).save(file, "PNG")
    return file.getvalue()


@pytest.mark.usefixtures("bundled")
def test_the_page_says_what_it_waits_for(open_page):
    app = open_page("classify")
    assert quiet(app)
    assert "**The answer appears here**" in texts(app)
    assert "Ankle boot" in texts(app)


def test_while_tensorflow_loads_the_page_says_so(open_page, every_state):
    app = open_page("classify", run=every_state[State.FINISHED])
    assert quiet(app)
    assert "**Loading the network …**" in texts(app)


@pytest.mark.usefixtures("bundled")
def test_an_uploaded_picture_gets_an_answer_and_its_steps(open_page, picture):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert any(line.startswith(("It is:", "Perhaps")) for line in texts(app).splitlines())
    (bars,) = components(app, "probability_bars")
    assert all(name in str(bars) for name in datasets.find("fashion-mnist").classes)
    assert [each.label for each in app.expander] == ["How the picture became that, step by step"]


@pytest.mark.usefixtures("bundled")
def test_the_camera_gets_an_answer(open_page, picture):
    app = open_page("classify", **{"from": "Camera"})
    assert len(app.get("camera_input")) == 0  # it would start by itself
    button(app, "Use the camera").click().run()
    app.camera_input(key="camera").set_value(("shot.jpg", picture, "image/jpeg")).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1


@pytest.mark.usefixtures("bundled")
def test_a_run_of_ones_own_answers_too(open_page, every_state, picture):
    app = open_page("classify", run=every_state[State.FINISHED])
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1


BAD = {
    "notes.png": (b"These are my notes.\n", "is not a picture that can be read here"),
    "empty.png": (b"", "is empty"),
    "cut.png": (None, "is damaged or incomplete"),
    "page.jpg": (b"<!doctype html><p>hi", "is a web page, not a picture"),
    "[x](http://y) <b>.png": (b"text", "is not a picture that can be read here"),
}


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("name", BAD)
def test_an_upload_that_is_no_picture_becomes_a_sentence_and_the_next_one_works(
    open_page, picture, name
):
    content, said = BAD[name]
    app = open_page("classify")
    bad = picture[: len(picture) // 2] if content is None else content
    app.file_uploader(key="upload").set_value((name, bad, "image/png")).run()
    assert said in sentence(app)
    assert "<" not in sentence(app) and "](" not in sentence(app)
    app.file_uploader(key="upload").set_value(("good.png", picture, "image/png")).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1


@pytest.mark.usefixtures("bundled")
def test_an_empty_picture_becomes_a_sentence(open_page):
    file = io.BytesIO()
    Image.new("L", (300, 300), 255).save(file, "PNG")
    app = open_page("classify")
    app.file_uploader(key="upload").upload("white.png", file.getvalue()).run()
    assert not app.exception
    assert len(app.error) == 1


@pytest.mark.usefixtures("no_bundled")
def test_without_a_bundled_model_the_page_says_so(open_page):
    app = open_page("classify")
    assert sentence(app).startswith("The bundled model is missing or damaged. Restore it with")


@pytest.mark.usefixtures("no_bundled")
def test_a_run_of_ones_own_works_without_the_bundled_model(open_page, every_state, picture):
    app = open_page("classify", run=every_state[State.FINISHED])
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1


@pytest.mark.usefixtures("bundled")
def test_an_unknown_run_in_the_url_becomes_a_sentence(open_page):
    app = open_page("classify", run="nope")
    assert sentence(app).startswith("There is no run 'nope' here.")


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("damage", ["missing", "cut", "no model at all"])
def test_a_damaged_network_becomes_a_sentence(open_page, every_state, picture, damage):
    path = runs.read(every_state[State.FINISHED]).folder.model
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:5000] if damage == "cut" else b"something else")
    app = open_page("classify", run=every_state[State.FINISHED])
    if not app.error:
        app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert "Choose another, or train it" in sentence(app)


@pytest.mark.usefixtures("bundled")
def test_an_unknown_source_in_the_url_shows_the_default(open_page):
    app = open_page("classify", **{"from": "Telepathy"})
    assert sentence(app).startswith("The link asks for from “Telepathy”, which does not exist.")
    assert len(app.file_uploader) == 1


@pytest.mark.usefixtures("bundled", "no_data")
def test_classifying_needs_no_data(open_page, picture):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1
