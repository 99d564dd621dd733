"""CSV files with one image a line, as Kaggle has Fashion-MNIST: ``label,pixel1,...,pixel784``.

Every value of every line is checked. A block of lines is parsed by NumPy in one go: plain numbers
of 0 to 255 by arithmetic (about 300 MB a second), all else by looking up texts that were seen
before, as images of 8 bits have only 256 of them. Only a block with a mistake in it is read value
by value.

What is read: comma, semicolon, tab, bar or spaces; LF, CRLF or CR; UTF-8 or UTF-16; numbers whole
or not, 0 to 255, 0 to 1 or -1 to 1; labels as numbers or as texts; all pixels in one field; with
other columns beside label and pixels (``core.datasets.sources.columns`` tells which is which). In
colour, red, green and blue for each pixel.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.datasets.sources import columns
from core.datasets.sources.columns import (
    FEWEST_PACKED,
    WORDS,
    Layout,
    Scale,
    Unlabelled,
    has_header,
    is_number,
    label_score,
    understand,
    unmangled,
)
from core.datasets.sources.names import natural
from core.datasets.sources.parts import MOST_CLASSES, NAMES, Part, used_as
from core.datasets.sources.stream import Stream
from core.errors import SourceRejected
from core.files import harmless

BLOCK = 1 << 17  # bytes parsed at a time: it and what is made of it stay in the processor's cache
LONGEST_LINE = 1 << 20  # bytes
MOST_PROBLEMS = 5
MOST_NAME = 40  # characters of a class's name
SAMPLE = 1 << 19  # bytes from which it is told what the columns are
SAMPLE_LINES = 200
_BOM = b"\xef\xbb\xbf"
_SEPARATOR = re.compile(rb'"?sep=(.)"?\s*', re.IGNORECASE)
_SPACES = bytes.maketrans(b",\t\r\v\f", b"     ")
_INSIDE = "\x1f"  # stands for a delimiter within quotes
_MANY = 1000  # texts not seen before, from which on it is no use to keep them
_OF_NUMBERS = np.zeros(256, bool)  # the bytes that numbers are written with
_OF_NUMBERS[list(b"0123456789+-.eE\0")] = True
_PLAIN_TRIES = 8  # blocks, after which the arithmetic is not tried again if it never fitted


@dataclass
class Names:
    """The texts that are labels, shared by the tables of a data set.

    Attributes:
        label: by text, in the order in which they came.
    """

    label: dict[str, int] = field(default_factory=dict)

    def of(self, text: str) -> int | None:
        """Return the label of a text; None if there are too many, or it is none."""
        name = harmless(text.replace(_INSIDE, ","), MOST_NAME)
        if not name or (name not in self.label and len(self.label) >= MOST_CLASSES):
            return None
        return self.label.setdefault(name, len(self.label))

    def sort(self, parts: list[Part], folder: Path) -> tuple[str, ...]:
        """Put the labels into the order of their names, in closed parts too; return the names."""
        names = sorted(self.label, key=natural)
        new = np.arange(256)
        for index, name in enumerate(names):
            new[self.label[name]] = index
        for part in parts:
            path = folder / f"{part.name}-labels.npy"
            np.save(path, new[np.load(path, allow_pickle=False)].astype("<i8"))
            counts = np.zeros_like(part.counts)
            counts[new[: len(names)]] = part.counts[: len(names)]
            part.counts = counts
            part.first = {int(new[label]): place for label, place in part.first.items()}
        self.label = {name: index for index, name in enumerate(names)}
        return tuple(names)


@dataclass
class Understood:
    """A table that has been read: its parts, and how it was read."""

    parts: list[Part]
    layout: Layout
    notes: list[str]


class _OtherwiseError(Exception):
    """The first lines were misleading: read it again with another layout."""

    def __init__(self, *, scale: Scale | None = None, label: int | None = None) -> None:
        super().__init__()
        self.scale, self.label = scale, label


def problem_of(stream: Stream) -> str | None:
    """Return why a table beside others has no images to learn from; None if it has."""
    try:
        _Table(stream, None)
    except Unlabelled as error:
        return str(error)
    except SourceRejected:
        return None  # said when it is read
    return None


def read(
    opened: Callable[[], Stream],
    folder: Path,
    part: str,
    room: Callable[[int], None],
    tick: Callable[[Stream], None],
    names: Names | None = None,
    label: int | None = None,
) -> Understood:
    """Read a table to its end and write its images and labels.

    Args:
        opened: opens the file at its beginning.
        folder, part, room: where to write, see ``Part``.
        tick: called after every block.
        names: of the classes, if the labels are texts; they are added to it.
        label: index of the column that is the label, if its owner says so.

    Raises:
        SourceRejected: the first problems, each with its line in the file (the header is line 1).
    """
    names = names if names is not None else Names()
    before, scale = dict(names.label), None
    for _ in range(4):
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            taken += count
            room(count)

        stream = opened()
        table = _Table(stream, label, scale)
        try:
            parts = table.read(folder, part, take, tick, names)
        except _OtherwiseError as otherwise:
            room(-taken)
            names.label = dict(before)
            scale = otherwise.scale or scale
            label = otherwise.label if otherwise.label is not None else label
        else:
            return Understood(parts, table.layout, table.notes)
    raise SourceRejected(f"It is not clear what the values in “{stream.name}” are.")


class _Table:
    """A table of which the columns are understood, at its first image."""

    def __init__(self, stream: Stream, label: int | None, scale: Scale | None = None) -> None:
        self._lines = lines = _Lines(stream)
        self._stream, self._name = stream, stream.name
        first, rows = lines.first()
        self.notes: list[str] = []
        names: list[str] | None = first
        if (numbers := unmangled(first)) is not None:
            names = None
            self.notes.append(
                f"The first line of “{stream.name}” is an image that a program took for names of "
                "columns: it was read as an image."
            )
            lines.put_back(numbers)
            rows = [numbers, *rows]
        elif not has_header(first):
            names = None
            lines.put_back()
            rows = [first, *rows]
        if not rows:
            if names is not None:
                understand(names, [["0"] * len(names)], stream.name, label)
            raise SourceRejected(f"“{stream.name}” has a header but no images below it.")
        right = [row for row in rows if len(row) == len(first)] or [["0"] * len(first)]
        layout = understand(names, right, stream.name, label)
        self.layout = layout if scale is None else replace(layout, scale=scale)
        self.notes += [
            note for note in layout.notes if scale in (None, layout.scale) or "values" not in note
        ]
        if scale not in (None, Scale.WHOLE, layout.scale):
            self.notes.append(columns.scale_words(scale, stream.name))
        low, high = layout.pixels[0], layout.pixels[-1]
        self._pixels: slice | list[int] = (
            slice(low, high + 1) if high - low + 1 == len(layout.pixels) else list(layout.pixels)
        )
        self._lookup = _Lookup(self.layout.scale)
        self._plain = self.layout.scale is Scale.WHOLE and not layout.texts and layout.split is None
        self._tries = 0
        self._labels: dict[bytes, int] = {}

    def read(
        self,
        folder: Path,
        part: str,
        room: Callable[[int], None],
        tick: Callable[[Stream], None],
        names: Names,
    ) -> list[Part]:
        layout, problems = self.layout, list[str]()
        edges = np.zeros(256, np.int64)  # how often each value occurs where the label may be too
        with ExitStack() as stack:
            parts: dict[str, Part] = {}

            def written(which: str) -> Part:
                if which not in parts:
                    parts[which] = stack.enter_context(Part(folder, which, layout.shape, room))
                return parts[which]

            written(part if layout.split is None or part != "all" else "train")
            for block in self._lines.blocks():
                numbers, pixels, labels, which = self._values(block, names, problems)
                self._lines.number += block.count(b"\n")
                tick(self._stream)
                if len(problems) >= MOST_PROBLEMS:
                    break
                if problems or not len(labels):
                    continue
                if layout.guessed is not None:
                    column = pixels[:, layout.pixels.index(layout.guessed)]
                    edges += np.bincount(column, minlength=256)
                for each in sorted(set(which)) if which and part == "all" else [""]:
                    chosen = np.array([one == each for one in which]) if each else slice(None)
                    lines = numbers[chosen]
                    written(each or part).append(
                        pixels[chosen],
                        labels[chosen],
                        lambda i, lines=lines: f"line {lines[i]:,} of “{self._name}”",  # type: ignore[misc]
                    )
            if problems:
                more = "" if len(problems) < MOST_PROBLEMS else " (the first ones)"
                raise SourceRejected(
                    f"“{self._name}” cannot be used. Correct this{more} and try again:", problems
                )
            filled = [each for each in parts.values() if len(each)]
            if not filled:
                raise SourceRejected(f"“{self._name}” has a header but no images below it.")
            counts = np.sum([each.counts for each in filled], axis=0)
            if layout.guessed is not None and label_score(edges) > label_score(counts):
                raise _OtherwiseError(label=layout.guessed)
        return self._divided(filled, folder) if layout.split is not None else filled

    def _divided(self, parts: list[Part], folder: Path) -> list[Part]:
        """Return the parts that a column gives, and say so."""
        column = harmless((self.layout.columns or ())[self.layout.split or 0], 20)
        part_of = used_as([each.name for each in parts])
        for each in parts:
            if part_of[each.name] != each.name:
                _rename(each, part_of[each.name], folder)
        self.notes.append(
            f"The column {column} gives no split: all images are of one part."
            if len(parts) == 1
            else f"The column {column} says what an image is for."
        )
        return sorted(parts, key=lambda each: NAMES.index(each.name))

    def _values(
        self, block: bytes, names: Names, problems: list[str]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """Return line numbers, pixels, labels and parts of the lines that are right."""
        layout, lines = self.layout, self._lines
        if self._plain:
            parsed = _parse(block, layout.width, lines.delimiter)
            if parsed is not None and int(parsed[:, layout.label].max()) < MOST_CLASSES:
                numbers = np.arange(lines.number, lines.number + len(parsed))
                self._tries = -1
                return numbers, parsed[:, self._pixels], parsed[:, layout.label].astype(int), []
            self._tries += self._tries >= 0
            self._plain = self._tries < _PLAIN_TRIES
        if not problems and (found := self._looked_up(block, names)) is not None:
            return found
        return self._slowly(block, names, problems)

    def _looked_up(
        self, block: bytes, names: Names
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]] | None:
        """Parse a block by looking up its texts; None if something in it is not right."""
        layout, delimiter = self.layout, self._lines.delimiter[0]
        ends = _equal_ends(block, layout.width, delimiter)
        equal = ends is not None
        if ends is None:
            ends = _ends(block, layout.width, delimiter)
        if ends is None:
            return None
        starts = np.empty_like(ends)
        starts[0] = 0
        np.add(ends[:-1], 1, out=starts[1:])
        begin, end = starts.reshape(-1, layout.width), ends.reshape(-1, layout.width)
        first, after = begin[:, self._pixels].ravel(), end[:, self._pixels].ravel()
        lengths = int(after[0] - first[0]) if equal else after - first
        pixels = self._lookup.levels(block, first, lengths)
        if pixels is None:
            return None

        def texts(column: int) -> list[bytes]:
            places = zip(begin[:, column].tolist(), end[:, column].tolist(), strict=True)
            return [block[a:b] for a, b in places]

        labels = [self._label(each, names) for each in texts(layout.label)]
        if any(label is None for label in labels):
            return None
        which = [_part(each) for each in texts(layout.split)] if layout.split is not None else []
        if any(each is None for each in which):
            return None
        numbers = np.arange(self._lines.number, self._lines.number + len(labels))
        shaped = pixels.reshape(len(labels), -1)
        return numbers, shaped, np.array(labels, int), [each for each in which if each]

    def _slowly(
        self, block: bytes, names: Names, problems: list[str]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """Parse a block value by value; add what is wrong to problems."""
        layout = self.layout
        numbers: list[int] = []
        rows: list[list[int]] = []
        labels: list[int] = []
        which: list[str] = []
        delimiter = self._lines.delimiter.decode()
        lines = block.decode("utf-8", "replace").split("\n")[:-1]
        for number, line in enumerate(lines, self._lines.number):
            if not line.strip():
                continue
            problem, row, label, part = self._line(line.split(delimiter), names)
            if problem is None and label is not None:
                numbers.append(number)
                rows.append(row)
                labels.append(label)
                which += [part] if part else []
                continue
            problems.append(f"Line {number:,}: {problem}.")
            if len(problems) >= MOST_PROBLEMS:
                break
        shaped = np.array(rows, np.uint8).reshape(-1, len(layout.pixels))
        return np.array(numbers, int), shaped, np.array(labels, int), which

    def _line(
        self, values: list[str], names: Names
    ) -> tuple[str | None, list[int], int | None, str | None]:
        """Return what is wrong with a line, if anything; its pixels, label and part."""
        layout = self.layout
        if len(values) != layout.width:
            problem = f"it has {len(values):,} values instead of {layout.width:,}"
            return problem, [], None, None
        row = []
        label = self._label(values[layout.label].encode(), names)
        wrong = layout.label if label is None else None
        for column in layout.pixels:
            level = self._lookup.level(values[column].encode())
            if level is None:
                wrong = column if wrong is None else min(wrong, column)
                break
            row.append(level)
        if wrong is not None:
            return self._problem(wrong, values[wrong]), [], None, None
        part = None
        if layout.split is not None:
            part = _part(values[layout.split].encode())
            if part is None:
                shown = harmless(values[layout.split], 20)
                return f"“{shown}” is not the name of a part", [], None, None
        return None, row, label, part

    def _problem(self, column: int, text: str) -> str:
        """Say what is wrong with a value."""
        layout, shown = self.layout, harmless(text, 20)
        called = layout.column(column)
        if not shown:
            return f"{called} is empty"
        if column != layout.label:
            return f"{called} is “{shown}”, which is {layout.scale.words}"
        if layout.texts:
            return f"{called} is “{shown}”, but there may be {MOST_CLASSES} different ones"
        bare = text.strip(" '\"")
        if bare.isascii() and bare.isdigit() and int(bare[:9]) < 256:
            return f"the label is {int(bare)}, but labels end at {MOST_CLASSES - 1}"
        return f"{called} is “{shown}”, which is {Scale.WHOLE.words}"

    def _label(self, text: bytes, names: Names) -> int | None:
        known = self._labels.get(text)
        if known is None:
            bare = text.decode("utf-8", "replace").strip(" '\"")
            known = names.of(bare) if self.layout.texts else columns.whole(bare)
            if known is not None and len(self._labels) < 10_000:
                self._labels[text] = known
        return known


class _Lookup:
    """Levels of 0 to 255 by the texts that stand for them, many at a time.

    A text is looked up by a hash of its bytes and compared whole; what is not there is parsed by
    Python once, and kept.
    """

    _BITS = 17
    _EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)  # no text has this in it
    _ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._words = self._calls = 0
        self._masks = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)
        self._clear(1)

    def _clear(self, words: int) -> None:
        self._words = words
        self._keys = np.full((words, 1 << self._BITS), self._EMPTY)
        self._kept = np.zeros(1 << self._BITS, np.uint8)

    def level(self, text: bytes) -> int | None:
        """Return the level that a text stands for; None if it is none.

        Raises:
            _OtherwiseError: it would be one of another scale.
        """
        bare = text.decode("utf-8", "replace").strip(" \"'")
        if not is_number(bare):
            return None
        value = float(bare)
        level = self._scale.level(value)
        if level is None and self._scale in (Scale.UNIT, Scale.SIGNED):
            if self._scale is Scale.UNIT and -1 <= value < 0:
                raise _OtherwiseError(scale=Scale.SIGNED)
            if self._scale is Scale.UNIT and value in range(256):
                raise _OtherwiseError(scale=Scale.WHOLE)
        return level

    def levels(
        self, block: bytes, starts: np.ndarray, lengths: np.ndarray | int
    ) -> np.ndarray | None:
        """Return the levels of many texts, uint8; None if one of them is none.

        Args:
            block: that has them in it.
            starts: of each text, in bytes.
            lengths: likewise, or one for all.
        """
        longest = int(np.max(lengths, initial=1))
        words = -(-longest // 8)
        if words > len(self._ODD):
            return None
        if words > self._words:
            self._clear(words)
        padded = block + bytes(8 * self._words)
        # Eight bytes from each place on, as one number: a view, not a copy.
        window: np.ndarray = np.ndarray((len(block) + 8 * self._words - 7,), "<u8", padded, 0, (1,))
        keys = []
        mixed = np.zeros(len(starts), np.uint64)
        for word in range(self._words):
            rest = lengths - 8 * word
            mask = self._masks[np.clip(rest, 0, 8)]
            key = window[np.minimum(starts + 8 * word, len(window) - 1)] & mask
            mixed ^= key * np.uint64(self._ODD[word])
            keys.append(key)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(self._ODD[0])
        slot = (mixed >> np.uint64(64 - self._BITS)).astype(np.intp)
        found = self._kept[slot]
        known = self._keys[0][slot] == keys[0]
        for word in range(1, self._words):
            known &= self._keys[word][slot] == keys[word]
        missing = np.flatnonzero(~known)
        sizes = np.broadcast_to(lengths, starts.shape)
        if len(missing) > _MANY and self._calls > _PLAIN_TRIES:
            levels = self._parsed(padded, starts[missing], sizes[missing])
            if levels is not None:
                found[missing] = levels
                return found
        self._calls += 1
        if len(missing):
            seen: dict[bytes, int] = {}
            places = zip(
                missing.tolist(), starts[missing].tolist(), sizes[missing].tolist(), strict=True
            )
            for index, start, length in places:
                text = block[start : start + length]
                level: int | None = seen.get(text)
                if level is None:
                    level = self.level(text)
                    if level is None:
                        return None
                    seen[text] = level
                    self._kept[slot[index]] = level
                    for word in range(self._words):
                        self._keys[word][slot[index]] = keys[word][index]
                found[index] = level
        return found

    def _parsed(self, padded: bytes, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
        """Return the levels of texts that are all different, as pixels that were computed are."""
        places = np.arange(int(lengths.max()))
        text = np.frombuffer(padded, np.uint8)
        taken = text[np.minimum(starts[:, None] + places, len(text) - 1)]
        taken = np.where(places < lengths[:, None], taken, 0).astype(np.uint8)
        if not _OF_NUMBERS[taken].all():
            return None
        try:
            values = taken.view(f"S{len(places)}").ravel().astype(float)
        except ValueError:
            return None
        return self._scale.levels(values)


def _one_between(block: bytes) -> bool:
    """Tell whether nothing but single spaces and line ends is between the values of a block."""
    if b"\t" in block or block.startswith(b" "):
        return False
    text = np.frombuffer(block, np.uint8)
    between = (text == ord(" ")) | (text == ord("\n"))
    return not (between[1:] & between[:-1]).any()


def _ends(block: bytes, width: int, delimiter: int) -> np.ndarray | None:
    """Return the place after each value of a block of lines; None if a line has not so many."""
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((text == delimiter) | (text == ord("\n")))
    if len(ends) == 0 or len(ends) % width:
        return None
    last = text[ends].reshape(-1, width) == ord("\n")
    return ends if last[:, -1].all() and not last[:, :-1].any() else None


def _equal_ends(block: bytes, width: int, delimiter: int) -> np.ndarray | None:
    """Return the same where all values have equally many bytes, as ``numpy.savetxt`` writes them.

    It is found out without looking for the place of each.
    """
    line = block.find(b"\n") + 1
    if line % width or len(block) % max(1, line):
        return None
    cell, text = line // width, np.frombuffer(block, np.uint8)
    last = text[cell - 1 :: cell].reshape(-1, width)
    if not ((last[:, :-1] == delimiter).all() and (last[:, -1] == ord("\n")).all()):
        return None
    if np.count_nonzero((text == delimiter) | (text == ord("\n"))) != last.size:
        return None  # more of them, within a value
    return np.arange(cell - 1, len(block), cell)


class _Lines:
    """A file as blocks of whole lines in UTF-8 that end with LF, with plain fields.

    Attributes:
        number: of the first line of the next block, from 1.
        delimiter: between the fields, one byte.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = b""
        self._put_back = b""
        self.number = 1
        self.delimiter = b","
        self._decoder: codecs.IncrementalDecoder | None = None
        self._old_mac = self._decimal_comma = False
        self._packed: int | None = None
        self._header = b""

    def first(self) -> tuple[list[str], list[list[str]]]:
        """Return the fields of the first line, and those of the lines after it that are at hand."""
        self._start()
        line, _, self._rest = self._rest.partition(b"\n")
        self.number = 2
        separator = _SEPARATOR.fullmatch(line)
        if separator is not None:
            line, _, self._rest = self._rest.partition(b"\n")
            self.number = 3
        sample = self._rest.split(b"\n", SAMPLE_LINES)[:SAMPLE_LINES]
        # The last one may be cut off; a file of one line has none.
        sample = [each for each in sample[: -1 if len(sample) > 1 else None] if each.strip()]
        self.delimiter = separator[1] if separator is not None else _delimiter(line)
        self._packed = self._packed_column([line, *sample])
        self._decimal_comma = self.delimiter in b";\t|" and bool(
            sample and re.search(rb"(^|[;\t|])[+-]?[0-9]+,[0-9]+([;\t|]|$)", sample[0])
        )
        self._header = line
        head = self._fields(line)
        rows = [self._fields(each) for each in sample]
        if self._packed is not None and rows and len(head) < len(rows[0]):
            more = len(rows[0]) - len(head) + 1
            pixels = [f"pixel{i}" for i in range(1, more + 1)]
            head[self._packed : self._packed + 1] = pixels
        return head, rows

    def put_back(self, values: list[str] | None = None) -> None:
        """Let the first line be the first of the first block, or else these values."""
        line = self._header if values is None else self.delimiter.join(v.encode() for v in values)
        self._rest = line + b"\n" + self._rest
        self.number -= 1

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks; the last line gets its line end if it has none."""
        cut = self._rest.rfind(b"\n", 0, BLOCK) + 1
        while cut:  # what was read ahead
            block, self._rest = self._rest[:cut], self._rest[cut:]
            yield self._plain(block)
            cut = self._rest.rfind(b"\n", 0, BLOCK) + 1
        while more := self._more():
            cut = more.rfind(b"\n") + 1
            if cut:
                yield self._plain(self._rest + more[:cut])
                self._rest = more[cut:]
            else:
                self._rest += more
            if len(self._rest) > LONGEST_LINE:
                raise SourceRejected(
                    f"“{self._stream.name}” has a line of more than {LONGEST_LINE:,} bytes after "
                    f"line {self.number - 1:,}. Write one image per line."
                )
        if self._rest:
            yield self._plain(self._rest if self._rest.endswith(b"\n") else self._rest + b"\n")
            self._rest = b""

    def _more(self) -> bytes:
        more = self._stream.read(BLOCK)
        if self._decoder is not None:
            try:
                more = self._decoder.decode(more, final=not more).encode()
            except UnicodeDecodeError as error:
                raise SourceRejected(
                    f"“{self._stream.name}” is damaged: it begins as UTF-16 but does not go on so."
                ) from error
        return more.replace(b"\r", b"\n") if self._old_mac else more

    def _start(self) -> None:
        """Read the beginning, and see how it is written."""
        name = self._stream.name
        self._rest = self._stream.read(BLOCK)
        start = self._rest[:512]
        utf16 = None
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            utf16 = "utf-16"
        elif len(start) > 16 and not any(start[1:64:2]) and all(start[0:64:2]):
            utf16 = "utf-16-le"
        elif len(start) > 16 and not any(start[0:64:2]) and all(start[1:64:2]):
            utf16 = "utf-16-be"
        if utf16 is not None:
            self._decoder = codecs.getincrementaldecoder(utf16)()
            try:
                self._rest = self._decoder.decode(self._rest).encode()
            except UnicodeDecodeError:
                self._rest = b"\0"
        if b"\0" in self._rest[:512]:
            raise SourceRejected(
                f"“{name}” is not a CSV file: it contains bytes that are not text. Use CSV, IDX, "
                "or a ZIP of pictures."
            )
        while len(self._rest) < SAMPLE or (
            len(self._rest) <= LONGEST_LINE and b"\n" not in self._rest and b"\r" not in self._rest
        ):
            more = self._more()
            if not more:
                break
            self._rest += more
        if b"\n" not in self._rest[:-1] and b"\r" in self._rest[:-1].rstrip(b"\r"):
            self._old_mac = True
            self._rest = self._rest.replace(b"\r", b"\n")
        self._rest = self._rest.removeprefix(_BOM)
        cut = self._rest.find(b"\n")
        if (cut if cut >= 0 else len(self._rest)) > LONGEST_LINE:
            raise SourceRejected(
                f"The first line of “{name}” has more than {LONGEST_LINE:,} bytes, so it is not a "
                "CSV file with one image per line."
            )

    def _packed_column(self, lines: list[bytes]) -> int | None:
        """Return the column that has all the pixels of an image in it, if one has."""
        if self.delimiter == b" ":
            return None
        for line in lines[:3]:
            fields = _split(line.rstrip(b"\r"), self.delimiter)
            for index, each in enumerate(fields):
                if _spaced(each).count(b" ") + 1 >= FEWEST_PACKED:
                    return index
        return None

    def _fields(self, line: bytes) -> list[str]:
        text = self._plain(line + b"\n").decode("utf-8", "replace").rstrip("\n")
        return [each.strip(" \"'") for each in text.split(self.delimiter.decode())]

    def _plain(self, block: bytes) -> bytes:
        """Return lines with plain fields: no CR, no quotes, one delimiter between two values."""
        delimiter = self.delimiter
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        if self._packed is not None:
            return self._unpacked(block)
        if b'"' in block:
            block = _unquoted(block, delimiter)
        if self._decimal_comma:
            block = block.replace(b",", b".")
        if delimiter == b" ":
            if not _one_between(block):
                block = re.sub(rb"[ \t]+", b" ", block)
                block = block.replace(b"\n ", b"\n").replace(b" \n", b"\n").lstrip(b" ")
        elif delimiter + b" " in block:
            block = block.replace(delimiter + b" ", delimiter)
        return block

    def _unpacked(self, block: bytes) -> bytes:
        """Return lines in which the field with all the pixels is many fields."""
        lines, packed = [], self._packed or 0
        for line in block.split(b"\n")[:-1]:
            fields = _split(line, self.delimiter)
            if packed < len(fields):
                fields[packed] = _spaced(fields[packed]).replace(b" ", self.delimiter)
            lines.append(self.delimiter.join(fields))
        return b"\n".join(lines) + b"\n"


def _delimiter(line: bytes) -> bytes:
    """Return what is between the fields of a line; of equals that which is no decimal comma."""
    bare = re.sub(rb'"[^"]*"', b"", line)
    best = max(b";", b"\t", b"|", b",", key=bare.count)
    if bare.count(best):
        return best
    return b" " if b" " in bare.strip() else b","


def _split(line: bytes, delimiter: bytes) -> list[bytes]:
    """Return the fields of a line without their quotes."""
    if b'"' not in line:
        return line.split(delimiter)
    text = line.decode("utf-8", "surrogateescape")
    fields = next(csv.reader([text], delimiter=delimiter.decode()), [])
    return [each.encode("utf-8", "surrogateescape") for each in fields]


def _spaced(numbers: bytes) -> bytes:
    """Return the numbers of a field with one space between two, whatever was between them.

    It takes a third of the time of a split and a join.
    """
    spaced = numbers.translate(_SPACES).strip(b"[] ")
    while b"  " in spaced:
        spaced = spaced.replace(b"  ", b" ")
    return spaced


def _unquoted(block: bytes, delimiter: bytes) -> bytes:
    """Return a block without quotes; a delimiter within them becomes ``_INSIDE``."""
    text = np.frombuffer(block, np.uint8)
    inside = (np.cumsum(text == ord('"'), dtype=np.uint8) & 1).astype(bool)
    if (inside & (text == delimiter[0])).any():
        changed = text.copy()
        changed[inside & (text == delimiter[0])] = ord(_INSIDE)
        block = changed.tobytes()
    return block.replace(b'"', b"")


def _part(text: bytes) -> str | None:
    return WORDS.get(text.decode("utf-8", "replace").strip(" \"'").lower())


def _rename(part: Part, name: str, folder: Path) -> None:
    for what in ("images", "labels"):
        (folder / f"{part.name}-{what}.npy").replace(folder / f"{name}-{what}.npy")
    part.name = name


def _parse(block: bytes, width: int, delimiter: bytes) -> np.ndarray | None:
    """Return the values of a block of lines, uint8 (lines, columns).

    Returns None unless it is plain: numbers of 1 to 3 digits up to 255, the right number a line.
    """
    # With three more in front, each character has three before it. All but the two look-ups at the
    # end is arithmetic on bytes, which NumPy does many at a time.
    text = np.frombuffer(delimiter * 3 + block, np.uint8)
    values = text - np.uint8(ord("0"))  # what is below wraps around to above 9
    digit = values < 10
    before = digit[2:-1]
    two_before = before & digit[1:-2]
    ends = ~digit[3:]
    if (ends & ~before).any() or (two_before & digit[:-3] & digit[3:]).any():
        return None  # a value of no digit, or of four
    places = np.flatnonzero(ends)
    if len(places) == 0 or len(places) % width:
        return None
    found = text[3:][places].reshape(-1, width)
    if not ((found[:, :-1] == delimiter[0]).all() and (found[:, -1] == ord("\n")).all()):
        return None
    # The number that would end before each character; it does where that is a delimiter.
    values *= digit.view(np.uint8)
    numbers = values[1:-2] * np.uint8(10)
    numbers *= before.view(np.uint8)
    numbers += values[2:-1]
    hundreds = values[:-3] * two_before.view(np.uint8)
    if ((hundreds > 2) | ((hundreds == 2) & (numbers > 55))).any():
        return None
    hundreds *= np.uint8(100)
    numbers += hundreds
    return numbers[places].reshape(-1, width)
