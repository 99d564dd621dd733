"""The confusion matrix and the bars of robustness, as vectors."""

import math
from collections.abc import Sequence

from core.export.report.colours import BAD, GOOD, GRID, MUTED, PAPER, TEXT, shade
from core.export.report.document import Drawing
from core.export.report.svg import SMALL, Sheet, clipped
from core.words import percent

MOST_CLASSES = 60  # that a matrix is drawn of; the cells of more could not be told apart
_NUMBERED = 20  # classes up to which the cells have numbers
_LETTERS = 16  # of a class's name at a matrix
_SLANTED_FROM = 14  # pixels of a cell; names at smaller ones would touch, and stand upright
_WHITE_FROM = 0.88  # the shade from which white is read better than black


def matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> Drawing:
    """Draw a confusion matrix: rows are true classes, columns what they were called.

    Args:
        counts: images, true by predicted.
        classes: at most ``MOST_CLASSES``.
    """
    cell = max(9, min(34, 420 // len(classes)))
    names = [clipped(name, _LETTERS) for name in classes]
    letters = min(SMALL, cell - 1)
    turn = -45 if cell >= _SLANTED_FROM else -90
    room = 24 + 6.4 * max(map(len, names))
    side = cell * len(classes)
    top = 0.8 * room if turn == -45 else room
    sheet = Sheet(room + side + 40, top + side + 4)
    for row, in_row in enumerate(counts):
        total = sum(in_row) or 1
        for column, count in enumerate(in_row):
            at = (room + cell * column, top + cell * row)
            dark = math.sqrt(count / total)  # the few that went wrong must be seen, too
            sheet.box(at, (cell, cell), shade(dark), GRID)
            if count and len(classes) <= _NUMBERED:
                colour = PAPER if dark >= _WHITE_FROM else TEXT
                inside = (at[0] + cell / 2, at[1] + cell / 2 + 4)
                sheet.text(inside, f"{count}", size=SMALL, anchor="middle", colour=colour)
    for place, name in enumerate(names):
        middle = cell * (place + 0.5)
        sheet.text((room - 6, top + middle + 4), name, size=letters, anchor="end")
        across = room + middle + (0 if turn == -45 else letters / 3)
        sheet.text((across, top - 6), name, size=letters, turn=turn)
    sheet.note((room - 6, top - 6), "Called", "end")
    sheet.note((9, top + side / 2), "True class", "middle", turn=-90)
    right = sum(counts[place][place] for place in range(len(classes)))
    everything = sum(map(sum, counts))
    alt = f"Confusion matrix: {right:,} of {everything:,} images lie on the diagonal."
    return sheet.finished("confusion-matrix", alt)


def bars(titles: Sequence[str], shares: Sequence[float], whole: float, name: str) -> Drawing:
    """Draw shares as bars, and one share as a line through all of them.

    Args:
        titles: of the bars.
        shares: of each, 0 to 1.
        whole: the share of the line.
        name: of the drawing.
    """
    left, width, step = 130, 340, 22
    sheet = Sheet(width + 48, step * len(titles) + 24)

    def across(share: float) -> float:
        return left + share * (width - left)

    for number, (title, share) in enumerate(zip(titles, shares, strict=True)):
        down = 20 + step * number
        sheet.text((left - 8, down + 12), title, size=SMALL, anchor="end")
        sheet.box((left, down + 1), (max(1.0, across(share) - left), step - 8), shade(0.6), GOOD)
        sheet.text((across(max(share, whole)) + 6, down + 12), percent(share), size=SMALL)
    sheet.line([(left, 18), (left, sheet.height)], MUTED)
    sheet.line([(across(whole), 16), (across(whole), sheet.height)], BAD, 1.6, "4 3")
    sheet.note((across(whole), 11), f"unchanged: {percent(whole)}", "middle")
    told = ", ".join(
        f"{title} {percent(share)}" for title, share in zip(titles, shares, strict=True)
    )
    return sheet.finished(name, f"Accuracy under each corruption: {told}.")
