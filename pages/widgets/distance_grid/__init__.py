"""Distances of classes to classes as a heat map: the nearer, the stronger the colour."""

from collections.abc import Sequence

import numpy as np

from pages.widgets.shared import register

_DISTANCE_GRID = register(__file__, "distance_grid", uses=("theme", "save_buttons", "matrix"))


def distance_grid(
    distances: np.ndarray, classes: Sequence[str], *, key: str, name: str, label: str
) -> None:
    """Show a symmetric matrix of distances, with a PNG and an SVG button under it.

    Args:
        distances: (n, n), 0 or more; NaN, shown as a dash, where there is none.
        classes: The n class names.
        key: The element's key.
        name: Of the saved picture, without a suffix.
        label: What a screen reader says.
    """
    size = len(classes)
    if distances.shape != (size, size):
        raise ValueError(
            f"{size} classes need a {size} x {size} matrix; received {distances.shape}"
        )
    values = [
        [None if np.isnan(each) else round(float(each), 1) for each in row] for row in distances
    ]
    _DISTANCE_GRID(
        key=key, data={"classes": list(classes), "values": values, "name": name, "label": label}
    )
