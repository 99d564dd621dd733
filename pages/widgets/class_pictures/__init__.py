"""The mean image and the spread of each class, as buttons that choose the class."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.widgets.gallery import sheet_size, sheet_url
from pages.widgets.shared import register

_CLASS_PICTURES = register(__file__, "class_pictures", uses=("address", "arrow_keys"))


def class_pictures(
    sheet: bytes,
    shape: tuple[int, int],
    classes: Sequence[str],
    counts: Sequence[int],
    *,
    chosen: int | None,
    on_choose: Callable[[int], None],
    key: str,
) -> None:
    """Show the classes' pictures; those without an image have a dash in their place.

    Args:
        sheet: Sprite sheet of the n mean images and then the n spreads, from ``sprite_sheet``.
        shape: Height and width of one picture, in pixels.
        classes: The n class names.
        counts: Images of each class.
        chosen: The class with a ring.
        on_choose: Gets the class that the visitor has pressed, before the script runs, as the
            callbacks of widgets do.
        key: The element's key.
    """

    def chose() -> None:
        label = valid_label((st.session_state.get(key) or {}).get("picked"), len(classes))
        if label is not None:
            on_choose(label)

    columns, rows = sheet_size(2 * len(classes))
    _CLASS_PICTURES(
        key=key,
        data={
            "sheet": sheet_url(sheet, key),
            "columns": columns,
            "rows": rows,
            "ratio": shape[1] / shape[0],
            "classes": list(classes),
            "counts": [int(count) for count in counts],
            "chosen": chosen,
        },
        on_picked_change=chose,
    )


def valid_label(told: Any, classes: int) -> int | None:
    """Return a class as the browser sends it; None for anything else."""
    return told if type(told) is int and 0 <= told < classes else None
