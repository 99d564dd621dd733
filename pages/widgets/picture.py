"""A small image as an address that holds all of it: no name of it is left on the server."""

import base64

import numpy as np

from pages.widgets.pixel_viewer import png


def png_url(image: np.ndarray) -> str:
    """Return an image, uint8 (height, width) or (height, width, 3), as a ``data:`` address."""
    return f"data:image/png;base64,{base64.b64encode(png(image, 1)).decode()}"
