"""Which part and which class the pictures of an archive belong to, by their folders and names.

What is understood: one folder a class, in folders for training, validation and test or without,
either around the other, with folders around everything at any level; and where pictures of several
classes lie in one folder, a table that names their classes, or else the start of their names.
What fits nowhere is left out, with the reason.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.datasets.sources.parts import MOST_CLASSES, used_as
from core.files import harmless

PARTS = {
    "train": ("train", "training", "trainset", "traindata", "trn"),
    "test": ("test", "testing", "testset", "testdata", "tst"),
    "validation": ("val", "valid", "validation", "validate", "dev"),
    "none": ("pred", "predict", "prediction", "unlabeled", "unlabelled"),
}
_PART = {word: part for part, words in PARTS.items() for word in words}
_BESIDE = {  # words that stand beside these in the names of folders
    "set", "sets", "data", "dataset", "seg", "image", "images", "img", "imgs", "picture",
    "pictures", "final", "split", "folder", "sample", "samples", "classification", "the",
}  # fmt: skip
_NAMES_OF_LABELS = (
    "label", "labels", "class", "classid", "class_id", "class_name", "classname", "category",
    "target", "breed", "species", "dx", "diagnosis", "level", "y", "emotion", "variety",
)  # fmt: skip
_COUNTER = re.compile(r"(\(\d+\)|\d+)([\s._-]?(copy|jpe?g|png))?$", re.IGNORECASE)
_BEFORE = " ._-!"  # between the class and the number
_LONGEST_STEM = 100  # characters
MOST_TABLES, MOST_TABLE_BYTES = 8, 30_000_000
_FEWEST_NAMED = 0.9  # of the pictures in a folder, for a rule to hold there


@dataclass(frozen=True)
class Table:
    """A CSV file beside pictures: its name in the archive, and what reads it."""

    name: str
    read: Callable[[], bytes]


@dataclass
class Layout:
    """Where the pictures of an archive belong.

    Attributes:
        places: index of a picture in the names that were given, to its part (``"train"``,
            ``"test"``, ``"validation"`` or ``"all"``) and the name of its class.
        left: what was left out: the index of the picture and the reason.
        notes: sentences on the rules that were used.
        empty: names of folders beside those of the classes that hold no picture.
        tables: names of the tables that were used.
    """

    places: dict[int, tuple[str, str]] = field(default_factory=dict)
    left: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)


@dataclass
class _Folder:
    name: str
    path: str
    folders: dict[str, "_Folder"] = field(default_factory=dict)
    pictures: list[int] = field(default_factory=list)

    def all_pictures(self) -> Iterator[int]:
        """Yield the pictures here and in all folders below."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield from one.pictures
            waiting += one.folders.values()

    def count(self) -> int:
        return sum(1 for _ in self.all_pictures())


def part_of(name: str) -> str | None:
    """Return the part that the name of a folder or file stands for, None if for none.

    ``seg_train``, ``Final_Training`` and ``testSet`` do; ``trainers``, a class, does not.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\dA-Za-z_]+", name)]
    parts = {_PART[word] for word in words if word in _PART}
    rest = [word for word in words if word not in _PART and word not in _BESIDE]
    return parts.pop() if len(parts) == 1 and not rest else None


def sort(names: Sequence[str], tables: Sequence[Table] = (), folders: Sequence[str] = ()) -> Layout:
    """Find out where each picture belongs.

    Args:
        names: of the pictures in the archive, with ``/`` between folders.
        tables: CSV files of the archive.
        folders: paths of all folders of the archive, empty ones too.
    """
    return _Sorting(names, tables, folders).sort()


class _Sorting:
    def __init__(
        self, names: Sequence[str], tables: Sequence[Table], folders: Sequence[str]
    ) -> None:
        self._names, self._folders = names, folders
        self._tables = [table for table in tables if "submission" not in table.name.lower()][
            :MOST_TABLES
        ]
        self._read: dict[str, list[list[str]]] = {}
        self._flat: list[tuple[_Folder, str]] = []  # folders with pictures of several classes
        self._levels: dict[str, set[str]] = {}  # path of a folder of classes, and their names
        self._layout = Layout()

    def sort(self) -> Layout:
        root = self._tree()
        self._walk(root, "all")
        found = {label for _, label in self._layout.places.values()}
        used: set[str] = set()
        order = ("train", "all", "validation", "test").index
        for folder, part in sorted(self._flat, key=lambda one: order(one[1])):
            self._sort_flat(folder, part, found, used)
        self._note_empty()
        self._merge_parts()
        return self._layout

    def _tree(self) -> _Folder:
        root = _Folder("", "")
        by_path: dict[str, list[int]] = {}
        for index, name in enumerate(self._names):
            by_path.setdefault(name.rpartition("/")[0], []).append(index)
        for path, pictures in by_path.items():
            here = root
            for name in PurePosixPath(path).parts:
                below = f"{here.path}/{name}" if here.path else name
                here = here.folders.setdefault(name, _Folder(name, below))
            here.pictures += pictures
        return root

    def _walk(self, here: _Folder, part: str) -> None:
        """Sort what is in a folder that is known to be of a part."""
        while len(here.folders) == 1:
            (inner,) = here.folders.values()
            if here.pictures and not (inner.folders and inner.count() > 4 * len(here.pictures)):
                break
            self._leave(here.pictures, "it lies beside the folders")
            here = inner
            part = part_of(here.name) or part
            if part == "none":
                part = "all"
        if not here.folders:
            self._flat.append((here, part))
            return
        parts = {name: part_of(name) for name in here.folders}
        if self._is_split(here, parts):
            self._leave(here.pictures, "it lies beside the folders of the parts")
            for name, folder in here.folders.items():
                if parts[name] in (None, "none"):
                    self._leave(
                        folder.all_pictures(), "its folder is neither for training nor for test"
                    )
                else:
                    self._walk(folder, parts[name] or part)
            return
        self._leave(here.pictures, "it lies beside the folders of the classes")
        self._levels[here.path] = set(here.folders)
        for name, folder in here.folders.items():
            self._sort_class(name, folder, part)

    def _is_split(self, here: _Folder, parts: Mapping[str, str | None]) -> bool:
        known = {part for part in parts.values() if part not in (None, "none")}
        if not known:
            return False
        if all(parts.values()):
            return True
        # A folder of examples or the like beside train and test.
        inside = sum(here.folders[name].count() for name, part in parts.items() if part in known)
        return {"train"} < known and inside > 0.7 * here.count()

    def _sort_class(self, name: str, folder: _Folder, part: str) -> None:
        """Take a folder for a class; its pictures may lie in folders for the parts, or in one."""
        inner = folder
        while not inner.pictures and len(inner.folders) == 1:
            (inner,) = inner.folders.values()
        if not inner.pictures:
            parts = {each: part_of(each) for each in inner.folders}
            if all(parts.values()) and "none" not in parts.values():
                for each, below in inner.folders.items():
                    self._place(below, parts[each] or part, name)
                return
        self._place(inner, part, name)

    def _place(self, folder: _Folder, part: str, label: str) -> None:
        for index in folder.pictures:
            self._layout.places[index] = (part, label)
        for below in folder.folders.values():
            self._leave(below.all_pictures(), "it is in a folder below its class's")

    def _leave(self, pictures: Sequence[int] | Iterator[int], reason: str) -> None:
        self._layout.left += [(index, reason) for index in pictures]

    def _sort_flat(self, folder: _Folder, part: str, found: set[str], used: set[str]) -> None:
        """Sort a folder with pictures of several classes, by a table or by their names."""
        labels = self._by_table(folder, part, used)
        if labels is None and not found:
            labels = self._by_name(folder)
        if labels is None or (found and not set(labels.values()) <= found):
            self._leave(folder.pictures, "nothing says which class it is of")
            return
        for index in folder.pictures:
            if index in labels:
                self._layout.places[index] = (part, labels[index])
            else:
                self._leave([index], "nothing says which class it is of")

    def _by_name(self, folder: _Folder) -> dict[int, str] | None:
        """Return the classes as the starts of the names say them, up to a number."""
        labels: dict[int, str] = {}
        for index in folder.pictures:
            stem = PurePosixPath(self._names[index]).stem[-_LONGEST_STEM:]
            match = _COUNTER.search(stem)
            if match is not None and (start := stem[: match.start()].strip(_BEFORE)):
                labels[index] = start
        classes = set(labels.values())
        if (
            len(labels) < _FEWEST_NAMED * len(folder.pictures)
            or not 2 <= len(classes) <= MOST_CLASSES
            or len(labels) < 3 * len(classes)
        ):
            return None
        example = next(iter(labels))
        self._note(
            "The class of a picture was taken from the start of its name: "
            f"“{_last(self._names[example])}” is of the class “{harmless(labels[example])}”."
        )
        return labels

    def _by_table(self, folder: _Folder, part: str, used: set[str]) -> dict[int, str] | None:
        """Return the classes as a table says them: the one in the same folder, or of this part."""

        def fit(table: Table) -> int:
            if table.name.rpartition("/")[0] == folder.path:
                return 0
            of = part_of(PurePosixPath(table.name).stem)
            return 1 if of == part else 2 if of is None or part == "all" else 3

        for table in sorted(self._tables, key=fit):
            if fit(table) == 3 or (table.name in used and fit(table) > 0):
                continue
            labels = self._labels_of(table, folder)
            if labels is not None:
                used.add(table.name)
                self._layout.tables.add(table.name)
                return labels
        return None

    def _labels_of(self, table: Table, folder: _Folder) -> dict[int, str] | None:
        """Return the class of each picture of a folder that a table names, None if of too few."""
        rows = self._rows(table)
        keys = {}
        for index in folder.pictures:
            name = _last(self._names[index], shown=False)
            keys[name.lower()] = keys[PurePosixPath(name).stem.lower()] = index
        if not rows:
            return None
        width = len(rows[0])
        rows = [row for row in rows if len(row) == width]
        hits = [
            sum(_last(row[column], shown=False).lower() in keys for row in rows[:2000])
            for column in range(width)
        ]
        column = max(range(width), key=hits.__getitem__)
        if not hits[column] or width < 2:
            return None
        has_head = _last(rows[0][column], shown=False).lower() not in keys
        head = rows[0] if has_head else [f"column {i + 1}" for i in range(width)]
        body = rows[1:] if has_head else rows
        chosen = self._label_column(head, body, column)
        if chosen is None:
            return None
        where, labels = chosen
        known = {
            keys[key]: label
            for row, label in zip(body, labels, strict=True)
            if label and (key := _last(row[column], shown=False).lower()) in keys
        }
        classes = set(known.values())
        if len(known) < 0.5 * len(folder.pictures) or not 2 <= len(classes) <= MOST_CLASSES:
            return None
        self._note(f"The classes are from {where} of the table “{_last(table.name)}”.")
        return known

    def _label_column(
        self, head: list[str], body: list[list[str]], names: int
    ) -> tuple[str, list[str]] | None:
        """Return where the labels are in a table, and the label of each row."""
        others = [column for column in range(len(head)) if column != names]
        ones = [
            [column for column in others if row[column].strip() in ("1", "1.0")] for row in body
        ]
        if (
            len(others) > 1
            and all(row[c].strip() in ("0", "1", "0.0", "1.0") for row in body for c in others)
            and all(len(each) <= 1 for each in ones)
        ):  # a column a class, as Roboflow and the ISIC archive write them
            return (
                "the columns",
                [head[each[0]].strip() if each else "" for each in ones],
            )
        named = [c for c in others if head[c].strip().lower().replace(" ", "_") in _NAMES_OF_LABELS]
        few = [
            column
            for column in named or others
            if 2 <= len({row[column].strip() for row in body} - {""}) <= MOST_CLASSES
        ]
        if not few:
            return None
        column = few[0]
        title = harmless(head[column].strip(), 30) or f"column {column + 1}"
        return f"the column “{title}”", [row[column].strip() for row in body]

    def _rows(self, table: Table) -> list[list[str]]:
        if table.name not in self._read:
            text = table.read().decode("utf-8-sig", "replace").replace("\0", "")
            first = text.partition("\n")[0]
            delimiter = max(",;\t", key=first.count)
            try:
                rows = [
                    row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)
                ]
            except csv.Error:  # a field longer than the module takes: no table of names
                rows = []
            self._read[table.name] = rows
        return self._read[table.name]

    def _note_empty(self) -> None:
        found = {label for _, label in self._layout.places.values()}
        for path in self._folders:
            above, _, name = path.rpartition("/")
            if (
                name
                and above in self._levels
                and name not in self._levels[above]
                and name not in found
            ):
                self._layout.empty.append(name)

    def _merge_parts(self) -> None:
        """Give each picture the part that its part is used as."""
        places = self._layout.places
        as_part = used_as({part for part, _ in places.values()})
        self._layout.places = {
            index: (as_part[part], label) for index, (part, label) in places.items()
        }

    def _note(self, text: str) -> None:
        if text not in self._layout.notes:
            self._layout.notes.append(text)


def _last(path: str, *, shown: bool = True) -> str:
    name = path.replace("\\", "/").rpartition("/")[2].strip()
    return harmless(name) if shown else name
