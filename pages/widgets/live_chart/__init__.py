"""Loss and accuracy of a training run, drawn while it runs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from pages.widgets.shared import register

_LIVE_CHART = register(
    __file__, "live_chart", uses=("address", "theme", "save_buttons", "plotly_chart")
)

SAVED_AS = "loss-and-accuracy"
"""Name of the file that a chart of these is saved as."""

Values = Sequence[float | None]
"""Numbers of a curve. None and NaN leave a gap in the line."""


class BatchCurves(TypedDict):
    """Points within the epochs; all three are of the same length."""

    x: Sequence[float]
    """Epochs done, with a fraction: 2.5 is the middle of the third epoch."""
    loss: Values
    accuracy: Values


class EpochCurves(TypedDict):
    """One point an epoch; all five are of the same length."""

    x: Sequence[float]
    """1, 2, ..."""
    loss: Values
    accuracy: Values
    val_loss: Values
    val_accuracy: Values


class Curves(TypedDict):
    """What the chart shows of one run. Accuracies are 0 to 1."""

    batch: BatchCurves
    epoch: EpochCurves
    epochs: int
    """Right end of the x axis: the epochs planned, or done where the run has ended early."""
    run: str
    """The run's id. A person's zoom lasts until it changes."""


def live_chart(curves: Curves, *, key: str, height: int = 300) -> None:
    """Draw loss and accuracy side by side (one above the other under 480 pixels).

    Call it again with more points, from a fragment with `run_every`, and the lines grow in place:
    the plot's DOM node stays, and so do zoom and hover.

    All points are sent at every update. Thin the batch points out to about 300 (some 8 KB) before
    they come here; the screen has no room for more.

    Args:
        curves: The points.
        key: The element's key. Keep it while the run goes on.
        height: Height in pixels of one panel, axis titles included.
    """
    _LIVE_CHART(
        key=key,
        data={
            "curves": {
                **curves,
                "batch": clean(curves["batch"]),
                "epoch": clean(curves["epoch"]),
            },
            "height": height,
            "name": SAVED_AS,
        },
    )


def clean(points: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """Return points as JSON can hold them (NaN becomes null), of five digits to be small."""
    return {
        name: [
            float(f"{value:.5g}") if value is not None and math.isfinite(value) else None
            for value in values
        ]
        for name, values in points.items()
    }
