"""Classify: uploads that are pictures and uploads that are not, with and without a network."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw
from reading import button, components, quiet, sentence, texts

from core import classify, datasets, runs
from core.classify.rejection import THRESHOLD
from core.imaging.prepare import Stage
from core.runs import State
from core.settings import settings
from pages.session import brought
from pages.views.classify import adjust
from pages.widgets.mask_editor import ERASE, Edit, layer_shape, packed


@pytest.mark.usefixtures("bundled")
def test_the_page_says_what_it_waits_for(open_page):
    app = open_page("classify")
    assert quiet(app)
    assert "The answer appears here" in texts(app)
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
    assert any(
        line.startswith(("It is:", "Best guess:", "Probably")) for line in texts(app).splitlines()
    )
    (bars,) = components(app, "probability_bars")
    assert all(name in str(bars) for name in datasets.find("fashion-mnist").classes)
    assert [each.label for each in app.toggle] == [
        f"**{title}**" for title in ("Mask", "Crop", "Negate", "Contrast")
    ]
    assert "Resized only" in texts(app)
    assert [each.label for each in app.expander] == ["When to answer “none of the ten”", "Why?"]


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
    assert sentence(app).startswith(
        "This link's from “Telepathy” is unavailable; showing the default."
    )
    assert len(app.file_uploader) == 1


@pytest.mark.usefixtures("bundled", "no_data")
def test_classifying_needs_no_data(open_page, picture):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 1


# ---- One picture: what the visitor decides ----


def answered(app) -> list[float]:
    """Return the probabilities that the page shows."""
    (bars,) = components(app, "probability_bars")
    return json.loads(bars.json)["probabilities"]


def editor(app) -> dict:
    """Return what the page tells the editor."""
    (message,) = components(app, "mask_editor")
    return json.loads(message.json)


@pytest.fixture
def opened(bundled, open_page, picture):
    """Return the page with a picture uploaded."""
    app = open_page("classify")
    return app.file_uploader(key="upload").upload("trousers.png", picture).run()


def test_a_step_is_switched_off_and_reset_switches_it_on(opened):
    app, before = opened, answered(opened)
    app.toggle(key="step_photo_negate").set_value(False).run()
    assert quiet(app)
    assert "Off: picture unchanged." in texts(app)
    assert answered(app) != before
    button(app, "Reset").click().run()
    assert answered(app) == before
    assert app.toggle(key="step_photo_negate").value is True
    assert button(app, "Reset").disabled


def test_a_switch_that_calls_again_changes_nothing(monkeypatch):
    """As the browser does when the switches come back with another picture."""
    monkeypatch.setattr(adjust.st, "session_state", {})
    for on, off in ((True, set()), (False, {Stage.NEGATE}), (False, {Stage.NEGATE}), (True, set())):
        adjust.switch(Stage.NEGATE, on=on)
        assert adjust.switched_off() == off


def test_photo_or_drawing_is_overruled(opened):
    app = opened
    assert "Detected as a photo." in texts(app)
    app.segmented_control(key="kind").set_value("sketch").run()
    assert quiet(app)
    assert [each.label for each in app.toggle] == ["**Crop**", "**Lines**", "**Thickness**"]
    assert editor(app)["ink"] is True
    assert "Detected as" not in texts(app)


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("kind", ["sketch", "Sketch", "Drawing"])
def test_the_kind_comes_from_the_link_old_or_new(open_page, picture, kind):
    app = open_page("classify", kind=kind)
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert "**Lines**" in [each.label for each in app.toggle]


@pytest.mark.usefixtures("bundled")
def test_another_source_loses_neither_the_picture_nor_what_was_decided(
    open_page, picture, monkeypatch
):
    decoded = []
    gate = brought.open_picture
    monkeypatch.setattr(
        brought, "open_picture", lambda data, name: decoded.append(name) or gate(data, name)
    )
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    app.toggle(key="step_photo_contrast").set_value(False).run()
    before = answered(app)
    app.segmented_control(key="from").set_value("camera").run()
    assert "The answer appears here" in texts(app)
    app.segmented_control(key="from").set_value("upload").run()
    assert answered(app) == before
    assert app.toggle(key="step_photo_contrast").value is False
    assert decoded == ["trousers.png"]


@pytest.mark.usefixtures("bundled")
def test_from_its_doubt_on_a_picture_is_none_of_the_ten(open_page, picture):
    app = open_page("classify", threshold="0")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert "Probably none of the ten" in texts(app)
    app.slider(key="threshold").set_value(1.0).run()
    assert "Probably none of the ten" not in texts(app)


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("asked", ["2", "-1", "nan", "all"])
def test_a_threshold_out_of_range_becomes_a_sentence(open_page, picture, asked):
    app = open_page("classify", threshold=asked)
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert sentence(app).startswith("This link's threshold")
    assert app.slider(key="threshold").value == THRESHOLD


def test_brush_and_crop_change_the_answer_and_reset_takes_them_back(opened):
    app, before = opened, answered(opened)
    edits = app.session_state["classify_edits"]
    layer = np.zeros(layer_shape(edits.picture.rgb), np.uint8)
    layer[: len(layer) // 2] = ERASE
    edits.change(Edit(layer))
    app.run()
    erased = answered(app)
    assert erased != before
    assert editor(app)["mask"] is not None and editor(app)["layer"] == packed(layer)
    edits.change(Edit(layer, (0.1, 0.5, 0.6, 0.9)))
    app.run()
    assert answered(app) != erased
    assert editor(app)["box"] == editor(app)["custom"] == [0.1, 0.5, 0.6, 0.9]
    token = editor(app)["token"]
    button(app, "Reset").click().run()
    assert answered(app) == before
    assert editor(app)["layer"] is None and editor(app)["custom"] is None
    assert editor(app)["token"] != token


def trousers(*lefts: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Return pairs of trousers side by side."""
    image = Image.new("RGB", size, "white")
    for left in lefts:
        corners = ((20, 40), (80, 40), (100, 260), (65, 260), (50, 110), (35, 260), (0, 260))
        pen = ImageDraw.Draw(image)
        pen.polygon([(left + x, y) for x, y in corners], fill=(30, 40, 90))
    return image


def file_of(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.usefixtures("bundled")
def test_of_several_things_one_is_chosen(open_page):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("two.png", file_of(trousers(50, 260))).run()
    assert "There are 2 things in the picture" in texts(app)
    both, token = answered(app), editor(app)["token"]
    button(app, "Right").click().run()
    assert quiet(app)
    left, top, right, bottom = editor(app)["custom"]
    assert 0.6 < left < 0.7 and 0.8 < right < 0.95 and top < 0.2 and bottom > 0.8
    assert editor(app)["token"] != token and answered(app) != both
    assert "and the network expects one" not in texts(app)
    button(app, "All of it").click().run()
    assert answered(app) == both and editor(app)["custom"] is None


@pytest.mark.usefixtures("bundled")
def test_a_picture_that_lies_on_its_side_is_turned(open_page, monkeypatch):
    """When a turn is offered, ``tests/core/test_odd_pictures.py`` holds, with the true network."""
    lying = trousers(100, size=(300, 300)).rotate(90, fillcolor="white")
    monkeypatch.setattr(
        classify,
        "better_turned",
        lambda answer, picture, *_: classify.Turn(1, answer) if picture.rgb == lying else None,
    )
    app = open_page("classify")
    app.file_uploader(key="upload").upload("lying.png", file_of(lying)).run()
    before = answered(app)
    assert "Turned a quarter to the right, it would be:" in texts(app)
    button(app, "Turn the picture").click().run()
    assert quiet(app) and "it would be" not in texts(app)
    turned = answered(app)
    assert turned != before
    button(app, "Reset").click().run()
    assert answered(app) == before and button(app, "Reset").disabled
    button(app, "Turn").click().run()
    assert answered(app) == turned and not button(app, "Reset").disabled


@pytest.mark.usefixtures("bundled")
def test_a_colour_network_has_a_crop_but_no_mask(open_page, trained, picture, home):
    import keras

    run_id = f"{trained.id}-colour"
    folder = settings().runs / run_id
    shutil.copytree(trained.path, folder)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    values["config"]["dataset"] = "cifar-10"
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    inputs = keras.Input((32, 32, 3))
    outputs = keras.layers.Dense(10, "softmax")(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save(folder / "model.keras")
    app = open_page("classify", run=run_id)
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert "airplane" in str(components(app, "probability_bars")).lower()
    assert len(app.toggle) == 0
    assert editor(app)["tools"] == ["look", "crop"]
    assert "clothing" not in texts(app) and "Switch a step off" not in texts(app)
    assert button(app, "Reset").disabled
    # The picture is square: prepared or only made small, it is the same.
    assert "Resized only" not in texts(app)
    wide = io.BytesIO()
    Image.radial_gradient("L").crop((0, 0, 256, 160)).save(wide, "PNG")
    app.file_uploader(key="upload").upload("wide.png", wide.getvalue()).run()
    assert quiet(app)
    assert "Resized only" in texts(app)
