"""What a browser may send in the name of the canvas: a drawing, or a sentence, and no exception."""

import base64
import io
import json

import pytest
from PIL import Image
from reading import button, quiet, sentence


@pytest.fixture
def canvas(open_page, bundled):
    """Open the page with the canvas, and return what sends a message in its name."""
    app = open_page("classify", **{"from": "draw"})
    assert quiet(app)

    def send(value: str):
        (element,) = [
            each.proto
            for each in app.get("bidi_component")
            if "canvas" in each.proto.component_name
        ]
        states = app._tree.get_widget_states()
        for old in [each for each in states.widgets if each.id == element.id]:
            states.widgets.remove(old)
        states.widgets.add(id=element.id, json_value=value)
        return app._run(states)

    return send


def message(data, raw=None) -> str:
    return json.dumps({"drawing": {"raw": raw or {"objects": []}, "data": data}})


def png(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def sheet() -> Image.Image:
    return Image.new("RGB", (300, 300), "black")


def test_a_drawing_arrives(canvas):
    image = sheet()
    image.paste("white", (80, 60, 220, 240))
    app = canvas(message(png(image)))
    assert quiet(app)


def test_an_empty_sheet_is_nothing_yet(canvas):
    assert quiet(canvas(message(png(sheet()))))


HOSTILE = {
    "a number": message(7),
    "no data URL": message("hello"),
    "no base64": message("data:image/png;base64,a"),
    "no picture": message("data:image/png;base64," + base64.b64encode(b"text").decode()),
    "a bomb": message(png(Image.new("1", (9000, 6000)))),
    "a list for a drawing": json.dumps({"drawing": [1]}),
    "a number for a drawing": json.dumps({"drawing": 7}),
    "half a background": json.dumps({"backgroundFit": {"scaleX": 1}}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_a_sentence_and_clear_helps(canvas, name):
    app = canvas(HOSTILE[name])
    assert len(sentence(app)) > 40
    button(app, "Clear").click().run()
    assert quiet(app)


def test_strokes_that_are_none_are_not_drawn_again(canvas):
    app = canvas(json.dumps({"drawing": {"raw": "text", "data": png(sheet())}}))
    for source in ("upload", "draw"):
        app.segmented_control(key="from").set_value(source).run()
        assert quiet(app)
