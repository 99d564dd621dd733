"""Files: what is open is in use, names are refused, text is in the code page, /proc is missing."""

import builtins
import errno
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from emulated import callers

CODE_PAGE = "cp1252"
LONGEST = 259  # characters of a path
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])( *\..*)?", re.IGNORECASE)
_SYSTEM_FOLDERS = {"windows": ("/proc", "/sys", "/dev"), "macos": ("/proc", "/sys")}

# As they are on Linux.
_readlink, _listdir, _lstat, _real_open, _exists = (
    os.readlink,
    os.listdir,
    os.lstat,
    io.open,
    os.path.lexists,
)
_realpath = os.path.realpath


def behave(system: str) -> None:
    """Behave like a system, in ``open``, in ``os`` and so in ``pathlib`` and ``shutil``."""
    hidden = _SYSTEM_FOLDERS[system]
    _wrap_open(system, hidden)
    for name in ("stat", "lstat", "listdir", "scandir", "readlink"):
        _wrap(name, lambda path, *_, **__: _check_hidden(path, hidden))
    _wrap("access", lambda path, *_, **__: _check_hidden(path, hidden))
    if system != "windows":
        _wrap("open", lambda path, *_, **__: _check_hidden(path, hidden))
        return
    _wrap("open", lambda path, *_, **__: _check_open(path, hidden))
    _wrap("mkdir", lambda path, *_, **__: check_name(path))
    for name in ("unlink", "remove", "rmdir"):
        _wrap(name, _check_removal)
    _wrap("replace", lambda source, target, **_: _check_move(source, target, may_replace=True))
    _wrap("rename", lambda source, target, **_: _check_move(source, target, may_replace=False))
    _wrap_write()
    shutil._use_fd_functions = False  # type: ignore[attr-defined]  # it opens folders here
    # As Python has it there, where no file is without a name.
    tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # type: ignore[assignment]


def _wrap(name: str, check: Callable[..., None]) -> None:
    """Check first, if our code calls a function of ``os``, itself or through Python's own code."""
    true = getattr(os, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        # A descriptor in the place of a path is nothing to check.
        if (arguments and not isinstance(arguments[0], int)) and callers.acting(1):
            check(*arguments, **named)
        return true(*arguments, **named)

    wrapped.__name__ = name
    setattr(os, name, wrapped)
    if true in os.supports_follow_symlinks:
        os.supports_follow_symlinks.add(wrapped)
    if true in os.supports_effective_ids:
        os.supports_effective_ids.add(wrapped)


# Folders of the system.


def _check_hidden(path: Any, hidden: tuple[str, ...]) -> None:
    """Refuse to find what only Linux has; the null device has another name on Windows."""
    text = _text(path)
    if text == os.devnull:
        return
    if text.startswith(hidden) and f"{text}/".startswith(tuple(f"{each}/" for each in hidden)):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), text)


def _text(path: Any) -> str:
    return os.fsdecode(path)


# Names.


def check_name(path: Any) -> None:
    """Refuse a path that Windows refuses, or takes for another.

    Raises:
        OSError: so it does.
    """
    text = _text(path)
    if text == os.devnull:
        return
    for part in text.split("/"):
        if part in ("", ".", ".."):
            continue
        if _FORBIDDEN.search(part) or _DEVICE.fullmatch(part) or part[-1] in ". ":
            raise OSError(errno.EINVAL, "The filename or path is not one for Windows", text)
    if len(os.path.abspath(text)) > LONGEST:
        raise FileNotFoundError(errno.ENOENT, "The path is too long for Windows", text)


def _check_open(path: Any, hidden: tuple[str, ...]) -> None:
    _check_hidden(path, hidden)
    check_name(path)
    _check_no_folder(path)


def _check_no_folder(path: Any) -> None:
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), _text(path))


# Files in use.


def _check_removal(path: Any, *_: Any, **named: Any) -> None:
    if named.get("dir_fd") is None:
        _check_free(path)
        _check_writable(path)


def _check_move(source: Any, target: Any, *, may_replace: bool) -> None:
    check_name(target)
    if not _exists(source):
        return  # the system's own error is the right one
    _check_free(source)
    if not _exists(target):
        return
    if not may_replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), _text(target))
    _check_free(target)
    _check_writable(target)
    if os.path.isdir(target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), _text(target))


def _check_writable(path: Any) -> None:
    try:
        mode = _lstat(path).st_mode
    except OSError:
        return
    if stat.S_ISREG(mode) and not mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, "The file must not be written", _text(path))


def _check_free(path: Any) -> None:
    user = user_of(_text(path))
    if user is not None:
        raise PermissionError(
            errno.EACCES, f"The file is being used by process {user} (on emulated Windows)", path
        )


def user_of(path: str) -> int | None:
    """Return a Python process that has a file open or mapped, or one below a folder; or None.

    Or that works in the folder.
    """
    folder, name = os.path.split(path.rstrip("/"))
    true = os.path.join(_realpath(folder or "."), name)
    try:
        status = _lstat(true)
    except OSError:
        return None
    if stat.S_ISLNK(status.st_mode):
        return None
    below = f"{true}/" if stat.S_ISDIR(status.st_mode) else None
    for process in _python_processes():
        if _uses(process, true, below):
            return process
    return None


def _uses(process: int, path: str, below: str | None) -> bool:
    base = f"/proc/{process}"
    try:
        found = [_readlink(f"{base}/cwd")] if below else []
        for number in _listdir(f"{base}/fd"):
            try:
                found.append(_readlink(f"{base}/fd/{number}"))
            except OSError:  # closed meanwhile
                continue
        if any(each == path or (below and each.startswith(below)) for each in found):
            return True
        with _real_open(f"{base}/maps", "rb") as file:
            maps = file.read()
    except OSError:  # it has ended, or is another's
        return False
    wanted = os.fsencode(below or path)
    ends = b"" if below else b"\n"
    return b" " + wanted + ends in maps


_emulated: dict[tuple[int, bytes], bool] = {}


def _python_processes() -> list[int]:
    """Return the processes to ask, this one first: all that are on the emulated system."""
    own = os.getpid()
    found = [own]
    for name in _listdir("/proc"):
        if name.isdecimal() and int(name) != own and _is_emulated(int(name)):
            found.append(int(name))
    return found


def _is_emulated(process: int) -> bool:
    try:
        with _real_open(f"/proc/{process}/stat", "rb") as file:
            started = file.read().rpartition(b")")[2].split()[19]
        key = (process, started)
        if key not in _emulated:
            with _real_open(f"/proc/{process}/environ", "rb") as file:
                _emulated[key] = b"ATELIER_TEST_SYSTEM=" in file.read()
    except (OSError, IndexError):  # it has ended, or is another's
        return False
    return _emulated[key]


# Open files.


def _wrap_open(system: str, hidden: tuple[str, ...]) -> None:
    true = io.open

    def open(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not callers.acting(1):
            return true(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not isinstance(file, int):
            _check_hidden(file, hidden)
        if system == "windows":
            if not isinstance(file, int):
                check_name(file)
                if opener is None:  # tempfile gives a folder, and one that opens a file in it
                    _check_no_folder(file)
            if "b" not in mode:
                encoding = CODE_PAGE if encoding in (None, "locale") else encoding
                if newline is None and not set(mode) & set("r+"):
                    newline = "\r\n"
            if isinstance(file, int) and "w" in mode and stat.S_ISFIFO(os.fstat(file).st_mode):
                return _pipe(file, mode, buffering, encoding, errors, newline, closefd)
        return true(file, mode, buffering, encoding, errors, newline, closefd, opener)

    builtins.open = open  # type: ignore[assignment]
    io.open = open  # type: ignore[assignment]


def _wrap_write() -> None:
    true = os.write

    def write(descriptor: int, data: Any) -> int:
        try:
            return true(descriptor, data)
        except BrokenPipeError as error:
            if callers.acting(1):
                raise _nobody_reads() from error
            raise

    os.write = write


def _nobody_reads() -> OSError:
    return OSError(errno.EINVAL, os.strerror(errno.EINVAL))


class _Pipe(io.FileIO):
    """A pipe that says what Windows says when nobody reads it any more."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError as error:
            raise _nobody_reads() from error


def _pipe(
    descriptor: int,
    mode: str,
    buffering: int,
    encoding: str | None,
    errors: str | None,
    newline: str | None,
    closefd: bool,
) -> Any:
    raw = _Pipe(descriptor, mode.replace("t", "").replace("b", ""), closefd)
    if buffering == 0:
        return raw
    buffered = io.BufferedWriter(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
    if "b" in mode:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)
    text.mode = mode  # type: ignore[misc]
    return text


def print_as_windows_does() -> None:
    """Let what this process prints be in the code page, with the line ends of Windows."""
    for stream, newline in ((sys.stdin, None), (sys.stdout, "\r\n"), (sys.stderr, "\r\n")):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            if not sys.flags.utf8_mode and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding=CODE_PAGE)
            stream.reconfigure(newline=newline)
