"""A ZIP or a tar: its entries, judged by their names and sizes before the first one is read.

No entry is ever unpacked to the disk: entries are read one at a time, in memory and up to a limit.
Of a name only the folders count. A packed tar, which can only be read from its beginning, becomes a
plain one in a file without a name, up to a limit too.
"""

import bz2
import gzip
import lzma
import re
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from core.datasets.sources.layout import part_of
from core.datasets.sources.names import name_in_tar, name_in_zip, read_names
from core.datasets.sources.stream import DAMAGE, MOST_BYTES, MOST_TEXT
from core.errors import SourceRejected
from core.files import harmless

MOST_ENTRIES = 80_000  # Fashion-MNIST has 70,000 images
MOST_PICTURE_BYTES = 10_000_000
MOST_UNPACKED = 1_000_000_000  # bytes, of all entries but texts, as their headers say
MOST_NAME = 1000  # characters
MOST_PROBLEMS = 5
SIGNATURE = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"
_LOCAL = struct.Struct("<26xHH")  # what is before an entry's name: the lengths of it and the extra
PICTURES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".gif", ".bmp", ".webp",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
TEXTS = (".csv", ".tsv", ".txt")
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz", ".jar")
_PACKED: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item,return-value]
    b"BZ": bz2.BZ2File,
    b"\xfd7": lzma.LZMAFile,
}
_SUFFIX = re.compile(r"([-_ ]samples)?(\.(zip|tm|tar|tgz|gz|bz2|xz))+$", re.I)
_TAR_MAGIC, _TAR_BLOCK = slice(257, 262), 512
_BLOCK = 1 << 20
BROKEN = (*DAMAGE, lzma.LZMAError, tarfile.TarError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes:
        name: with ``/`` between the folders, composed.
        size: bytes, as the archive says.
        place: the entry as ``zipfile`` or ``tarfile`` has it.
        is_picture: whether its name is one of a picture.
        source: that it is in.
    """

    name: str
    size: int
    place: zipfile.ZipInfo | tarfile.TarInfo
    is_picture: bool
    source: zipfile.ZipFile | tarfile.TarFile

    @property
    def shown(self) -> str:
        """What to call it in a sentence."""
        return shown(self.name)


@dataclass(frozen=True)
class Archive:
    """An opened archive.

    Attributes:
        name: fit for a sentence.
        members: the files in it, without what file managers leave behind.
        folders: paths of all folders, empty ones too.
        notes: on how names were read.
    """

    name: str
    members: tuple[Member, ...]
    folders: tuple[str, ...]
    notes: tuple[str, ...]

    def open(self, member: Member) -> IO[bytes]:
        """Open a file at its beginning.

        Raises:
            SourceRejected: it is damaged.
        """
        try:
            if isinstance(member.source, zipfile.ZipFile):
                assert isinstance(member.place, zipfile.ZipInfo)
                return member.source.open(member.place)
            assert isinstance(member.place, tarfile.TarInfo)
            file = member.source.extractfile(member.place)
        except BROKEN as error:
            raise _damaged(member) from error
        if file is None:
            raise _damaged(member)
        return file

    def read(self, member: Member, most: int) -> bytes:
        """Return the first bytes of a file, up to one more than ``most``.

        Raises:
            SourceRejected: it is damaged.
        """
        try:
            if isinstance(member.source, zipfile.ZipFile):
                content = _small_entry(member.source, member.place, most)
                if content is not None:
                    return content
            with self.open(member) as file:
                return file.read(most + 1)
        except BROKEN as error:
            raise _damaged(member) from error


def _small_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo | tarfile.TarInfo, most: int
) -> bytes | None:
    """Return the bytes of a small entry of a ZIP, read in one go; None if it is not so simple.

    ``zipfile`` opens an entry for reading by and by, which takes longer than a small picture.

    Raises:
        zipfile.BadZipFile, zlib.error, OSError: it is damaged.
    """
    assert isinstance(entry, zipfile.ZipInfo)
    if archive.fp is None or max(entry.compress_size, entry.file_size) > min(most, _BLOCK):
        return None
    archive.fp.seek(entry.header_offset)
    head = archive.fp.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(SIGNATURE):
        raise zipfile.BadZipFile("no entry is there")
    name_size, more = _LOCAL.unpack(head)
    name = archive.fp.read(name_size).decode("utf-8" if entry.flag_bits & 0x800 else "cp437")
    if name != entry.orig_filename:
        raise zipfile.BadZipFile("another entry is there")
    content = packed = archive.fp.read(more + entry.compress_size)[more:]
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.file_size + 1)
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise zipfile.BadZipFile("it is not what it was")
    return content


def is_archive(file: IO[bytes], name: str) -> bool:
    """Tell from its beginning whether a file, open at its start, is a ZIP or a tar, packed or not.

    Its place is at the start afterwards.
    """
    start = file.read(_TAR_BLOCK)
    file.seek(0)
    if start.startswith((SIGNATURE, EMPTY)):
        return True
    packed = _PACKED.get(start[:2])
    if packed is not None:
        try:
            start = packed(file).read(_TAR_BLOCK)
        except BROKEN:
            start = b""
        file.seek(0)
    return start[_TAR_MAGIC] == b"ustar" or (
        name.lower().endswith((".tar", ".tar.gz", ".tgz")) and len(start) == _TAR_BLOCK
    )


@contextmanager
def opened(
    file: IO[bytes], name: str, folder: Path, leave_out: Callable[[str, str], None]
) -> Iterator[Archive]:
    """Open an archive and judge its names and sizes.

    Args:
        file: at its start.
        name: fit for a sentence.
        folder: where a packed tar may be unpacked to.
        leave_out: is told what is not read, and why.

    Raises:
        SourceRejected: it is no archive, or it holds what has no place here; the entry is named.
    """
    start = file.read(2)
    file.seek(0)
    if start == SIGNATURE[:2]:
        try:
            archive = zipfile.ZipFile(file)
        except DAMAGE as error:
            raise SourceRejected(
                f"“{name}” is not a ZIP file, or it is cut off. Make the ZIP again and choose it."
            ) from error
        with archive:
            yield _judged(archive, name, _zip_entries(archive, name), leave_out)
        return
    with tempfile.TemporaryFile(dir=folder) as plain:
        if start in _PACKED:
            _unpack(_PACKED[start](file), plain, name)
            file = plain
        try:
            tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115
        except BROKEN as error:
            raise _broken_tar(name) from error
        with tar:
            yield _judged(tar, name, _tar_entries(tar, name), leave_out)


def joined(archives: Sequence[Archive]) -> Archive:
    """Return one archive with all that is in several.

    One whose name is that of a part, or in which nothing is in a folder, becomes a folder called
    like its file: so several can be the parts or the classes of a data set, as Kaggle and Teachable
    Machine give them.

    Raises:
        SourceRejected: they are too much together.
    """
    if len(archives) == 1:
        return archives[0]
    _check_number(sum(len(each.members) for each in archives), archives[0].name)
    packed = (one.size for each in archives for one in each.members)
    _check_total(sum(packed), archives[0].name)
    members, folders = [], []
    for each in archives:
        last = each.name.rpartition("/")[2]
        folder = _SUFFIX.sub("", last) or last
        flat = not any("/" in one.name for one in each.members)
        before = f"{folder}/" if flat or part_of(folder) else ""
        members += [replace(one, name=f"{before}{one.name}") for one in each.members]
        folders += [f"{before}{one}" for one in each.folders]
    notes = [note for each in archives for note in each.notes]
    return Archive(archives[0].name, tuple(members), tuple(folders), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the directory of an archive says about an entry."""

    name: str | bytes
    size: int
    place: zipfile.ZipInfo | tarfile.TarInfo
    is_folder: bool
    problem: str | None


def _zip_entries(archive: zipfile.ZipFile, name: str) -> list[_Entry]:
    _check_number(len(archive.infolist()), name)
    found = []
    for info in archive.infolist():
        problem = None
        if stat.S_ISLNK(info.external_attr >> 16):
            problem = "is a link, which is never followed"
        elif info.flag_bits & 0x1:
            problem = "is encrypted. Make the ZIP without a password"
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problem = (
                "is compressed in a way that cannot be read here. Make an ordinary ZIP (deflate)"
            )
        found.append(_Entry(name_in_zip(info), info.file_size, info, info.is_dir(), problem))
    return found


def _tar_entries(archive: tarfile.TarFile, name: str) -> list[_Entry]:
    found: list[_Entry] = []
    try:
        for info in archive:
            problem = None
            if info.issym() or info.islnk():
                problem = "is a link, which is never followed"
            elif info.issparse() or not (info.isreg() or info.isdir()):
                problem = "is no ordinary file"
            found.append(_Entry(name_in_tar(info.name), info.size, info, info.isdir(), problem))
            _check_number(len(found), name)
    except BROKEN as error:
        raise _broken_tar(name) from error
    return found


def _check_number(count: int, name: str) -> None:
    if count > MOST_ENTRIES:
        raise SourceRejected(
            f"“{name}” has {count:,} entries; at most {MOST_ENTRIES:,} can be read. "
            "Use a part of it, or a CSV or IDX file."
        )


def _unpack(packed: IO[bytes], plain: IO[bytes], name: str) -> None:
    total = 0
    try:
        while block := packed.read(_BLOCK):
            total += len(block)
            _check_total(total, name)
            plain.write(block)
    except BROKEN as error:
        raise _broken_tar(name) from error
    plain.seek(0)


def _check_total(total: int, name: str) -> None:
    if total > MOST_UNPACKED:
        raise SourceRejected(
            f"“{name}” unpacks to {total / 1e9:,.1f} GB; at most {MOST_UNPACKED / 1e9:.0f} GB "
            "can be read. Use a part of it, or smaller pictures."
        )


def _judged(
    source: zipfile.ZipFile | tarfile.TarFile,
    name: str,
    entries: list[_Entry],
    leave_out: Callable[[str, str], None],
) -> Archive:
    """Look at what is in an archive; nothing of it has been read."""
    names, page = read_names(entry.name for entry in entries)
    problems: list[str] = []
    seen: set[str | bytes] = set()
    members, folders, total = [], [], 0
    for entry, raw in zip(entries, names, strict=True):
        path = raw.replace("\\", "/")
        litter = _is_litter(path)
        problem = _problem(path) or entry.problem
        if problem is None and not litter and not entry.is_folder:
            problem = _unfit(path, entry)
        if problem is None and entry.name in seen:
            problem = "appears twice"
        seen.add(entry.name)
        if problem is not None:
            problems.append(f"The entry “{shown(path)}” {problem}.")
            if len(problems) >= MOST_PROBLEMS:
                break
            continue
        total += 0 if path.lower().endswith(TEXTS) else entry.size  # texts are read as they come
        if litter:
            continue
        plain = "/".join(part for part in path.split("/") if part not in ("", "."))
        if entry.is_folder or path.endswith("/"):
            folders.append(plain)
            continue
        member = Member(plain, entry.size, entry.place, plain.lower().endswith(PICTURES), source)
        if member.is_picture and member.size > MOST_PICTURE_BYTES:
            leave_out(member.name, _too_many_bytes(member.size, MOST_PICTURE_BYTES))
            continue
        members.append(member)
    if problems:
        raise SourceRejected(f"“{name}” cannot be used. Correct this:", problems)
    _check_total(total, name)
    notes = (
        (f"The names in “{name}” do not say how they are written, and were read as {page}.",)
        if page is not None
        else ()
    )
    return Archive(name, tuple(members), tuple(folders), notes)


def _problem(path: str) -> str | None:
    """Return what is wrong with a name; zipfile would have cut it at a NUL."""
    if ".." in path and ".." in path.split("/"):
        return "leaves its folder by “..”"
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        return "has an absolute name"
    if len(path) > MOST_NAME:
        return f"has a name of more than {MOST_NAME:,} characters"
    if "\0" in path:
        return "has a name with a NUL in it"
    return None


def _unfit(path: str, entry: _Entry) -> str | None:
    lower = path.lower()
    if lower.endswith(_ARCHIVES):
        return "is an archive inside the archive. Unpack it first"
    most = MOST_TEXT if lower.endswith(TEXTS) else MOST_BYTES
    if entry.size > most and not lower.endswith(PICTURES):
        return _too_many_bytes(entry.size, most)
    return None


def _too_many_bytes(size: int, most: int) -> str:
    return f"unpacks to {size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB can be read"


def _is_litter(path: str) -> bool:
    """Tell whether it is what file managers leave behind: hidden files, previews, settings."""
    last = path.rstrip("/").rpartition("/")[2].lower()
    if last in ("thumbs.db", "ehthumbs.db", "desktop.ini"):
        return True
    if not path.startswith(".") and "/." not in path and "__MACOSX" not in path:
        return False
    parts = path.split("/")
    return "__MACOSX" in parts or any(part[:1] == "." and part not in (".", "..") for part in parts)


def _damaged(member: Member) -> SourceRejected:
    return SourceRejected(f"The entry “{member.shown}” is damaged in the archive.")


def _broken_tar(name: str) -> SourceRejected:
    return SourceRejected(
        f"“{name}” is not a tar file, or it is cut off. Make it again, or make a ZIP."
    )


def shown(path: str) -> str:
    """Return an entry's name for a sentence; of a long one, its end."""
    return harmless(path if len(path) <= 60 else "…" + path[-59:]) or "nameless"
