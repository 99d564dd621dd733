"""A gallery of small pictures to pick from: one sprite sheet, one button a picture."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image
from streamlit import runtime

from pages.widgets.shared import register

SHEET_COLUMNS = 20
"""Pictures a row of the sprite sheet; with 32-pixel pictures a sheet is 640 pixels wide."""

SHEET_BYTES = 200_000
"""What a sprite sheet may weigh. Where a lossless one is heavier, it is made lighter until it fits:
the tiles are there to find a picture, and large pictures are shown exactly elsewhere."""

TILE = 60
"""CSS pixels that the longer edge of a tile's picture has, roughly."""

_WAYS: tuple[dict[str, Any], ...] = (
    # method 0 is the fastest: a few percent larger than method 4 and several times quicker
    {"lossless": True, "quality": 0, "method": 0},
    {"quality": 95, "method": 2},
    {"quality": 80, "method": 2},
    {"quality": 50, "method": 2},
)

_GALLERY = register(__file__, "gallery", uses=("address", "arrow_keys"))


def sprite_sheet(images: np.ndarray) -> bytes:
    """Put pictures side by side into one WebP, lossless unless that is heavier than SHEET_BYTES.

    Args:
        images: uint8, (n, height, width) for gray or (n, height, width, 3) for colour, n >= 1.

    Returns:
        The file. A pure function of `images`, so a caller may wrap it in `st.cache_data`.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(
            "images must be uint8 of shape (n, h, w) or (n, h, w, 3) with n >= 1; "
            f"received {images.dtype} of shape {images.shape}"
        )
    count, height, width = images.shape[:3]
    columns, rows = sheet_size(count)
    sheet = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    sheet[:count] = images
    # (rows, columns, h, w, ...) -> (rows, h, columns, w, ...) -> one picture
    sheet = sheet.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, *images.shape[3:])
    picture = Image.fromarray(sheet)
    for way in _WAYS:
        file = io.BytesIO()
        picture.save(file, "WEBP", **way)
        if file.tell() <= SHEET_BYTES:
            break
    return file.getvalue()


def gallery(
    images: np.ndarray,
    captions: Sequence[str],
    *,
    key: str,
    selected: int | None = None,
    follow: bool = False,
    tile: int | None = None,
    smooth: bool = False,
    marked: Sequence[bool] | None = None,
    labels: Sequence[str] | None = None,
    sprite: bytes | None = None,
    on_pick: Callable[[int], None] | None = None,
) -> int | None:
    """Show pictures as a grid of tiles that fills the width, and say which one was clicked.

    Args:
        images: uint8, (n, height, width) or (n, height, width, 3). With n = 0 nothing is shown.
        captions: The n short texts under the tiles; a line break makes a second line.
        key: The element's key, unique on the page.
        selected: Index of the tile to draw a ring around.
        follow: Whether the arrow keys pick the tile that they move to.
        tile: Height of a tile's picture in CSS pixels; by default the multiple of the picture's own
            height that is nearest to ``TILE``, so that every pixel is square.
        smooth: Whether the browser scales smoothly, as is right for photos; else pixel by pixel.
        marked: Which captions to write in red, e.g. wrong predictions.
        labels: What a screen reader says and the mouse shows, instead of the captions.
        sprite: `sprite_sheet(images)` where the caller has it in a cache.
        on_pick: Called with the index of the tile that was clicked, before the page is drawn anew.

    Returns:
        The index of the tile clicked in this rerun, None in every other one.
    """
    count = len(images)
    for name, values in (("captions", captions), ("marked", marked), ("labels", labels)):
        if values is not None and len(values) != count:
            raise ValueError(f"{count} images need as many {name}; received {len(values)}")
    if count == 0:
        return None
    columns, rows = sheet_size(count)
    height, width = images.shape[1:3]
    scale = max(1, round(TILE / max(height, width))) if tile is None else tile / height

    def changed() -> None:
        picked = _picked(st.session_state[key].get("picked"), count)
        if on_pick is not None and picked is not None:
            on_pick(picked)

    result = _GALLERY(
        key=key,
        data={
            "sheet": sheet_url(sprite or sprite_sheet(images), key),
            "columns": columns,
            "rows": rows,
            "width": scale * width,
            "height": scale * height,
            "smooth": smooth,
            "captions": list(captions),
            "labels": list(labels or captions),
            "marked": None if marked is None else [bool(mark) for mark in marked],
            "selected": None if selected is None else int(selected),
            "follow": follow,
        },
        on_picked_change=changed,
    )
    return _picked(result.picked, count)


def _picked(told: object, count: int) -> int | None:
    """Return an index of this gallery or None: what the browser sends is not to be trusted."""
    return told if type(told) is int and 0 <= told < count else None


def sheet_url(sheet: bytes, key: str) -> str:
    """Let the browser fetch the sheet of the element ``key`` from the server, as ``st.image`` does.

    So a sheet is sent once, as bytes, and not again with every change of what is selected. The one
    before stays on the server too: who pages on quickly may still be fetching it.
    """
    kept: list[bytes] = st.session_state.get(f"sheets_{key}", [])
    kept = [each for each in kept if each != sheet][-1:]
    st.session_state[f"sheets_{key}"] = [*kept, sheet]
    manager = runtime.get_instance().media_file_mgr
    for each in kept:
        manager.add(each, "image/webp", f"gallery-{key}-before")
    return manager.add(sheet, "image/webp", f"gallery-{key}")


def sheet_size(count: int) -> tuple[int, int]:
    """Columns and rows of a sheet of `count` pictures."""
    columns = min(count, SHEET_COLUMNS)
    return columns, -(-count // columns)
