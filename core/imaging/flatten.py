"""From a decoded picture of any mode to a small RGB one, and how opaque it was."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

MAX_SIDE = 1600  # px; whatever comes after the gate needs no more
BLANK = 8  # levels; a picture whose colours all lie this close together shows nothing
OPAQUE = 128  # from this alpha on a pixel belongs to what is shown
LIGHT = 192  # level; what is lighter than this would vanish on white
DARK_GROUND = 64  # level; dark enough for white ink, and not so dark that a dark print vanishes
WHITE, DARK = "white", "dark grey, because the rest is light"
OUTLINE = 0.95  # share of its bounds that a cut-out fills at most
BAND = 2_000_000  # pixels that exist a second time, as RGBA, while a picture is reduced


@dataclass(frozen=True)
class Flat:
    """A picture without transparency.

    Attributes:
        rgb: mode RGB, longest side at most ``MAX_SIDE`` px; composed onto white, or onto dark grey
            where what is shown is light.
        alpha: of a cut-out, mode L and of the same size: how opaque each pixel was; else None.
        ground: what is behind the transparent parts, in words; "" if there are none.
    """

    rgb: Image.Image
    alpha: Image.Image | None = None
    ground: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing can be seen."""
        return is_blank(self.rgb)


def is_blank(rgb: Image.Image) -> bool:
    """Tell whether a picture is a single colour."""
    levels: tuple[tuple[int, int], ...] = rgb.getextrema()  # type: ignore[assignment]
    return max(high - low for low, high in levels) < BLANK


def flatten(image: Image.Image, bits: int) -> Flat:
    """Make a decoded picture opaque and reduce it to at most ``MAX_SIDE`` px.

    This goes band by band, so that a picture of 50 megapixels never exists a second time in
    memory as RGBA.

    Args:
        image: decoded, of any mode with whole numbers.
        bits: of a channel, in the file.
    """
    factor = max(1, max(image.size) // MAX_SIDE)
    key = _transparency(image, bits)
    size = -(-image.width // factor), -(-image.height // factor)
    rgb, alpha = Image.new("RGB", size), None
    band = factor * max(1, BAND // (image.width * factor))
    for top in range(0, image.height, band):
        part = image.crop((0, top, image.width, min(top + band, image.height)))
        colours, opacity = _on_white(part, key, bits)
        place = (0, top // factor)
        rgb.paste(colours.reduce(factor), place)
        if opacity is not None:
            alpha = alpha or Image.new("L", size, 255)
            alpha.paste(opacity.reduce(factor), place)
    for each in (rgb, alpha):
        if each is not None:
            each.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    if alpha is None:
        return Flat(rgb)
    return (
        _on_better_ground(rgb, alpha)
        if _is_cut_out(alpha) or is_blank(rgb)
        else Flat(rgb, ground=WHITE)
    )


def _is_cut_out(alpha: Image.Image) -> bool:
    """Tell whether what is opaque has a shape of its own.

    Round corners, a window's shadow or a transparent margin leave a rectangle, which is a picture
    with its own background.
    """
    opaque = alpha.point(lambda level: 255 * (level >= OPAQUE))
    box = opaque.getbbox()
    return box is not None and np.asarray(opaque.crop(box)).mean() < 255 * OUTLINE


def _transparency(image: Image.Image, bits: int) -> int | bytes | tuple[int, ...] | None:
    """Return the transparent palette entries or colour, in the units of the decoded pixels.

    A PNG notes its transparent colour with the bit depth of the file, and Pillow passes that on
    although it scales the pixels to 8 bits (but not for 1-bit and 16-bit grey).
    """
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple):
        return tuple(v >> 8 for v in key) if bits == 16 else key
    if image.mode == "L" and isinstance(key, int) and bits < 8:
        found: int | bytes | tuple[int, ...] | None = key * 255 // (2**bits - 1)
        return found
    return key


def _on_white(
    part: Image.Image, key: int | bytes | tuple[int, ...] | None, bits: int
) -> tuple[Image.Image, Image.Image | None]:
    """Turn a band of any mode into opaque RGB; also return its alpha, None if it is opaque."""
    if part.mode.startswith("I"):  # 16-bit grey: convert() would clip, not scale
        values, full = np.asarray(part).astype(np.uint32), 2**bits - 1
        grey = ((values.clip(0, full) * 255 + full // 2) // full).astype(np.uint8)
        if key is None or not (see_through := values == key).any():
            return Image.fromarray(grey).convert("RGB"), None
        grey[see_through] = 255
        opacity = np.where(see_through, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB"), Image.fromarray(opacity)
    if key is not None:
        part.info["transparency"] = key
    if not part.has_transparency_data:
        return part.convert("RGB"), None
    rgba = part.convert("RGBA")
    alpha = rgba.getchannel("A")
    white = Image.new("RGBA", rgba.size, "white")
    rgb = Image.alpha_composite(white, rgba).convert("RGB")
    lowest: tuple[int, int] = alpha.getextrema()  # type: ignore[assignment]
    return rgb, alpha if lowest[0] < 255 else None


def _on_better_ground(rgb: Image.Image, alpha: Image.Image) -> Flat:
    """Put what is light, such as white ink or a white garment, from white onto dark grey."""
    pixels, opacity = np.asarray(rgb), np.asarray(alpha)
    shown = opacity >= OPAQUE
    if not shown.any() or np.median(np.asarray(rgb.convert("L"))[shown]) < LIGHT:
        return Flat(rgb, alpha, WHITE)
    # The ground shows through by 255 - alpha of 255 parts; so much darker is it now.
    darker = (255 - opacity.astype(np.uint16)) * (255 - DARK_GROUND) // 255
    changed = (pixels - np.minimum(pixels, darker[..., None])).astype(np.uint8)
    return Flat(Image.fromarray(changed), alpha, DARK)
