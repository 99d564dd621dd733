"""CSV files with one image a line, as Kaggle has Fashion-MNIST: ``label,pixel1,...,pixel784``.

Every value of every line is checked. A block of lines is parsed by NumPy in one go (about 300 MB a
second); only a block with something unusual in it, be it a space or a mistake, is read value by
value.

What is read: comma, semicolon or tab; LF or CRLF; with or without a byte order mark; the label
first or last; pixels numbered from 0 or 1 (``pixel1``, ``px_0``) or by row and column (``1x1``),
row by row, and in colour red, green, blue for each pixel. Without a header the label comes first.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.sources.parts import EDGES, MOST_CLASSES, Part
from core.datasets.sources.stream import Stream
from core.errors import SourceRejected
from core.files import harmless

BLOCK = 1 << 17  # bytes parsed at a time: it and what is made of it stay in the processor's cache
LONGEST_LINE = 1 << 20  # bytes
MOST_PROBLEMS = 5
_BOM = b"\xef\xbb\xbf"
_NUMBERED = re.compile(r"(\D*)([0-9]{1,6})")
_BY_PLACE = re.compile(r"\D*([0-9]{1,3})\D([0-9]{1,3})")


@dataclass(frozen=True)
class _Layout:
    """What the header says.

    Attributes:
        columns: the names of all columns; None without a header.
        width: number of columns.
        delimiter: between them, one byte.
        label: index of the label's column: the first or the last.
        shape: (height, width, channels) of each image.
    """

    columns: tuple[str, ...] | None
    width: int
    delimiter: bytes
    label: int
    shape: tuple[int, int, int]

    def column(self, index: int) -> str:
        """Return what to call a column in a sentence."""
        if index == self.label:
            return "the label"
        return harmless(self.columns[index], 20) if self.columns else f"column {index + 1}"


def read(
    stream: Stream, folder: Path, part: str, room: Callable[[int], None], tick: Callable[[], None]
) -> tuple[Part, list[str]]:
    """Read a table to its end and write its images and labels.

    Args:
        stream: of the file.
        folder, part, room: where to write, see ``Part``.
        tick: called after every block.

    Returns:
        What was written, and notes on how the file was read.

    Raises:
        SourceRejected: the first problems, each with its line in the file (the header is line 1).
    """
    lines = _Lines(stream)
    first = lines.header()
    layout = _layout(first, stream.name)
    notes = []
    if layout.columns is None:
        lines.put_back(first)
        notes.append(f"“{stream.name}” has no header: its first column was taken as the label.")
    problems: list[str] = []
    with Part(folder, part, layout.shape, room) as written:
        for block in lines.blocks():
            parsed = _parse(block, layout)
            if parsed is not None and int(parsed[:, layout.label].max()) < MOST_CLASSES:
                numbers = np.arange(lines.number, lines.number + len(parsed))
            else:
                numbers, parsed = _parse_slowly(block, layout, lines.number, problems)
            lines.number += block.count(b"\n")
            tick()
            if len(problems) >= MOST_PROBLEMS:
                break
            if problems or not len(parsed):
                continue
            pixels = parsed[:, 1:] if layout.label == 0 else parsed[:, :-1]
            written.append(
                pixels,
                parsed[:, layout.label],
                lambda i, numbers=numbers: f"line {numbers[i]:,} of “{stream.name}”",  # type: ignore[misc]
            )
        if problems:
            more = "" if len(problems) < MOST_PROBLEMS else " (the first ones)"
            raise SourceRejected(
                f"“{stream.name}” cannot be used. Correct this{more} and try again:", problems
            )
        if not len(written):
            raise SourceRejected(f"“{stream.name}” has a header but no images below it.")
    return written, notes


class _Lines:
    """A file as blocks of whole lines that end with LF.

    Attributes:
        number: of the first line of the next block, from 1.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = b""
        self.number = 1

    def header(self) -> bytes:
        """Return the first line, without byte order mark and line end."""
        while b"\n" not in self._rest and (more := self._stream.read(BLOCK)):
            self._rest += more
            self._check_start()
        line, _, self._rest = self._rest.partition(b"\n")
        self.number = 2
        return line.removeprefix(_BOM).rstrip(b"\r")

    def put_back(self, line: bytes) -> None:
        """Let the first line be the first of the first block."""
        self._rest = line + b"\n" + self._rest
        self.number = 1

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks; the last line gets its line end if it has none."""
        while more := self._stream.read(BLOCK):
            cut = more.rfind(b"\n") + 1
            if cut:
                yield _unix(self._rest + more[:cut])
                self._rest = more[cut:]
            else:
                self._rest += more
            if len(self._rest) > LONGEST_LINE:
                raise SourceRejected(
                    f"“{self._stream.name}” has a line of more than {LONGEST_LINE:,} bytes after "
                    f"line {self.number - 1:,}. Write one image per line."
                )
        if self._rest:
            yield _unix(self._rest if self._rest.endswith(b"\n") else self._rest + b"\n")

    def _check_start(self) -> None:
        name, start = self._stream.name, self._rest
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SourceRejected(
                f"“{name}” is written in UTF-16. Save it as CSV in UTF-8, and try again."
            )
        if b"\0" in start[:512]:
            raise SourceRejected(
                f"“{name}” is not a CSV file: it contains bytes that are not text. Use CSV, IDX, "
                "or a ZIP of pictures."
            )
        if len(start) > LONGEST_LINE:
            raise SourceRejected(
                f"The first line of “{name}” has more than {LONGEST_LINE:,} bytes, so it is not a "
                "CSV file with one image per line."
            )


def _unix(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n") if b"\r" in block else block


def _layout(line: bytes, name: str) -> _Layout:
    """Read the header, or see from the first line of numbers what the columns are."""
    text = line.decode("utf-8", "replace")
    delimiter = max(",;\t", key=text.count)
    columns = tuple(each.strip(' "') for each in text.split(delimiter))
    if all(each.isascii() and each.isdigit() for each in columns):
        shape = _shape(len(columns) - 1, name)
        return _Layout(None, len(columns), delimiter.encode(), 0, shape)
    lower = [each.lower() for each in columns]
    if lower.count("label") != 1:
        found = (
            f"its columns are {', '.join(harmless(each, 20) or 'nameless' for each in columns[:3])}"
        )
        found += " …" if len(columns) > 3 else ""
        raise SourceRejected(
            f"“{name}” has no column named label; {found}."
            if "label" not in lower
            else f"“{name}” has more than one column named label."
            " One column must be the label, and all others pixels."
        )
    label = lower.index("label")
    if label not in (0, len(columns) - 1):
        raise SourceRejected(
            f"In “{name}” the label is column {label + 1}. Put it first or last, as it cannot lie "
            "between the pixels."
        )
    pixels = columns[1:] if label == 0 else columns[:-1]
    _check_order(pixels, name)
    return _Layout(columns, len(columns), delimiter.encode(), label, _shape(len(pixels), name))


def _check_order(pixels: tuple[str, ...], name: str) -> None:
    """See that the pixel columns are all there, in order."""
    if not pixels:
        raise SourceRejected(f"“{name}” has a label but no pixels.")
    if _NUMBERED.fullmatch(pixels[0]):
        prefix, start = _NUMBERED.fullmatch(pixels[0]).groups()  # type: ignore[union-attr]
        first = int(start) if int(start) in (0, 1) else 1
        expected = [f"{prefix}{first + i}" for i in range(len(pixels))]
    elif places := _BY_PLACE.fullmatch(pixels[0]):
        first, edge = min(int(places[1]), 1), max(1, math.isqrt(len(pixels)))
        between = pixels[0][places.end(1) : places.start(2)]
        before = pixels[0][: places.start(1)]
        expected = [
            f"{before}{first + i // edge}{between}{first + i % edge}" for i in range(len(pixels))
        ]
    else:
        expected = [f"pixel{i + 1}" for i in range(len(pixels))]
    for index, (found, wanted) in enumerate(zip(pixels, expected, strict=True)):
        if found.lower() != wanted.lower():
            missing = wanted not in pixels
            raise SourceRejected(
                f"In the header of “{name}” the column {wanted} "
                + ("is missing" if missing else "is not in its place")
                + f": after {harmless(pixels[index - 1], 20) if index else 'the label'} comes "
                f"“{harmless(found, 20)}”. All columns but the label must be pixels, in order."
            )


def _shape(pixels: int, name: str) -> tuple[int, int, int]:
    low, high = EDGES
    for channels in (1, 3):
        edge = math.isqrt(pixels // channels)
        if edge * edge * channels == pixels and low <= edge <= high:
            return edge, edge, channels
    near = round(math.sqrt(pixels)) if pixels < 2 * high * high else round(math.sqrt(pixels / 3))
    near = min(high, max(low, near))
    raise SourceRejected(
        f"“{name}” has {pixels:,} pixel columns, but images must be square, {low} to {high} pixels "
        f"high: for example {28 * 28} columns for 28 × 28 in grey, or {32 * 32 * 3:,} for 32 × 32 "
        f"in colour. The nearest grey size is {near} × {near}, {near * near:,} columns."
    )


def _parse(block: bytes, layout: _Layout) -> np.ndarray | None:
    """Return the values of a block of lines, uint8 (lines, columns).

    Returns None unless it is plain: numbers of 1 to 3 digits up to 255, the right number a line.
    """
    # With three more in front, each character has three before it. All but the two look-ups at the
    # end is arithmetic on bytes, which NumPy does many at a time.
    text = np.frombuffer(layout.delimiter * 3 + block, np.uint8)
    values = text - np.uint8(ord("0"))  # what is below wraps around to above 9
    digit = values < 10
    before = digit[2:-1]
    two_before = before & digit[1:-2]
    ends = ~digit[3:]
    if (ends & ~before).any() or (two_before & digit[:-3] & digit[3:]).any():
        return None  # a value of no digit, or of four
    places = np.flatnonzero(ends)
    if len(places) == 0 or len(places) % layout.width:
        return None
    found = text[3:][places].reshape(-1, layout.width)
    delimiter = layout.delimiter[0]
    if not ((found[:, :-1] == delimiter).all() and (found[:, -1] == ord("\n")).all()):
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
    return numbers[places].reshape(-1, layout.width)


def _parse_slowly(
    block: bytes, layout: _Layout, first: int, problems: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return line numbers and values of the lines that are right; add what is wrong to problems."""
    numbers: list[int] = []
    rows: list[list[int]] = []
    text = block.decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n")[:-1], first):
        if not line.strip():
            continue
        values = line.split(layout.delimiter.decode())
        problem = None
        if len(values) != layout.width:
            problem = f"it has {len(values):,} values instead of {layout.width:,}"
        else:
            row = [_number(value) for value in values]
            label = row[layout.label]
            wrong = next((i for i, value in enumerate(row) if not 0 <= value <= 255), None)
            if wrong is not None:
                shown = harmless(values[wrong], 20)
                problem = f"{layout.column(wrong)} is " + (
                    f"“{shown}”, which is no whole number from 0 to 255" if shown else "empty"
                )
            elif label >= MOST_CLASSES:
                problem = f"the label is {label}, but labels end at {MOST_CLASSES - 1}"
        if problem is None:
            numbers.append(number)
            rows.append(row)
            continue
        problems.append(f"Line {number:,}: {problem}.")
        if len(problems) >= MOST_PROBLEMS:
            break
    return np.array(numbers), np.array(rows, np.uint8).reshape(-1, layout.width)


def _number(value: str) -> int:
    """Return a whole number, bare or in quotes; -1 if it is none."""
    bare = value.strip(' "')
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 6 else -1
