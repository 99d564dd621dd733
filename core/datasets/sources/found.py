"""What was understood of the files that somebody brings, before anything of it is kept.

A reader returns ``Found``: counts, what was assumed, what was left out, and what can be read in
another way. Pages show it with the first images (``core.datasets.imported.preview``) and ask again
with other ``Wishes``, or turn and invert the images (``core.datasets.imported.Choices``).
"""

import csv
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.files import harmless

MOST_LISTED = 50  # of what was left out; all of it is in LEFT_OUT
LEFT_OUT = "left-out.csv"  # beside the arrays


@dataclass(frozen=True)
class Wishes:
    """How files are to be read, where their owner knows better than the reader.

    Attributes:
        label: index of the column of a table that is the label; None for the one that is noticed.
    """

    label: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Wishes":
        """Make it of what ``to_dict`` gave and JSON kept."""
        return cls(**values)


@dataclass(frozen=True)
class LeftOut:
    """What was not read.

    Attributes:
        count: of files, entries or lines.
        first: up to ``MOST_LISTED`` of them, each with the reason.
    """

    count: int = 0
    first: tuple[tuple[str, str], ...] = ()


class Leaving:
    """Collects what is left out: the first for the page, all of it in a CSV file."""

    def __init__(self, folder: Path) -> None:
        """Write to ``folder`` as soon as there is something."""
        self._path = folder / LEFT_OUT
        self._count = 0
        self._first: list[tuple[str, str]] = []

    def add(self, what: str, reason: str) -> None:
        """Note one thing, such as the entry's name, and why it is left out."""
        self._count += 1
        if len(self._first) < MOST_LISTED:
            self._first.append((harmless(what), reason))
        start = self._count == 1
        with self._path.open("w" if start else "a", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            if start:
                rows.writerow(["left out", "why"])
            rows.writerow([harmless(what, 200), reason])

    def found(self) -> LeftOut:
        """Return what there is so far."""
        return LeftOut(self._count, tuple(self._first))


@dataclass(frozen=True)
class Found:
    """What was found, after all of it was read and written as arrays.

    Attributes:
        kind: ``"table"``, ``"idx"`` or ``"pictures"``.
        shape: (height, width, channels) of each image.
        counts: of each part, the number of images by label. The parts are ``"all"``, or
            ``"train"`` with ``"validation"``, ``"test"`` or both; the arrays are
            ``<part>-images.npy`` and ``<part>-labels.npy``.
        classes: names that the files give the classes, in label order; empty if there are none.
        first: by label, where it was first seen, such as ``line 17 of “train.csv”``.
        notes: sentences on what was assumed when the files were read.
        name: of the first file, fit for a sentence.
        left_out: what was not read, and why.
        label_columns: of a table, the columns that may be the label: (index, name).
        label: index of the column that was taken as the label; None where there are no columns.
        transposed: whether the images seem to lie on their side, as those of EMNIST do; they are
            written as they came.
        ordered: whether the images stand in an order that the files give them; pictures in folders
            do not, unless they are numbered.
    """

    kind: str
    shape: tuple[int, int, int]
    counts: dict[str, list[int]]
    classes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    name: str = ""
    left_out: LeftOut = LeftOut()
    label_columns: tuple[tuple[int, str], ...] = ()
    label: int | None = None
    transposed: bool = False
    ordered: bool = True

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
            r"[-_ ]*(images|labels|idx[13]|ubyte|train|test|t10k|valid|val)\b", "", stem, flags=re.I
        )
        return " ".join(re.split(r"[\s_]+", stem)).strip(" -") or "My data"

    @property
    def unlearned(self) -> tuple[int, ...]:
        """Labels of the classes that other images have and the training images do not."""
        train = self.counts.get("train")
        if train is None:
            return ()
        return tuple(label for label, place in enumerate(self.first) if place and not train[label])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Found":
        """Make it of what ``to_dict`` gave and JSON kept."""
        values = {each.name: values[each.name] for each in fields(cls)}
        for name in ("shape", "classes", "first", "notes"):
            values[name] = tuple(values[name])
        left = values["left_out"]
        values["left_out"] = LeftOut(left["count"], tuple((a, b) for a, b in left["first"]))
        values["label_columns"] = tuple((index, name) for index, name in values["label_columns"])
        return cls(**values)
