"""The one gate through which every picture goes: upload, camera, canvas and command line.

Untrusted bytes go in; an upright, opaque, 8-bit RGB picture of bounded size comes out, or one
sentence that says what is wrong and what to do. All limits are checked before pixels are decoded.
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import ImageRejected
from core.files import harmless

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 1600  # px; whatever comes after the gate needs no more
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
ACCEPTED = "JPEG, PNG, WebP, GIF or BMP"
ADVICE = f"Send a {ACCEPTED} picture instead."

# A progressive JPEG passes over all its pixels once a scan, and an empty scan costs only some 30
# bytes: 10 MB of them would keep a core busy for hours. Cameras and tools write about ten scans;
# 64 scans of 50 megapixels were measured at 2.5 s.
MAX_JPEG_SCANS = 64

# What Pillow's decoders raise on damaged files. All but the last four were seen in 200,000 trials
# of truncating, cutting and flipping bits in files of the five formats (80,000 of them with the
# PNG checksums made good again); those four come with chunks and sizes that may have been missed.
DECODER_ERRORS = (
    OSError,  # truncated data, unknown stream contents, UnidentifiedImageError
    SyntaxError,  # broken PNG chunk, EXIF that is not TIFF
    ValueError,  # invalid palette size, short chunk, decompressed text too large
    IndexError,  # second frame of a GIF cut off
    TypeError,  # EXIF or PNG field of an unexpected type
    struct.error,  # block shorter than its header says
    EOFError,  # no further frame
    KeyError,  # unknown mode or marker
    OverflowError,  # size beyond what C integers hold
    zlib.error,  # damaged compressed chunk
)

# EXIF orientation (tag 0x0112, values 2 to 8) to the operation that turns the picture upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Picture:
    """A picture that passed the gate.

    Attributes:
        rgb: mode RGB, upright, opaque, without metadata, longest side at most ``MAX_SIDE`` px.
        notes: sentences about what was changed on the way, to be shown beside the picture.
    """

    rgb: Image.Image
    notes: tuple[str, ...] = ()


def open_picture(data: bytes, name: str = "picture") -> Picture:
    """Decode an untrusted file.

    Args:
        data: the whole file, at most ``MAX_BYTES`` bytes, in one of ``FORMATS``, with at most
            ``MAX_PIXELS`` pixels. Of an animation only the first frame is used.
        name: what to call the file in a sentence; it may be as hostile as the data.

    Returns:
        The picture, composed onto white where it is transparent.

    Raises:
        ImageRejected: the file cannot be used; the message names it and says what to do.
    """
    name = safe_name(name)
    _check_bytes(data, name)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_size(image, name)
        if image.format == "PNG":  # the decoder does not look at the checksums of pixel data
            Image.open(io.BytesIO(data), formats=FORMATS).verify()
        notes = _frame_notes(image)
        _draft(image)
        image.load()
        orientation = _orientation(image)  # not earlier: for a PNG this loads, and hides an error
        small, transparent, deep = _reduce_to_rgb(image, _png_bit_depth(data))
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ImageRejected(
            f"“{name}” has more pixels than can be read here (the limit is "
            f"{MAX_PIXELS // 1_000_000} megapixels). Make it smaller and try again."
        ) from error
    except DECODER_ERRORS as error:
        raise ImageRejected(
            f"“{name}” is damaged or incomplete and cannot be read. "
            "Open it in a picture program and save it again, or choose another picture."
        ) from error
    if deep:
        notes.append("16-bit grey was reduced to 8 bits.")
    if transparent:
        notes.append("Transparent parts were put on white.")
    if orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[orientation])
        notes.append("Turned upright, as the camera noted.")
    return Picture(small, tuple(notes))


def safe_name(name: str, limit: int = 60) -> str:
    """Return the last part of a file name, harmless in a sentence, at most ``limit`` characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return harmless(last, limit) or "picture"


def _check_bytes(data: bytes, name: str) -> None:
    """Reject what can be judged without a decoder: nothing, too much, a known other format."""
    if not data:
        raise ImageRejected(f"“{name}” is empty. Choose the file again, or another picture.")
    if len(data) > MAX_BYTES:
        raise ImageRejected(
            f"“{name}” has {len(data) / 1024**2:.1f} MB; at most {MAX_BYTES // 1024**2} MB can be "
            "read. Make the picture smaller, or save it as a JPEG."
        )
    if problem := _foreign_format(data):
        raise ImageRejected(f"“{name}” is {problem}")
    if not _is_accepted(data):
        raise ImageRejected(f"“{name}” is not a picture that can be read here. {ADVICE}")
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ImageRejected(
            f"“{name}” is stored in more than {MAX_JPEG_SCANS} passes, which takes too long to "
            "read. Save it again as an ordinary JPEG."
        )


def _is_accepted(data: bytes) -> bool:
    return data.startswith(
        (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")
    ) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")


def _foreign_format(data: bytes) -> str:
    """Name a format that people do send but that is not read here; "" if none is recognised.

    Sources of the signatures: ISO/IEC 14496-12 (``ftyp`` brands), TIFF 6.0, ISO 32000 (PDF).
    """
    if data[4:8] == b"ftyp":
        brands = data[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "an AVIF picture, which cannot be read here. Save or send it as a JPEG."
        if any(b in brands for b in (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1")):
            return (
                "a HEIC picture, which cannot be read here. Choose “Most compatible” in the "
                "camera settings of the phone, or send it as a JPEG."
            )
        return f"a video. Take a photo or a screenshot of it. {ADVICE}"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return f"a TIFF or camera raw picture, which cannot be read here. {ADVICE}"
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF"):
        return "a PDF document, not a picture. Take a screenshot of the page and send that."
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--")) and b"<svg" in start):
        return "an SVG drawing, which cannot be read here. Export it as a PNG and send that."
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture. Save the picture itself from the page and send that."
    return ""


def _check_size(image: Image.Image, name: str) -> None:
    """Judge the size that the header claims; no pixel has been decoded yet."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageRejected(
            f"“{name}” has {width} × {height} pixels, {width * height / 1e6:.1f} megapixels; at "
            f"most {MAX_PIXELS // 1_000_000} can be read. Make it smaller and try again."
        )
    if min(width, height) < 2:
        raise ImageRejected(
            f"“{name}” has only {width} × {height} pixels, too few to show anything. "
            "Choose a larger picture."
        )


def _frame_notes(image: Image.Image) -> list[str]:
    # The number of frames of a GIF is known only after walking through all of them, which a file
    # of many tiny frames makes slow; whether there is a second one is known at once. JPEGs are
    # left out: their further "frames" are previews and depth maps that nobody sees.
    if image.format == "GIF":
        animated = getattr(image, "is_animated", False)
        return ["The picture is animated: only its first frame is used."] if animated else []
    count = getattr(image, "n_frames", 1) if image.format in ("PNG", "WEBP") else 1
    return [f"Only the first of {count} frames is used."] if count > 1 else []


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) if there is none or the EXIF block is broken."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except DECODER_ERRORS:  # damaged metadata is no reason to refuse an intact picture
        return 1
    return value if isinstance(value, int) else 1


def _draft(image: Image.Image) -> None:
    """Let the JPEG decoder skip what reduction would throw away: 1/2, 1/4 or 1/8 of the side."""
    longest = max(image.size)
    if image.format in ("JPEG", "MPO") and longest > MAX_SIDE:
        wanted = (image.width * MAX_SIDE // longest, image.height * MAX_SIDE // longest)
        image.draft(None, (max(1, wanted[0]), max(1, wanted[1])))


def _png_bit_depth(data: bytes) -> int:
    return data[24] if data.startswith(b"\x89PNG") else 8


def _reduce_to_rgb(image: Image.Image, bit_depth: int) -> tuple[Image.Image, bool, bool]:
    """Compose a decoded picture onto white and reduce it to at most ``MAX_SIDE`` px.

    This goes band by band, so that a picture of 50 megapixels never exists a second time in
    memory as RGBA.

    Returns:
        The RGB picture; whether any of it was transparent; whether it had 16 bits.
    """
    factor = max(1, max(image.size) // MAX_SIDE)
    deep = image.mode.startswith("I")
    key = _transparency(image, bit_depth)
    rows, columns = -(-image.height // factor), -(-image.width // factor)
    result = Image.new("RGB", (columns, rows))
    band = factor * max(1, 2_000_000 // (image.width * factor))
    transparent = False
    for top in range(0, image.height, band):
        part = image.crop((0, top, image.width, min(top + band, image.height)))
        rgb, see_through = _to_rgb(part, key)
        transparent |= see_through
        result.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    result.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    return result, transparent, deep


def _transparency(image: Image.Image, bit_depth: int) -> int | bytes | tuple[int, ...] | None:
    """Return the transparent palette entries or colour, in the units of the decoded pixels.

    A PNG notes its transparent colour with the bit depth of the file, and Pillow passes that on
    although it scales the pixels to 8 bits (but not for 1-bit and 16-bit grey).
    """
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple):
        return tuple(v >> 8 for v in key) if bit_depth == 16 else key
    if image.mode == "L" and isinstance(key, int) and bit_depth < 8:
        return key * 255 // (2**bit_depth - 1)
    return key


def _to_rgb(
    part: Image.Image, key: int | bytes | tuple[int, ...] | None
) -> tuple[Image.Image, bool]:
    """Turn a band of any mode into opaque RGB; also say whether any of it was transparent."""
    if part.mode.startswith("I"):  # 16-bit grey: convert() would clip, not scale
        values = np.asarray(part).astype(np.uint32)
        grey = ((values * 255 + 32767) // 65535).astype(np.uint8)
        see_through = values == key
        grey[see_through] = 255
        return Image.fromarray(grey).convert("RGB"), bool(see_through.any())
    if key is not None:
        part.info["transparency"] = key
    if not part.has_transparency_data:
        return part.convert("RGB"), False
    rgba = part.convert("RGBA")
    see_through = bool((np.asarray(rgba.getchannel("A")) < 255).any())
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB"), see_through
