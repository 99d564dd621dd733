"""Classify, several at once, several networks, and the samples: in AppTest, with a real network."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from reading import button, components, quiet, texts

from core import datasets
from core.files import csv_text
from core.runs import State
from core.settings import ASSETS
from pages.views.classify import several
from pages.widgets.samples import SAMPLES


def file(index: int, name: str) -> tuple[str, bytes, str]:
    """Return a test image as a shop would show it, as a file to upload."""
    image = datasets.load("fashion-mnist", "test").images[index, ..., 0]
    content = io.BytesIO()
    Image.fromarray(255 - np.kron(image, np.ones((6, 6), np.uint8))).save(content, "PNG")
    return name, content.getvalue(), "image/png"


def bring(app, files):
    """Upload files and run until there is an answer for each."""
    app.file_uploader[0].set_value(files).run()
    for _ in range(60):
        if not [each for each in app.button if each.label == "Stop"]:
            return app
        app.run()
    raise AssertionError("the work does not end")


def rows(app):
    """Return what became of the files, in order."""
    return list(app.session_state["several_rows"].values())


@pytest.mark.usefixtures("bundled")
def test_each_file_gets_an_answer_or_a_sentence(open_page):
    app = bring(
        open_page("classify", view="several"),
        [file(1, "=1+1.png"), ("cut.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"), file(2, "b.png")],
    )
    assert quiet(app)
    assert "**3 pictures**" in texts(app) and "1 not read" in texts(app)
    assert "cut\\.jpg" in texts(app)  # its sentence
    (tiles,) = components(app, "gallery")
    assert "Not read" in str(tiles)
    by_name = {row.name: row for row in rows(app)}
    assert by_name["cut.jpg"].error.endswith(".") and by_name["cut.jpg"].label is None
    assert sum(by_name["b.png"].probabilities) == pytest.approx(1, abs=1e-5)
    # The uploader is empty again, and another file joins the first ones.
    bring(app, [file(3, "c.png")])
    assert "**4 pictures**" in texts(app)
    app.selectbox(key="order").set_value("name").run()
    assert quiet(app)
    app.segmented_control(key="show").set_value("error").run()
    (tiles,) = components(app, "gallery")
    assert "Not read" in str(tiles) and "c.png" not in str(tiles)
    button(app, "Clear all").click().run()
    assert not components(app, "gallery") and "Nothing is stored" in texts(app)


@pytest.mark.usefixtures("bundled")
def test_what_is_too_much_is_left_out_with_a_sentence(open_page, monkeypatch):
    monkeypatch.setattr(several, "MOST", 2)
    app = bring(open_page("classify", view="several"), [file(n, f"{n}.png") for n in range(4)])
    assert "2 files were left out" in app.warning[0].value
    assert len(rows(app)) == 2


@pytest.mark.usefixtures("bundled")
def test_stop_keeps_what_is_done_and_go_on_does_the_rest(open_page, monkeypatch):
    monkeypatch.setattr(several, "BUDGET", 0)  # one file in each script run
    app = open_page("classify", view="several")
    app.file_uploader[0].set_value([file(n, f"{n}.png") for n in range(6)]).run()
    button(app, "Stop").click().run()
    done = len(rows(app))
    assert 1 <= done < 6
    assert f"Stopped: {done} of 6 done." in texts(app)
    assert len(rows(app.run())) == done
    button(app, "Continue").click().run()
    for _ in range(8):
        app.run()
    assert "**6 pictures**" in texts(app) and quiet(app)


def test_a_row_of_the_csv_is_no_formula():
    thumb = np.zeros((2, 2, 3), np.uint8)
    row = several.Row("1", "=HYPERLINK(1).png", thumb, 0, "Bag", (0.9, 0.1), None, 0.1)
    assert row.verdict == several.SURE
    text = csv_text(["file"], [[row.name]])
    assert list(csv.reader(io.StringIO(text)))[1][0].startswith("'=")


@pytest.mark.usefixtures("bundled")
def test_the_threshold_is_that_of_the_link_and_changes_what_is_refused(open_page):
    app = open_page("classify", view="several", threshold="0")
    bring(app, [file(1, "a.png"), file(2, "b.png")])
    assert "**2 pictures**: 2 none of the ten." in texts(app)
    app.slider(key="threshold").set_value(1.0).run()
    assert "none of the ten." not in texts(app) and quiet(app)


def test_verdicts():
    row = several.Row("1", "a", np.zeros((2, 2, 3), np.uint8), 0, "Bag", (0.4, 0.3, 0.3))
    assert row.verdict == several.GUESS
    assert replace(row, limit=row.unknown).verdict == several.NONE
    assert several.Row("1", "a", row.thumb, error="No.").verdict == several.ERROR


@pytest.mark.usefixtures("bundled")
def test_samples_are_all_there_and_each_is_answered_by_its_link(open_page):
    assert {path.name for path in (ASSETS / "samples").glob("*.*g")} == set(SAMPLES)
    credits = (ASSETS / "samples" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in credits for name in SAMPLES)
    app = open_page("classify", **{"from": "Samples", "sample": "coat.jpg"})
    assert quiet(app)
    assert components(app, "probability_bars")
    app = open_page("classify", **{"from": "Samples", "sample": "nothing.jpg"})
    assert "“nothing.jpg” is unavailable" in app.warning[0].value


@pytest.mark.usefixtures("bundled")
def test_networks_answer_side_by_side(open_page, every_state):
    app = open_page(
        "classify",
        view="compare",
        **{"from": "Samples", "sample": "bag.jpg", "with": every_state[State.FINISHED]},
    )
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 2
    # The fixture's bundled model is that very run: they cannot differ.
    assert "No probability differs by 5 % or more." in texts(app)
    (second,) = [each for each in app.selectbox if each.label == "Second network"]
    second.set_value("").run()
    assert len(components(app, "probability_bars")) == 1 and "with" not in app.query_params


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("view", ["one", "compare"])
def test_a_link_is_offered_where_it_holds_the_picture(open_page, view):
    app = open_page("classify", view=view, **{"from": "samples"})
    assert not components(app, "copy_link")
    app = open_page("classify", view=view, **{"from": "samples", "sample": "Bag"})
    assert quiet(app)
    assert len(components(app, "copy_link")) == 1
    app.segmented_control(key="from").set_value("upload").run()
    assert not components(app, "copy_link")


@pytest.mark.usefixtures("bundled")
def test_a_link_to_a_network_that_is_not_there_says_so(open_page):
    app = open_page("classify", view="compare", **{"with": "20200101-000000-abc"})
    assert "is not available to you" in app.warning[0].value
    assert not app.exception
