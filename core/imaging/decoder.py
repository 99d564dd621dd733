"""What the helper process runs: the decoders of Pillow, on bytes of a stranger.

Nothing else decodes what people bring, and nothing but ``core.imaging.helper`` starts this:
``python -m core.imaging.decoder``, with limits on memory and time. All that comes out is a small
picture or one sentence; whatever a file does to a decoder, it does to this process only.

In, on standard input, again and again: ``REQUEST`` (two lengths), the file's name, the file.
Out, on standard output: ``LENGTH`` and so many bytes of JSON. They are
``{"size": [width, height], "notes": [...], "alpha": true or false}``, with the pixels as RGB bytes
after it, and then how opaque each is if ``alpha`` says so; or ``{"rejected": "..."}``.
``"last": true`` in it announces that this process ends and wants a successor. The first answer is
``{"ready": true}``, unasked.
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

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from core.errors import ImageRejected
from core.imaging.flatten import MAX_SIDE, Flat, flatten
from core.imaging.formats import RAW, recognise
from core.processes.program import limit

MEMORY = 512 * 1024**2  # bytes of address space, of which Python and its libraries take 110 MB
SECONDS = 3  # of processor time for one picture
PICTURES = 1000  # for one process; then another one, with fresh memory, goes on
REQUEST = struct.Struct(">II")  # bytes of the name and of the file
LENGTH = struct.Struct(">I")  # bytes of the JSON that follows

MAX_PIXELS = 50_000_000
# What a picture takes beside its pixels, by format: Pillow holds a WebP four times, at 4 bytes a
# pixel, and a HEIC or an AVIF as it was stored, as bytes and as an image. That and the file, some
# three times, fit into ``MEMORY``; what Python and its libraries take differs between machines.
MOST_PIXELS = {"WebP": 18_000_000, "HEIC": 28_000_000, "AVIF": 28_000_000}
LARGE = 15_000_000  # pixels from which on a decoder that fails may have run out of memory

# The plugins are named here so that they are loaded before the first picture comes; all but that
# of HEIC, whose library is large, and which comes when the first one does.
PLUGINS = (
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
    GifImagePlugin,
    BmpImagePlugin,
    TiffImagePlugin,
    AvifImagePlugin,
)
PILLOW_NAMES = {"WebP": "WEBP", "HEIC": "HEIF"}  # where they are not those of ``formats``
WITH_FRAMES = ("GIF", "PNG", "WebP", "AVIF", "HEIC", "TIFF")
FRAMES = 50  # of an animation that are looked at until one shows something
FRAMES_SECONDS = 1.0  # of processor time for that

# What Pillow's decoders raise on damaged files. All but the last five were seen in hundreds of
# thousands of trials of truncating, cutting and flipping bits in files of these formats (also with
# the PNG checksums made good again); those come with chunks and sizes that may have been missed.
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
    RuntimeError,  # what the libraries for AVIF and HEIC say of themselves
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

# One, two and three quarters of a turn to the right; Pillow counts to the left.
QUARTERS = (Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)

# Tags of TIFF, by which a camera's raw picture is known: what the first of its pictures is, and
# where the others are; and DNG's version.
NEW_SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706
BITS_PER_SAMPLE = 258


@dataclass(frozen=True)
class Picture:
    """A picture that passed the gate.

    Attributes:
        rgb: mode RGB, upright, opaque, without metadata, longest side at most ``MAX_SIDE`` px.
        notes: sentences about what was changed on the way, to be shown beside the picture.
        alpha: of a cut-out, mode L and of the same size: how opaque each pixel was. Its outline is
            here, whatever colour it has. None for any other picture.
    """

    rgb: Image.Image
    notes: tuple[str, ...] = ()
    alpha: Image.Image | None = None

    def turned(self, quarters: int) -> "Picture":
        """Return it turned to the right, by so many quarters of a full turn."""
        way = (None, *QUARTERS)[quarters % 4]
        if way is None:
            return self
        return Picture(
            self.rgb.transpose(way), self.notes, self.alpha and self.alpha.transpose(way)
        )


def decode(data: bytes, name: str) -> Picture:
    """Decode a file in this process.

    Args:
        data: the whole file, of a format of ``formats.ACCEPTED``, with at most ``MAX_PIXELS``
            pixels. Of an animation the first frame that shows something is used.
        name: what to call the file in a sentence; harmless.

    Returns:
        The picture; where it is transparent, composed onto an even ground.

    Raises:
        ImageRejected: the file cannot be used; the message names it and says what to do.
    """
    form = recognise(data).format
    large = False
    try:
        image = _open(data, form, name)
        large = image.width * image.height > LARGE
        _check_size(image, form, name)
        if form == "PNG":  # the decoder does not look at the checksums of pixel data
            _open(data, form, name).verify()
        bits = _bits(image, data)
        # Pillow turns a TIFF itself; a PNG would load by this, and hide an error.
        turned = form == "TIFF" and _orientation(image) in UPRIGHT
        _draft(image)
        image.load()
        orientation = _orientation(image)
        deep = image.mode.startswith("I")
        flat, notes = _frame(image, form, bits)
    except Image.DecompressionBombError as error:
        most = MOST_PIXELS.get(form, MAX_PIXELS) // 1_000_000
        raise ImageRejected(
            f"“{name}” has more pixels than can be read here (the limit is {most} megapixels). "
            "Make it smaller and try again."
        ) from error
    except MemoryError as error:
        raise ImageRejected(too_large(name)) from error
    except DECODER_ERRORS as error:
        raise ImageRejected(_damaged(name, form, large=large)) from error
    if deep:
        notes.append(f"{bits}-bit grey was reduced to 8 bits.")
    if flat.ground:
        notes.append(f"Transparent parts were put on {flat.ground}.")
    rgb, alpha = flat.rgb, flat.alpha
    if orientation in UPRIGHT:
        rgb = rgb.transpose(UPRIGHT[orientation])
        alpha = alpha and alpha.transpose(UPRIGHT[orientation])
    if turned or orientation in UPRIGHT:
        notes.append("Turned upright, as the camera noted.")
    return Picture(rgb, tuple(notes), alpha)


def _open(data: bytes, form: str, name: str) -> Image.Image:
    """Read the head of a file.

    Raises:
        ImageRejected: of a kind that is not read, which shows only here.
    """
    if form == "HEIC":
        _learn_heic(name)
    image = Image.open(io.BytesIO(data), formats=[PILLOW_NAMES.get(form, form)])
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tags = image.tag_v2
        preview = tags.get(NEW_SUBFILE_TYPE) == 1 and SUB_IFDS in tags
        if preview or DNG_VERSION in tags:
            raise ImageRejected(f"“{name}” {RAW}")
        if image.mode in ("I", "F"):
            raise ImageRejected(
                f"“{name}” stores fractions or numbers of 32 bits, which are no colours. Save it "
                "with 8 or 16 bits, or as a PNG."
            )
    return image


def _learn_heic(name: str) -> None:
    """Have Pillow know HEIC, which its own plugins do not.

    Raises:
        ImageRejected: the library is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageRejected(
            f"“{name}” is a HEIC picture, which this server cannot read. Choose “Most compatible” "
            "in the camera settings of the phone, or send it as a JPEG."
        ) from error
    # Depth maps and the like are nothing that people see; a thread more would take memory only.
    pillow_heif.register_heif_opener(decode_threads=1, depth_images=False, aux_images=False)


def _damaged(name: str, form: str, *, large: bool) -> str:
    if large:  # out of memory, a decoder says no more than that something is wrong
        return (
            f"“{name}” is damaged, or needs more memory to read than a picture may take here. "
            "Make it smaller in a picture program, and save it as an ordinary JPEG."
        )
    if form == "HEIC":
        return (
            f"“{name}” is a HEIC picture that is damaged or incomplete, or of a kind that cannot "
            "be read here. Choose “Most compatible” in the camera settings of the phone, or send "
            "it as a JPEG."
        )
    if form in ("AVIF", "TIFF"):  # each has kinds that only few programs know
        return (
            f"“{name}” is {'an' if form == 'AVIF' else 'a'} {form} picture that is damaged or "
            "incomplete, or of a kind that cannot be read here. Save it as a JPEG or PNG and send "
            "that."
        )
    return (
        f"“{name}” is damaged or incomplete and cannot be read. "
        "Open it in a picture program and save it again, or choose another picture."
    )


def too_large(name: str) -> str:
    """Return the sentence for a picture that needs more than ``MEMORY``."""
    return (
        f"“{name}” needs more memory to read than a picture may take here "
        f"({MEMORY // 1024**2} MB). Make it smaller, or save it as an ordinary JPEG."
    )


def _check_size(image: Image.Image, form: str, name: str) -> None:
    """Judge the size that the header claims; no pixel has been decoded yet."""
    width, height = image.size
    most = MOST_PIXELS.get(form, MAX_PIXELS)
    if width * height > most:
        kind = f" of a {form}".replace("a AVIF", "an AVIF") if form in MOST_PIXELS else ""
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


def _frame(image: Image.Image, form: str, bits: int) -> tuple[Flat, list[str]]:
    """Return the first frame that shows something, else the first one; and what to say of that.

    How many frames there are is not asked: of a GIF or a TIFF that is known only after walking
    through all. JPEGs are left out: their further "frames" are previews and depth maps.
    """
    first = flat = flatten(image, bits)
    if form not in WITH_FRAMES or not getattr(image, "is_animated", False):
        return flat, []
    begin, end = image.tell(), time.process_time() + FRAMES_SECONDS
    for number in range(begin + 1, begin + FRAMES):
        if not flat.blank or time.process_time() > end:
            break
        try:
            image.seek(number)
            image.load()
            flat = flatten(image, bits)
        except DECODER_ERRORS:  # there is no further one, or the rest is damaged
            break
    which = "first"
    if flat.blank:
        flat = first
    elif flat is not first:
        which = "first that shows something"
    if form == "TIFF":
        return flat, [f"The file has several pages: only the {which} is used."]
    if form == "HEIC":
        which = "main one" if flat is first else which
        return flat, [f"The file has several pictures: only the {which} is used."]
    which = which.replace("first", "first frame")
    return flat, [f"The picture is animated: only its {which} is used."]


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


def _bits(image: Image.Image, data: bytes) -> int:
    """Return how many bits a channel has in the file, as far as that matters later."""
    if image.format == "PNG":
        return data[24]
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image.mode.startswith("I"):
        return int(image.tag_v2[BITS_PER_SAMPLE][0])
    return 16 if image.mode.startswith("I") else 8


def main() -> int:
    """Decode what comes, until nothing comes any more."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    # Colour profiles and Photoshop's notes do reach megabytes; Pillow's own limit is one.
    PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024**2
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each has a stack of its own
    limit(memory=MEMORY, file=0)
    _send(replies, {"ready": True})
    for served in range(1, PICTURES + 1):
        head = requests.read(REQUEST.size)
        if len(head) < REQUEST.size:  # the server is gone
            return 0
        limit(seconds=math.ceil(time.process_time()) + SECONDS)
        name, data = (requests.read(length) for length in REQUEST.unpack(head))
        last = {"last": True} if served == PICTURES else {}
        try:
            picture = decode(data, name.decode())
        except ImageRejected as error:
            last = {"last": True} if isinstance(error.__cause__, MemoryError) else last
            _send(replies, {"rejected": str(error), **last})
        else:
            alpha = b"" if picture.alpha is None else picture.alpha.tobytes()
            answer = {"size": picture.rgb.size, "notes": picture.notes, "alpha": bool(alpha)}
            _send(replies, {**answer, **last}, picture.rgb.tobytes() + alpha)
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
