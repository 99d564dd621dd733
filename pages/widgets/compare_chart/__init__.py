"""The curves of two to six runs on the same axes."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import compress
from typing import Any

import numpy as np

from core import runs
from core.runs import Curves, Run
from core.runs.curves import Curve
from pages.widgets.curves import thinned
from pages.widgets.live_chart import SAVED_AS, clean
from pages.widgets.shared import register

POINTS = 150  # of each curve by batch: six runs share the chart

_COMPARE_CHART = register(
    __file__,
    "compare_chart",
    uses=("address", "theme", "run_mark", "save_buttons", "plotly_chart"),
)


class Across(StrEnum):
    """What the x axis counts; the values are its title."""

    EPOCHS = "epochs"
    IMAGES = "images seen"
    SECONDS = "seconds of training"


class Line(StrEnum):
    """Which curves are drawn."""

    VALIDATION = "validation"
    TRAINING = "training"


def compare_chart(
    compared: Iterable[tuple[str, Run, str]],
    *,
    across: Across,
    lines: Iterable[Line],
    smoothing: float,
    first: int | None = None,
    key: str,
    height: int = 330,
) -> None:
    """Draw loss and accuracy of several runs, one colour a run.

    Call it again with the same key, from a fragment with ``run_every``, and the lines grow in
    place: zoom, hover and hidden runs stay.

    Args:
        compared: letter, run and title of each.
        across: the x axis.
        lines: the curves to draw: validation is solid, training dashed.
        smoothing: 0 (none) to below 1, as TensorBoard's: the weight that a moving average gives to
            what came before.
        first: how many epochs from the start are shown; None for all.
        key: the element's key.
        height: in pixels, of one panel.

    Raises:
        RunDamaged: a line of a run's files is not a point.
    """
    _COMPARE_CHART(
        key=key,
        data={
            "runs": [
                {"letter": letter, "title": name, "id": run.id, **curves_across(run, across, first)}
                for letter, run, name in compared
            ],
            "across": across,
            "lines": list(lines),
            "smoothing": smoothing,
            "first": first,
            "height": height,
            "name": SAVED_AS,
        },
    )


def curves_across(run: Run, across: Across, first: int | None = None) -> dict[str, Any]:
    """Return a run's curves by name of ``Line``, each with ``x``, ``loss`` and ``accuracy``.

    Args:
        run: with a config.
        across: what x counts.
        first: how many epochs from the start are wanted; None for all.

    Raises:
        RunDamaged: a line of the run's files is not a point.
    """
    assert run.config is not None, "a damaged run has no curves"
    curves = runs.read_curves(run.folder)
    # Cut first and thinned after, so that the beginning of a long run has as many points.
    training = thinned(_until(curves.batches, first), POINTS)
    ended = _until(curves.epochs, first)
    epochs = [epoch or 0.0 for epoch in ended["epoch"]]
    if across is Across.IMAGES:
        count = run.config.training_count
        inside, ends = [x * count for x in training["x"]], [x * count for x in epochs]
    elif across is Across.SECONDS:
        inside, ends = _seconds_at(training["x"], curves), _seconds_at(epochs, curves)
    else:
        inside, ends = list(training["x"]), epochs
    validation = {
        "x": ends,
        "loss": ended["val_loss"],
        "accuracy": ended["val_accuracy"],
    }
    return {
        Line.TRAINING.value: clean({**training, "x": inside}),
        Line.VALIDATION.value: clean(validation),
    }


def _until(curve: Curve, first: int | None) -> Curve:
    """Return a curve up to the end of an epoch."""
    if first is None:
        return curve
    kept = [epoch is not None and epoch <= first for epoch in curve["epoch"]]
    return {name: list(compress(values, kept)) for name, values in curve.items()}


def _seconds_at(epochs: Iterable[float], curves: Curves) -> list[float]:
    """Return when a run had done so many epochs, in seconds of training.

    Runs of version 0.1.0 noted only how long each epoch took; the way through one is taken to be
    even.
    """
    batches = curves.batches
    knots = [
        (epoch, seconds)
        for epoch, seconds in zip(batches["epoch"], batches["seconds"], strict=True)
        if epoch is not None and seconds is not None
    ]
    if not knots:
        took = np.cumsum([seconds or 0.0 for seconds in curves.epochs["seconds"]])
        knots = list(zip((epoch or 0.0 for epoch in curves.epochs["epoch"]), took, strict=True))
    if not knots:
        return [0.0 for _ in epochs]
    x, y = np.array([(0.0, 0.0), *knots]).T
    asked = np.array(list(epochs), float)
    # After the last knot it goes on at the average speed so far.
    beyond = np.maximum(0.0, asked - x[-1]) * (y[-1] / x[-1] if x[-1] else 0.0)
    found: list[float] = (np.interp(asked, x, y) + beyond).tolist()
    return found
