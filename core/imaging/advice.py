"""What would make a picture a better one, by its mask."""

import cv2
import numpy as np

from core.imaging.prepare import Kind, Prepared, Stage
from core.imaging.scene import Box
from core.imaging.things import things

RING = 3  # px to either side of the outline whose colours are compared
TINY = 0.01  # share of the picture
FILLED = 0.6  # share of the picture's border that belongs to the garment
LONG = 1.6  # length over width, as standard deviations, of what has a direction
SLANT = 20.0  # degrees from upright or flat
FAINT = 12.0  # levels between garment and ground along the outline


def hint(prepared: Prepared) -> str | None:
    """Return a sentence about how to take a better picture; None if nothing is wrong with it."""
    if several := len(things_shown(prepared)):
        return (
            f"There are {several} things in the picture, and the network expects one. Crop the "
            "picture to one of them."
        )
    if prepared.kind is not Kind.PHOTO or not _looked_for(prepared):
        return None
    mask, colour = prepared.mask, prepared.steps[0].image
    if mask.all():
        return "No object stands out. Put it on a plain background of another colour."
    if _on_border(mask) > FILLED:
        return "The object fills the whole picture. Step back until all of it can be seen."
    if mask.mean() < TINY:
        return "The object is very small in the picture. Move closer, or crop."
    if _contrast(colour, mask) < FAINT:
        ground = "darker" if colour[~mask].mean() > 127 else "lighter"
        return f"The object hardly differs from its background. Put it on a {ground} background."
    return None


def things_shown(prepared: Prepared) -> list[Box]:
    """Return where the things inside the crop are; empty unless there are several."""
    if prepared.kind is None or prepared.mask.all():
        return []
    height, width = prepared.mask.shape
    left, top, right, bottom = prepared.box
    shown = np.zeros_like(prepared.mask)
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    shown[rows, columns] = prepared.mask[rows, columns]
    return things(shown)


def slanted(prepared: Prepared) -> bool:
    """Tell whether what is shown is long and lies neither upright nor flat."""
    rows, columns = np.nonzero(prepared.mask)
    if prepared.kind is None or prepared.mask.all() or len(rows) < 3:
        return False
    lengths, axes = np.linalg.eigh(np.cov(columns, rows))
    angle = np.degrees(np.arctan2(*np.abs(axes[:, 1])))  # 0 is upright, 90 is flat
    return bool(lengths[1] > LONG**2 * lengths[0] and SLANT < angle < 90 - SLANT)


def _looked_for(prepared: Prepared) -> bool:
    """Tell whether the mask was found, and not switched off."""
    return any(step.stage is Stage.MASK and step.on for step in prepared.steps)


def _on_border(mask: np.ndarray) -> float:
    """Return the share of the picture's outermost pixels that are the garment's."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _contrast(colour: np.ndarray, mask: np.ndarray) -> float:
    """Return the median difference of colour across the outline, in levels."""
    square = np.ones((2 * RING + 1, 2 * RING + 1), np.uint8)
    grown = cv2.dilate(mask.astype(np.uint8), square).astype(bool)
    shrunk = cv2.erode(mask.astype(np.uint8), square).astype(bool)
    inner, outer = mask & ~shrunk, grown & ~mask
    if not inner.any() or not outer.any():
        return 0.0
    # of each pixel beside the outline, against the mean colour of the inner pixels around it
    weight = cv2.blur(inner.astype(np.float32), (15, 15))[..., None].clip(1e-6)
    cloth = cv2.blur(colour.astype(np.float32) * inner[..., None], (15, 15)) / weight
    away = np.abs(colour[outer].astype(np.float32) - cloth[outer]).max(axis=-1)
    return float(np.median(away))
