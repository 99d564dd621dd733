"""Files that take longer than a click, and are not of one run: made aside, kept for an hour.

A process of its own writes the file to ``ATELIER_HOME/exports``, under a name that nobody can
guess, so the server holds none of it in memory: pages hand out the address of the file. Two at a
time; closing the iterator ends the process, and nothing is left.
"""

import contextlib
import json
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NoReturn

from core.errors import AtelierError, SettingsError
from core.files import remove, status_of
from core.networks.batches import Report
from core.processes.child import start
from core.processes.identity import memory_of
from core.processes.program import end_with_server, give_way, limit, line_to_server
from core.processes.thrift import thrifty
from core.runs.files import open_append, write_atomic
from core.settings import settings

KEPT = 3600.0  # seconds
MOST_KEPT = 2_000_000_000  # bytes of all files together; the oldest go first
SECONDS = 900.0  # for one file
WAIT = 60.0  # seconds for one's turn
MEMORY = 2_000_000_000  # bytes that the process may take
CPU_SECONDS = 1800
LOOK_SECONDS = 0.25  # between two looks at that
PROGRESS_EVERY = 0.1  # seconds
_turn = threading.Semaphore(2)


def made(
    program: str, request: dict[str, Any], suffix: str, *, wait: float = WAIT
) -> Generator[float | Path, None, None]:
    """Let a program make a file.

    Args:
        program: name of a module whose ``main`` calls ``serve``.
        request: what to make, as plain values.
        suffix: of the file, with its dot.
        wait: seconds to wait for one's turn.

    Yields:
        The share done, several times a second; at the end the file.

    Raises:
        SettingsError: it cannot be made, or others are making files; the sentence says why.
    """
    if not _turn.acquire(timeout=wait):
        raise SettingsError("Others are making files right now. Try again in a minute.")
    try:
        purge()
        path = folder() / f"{secrets.token_hex(16)}{suffix}"
        with _removed_on_failure(path):
            yield from _made(program, request, path)
    finally:
        _turn.release()


def folder() -> Path:
    """Return where the files are."""
    return settings().home / "exports"


def find(token: str) -> Path | None:
    """Return the file of this name, if it is still there."""
    stem, _, suffix = token.partition(".")
    if len(stem) != 32 or not stem.isalnum() or not suffix.isalnum() or not token.isascii():
        return None
    path = folder() / token
    return path if path.is_file() and not path.is_symlink() else None


def purge() -> None:
    """Remove files that are older than an hour, and the oldest of those that take too much."""
    found = []
    with contextlib.suppress(OSError), os.scandir(folder()) as entries:
        for entry in entries:
            status = status_of(entry)
            found.append((status.st_mtime, status.st_size, Path(entry.path)))
    total = 0
    for changed, size, path in sorted(found, reverse=True):
        total += size
        if total > MOST_KEPT or time.time() - changed > KEPT:
            with contextlib.suppress(OSError):
                remove(path)


@contextlib.contextmanager
def _removed_on_failure(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            remove(path)
            for each in path.parent.glob(f".*{path.name}"):  # what a killed process left
                remove(each)
        raise


def _made(program: str, request: dict[str, Any], path: Path) -> Generator[float | Path, None, None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_append(settings().home / "workers.log") as log:
            process = start(settings(), log, program)
    except OSError as error:
        raise SettingsError(
            f"The file could not be made: {error.strerror or error}. Free some memory or disk "
            "space, then try again."
        ) from error
    end, rest, share = time.monotonic() + SECONDS, b"", 0.0
    try:
        process.say({"path": str(path), "request": request})
        for new in process.chunks(LOOK_SECONDS):
            *lines, rest = (rest + new).split(b"\n")
            for value in map(json.loads, lines):
                if isinstance(value, str):
                    raise SettingsError(value)
                share = float(value)
            yield share  # also when nothing is new: whoever asks may want to stop
            if memory_of(process.pid) > MEMORY or time.monotonic() > end:
                raise SettingsError(
                    "Making the file took more than this server allows, and was stopped. Ask for "
                    "less."
                )
        if process.wait() != 0 or not path.is_file():
            raise SettingsError(
                f"The file could not be made: its process ended (status {process.code}). Try again."
            )
    finally:
        process.close()
    yield path


def serve(work: Callable[[dict[str, Any], Path, Report], None]) -> NoReturn:
    """Make the file that standard input asks for, and end this process.

    Args:
        work: writes what is asked for to a path; told the share done. Raises AtelierError where
            that is of no use.
    """
    asked = json.loads(sys.stdin.buffer.readline())
    say = line_to_server()
    limit(seconds=CPU_SECONDS)
    give_way()
    thrifty()
    end_with_server()
    said, code = 0.0, 1

    def report(share: float) -> None:
        nonlocal said
        if time.monotonic() - said > PROGRESS_EVERY:
            said = time.monotonic()
            say(min(1.0, share))

    try:
        write_atomic(
            Path(asked["path"]), lambda path: work(asked["request"], path, report), durable=False
        )
    except AtelierError as error:
        say(str(error))
    except OSError as error:
        say(f"The file could not be written: {error.strerror or error}. Free some space.")
    except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
        traceback.print_exc()
        say(f"The file could not be made ({type(error).__name__}).")
    else:
        code = 0
    sys.stderr.flush()
    # At an ordinary end, Python would wait for the thread that waits for standard input.
    os._exit(code)
