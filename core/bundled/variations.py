"""Fashion-MNIST as people photograph and draw it: variations of its images for training.

A network that has seen nothing but Fashion-MNIST knows its light, its cloth and its clean edges.
Here an image keeps its silhouette and is given what photos have (other cloth, other light, a mask
that is not quite right, leftovers of the floor), or is drawn anew with a pen. Geirhos et al. 2019
(arXiv:1811.12231) showed that replaced textures make a network look at shapes.

Everything is NumPy and OpenCV on uint8 images; the same generator gives the same pictures.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28  # px of the network's input
LARGE = 56  # px; the side on which photos are varied
SHEET = 84  # px; the side on which drawings are made

Image = npt.NDArray[Any]  # uint8, (height, width)
Mask = npt.NDArray[Any]  # bool, (height, width)


def as_photographed(image: Image, rng: np.random.Generator) -> Image:
    """Return a training image (28, 28) as the preparation of a photo might have left it."""
    large = cv2.resize(image, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    mask = silhouette(large)
    return photographed(large, mask, rng, cloth=rng.random() < 0.65)


def photographed(grey: Image, mask: Mask, rng: np.random.Generator, cloth: bool) -> Image:
    """Vary a garment in grey, negated, with its mask.

    Args:
        grey: uint8 (h, w), the longest side some 56 px.
        mask: bool (h, w), the garment.
        rng: what is random.
        cloth: give it another texture.

    Returns:
        uint8 (28, 28).
    """
    height, width = grey.shape
    value: Image = grey.astype(np.float32)
    if cloth:
        share = rng.choice([0.0, 0.3, 0.6])
        value = share * value + (1 - share) * _cloth(height, width, rng)
    if rng.random() < 0.25:
        value = 255 - value
    if rng.random() < 0.5:  # folds and light
        value *= 1 + rng.uniform(0.1, 0.45) * _noise(height, width, rng, rng.integers(2, 7))
    value = 255 * (value.clip(0, 255) / 255) ** np.exp(rng.uniform(-0.5, 0.5))
    mask = _imperfect(mask, rng)
    value, mask = _leftovers(value, mask, rng)
    value, mask = _warp(value, mask, rng)
    if rng.random() < 0.85:
        value = _stretched(value, mask)
    value = np.where(mask, value.clip(rng.uniform(0, 40), 255), 0)
    if rng.random() < 0.4:
        value = cv2.GaussianBlur(value, (0, 0), rng.uniform(0.5, 2))
    return fit(value.clip(0, 255).astype(np.uint8), mask)


def as_drawn(image: Image, rng: np.random.Generator) -> Image:
    """Return a training image (28, 28) drawn by hand: its outline, and perhaps lines inside."""
    large = cv2.resize(image, (SHEET, SHEET), interpolation=cv2.INTER_CUBIC)
    mask = cv2.morphologyEx(
        silhouette(large).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)
    )
    sheet = np.zeros_like(large)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    wobble = rng.uniform(0, 2)
    for contour in contours:
        if cv2.contourArea(contour) < 35:
            continue
        points = cv2.approxPolyDP(contour, rng.uniform(0.7, 4), True)[:, 0].astype(np.float32)
        points += rng.normal(0, wobble, points.shape)
        cv2.polylines(sheet, [points.round().astype(np.int32)], True, 255, 1, cv2.LINE_AA)
    if rng.random() < 0.6:
        smooth = cv2.GaussianBlur(large, (0, 0), rng.uniform(1.5, 3.5))
        edges = cv2.Canny(smooth, 20, rng.uniform(40, 110))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
        long = stats[:, cv2.CC_STAT_AREA] > rng.uniform(9, 30)
        long[0] = False
        inner = long[labels] & (cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0)
        sheet = np.maximum(sheet, (inner * 255).astype(np.uint8))
    if rng.random() < 0.35:  # gaps, where the pen was lifted
        for _ in range(rng.integers(1, 4)):
            x, y = rng.integers(0, SHEET, 2)
            cv2.circle(sheet, (int(x), int(y)), int(rng.integers(4, 14)), 0, -1)
    if rng.random() < 0.12:  # coloured in
        sheet = np.maximum(sheet, (mask * rng.uniform(60, 255)).astype(np.uint8))
    return drawn(sheet, rng)


def drawn(sheet: Image, rng: np.random.Generator) -> Image:
    """Vary lines, white on black on some 84 px: place, slant, wobble and pen.

    Returns:
        uint8 (28, 28).
    """
    mask = sheet > 0
    value, _ = _warp(sheet.astype(np.float32), mask, rng, bend=3.0)
    value = (value > 40).astype(np.uint8) * 255
    pen = int(rng.integers(2, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen))
    value = cv2.dilate(cv2.copyMakeBorder(value, 5, 5, 5, 5, cv2.BORDER_CONSTANT), kernel)
    return fit(value, value > 0)


def scribble(rng: np.random.Generator) -> Image:
    """Return lines or a blob that are no garment: what a network should not be sure of."""
    sheet = np.zeros((SHEET, SHEET), np.uint8)
    for _ in range(rng.integers(1, 4)):
        count = int(rng.integers(2, 9))
        points: Any = rng.integers(6, SHEET - 6, (count, 2))
        if rng.random() < 0.5:
            points = (np.cumsum(rng.normal(0, 18, (count * 3, 2)), axis=0) + SHEET / 2).round()
        shape = points.astype(np.int32).clip(2, SHEET - 3)
        match rng.integers(0, 4):
            case 0:
                cv2.polylines(sheet, [shape], bool(rng.random() < 0.5), 255, 1, cv2.LINE_AA)
            case 1:
                axes = (int(rng.integers(6, 38)), int(rng.integers(6, 38)))
                cv2.ellipse(
                    sheet, (SHEET // 2, SHEET // 2), axes, rng.uniform(0, 180), 0, 360, 255, 1
                )
            case 2:
                cv2.fillPoly(sheet, [shape], int(rng.integers(60, 255)))
            case _:
                x, y = rng.integers(4, 45, 2)
                w, h = rng.integers(11, 37, 2)
                cv2.rectangle(sheet, (int(x), int(y)), (int(x + w), int(y + h)), 255, 1)
    return drawn(sheet, rng)


def silhouette(image: Image) -> Mask:
    """Return the garment of a Fashion-MNIST image, bool: what is not black, holes closed."""
    mask = (image > 14).astype(np.uint8)
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(bool)


def fit(value: Image, mask: Mask) -> Image:
    """Crop to the mask, fit the longest side into 28 px, and centre on black."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    if not rows.size:
        return pixels
    value = value[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = SIDE / max(value.shape)
    down, across = (max(1, round(side * scale)) for side in value.shape)
    top, left = (SIDE - down) // 2, (SIDE - across) // 2
    reduced = cv2.resize(value, (across, down), interpolation=cv2.INTER_AREA)
    pixels[top : top + down, left : left + across] = reduced
    return pixels


def _cloth(height: int, width: int, rng: np.random.Generator) -> Image:
    """Return a texture, float32 (height, width), levels of 0 to 255."""
    base, other = rng.uniform(20, 255, 2)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    match rng.integers(0, 6):
        case 0 | 1:
            pattern = np.zeros((height, width), np.float32)
        case 2 | 3:
            angle, period = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]), rng.uniform(4, 24)
            wave = np.sin((rows * np.cos(angle) + columns * np.sin(angle)) * 2 * np.pi / period)
            pattern = (wave > rng.uniform(-0.5, 0.5)).astype(np.float32)
            if rng.random() < 0.4:
                wave = np.sin((columns * np.cos(angle) - rows * np.sin(angle)) * 6.3 / period)
                pattern = (pattern + (wave > 0)) / 2
        case 4:
            pattern = (_noise(height, width, rng, rng.integers(4, 16)) > 0.1).astype(np.float32)
        case _:  # a print on the front
            pattern = np.zeros((height, width), np.float32)
            x, y = rng.uniform(0.2, 0.5, 2)
            part = np.s_[int(y * height) : int((y + 0.3) * height), int(x * width) : width * 2 // 3]
            pattern[part] = _noise(height, width, rng, rng.integers(4, 14))[part] > 0
    found: Image = (
        base + (other - base) * pattern + rng.normal(0, rng.uniform(0, 18), (height, width))
    )
    return found


def _noise(height: int, width: int, rng: np.random.Generator, cells: Any) -> Image:
    """Return smooth noise, float32 (height, width), standard deviation about 0.7."""
    coarse = rng.normal(0, 1, (int(cells), int(cells))).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _imperfect(mask: Mask, rng: np.random.Generator) -> Image:
    """Return a mask as a program finds it: a little too large or small, with bites and holes."""
    bits: Mask = mask.astype(np.uint8)
    height, width = bits.shape
    if rng.random() < 0.6:
        size = int(rng.integers(2, 6))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        bits = cv2.dilate(bits, kernel) if rng.random() < 0.6 else cv2.erode(bits, kernel)
    if rng.random() < 0.35:  # the edge wavers
        rough = _noise(height, width, rng, rng.integers(6, 20))
        edge = cv2.dilate(bits, np.ones((7, 7), np.uint8)) - cv2.erode(
            bits, np.ones((7, 7), np.uint8)
        )
        bits = np.where(edge > 0, rough > rng.uniform(-0.6, 0.6), bits).astype(np.uint8)
    if rng.random() < 0.12:
        rough = _noise(height, width, rng, rng.integers(3, 8))
        bits = (bits & (rough < rng.uniform(0.9, 1.6))).astype(np.uint8)
    if rng.random() < 0.15:  # cut off at an edge of the photo
        cut = int(rng.uniform(0.03, 0.15) * height)
        side = int(rng.integers(0, 4))
        bits = np.rot90(bits, side).copy()
        first = int(np.flatnonzero(bits.any(axis=1))[0]) if bits.any() else 0
        bits[: first + cut] = 0
        bits = np.rot90(bits, -side).copy()
    return bits.astype(bool) if bits.sum() > 50 else mask


def _leftovers(value: Image, mask: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Leave some of the floor at the garment: shadows, blobs, a hanger."""
    height, width = mask.shape
    mask = mask.copy()
    if rng.random() < 0.25:
        ground = _cloth(height, width, rng)
        rough = _noise(height, width, rng, rng.integers(2, 6)) > rng.uniform(0.5, 1.2)
        near = cv2.dilate(mask.astype(np.uint8), np.ones((11, 11), np.uint8)).astype(bool)
        left = near & rough & ~mask
        value = np.where(left, ground, value)
        mask |= left
    if rng.random() < 0.05 and mask.any():
        top = int(np.flatnonzero(mask.any(axis=1))[0])
        columns = np.flatnonzero(mask[top])
        middle, reach = int(columns.mean()), int(rng.integers(4, 12))
        part = np.s_[max(0, top - reach) : top + 1, max(0, middle - 1) : middle + 2]
        value = value.copy()
        value[part], mask[part] = rng.uniform(60, 255), True
    return value, mask


def _warp(
    value: Image, mask: Mask, rng: np.random.Generator, bend: float = 2.0
) -> tuple[Image, Mask]:
    """Turn, shear, stretch, mirror and bend, on a sheet large enough to lose nothing."""
    height, width = value.shape
    side = int(1.45 * max(height, width))
    angle = np.radians(rng.normal(0, 7))
    stretch = np.exp(rng.normal(0, 0.13))
    cosine, sine, shear = np.cos(angle), np.sin(angle), rng.normal(0, 0.07)
    forward = np.array([[cosine, -sine + shear], [sine, cosine]])
    forward = forward @ np.diag([stretch, 1 / stretch])
    if rng.random() < 0.5:
        forward[:, 0] *= -1
    backward = np.linalg.inv(forward)
    rows, columns = np.mgrid[:side, :side].astype(np.float32) - side / 2
    x = backward[0, 0] * columns + backward[0, 1] * rows + width / 2
    y = backward[1, 0] * columns + backward[1, 1] * rows + height / 2
    amount = rng.uniform(0, bend)
    x = x + amount * _noise(side, side, rng, 5)
    y = y + amount * _noise(side, side, rng, 5)
    x, y = x.astype(np.float32), y.astype(np.float32)
    warped = cv2.remap(value.astype(np.float32), x, y, cv2.INTER_LINEAR)
    inside = cv2.remap(mask.astype(np.float32), x, y, cv2.INTER_LINEAR) > 0.5
    return warped, inside


def _stretched(value: Image, mask: Mask) -> Image:
    """Spread the shades of the garment, as ``core.imaging.photo.stretch`` does."""
    if not mask.any():
        return value
    low, median, high = np.percentile(value[mask], (2, 50, 98))
    low = min(low, median / 2)
    found: Image = (value - low) * (255 / max(high - low, 60.0))
    return found
