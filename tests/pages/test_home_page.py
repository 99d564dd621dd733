"""Home: a test image is classified, and the engine is described in words."""

import pytest
from reading import button, components, quiet, sentence, texts

from core import datasets, jobs

CLASSES = datasets.find("fashion-mnist").classes


def test_a_fresh_server_paints_before_tensorflow_is_loaded(open_page):
    app = open_page("home")
    assert quiet(app)
    assert app.title[0].value == "Atelier"
    assert "**Loading the network …**" in texts(app)
    assert not components(app, "probability_bars")
    assert "Network starts with the first picture." in texts(app)
    assert "0 of 1 training, 0 waiting. The next run starts at once." in texts(app)


@pytest.mark.usefixtures("bundled")
def test_a_sample_is_classified(open_page):
    app = open_page("home")
    assert quiet(app)
    assert "says the network with" in texts(app)
    (bars,) = components(app, "probability_bars")
    assert all(name in str(bars) for name in CLASSES)
    assert "The bundled model gets " in texts(app)


@pytest.mark.usefixtures("bundled")
def test_another_one_shows_another_image(open_page, monkeypatch):
    drawn = iter([5, 77])
    monkeypatch.setattr("random.randrange", lambda count: next(drawn))
    app = open_page("home")
    assert app.session_state["home_sample"] == 5
    button(app, "Another one").click().run()
    assert app.session_state["home_sample"] == 77
    assert not app.exception and "says the network with" in texts(app)


@pytest.mark.usefixtures("no_bundled")
def test_without_the_bundled_model_the_page_says_so(open_page):
    app = open_page("home")
    assert sentence(app).startswith("The bundled model is missing or damaged. Restore it with")
    assert "The way through" in texts(app)


@pytest.mark.usefixtures("no_data")
def test_without_data_the_page_says_which_file_is_missing(open_page):
    app = open_page("home")
    assert "missing from fashion-mnist" in sentence(app) and "git restore" in sentence(app)
    assert "Fashion-MNIST: not on this machine yet." in texts(app)
    assert "The way through" in texts(app)  # the rest of the page is there


@pytest.mark.usefixtures("damaged_data")
def test_with_damaged_data_the_page_says_which_file_it_is(open_page):
    app = open_page("home")
    assert "t10k-images-idx3-ubyte.gz is damaged" in sentence(app)


def test_what_keeps_training_from_working_is_shown(open_page, queue, monkeypatch):
    monkeypatch.setattr(
        queue, "engine", lambda: jobs.Engine(workers=1, problem="Nothing can be trained now.")
    )
    app = open_page("home")
    assert sentence(app) == "Nothing can be trained now."
