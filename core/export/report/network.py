"""The network, drawn from the image to the answer: a layer a row, with its shape and size."""

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap

from core.architectures.layers import LayerRow, Shape, in_words
from core.export.report.colours import GOOD, MUTED, PAPER, shade
from core.export.report.document import Drawing
from core.export.report.svg import Sheet

WIDTH = 340
_WORDS = 96  # where the words begin; the shapes are left of it
_MIDDLE = 42  # of the shapes
_LETTERS = 38  # in a line
_LINE, _GAP = 15, 22  # heights, of a line of words and between two layers
_MOST_ROWS = 16  # of a drawing: more go into another beside it, so that each fits on a page
_ALONE = 12  # rows of a single one; of two side by side, each is shorter

_Step = tuple[str, str, Shape]  # what it is, what it costs, the shape that leaves it


def drawn(shape: Sequence[int], rows: Sequence[LayerRow]) -> list[Drawing]:
    """Return the drawings.

    Args:
        shape: of an image: height, width, channels.
        rows: of its layers.
    """
    steps = list(_steps(tuple(shape), rows))
    parts = max(1 if len(steps) <= _ALONE else 2, math.ceil(len(steps) / _MOST_ROWS))
    most = math.ceil(len(steps) / parts)
    return [
        _column(steps[start : start + most], f"network-{number}", last=number == parts)
        for number, start in enumerate(range(0, len(steps), most), 1)
    ]


def whole(shape: Sequence[int], rows: Sequence[LayerRow]) -> Drawing:
    """Return one drawing of all layers, for a file of its own; arguments as of ``drawn``."""
    return _column(list(_steps(tuple(shape), rows)), "network", last=True, paper=True)


def _steps(shape: Shape, rows: Sequence[LayerRow]) -> Iterator[_Step]:
    yield "Image, scaled to 0 … 1", in_words(shape), shape
    for row in rows:
        size = in_words(row.output_shape)
        if row.parameters:
            size += f" · {row.parameters:,} parameters"
        yield row.layer.describe(), size, row.output_shape


def _column(steps: Sequence[_Step], name: str, *, last: bool, paper: bool = False) -> Drawing:
    lines = [wrap(words, _LETTERS) for words, _, _ in steps]
    heights = [max(34, _LINE * (len(each) + 1)) for each in lines]
    height = sum(heights) + _GAP * (len(steps) - (1 if last else 0))
    sheet, top = Sheet(WIDTH, height), 0.0
    if paper:  # by itself, it may be looked at on anything
        sheet.box((0, 0), (WIDTH, height), PAPER)
    for (_, size, shape), words, high in zip(steps, lines, heights, strict=True):
        _shape(sheet, shape, top + high / 2)
        base = top + (high - _LINE * (len(words) + 1)) / 2 + 12
        for number, line in enumerate(words):
            sheet.text((_WORDS, base + _LINE * number), line)
        sheet.note((_WORDS, base + _LINE * len(words)), size)
        top += high
        if top < height:
            _arrow(sheet, top)
            top += _GAP
    alt = "; ".join(f"{words}, {size}" for words, size, _ in steps)
    return sheet.finished(name, f"Layers in order: {alt}.")


def _shape(sheet: Sheet, shape: Shape, middle: float) -> None:
    """Draw maps as sheets, one behind the other, and units as a bar; more is larger, by its log."""
    if len(shape) == 1:
        width = min(80.0, 6 * math.log2(shape[0] + 1))
        sheet.box((_MIDDLE - width / 2, middle - 5), (width, 10), shade(0.3), GOOD, 2)
        return
    side = min(26.0, 6 + 0.7 * max(shape[:2]))
    behind = max(0, round(math.log2(shape[2])) - 1)
    for step in range(behind, -1, -1):
        shift = 2.5 * (step - behind / 2)
        corner = (_MIDDLE - side / 2 + shift, middle - side / 2 - shift / 2)
        sheet.box(corner, (side, side), shade(0.3), GOOD, 1)


def _arrow(sheet: Sheet, top: float) -> None:
    end = top + _GAP - 4
    sheet.line([(_MIDDLE, top + 4), (_MIDDLE, end)], MUTED)
    sheet.line([(_MIDDLE - 3.5, end - 4), (_MIDDLE, end), (_MIDDLE + 3.5, end - 4)], MUTED)
