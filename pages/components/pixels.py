"""Small images shown large, pixel by pixel."""

import base64
import html
import io

import numpy as np
import streamlit as st
from PIL import Image


def pixel_image(image: np.ndarray, description: str, *, width: int = 280) -> None:
    """Show a small image so that its pixels can be seen.

    Args:
        image: uint8 array (height, width) or (height, width, channels) with 1 or 3 channels.
        description: for those who cannot see it.
        width: in CSS pixels; narrower screens get less.
    """
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    st.html(
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(description, quote=True)}" '
        f'style="width:min(100%,{width}px);image-rendering:pixelated;border-radius:8px;'
        'display:block">'
    )
