"""Kinds of files by their first bytes: those that are read as pictures, and those people also send.

Known by bytes alone, without a decoder: the server asks this before a helper process decodes.

Sources of the signatures: ISO/IEC 14496-12 (``ftyp`` brands), TIFF 6.0, ISO 32000 (PDF), ISO/IEC
18181-2 (JPEG XL), ISO/IEC 15444-1 (JPEG 2000), Adobe's and Microsoft's descriptions of PSD and ICO,
and file(1)'s for the cameras' own.
"""

import re
from dataclasses import dataclass

ACCEPTED = "JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP"
# Ends of names that a browser may not know for pictures': what is read, and what gets a sentence.
SUFFIXES = (".heic", ".heif", ".hif", ".avif", ".tif", ".jfif", ".jxl", ".jp2", ".psd", ".dng")
ADVICE = "Send a JPEG or PNG instead."
LEADING = 1024  # bytes that may stand before a JPEG or a PNG: line breaks, the head of a transfer
_TEXT = 65_536  # bytes looked at for text; programs write long comments before a drawing begins

# A progressive JPEG passes over all its pixels once a scan, and an empty scan costs only some 30
# bytes: a small file of them would keep a core busy for hours. Cameras and tools write about ten
# scans; 64 scans of 50 megapixels were measured at 2.5 s.
MAX_JPEG_SCANS = 64

_STARTS = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}
_LATER = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n")
_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)

RAW = (
    "is a camera’s raw picture, which cannot be read here. Save it as a JPEG in the program that "
    "shows it, and send that."
)
_SAVE = "cannot be read here. Save it as a JPEG or PNG and send that."
_EXPORT = "cannot be read here. Export it as a PNG from the program that made it, and send that."
_VIDEO = f"is a video. Take a photo, or a screenshot of it. {ADVICE}"
# What else people send, and what to do about it; the first that fits counts.
_OTHERS: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"\xff\n", b"\0\0\0\x0cJXL \r\n\x87\n"), f"is a JPEG XL picture, which {_SAVE}"),
    (
        (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        f"is a JPEG 2000 picture, which {_SAVE}",
    ),
    ((b"8BPS",), f"is a Photoshop document (PSD), which {_EXPORT}"),
    ((b"gimp xcf",), f"is a GIMP document (XCF), which {_EXPORT}"),
    ((b"\0\0\1\0",), f"is an icon (ICO), which {_SAVE}"),
    ((b"%!PS", b"\xc5\xd0\xd3\xc6"), f"is a PostScript drawing, which {_EXPORT}"),
    ((b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb"), RAW),
    ((b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV"), _VIDEO),
    (
        (b"PK\3\4", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ"),
        "is a packed file, not a picture. Unpack it and send the picture itself.",
    ),
    (
        (b"\xd0\xcf\x11\xe0", b"{\\rtf"),
        "is a document, not a picture. Take a screenshot of it and send that.",
    ),
)


@dataclass(frozen=True)
class Recognised:
    """What the bytes of a file say about it.

    Attributes:
        format: one of ``ACCEPTED``, as people call it; "" if the file is none of them.
        begin: where in the file it begins.
        problem: what it is instead, and what to do: the rest of a sentence that begins with its
            name.
    """

    format: str = ""
    begin: int = 0
    problem: str = ""


def recognise(data: bytes) -> Recognised:
    """Tell what a file is, whatever its name says."""
    for name, starts in _STARTS.items():
        if data.startswith(starts):
            canon = name == "TIFF" and data[8:10] == b"CR"
            return Recognised(problem=RAW) if canon else Recognised(name)
    if data.startswith(b"RIFF"):
        return Recognised("WebP") if data[8:12] == b"WEBP" else Recognised(problem=_VIDEO)
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    if data[4:8] in (b"moov", b"mdat", b"wide"):
        return Recognised(problem=_VIDEO)
    for starts, problem in _OTHERS:
        if data.startswith(starts):
            return Recognised(problem=problem)
    if problem := _text(data):
        return Recognised(problem=problem)
    if found := _LATER.search(data, 0, LEADING):
        later = recognise(data[found.start() :])
        return Recognised(later.format, found.start())
    return Recognised(problem=f"is not a picture that can be read here. {ADVICE}")


def too_many_scans(data: bytes) -> bool:
    """Tell whether a JPEG passes over its pixels more than ``MAX_JPEG_SCANS`` times.

    Only what a decoder reads is looked at: a phone's JPEG may end in a short video.
    """
    at, scans = 2, 0
    for _ in range(_MOST_MARKERS):
        found = _MARKER.search(data, at)
        if found is None or found.group() in (_BEGIN, _END):
            return False
        scans += found.group() == _SCAN
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        if length < 2 or scans > MAX_JPEG_SCANS:  # a length counts itself
            return scans > MAX_JPEG_SCANS
        at = found.end() + length
    return True


# After a zero, 0xff is a pixel's; the other bytes left out are of markers that have no length.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
_MOST_MARKERS = 10_000
_BEGIN, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xda"


def _by_brand(data: bytes) -> Recognised:
    """Tell the kinds of one container apart: the major brand, then those it says it is like."""
    size = int.from_bytes(data[:4], "big")
    box = data[8 : min(max(size, 16), 256)]
    brands = [box[at : at + 4] for at in range(0, len(box), 4) if at != 4]  # a version in between
    if brands[:1] == [b"crx "]:
        return Recognised(problem=RAW)
    if any(brand in _AVIF for brand in brands):
        return Recognised("AVIF")
    if any(brand in _HEIC for brand in brands):
        return Recognised("HEIC")
    return Recognised(problem=_VIDEO)


def _text(data: bytes) -> str:
    """Name the formats that are text; "" if none is recognised."""
    start = data[:_TEXT].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf"):
        return "is a PDF document, not a picture. Take a screenshot of the page and send that."
    if start.startswith(b"<svg") or (
        start.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start
    ):
        return "is an SVG drawing, which cannot be read here. Export it as a PNG and send that."
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a picture. Save the picture itself from the page and send that."
    return ""
