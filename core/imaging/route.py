"""Is it a photo or a sketch?"""

import numpy as np

from core.imaging.scene import Scene, despeckle, distance, threshold, window_sum

PEN = 0.09  # share of the longest side; content in which no square of this size fits is lines
FLAT = 0.92  # share of the content that has one colour when it was drawn with one pen
SMOOTH = 16  # levels; paper under a lamp stays below this; floors and beds have more


def is_sketch(scene: Scene) -> bool:
    """Tell whether the content was drawn: on an even ground, thin lines or one flat colour."""
    if scene.spread >= SMOOTH:
        return False
    away = distance(scene.colour, scene.background)
    content = despeckle(away > threshold(away, scene.spread))
    size = max(3, round(PEN * max(content.shape)))
    solid = window_sum(content, size) == size * size
    if solid.sum() < 0.01 * content.sum():
        return True
    inner = scene.colour[window_sum(content, 3) == 9]  # without the soft edges
    return bool(len(inner) and (distance(inner, np.median(inner, axis=0)) < 24).mean() > FLAT)
