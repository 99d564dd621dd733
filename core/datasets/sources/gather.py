"""Which reader a set of files is for, and what was found in them."""

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from core.datasets.sources import archive, formats, idx, pictures, pieces, table
from core.datasets.sources.columns import Layout
from core.datasets.sources.found import Found, Leaving, Wishes
from core.datasets.sources.parts import (
    MOST_CLASSES,
    NAMES,
    Part,
    check_count,
    check_shape,
    used_as,
)
from core.datasets.sources.pieces import Desk, Format, Input
from core.datasets.sources.stream import MOST_BYTES, Progress, open_file
from core.errors import SourceRejected
from core.files import harmless

MOST_FILES = 20
MOST_LOOKED_AT = 300  # files of an archive whose first bytes are read
FEWEST = 20  # images; with fewer there is nothing to train on and to test with
CLASS_LIST = "classes.txt"  # in an archive: the names of the classes, a line each, in label order
MOST_LIST = 100_000  # bytes of it
TOO_LARGE = "The files need more memory than a reader may take. Use fewer images, or smaller ones."
FORMS = (
    "Use one CSV file, or one for training and one for test; IDX files, images and labels for "
    "each part; a ZIP or tar with a folder of pictures for each class, or one ZIP for each class; "
    "or files of NumPy, MATLAB, Parquet or CIFAR."
)
_TABLE = re.compile(r".*\.csv(\.gz)?", re.IGNORECASE)
_TEXT = re.compile(r".*\.(tsv|txt|data)(\.gz)?", re.IGNORECASE)
_FEWEST_BYTES = 10_000  # of such a text, which else is a readme
_IDX = re.compile(r".*idx[13]-ubyte(\.gz)?", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """A file to read: where it is, and what its owner calls it."""

    path: Path
    name: str

    @property
    def shown(self) -> str:
        """The name, fit for a sentence."""
        return harmless(self.name) or "the file"


def read(
    files: Sequence[SourceFile],
    folder: Path,
    *,
    shape: tuple[int, int, int] | None = None,
    room: int = MOST_BYTES,
    wishes: Wishes | None = None,
    progress: Progress = lambda share, what: None,
) -> Found:
    """Read files to their end, check all that is in them, and write their arrays.

    Args:
        files: CSV files, one for each part; two IDX files for each part; one or more archives; or
            files of one of the ``formats``.
        folder: where the arrays go; it exists.
        shape: of the images that pictures become; None to go by the first picture.
        room: bytes that the arrays may take.
        wishes: of the owner, after a look at what was found before.
        progress: gets the share done and what is being read, now and then.

    Raises:
        SourceRejected: the files cannot be used; the sentence names the line or entry.
    """
    if not 1 <= len(files) <= MOST_FILES:
        raise SourceRejected(f"There are {len(files)} files. {FORMS}")
    return _Reading(folder, shape, room, wishes or Wishes(), progress).read(files)


class _Reading:
    """One reading: where it writes, how much room is left, whom it tells."""

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int, int] | None,
        room: int,
        wishes: Wishes,
        progress: Progress,
    ) -> None:
        self._folder, self._shape, self._progress = folder, shape, progress
        self._wishes, self._leaving = wishes, Leaving(folder)
        self._room = self._left = min(room, MOST_BYTES)
        self._notes: list[str] = []
        self._names = table.Names()
        self._layouts: list[Layout] = []
        self._listed: tuple[str, ...] = ()  # names of the classes that lie beside the files

    def read(self, files: Sequence[SourceFile]) -> Found:
        with contextlib.ExitStack() as stack:
            inputs, archives = [], []
            seen: set[tuple[str, int]] = set()  # name and size of each archive
            for each in files:
                if sentence := formats.foreign_by_name(each.shown):
                    raise SourceRejected(sentence)
                file, size = open_file(each.path, each.shown)
                stack.enter_context(file)
                is_npz = each.name.lower().endswith(".npz")
                if is_npz or not archive.is_archive(file, each.shown):
                    inputs.append(_plain(file, size, each.shown))
                elif (each.shown, size) in seen:
                    self._leaving.add(each.shown, "it is there twice")
                else:
                    seen.add((each.shown, size))
                    opened = archive.opened(file, each.shown, self._folder, self._leaving.add)
                    archives.append(stack.enter_context(opened))
            if not archives:
                return self._read_inputs(_once(inputs, self._leaving.add))
            if inputs:
                raise SourceRejected(
                    f"“{archives[0].name}” is an archive, and “{inputs[0].name}” is none. Bring "
                    f"either archives or other files. {FORMS}"
                )
            return self._read_archive(archive.joined(archives))

    def _read_archive(self, opened: archive.Archive) -> Found:
        self._notes += opened.notes
        count = sum(member.is_picture for member in opened.members)
        if count < FEWEST and (chosen := _data_files(opened)):
            self._listed, list_name = _listed(opened)
            names = {list_name, *(member.name for member in chosen)}
            for member in opened.members:
                if member.name not in names:
                    self._leaving.add(member.name, "other files were read")
            inputs = [_packed(opened, member) for member in chosen]
            return self._read_inputs(_once(inputs, self._leaving.add))
        names_inside = [member.name for member in opened.members]
        if sentence := formats.foreign_archive(opened.name, names_inside):
            raise SourceRejected(sentence)
        if not count:
            raise SourceRejected(
                f"“{opened.name}” holds neither pictures ({pictures.NAMED}) nor CSV, IDX or other "
                "files that can be read. Put the pictures into one folder for each class, and "
                "make a ZIP of the folders."
            )
        found = pictures.sort(opened, self._leaving.add, *_listed(opened))
        self._notes += found.notes
        parts, notes = pictures.read(
            opened,
            found,
            self._folder,
            self._shape,
            self._take,
            lambda share: self._progress(share, opened.name),
            self._leaving.add,
        )
        self._notes += notes
        return self._found("pictures", parts, opened.name, found.classes, numbered=found.numbered)

    def _read_inputs(self, inputs: list[Input]) -> Found:
        starts = [each.start() for each in inputs]
        kinds = [formats.find(start, each.name) for start, each in zip(starts, inputs, strict=True)]
        known = next((kind for kind in kinds if kind is not None), None)
        if known is not None:
            if set(kinds) != {known}:
                other = next(one for one, kind in zip(inputs, kinds, strict=True) if kind != known)
                raise SourceRejected(
                    f"“{other.name}” is no file of {known.title}, but others are. {FORMS}"
                )
            return self._read_arrays(known, inputs)
        for start, one in zip(starts, inputs, strict=True):
            if sentence := formats.foreign(start, one.name):
                raise SourceRejected(sentence)
        if len(inputs) > MOST_FILES:
            raise SourceRejected(
                f"There are {len(inputs)} CSV or IDX files, which is too many. {FORMS}"
            )
        are_idx = [idx.is_idx(each.stream().read(4)) for each in inputs]
        if any(are_idx) and not all(are_idx):
            odd = inputs[are_idx.index(False)].name
            raise SourceRejected(f"“{odd}” is not an IDX file, but others are. {FORMS}")
        kind = "idx" if all(are_idx) else "table"
        if kind == "table" and len(inputs) > 1:
            inputs = self._labelled(inputs)
        parts: list[Part] = []
        for part, chosen in self._parts(inputs, 2 if all(are_idx) else 1):
            if kind == "table":
                written = self._read_table(chosen[0], part)
            else:
                written = [self._read_idx(chosen, part)]
            if parts and parts[0].shape != written[0].shape:
                raise SourceRejected(
                    f"The training images are {pieces.words(parts[0].shape)} and the test images "
                    f"{pieces.words(written[0].shape)}. Use files that belong together."
                )
            parts += written
        if len({layout.texts for layout in self._layouts}) > 1:
            raise SourceRejected(
                "The labels of one file are texts and those of the other are numbers. Write both "
                "in the same way."
            )
        classes = self._names.sort(parts, self._folder) if self._names.label else ()
        return self._found(kind, parts, inputs[0].name, classes)

    def _labelled(self, inputs: list[Input]) -> list[Input]:
        """Return the tables that have labels, if some have; the others are left out."""
        problems = [(each, table.problem_of(each.stream())) for each in inputs]
        good = [each for each, problem in problems if problem is None]
        if not good:
            return inputs
        for each, problem in problems:
            if problem is not None:
                self._leaving.add(each.name, problem)
        return good

    def _read_arrays(self, kind: Format, inputs: list[Input]) -> Found:
        with contextlib.ExitStack() as stack:
            desk = Desk(self._folder, stack, self._leaving.add, self._shape)
            content = kind.read(inputs, desk)
            parts = pieces.write(content, self._folder, self._take, self._progress)
        self._notes += content.notes
        self._listed = content.listed or self._listed
        return self._found(
            "arrays", parts, inputs[0].name, content.classes, transposed=content.transposed
        )

    def _parts(self, inputs: list[Input], each: int) -> list[tuple[str, list[Input]]]:
        """Return the files of each part; ``each`` is how many a part has.

        What says nothing in its name is for training.
        """
        if len(inputs) == each:
            return [("all", inputs)]
        named: dict[str, list[Input]] = {}
        for one in inputs:
            named.setdefault(one.part or "train", []).append(one)
        if len(named) > 1 and all(len(chosen) == each for chosen in named.values()):
            part_of = used_as(named)
            return sorted(
                ((part_of[name], chosen) for name, chosen in named.items()),
                key=lambda part: NAMES.index(part[0]),
            )
        if len(inputs) == 2 * each:
            raise SourceRejected(
                "One part must be for training and one for test: give the test files names with "
                "“test” in them, and the others names without."
            )
        raise SourceRejected(f"These files ({len(inputs)}) do not belong together. {FORMS}")

    def _read_table(self, file: Input, part: str) -> list[Part]:
        understood = table.read(
            file.text,
            self._folder,
            part,
            self._take,
            lambda stream: self._progress(file.done(stream), file.name),
            self._names,
            self._wishes.label,
        )
        self._notes += understood.notes
        self._layouts.append(understood.layout)
        return understood.parts

    def _read_idx(self, pair: list[Input], part: str) -> Part:
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
        self,
        kind: str,
        parts: list[Part],
        name: str,
        classes: tuple[str, ...] = (),
        *,
        transposed: bool = False,
        numbered: bool = False,
    ) -> Found:
        for part in parts:
            if len(part) < (FEWEST if part.name in ("all", "train") else 1):
                raise SourceRejected(
                    f"“{name}” has only {len(part):,} images to train with; at least {FEWEST} are "
                    "needed."
                )
            if part.name == "validation":
                self._notes.append(
                    f"The {len(part):,} validation images are kept as such: a training on this "
                    "data set uses them, unless other images are chosen there."
                )
        used = np.flatnonzero(sum(part.counts for part in parts))
        labels = int(used.max()) + 1
        if len(used) < 2 and not classes:
            raise SourceRejected(
                f"All images in “{name}” have the label {used[0]}. At least two classes are needed."
            )
        if len(classes) == 1:
            self._notes.append(
                f"All images are of one class, “{harmless(classes[0])}”. A network needs at least "
                "two: add a file for each other class."
            )
        transposed = transposed or ("emnist" in name.lower() and kind != "pictures")
        if transposed:
            self._notes.append(
                "The images of EMNIST lie on their side: rows and columns are swapped here."
            )
        if not classes and labels <= len(self._listed) <= MOST_CLASSES:
            classes = self._listed
            self._notes.append("The names of the classes were in the file too.")
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
            self._leaving.found(),
            self._layouts[0].choices if self._layouts else (),
            self._layouts[0].label if self._layouts else None,
            transposed,
            ordered=kind != "pictures" or numbered,
        )

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise SourceRejected(
                f"The images take more than {self._room / 1e6:,.0f} MB, which is all the room "
                "there is. Use fewer images, or delete a data set first."
            )


def _plain(file: IO[bytes], size: int, name: str) -> Input:
    def rewound() -> IO[bytes]:
        file.seek(0)
        return file

    # A packed file is followed by how much of it has been read, not by what that unpacks to.
    return Input(name, rewound, lambda _: file.tell() / size, size)


def _data_files(opened: archive.Archive) -> list[archive.Member]:
    """Return the files in an archive that are data sets by themselves, of one form."""
    others = [member for member in opened.members if not member.is_picture]
    by_format: dict[str, list[archive.Member]] = {}
    for member in others[:MOST_LOOKED_AT]:
        known = formats.find(opened.read(member, pieces.START), member.name)
        if known is not None:
            by_format.setdefault(known.title, []).append(member)
    for each in formats.FORMATS:
        if chosen := by_format.get(each.title):
            return chosen
    for kind in (_TABLE, _IDX):
        chosen = [member for member in others if kind.fullmatch(member.name.rpartition("/")[2])]
        if chosen:
            return chosen
    return [
        member
        for member in others
        if _TEXT.fullmatch(member.name.rpartition("/")[2]) and member.size >= _FEWEST_BYTES
    ]


def _listed(opened: archive.Archive) -> tuple[tuple[str, ...], str]:
    """Return the names in a list of classes beside the data, a line each, and the list's name."""
    for member in opened.members:
        if member.name.rpartition("/")[2].lower() == CLASS_LIST and member.size <= MOST_LIST:
            text = opened.read(member, MOST_LIST).decode("utf-8-sig", "replace")
            return tuple(filter(None, (line.strip() for line in text.splitlines()))), member.name
    return (), ""


def _once(inputs: list[Input], leave_out: Callable[[str, str], None]) -> list[Input]:
    """Return files without those that are there in another spelling too, as MNIST's often are."""
    kept: dict[str, Input] = {}
    for each in inputs:
        last = each.name.rpartition("/")[2].lower()
        key = last.removesuffix(".gz").replace(".", "-").replace("_", "-")
        other = kept.get(key)
        packed = other is not None and last.endswith(".gz") != other.name.lower().endswith(".gz")
        if other is None:
            kept[key] = each
        elif other.size == each.size or packed:
            leave_out(each.name, f"it is the same file as “{other.name}”")
        else:
            kept[each.name] = each
    return list(kept.values())


def _packed(opened: archive.Archive, member: archive.Member) -> Input:
    return Input(
        harmless(member.name),
        lambda: opened.open(member),
        lambda stream: stream.read_bytes / max(1, member.size),
        member.size,
    )
