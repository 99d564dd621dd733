"""The gate for a ZIP of runs: its names, sizes, headers and curves, before TensorFlow is loaded.

No entry is ever unpacked to the disk, and none that is not named in the layout is opened.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets.sources import archive
from core.datasets.sources.archive import Archive, Member
from core.datasets.sources.numpy_files import read_header
from core.datasets.sources.stream import DAMAGE, Stream, open_file
from core.errors import RunDamaged, SourceRejected
from core.export.run_zip import layout
from core.export.run_zip.layout import Header
from core.files import harmless
from core.runs.curves import point_of
from core.runs.note import clean

_SINGLE = (
    layout.HEADER,
    layout.NOTE,
    layout.EPOCHS,
    layout.BATCHES,
    layout.VALIDATION,
    layout.TEST,
    layout.PROGRESS,
)
_ARRAY = re.compile(
    rf"(?:{layout.WEIGHTS}|{layout.STATE}|{layout.BEST})/[a-z0-9_.]{{1,80}}\{layout.ARRAY}"
)
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
_AGAIN = "Take the runs home again, and bring that file as it is."


@dataclass(frozen=True)
class Packed:
    """A run in an archive that has been judged.

    Attributes:
        folder: its name in the archive.
        header: what is said of it.
        members: its entries by their names within the folder.
    """

    folder: str
    header: Header
    members: dict[str, Member]
    _archive: Archive

    def names(self, folder: str) -> list[str]:
        """Return the names of the arrays in a folder of the layout, without their suffix."""
        found = (name for name in self.members if name.rpartition("/")[0] == folder)
        return [name.rpartition("/")[2].removesuffix(layout.ARRAY) for name in found]

    def size(self, folder: str) -> int:
        """Return how many bytes the arrays in a folder of the layout take, as the archive says."""
        return sum(
            member.size
            for name, member in self.members.items()
            if name.rpartition("/")[0] == folder
        )

    def note(self) -> str:
        """Return what the owner wrote about it, made harmless."""
        member = self.members.get(layout.NOTE)
        if member is None:
            return ""
        return clean(_content(self._archive, member, layout.MOST_JSON).decode("utf-8", "replace"))

    def progress(self) -> Any:
        """Return what is said of how far the training is; None if nothing is.

        Raises:
            SourceRejected: it is no JSON.
        """
        member = self.members.get(layout.PROGRESS)
        return None if member is None else _json(self._archive, member)

    def curve(self, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return the points of a curve; none if there is no such entry.

        Raises:
            SourceRejected: a line is no point.
        """
        member = self.members.get(name)
        if member is None:
            return []
        content = _content(self._archive, member, layout.MOST_CURVE)
        try:
            return [point_of(line, columns, member.shown) for line in content.splitlines()]
        except RunDamaged as error:
            raise SourceRejected(str(error)) from error

    def array(self, name: str, kind: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Return an array, which is of this type and shape and finite.

        Args:
            name: of the entry within the folder, without its suffix.
            kind, shape: what it has to be.

        Raises:
            SourceRejected: it is missing, damaged, something else, or not finite.
        """
        member = self.members.get(f"{name}{layout.ARRAY}")
        if member is None:
            raise SourceRejected(f"The array “{name}” is missing.")
        try:
            with self._archive.open(member) as file:
                return _array(Stream(file, member.shown), kind, shape)
        except DAMAGE as error:
            raise SourceRejected(f"The entry “{member.shown}” is damaged.") from error


@contextmanager
def opened(path: Path, name: str, folder: Path) -> Iterator[list[Packed]]:
    """Open a ZIP of runs and judge it.

    Args:
        path: of the file.
        name: what its owner calls it.
        folder: where temporary files may go.

    Raises:
        SourceRejected: it is none, or it holds what has no place in it; the sentence says what.
    """
    name = harmless(name) or "the file"
    file, _ = open_file(path, name)
    with file:
        start = file.read(4)
        file.seek(0)
        if start not in (archive.SIGNATURE, archive.EMPTY):
            raise SourceRejected(
                f"“{name}” is no ZIP file. Bring a ZIP that “Take home” made of a run."
            )
        with archive.opened(file, name, folder, lambda what, why: None) as found:
            yield _runs(found, name)


def holds_runs(path: Path) -> bool:
    """Tell whether a file looks like a ZIP of runs, and not like a data set."""
    try:
        file, _ = open_file(path, path.name)
        with file, archive.opened(file, path.name, path.parent, lambda what, why: None) as found:
            return _manifest(found) is not None
    except SourceRejected:
        return False


def _manifest(found: Archive) -> Member | None:
    """Return the entry that lists the runs: the one that lies highest."""
    named = [each for each in found.members if each.name.rpartition("/")[2] == layout.MANIFEST]
    return min(named, key=lambda each: each.name.count("/"), default=None)


def _runs(found: Archive, name: str) -> list[Packed]:
    if len(found.members) > layout.MOST_ENTRIES:
        raise SourceRejected(
            f"“{name}” has {len(found.members):,} entries; at most {layout.MOST_ENTRIES:,} can be "
            "read. Take fewer runs home at a time."
        )
    manifest = _manifest(found)
    if manifest is None:
        raise SourceRejected(
            f"“{name}” holds no runs: it has no {layout.MANIFEST}. Bring a ZIP that “Take home” "
            "made of a run. A data set is imported on the page Explore, under “Your data”."
        )
    folders = _folders(_json(found, manifest), name)
    # Whoever unpacks a ZIP and packs it again often has a folder around it.
    around = manifest.name.removesuffix(layout.MANIFEST)
    members: dict[str, dict[str, Member]] = {folder: {} for folder in folders}
    for each in found.members:
        if each is manifest or each.name == f"{around}{layout.README}":
            continue
        inside = each.name.removeprefix(around) if each.name.startswith(around) else ""
        folder, _, within = inside.partition("/")
        if folder not in members or not (within in _SINGLE or _ARRAY.fullmatch(within)):
            raise SourceRejected(
                f"The entry “{each.shown}” of “{name}” is nothing that a run is made of, and was "
                f"not opened. {_AGAIN}"
            )
        members[folder][within] = each
    return [_packed(found, folder, members[folder]) for folder in folders]


def _folders(values: Any, name: str) -> list[str]:
    """Return the folders of the runs, as the manifest lists them."""
    if not isinstance(values, dict) or values.get("format") != layout.FORMAT:
        raise SourceRejected(f"“{name}” holds no runs of Atelier. {_AGAIN}")
    version = values.get("version")
    if type(version) is not int or version < 1:
        raise SourceRejected(f"“{name}” does not say its version. {_AGAIN}")
    if version > layout.VERSION:
        by = harmless(str(values.get("atelier", "")), 20) or "a newer one"
        raise SourceRejected(
            f"“{name}” was made by a newer Atelier ({by}) in a form that this one does not know. "
            "Update this Atelier, or take the runs home from one of its version."
        )
    folders = values.get("runs")
    if not isinstance(folders, list) or not all(
        isinstance(each, str) and _FOLDER.fullmatch(each) for each in folders
    ):
        raise SourceRejected(f"“{name}” does not list its runs. {_AGAIN}")
    if not 1 <= len(set(folders)) == len(folders) <= layout.MOST_RUNS:
        raise SourceRejected(
            f"“{name}” lists {len(folders):,} runs; it must be 1 to {layout.MOST_RUNS}, each once. "
            f"{_AGAIN}"
        )
    return folders


def _packed(found: Archive, folder: str, members: dict[str, Member]) -> Packed:
    header = members.get(layout.HEADER)
    if header is None:
        raise SourceRejected(f"The run “{folder}” has no {layout.HEADER}. {_AGAIN}")
    try:
        return Packed(folder, Header.from_dict(_json(found, header)), members, found)
    except SourceRejected as error:
        raise SourceRejected(f"The run “{folder}” cannot be read. {error}") from error


def _json(found: Archive, member: Member) -> Any:
    content = _content(found, member, layout.MOST_JSON)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceRejected(
            f"The entry “{member.shown}” is not the JSON that it should be."
        ) from (error)


def _content(found: Archive, member: Member, most: int) -> bytes:
    """Return a whole entry of at most so many bytes."""
    content = found.read(member, most) if member.size <= most else b""
    if member.size > most or len(content) > most:
        raise SourceRejected(
            f"The entry “{member.shown}” unpacks to {member.size / 1e6:,.1f} MB; at most "
            f"{most / 1e6:,.1f} MB can be read there."
        )
    return content


def _array(stream: Stream, kind: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    found, by_column, found_kind = read_header(stream, stream.name)
    if (found, found_kind) != (shape, kind) or (by_column and len(shape) > 1):
        raise SourceRejected(
            f"“{stream.name}” is {_words(found_kind, found)}, but the network of its settings has "
            f"{_words(kind, shape)} there."
        )
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    content = stream.read(size)
    if len(content) != size or stream.read(1):
        raise SourceRejected(f"“{stream.name}” is cut off, or too long.")
    array = np.frombuffer(content, kind).reshape(shape)
    if kind.kind == "f" and not np.isfinite(array).all():
        raise SourceRejected(f"“{stream.name}” holds values that are no finite numbers.")
    return array


def _words(kind: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{harmless(str(kind), 20)} of {' × '.join(map(str, shape)) or '1'}"
