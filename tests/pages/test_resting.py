"""The process that asks networks rests when nobody asks; a page that needs it brings it back."""

import time

import pytest
from reading import quiet, texts

from core import networks
from core.networks import place
from core.networks.apart import Apart

pytestmark = pytest.mark.slow

LOADING = "**Loading the network …**"


@pytest.fixture
def apart(cold, monkeypatch):
    """The process, in the place of this one; it starts when a page wants it."""
    made = Apart()
    before = place.use(made)
    monkeypatch.setattr(networks, "warm", place.warm)
    yield made
    place.use(before)
    made.close()


def reach(apart, phase):
    end = time.monotonic() + 120
    while apart.state().phase != phase:
        assert time.monotonic() < end, apart.state()
        time.sleep(0.05)


def answered(app):
    return quiet(app) and LOADING not in texts(app) and "It is: Coat" in texts(app)


def test_it_comes_back_with_the_page_that_needs_it(open_page, apart):
    app = open_page("classify", **{"from": "samples", "sample": "Coat"})
    assert quiet(app) and LOADING in texts(app)
    reach(apart, "ready")
    assert answered(app.run())

    apart.rest()
    reach(apart, "resting")
    assert apart.pid is None
    app = open_page("classify", **{"from": "samples", "sample": "Coat"})
    assert quiet(app) and LOADING in texts(app)
    reach(apart, "ready")
    assert answered(app.run())

    # A page that has been open all the time, and draws only a part of itself anew.
    view = open_page("evaluate", view="robustness")
    assert "Below each: the network’s answer" in texts(view)
    apart.rest()
    reach(apart, "resting")
    next(each for each in view.button if each.label == "Another image").click().run()
    assert quiet(view) and "once TensorFlow is loaded" in texts(view)
    reach(apart, "ready")
    assert "Below each: the network’s answer" in texts(view.run())
