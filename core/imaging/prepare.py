"""From a picture to the input of a network, in steps that a page can show one by one.

Grey data sets are prepared as Fashion-MNIST was (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747):
trimmed to the garment, grey, negated so that a light background becomes black and dark cloth
bright, longest side fitted to the frame, centred on black. Colour data sets get a centre crop.

Each step is a small pure function ``Scene -> (Scene, sentence)``; ``PHOTO_STEPS`` and
``DRAWING_STEPS`` are the pipelines. A better way to find the garment replaces ``separate``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from core.errors import ImageRejected

KINDS = ("auto", "photo", "drawing")
WORK = 256  # px; longest side on which everything but the crop is computed
BORDER = 0.05  # share of the shorter side that counts as the outer frame
BLANK = 8  # levels; a picture whose colours all lie this close together shows nothing
CLEAN = 8  # levels; a background whose spread stays below this is even, such as a screen's
SMOOTH = 16  # levels; the same for paper under a lamp; floors and beds have more
BLACK = 24  # level; a background darker than this is black already, as in Fashion-MNIST itself

PEN = 0.09  # share of the longest side; content in which no square of this size fits is lines
FLAT = 0.92  # share of the content that has one colour when it was drawn with one pen
LINE = 0.25  # px of the network's input; lines narrower than this are widened
FAINT = 32  # level that content has at least
FILL = 100  # level of what lines enclose
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's conversion to grey

Pixels = np.ndarray  # uint8, shape (height, width) or (height, width, 3), 0 to 255


@dataclass(frozen=True)
class Step:
    """One step of the preparation, to be shown as a picture with a sentence.

    Attributes:
        name: one or two words.
        sentence: what was done to this picture, and why.
        image: the state afterwards, uint8, shape (h, w) or (h, w, 3).
    """

    name: str
    sentence: str
    image: Pixels


@dataclass(frozen=True)
class Prepared:
    """The input for a network, with the way it came about.

    Attributes:
        pixels: uint8, shape (height, width) for one channel, (height, width, 3) for three.
        steps: in order; the last one shows ``pixels``.
    """

    pixels: Pixels
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Scene:
    """What the steps hand on to each other.

    Attributes:
        colour: uint8, shape (h, w, 3).
        grey: the picture as far as it is prepared, uint8, shape (h, w).
        content: which pixels belong to the garment, bool, shape (h, w).
        background: the median colour of the outer frame, float, shape (3,).
        spread: the distance of 75 % of the outer frame from ``background``, in levels.
        frame: (height, width) of the network's input.
    """

    colour: Pixels
    grey: Pixels
    content: np.ndarray
    background: np.ndarray
    spread: float
    frame: tuple[int, int]


def prepare(
    picture: Image.Image,
    *,
    height: int = 28,
    width: int = 28,
    channels: int = 1,
    kind: str = "auto",
) -> Prepared:
    """Turn a picture into what a network was trained on.

    Args:
        picture: upright and opaque, such as ``gate.open_picture`` gives.
        height, width: of the network's input, in px.
        channels: 1 for grey data sets such as Fashion-MNIST, 3 for colour ones such as CIFAR-10.
        kind: "photo", "drawing" (thin lines, whose inside is filled) or "auto" to tell by looking.

    Raises:
        ImageRejected: the picture is one single colour.
        ValueError: ``channels`` or ``kind`` is none of the above.
    """
    if channels not in (1, 3) or kind not in KINDS:
        raise ValueError(f"channels must be 1 or 3 and kind one of {KINDS}: {channels}, {kind!r}")
    picture = picture.convert("RGB")
    if np.ptp(np.asarray(picture), axis=(0, 1)).max() < BLANK:
        raise ImageRejected(
            "The picture is one single colour: there is nothing to recognise. "
            "Draw or photograph one piece of clothing."
        )
    if channels == 3:
        return _prepare_colour(picture, height, width)
    scene = look(picture, (height, width))
    drawn = kind == "drawing" or (kind == "auto" and is_drawing(scene))
    steps = []
    for name, function in DRAWING_STEPS if drawn else PHOTO_STEPS:
        scene, sentence = function(scene)
        if sentence:
            steps.append(Step(name, sentence, scene.grey))
    return Prepared(scene.grey, tuple(steps))


def _prepare_colour(picture: Image.Image, height: int, width: int) -> Prepared:
    scale = min(picture.width / width, picture.height / height)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    cropped = picture.crop((left, top, left + across, top + down))
    pixels = np.asarray(cropped.resize((width, height), Image.Resampling.BOX))
    return Prepared(
        pixels,
        (
            Step("Crop", "The middle of the picture is kept.", np.asarray(_small(cropped))),
            Step("Resize", f"Reduced to {width} × {height} pixels, in colour.", pixels),
        ),
    )


# ---- Looking: where is the background, where the content ----


def look(picture: Image.Image, frame: tuple[int, int]) -> Scene:
    """Measure the background on the outer frame and crop to what differs from it.

    The crop is located on a small copy and cut from the original, so that a garment that is small
    in the picture keeps its detail.
    """
    small = np.asarray(_small(picture))
    border = _border(small)
    background = np.median(border, axis=0)
    distance = _distance(small, background)
    spread = float(np.percentile(_distance(border, background), 75))
    threshold = _threshold(distance, spread)
    top, bottom, left, right = bounds(despeckle(distance > threshold))
    across, down = picture.width / small.shape[1], picture.height / small.shape[0]
    box = (left * across, top * down, right * across, bottom * down)
    cropped = _small(picture.crop(tuple(round(v) for v in box)))
    colour = np.asarray(cropped)
    content = despeckle(_distance(colour, background) > threshold)
    top, bottom, left, right = bounds(content)  # anew: now they are exact
    trimmed = np.s_[top:bottom, left:right]
    content = content[trimmed] if content.any() else np.ones_like(content)
    return Scene(
        colour=colour[trimmed],
        grey=np.asarray(cropped.convert("L"))[trimmed],
        content=content,
        background=background,
        spread=spread,
        frame=frame,
    )


def is_drawing(scene: Scene) -> bool:
    """Tell whether the content was drawn: on an even ground, thin lines or one flat colour."""
    if scene.spread >= SMOOTH:
        return False
    size = max(3, round(PEN * max(scene.content.shape)))
    solid = _window_sum(scene.content, size) == size * size
    if solid.sum() < 0.01 * scene.content.sum():
        return True
    inner = scene.colour[_window_sum(scene.content, 3) == 9]  # without the soft edges
    return bool((_distance(inner, np.median(inner, axis=0)) < 24).mean() > FLAT)


def despeckle(content: np.ndarray) -> np.ndarray:
    """Drop pixels with fewer than 5 of 25 neighbours in ``content``: specks go, lines stay.

    Where nothing would be left, the specks are all there is and stay.
    """
    kept = content & (_window_sum(content, 5) >= 5)
    return kept if kept.any() else content


def bounds(content: np.ndarray) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right of the content; the whole if there is none."""
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    if not rows.size:
        return 0, content.shape[0], 0, content.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _threshold(distance: np.ndarray, spread: float) -> float:
    """Choose the distance from the background, in levels, at which content begins.

    On an even ground nothing but content differs, so a little above the spread is right. On a
    floor or a bed Otsu's threshold (1979) between the two heaps of distances is; 0.8 of it keeps
    more of the garment.
    """
    if spread < CLEAN:
        return max(CLEAN, 2 * spread)
    return max(12.0, 0.8 * _otsu(distance))


def _otsu(values: np.ndarray) -> int:
    """Return the level 0 to 255 that best parts the values in two (largest variance between)."""
    share = np.bincount(values.ravel().astype(np.uint8), minlength=256) / values.size
    below = share.cumsum()
    moment = (share * np.arange(256)).cumsum()
    apart = (moment[-1] * below - moment) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return int(apart[:-1].argmax())


def _distance(colour: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return the largest difference among red, green and blue, in levels."""
    return np.abs(colour - background).max(axis=-1)


def _border(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels of the outer frame, shape (n, 3)."""
    depth = max(1, round(BORDER * min(pixels.shape[:2])))
    inside = np.zeros(pixels.shape[:2], dtype=bool)
    inside[depth:-depth, depth:-depth] = True
    return pixels[~inside]


def _window_sum(mask: np.ndarray, size: int) -> np.ndarray:
    """Count the true pixels in the square window around each pixel; outside counts as false."""
    before = size // 2
    padded = np.pad(mask.astype(np.int32), (before + 1, size - 1 - before))
    total = padded.cumsum(axis=0).cumsum(axis=1)
    return total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]


def _small(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((WORK, WORK), Image.Resampling.BOX)
    return small


# ---- The steps ----


def crop(scene: Scene) -> tuple[Scene, str]:
    """Report what ``look`` found."""
    level = round(float(scene.background @ LUMA))
    shade = "light" if level > 127 else "dark"
    return scene, (
        f"The outer frame shows a {shade} background (level {level} of 255). "
        "The picture, in grey, is cropped to what differs from it."
    )


def negate(scene: Scene) -> tuple[Scene, str]:
    """Negate, unless the background is black already."""
    if scene.background @ LUMA < BLACK:
        return scene, ""
    return replace(scene, grey=255 - scene.grey), (
        "Negated: in Fashion-MNIST the background is black and dark cloth is bright."
    )


def separate(scene: Scene) -> tuple[Scene, str]:
    """Set everything but the content to black."""
    share = float(scene.content.mean())
    if share == 1:
        return scene, ""
    return replace(scene, grey=np.where(scene.content, scene.grey, 0).astype(np.uint8)), (
        f"The background is set to black; {100 * share:.0f} % of the pixels remain."
    )


def stretch(scene: Scene) -> tuple[Scene, str]:
    """Spread the shades of the content up to 255, leaving out 2 % at either end.

    The lower end stays below half the median and the content above ``FAINT``, so that plain cloth
    never vanishes, not even white cloth, which is black when negated.
    """
    low, median, high = np.percentile(scene.grey[scene.content], (2, 50, 98))
    low = min(low, median / 2)
    levels = (scene.grey - low) * (255 / max(high - low, 60.0))
    grey = np.where(scene.content, levels.clip(FAINT, 255), 0).astype(np.uint8)
    return replace(scene, grey=grey), "The contrast is stretched to use all shades."


def ink(scene: Scene) -> tuple[Scene, str]:
    """Show how far each pixel is from the background: lines of any colour become white on black."""
    distance = _distance(scene.colour, scene.background)
    full = max(float(np.percentile(distance[scene.content], 90)), 1.0)
    grey = np.where(scene.content, (distance * (255 / full)).clip(0, 255), 0).astype(np.uint8)
    return replace(scene, grey=grey), "The lines are drawn white on black."


def thicken(scene: Scene) -> tuple[Scene, str]:
    """Widen lines that are so thin that little of them would be left after the reduction."""
    edge = scene.content & (_window_sum(scene.content, 3) < 9)
    width = 2 * scene.content.sum() / max(1, edge.sum())  # a line has two edges
    if width >= LINE * max(scene.content.shape) / max(scene.frame):
        return scene, ""
    wide = np.asarray(Image.fromarray(scene.grey).filter(ImageFilter.MaxFilter(3)))
    return replace(scene, grey=wide), "Thin lines are widened, so that they survive the reduction."


def fill(scene: Scene) -> tuple[Scene, str]:
    """Make grey what has a line to its left, right, above and below.

    Unlike a flood fill this does not mind gaps in the outline, which most drawings have.
    """
    line = scene.grey > 64
    inside = np.ones_like(line)
    for axis in (0, 1):
        inside &= np.maximum.accumulate(line, axis=axis)
        inside &= np.flip(np.maximum.accumulate(np.flip(line, axis), axis=axis), axis)
    grey = np.where(inside, np.maximum(scene.grey, FILL), scene.grey).astype(np.uint8)
    return replace(scene, grey=grey), (
        "What the lines enclose is filled with grey: the network knows cloth, not outlines."
    )


def fit(scene: Scene) -> tuple[Scene, str]:
    """Fit the longest side into the frame, the aspect kept, and centre on black."""
    height, width = scene.frame
    scale = min(height / scene.grey.shape[0], width / scene.grey.shape[1])
    across = max(1, round(scene.grey.shape[1] * scale))
    down = max(1, round(scene.grey.shape[0] * scale))
    reduced = Image.fromarray(scene.grey).resize((across, down), Image.Resampling.BOX)
    grey = np.zeros(scene.frame, dtype=np.uint8)
    top, left = (height - down) // 2, (width - across) // 2
    grey[top : top + down, left : left + across] = np.asarray(reduced)
    return replace(scene, grey=grey), (
        f"Reduced so that the longest side fits, and centred on {width} × {height} pixels."
    )


StepFunction = Callable[[Scene], tuple[Scene, str]]
PHOTO_STEPS: tuple[tuple[str, StepFunction], ...] = (
    ("Crop", crop),
    ("Negate", negate),
    ("Background", separate),
    ("Contrast", stretch),
    ("Fit", fit),
)
DRAWING_STEPS: tuple[tuple[str, StepFunction], ...] = (
    ("Crop", crop),
    ("Lines", ink),
    ("Thicken", thicken),
    ("Fill", fill),
    ("Fit", fit),
)
