"""Sketches: find the lines, whatever they were drawn with, and give them one thickness."""

import numpy as np
from PIL import Image, ImageFilter

from core.imaging.scene import Pixels, Scene, despeckle, distance, threshold, window_sum

LINE = 0.25  # px of the network's input; lines narrower than this are widened


def find_lines(scene: Scene) -> np.ndarray:
    """Return which pixels were drawn, bool, shape (h, w) of ``scene.colour``."""
    away = distance(scene.colour, scene.background)
    return despeckle(away > threshold(away, scene.spread))


def ink(colour: Pixels, mask: np.ndarray, background: np.ndarray) -> Pixels:
    """Return the lines white on black, uint8 (h, w): how far each pixel is from the background."""
    away = distance(colour, background)
    full = max(float(np.percentile(away[mask], 90)), 1.0) if mask.any() else 1.0
    return np.where(mask, (away * (255 / full)).clip(0, 255), 0).astype(np.uint8)


def thicken(grey: Pixels, side: int) -> Pixels:
    """Widen lines so thin that little of them would be left in a frame of ``side`` px."""
    mask = grey > 0
    edge = mask & (window_sum(mask, 3) < 9)
    width = 2 * mask.sum() / max(1, edge.sum())  # a line has two edges
    if width >= LINE * max(grey.shape) / side:
        return grey
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.MaxFilter(3)))
