"""Photos: find the garment, and make its shades those of Fashion-MNIST."""

import numpy as np

from core.imaging.scene import Pixels, Scene, despeckle, distance, threshold

FAINT = 32  # level that the garment has at least


def find_garment(scene: Scene) -> np.ndarray:
    """Return which pixels belong to the garment, bool, shape (h, w) of ``scene.colour``.

    All false if nothing stands out from the background.
    """
    away = distance(scene.colour, scene.background)
    return despeckle(away > threshold(away, scene.spread))


def stretch(grey: Pixels, mask: np.ndarray) -> Pixels:
    """Spread the shades inside the mask up to 255, leaving out 2 % at either end.

    The lower end stays below half the median and the garment above ``FAINT``, so that plain cloth
    never vanishes, not even white cloth, which is black when negated.
    """
    if not mask.any():
        return grey
    low, median, high = np.percentile(grey[mask], (2, 50, 98))
    low = min(low, median / 2)
    levels = (grey - low) * (255 / max(high - low, 60.0))
    return np.where(mask, levels.clip(FAINT, 255), grey).astype(np.uint8)


def faces_right(grey: Pixels, mask: np.ndarray) -> bool:
    """Tell whether this is footwear with its toe to the right."""
    return False
