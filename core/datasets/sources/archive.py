"""A ZIP: pictures in one folder a class, or the tables and IDX files that Kaggle packs together.

Nothing is ever unpacked to the disk: entries are read one at a time, in memory and up to a limit.
Of a name only the folders count, and all names are judged before the first entry is read.
"""

import io
import re
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from PIL import Image, ImageOps

from core.datasets.sources.parts import EDGES, MOST_CLASSES, Part
from core.datasets.sources.stream import DAMAGE, MOST_BYTES
from core.errors import SourceRejected
from core.files import harmless

MOST_ENTRIES = 80_000  # Fashion-MNIST has 70,000 images
MOST_PICTURE_BYTES = 10_000_000
MOST_PIXELS = 16_000_000
MOST_UNPACKED = 1_000_000_000  # bytes, of all entries together as their headers say
MOST_NAME = 1000  # characters
MOST_PROBLEMS = 5
GREY, COLOUR = (28, 28, 1), (32, 32, 3)  # what pictures become that are not small already
SIGNATURE = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
TABLE = re.compile(r".*\.csv(\.gz)?", re.IGNORECASE)
IDX = re.compile(r".*idx[13]-ubyte(\.gz)?", re.IGNORECASE)
PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test"}

# What Pillow raises on damaged pictures; core/imaging/gate.py says where each comes from.
PICTURE_DAMAGE = (*DAMAGE, SyntaxError, IndexError, TypeError, KeyError, OverflowError)


@dataclass(frozen=True)
class Entry:
    """A picture in the archive and where it belongs."""

    info: zipfile.ZipInfo
    part: str
    label: int

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return _shown(self.info.filename)


@dataclass(frozen=True)
class Contents:
    """What a ZIP holds: pictures, or else files to be read like those brought without a ZIP.

    Attributes:
        pictures: in the order of their names.
        classes: names of the folders, in label order.
        files: tables or IDX files.
        notes: on what was left out.
    """

    pictures: tuple[Entry, ...]
    classes: tuple[str, ...]
    files: tuple[zipfile.ZipInfo, ...]
    notes: tuple[str, ...]


@contextmanager
def opened(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive and judge its names and sizes.

    Raises:
        SourceRejected: it is no ZIP, or it holds what has no place here; the entry is named.
    """
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGE as error:
        raise SourceRejected(
            f"“{name}” is not a ZIP file, or it is cut off. Make the ZIP again and choose it."
        ) from error
    with archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise SourceRejected(
                f"“{name}” has {len(entries):,} entries; at most {MOST_ENTRIES:,} can be read. "
                "Use a part of it, or a CSV or IDX file."
            )
        if problems := _judge(entries):
            raise SourceRejected(f"“{name}” cannot be used. Correct this:", problems)
        total = sum(entry.file_size for entry in entries)
        if total > MOST_UNPACKED:
            raise SourceRejected(
                f"“{name}” unpacks to {total / 1e9:,.1f} GB; at most {MOST_UNPACKED / 1e9:.0f} GB "
                "can be read. Use a part of it, or smaller pictures."
            )
        yield archive


def contents(archive: zipfile.ZipFile, name: str) -> Contents:
    """Sort the entries of an archive: pictures by part and class, or tables, or IDX files.

    Raises:
        SourceRejected: there is nothing of these, or a picture is not in a class's folder.
    """
    entries = [
        entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry)
    ]
    if any(entry.filename.lower().endswith(SUFFIXES) for entry in entries):
        return _pictures(entries, name)
    for kind in (TABLE, IDX):
        if files := tuple(e for e in entries if kind.fullmatch(_last(e.filename))):
            left = len(entries) - len(files)
            notes = (_left_out(left),) if left else ()
            return Contents((), (), files, notes)
    raise SourceRejected(
        f"“{name}” holds neither pictures ({', '.join(FORMATS)}) nor CSV or IDX files. Put the "
        "pictures into one folder for each class, and make a ZIP of the folders."
    )


def read_pictures(
    archive: zipfile.ZipFile,
    found: Contents,
    name: str,
    folder: Path,
    shape: tuple[int, int, int] | None,
    room: Callable[[int], None],
    tick: Callable[[float], None],
) -> tuple[list[Part], list[str]]:
    """Read all pictures and write them, one part after the other.

    Args:
        archive: as ``opened`` gave it.
        found: what ``contents`` said of it.
        name: of the archive.
        folder, room: where to write, see ``Part``.
        shape: of the images; None for that of the first picture if it is small and square, and
            else 32 × 32 in colour, or 28 × 28 if the first picture is grey.
        tick: gets the share of the pictures read.

    Raises:
        SourceRejected: the first pictures that cannot be read, each by the name of its entry.
    """
    problems: list[str] = []
    parts, notes, resized, done = [], [], 0, 0
    for part in sorted(
        {entry.part for entry in found.pictures}, key=("all", "train", "test").index
    ):
        chosen = [entry for entry in found.pictures if entry.part == part]
        if shape is None:
            shape = _own_shape(archive, chosen[0])
        with Part(folder, part, shape, room) as written:
            for entry in chosen:
                try:
                    pixels, changed = _read_picture(archive, entry, shape)
                except SourceRejected as error:
                    problems.append(str(error))
                    if len(problems) >= MOST_PROBLEMS:
                        break
                else:
                    resized += changed
                    written.append(
                        pixels[None],
                        np.array([entry.label]),
                        lambda _, entry=entry: f"the entry “{entry.name}”",  # type: ignore[misc]
                    )
                done += 1
                if done % 200 == 0:
                    tick(done / len(found.pictures))
            parts.append(written)
    if problems:
        raise SourceRejected(f"“{name}” cannot be used. Correct or remove these:", problems)
    if resized:
        assert shape is not None
        notes.append(
            f"Pictures of another size than {shape[0]} × {shape[1]} ({resized:,} of "
            f"{len(found.pictures):,}) were cut to their central square and resized."
        )
    return parts, notes


def _judge(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Return what is wrong with the first bad entries, by what the directory says of them."""
    problems: list[str] = []
    seen: set[str] = set()
    for entry in entries:
        problem = _problem(entry)
        if problem is None and entry.filename in seen:
            problem = "appears twice"
        seen.add(entry.filename)
        if problem is not None:
            problems.append(f"The entry “{_shown(entry.filename)}” {problem}.")
            if len(problems) >= MOST_PROBLEMS:
                break
    return problems


def _problem(entry: zipfile.ZipInfo) -> str | None:
    # zipfile has made "/" of the system's separator, and cut the name at a NUL.
    path = entry.orig_filename.replace("\\", "/")
    if ".." in path.split("/"):
        return "leaves its folder by “..”"
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        return "has an absolute name"
    if len(path) > MOST_NAME:
        return f"has a name of more than {MOST_NAME:,} characters"
    if "\0" in path:
        return "has a name with a NUL in it"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link, which is never followed"
    if entry.flag_bits & 0x1:
        return "is encrypted. Make the ZIP without a password"
    if _is_litter(entry) or entry.is_dir():
        return None
    if path.lower().endswith((".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz", ".jar")):
        return "is an archive inside the archive. Unpack it first"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in a way that cannot be read here. Make an ordinary ZIP (deflate)"
    most = MOST_PICTURE_BYTES if path.lower().endswith(SUFFIXES) else MOST_BYTES
    if entry.file_size > most:
        return (
            f"unpacks to {entry.file_size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB can be read"
        )
    return None


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    """Tell whether it is what file managers leave behind: hidden files, previews, settings."""
    path = PurePosixPath(entry.filename)
    hidden = any(part.startswith(".") and part != ".." for part in path.parts)
    return hidden or "__MACOSX" in path.parts or path.name.lower() in ("thumbs.db", "desktop.ini")


def _pictures(entries: list[zipfile.ZipInfo], name: str) -> Contents:
    """Give each picture its part and class, from the one or two folders that it is in."""
    pictures = [entry for entry in entries if entry.filename.lower().endswith(SUFFIXES)]
    parents = {entry.filename: PurePosixPath(entry.filename).parent.parts for entry in pictures}
    # A folder around everything, as one gets by packing a folder, says nothing.
    while len({parts[:1] for parts in parents.values()}) == 1 and all(
        len(parts) > 1 for parts in parents.values()
    ):
        parents = {key: parts[1:] for key, parts in parents.items()}
    split = all(len(parts) > 1 and parts[0].lower() in PARTS for parts in parents.values())
    depth = 2 if split else 1
    problems = [
        f"The entry “{_shown(key)}” is not in a folder of its class."
        if len(parts) < depth
        else f"The entry “{_shown(key)}” is in a folder below its class's."
        for key, parts in parents.items()
        if len(parts) != depth
    ][:MOST_PROBLEMS]
    # A text beside the folders is a note on them; one beside the pictures would be no picture.
    others = [entry for entry in entries if entry.filename not in parents and not problems]
    folders = {PurePosixPath(key).parent for key in parents}
    problems += [
        f"The entry “{_shown(entry.filename)}” is not a picture ({', '.join(FORMATS)})."
        for entry in others
        if PurePosixPath(entry.filename).parent in folders
    ][:MOST_PROBLEMS]
    if problems:
        raise SourceRejected(
            f"“{name}” must have one folder of pictures for each class, optionally inside "
            f"folders train and test. Correct this:",
            problems,
        )
    names = sorted(
        {parts[-1] for parts in parents.values()}, key=lambda each: (_natural(each), each)
    )
    if not 2 <= len(names) <= MOST_CLASSES:
        raise SourceRejected(
            f"“{name}” has {len(names)} folders with pictures, and each counts as a class. "
            f"There must be 2 to {MOST_CLASSES}."
        )
    label = {each: index for index, each in enumerate(names)}
    found = [
        Entry(
            entry,
            PARTS[parents[entry.filename][0].lower()] if split else "all",
            label[parents[entry.filename][-1]],
        )
        for entry in sorted(pictures, key=lambda entry: _natural(entry.filename))
    ]
    if len({entry.part for entry in found}) == 1:
        # “train” beside “training” says as little of a split as a folder around everything.
        found = [replace(entry, part="all") for entry in found]
    notes = (_left_out(len(others)),) if others else ()
    return Contents(tuple(found), tuple(names), (), notes)


def _left_out(count: int) -> str:
    return f"Other files in the ZIP were left out: {count:,}."


def _own_shape(archive: zipfile.ZipFile, entry: Entry) -> tuple[int, int, int]:
    """Return the shape that all images get, from the first picture's size and colours."""
    try:
        image = _open_picture(archive, entry)
    except SourceRejected:
        return COLOUR  # said again, with the others, when it is read
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    low, high = EDGES
    if image.width == image.height and low <= image.width <= high:
        return image.height, image.width, 1 if grey else 3
    return GREY if grey else COLOUR


def _open_picture(archive: zipfile.ZipFile, entry: Entry) -> Image.Image:
    """Open a picture without decoding it: its format and size are judged first."""
    try:
        with archive.open(entry.info) as file:
            content = file.read(MOST_PICTURE_BYTES + 1)
    except DAMAGE as error:
        raise SourceRejected(f"The entry “{entry.name}” is damaged in the ZIP.") from error
    if content.startswith((SIGNATURE, EMPTY)):
        raise SourceRejected(
            f"The entry “{entry.name}” is an archive inside the archive. Unpack it first."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(entry) from error
    except PICTURE_DAMAGE as error:
        raise SourceRejected(
            f"The entry “{entry.name}” is not a picture in one of the formats "
            f"{', '.join(FORMATS)}, whatever its name says."
        ) from error
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(entry)
    return image


def _too_large(entry: Entry) -> SourceRejected:
    return SourceRejected(
        f"The entry “{entry.name}” has more than {MOST_PIXELS // 1_000_000} megapixels."
    )


def _read_picture(
    archive: zipfile.ZipFile, entry: Entry, shape: tuple[int, int, int]
) -> tuple[np.ndarray, bool]:
    """Return a picture as uint8 of ``shape``, and whether it had to be resized for that."""
    image = _open_picture(archive, entry)
    size, mode = (shape[1], shape[0]), "L" if shape[2] == 1 else "RGB"
    try:
        image.draft(mode, (4 * size[0], 4 * size[1]))  # a JPEG need not be decoded in full
        small = image.size == size and image.mode == mode
        image = image if small else _flat(ImageOps.exif_transpose(image)).convert(mode)
        resized = image.size != size
        if resized:
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
        return np.asarray(image).reshape(shape), resized
    except PICTURE_DAMAGE as error:
        raise SourceRejected(
            f"The entry “{entry.name}” is damaged and cannot be read to its end."
        ) from error


def _flat(image: Image.Image) -> Image.Image:
    """Return a picture with 8 bits a channel and transparent parts on white."""
    if image.mode.startswith("I"):  # 16-bit grey: convert() would clip, not scale
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 256).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image


def _last(path: str) -> str:
    return PurePosixPath(path).name


def _shown(path: str) -> str:
    """Return an entry's name for a sentence; of a long one, its end."""
    return harmless(path if len(path) <= 60 else "…" + path[-59:]) or "nameless"


def _natural(text: str) -> list[tuple[int, int | str]]:
    """Order class 2 before class 10, and names without regard to case."""
    return [
        (0, int(piece)) if piece.isascii() and piece.isdigit() else (1, piece.lower())
        for piece in re.split(r"([0-9]{1,18})", text)
    ]
