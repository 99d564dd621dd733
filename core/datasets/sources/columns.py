"""What the columns of a table are: which are pixels, which is the label, and how values are meant.

It is told from the header, where there is one, and from the first lines. Without a header the
label is the edge column that has few whole values, evenly spread; a pixel at the edge of an image
hardly ever does.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from core.datasets.sources.parts import EDGES, MOST_CLASSES
from core.errors import SourceRejected
from core.files import harmless

LABELS = (
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "y",
    "category",
    "emotion",
    "digit",
    "letter",
    "character",
    "label_id",
    "class_id",
    "classlabel",
    "class_label",
    "target_class",
    "true_label",
    "dx",
    "species",
    "classname",
    "class_name",
    "label_name",
    "name",
)
IDS = (
    "id",
    "index",
    "idx",
    "no",
    "nr",
    "row",
    "rowid",
    "row_id",
    "key",
    "imageid",
    "image_id",
    "img_id",
    "lesion_id",
    "unnamed:_0",
    "filename",
    "file",
    "file_name",
    "image",
    "image_name",
    "path",
)
SPLITS = ("usage", "split", "set", "subset", "partition", "part", "phase", "dataset")
WORDS = {  # of a column that says what an image is for
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}
FEWEST_PACKED = 64  # numbers in one field, from which on it is an image
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NUMBERED = re.compile(r"(\D*)([0-9]{1,6})", re.ASCII)
_BY_PLACE = re.compile(r"(\D*)([0-9]{1,3})(\D)([0-9]{1,3})", re.ASCII)


class Scale(StrEnum):
    """What the values of pixels are."""

    WHOLE = "whole"  # numbers of 0 to 255
    ROUNDED = "rounded"  # the same, but not whole
    UNIT = "unit"  # 0 to 1
    SIGNED = "signed"  # -1 to 1

    def level(self, value: float) -> int | None:
        """Return a value as 0 to 255; None if it is none of this scale."""
        if self is Scale.WHOLE:
            return int(value) if 0 <= value <= 255 and value == int(value) else None
        if self is Scale.ROUNDED:
            return round(value) if 0 <= value <= 255 else None
        if self is Scale.UNIT:
            return round(value * 255) if 0 <= value <= 1 else None
        return round((value + 1) * 127.5) if -1 <= value <= 1 else None

    def levels(self, values: np.ndarray) -> np.ndarray | None:
        """Return many values as ``level`` does, uint8; None if one of them is none."""
        low, high = {Scale.UNIT: (0, 1), Scale.SIGNED: (-1, 1)}.get(self, (0, 255))
        if not ((values >= low) & (values <= high)).all():  # NaN is neither
            return None
        scaled = (values - low) * (255 / (high - low))
        whole = np.rint(scaled)
        if self is Scale.WHOLE and (whole != scaled).any():
            return None
        return whole.astype(np.uint8)

    @property
    def words(self) -> str:
        """What a value must be."""
        return {
            Scale.WHOLE: "no whole number from 0 to 255",
            Scale.ROUNDED: "no number from 0 to 255",
            Scale.UNIT: "no number from 0 to 1",
            Scale.SIGNED: "no number from -1 to 1",
        }[self]


@dataclass(frozen=True)
class Layout:
    """What a table's columns are.

    Attributes:
        columns: the names of all columns; None without a header.
        width: number of columns.
        pixels: indices of the pixel columns, in order.
        label: index of the label's column.
        shape: (height, width, channels) of each image.
        scale: of the pixels.
        texts: whether the labels are texts.
        split: index of the column that says what an image is for.
        guessed: another column that the label may be in, if the header does not tell.
        choices: the columns that may be the label, (index, name).
        notes: sentences on what was assumed.
    """

    columns: tuple[str, ...] | None
    width: int
    pixels: tuple[int, ...]
    label: int
    shape: tuple[int, int, int]
    scale: Scale = Scale.WHOLE
    texts: bool = False
    split: int | None = None
    guessed: int | None = None
    choices: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    def column(self, index: int) -> str:
        """Return what to call a column in a sentence."""
        if index == self.label:
            return "the label"
        return harmless(self.columns[index], 20) if self.columns else f"column {index + 1}"


class Unlabelled(SourceRejected):
    """A table that has no labels, or no pixels; beside others it can be left out."""


def is_number(text: str) -> bool:
    """Tell whether a text is a plain decimal number."""
    return NUMBER.fullmatch(text) is not None


def has_header(first: Sequence[str]) -> bool:
    """Tell whether the first line names the columns."""
    numbers = [text for text in first if is_number(text)]
    if 2 * len(numbers) < len(first):
        return True
    whole = [int(text) for text in numbers if text.isdigit() and len(text) < 7]
    counting = all(b - a == 1 for a, b in pairwise(whole))
    return len(whole) == len(numbers) >= 10 and counting


def unmangled(first: Sequence[str]) -> list[str] | None:
    """Return the numbers of a first line that pandas took for a header, if that is what it is.

    It makes ``0,0.1,0.2`` of three equal names, as it has no two columns of one name.
    """
    seen: dict[str, int] = {}
    bases, renamed = [], 0
    for text in first:
        base, dot, count = text.partition(".")
        if not base.isdigit() or text in ("", "."):
            return None
        expected = f"{base}.{seen[base]}" if base in seen else base
        if text != expected:
            return None
        seen[base] = seen.get(base, 0) + 1
        renamed += bool(dot and count)
        bases.append(base)
    return bases if 2 * renamed > len(first) else None


def understand(
    names: Sequence[str] | None, rows: Sequence[Sequence[str]], file: str, wish: int | None
) -> Layout:
    """Say what the columns are.

    Args:
        names: of the columns; None without a header.
        rows: the first lines, of as many values as there are columns.
        file: what to call it in a sentence.
        wish: index of the column that is the label, if its owner says so.

    Raises:
        Unlabelled: there is no label, or there are no pixels.
        SourceRejected: it is not clear what they are.
    """
    width = len(names) if names is not None else len(rows[0])
    if wish is not None and not 0 <= wish < width:
        raise SourceRejected(f"“{file}” has no column {wish + 1}; it has {width:,}.")
    notes: list[str] = []
    split, guessed = None, None
    if names is None:
        others = [i for i in range(width) if any(not is_number(row[i]) for row in rows[:20])]
        pixels = [i for i in range(width) if i not in others]
    else:
        pixels, others = _by_name(names, file)
        split = next((i for i in others if _plain(names[i]) in SPLITS and _is_split(i, rows)), None)
    may_be = [i for i in others if i != split]
    label = _label(names, may_be, rows, file, wish, only_named=not pixels)
    told = label is not None
    if label is None and wish is not None:
        label = wish
    if label is None:
        label, guessed = _edge(pixels, rows, file, names)
    if label in pixels:
        pixels = [i for i in pixels if i != label]
        if not fits(len(pixels)) and len(pixels) > 1 and fits(len(pixels) - 1):
            counted = next((i for i in (pixels[0], pixels[-1]) if _counts_up(i, rows)), pixels[0])
            pixels.remove(counted)
            may_be.append(counted)
    if not pixels:
        raise Unlabelled(f"“{file}” has a label but no pixels.")
    if names is not None and told:
        _check_order([names[i] for i in pixels], file)
    shape = _shape(len(pixels), file)

    def called(index: int) -> str:
        name = harmless(names[index], 20) if names is not None else ""
        place = f"column {index + 1:,}"
        return f"{place}, “{name}”" if name else place

    left = [i for i in may_be if i != label]
    few = sorted({row[label] for row in rows})
    if names is None or not told:
        named = "has no header" if names is None else "does not name its columns"
        notes.append(
            f"“{file}” {named}: column {label + 1:,} was taken as the label, and "
            f"{len(pixels):,} others as pixels. Look at the first images; if they or their labels "
            "are wrong, choose another column."
        )
    elif _plain(names[label]) not in LABELS:
        notes.append(f"In “{file}” the label is {called(label)}: it is no pixel.")
    if left:
        shown = "; ".join(called(i) for i in left[:5]) + (" …" if len(left) > 5 else "")
        notes.append(f"Left out of “{file}”, as neither label nor pixel: {shown}.")
    scale = _scale(pixels, rows)
    if scale is not Scale.WHOLE:
        notes.append(scale_words(scale, file))
    texts = 2 * sum(whole(text) is None for text in (row[label] for row in rows)) > len(rows)
    if texts and len(few) > MOST_CLASSES:
        raise SourceRejected(
            f"{called(label).capitalize()}, of “{file}” was taken as the label, but its first "
            f"lines have {len(few):,} different texts. At most {MOST_CLASSES} classes can be read."
        )
    offered = {label, *left, *({guessed} if guessed is not None else ())}
    if not told:
        offered |= {0, width - 1}
    return Layout(
        tuple(names) if names is not None else None,
        width,
        tuple(pixels),
        label,
        shape,
        scale,
        texts,
        split,
        guessed if wish is None and guessed in pixels else None,
        tuple((i, called(i)) for i in sorted(offered)),
        tuple(notes),
    )


def label_score(counts: np.ndarray) -> float:
    """Return how much a column looks like labels, from how often each value of 0 to 255 occurs.

    That is the entropy of its values in nats, times the share of the values up to the largest that
    occur at all; 0 if there are too many or too large ones.
    """
    used = np.flatnonzero(counts)
    if not 2 <= len(used) <= MOST_CLASSES or used[-1] >= MOST_CLASSES:
        return 0.0
    share = counts[used] / counts.sum()
    return float(-(share * np.log(share)).sum() * len(used) / (used[-1] - used[0] + 1))


def fits(pixels: int) -> bool:
    """Tell whether so many values can be an image."""
    return _square(pixels) is not None


def _by_name(names: Sequence[str], file: str) -> tuple[list[int], list[int]]:
    """Return the columns that are pixels by their names, and the others."""
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        plain = name.lower()
        if match := _NUMBERED.fullmatch(plain):
            groups.setdefault(match[1], []).append(index)
        elif match := _BY_PLACE.fullmatch(plain):
            groups.setdefault(f"{match[1]}\0{match[3]}", []).append(index)
    pixels = max(groups.values(), key=len, default=[])
    others = [i for i in range(len(names)) if i not in set(pixels)]
    if len(pixels) < 2 or len(others) > len(pixels):
        label = [i for i in others if _plain(names[i]) in LABELS]
        rest = [
            i
            for i in range(len(names))
            if i not in label and _plain(names[i]) not in (*IDS, *SPLITS, "")
        ]
        if len(label) == 1 and fits(len(rest)):
            return rest, [i for i in range(len(names)) if i not in set(rest)]
    return pixels, others


def _label(
    names: Sequence[str] | None,
    others: list[int],
    rows: Sequence[Sequence[str]],
    file: str,
    wish: int | None,
    *,
    only_named: bool,
) -> int | None:
    """Return which of the columns that are no pixels is the label; None if none is."""
    if wish is not None:
        return wish if wish in others else None
    if names is not None:
        for known in LABELS:
            found = [i for i in others if _plain(names[i]) == known]
            if len(found) > 1:
                raise SourceRejected(
                    f"“{file}” has more than one column named {known}. One column must be the "
                    "label, and all others pixels."
                )
            if found:
                return found[0]
    if only_named:
        return None
    candidates = [
        i
        for i in others
        if not _counts_up(i, rows) and (names is None or _plain(names[i]) not in ("", *IDS))
    ]
    return min(candidates, key=lambda i: len({row[i] for row in rows}), default=None)


def _edge(
    pixels: list[int], rows: Sequence[Sequence[str]], file: str, names: Sequence[str] | None
) -> tuple[int, int | None]:
    """Return which of the outer columns looks most like labels, and the next best."""
    count = len(pixels)
    if not (fits(count - 1) or fits(count - 2)):
        if fits(count):
            raise Unlabelled(
                f"“{file}” has no labels: all its columns are pixels. Use the file that has a "
                "column label, with the class of each image."
            )
        if names is not None and count < 2:
            shown = ", ".join(harmless(each, 20) or "nameless" for each in names[:3])
            raise Unlabelled(
                f"“{file}” has no column named label; its columns are {shown}"
                f"{' …' if len(names) > 3 else ''}. One column must be the label, and all others "
                "pixels."
            )
        _shape(count - 1 if names is None else count, file)
    edges = [pixels[0], pixels[-1]]
    if not fits(count - 1):
        edges = [pixels[0], pixels[1], pixels[-2], pixels[-1]]
        edges = [i for i in edges if not _counts_up(i, rows)] or edges
    scores = {i: _score(i, rows) for i in edges}
    best, *others = sorted(edges, key=lambda i: -scores[i])  # the first of equals stays first
    return best, others[0] if others else None


def _score(column: int, rows: Sequence[Sequence[str]]) -> float:
    values = [whole(row[column]) for row in rows]
    if any(value is None for value in values):
        return 0.0
    return label_score(np.bincount([value for value in values if value is not None], minlength=2))


def whole(text: str) -> int | None:
    """Return a label's number, 0 to 99, written as a whole number or as a float; None if none."""
    bare = text.strip(" '\"")
    if not is_number(bare):
        return None
    value = float(bare)
    return int(value) if 0 <= value < MOST_CLASSES and value == int(value) else None


def _counts_up(column: int, rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a column numbers the lines: all different, and each the one before plus 1."""
    texts = [row[column] for row in rows]
    if len(texts) < 3 or not all(is_number(text) for text in texts):
        return False
    values = np.array(texts, float)
    return bool((np.diff(values) == 1).all())


def _is_split(column: int, rows: Sequence[Sequence[str]]) -> bool:
    return all(row[column].strip(" \"'").lower() in WORDS for row in rows)


def _scale(pixels: list[int], rows: Sequence[Sequence[str]]) -> Scale:
    """Tell from the first lines what the values of pixels are."""
    texts = {row[i] for row in rows for i in pixels}
    values = np.array([float(text) for text in texts if is_number(text.strip(" "))] or [0.0])
    low, high = float(values.min()), float(values.max())
    broken = (values != np.rint(values)).any()
    if -1 <= low < 0 and high <= 1 and (broken or high == 1):
        return Scale.SIGNED
    if low >= 0 and high <= 1 and len(values) > 1:
        return Scale.UNIT
    return Scale.ROUNDED if broken and len(values[values != np.rint(values)]) > 10 else Scale.WHOLE


def scale_words(scale: Scale, file: str) -> str:
    """Say what was assumed of the values."""
    return {
        Scale.ROUNDED: f"The values in “{file}” are not whole: they were rounded.",
        Scale.UNIT: f"The values in “{file}” are from 0 to 1: they were scaled to 0 to 255.",
        Scale.SIGNED: f"The values in “{file}” are from -1 to 1: they were scaled to 0 to 255.",
    }[scale]


def _plain(name: str) -> str:
    return name.strip(" \"'").lower().replace(" ", "_")


def _check_order(pixels: Sequence[str], name: str) -> None:
    """See that the pixel columns are all there, in order, where their names tell an order."""
    if numbered := _NUMBERED.fullmatch(pixels[0]):
        prefix, start = numbered.groups()
        first = int(start) if int(start) in (0, 1) else 1
        digits = len(start) if start.startswith("0") else 1  # 0000, 0001, …
        expected = [f"{prefix}{first + i:0{digits}}" for i in range(len(pixels))]
    elif places := _BY_PLACE.fullmatch(pixels[0]):
        first, edge = min(int(places[2]), 1), max(1, math.isqrt(len(pixels)))
        expected = [
            f"{places[1]}{first + i // edge}{places[3]}{first + i % edge}"
            for i in range(len(pixels))
        ]
    else:
        return
    for index, (found, wanted) in enumerate(zip(pixels, expected, strict=True)):
        if found.lower() != wanted.lower():
            missing = wanted not in pixels
            raise SourceRejected(
                f"In the header of “{name}” the column {wanted} "
                + ("is missing" if missing else "is not in its place")
                + f": after {harmless(pixels[index - 1], 20) if index else 'the label'} comes "
                f"“{harmless(found, 20)}”. All columns but the label must be pixels, in order."
            )


def _square(pixels: int) -> tuple[int, int, int] | None:
    low, high = EDGES
    for channels in (1, 3):
        edge = math.isqrt(max(0, pixels) // channels)
        if edge * edge * channels == pixels and low <= edge <= high:
            return edge, edge, channels
    return None


def _shape(pixels: int, name: str) -> tuple[int, int, int]:
    if (found := _square(pixels)) is not None:
        return found
    low, high = EDGES
    near = round(math.sqrt(pixels)) if pixels < 2 * high * high else round(math.sqrt(pixels / 3))
    near = min(high, max(low, near))
    raise SourceRejected(
        f"“{name}” has {pixels:,} pixel columns, but images must be square, {low} to {high} pixels "
        f"high: for example {28 * 28} columns for 28 × 28 in grey, or {32 * 32 * 3:,} for 32 × 32 "
        f"in colour. The nearest grey size is {near} × {near}, {near * near:,} columns."
    )
