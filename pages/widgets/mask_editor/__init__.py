"""A picture with its mask and its crop, both of which a visitor can change by hand."""

import base64
import binascii
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core.imaging.scene import Box
from pages.widgets.gallery import sheet_url
from pages.widgets.shared import register

SIDE = 256  # px; longest side of the mask that is edited
SHOWN = 900  # px; longest side of the picture in the browser
SMALLEST = 0.02  # share of the picture that a crop has at least; the browser keeps to more
ADD, ERASE = 1, 2  # what the layer holds where the brush has been, 0 elsewhere

_MASK_EDITOR = register(__file__, "mask_editor", uses=("address",))


@dataclass(frozen=True)
class Edit:
    """What a visitor has done by hand.

    Attributes:
        layer: uint8 (height, width) of 0, ``ADD`` and ``ERASE``, the whole picture; None for
            nothing.
        box: the crop; None for the one that was found.
    """

    layer: np.ndarray | None = None
    box: Box | None = None


def picture_file(picture: Image.Image) -> bytes:
    """Return the file that the editor shows; of the same picture it is made once, by the caller."""
    small = picture.copy()
    small.thumbnail((SHOWN, SHOWN), Image.Resampling.BOX)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=85, method=0)
    return file.getvalue()


def layer_shape(picture: Image.Image) -> tuple[int, int]:
    """Return height and width of the layer for a picture; no side is above ``SIDE``."""
    scale = min(1.0, SIDE / max(picture.size))
    return max(1, round(picture.height * scale)), max(1, round(picture.width * scale))


def mask_editor(
    file: bytes,
    shape: tuple[int, int],
    *,
    mask: np.ndarray | None,
    box: Box,
    edit: Edit,
    token: str,
    ink: bool,
    brush: bool,
    on_edit: Callable[[Edit], None],
    key: str,
) -> None:
    """Show the picture; what is outside the mask is dark.

    Args:
        file: what ``picture_file`` returns.
        shape: what ``layer_shape`` returns.
        mask: what was found, edits included, bool (h, w) of any size; None for everything.
        box: the crop.
        edit: what the visitor has done already. The browser takes it when ``token`` is new.
        token: another one for another picture, and after a reset.
        ink: whether the mask is of lines; they are coloured, and nothing is darkened.
        brush: whether there is a brush, or only the crop.
        on_edit: gets what the visitor has done, before the script runs.
        key: the element's key.
    """

    def edited() -> None:
        told = valid_edit((st.session_state.get(key) or {}).get("edit"), token, shape)
        if told is not None:
            on_edit(told)

    _MASK_EDITOR(
        key=key,
        data={
            "picture": sheet_url(file, key),
            "height": shape[0],
            "width": shape[1],
            "mask": None if mask is None else _packed_mask(mask, shape),
            "layer": None if edit.layer is None else packed(edit.layer),
            "box": list(box),
            "custom": None if edit.box is None else list(edit.box),
            "token": token,
            "ink": ink,
            "tools": ["look", "add", "erase", "crop"] if brush else ["look", "crop"],
        },
        on_edit_change=edited,
    )


def valid_edit(told: Any, token: str, shape: tuple[int, int]) -> Edit | None:
    """Return what the browser tells; None if that is of another picture, or not to be believed.

    Args:
        told: ``{"token", "layer", "box"}``; the layer is base64 of two bits a pixel, or None.
        token: that of the picture on the page.
        shape: of the layer.
    """
    if not isinstance(told, dict) or told.get("token") != token:
        return None
    layer, box = told.get("layer"), told.get("box")
    if layer is not None:
        layer = _unpacked(layer, shape)
        if layer is None:
            return None
    if box is not None:
        box = _valid_box(box)
        if box is None:
            return None
    return Edit(layer, box)


def packed(layer: np.ndarray) -> str:
    """Return a layer as base64, two bits a pixel, the first pixel in the highest bits."""
    bits = np.unpackbits(layer.astype(np.uint8).reshape(-1, 1), axis=1)[:, -2:]
    return base64.b64encode(np.packbits(bits).tobytes()).decode()


def _unpacked(text: Any, shape: tuple[int, int]) -> np.ndarray | None:
    count = shape[0] * shape[1]
    size = -(-count // 4)
    if not isinstance(text, str) or len(text) != 4 * -(-size // 3):
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: it is not ASCII
        return None
    if len(data) != size:
        return None
    pairs = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, 2)[:count]
    layer = (2 * pairs[:, 0] + pairs[:, 1]).reshape(shape)
    return None if (layer > ERASE).any() else layer


def _valid_box(told: Any) -> Box | None:
    if not isinstance(told, (list, tuple)) or len(told) != 4:
        return None
    if not all(type(each) in (int, float) and 0 <= each <= 1 for each in told):  # nor NaN
        return None
    left, top, right, bottom = map(float, told)
    if right - left < SMALLEST or bottom - top < SMALLEST:
        return None
    return left, top, right, bottom


def _packed_mask(mask: np.ndarray, shape: tuple[int, int]) -> str:
    sized = np.asarray(Image.fromarray(mask).resize(shape[::-1]), dtype=bool)
    return base64.b64encode(np.packbits(sized).tobytes()).decode()
