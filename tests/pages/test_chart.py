"""Charts: what is sent to the browser."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from reading import components
from streamlit.testing.v1 import AppTest

from pages.widgets.chart import chart


def sent(figure, **options) -> dict:
    """Return what a chart of this figure sends to the browser."""

    def page(figure, options):
        from pages.widgets.chart import chart

        chart(figure, key="c", name="a-chart", **options)

    app = AppTest.from_function(page, args=(figure, options)).run()
    assert not app.exception
    (message,) = components(app, "chart")
    return json.loads(message.json)


def test_arrays_become_lists_and_nan_a_gap():
    trace = {"x": np.arange(3), "y": np.array([1 / 3, np.nan, np.inf]), "name": "a"}
    data = sent({"data": [trace], "layout": {"title": {"text": "t"}}}, height=200)
    assert data["figure"]["data"] == [{"x": [0, 1, 2], "y": [0.333333, None, None], "name": "a"}]
    assert data["figure"]["layout"] == {"title": {"text": "t"}}
    assert (data["height"], data["name"], data["label"]) == (200, "a-chart", "A chart")


def test_a_figure_of_plotly_comes_without_its_template():
    data = sent(go.Figure(go.Bar(x=[1], y=["a"])), label="Bars of it")
    assert data["figure"]["data"][0]["type"] == "bar"
    assert "template" not in data["figure"]["layout"]
    assert data["label"] == "Bars of it"


@pytest.mark.parametrize("kind", ["heatmap", "scattergl", "histogram"])
def test_what_the_bundle_cannot_draw_is_refused(kind):
    with pytest.raises(ValueError, match=f"{kind}.* cannot be drawn"):
        chart({"data": [{"type": kind}]}, key="c", name="a-chart")
