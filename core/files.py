"""Files, with care: written whole or not at all, read only if plain, named harmlessly."""

import contextlib
import csv
import errno
import io
import json
import mmap
import os
import re
import shutil
import stat
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from core.processes.identity import HOST, OWN_START, is_process, start_time

MOST_JSON = 1 << 20  # bytes; what the app writes is a few thousand
IN_USE_SECONDS = 3.0  # that a file in use is waited for
OPENED_SECONDS = 0.2  # for opening one: a list of runs must not wait long for what is forbidden
ABANDONED_AFTER = 86_400.0  # seconds; no file is written for so long

_HOST = re.sub(r"[^A-Za-z0-9.-]", "-", HOST)[:60]
_TEMPORARY = re.compile(
    r"\.~(?P<host>[^~]+)~(?P<pid>[0-9]{1,10})~(?P<started>[0-9]{1,18})~(?P<thread>[0-9]{1,18})~.+"
)
_TEMPORARY_0_4 = re.compile(r"\.(?P<pid>[0-9]{1,10})-.+")  # as version 0.4 named them

_T = TypeVar("_T")


def open_regular(path: Path) -> io.BufferedReader:
    """Open a plain file for reading.

    What is put into a folder by hand may be a link to a secret, or a pipe that would keep the
    reader waiting for ever: neither is opened.

    Raises:
        OSError: there is none, it cannot be read, or it is not a plain file.
    """
    return os.fdopen(_open(path, os.O_RDONLY), "rb")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not JSON, or larger than anything that the app writes.
    """
    with open_regular(path) as file:
        content = file.read(MOST_JSON + 1)
    if len(content) > MOST_JSON:
        raise ValueError("too large")
    return json.loads(content)


def open_append(path: Path) -> IO[bytes]:
    """Open a plain file, new or not, for appending; a link or a pipe is not opened.

    Raises:
        OSError: it cannot be written, or it is not a plain file.
    """
    return os.fdopen(_open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", buffering=0)


_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)  # what Markdown makes a link of by itself


def harmless(text: str, limit: int = 60) -> str:
    """Return the text of a stranger in one line, fit for a sentence, at most ``limit`` characters.

    Control characters (line breaks, right-to-left overrides, lone surrogates) are dropped, and so
    is what would make a link, a tag or a formula where sentences are rendered as Markdown.
    """
    kept = "".join(
        "-" if c in "[]<>`$|*~" else c
        for c in text[:1000]
        if not unicodedata.category(c).startswith("C")
    )
    kept = " ".join(_ADDRESS.sub("-", kept).split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def csv_text(head: Sequence[Any], rows: Iterable[Iterable[Any]]) -> str:
    """Return rows under a head as CSV; text that begins as a formula does gets an apostrophe.

    A spreadsheet would work the formula out (OWASP, "CSV injection").
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([_no_formula(value) for value in row] for row in (head, *rows))
    return file.getvalue()


def _no_formula(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _open(path: Path, flags: int) -> int:
    if sys.platform == "win32":  # which cannot be asked not to follow a link
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise OSError(0, "not a plain file", str(path))
        flags |= os.O_BINARY | os.O_NOINHERIT
        descriptor = when_free(lambda: os.open(path, flags, 0o644), OPENED_SECONDS)
    else:
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o644)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a plain file", str(path))
    return descriptor


def when_free(action: Callable[[], _T], seconds: float = IN_USE_SECONDS) -> _T:
    """Do something with a file or folder, and return what that gives.

    On Windows what somebody reads cannot be replaced, renamed or removed, and what somebody is
    replacing cannot be read: there it is tried again for so many seconds. Readers of ours take
    milliseconds, a virus scanner a little more.

    Raises:
        OSError: as ``action`` does; of Windows that it is still in use.
    """
    end = time.monotonic() + (seconds if sys.platform == "win32" else 0.0)
    pause = 0.001
    while True:
        try:
            return action()
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(pause)
        pause = min(0.05, 2 * pause)


def remove(path: Path) -> None:
    """Remove a file, if it is there, also while somebody is about to finish reading it.

    Raises:
        OSError: it cannot be removed.
    """
    when_free(lambda: path.unlink(missing_ok=True))


def remove_unless_mapped(path: Path) -> None:
    """Remove a file, if it is there; one that somebody has mapped stays on Windows, for later.

    Raises:
        OSError: it cannot be removed for another reason.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32":
            raise


def write_atomic(path: Path, write: Callable[[Path], object], *, durable: bool = True) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    Args:
        path: the file to make or replace.
        write: gets the temporary path, which keeps the suffix of ``path``.
        durable: force the bytes to the disk first; not worth its time for what is rewritten soon.

    Raises:
        OSError: the disk refused; ``path`` is as it was.
    """
    temporary = temporary_name(path)
    try:
        write(temporary)
        if durable:
            flush(temporary)
        when_free(lambda: temporary.replace(path))
    except BaseException:
        with contextlib.suppress(OSError):  # the writer still has it open: cleared up later
            temporary.unlink(missing_ok=True)
        raise


def take_over(source: Path, target: Path, *, share: bool) -> None:
    """Put what a file holds into another place too, in one step.

    Args:
        source: the file; a link is not followed.
        target: the file to make or replace.
        share: whether both may be one file on the disk, where the file system can do that: right
            for what is only ever replaced as a whole.

    Raises:
        OSError: the disk refused; ``target`` is as it was.
    """

    def write(path: Path) -> None:
        if share and stat.S_ISREG(os.lstat(source).st_mode):
            # Not on every file system, and not beyond so many names a file.
            with contextlib.suppress(OSError):
                os.link(source, path)
                return
        with open_regular(source) as file, path.open("wb") as copy:
            shutil.copyfileobj(file, copy)

    write_atomic(target, write, durable=False)


def flush(path: Path) -> None:
    """Force the bytes of a file to the disk.

    Raises:
        OSError: the disk refuses.
    """
    with path.open("r+b") as file:  # Windows does it only for those who may write
        os.fsync(file.fileno())


def status_of(entry: "os.DirEntry[str]") -> os.stat_result:
    """Return what is known of an entry of a folder itself, and not of what it links to.

    Raises:
        OSError: it is gone.
    """
    if sys.platform == "win32":  # whose folders note late when something in them changed
        return os.lstat(entry.path)
    return entry.stat(follow_symlinks=False)


def unload(mapping: mmap.mmap) -> None:
    """Let the system take back the memory of a mapped file; what is needed again comes back.

    Raises:
        OSError, ValueError: it cannot, or the mapping is closed.
    """
    if sys.platform != "win32":  # which takes it back by itself
        mapping.madvise(mmap.MADV_DONTNEED)


def temporary_name(path: Path) -> Path:
    """Return where this thread writes what becomes ``path``.

    Two that write the same file at once do not write into each other's, and the name says whether
    its writer still lives: host, process and its start, thread.
    """
    writer = f"{_HOST}~{os.getpid()}~{OWN_START}~{threading.get_native_id()}"
    return path.with_name(f".~{writer}~{path.name}")


def remove_temporary(folder: Path) -> None:
    """Remove the temporary files in a folder whose writers are surely dead.

    A file of a living thread of any process stays, as does one of another machine until it is a
    day old: nobody here can tell whether its writer lives.
    """
    for file in folder.glob(".*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to remove
            if _is_left_behind(file):
                file.unlink()


def _is_left_behind(file: Path) -> bool:
    named = _TEMPORARY.fullmatch(file.name)
    if named is not None and named["host"] == _HOST:
        pid, started, thread = (int(named[part]) for part in ("pid", "started", "thread"))
        if not is_process(pid, started):
            return True
        # Of the thread that asks, nothing is half written now.
        others = {each.native_id for each in threading.enumerate()} - {threading.get_native_id()}
        return pid == os.getpid() and thread not in others
    if named is None:
        old = _TEMPORARY_0_4.fullmatch(file.name)  # of version 0.4, which knew one machine
        if old is None:
            return False
        if start_time(int(old["pid"])) is None:
            return True
    return time.time() - file.lstat().st_mtime > ABANDONED_AFTER


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write ``value`` as JSON in one step; NaN and infinity become null, which JSON can hold."""
    text = json.dumps(_finite(value), indent=1)
    write_atomic(path, lambda file: _write_text(file, text), durable=durable)


def append_line(path: Path, value: Any) -> None:
    """Append ``value`` as one line of JSON, whole or not at all.

    Raises:
        OSError: the disk refused; the file is as it was.
    """
    line = (json.dumps(_finite(value)) + "\n").encode()
    with open_append(path) as file:
        size = os.fstat(file.fileno()).st_size
        if os.write(file.fileno(), line) != len(line):
            # A disk that is almost full takes a part.
            os.ftruncate(file.fileno(), size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
