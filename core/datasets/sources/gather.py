"""Which reader a set of files is for, and what was found in them."""

import contextlib
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.datasets.sources import archive, idx, table
from core.datasets.sources.parts import MOST_CLASSES, Part, check_count, check_shape
from core.datasets.sources.stream import MOST_BYTES, Progress, Stream, open_file
from core.errors import SourceRejected
from core.files import harmless

MOST_FILES = 4
FEWEST = 20  # images; with fewer there is nothing to train on and to test with
TOO_LARGE = "The files need more memory than a reader may take. Use fewer images, or smaller ones."
FORMS = (
    "Use one CSV file, or one for training and one for test; IDX files, images and labels for "
    "each part; or one ZIP with a folder of pictures for each class."
)
_TEST = re.compile(r"(^|[^a-z])(test|t10k)([^a-z]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """A file to read: where it is, and what its owner calls it."""

    path: Path
    name: str

    @property
    def shown(self) -> str:
        """The name, fit for a sentence."""
        return harmless(self.name) or "the file"


@dataclass(frozen=True)
class Found:
    """What was found, after all of it was read and written as arrays.

    Attributes:
        kind: ``"table"``, ``"idx"`` or ``"pictures"``.
        shape: (height, width, channels) of each image.
        counts: of each part, the number of images by label. The parts are ``"all"``, or
            ``"train"`` and ``"test"``; the arrays are ``<part>-images.npy`` and
            ``<part>-labels.npy``.
        classes: names of the folders, in label order; empty if there are none.
        first: by label, where it was first seen, such as ``line 17 of “train.csv”``.
        notes: sentences on how the files were read.
        name: of the first file, fit for a sentence.
    """

    kind: str
    shape: tuple[int, int, int]
    counts: dict[str, list[int]]
    classes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    name: str = ""

    @property
    def total(self) -> int:
        """Number of images in all parts."""
        return sum(map(sum, self.counts.values()))

    @property
    def labels(self) -> int:
        """One more than the highest label."""
        return len(self.first)

    @property
    def title(self) -> str:
        """What the file's name suggests as a title: no folder, no suffix, no word for its part."""
        stem = self.name.rpartition("/")[2].partition(".")[0]
        stem = re.sub(
            r"[-_ ]*(images|labels|idx[13]|ubyte|train|test|t10k)\b", "", stem, flags=re.I
        )
        return " ".join(re.split(r"[\s_]+", stem)).strip(" -") or "My data"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Found":
        """Make it of what ``to_dict`` gave and JSON kept."""
        lists = ("shape", "classes", "first", "notes")
        return cls(**{**values, **{name: tuple(values[name]) for name in lists}})


def read(
    files: Sequence[SourceFile],
    folder: Path,
    *,
    shape: tuple[int, int, int] | None = None,
    room: int = MOST_BYTES,
    progress: Progress = lambda share, what: None,
) -> Found:
    """Read files to their end, check all that is in them, and write their arrays.

    Args:
        files: a CSV file, or two, one with "test" in its name; two or four IDX files; or a ZIP.
        folder: where the arrays go; it exists.
        shape: of the images that pictures become; None to go by the first picture.
        room: bytes that the arrays may take.
        progress: gets the share done and what is being read, now and then.

    Raises:
        SourceRejected: the files cannot be used; the sentence names the line or entry.
    """
    if not 1 <= len(files) <= MOST_FILES:
        raise SourceRejected(f"There are {len(files)} files. {FORMS}")
    return _Reading(folder, shape, room, progress).read(files)


@dataclass(frozen=True)
class _Input:
    """A table or an IDX file, alone or in a ZIP.

    Attributes:
        name: what to call it.
        open: opens it at its beginning.
        done: returns the share of it that has been read.
    """

    name: str
    open: Callable[[], IO[bytes]]
    done: Callable[[Stream], float]

    def stream(self) -> Stream:
        return Stream(self.open(), self.name)

    @property
    def is_test(self) -> bool:
        return _TEST.search(self.name) is not None


class _Reading:
    """One reading: where it writes, how much room is left, whom it tells."""

    def __init__(
        self, folder: Path, shape: tuple[int, int, int] | None, room: int, progress: Progress
    ) -> None:
        self._folder, self._shape, self._progress = folder, shape, progress
        self._room = self._left = min(room, MOST_BYTES)
        self._notes: list[str] = []

    def read(self, files: Sequence[SourceFile]) -> Found:
        with contextlib.ExitStack() as stack:
            inputs = []
            for each in files:
                file, size = open_file(each.path, each.shown)
                stack.enter_context(file)
                start = file.read(4)
                if start not in (archive.SIGNATURE, archive.EMPTY):
                    inputs.append(_plain(file, size, each.shown))
                elif len(files) == 1:
                    file.seek(0)
                    return self._read_archive(file, each.shown)
                else:
                    raise SourceRejected(
                        f"“{each.shown}” is a ZIP and must be the only file. {FORMS}"
                    )
            return self._read_inputs(inputs)

    def _read_archive(self, file: IO[bytes], name: str) -> Found:
        with archive.opened(file, name) as opened:
            found = archive.contents(opened, name)
            self._notes += found.notes
            if found.files:
                return self._read_inputs([_packed(opened, info) for info in found.files])
            parts, notes = archive.read_pictures(
                opened,
                found,
                name,
                self._folder,
                self._shape,
                self._take,
                lambda share: self._progress(share, name),
            )
            self._notes += notes
            return self._found("pictures", parts, name, found.classes)

    def _read_inputs(self, inputs: list[_Input]) -> Found:
        if len(inputs) > MOST_FILES:
            raise SourceRejected(
                f"There are {len(inputs)} CSV or IDX files, which is too many. {FORMS}"
            )
        are_idx = [idx.is_idx(each.stream().read(4)) for each in inputs]
        if any(are_idx) and not all(are_idx):
            odd = inputs[are_idx.index(False)].name
            raise SourceRejected(f"“{odd}” is not an IDX file, but others are. {FORMS}")
        kind = "idx" if all(are_idx) else "table"
        parts: list[Part] = []
        for part, chosen in self._parts(inputs, 2 if all(are_idx) else 1):
            if kind == "table":
                written, notes = self._read_table(chosen[0], part)
                self._notes += notes
            else:
                written = self._read_idx(chosen, part)
            if parts and parts[0].shape != written.shape:
                raise SourceRejected(
                    f"The training images are {_words(parts[0].shape)} and the test images "
                    f"{_words(written.shape)}. Use files that belong together."
                )
            parts.append(written)
        return self._found(kind, parts, inputs[0].name)

    def _parts(self, inputs: list[_Input], each: int) -> list[tuple[str, list[_Input]]]:
        """Return the files of each part; ``each`` is how many a part has."""
        if len(inputs) == each:
            return [("all", inputs)]
        test = [one for one in inputs if one.is_test]
        train = [one for one in inputs if not one.is_test]
        if len(test) == len(train) == each:
            return [("train", train), ("test", test)]
        if len(inputs) == 2 * each:
            raise SourceRejected(
                "One part must be for training and one for test: give the test files names with "
                "“test” in them, and the others names without."
            )
        raise SourceRejected(f"These files ({len(inputs)}) do not belong together. {FORMS}")

    def _read_table(self, file: _Input, part: str) -> tuple[Part, list[str]]:
        stream = file.stream()
        return table.read(
            stream,
            self._folder,
            part,
            self._take,
            lambda: self._progress(file.done(stream), file.name),
        )

    def _read_idx(self, pair: list[_Input], part: str) -> Part:
        """Read the images and the labels side by side."""
        opened = []
        for each in pair:
            stream = each.stream()
            opened.append((each, stream, idx.read_sizes(stream, each.name)))
        (images, image_stream, sizes), (labels, label_stream, label_sizes) = sorted(
            opened, key=lambda one: len(one[2]), reverse=True
        )
        if len(sizes) not in (3, 4) or len(label_sizes) != 1:
            raise SourceRejected(
                f"“{images.name}” and “{labels.name}” are not a file of images and one of labels."
            )
        if sizes[0] != label_sizes[0]:
            raise SourceRejected(
                f"“{images.name}” has {sizes[0]:,} images, but “{labels.name}” has "
                f"{label_sizes[0]:,} labels. Use files that belong together."
            )
        shape = (sizes[1], sizes[2], sizes[3] if len(sizes) == 4 else 1)
        check_shape(shape, f"“{images.name}”")
        check_count(sizes[0])
        known = np.concatenate(
            [block for _, block in idx.read_items(label_stream, label_sizes, labels.name)]
            or [np.zeros(0, np.uint8)]
        )
        wrong = np.flatnonzero(known >= MOST_CLASSES)
        if len(wrong):
            raise SourceRejected(
                f"In “{labels.name}” label {wrong[0] + 1:,} is {known[wrong[0]]}, but labels end "
                f"at {MOST_CLASSES - 1}."
            )
        with Part(self._folder, part, shape, self._take) as written:
            for first, block in idx.read_items(image_stream, sizes, images.name):
                written.append(
                    block,
                    known[first : first + len(block)],
                    lambda i, first=first: f"label {first + i + 1:,} of “{labels.name}”",  # type: ignore[misc]
                )
                self._progress(images.done(image_stream), images.name)
        return written

    def _found(
        self, kind: str, parts: list[Part], name: str, classes: tuple[str, ...] = ()
    ) -> Found:
        for part in parts:
            if len(part) < (FEWEST if part.name != "test" else 1):
                raise SourceRejected(
                    f"“{name}” has only {len(part):,} images to train with; at least {FEWEST} are "
                    "needed."
                )
        used = np.flatnonzero(sum(part.counts for part in parts))
        labels = int(used.max()) + 1
        if len(used) < 2:
            raise SourceRejected(
                f"All images in “{name}” have the label {used[0]}. At least two classes are needed."
            )
        first = [
            next((part.first[label] for part in parts if label in part.first), "")
            for label in range(labels)
        ]
        return Found(
            kind,
            parts[0].shape,
            {part.name: part.counts[:labels].tolist() for part in parts},
            classes,
            tuple(first),
            tuple(self._notes),
            name,
        )

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise SourceRejected(
                f"The images take more than {self._room / 1e6:,.0f} MB, which is all the room "
                "there is. Use fewer images, or delete a data set first."
            )


def _plain(file: IO[bytes], size: int, name: str) -> _Input:
    def rewound() -> IO[bytes]:
        file.seek(0)
        return file

    # A packed file is followed by how much of it has been read, not by what that unpacks to.
    return _Input(name, rewound, lambda _: file.tell() / size)


def _packed(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Input:
    def entry() -> IO[bytes]:
        return opened.open(info)

    return _Input(
        harmless(info.filename), entry, lambda stream: stream.read_bytes / max(1, info.file_size)
    )


def _words(shape: tuple[int, int, int]) -> str:
    return f"{shape[0]} × {shape[1]} in {'grey' if shape[2] == 1 else 'colour'}"
