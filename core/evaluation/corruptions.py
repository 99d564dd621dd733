"""Pictures made worse in ways that happen, step by step and always the same way.

After ImageNet-C (Hendrycks & Dietterich 2019, arXiv:1903.12261) and MNIST-C (Mu & Gilmer 2019,
arXiv:1906.02337), and at the levels of MNIST-C where it has the corruption. Blur is weaker than
there, where it leaves nothing of 28 pixels, and the steps of pixelation are wider; occlusion is a
grey square, as in Cutout (DeVries & Taylor 2017, arXiv:1708.04552).

What comes into view from outside is black for gray images, whose background is black, and the
edge's colour else, as in training (``core.training.augmentation``).
"""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SEVERITIES = (1, 2, 3, 4, 5)

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""Takes float32 images (n, height, width, channels) of 0 to 1, a level, and a random generator."""


@dataclass(frozen=True)
class Corruption:
    """One way to make pictures worse.

    Attributes:
        name: in files and links.
        title: for people.
        summary: what it is, in one line.
        unit: what the levels count.
        levels: one for each severity.
        change: does it.
    """

    name: str
    title: str
    summary: str
    unit: str
    levels: tuple[float, float, float, float, float]
    change: Change


def corrupt(images: np.ndarray, name: str, severity: int, seed: int = 0) -> np.ndarray:
    """Return images made worse; the same arguments give the same pixels.

    The random choices, such as the direction of a shift, are the same at every severity.

    Args:
        images: uint8, (n, height, width, channels) with 1 or 3 channels.
        name: in ``CORRUPTIONS``.
        severity: 1 (slight) to 5 (strong).
        seed: of the random choices.

    Returns:
        uint8, of the same shape.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"images must be uint8 (n, h, w, 1 or 3), not {images.dtype} {images.shape}"
        )
    if severity not in SEVERITIES:
        raise ValueError(f"severity is 1 to 5, not {severity!r}")
    corruption = CORRUPTIONS[name]
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    pixels = images.astype(np.float32) / 255
    changed = corruption.change(pixels, corruption.levels[severity - 1], generator)
    found: np.ndarray = np.rint(255 * changed.clip(0, 1)).astype(np.uint8)
    return found


def _noise(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    found: np.ndarray = pixels + level * generator.standard_normal(pixels.shape, np.float32)
    return found


def _impulse(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    chance = generator.random(pixels.shape, np.float32)
    return np.where(chance < level / 2, 0, np.where(chance > 1 - level / 2, 1, pixels))


def _blur(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    found: np.ndarray = gaussian_filter(pixels, (0, level, level, 0), mode="nearest")
    return found


def _pixelate(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    rows, columns = (_coarse(side, int(side * level)) for side in pixels.shape[1:3])
    found: np.ndarray = np.einsum("yh,nhwc,xw->nyxc", rows, pixels, columns, optimize=True)
    return found


def _coarse(side: int, blocks: int) -> np.ndarray:
    """Return the matrix that averages ``side`` pixels over so many blocks and enlarges them again.

    Block borders may lie inside a pixel, which then counts by its share.
    """
    edges = np.linspace(0, side, blocks + 1)
    starts = np.arange(side)
    inside = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    average = inside.clip(0) * blocks / side
    nearest = ((starts + 0.5) * blocks / side).astype(int)
    found: np.ndarray = average[nearest].astype(np.float32)
    return found


def _shift(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    far = int(level)
    height, width = pixels.shape[1:3]
    padded = _pad(pixels, far)
    down, right = 2 * far * generator.integers(0, 2, (2, len(pixels), 1))
    image = np.arange(len(pixels))[:, None, None]
    found: np.ndarray = padded[
        image, (down + np.arange(height))[:, :, None], (right + np.arange(width))[:, None]
    ]
    return found


def _rotate(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    clockwise = generator.random(len(pixels)) < 0.5
    turned = np.empty_like(pixels)
    turned[clockwise] = _turned(pixels[clockwise], level)
    turned[~clockwise] = _turned(pixels[~clockwise], -level)
    return turned


def _turned(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """Turn around the centre; between four pixels, each counts by how near it is."""
    height, width = pixels.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    # Where each pixel comes from, in a picture with a border of one pixel.
    from_y = (sine * x + cosine * y + (height - 1) / 2 + 1).clip(0, height + 1)
    from_x = (cosine * x - sine * y + (width - 1) / 2 + 1).clip(0, width + 1)
    top, left = (np.floor(each).astype(int) for each in (from_y, from_x))
    bottom, right = np.minimum(top + 1, height + 1), np.minimum(left + 1, width + 1)
    down, across = (from_y - top)[..., None], (from_x - left)[..., None]
    padded = _pad(pixels, 1)
    upper = padded[:, top, left] * (1 - across) + padded[:, top, right] * across
    lower = padded[:, bottom, left] * (1 - across) + padded[:, bottom, right] * across
    found: np.ndarray = upper * (1 - down) + lower * down
    return found


def _contrast(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    found: np.ndarray = mean + level * (pixels - mean)
    return found


def _brightness(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    # Brighter at the same hue and saturation: the largest channel grows, the others in proportion.
    value = pixels.max(axis=-1, keepdims=True)
    brighter = np.minimum(value + level, 1)
    found: np.ndarray = np.where(value > 0, pixels * brighter / np.maximum(value, 1e-6), brighter)
    return found


def _jpeg(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    from PIL import Image

    stored = np.rint(255 * pixels).astype(np.uint8)
    changed = np.empty_like(stored)
    for place, image in enumerate(stored):
        file = io.BytesIO()
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
            file, "JPEG", quality=int(level)
        )
        changed[place] = np.asarray(Image.open(file)).reshape(image.shape)
    found: np.ndarray = changed.astype(np.float32) / 255
    return found


def _occlude(pixels: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    height, width = pixels.shape[1:3]
    places = generator.random((2, len(pixels), 1))

    def inside(side: int, place: np.ndarray) -> np.ndarray:
        """Return which of ``side`` rows or columns the square covers, (n, side)."""
        length = round(side * level)
        ahead = np.arange(side) - np.floor(place * (side - length + 1))
        found: np.ndarray = (ahead >= 0) & (ahead < length)
        return found

    covered = inside(height, places[0])[:, :, None] & inside(width, places[1])[:, None, :]
    return np.where(covered[..., None], np.float32(0.5), pixels)


def _pad(pixels: np.ndarray, border: int) -> np.ndarray:
    """Put a border around images: black for grey ones, the edge's colour else."""
    widths = ((0, 0), (border, border), (border, border), (0, 0))
    return np.pad(pixels, widths, mode="constant" if pixels.shape[-1] == 1 else "edge")


CORRUPTIONS: dict[str, Corruption] = {
    each.name: each
    for each in (
        Corruption(
            "noise",
            "Noise",
            "Every pixel changes a little at random, as with a camera in the dark.",
            "standard deviation (white is 1)",
            (0.08, 0.12, 0.18, 0.26, 0.38),
            _noise,
        ),
        Corruption(
            "impulse",
            "Dead pixels",
            "Single pixels turn black or white (salt and pepper).",
            "of the pixels",
            (0.03, 0.06, 0.09, 0.17, 0.27),
            _impulse,
        ),
        Corruption(
            "blur",
            "Blur",
            "Out of focus: a Gaussian blur.",
            "standard deviation in pixels",
            (0.5, 0.75, 1.0, 1.5, 2.0),
            _blur,
        ),
        Corruption(
            "pixelate",
            "Pixelation",
            "Shrunk and enlarged again.",
            "of the pixels on each side are left",
            (0.6, 0.45, 0.35, 0.25, 0.2),
            _pixelate,
        ),
        Corruption(
            "shift",
            "Shift",
            "Moved off centre, towards a corner.",
            "pixels down or up, and right or left",
            (1, 2, 3, 4, 5),
            _shift,
        ),
        Corruption(
            "rotate",
            "Rotation",
            "Turned left or right.",
            "degrees",
            (11.5, 23, 34.5, 46, 57.5),  # 0.2 to 1 radian
            _rotate,
        ),
        Corruption(
            "contrast",
            "Contrast",
            "Washed out: all pixels move towards their mean.",
            "of the contrast is left",
            (0.4, 0.3, 0.2, 0.1, 0.05),
            _contrast,
        ),
        Corruption(
            "brightness",
            "Brightness",
            "Overexposed: brighter, up to white.",
            "added (white is 1)",
            (0.1, 0.2, 0.3, 0.4, 0.5),
            _brightness,
        ),
        Corruption(
            "jpeg",
            "JPEG",
            "Stored as JPEG at a low quality.",
            "quality, of 100",
            (25, 18, 15, 10, 7),
            _jpeg,
        ),
        Corruption(
            "occlude",
            "Occlusion",
            "A grey square covers part of it, anywhere.",
            "of the height and of the width",
            (0.2, 0.3, 0.4, 0.5, 0.6),
            _occlude,
        ),
    )
}
