"""The pictures of an archive: their parts and classes, and the images that they become.

A picture that cannot be read is left out with its reason, up to a share of all.
"""

import contextlib
import io
import re
import struct
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.datasets.sources import layout
from core.datasets.sources.archive import (
    EMPTY,
    MOST_PICTURE_BYTES,
    MOST_PROBLEMS,
    SIGNATURE,
    Archive,
    Member,
    shown,
)
from core.datasets.sources.class_folders import labels_of
from core.datasets.sources.names import natural
from core.datasets.sources.parts import EDGES, MOST_CLASSES, NAMES, Part
from core.datasets.sources.stream import DAMAGE
from core.errors import SourceRejected

GREY, COLOUR = (28, 28, 1), (32, 32, 3)  # what pictures become that are not small already
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
NAMED = "PNG, JPEG, GIF, BMP, WebP, TIFF or PPM"
MOST_PIXELS = 16_000_000
MOST_BROKEN = 0.2  # of the pictures may be left out because they cannot be read
MOST_STRAY = 0.5  # of the pictures may be left out because of where they lie
SAMPLE = 200  # pictures that decide size and colours
_BATCH = 256  # images written at a time
_DIGITS = re.compile("[0-9]{1,18}")
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_HEADER, _PNG_CHUNK = struct.Struct(">IIBBBBB"), struct.Struct(">I4s")
_PNG_MODES = {0: "L", 2: "RGB"}  # by the colour type

# What Pillow raises on damaged pictures; core/imaging/gate.py says where each comes from.
PICTURE_DAMAGE = (*DAMAGE, SyntaxError, IndexError, TypeError, KeyError, OverflowError)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the archive and where it belongs."""

    member: Member
    part: str
    label: int


@dataclass(frozen=True)
class Pictures:
    """The pictures of an archive, sorted.

    Attributes:
        pictures: in the order of their numbers, if these are their names and no two in a part
            have the same; else in the order of their names, class by class.
        classes: names, in label order.
        notes: sentences on how they were sorted.
        numbered: whether numbers gave the order.
    """

    pictures: tuple[Picture, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    numbered: bool


def sort(
    archive: Archive,
    leave_out: Callable[[str, str], None],
    listed: Sequence[str] = (),
    list_name: str = "",
) -> Pictures:
    """Give each picture its part and class.

    Args:
        archive: with pictures in it.
        leave_out: is told the names of the other files, and why they are not read.
        listed: names of classes in label order, from a list beside the folders; it counts if all
            folders are of its classes.
        list_name: of the file with them.

    Raises:
        SourceRejected: no two classes can be made out, or most pictures belong nowhere.
    """
    members = sorted(
        (each for each in archive.members if each.is_picture), key=lambda each: natural(each.name)
    )
    tables = [
        layout.Table(each.name, lambda each=each: archive.read(each, layout.MOST_TABLE_BYTES))  # type: ignore[misc]
        for each in archive.members
        if each.name.lower().endswith((".csv", ".tsv")) and each.size <= layout.MOST_TABLE_BYTES
    ]
    others = [each for each in archive.members if not each.is_picture]
    folders = {*archive.folders, *(each.name.rpartition("/")[0] for each in others)}
    found = layout.sort([each.name for each in members], tables, sorted(folders))
    names = sorted({label for _, label in found.places.values()}, key=natural)
    if not 2 <= len(names) <= MOST_CLASSES:
        # Where no rule fits, the folders are what people meant.
        count = len(names) or len({each.name.rpartition("/")[0] for each in members})
        raise SourceRejected(
            f"“{archive.name}” has {count} folders with pictures, and each counts as a class. "
            f"There must be 2 to {MOST_CLASSES}. Put the pictures into one folder for each class, "
            "optionally inside folders train and test; or put a table labels.csv beside them, "
            "with the name of each picture and its class."
        )
    if len(found.left) > MOST_STRAY * len(members):
        raise SourceRejected(
            f"“{archive.name}” must have one folder of pictures for each class, optionally inside "
            f"folders train and test; {len(found.left):,} of {len(members):,} pictures fit "
            "nowhere. Correct this:",
            [
                f"“{members[index].shown}”: {reason}."
                for index, reason in found.left[:MOST_PROBLEMS]
            ],
        )
    for index, reason in found.left:
        leave_out(members[index].name, reason)
    label = labels_of(names, listed) if len(listed) <= MOST_CLASSES else None
    notes = [*found.notes]
    if label is None:
        label, listed, list_name = {each: index for index, each in enumerate(names)}, names, ""
    else:
        notes.append(f"The classes are in the order of “{shown(list_name)}”.")
    for each in others:
        if each.name not in found.tables and each.name != list_name:
            leave_out(each.name, "it is not a picture")
    for empty in found.empty:
        leave_out(empty, "the folder has no pictures, so it is no class")
    pictures = [
        Picture(members[index], part, label[name])
        for index, (part, name) in sorted(found.places.items())
    ]
    numbered = _numbered(pictures)
    if numbered:
        pictures.sort(key=_number)
        notes.append("The names of the pictures are numbers, and the images are in their order.")
    return Pictures(tuple(pictures), tuple(listed), tuple(notes), numbered)


def _numbered(pictures: Sequence[Picture]) -> bool:
    """Tell whether the names of all pictures are numbers, and no two in a part have the same."""
    numbers = {(picture.part, _number(picture)) for picture in pictures}
    return len(numbers) == len(pictures) and all(number >= 0 for _, number in numbers)


def _number(picture: Picture) -> int:
    """Return the number that a picture is called, without folder and ending; -1 if it is none."""
    stem = picture.member.name.rpartition("/")[2].rpartition(".")[0]
    return int(stem) if _DIGITS.fullmatch(stem) else -1


def read(
    archive: Archive,
    sorted_: Pictures,
    folder: Path,
    shape: tuple[int, int, int] | None,
    room: Callable[[int], None],
    tick: Callable[[float], None],
    leave_out: Callable[[str, str], None],
) -> tuple[list[Part], list[str]]:
    """Read all pictures and write them, one part after the other.

    Args:
        archive, sorted_: what ``sort`` was given and returned.
        folder, room: where to write, see ``Part``.
        shape: of the images; None for the size that most pictures have if it is small and square,
            and else 28 × 28 in grey or 32 × 32 in colour, as most pictures are.
        tick: gets the share of the pictures read.
        leave_out: is told the names of those that cannot be read, and why.

    Raises:
        SourceRejected: too many cannot be read; the first ones are named.
    """
    pictures = sorted_.pictures
    chosen_shape = shape or own_shape(archive, pictures)
    problems: list[tuple[Picture, str]] = []
    parts: list[Part] = []
    resized = grey = done = 0
    most = max(MOST_PROBLEMS - 1, int(MOST_BROKEN * len(pictures)))
    for part in sorted({picture.part for picture in pictures}, key=NAMES.index):
        these = [each for each in pictures if each.part == part]
        with Part(folder, part, chosen_shape, room) as written:
            for first in range(0, len(these), _BATCH):
                good: list[tuple[Picture, np.ndarray]] = []
                for picture in these[first : first + _BATCH]:
                    try:
                        content = _content(archive, picture)
                        pixels, changed, was_grey = image_of(content, chosen_shape)
                    except SourceRejected as error:
                        problems.append((picture, str(error)))
                        if len(problems) > most:
                            raise _too_many_broken(archive, pictures, problems) from error
                    else:
                        resized, grey = resized + changed, grey + was_grey
                        good.append((picture, pixels))
                _append(written, good)
                done += len(these[first : first + _BATCH])
                tick(done / len(pictures))
            parts.append(written)
    if len(problems) > MOST_BROKEN * len(pictures):
        raise _too_many_broken(archive, pictures, problems)
    for picture, reason in problems:
        leave_out(picture.member.name, f"it {reason}")
    return parts, _notes(chosen_shape, len(pictures) - len(problems), resized, grey, shape is None)


def _append(part: Part, good: list[tuple[Picture, np.ndarray]]) -> None:
    if good:
        part.append(
            np.stack([pixels for _, pixels in good]),
            np.array([picture.label for picture, _ in good]),
            lambda i: f"the entry “{good[i][0].member.shown}”",
        )


def _notes(
    shape: tuple[int, int, int], total: int, resized: int, grey: int, by_majority: bool
) -> list[str]:
    notes = []
    if resized:
        notes.append(
            f"Pictures of another size than {shape[0]} × {shape[1]} ({resized:,} of {total:,}) "
            "were cut to their central square and resized."
        )
    if 0 < grey < total:
        became = "grey" if shape[2] == 1 else "colour"
        odd = total - grey if shape[2] == 1 else grey
        other = "in colour" if shape[2] == 1 else "grey"
        notes.append(
            f"{odd:,} of {total:,} pictures are {other}. All images became {became}"
            + (", as most pictures are." if by_majority else ".")
        )
    return notes


def _too_many_broken(
    archive: Archive, pictures: tuple[Picture, ...], problems: list[tuple[Picture, str]]
) -> SourceRejected:
    return SourceRejected(
        f"“{archive.name}” cannot be used: {len(problems):,} or more of {len(pictures):,} pictures "
        f"cannot be read, and at most {MOST_BROKEN:.0%} may be left out. Correct or remove these:",
        [
            f"The entry “{picture.member.shown}” {reason}."
            for picture, reason in problems[:MOST_PROBLEMS]
        ],
    )


def own_shape(archive: Archive, pictures: tuple[Picture, ...]) -> tuple[int, int, int]:
    """Return the shape that all images get: what most of a sample are, read without decoding."""
    step = max(1, len(pictures) // SAMPLE)
    images = []
    for picture in pictures[::step]:
        with contextlib.suppress(SourceRejected):  # left out when it is read
            images.append(opened(_content(archive, picture)))
    return shape_of(images)


def shape_of(images: Sequence[Image.Image]) -> tuple[int, int, int]:
    """Return the shape for images most of which are like these."""
    sizes = Counter(image.size for image in images)
    is_grey = 2 * sum(map(_is_grey, images)) > len(images)
    if sizes:
        (width, height), count = sizes.most_common(1)[0]
        low, high = EDGES
        if width == height and low <= width <= high and 2 * count >= len(images):
            return height, width, 1 if is_grey else 3
    return GREY if is_grey else COLOUR


def _is_grey(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "LA") or image.mode.startswith("I")


def _content(archive: Archive, picture: Picture) -> bytes:
    """Return the bytes of a picture, up to one more than there may be."""
    try:
        return archive.read(picture.member, MOST_PICTURE_BYTES)
    except SourceRejected as error:
        raise SourceRejected("is damaged in the archive") from error


def opened(content: bytes) -> Image.Image:
    """Open a picture without decoding it: its format and size are judged first.

    Raises:
        SourceRejected: it is none, or too large; the sentence goes on after the picture's name.
    """
    if content.startswith((SIGNATURE, EMPTY)):
        raise SourceRejected("is an archive inside the archive, whatever its name says")
    if len(content) > MOST_PICTURE_BYTES:
        raise SourceRejected(f"has more than {MOST_PICTURE_BYTES / 1e6:.0f} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except PICTURE_DAMAGE as error:
        raise SourceRejected(_foreign(content)) from error
    if image.width * image.height > MOST_PIXELS:
        raise _too_large()
    return image


def _foreign(content: bytes) -> str:
    """Say what is in a picture's place."""
    if not content:
        return "is empty"
    if content[4:8] == b"ftyp":
        kind = "an AVIF" if b"avi" in content[8:32] else "a HEIC"
        return f"is {kind} picture, whatever its name says. Save it as a JPEG or PNG"
    return f"is not a picture ({NAMED}), whatever its name says"


def _too_large() -> SourceRejected:
    return SourceRejected(f"has more than {MOST_PIXELS // 1_000_000} megapixels")


def image_of(content: bytes, shape: tuple[int, int, int]) -> tuple[np.ndarray, bool, bool]:
    """Return a picture as uint8 of ``shape``; whether it was resized; whether it is grey.

    Raises:
        SourceRejected: it cannot be read; the sentence goes on after the picture's name.
    """
    plain = _plain_png(content, shape)
    return (plain, False, shape[2] == 1) if plain is not None else fit(opened(content), shape)


def _plain_png(content: bytes, shape: tuple[int, int, int]) -> np.ndarray | None:
    """Return the pixels of a PNG of this very shape that has nothing but pixels; else None.

    Pillow decodes these, too. What it looks up before, for all that a PNG may be, takes three times
    as long as the pixels of a small image.
    """
    height, width, channels = shape
    if not content.startswith(_PNG) or len(content) > MOST_PICTURE_BYTES:
        return None
    data, place = [], len(_PNG) + _PNG_HEADER.size + 4
    try:
        *size, bits, colour, _, _, interlaced = _PNG_HEADER.unpack_from(content, len(_PNG))
        mode = _PNG_MODES.get(colour, "")
        if size != [width, height] or len(mode) != channels or bits != 8 or interlaced:
            return None
        while (chunk := _PNG_CHUNK.unpack_from(content, place))[1] != b"IEND":
            if chunk[1] != b"IDAT":
                return None
            data.append(content[place + 8 : place + 8 + chunk[0]])
            place += 12 + chunk[0]
        image = Image.frombytes(mode, (width, height), b"".join(data), "zip", mode)
    except (struct.error, *PICTURE_DAMAGE):
        return None
    return np.frombuffer(image.tobytes(), np.uint8).reshape(shape)


def fit(image: Image.Image, shape: tuple[int, int, int]) -> tuple[np.ndarray, bool, bool]:
    """Return an opened picture as uint8 of ``shape``; whether it was resized; whether it is grey.

    Raises:
        SourceRejected: it is damaged; the sentence goes on after the picture's name.
    """
    size, mode = (shape[1], shape[0]), "L" if shape[2] == 1 else "RGB"
    grey = _is_grey(image)
    if image.mode == "F":
        raise SourceRejected("stores fractions, which are no colours. Save it with 8 bits")
    try:
        if image.format == "JPEG":
            image.draft(mode, (4 * size[0], 4 * size[1]))  # it need not be decoded in full
        small = image.size == size and image.mode == mode
        image = image if small else _flat(ImageOps.exif_transpose(image)).convert(mode)
        resized = image.size != size
        if resized:
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
        return np.asarray(image).reshape(shape), resized, grey
    except PICTURE_DAMAGE as error:
        raise SourceRejected("is damaged and cannot be read to its end") from error


def _flat(image: Image.Image) -> Image.Image:
    """Return a picture with 8 bits a channel and transparent parts on white."""
    if image.mode.startswith("I"):  # 16-bit grey: convert() would clip, not scale
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 256).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image
