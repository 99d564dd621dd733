"""Small images shown large, pixel by pixel."""

import base64
import html
import io

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets.shared import register

VIEWER = 420  # CSS pixels; narrower screens get less
_VIEWER = register(__file__, "pixel_viewer")


def png(image: np.ndarray, scale: int = 1) -> bytes:
    """Return an image as a PNG file.

    Args:
        image: uint8 array (height, width) or (height, width, channels) with 1 or 3 channels.
        scale: edge of the square that each pixel becomes.
    """
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    image = image.repeat(scale, axis=0).repeat(scale, axis=1)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def pixel_image(image: np.ndarray, description: str, *, width: int = 280) -> None:
    """Show a small image so that its pixels can be seen.

    Args:
        image: uint8 array (height, width) or (height, width, channels) with 1 or 3 channels.
        description: for those who cannot see it.
        width: in CSS pixels; narrower screens get less.
    """
    data = base64.b64encode(png(image)).decode()
    st.html(
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(description, quote=True)}" '
        f'style="width:min(100%,{width}px);image-rendering:pixelated;border-radius:8px;'
        'display:block">'
    )


def pixel_viewer(image: np.ndarray, description: str, *, key: str) -> None:
    """Show a small image large, and the values of the pixel under the mouse, finger or cursor.

    With the focus on it, the arrow keys move a cursor from pixel to pixel.

    Args:
        image: uint8 array (height, width) or (height, width, channels) with 1 or 3 channels.
        description: for those who cannot see it.
        key: the element's key.
    """
    height, columns = image.shape[:2]
    _VIEWER(
        key=key,
        data={
            "values": base64.b64encode(np.ascontiguousarray(image).tobytes()).decode(),
            "height": height,
            "width": columns,
            "channels": 1 if image.ndim == 2 else image.shape[2],
            "label": description,
            "size": VIEWER,
        },
    )
