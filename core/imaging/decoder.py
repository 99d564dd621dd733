"""What the helper process runs: the decoders of Pillow, on bytes of a stranger.

Nothing else decodes what people bring, and nothing but ``core.imaging.helper`` starts this:
``python -m core.imaging.decoder``, with limits on memory and time. All that comes out is a small
picture or one sentence; whatever a file does to a decoder, it does to this process only.

In, on standard input, again and again: ``REQUEST`` (two lengths), the file's name, the file.
Out, on standard output: ``LENGTH`` and so many bytes of JSON, which are
``{"size": [width, height], "notes": [...]}``, with the pixels as RGB bytes after it, or
``{"rejected": "..."}``. ``"last": true`` in it announces that this process ends and wants a
successor. The first answer is ``{"ready": true}``, unasked.
"""

import io
import json
import math
import os
import struct
import sys
import time
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from core.errors import ImageRejected
from core.processes.program import limit

MAX_PIXELS = 50_000_000
# Pillow holds a WebP four times, at 4 bytes a pixel. That and the file, some three times, fit into
# ``MEMORY`` with 60 MB to spare: what Python and its libraries take differs between machines.
MAX_WEBP_PIXELS = 20_000_000
MAX_SIDE = 1600  # px; whatever comes after the gate needs no more

MEMORY = 512 * 1024**2  # bytes of address space, of which Python and its libraries take 110 MB
SECONDS = 3.0  # for one picture
PICTURES = 1000  # for one process; then another one, with fresh memory, goes on
REQUEST = struct.Struct(">II")  # bytes of the name and of the file
LENGTH = struct.Struct(">I")  # bytes of the JSON that follows

# The plugins are named here so that they are loaded before the first picture comes.
PLUGINS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, GifImagePlugin, BmpImagePlugin)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

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


def decode(data: bytes, name: str) -> Picture:
    """Decode a file in this process.

    Args:
        data: the whole file, in one of ``FORMATS``, with at most ``MAX_PIXELS`` pixels. Of an
            animation only the first frame is used.
        name: what to call the file in a sentence; harmless.

    Returns:
        The picture, composed onto white where it is transparent.

    Raises:
        ImageRejected: the file cannot be used; the message names it and says what to do.
    """
    large = False
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        large = image.width * image.height > 20_000_000
        _check_size(image, name)
        if image.format == "PNG":  # the decoder does not look at the checksums of pixel data
            Image.open(io.BytesIO(data), formats=FORMATS).verify()
        notes = _frame_notes(image)
        _draft(image)
        image.load()
        orientation = _orientation(image)  # not earlier: for a PNG this loads, and hides an error
        small, transparent, deep = _reduce_to_rgb(image, _png_bit_depth(data))
    except Image.DecompressionBombError as error:
        raise ImageRejected(
            f"“{name}” has more pixels than can be read here (the limit is "
            f"{MAX_PIXELS // 1_000_000} megapixels). Make it smaller and try again."
        ) from error
    except MemoryError as error:
        raise ImageRejected(too_large(name)) from error
    except DECODER_ERRORS as error:
        if large:  # out of memory, a decoder says no more than that something is wrong
            raise ImageRejected(
                f"“{name}” is damaged, or needs more memory to read than a picture may take here. "
                "Make it smaller in a picture program, and save it as an ordinary JPEG."
            ) from error
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


def too_large(name: str) -> str:
    """Return the sentence for a picture that needs more than ``MEMORY``."""
    return (
        f"“{name}” needs more memory to read than a picture may take here "
        f"({MEMORY // 1024**2} MB). Make it smaller, or save it as an ordinary JPEG."
    )


def _check_size(image: Image.Image, name: str) -> None:
    """Judge the size that the header claims; no pixel has been decoded yet."""
    width, height = image.size
    most, kind = (MAX_WEBP_PIXELS, " of a WebP") if image.format == "WEBP" else (MAX_PIXELS, "")
    if width * height > most:
        raise ImageRejected(
            f"“{name}” has {width} × {height} pixels, {width * height / 1e6:.1f} megapixels; at "
            f"most {most // 1_000_000}{kind} can be read. Make it smaller"
            f"{', or save it as a JPEG,' if kind else ''} and try again."
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
        found: int | bytes | tuple[int, ...] | None = key * 255 // (2**bit_depth - 1)
        return found
    return key


def _to_rgb(
    part: Image.Image, key: int | bytes | tuple[int, ...] | None
) -> tuple[Image.Image, bool]:
    """Turn a band of any mode into opaque RGB; also say whether any of it was transparent."""
    if part.mode.startswith("I"):  # 16-bit grey: convert() would clip, not scale
        values = np.asarray(part).astype(np.uint32)
        grey = ((values * 255 + 32895) >> 16).astype(np.uint8)  # values / 257, rounded
        if key is None:
            return Image.fromarray(grey).convert("RGB"), False
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


def main() -> int:
    """Decode what comes, until nothing comes any more."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    # Colour profiles and Photoshop's notes do reach megabytes; Pillow's own limit is one.
    PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024**2
    limit(memory=MEMORY, file=0)
    _send(replies, {"ready": True})
    for served in range(1, PICTURES + 1):
        head = requests.read(REQUEST.size)
        if len(head) < REQUEST.size:  # the server is gone
            return 0
        limit(seconds=math.ceil(time.process_time() + SECONDS) + 1)
        name, data = (requests.read(length) for length in REQUEST.unpack(head))
        last = {"last": True} if served == PICTURES else {}
        try:
            picture = decode(data, name.decode())
        except ImageRejected as error:
            last = {"last": True} if isinstance(error.__cause__, MemoryError) else last
            _send(replies, {"rejected": str(error), **last})
        else:
            answer = {"size": picture.rgb.size, "notes": picture.notes, **last}
            _send(replies, answer, picture.rgb.tobytes())
        if last:
            break
    return 0


def _send(replies: BinaryIO, answer: dict[str, Any], pixels: bytes = b"") -> None:
    text = json.dumps(answer).encode()
    replies.write(LENGTH.pack(len(text)) + text)
    replies.write(pixels)
    replies.flush()


if __name__ == "__main__":
    sys.exit(main())
