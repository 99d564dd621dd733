"""The curves of two to six runs on the same axes."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import numpy as np

from core import runs
from core.runs import Curves, Run
from pages.widgets.curves import thinned
from pages.widgets.live_chart import SAVED_AS, clean
from pages.widgets.shared import register

POINTS = 150  # of each curve by batch: six runs share the chart

_COMPARE_CHART = register(
    __file__, "compare_chart", uses=("theme", "run_mark", "save_buttons", "plotly_chart")
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
        key: the element's key.
        height: in pixels, of one panel.

    Raises:
        RunDamaged: a line of a run's files is not a point.
    """
    _COMPARE_CHART(
        key=key,
        data={
            "runs": [
                {"letter": letter, "title": name, "id": run.id, **curves_across(run, across)}
                for letter, run, name in compared
            ],
            "across": across,
            "lines": list(lines),
            "smoothing": smoothing,
            "height": height,
            "name": SAVED_AS,
        },
    )


def curves_across(run: Run, across: Across) -> dict[str, Any]:
    """Return a run's curves by name of ``Line``, each with ``x``, ``loss`` and ``accuracy``.

    Raises:
        RunDamaged: a line of the run's files is not a point.
    """
    assert run.config is not None, "a damaged run has no curves"
    curves = runs.read_curves(run.folder)
    training = thinned(curves.batches, POINTS)
    epochs = [epoch or 0.0 for epoch in curves.epochs["epoch"]]
    if across is Across.IMAGES:
        count = run.config.training_count
        inside, ends = [x * count for x in training["x"]], [x * count for x in epochs]
    elif across is Across.SECONDS:
        inside, ends = _seconds_at(training["x"], curves), _seconds_at(epochs, curves)
    else:
        inside, ends = list(training["x"]), epochs
    validation = {
        "x": ends,
        "loss": curves.epochs["val_loss"],
        "accuracy": curves.epochs["val_accuracy"],
    }
    return {
        Line.TRAINING.value: clean({**training, "x": inside}),
        Line.VALIDATION.value: clean(validation),
    }


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
    return (np.interp(asked, x, y) + beyond).tolist()
