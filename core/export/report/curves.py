"""The curves of a training, drawn so that they differ in grey as well: dashed, solid, dotted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.export.report.colours import BAD, GOOD, MUTED, TEXT
from core.export.report.document import Drawing
from core.export.report.svg import Point, Sheet
from core.runs import Curves
from core.runs.curves import Curve

WIDTH, HEIGHT = 340, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 38, 40  # margins
_MOST_POINTS = 150  # of a line; more cannot be seen at this width
_MOST_MARKS = 40  # epochs; more dots would touch


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        title: what it is.
        x, y: float (n,), finite; ``y`` may be NaN.
        colour, dash: how it looks.
        marked: whether its points have dots.
    """

    title: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    dash: str = ""
    marked: bool = False


def drawn(curves: Curves, kept: int | None, other: Curves | None = None) -> list[Drawing]:
    """Return the loss and the accuracy over the epochs; nothing if no epoch is complete.

    Args:
        curves: of the run.
        kept: the epoch that the network is of, where that is not the last one.
        other: of a run that it is compared with.
    """
    charts = []
    for value in ("loss", "accuracy"):
        lines = _lines(curves, value, other)
        if lines:
            charts.append(_chart(value, lines, kept))
    return charts


def _lines(curves: Curves, value: str, other: Curves | None) -> list[Line]:
    many = len(curves.batches["epoch"]) > 2
    training = curves.batches if many else curves.epochs
    found = [
        Line("Training", *_thinned(training, value), BAD, "5 3"),
        _validation("Validation", curves, value, GOOD),
    ]
    if other is not None:
        found.append(_validation("Other, validation", other, value, TEXT, "1.5 3"))
    return [line for line in found if np.isfinite(line.y).any()]


def _validation(title: str, curves: Curves, value: str, colour: str, dash: str = "") -> Line:
    x, y = _columns(curves.epochs, f"val_{value}")
    return Line(title, x, y, colour, dash, marked=len(x) <= _MOST_MARKS)


def _columns(curve: Curve, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.array(curve[each], float) for each in ("epoch", name))
    there = np.isfinite(x)
    return x[there], y[there]


def _thinned(curve: Curve, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of neighbours, so that few points are left."""
    x, y = _columns(curve, name)
    parts = min(len(x), _MOST_POINTS)
    if parts == 0:
        return x, y
    groups = zip(np.array_split(x, parts), np.array_split(y, parts), strict=True)
    means = np.array([(each_x[-1], _mean(each_y)) for each_x, each_y in groups])
    return means[:, 0], means[:, 1]


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _chart(value: str, lines: Sequence[Line], kept: int | None) -> Drawing:
    """Draw one chart."""
    low, high = _range(lines)
    ys = ticks(0 if value == "loss" else low, high, 4)
    last = max(float(line.x.max()) for line in lines if len(line.x))
    xs = [each for each in ticks(0, last, 5) if each <= last and each == int(each)]
    sheet = Sheet(WIDTH, HEIGHT)

    def place(x: float, y: float) -> Point:
        across = x / last if last else 0.0
        up = (y - ys[0]) / (ys[-1] - ys[0])
        return (
            _LEFT + across * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM),
        )

    for y in ys:
        sheet.line([place(0, y), place(last, y)])
        words = f"{y:g}" if value == "loss" else f"{100 * y:g} %"
        sheet.note((_LEFT - 6, place(0, y)[1] + 4), words, "end")
    for x in xs:
        sheet.note((place(x, 0)[0], HEIGHT - _BOTTOM + 16), f"{x:g}", "middle")
    sheet.line([place(0, ys[0]), place(last, ys[0])], MUTED)
    sheet.note(((WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 6), "Epoch", "middle")
    if kept is not None and kept < last:
        sheet.line([place(kept, ys[0]), place(kept, ys[-1])], MUTED, 1, "2 2")
        sheet.note((place(kept, 0)[0] - 4, _TOP + 10), "kept", "end")
    for line in lines:
        _draw(sheet, line, [place(x, y) for x, y in _finite(line) if ys[0] <= y <= ys[-1]])
    sheet.text((0, 13), value.capitalize(), bold=True)
    _legend(sheet, lines)
    return sheet.finished(value, _alt(value, lines))


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the lowest and the highest value that is drawn.

    The first moments of a training are far from the rest, which is what matters: of a line of many
    points a few at the ends of its range are left out.
    """
    ends = [
        np.quantile(finite, (0.03, 0.97) if len(finite) > _MOST_MARKS else (0, 1))
        for finite in (line.y[np.isfinite(line.y)] for line in lines)
    ]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _finite(line: Line) -> list[Point]:
    return [(float(x), float(y)) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)]


def _draw(sheet: Sheet, line: Line, points: Sequence[Point]) -> None:
    sheet.line(points, line.colour, 1.8, line.dash)
    if line.marked:
        for point in points:
            sheet.dot(point, line.colour)


def _legend(sheet: Sheet, lines: Sequence[Line]) -> None:
    x = 0.0
    for line in lines:
        _draw(sheet, line, [(x, 26), (x + 22, 26)])
        sheet.note((x + 27, 30), line.title)
        x += 40 + 6 * len(line.title)


def _alt(value: str, lines: Sequence[Line]) -> str:
    ends = [f"{line.title.lower()} ends at {_finite(line)[-1][1]:.3g}" for line in lines]
    return f"{value.capitalize()} over the epochs: {', '.join(ends)}."


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return round numbers, evenly spread, from ``low`` or below to ``high`` or above.

    Args:
        low, high: the range, which may be empty.
        about: how many steps, about.
    """
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / about))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power * about >= span * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]
