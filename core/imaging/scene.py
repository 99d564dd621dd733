"""What both ways of preparing a picture share: the working copy, its background, small tools."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

WORK = 256  # px; longest side of the copy on which the garment is looked for
BORDER = 0.05  # share of the shorter side that counts as the outer frame
CLEAN = 8  # levels; a background whose spread stays below this is even, such as a screen's
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's conversion to grey

Pixels = np.ndarray  # uint8, shape (height, width) or (height, width, 3), 0 to 255
Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the picture, 0 to 1


@dataclass(frozen=True)
class Scene:
    """A picture, reduced for work, and its background.

    Attributes:
        colour: uint8, shape (h, w, 3), longest side at most ``WORK``.
        background: the median colour of the outer frame, float, shape (3,).
        spread: the distance of 75 % of the outer frame from ``background``, in levels.
        alpha: of a cut-out, how opaque each pixel is, uint8 (h, w); its background is then the
            ground that it was put on. None for any other picture.
    """

    colour: Pixels
    background: np.ndarray
    spread: float
    alpha: Pixels | None = None


def look(picture: Image.Image, alpha: Image.Image | None = None) -> Scene:
    """Reduce a picture and measure its background on the outer frame.

    Args:
        picture: mode RGB.
        alpha: of a cut-out, as of ``gate.Picture``.
    """
    colour = np.asarray(small(picture))
    opacity = None if alpha is None else np.asarray(small(alpha))
    if opacity is not None and not opacity.all():
        return Scene(colour, np.median(colour[opacity == 0], axis=0), 0.0, opacity)
    border = _border(colour)
    background = np.median(border, axis=0)
    spread = float(np.percentile(distance(border, background), 75))
    return Scene(colour, background, spread)


def despeckle(content: np.ndarray) -> np.ndarray:
    """Drop pixels with fewer than 5 of 25 neighbours in ``content``: specks go, lines stay.

    Where nothing would be left, the specks are all there is and stay.
    """
    kept = content & (window_sum(content, 5) >= 5)
    return kept if kept.any() else content


def bounds(content: np.ndarray) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right of the content; the whole if there is none."""
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    if not rows.size:
        return 0, content.shape[0], 0, content.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def threshold(values: np.ndarray, spread: float) -> float:
    """Choose the distance from the background, in levels, at which content begins.

    On an even ground nothing but content differs, so a little above the spread is right. On a
    floor or a bed Otsu's threshold (1979) between the two heaps of distances is; 0.8 of it keeps
    more of the garment.
    """
    if spread < CLEAN:
        return max(CLEAN, 2 * spread)
    return max(12.0, 0.8 * _otsu(values))


def _otsu(values: np.ndarray) -> float:
    """Return the level 0 to 255 that best parts the values in two (largest variance between)."""
    return cv2.threshold(values.astype(np.uint8), 0, 255, cv2.THRESH_OTSU)[0]


def distance(colour: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return the largest difference among red, green and blue, in levels."""
    found: np.ndarray = np.abs(colour - background).max(axis=-1)
    return found


def _border(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels of the outer frame, shape (n, 3)."""
    depth = max(1, round(BORDER * min(pixels.shape[:2])))
    inside = np.zeros(pixels.shape[:2], dtype=bool)
    inside[depth:-depth, depth:-depth] = True
    return pixels[~inside]


def window_sum(mask: np.ndarray, size: int) -> np.ndarray:
    """Count the true pixels in the square window around each pixel; outside counts as false."""
    black = cv2.BORDER_CONSTANT
    bits = mask.astype(np.uint8)
    return cv2.boxFilter(bits, cv2.CV_32S, (size, size), normalize=False, borderType=black)


def small(picture: Image.Image) -> Image.Image:
    """Return a copy whose longest side is at most ``WORK``."""
    copy = picture.copy()
    copy.thumbnail((WORK, WORK), Image.Resampling.BOX)
    return copy
