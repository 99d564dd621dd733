"""What a reader of arrays hands over: pieces of a data set, with their images as blocks.

The readers of NumPy, MATLAB, CIFAR and Parquet files are registered in ``formats``; each says which
files it knows and makes pieces of them. Writing, limits and counting are the same for all.
"""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from core.datasets.sources.parts import (
    MOST_CLASSES,
    NAMES,
    Part,
    check_count,
    check_shape,
    used_as,
)
from core.datasets.sources.stream import MOST_BYTES, MOST_TEXT, Stream
from core.errors import SourceRejected

BLOCK = 1 << 20  # bytes; about as much is read at a time
START = 512  # bytes that tell what a file is
_PART = (
    ("test", re.compile(r"(^|[^a-z])(test|t10k|testing)([^a-z]|$)|[xy]test|test[xy]", re.I)),
    ("validation", re.compile(r"(^|[^a-z])(val|valid|validation|dev)([^a-z]|$)", re.I)),
    ("train", re.compile(r"(^|[^a-z])(train|training)([^a-z]|$)|[xy]train|train[xy]", re.I)),
)


@dataclass(frozen=True)
class Input:
    """A file, alone or in an archive.

    Attributes:
        name: what to call it.
        open: opens it at its beginning.
        done: returns the share of it that has been read.
        size: bytes, as the system or the archive says.
    """

    name: str
    open: Callable[[], IO[bytes]]
    done: Callable[[Stream], float]
    size: int

    def stream(self) -> Stream:
        """Return its bytes, unpacked if they are gzip."""
        return Stream(self.open(), self.name)

    def text(self) -> Stream:
        """Return its bytes like ``stream``; text may be longer."""
        return Stream(self.open(), self.name, MOST_TEXT)

    def start(self) -> bytes:
        """Return the first bytes, unpacked if they are gzip."""
        return self.stream().read(START)

    @property
    def part(self) -> str | None:
        """The part that its name says."""
        return part_of(self.name)

    @property
    def stem(self) -> str:
        """Its name without folders and without what comes after the last dot."""
        return self.name.rpartition("/")[2].rpartition(".")[0] or self.name


@dataclass(frozen=True)
class Piece:
    """Images of one part from one place.

    Attributes:
        part: ``"train"``, ``"test"``, ``"validation"`` or ``"all"``.
        shape: (height, width, channels) of each image.
        labels: int64 (n,), 0 to ``MOST_CLASSES`` - 1, or None if they come with the images.
        blocks: yields images, uint8 (n, height, width, channels), with the labels int64 (n,).
        what: to call it in a sentence, such as ``“x.npz”``.
    """

    part: str
    shape: tuple[int, int, int]
    count: int
    blocks: Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
    what: str


@dataclass(frozen=True)
class Content:
    """What files hold: pieces, the names of the classes if the files say them, and notes.

    ``listed`` are names that lie apart, in the order of labels that are numbers.
    """

    pieces: Sequence[Piece]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    transposed: bool = False
    listed: tuple[str, ...] = ()


class Desk:
    """What a reader may use while it works: where it may unpack to, whom it tells, what it asked.

    Attributes:
        folder: for files without a name.
        leave_out: is told what is not read, and why.
        shape: of the images that encoded pictures become; None for their own.
    """

    def __init__(
        self,
        folder: Path,
        stack: contextlib.ExitStack,
        leave_out: Callable[[str, str], None],
        shape: tuple[int, int, int] | None,
    ) -> None:
        """Let all that is opened be closed with ``stack``."""
        self.folder, self.stack, self.leave_out, self.shape = folder, stack, leave_out, shape

    def seekable(self, stream: Stream) -> IO[bytes]:
        """Return a file without a name, at its start, with all the bytes of a stream.

        Raises:
            SourceRejected: they are too many.
        """
        file = self.temporary()
        while block := stream.read(BLOCK):
            file.write(block)
        file.seek(0)
        return file

    def temporary(self) -> IO[bytes]:
        """Return a new file without a name."""
        file = self.stack.enter_context(tempfile.TemporaryFile(dir=self.folder))  # noqa: SIM115
        # On Windows the file is inside of an object that removes it, which SciPy does not read.
        inside: IO[bytes] = getattr(file, "file", file)
        return inside


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        title: for a sentence.
        knows: tells from the first bytes and the name whether a file is of this kind.
        read: makes pieces of such files; raises SourceRejected.
    """

    title: str
    knows: Callable[[bytes, str], bool]
    read: Callable[[Sequence[Input], Desk], Content]


def part_of(name: str) -> str | None:
    """Return the part that a name says, None if it says none."""
    return next((part for part, words in _PART if words.search(name)), None)


def write(
    content: Content,
    folder: Path,
    room: Callable[[int], None],
    tick: Callable[[float, str], None],
) -> list[Part]:
    """Write pieces as parts, and return these.

    Raises:
        SourceRejected: the pieces do not belong together, or are too many.
    """
    pieces = list(content.pieces)
    for piece in pieces:
        check_shape(piece.shape, piece.what)
        check_count(piece.count)
        if piece.shape != pieces[0].shape:
            raise SourceRejected(
                f"The images in {piece.what} are {words(piece.shape)}, and those in "
                f"{pieces[0].what} {words(pieces[0].shape)}. Use files that belong together."
            )
    part_of_piece = used_as({piece.part for piece in pieces})
    names = [part_of_piece[piece.part] for piece in pieces]
    parts = []
    total, done = sum(piece.count for piece in pieces), 0
    for name in sorted(set(names), key=NAMES.index):
        with Part(folder, name, pieces[0].shape, room) as written:
            for piece in (one for one, of in zip(pieces, names, strict=True) if of == name):
                first = 0
                for images, labels in piece.blocks():
                    written.append(
                        images,
                        labels,
                        lambda i, piece=piece, first=first: (  # type: ignore[misc]
                            f"image {first + i + 1:,} of {piece.what}"
                        ),
                    )
                    first += len(labels)
                    done += len(labels)
                    tick(min(1.0, done / max(1, total)), piece.what.strip("“”"))
            parts.append(written)
    return parts


def name_labels(
    labels: Sequence[np.ndarray], what: str, names: dict[int, str] | None = None
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Return labels as numbers from 0, and the names of the classes if they had others.

    Args:
        labels: of each piece, (n,) of whole numbers or of texts.
        what: to call them in a sentence.
        names: of some of the numbers.

    Raises:
        SourceRejected: there are too many classes, or the labels are no whole numbers.
    """
    if not labels or not sum(map(len, labels)):
        raise SourceRejected(f"{what} holds no images.")
    tidy = []
    for each in labels:
        if each.dtype.kind == "f":
            if not (np.isfinite(each).all() and (each == np.round(each)).all()):
                raise SourceRejected(f"The labels in {what} are no whole numbers.")
            each = each.astype(np.int64)
        if each.dtype.kind == "S":
            each = np.char.decode(each, "utf-8", "replace")
        if each.dtype.kind not in "biuU":
            raise SourceRejected(f"The labels in {what} are neither numbers nor texts.")
        tidy.append(each if each.dtype.kind == "U" else each.astype(np.int64))
    if len({each.dtype.kind for each in tidy}) > 1:
        raise SourceRejected(f"Some labels in {what} are numbers, and others texts.")
    values = np.unique(np.concatenate([np.unique(each) for each in tidy]))
    if len(values) > MOST_CLASSES:
        raise SourceRejected(
            f"{what} has {len(values):,} different labels; at most {MOST_CLASSES} classes can be "
            "read."
        )
    numbers = values.dtype.kind == "i"
    if numbers and not names and values[0] == 0 and values[-1] < MOST_CLASSES:
        return tidy, ()
    known = names or {}
    classes = tuple(known.get(int(v), str(v)) if numbers else str(v) for v in values.tolist())
    return [np.searchsorted(values, each).astype(np.int64) for each in tidy], classes


def words(shape: tuple[int, int, int]) -> str:
    """Return a shape for a sentence."""
    return f"{shape[0]} × {shape[1]} in {'grey' if shape[2] == 1 else 'colour'}"


def too_large(name: str) -> SourceRejected:
    """Return the sentence for a file whose header promises too much."""
    return SourceRejected(
        f"“{name}” holds more than {MOST_BYTES / 1e6:,.0f} MB, the most that can be read. Use a "
        "smaller part of it."
    )
