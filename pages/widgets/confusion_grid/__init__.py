"""A confusion matrix in which every cell is a button: see a mistake, tap it, look at its images."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import streamlit as st

from pages.widgets.shared import register

Cell = tuple[int, int]
"""(true, predicted), indices of classes."""

_CONFUSION_GRID = register(
    __file__, "confusion_grid", uses=("theme", "save_buttons", "arrow_keys", "matrix")
)


class Numbers(StrEnum):
    """What is written into the cells."""

    COUNTS = "counts"
    ROWS = "rows"
    """Percent of the images of the true class."""
    COLUMNS = "columns"
    """Percent of the images that got this answer."""
    DIFFERENCE = "difference"
    """How many images a second network has more than the first."""


def confusion_grid(
    matrix: np.ndarray,
    classes: Sequence[str],
    *,
    numbers: Numbers,
    chosen: Cell,
    on_choose: Callable[[Cell], None],
    key: str,
    name: str,
    order: Sequence[int] | None = None,
    other: np.ndarray | None = None,
) -> None:
    """Show a confusion matrix, with a PNG and an SVG button under it.

    Hits (the diagonal) are in the primary colour, mistakes in orange; both are the stronger, the
    larger the cell's share of its row or column. A difference is in the primary colour where the
    second network is better, and in orange where it is worse.

    Args:
        matrix: Counts, (n, n) of integers; rows are true classes, columns predicted ones.
        classes: The n class names.
        numbers: What the cells say.
        chosen: The cell with a ring.
        on_choose: Gets the cell that the visitor has pressed, before the script runs, as the
            callbacks of widgets do.
        key: The element's key.
        name: Of the saved picture, without a suffix.
        order: The classes' indices in the order in which they are shown; by default as they are.
        other: The second network's counts on the same images, for ``Numbers.DIFFERENCE``.
    """
    size = len(classes)
    for counts in (matrix, other):
        if counts is not None and counts.shape != (size, size):
            raise ValueError(
                f"{size} classes need a {size} x {size} matrix; received {counts.shape}"
            )
    if numbers is Numbers.DIFFERENCE and other is None:
        raise ValueError("a difference needs a second matrix")

    def chose() -> None:
        cell = valid_cell((st.session_state.get(key) or {}).get("cell"), size)
        if cell is not None:
            on_choose(cell)

    _CONFUSION_GRID(
        key=key,
        data={
            "classes": list(classes),
            "counts": matrix.astype(int).tolist(),
            "other": None if other is None else other.astype(int).tolist(),
            "numbers": numbers,
            "order": list(range(size)) if order is None else list(order),
            "cell": {"row": int(chosen[0]), "col": int(chosen[1])},
            "name": name,
        },
        on_cell_change=chose,
    )


def valid_cell(cell: Any, size: int) -> Cell | None:
    """Return a cell as the browser sends it, {"row", "col"}; None for anything else."""
    match cell:
        case {"row": int(row), "col": int(col)} if 0 <= row < size and 0 <= col < size:
            return int(row), int(col)  # True is an int too
    return None
