"""Is there one thing in a picture, or are there several?"""

from itertools import pairwise

import cv2
import numpy as np

from core.imaging.scene import Box

JOINED = 0.05  # share of the longest side; parts this close together are one thing
LIKE = 0.35  # of the largest thing's box; what is smaller is a button, a label or a speck
MOST = 6  # things that a person is asked to choose from; more are a pattern


def things(mask: np.ndarray) -> list[Box]:
    """Return where the things in a mask are, from left to right; empty unless there are several.

    Args:
        mask: what belongs to them, bool (h, w).
    """
    height, width = mask.shape
    size = max(3, round(JOINED * max(mask.shape)) | 1)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    joined = cv2.dilate(mask.astype(np.uint8), near)
    count, parts = cv2.connectedComponents(joined)
    found = [_bounds(mask & (parts == part)) for part in range(1, count)]
    boxes = _apart(found)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    kept = [
        box for box, area in zip(boxes, areas, strict=True) if area >= LIKE * max(areas, default=0)
    ]
    if not 1 < len(kept) <= MOST:
        return []
    return sorted(
        (left / width, top / height, right / width, bottom / height)
        for left, top, right, bottom in kept
    )


def place_names(boxes: list[Box]) -> list[str]:
    """Return what to call each of several things, by where they are."""
    if len(boxes) == 2:
        one, other = boxes
        if one[2] <= other[0]:
            return ["Left", "Right"]
        return ["Upper", "Lower"] if one[1] < other[1] else ["Lower", "Upper"]
    side_by_side = all(one[2] <= other[0] for one, other in pairwise(boxes))
    if len(boxes) == 3 and side_by_side:
        return ["Left", "Middle", "Right"]
    order = "from the left" if side_by_side else "by its left edge"
    return [f"{number} ({order})" for number in range(1, len(boxes) + 1)]


def _bounds(part: np.ndarray) -> tuple[int, int, int, int]:
    left, top, across, down = cv2.boundingRect(part.astype(np.uint8))
    return left, top, left + across, top + down


def _apart(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Make one box of those that overlap, until none do: a crop can then show one thing alone."""
    apart: list[tuple[int, int, int, int]] = []
    for box in boxes:
        while other := next((each for each in apart if _overlap(each, box)), None):
            apart.remove(other)
            box = (
                min(box[0], other[0]),
                min(box[1], other[1]),
                max(box[2], other[2]),
                max(box[3], other[3]),
            )
        apart.append(box)
    return apart


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
