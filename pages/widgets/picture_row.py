"""Pictures in a row with a title and a sentence each, which break into further rows on a phone."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import palette


@dataclass(frozen=True)
class Figure:
    """One picture.

    Attributes:
        image: uint8, shape (height, width), (height, width, 1) or (height, width, 3).
        description: for those who cannot see it.
        title: a few words below it, in bold.
        text: a sentence below the title.
        marked: whether it has a frame.
    """

    image: np.ndarray
    description: str
    title: str = ""
    text: str = ""
    marked: bool = False


def figures(items: Sequence[Figure], *, width: int, pixelated: bool = False) -> None:
    """Draw pictures in a row.

    Args:
        items: the pictures.
        width: of each in CSS pixels; narrower screens get less.
        pixelated: whether the pixels are to be seen.
    """
    drawn = "".join(_figure(item, width, pixelated) for item in items)
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:1rem">{drawn}</div>')


def _figure(item: Figure, width: int, pixelated: bool) -> str:
    rendering = "image-rendering:pixelated;" if pixelated else ""
    frame = f"box-shadow:0 0 0 3px {palette.ON_PICTURES};" if item.marked else ""
    words = ""
    if item.title:
        words += f'<strong style="display:block">{html.escape(item.title)}</strong>'
    if item.text:
        words += f'<span style="opacity:.75">{html.escape(item.text)}</span>'
    return (
        f'<figure style="margin:0;width:min(100%,{width}px)">'
        f'<img src="{_url(item.image, lossless=pixelated)}" '
        f'alt="{html.escape(item.description, quote=True)}" '
        f'style="width:100%;{rendering}{frame}border-radius:8px;display:block">'
        '<figcaption style="font-size:.875rem;line-height:1.4;margin-top:.4rem;'
        f'overflow-wrap:break-word">{words}</figcaption></figure>'
    )


def _url(image: np.ndarray, *, lossless: bool) -> str:
    file = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image)
    picture.save(file, "WEBP", lossless=lossless, quality=85, method=2)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
