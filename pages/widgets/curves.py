"""A run's curves as the chart wants them: thinned out, so that an update stays small."""

import streamlit as st

from core import evaluation, runs
from core.runs.curves import Curve
from pages.widgets.live_chart import BatchCurves, Curves

POINTS = 300  # of the curve by batch; a chart is hardly wider in pixels


def curves_of(run: runs.Run) -> Curves:
    """Return the curves of a run for ``live_chart``.

    Raises:
        RunDamaged: a line of its files is not a point.
    """
    assert run.config is not None, "a damaged run has no curves"
    curves = runs.read_curves(run.folder)
    epochs = curves.epochs
    planned = run.config.recipe.epochs
    return {
        "batch": thinned(curves.batches, POINTS),
        "epoch": {
            "x": [value or 0.0 for value in epochs["epoch"]],
            "loss": epochs["loss"],
            "accuracy": epochs["accuracy"],
            "val_loss": epochs["val_loss"],
            "val_accuracy": epochs["val_accuracy"],
        },
        "epochs": planned if run.state.active else max(1, len(epochs["epoch"])),
        "run": run.id,
    }


def gap_words(run: runs.Run, curves: Curves) -> None:
    """Say under the curves why training can be worse than validation, where that can be seen."""
    assert run.config is not None, "a damaged run has no curves"
    epochs = curves["epoch"]
    pairs = zip(epochs["loss"], epochs["val_loss"], strict=True)
    if any(loss is not None and held is not None and loss > held for loss, held in pairs):
        harder = run.id == runs.BUNDLED
        st.caption(f"Worse in training? {evaluation.training_gap(run.config, harder=harder)}")


def thinned(batches: Curve, most: int) -> BatchCurves:
    """Return the curve by batch in at most so many points.

    Each is the mean of 1, 2, 4, ... points: as the curve grows, those drawn stay where they are.
    """
    width = 1
    while len(batches["epoch"]) / width > most:
        width *= 2
    return {
        "x": _last(batches["epoch"], width),
        "loss": _means(batches["loss"], width),
        "accuracy": _means(batches["accuracy"], width),
    }


def _means(values: list[float | None], width: int) -> list[float | None]:
    """Return the mean of each group of ``width`` values; None where a group has none."""
    means: list[float | None] = []
    for start in range(0, len(values), width):
        group = [value for value in values[start : start + width] if value is not None]
        means.append(sum(group) / len(group) if group else None)
    return means


def _last(values: list[float | None], width: int) -> list[float]:
    """Return the last value of each group of ``width`` values."""
    ends = range(0, len(values), width)
    return [values[min(start + width, len(values)) - 1] or 0.0 for start in ends]
