"""Charts that can be taken away: any Plotly figure, in the theme's colours, saved as PNG or SVG."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pages.widgets.shared import register

KINDS = ("scatter", "bar", "pie")
"""What the Plotly that the app brings (its "basic" bundle) can draw."""

_CHART = register(__file__, "chart", uses=("theme", "save_buttons", "plotly_chart"))


def chart(figure: Any, *, key: str, name: str, height: int = 320, label: str | None = None) -> None:
    """Draw a Plotly figure, with a PNG and an SVG button under it.

    The chart fills the width, keeps its node from one rerun to the next (hover and hidden lines
    stay), and lets a finger scroll the page. Whatever the figure does not set comes from the theme:
    fonts, axes, the legend above, and the colours of its traces. A wish for a colour of the theme
    is written ``"theme-text"``, ``"theme-muted"``, ``"theme-grid"``, ``"theme-paper"``, or
    ``"theme-0"`` to ``"theme-9"`` for those of the traces (only in a dict: Plotly's Python classes
    take them for mistakes).

    Args:
        figure: ``{"data": [trace, ...], "layout": {...}}`` as Plotly's JSON has it (NumPy arrays
            are fine; importing Plotly costs a second), or a ``plotly.graph_objects.Figure``.
        key: the element's key.
        name: of the saved file, without a suffix.
        height: in pixels, legend and axis titles included.
        label: what a screen reader says; by default the name.

    Raises:
        ValueError: there is a trace that the bundle cannot draw; ``KINDS`` are those it can.
    """
    if isinstance(figure, Mapping):
        plain = _plain(figure)
    else:
        plain = json.loads(figure.to_json())
        plain["layout"].pop("template", None)  # the theme's takes its place
    kinds = {trace.get("type", "scatter") for trace in plain["data"]}
    if not kinds <= set(KINDS):
        raise ValueError(f"{kinds - set(KINDS)} cannot be drawn, only {KINDS}")
    _CHART(
        key=key,
        data={
            "figure": {"data": plain["data"], "layout": plain.get("layout", {})},
            "height": height,
            "name": name,
            "label": label or name.replace("-", " ").capitalize(),
        },
    )


def _plain(value: Any) -> Any:
    """Return what JSON can hold: arrays as lists, numbers of six digits, NaN as null."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
