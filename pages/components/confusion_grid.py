"""A confusion matrix in which every cell is a button: see a mistake, tap it, look at its images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.components._frontend import register

_CONFUSION_GRID = register("confusion_grid", uses=("arrow_keys",))


def confusion_grid(
    matrix: np.ndarray,
    classes: Sequence[str],
    *,
    normalised: bool,
    key: str,
    selected: tuple[int, int] | None = None,
) -> tuple[int, int] | None:
    """Show a confusion matrix and return the cell that the visitor has chosen.

    Hits (the diagonal) are in the primary colour, mistakes in orange; both are the stronger, the
    larger the cell's share of its row. A second click on the chosen cell clears it.

    Args:
        matrix: Counts, (n, n) of integers; rows are true classes, columns predicted ones.
        classes: The n class names.
        normalised: Write percent of the row (the true class) instead of counts.
        key: The element's key. The choice lives in `st.session_state[key]` and survives reruns.
        selected: The (row, column) chosen before the visitor has touched the grid.

    Returns:
        (row, column), or None where nothing is chosen.
    """
    size = len(classes)
    if matrix.shape != (size, size):
        raise ValueError(f"{size} classes need a {size} x {size} matrix; received {matrix.shape}")
    initial = None if selected is None else {"row": int(selected[0]), "col": int(selected[1])}
    # The browser is told what the session knows, so that a remounted grid shows the same choice.
    known: dict[str, Any] = st.session_state.get(key, {"cell": initial})
    current = _valid_cell(known.get("cell"), size)
    result = _CONFUSION_GRID(
        key=key,
        data={
            "classes": list(classes),
            "counts": matrix.astype(int).tolist(),
            "normalised": normalised,
            "cell": None if current is None else {"row": current[0], "col": current[1]},
        },
        default={"cell": initial},
        on_cell_change=lambda: None,
    )
    return _valid_cell(result.cell, size)


def _valid_cell(cell: object, size: int) -> tuple[int, int] | None:
    """A cell as the browser sends it, {"row", "col"}; anything that is not one counts as none."""
    match cell:
        case {"row": int(row), "col": int(col)} if 0 <= row < size and 0 <= col < size:
            return row, col
    return None
