"""A gallery of small pictures to pick from: one sprite sheet, one button a picture."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from pages.components._frontend import register

SHEET_COLUMNS = 20
"""Pictures a row of the sprite sheet; with 32-pixel pictures a sheet is 640 pixels wide."""

_GALLERY = register("gallery", uses=("arrow_keys",))


def sprite_sheet(images: np.ndarray) -> str:
    """Put pictures side by side into one lossless WebP and return it as a data URL.

    Args:
        images: uint8, (n, height, width) for gray or (n, height, width, 3) for colour, n >= 1.

    Returns:
        The URL. A pure function of `images`, so a caller may wrap it in `st.cache_data`.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(
            "images must be uint8 of shape (n, h, w) or (n, h, w, 3) with n >= 1; "
            f"received {images.dtype} of shape {images.shape}"
        )
    count, height, width = images.shape[:3]
    columns, rows = _sheet_size(count)
    sheet = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    sheet[:count] = images
    # (rows, columns, h, w, ...) -> (rows, h, columns, w, ...) -> one picture
    sheet = sheet.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, *images.shape[3:])
    file = io.BytesIO()
    # method 0 is the fastest: a few percent larger than method 4 and several times quicker
    Image.fromarray(sheet).save(file, "WEBP", lossless=True, quality=0, method=0)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def gallery(
    images: np.ndarray,
    captions: Sequence[str],
    *,
    key: str,
    selected: int | None = None,
    tile: int = 64,
    marked: Sequence[bool] | None = None,
    labels: Sequence[str] | None = None,
    sprite: str | None = None,
) -> int | None:
    """Show pictures as a grid of tiles that fills the width, and say which one was clicked.

    Args:
        images: uint8, (n, height, width) or (n, height, width, 3). With n = 0 nothing is shown.
        captions: The n short texts under the tiles.
        key: The element's key, unique on the page.
        selected: Index of the tile to draw a ring around.
        tile: Edge of a tile's picture in CSS pixels; a multiple of the picture's own edge (56 for
            28 x 28) keeps every pixel square.
        marked: Which captions to write in red, e.g. wrong predictions.
        labels: What a screen reader says and the mouse shows, instead of the captions.
        sprite: `sprite_sheet(images)` where the caller has it in a cache.

    Returns:
        The index of the tile clicked in this rerun, None in every other one.
    """
    count = len(images)
    for name, values in (("captions", captions), ("marked", marked), ("labels", labels)):
        if values is not None and len(values) != count:
            raise ValueError(f"{count} images need as many {name}; received {len(values)}")
    if count == 0:
        return None
    columns, rows = _sheet_size(count)
    result = _GALLERY(
        key=key,
        data={
            "sprite": sprite or sprite_sheet(images),
            "columns": columns,
            "rows": rows,
            "tile": tile,
            "captions": list(captions),
            "labels": list(labels or captions),
            "marked": None if marked is None else [bool(mark) for mark in marked],
            "selected": None if selected is None else int(selected),
        },
        on_picked_change=lambda: None,
    )
    # What the browser sends is not to be trusted: an index of this gallery or nothing.
    picked = result.picked
    return picked if type(picked) is int and 0 <= picked < count else None


def fitting_tile(edge: int) -> int:
    """Return the edge of a tile, about 60 CSS pixels, for pictures of any edge."""
    return edge * max(1, round(60 / edge))


def _sheet_size(count: int) -> tuple[int, int]:
    """Columns and rows of a sheet of `count` pictures."""
    columns = min(count, SHEET_COLUMNS)
    return columns, -(-count // columns)
