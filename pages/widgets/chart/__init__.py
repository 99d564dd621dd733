"""Charts that can be taken away: any Plotly figure, in the theme's colours, saved as PNG or SVG."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.widgets.shared import register

KINDS = ("scatter", "bar", "pie")
"""What the Plotly that the app brings (its "basic" bundle) can draw."""

_CHART = register(__file__, "chart", uses=("address", "theme", "save_buttons", "plotly_chart"))


def chart(
    figure: go.Figure, *, key: str, name: str, height: int = 320, label: str | None = None
) -> None:
    """Draw a Plotly figure, with a PNG and an SVG button under it.

    The chart fills the width, keeps its node from one rerun to the next (hover and hidden lines
    stay), and lets a finger scroll the page. Whatever the figure does not set comes from the theme:
    fonts, axes, the legend above, and the colours of its traces. Colours of ``widgets.palette``
    become their counterparts on a dark page.

    Streamlit imports ``plotly.graph_objects`` itself at its start, so a module may too: it costs no
    page anything. A server's first figure takes 0.06 s (Plotly's tables of what is allowed), each
    one after it 0.0005 s.

    Args:
        figure: of traces that are among ``KINDS``. Plotly has checked it: what it does not know, it
            refused with a ``ValueError`` when the figure was made.
        key: the element's key.
        name: of the saved file, without a suffix.
        height: in pixels, legend and axis titles included.
        label: what a screen reader says; by default the name.

    Raises:
        ValueError: there is a trace that the bundle cannot draw.
    """
    plain = _plain(figure.to_plotly_json())
    layout = plain.get("layout", {})
    layout.pop("template", None)  # the theme's takes its place
    kinds = {trace.get("type", "scatter") for trace in plain["data"]}
    if not kinds <= set(KINDS):
        raise ValueError(f"{kinds - set(KINDS)} cannot be drawn, only {KINDS}")
    _CHART(
        key=key,
        data={
            "figure": {"data": plain["data"], "layout": layout},
            "height": height,
            "name": name,
            "label": label or name.replace("-", " ").capitalize(),
        },
    )


def _plain(value: Any) -> Any:
    """Return what JSON can hold: arrays as lists, numbers of six digits, NaN as null."""
    if isinstance(value, Mapping):
        if "bdata" in value:  # how Plotly writes an array
            array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
            shape = str(value.get("shape", len(array)))
            return _plain(array.reshape([int(each) for each in shape.split(",")]))
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
