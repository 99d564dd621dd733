"""Why, on the Classify page: with and without what is known of the training images."""

import pytest
from reading import quiet, texts
from streamlit.testing.v1 import AppTest

from core import networks
from core.classify.nearest import NAME, write_neighbours
from core.runs import State


def page(run: str, content: bytes) -> None:
    import io as files

    import streamlit as st
    from PIL import Image as Pictures

    from core import classify, networks
    from core.imaging.gate import Picture
    from core.imaging.prepare import Options
    from pages.views.classify import why

    model = networks.find(run)
    picture = Picture(Pictures.open(files.BytesIO(content)).convert("RGB"))
    if "answer" not in st.session_state:
        st.session_state["answer"] = classify.classify_picture(picture, model)
    why.nearest_three(st.session_state["answer"], model)
    why.draw(st.session_state["answer"], picture, model, Options())


@pytest.fixture
def draw(every_state, picture):
    """Return a function that draws why the network trained for these tests answers as it does."""
    run = every_state[State.FINISHED]

    def draw() -> AppTest:
        app = AppTest.from_function(page, kwargs={"run": run, "content": picture})
        return app.run(timeout=60)

    draw.run = run
    return draw


def figures(app: AppTest) -> str:
    return "".join(str(each.proto) for each in app.get("html"))


def test_why_says_where_what_is_like_it_and_what_would_change_it(draw):
    model = networks.find(draw.run)
    write_neighbours(model, model.path.with_name(f"{NAME}.npz"))
    app = draw()
    assert quiet(app)
    for words in (
        "looked**",
        "most like it**",
        "change the answer**",
        "The margin",
        "hidden layer",
    ):
        assert words in texts(app)
    assert "gradient × input" in figures(app)  # this network has no convolutions
    assert figures(app).count("Training image ") == 3 + 10
    assert "Not negated" in figures(app)
    assert not app.button


def test_without_their_features_the_training_images_are_found_by_pixels(draw):
    app = draw()
    assert quiet(app)
    assert "Compared by pixels, they are the closest" in texts(app)
    assert figures(app).count("Training image ") == 3 + 10
    assert [each.label for each in app.button] == ["Start"]


@pytest.mark.usefixtures("no_data")
def test_without_the_data_the_rest_is_there(draw):
    app = draw()
    assert quiet(app)
    assert "Training image " not in figures(app)
    assert "The margin" in texts(app)


@pytest.mark.usefixtures("bundled")
def test_the_page_works_it_out_once_it_is_opened(open_page, picture):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    assert quiet(app)
    assert "The margin" not in texts(app)
    app.session_state["why"] = True
    app.run()
    assert quiet(app)
    assert "The margin" in texts(app)
