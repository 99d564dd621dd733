"""The one gate through which every picture goes: upload, camera, canvas and command line.

Untrusted bytes go in; an upright, opaque, 8-bit RGB picture of bounded size comes out, or one
sentence that says what is wrong and what to do. Here the bytes are only looked at; decoded they are
in a helper process (``core.imaging.helper``), so that a bomb costs one request and nothing else.
"""

from core.errors import ImageRejected
from core.files import harmless
from core.imaging import helper
from core.imaging.decoder import MAX_PIXELS, Picture
from core.imaging.flatten import MAX_SIDE
from core.imaging.formats import ACCEPTED, MAX_JPEG_SCANS, SUFFIXES, recognise, too_many_scans

__all__ = [
    "ACCEPTED",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "SUFFIXES",
    "Picture",
    "open_picture",
    "safe_name",
]

MAX_BYTES = 25 * 1024**2


def open_picture(data: bytes, name: str = "picture") -> Picture:
    """Decode an untrusted file.

    Args:
        data: the whole file, at most ``MAX_BYTES`` bytes, in one of the formats ``ACCEPTED``, with
            at most ``MAX_PIXELS`` pixels. Of an animation one frame is used.
        name: what to call the file in a sentence; it may be as hostile as the data.

    Returns:
        The picture; where it is transparent, composed onto an even ground.

    Raises:
        ImageRejected: the file cannot be used; the message names it and says what to do.
    """
    name = safe_name(name)
    return helper.decode(_checked(data, name), name)


def safe_name(name: str, limit: int = 60) -> str:
    """Return the last part of a file name, harmless in a sentence, at most ``limit`` characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return harmless(last, limit) or "picture"


def _checked(data: bytes, name: str) -> bytes:
    """Return the picture in a file, as far as that can be judged without a decoder.

    Raises:
        ImageRejected: it is nothing, too much, or something else.
    """
    if not data:
        raise ImageRejected(f"“{name}” is empty. Choose the file again, or another picture.")
    if len(data) > MAX_BYTES:
        raise ImageRejected(
            f"“{name}” has {len(data) / 1024**2:.1f} MB; at most {MAX_BYTES // 1024**2} MB can be "
            "read. Make the picture smaller, or save it as a JPEG."
        )
    found = recognise(data)
    if found.problem:
        raise ImageRejected(f"“{name}” {found.problem}")
    data = data[found.begin :]
    if found.format == "JPEG" and too_many_scans(data):
        raise ImageRejected(
            f"“{name}” is stored in more than {MAX_JPEG_SCANS} passes, which takes too long to "
            "read. Save it again as an ordinary JPEG."
        )
    return data
