"""From a picture to the input of a network, in steps that a page can show one by one.

Grey data sets are prepared as Fashion-MNIST was (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747):
trimmed to the garment, grey, negated so that a light background becomes black and dark cloth
bright, longest side fitted to the frame, centred on black. Colour data sets get a centre crop.

``photo`` and ``sketch`` know how each is done, ``route`` which of them a picture is.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from PIL import Image

from core.errors import ImageRejected
from core.imaging import photo, sketch
from core.imaging.flatten import is_blank
from core.imaging.route import is_sketch
from core.imaging.scene import LUMA, Box, Pixels, Scene, bounds, look, small

BLACK = 24  # level; a background darker than this is black already, as in Fashion-MNIST itself


_CUT_OUT = ", as its transparency says"


class Kind(StrEnum):
    """How a picture came about."""

    PHOTO = "photo"
    SKETCH = "sketch"


class Stage(StrEnum):
    """A step of the preparation. ``SWITCHES`` says which can be left out."""

    ORIGINAL = "original"
    MASK = "mask"
    CROP = "crop"
    NEGATE = "negate"
    CONTRAST = "contrast"
    MIRROR = "mirror"
    LINES = "lines"
    THICKNESS = "thickness"
    FIT = "fit"


SWITCHES = {
    Kind.PHOTO: (Stage.MASK, Stage.CROP, Stage.NEGATE, Stage.CONTRAST, Stage.MIRROR),
    Kind.SKETCH: (Stage.LINES, Stage.CROP, Stage.THICKNESS),
}


@dataclass(frozen=True)
class Options:
    """What a person decides about the preparation.

    Attributes:
        kind: photo or sketch; None to tell by looking.
        off: steps that are left out.
        box: the crop, instead of the one that was found.
        add, erase: what the brush added to the mask and erased from it, bool arrays of any size
            that cover the whole picture; None for nothing.
    """

    kind: Kind | None = None
    off: frozenset[Stage] = frozenset()
    box: Box | None = None
    add: np.ndarray | None = field(default=None, compare=False)
    erase: np.ndarray | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Step:
    """One step of the preparation, to be shown as a picture with a sentence.

    Attributes:
        stage: which step it is.
        title: one to three words.
        sentence: what was done to this picture, and why.
        image: the state afterwards, uint8, shape (h, w) or (h, w, 3).
        on: whether it was done; a step that was switched off shows the picture as it was.
    """

    stage: Stage
    title: str
    sentence: str
    image: Pixels
    on: bool = True


@dataclass(frozen=True)
class Prepared:
    """The input for a network, with the way it came about.

    Attributes:
        pixels: uint8, shape (height, width) for one channel, (height, width, 3) for three.
        steps: in order; the last one shows ``pixels``.
        kind: as what it was prepared; None in colour, where there is no difference.
        mask: which pixels were taken for the garment, bool (h, w), the whole picture at working
            size (longest side at most ``scene.WORK``); all true where no mask was used.
        box: the crop, as shares of the picture.
        mirrored: whether left and right were exchanged.
        found: the mask as it was found, before a brush or a switch changed it; None in colour.
    """

    pixels: Pixels
    steps: tuple[Step, ...]
    kind: Kind | None
    mask: np.ndarray
    box: Box
    mirrored: bool = False
    found: np.ndarray | None = None


def prepare(
    picture: Image.Image,
    options: Options | None = None,
    *,
    alpha: Image.Image | None = None,
    before: Prepared | None = None,
    height: int = 28,
    width: int = 28,
    channels: int = 1,
    light: bool = False,
) -> Prepared:
    """Turn a picture into what a network was trained on.

    Args:
        picture: upright and opaque, such as ``gate.open_picture`` gives.
        options: what a person decided; None to decide by looking.
        alpha: of a cut-out, as of ``gate.Picture``: it brings its mask along.
        before: what came of the same picture with other options; what was found then, the slowest
            part, is not looked for again.
        height, width: of the network's input, in px.
        channels: 1 for grey data sets such as Fashion-MNIST, 3 for colour ones such as CIFAR-10.
        light: whether the images of a grey data set have a light ground, unlike Fashion-MNIST's.

    Raises:
        ImageRejected: the picture is a single colour.
    """
    options = options or Options()
    picture = picture.convert("RGB")
    if is_blank(picture):
        raise ImageRejected(
            "The picture is a single colour: there is nothing to recognise. "
            "Draw or photograph one thing."
        )
    if channels == 3:
        return _prepare_colour(picture, options, height, width)
    scene = look(picture, alpha)
    kind = options.kind or (Kind.SKETCH if is_sketch(scene) else Kind.PHOTO)
    if before is not None and before.found is not None and before.kind is kind:
        found = before.found
    else:
        found = (sketch.find_lines if kind is Kind.SKETCH else photo.find_garment)(scene)
    way = _prepare_sketch if kind is Kind.SKETCH else _prepare_photo
    prepared = way(picture, scene, found, options, (height, width))
    return _on_light(prepared) if light else prepared


def _on_light(prepared: Prepared) -> Prepared:
    """Return a prepared picture dark on light, for networks that have learned from such images."""
    pixels = 255 - prepared.pixels
    last = prepared.steps[-1]
    light = "The network learned from images on a light background, so this has one too."
    sentence = f"{last.sentence} {light}"
    steps = (*prepared.steps[:-1], replace(last, sentence=sentence, image=pixels))
    return replace(prepared, pixels=pixels, steps=steps)


def naive(picture: Image.Image, *, height: int = 28, width: int = 28, channels: int = 1) -> Pixels:
    """Return what most demos show a network: the picture squeezed into the frame, nothing else."""
    grey = picture.convert("RGB" if channels == 3 else "L")
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX))


def _prepare_photo(
    picture: Image.Image,
    scene: Scene,
    found: np.ndarray,
    options: Options,
    frame: tuple[int, int],
) -> Prepared:
    off = options.off
    steps = [_original(scene)]
    mask = _edited(found, options)
    if Stage.MASK in off or not mask.any():
        mask = np.ones_like(mask)
    steps.append(
        Step(
            Stage.MASK,
            "Mask",
            f"What belongs to the object: {100 * mask.mean():.0f} % of the picture"
            f"{_CUT_OUT if scene.alpha is not None else ''}. The rest becomes black.",
            np.where(mask[..., None], scene.colour, scene.colour // 6),
            Stage.MASK not in off,
        )
    )
    box = _box(mask, options)
    colour, inside = _cut(picture, mask, box)
    grey = np.asarray(Image.fromarray(colour).convert("L"))
    steps.append(
        Step(
            Stage.CROP,
            "Crop",
            "Cut to the object, in grey.",
            np.where(inside, grey, 255).astype(np.uint8),
            Stage.CROP not in off,
        )
    )
    black = scene.background @ LUMA < BLACK
    if not black and Stage.NEGATE not in off:
        grey = 255 - grey
    grey = np.where(inside, grey, 0).astype(np.uint8)
    steps.append(
        Step(
            Stage.NEGATE,
            "Negate",
            "The background is black already."
            if black
            else "In Fashion-MNIST the background is black and dark cloth is bright.",
            grey,
            Stage.NEGATE not in off,
        )
    )
    if Stage.CONTRAST not in off:
        grey = photo.stretch(grey, inside)
    steps.append(
        Step(
            Stage.CONTRAST,
            "Contrast",
            "The object’s shades are stretched to the full range.",
            grey,
            Stage.CONTRAST not in off,
        )
    )
    mirrored = Stage.MIRROR not in off and photo.faces_right(inside)
    if mirrored:
        grey = grey[:, ::-1]
        steps.append(
            Step(Stage.MIRROR, "Mirror", "Toes point left in Fashion-MNIST.", grey, mirrored)
        )
    pixels = _fit(grey, frame)
    steps.append(_fitted(pixels))
    return Prepared(pixels, tuple(steps), Kind.PHOTO, mask, box, mirrored, found)


def _prepare_sketch(
    picture: Image.Image,
    scene: Scene,
    found: np.ndarray,
    options: Options,
    frame: tuple[int, int],
) -> Prepared:
    off = options.off
    steps = [_original(scene)]
    mask = _edited(found, options)
    box = _box(mask, options)
    colour, inside = _cut(picture, mask, box)
    grey = np.asarray(Image.fromarray(colour).convert("L"))
    steps.append(Step(Stage.CROP, "Crop", "Cut to what was drawn.", grey, Stage.CROP not in off))
    if Stage.LINES not in off:
        grey = sketch.ink(colour, inside, scene.background)
        if options.add is not None:  # the brush adds ink, whatever the paper shows there
            grey = np.where(inside & _cut(picture, options.add, box)[1], 255, grey)
            grey = grey.astype(np.uint8)
    steps.append(
        Step(
            Stage.LINES,
            "Lines",
            "Lines of any colour on any background become white on black.",
            grey,
            Stage.LINES not in off,
        )
    )
    if Stage.THICKNESS not in off:
        grey = sketch.even_out(grey, max(frame))
    steps.append(
        Step(
            Stage.THICKNESS,
            "Thickness",
            "Thin lines are widened so that they survive shrinking.",
            grey,
            Stage.THICKNESS not in off,
        )
    )
    pixels = _fit(grey, frame)
    steps.append(_fitted(pixels))
    return Prepared(pixels, tuple(steps), Kind.SKETCH, mask, box, found=found)


def _prepare_colour(picture: Image.Image, options: Options, height: int, width: int) -> Prepared:
    scale = min(picture.width / width, picture.height / height)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    edges = (left, top, left + across, top + down)
    if options.box:
        edges = _pixels_of(options.box, picture)
    cropped = picture.crop(edges)
    pixels = np.asarray(cropped.resize((width, height), Image.Resampling.BOX))
    whole = np.asarray(small(picture))
    box = (
        edges[0] / picture.width,
        edges[1] / picture.height,
        edges[2] / picture.width,
        edges[3] / picture.height,
    )
    steps = (
        Step(Stage.ORIGINAL, "Original", "The picture, unchanged.", whole),
        Step(Stage.CROP, "Crop", "The middle of the picture is kept.", np.asarray(small(cropped))),
        Step(Stage.FIT, "Fit", f"Shrunk to {width} × {height} pixels, in colour.", pixels),
    )
    return Prepared(pixels, steps, None, np.ones(whole.shape[:2], bool), box)


def _original(scene: Scene) -> Step:
    return Step(Stage.ORIGINAL, "Original", "The picture, unchanged.", scene.colour)


def _fitted(pixels: Pixels) -> Step:
    height, width = pixels.shape
    return Step(
        Stage.FIT,
        f"{width} × {height}",
        "Shrunk until the longest side fits, then centred: this is what the network sees.",
        pixels,
    )


def _edited(mask: np.ndarray, options: Options) -> np.ndarray:
    """Return the mask as the brush left it."""
    for brush, value in ((options.add, True), (options.erase, False)):
        if brush is not None:
            sized = Image.fromarray(brush.astype(bool)).resize(mask.shape[::-1])
            mask = np.where(np.asarray(sized, dtype=bool), value, mask)
    return mask


def _box(mask: np.ndarray, options: Options) -> Box:
    """Return the crop: the one asked for, or the bounds of the mask."""
    if options.box is not None:
        return options.box
    if Stage.CROP in options.off:
        return (0.0, 0.0, 1.0, 1.0)
    top, bottom, left, right = bounds(mask)
    height, width = mask.shape
    return (left / width, top / height, right / width, bottom / height)


def _pixels_of(box: Box, picture: Image.Image) -> tuple[int, int, int, int]:
    """Return the box in px of ``picture``, at least one pixel wide and high."""
    left, right = sorted((round(box[0] * picture.width), round(box[2] * picture.width)))
    top, bottom = sorted((round(box[1] * picture.height), round(box[3] * picture.height)))
    left, top = min(max(left, 0), picture.width - 1), min(max(top, 0), picture.height - 1)
    return (
        left,
        top,
        min(max(right, left + 1), picture.width),
        min(max(bottom, top + 1), picture.height),
    )


def _cut(picture: Image.Image, mask: np.ndarray, box: Box) -> tuple[Pixels, np.ndarray]:
    """Cut picture and mask to the box, from the original so that a small garment keeps detail."""
    edges = _pixels_of(box, picture)
    colour = small(picture.crop(edges))

    whole = Image.fromarray(mask).resize(picture.size)
    inside = whole.crop(edges).resize(colour.size)
    return np.asarray(colour), np.asarray(inside, dtype=bool)


def _fit(grey: Pixels, frame: tuple[int, int]) -> Pixels:
    """Fit the longest side into the frame, the aspect kept, and centre on black."""
    height, width = frame
    scale = min(height / grey.shape[0], width / grey.shape[1])
    across, down = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    reduced = Image.fromarray(grey).resize((across, down), Image.Resampling.BOX)
    pixels = np.zeros(frame, dtype=np.uint8)
    top, left = (height - down) // 2, (width - across) // 2
    pixels[top : top + down, left : left + across] = np.asarray(reduced)
    return pixels
