"""The one gate through which every picture goes: upload, camera, canvas and command line.

Untrusted bytes go in; an upright, opaque, 8-bit RGB picture of bounded size comes out, or one
sentence that says what is wrong and what to do. Here the bytes are only looked at; decoded they are
in a helper process (``core.imaging.helper``), so that a bomb costs one request and nothing else.
"""

from core.errors import ImageRejected
from core.files import harmless
from core.imaging import helper
from core.imaging.decoder import MAX_PIXELS, MAX_SIDE, Picture

__all__ = ["MAX_BYTES", "MAX_PIXELS", "MAX_SIDE", "Picture", "open_picture", "safe_name"]

MAX_BYTES = 10 * 1024 * 1024
ACCEPTED = "JPEG, PNG, WebP, GIF or BMP"
ADVICE = f"Send a {ACCEPTED} picture instead."

# A progressive JPEG passes over all its pixels once a scan, and an empty scan costs only some 30
# bytes: 10 MB of them would keep a core busy for hours. Cameras and tools write about ten scans;
# 64 scans of 50 megapixels were measured at 2.5 s.
MAX_JPEG_SCANS = 64


def open_picture(data: bytes, name: str = "picture") -> Picture:
    """Decode an untrusted file.

    Args:
        data: the whole file, at most ``MAX_BYTES`` bytes, a JPEG, PNG, WebP, GIF or BMP with
            at most ``MAX_PIXELS`` pixels. Of an animation only the first frame is used.
        name: what to call the file in a sentence; it may be as hostile as the data.

    Returns:
        The picture, composed onto white where it is transparent.

    Raises:
        ImageRejected: the file cannot be used; the message names it and says what to do.
    """
    name = safe_name(name)
    _check_bytes(data, name)
    return helper.decode(data, name)


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
