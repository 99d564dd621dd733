"""Sketches: find the lines, whatever they were drawn with, and give them one thickness."""

import cv2
import numpy as np

from core.imaging.scene import Pixels, Scene, despeckle, distance, threshold, window_sum

TRACE = 16  # alpha; a hair-thin line leaves no more of itself in a small copy
FAINT = 0.4  # of the pen's distance from the ground; printed lines stay below
PEN_SHARE = 98  # percentile of the content's distances that is the pen's
EDGE = 0.03  # share of the shorter side that counts as the edge
PEN = 1.25  # px of the network's input; lines narrower than this are widened


def find_lines(scene: Scene) -> np.ndarray:
    """Return which pixels were drawn, bool, shape (h, w) of ``scene.colour``.

    Of a drawing on a transparent sheet it is what is not transparent, whatever its colours.
    """
    if scene.alpha is not None:
        return scene.alpha >= TRACE
    away = distance(scene.colour, scene.background)
    content = away > threshold(away, scene.spread)
    return despeckle(_without_paper(content, away))


def _without_paper(content: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Drop the printed lines or squares of the paper: fainter than the pen's, and everywhere.

    Args:
        content: what differs from the ground, bool (h, w).
        away: how far, in levels (h, w).
    """
    if not content.any():
        return content
    drawn = content & (away > FAINT * np.percentile(away[content], PEN_SHARE))
    if not _all_sides(content & ~drawn) or _all_sides(drawn):
        return content
    return content & (window_sum(drawn, 3) > 0)  # with its soft edges


def _all_sides(content: np.ndarray) -> bool:
    """Tell whether something comes close to each edge of the picture."""
    depth = max(1, round(EDGE * min(content.shape)))
    sides = content[:depth], content[-depth:], content[:, :depth], content[:, -depth:]
    return all(side.any() for side in sides)


def ink(colour: Pixels, mask: np.ndarray, background: np.ndarray) -> Pixels:
    """Return the lines white on black, uint8 (h, w): how far each pixel is from the background."""
    away = distance(colour, background)
    full = max(float(np.percentile(away[mask], 90)), 1.0) if mask.any() else 1.0
    return np.where(mask, (away * (255 / full)).clip(0, 255), 0).astype(np.uint8)


def even_out(lines: Pixels, side: int) -> Pixels:
    """Give thin lines the width of ``PEN`` px in a frame of ``side`` px; wide ones stay.

    Args:
        lines: white on black, uint8 (h, w), cropped to what was drawn.
        side: of the network's input, in px.
    """
    mask = lines > 96
    edge = mask & (window_sum(mask, 3) < 9)
    width = 2 * mask.sum() / max(1, edge.sum())  # a line has two edges
    missing = round(PEN * max(lines.shape) / side - width)
    if missing < 1:
        return lines
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    room = missing // 2 + 1  # so that lines at the edge of the crop become as wide as the others
    padded = cv2.copyMakeBorder(lines, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    return cv2.dilate(padded, kernel)
