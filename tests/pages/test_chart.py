"""Charts: what is sent to the browser."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from reading import components
from streamlit.testing.v1 import AppTest

from pages.views.explore.classes import balance_figure, values_figure
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
    trace = go.Scatter(x=np.arange(3), y=np.array([1 / 3, np.nan, np.inf]), name="a")
    data = sent(go.Figure(trace, {"title": {"text": "t"}}), height=200)
    expected = {"type": "scatter", "x": [0, 1, 2], "y": [0.333333, None, None], "name": "a"}
    assert data["figure"]["data"] == [expected]
    assert data["figure"]["layout"] == {"title": {"text": "t"}}
    assert (data["height"], data["name"], data["label"]) == (200, "a-chart", "A chart")


def test_a_figure_of_plotly_comes_without_its_template():
    data = sent(go.Figure(go.Bar(x=[1], y=["a"])), label="Bars of it")
    assert data["figure"]["data"][0]["type"] == "bar"
    assert "template" not in data["figure"]["layout"]
    assert data["label"] == "Bars of it"


@pytest.mark.parametrize("trace", [go.Heatmap, go.Scattergl, go.Histogram])
def test_what_the_bundle_cannot_draw_is_refused(trace):
    with pytest.raises(ValueError, match=f"{trace.__name__.lower()}.* cannot be drawn"):
        chart(go.Figure(trace()), key="c", name="a-chart")


def test_figures_are_whole_without_a_browser():
    """What a page draws can be written to a file, as Plotly's own JSON and HTML."""
    classes = [f"class {label}" for label in range(12)]
    counts = {"train": list(range(12)), "test": [0] * 12}
    balance = balance_figure(counts, classes)
    assert [bar.name for bar in balance.data] == ["Training", "Test"]
    values, logarithmic = values_figure(np.eye(3, 256), np.ones((3, 256)), "class 1")
    assert logarithmic and len(values.data) == 6
    for figure in (balance, values):
        assert go.Figure(json.loads(figure.to_json())) == figure
        assert "<div" in figure.to_html(include_plotlyjs=False)
