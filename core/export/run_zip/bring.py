"""Bringing runs: their ZIP is judged and taken in by a process of its own.

A bomb costs one request and not the server, and TensorFlow, which builds the networks, is not
loaded here. One file at a time: thirty at once would stop all trainings.
"""

import json
import threading
import time
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import SettingsError, SourceRejected
from core.export.run_zip.take import check_room
from core.export.run_zip.worker import TOO_LARGE
from core.processes.child import Child, start
from core.processes.identity import memory_of
from core.runs.files import open_append
from core.settings import settings

PROGRAM = "core.export.run_zip.worker"
SECONDS = 900.0  # for one file
WAIT = 60.0  # seconds for one's turn
MEMORY = 4_000_000_000  # bytes that the process may take
LOOK_SECONDS = 0.25  # between two looks at that
_turn = threading.Semaphore(1)


@dataclass(frozen=True)
class Taken:
    """A run that was taken in: its id here, and what it is called."""

    run: str
    what: str


@dataclass(frozen=True)
class Left:
    """A run that was not taken in: what it is called, and why, as a sentence."""

    what: str
    why: str


Answer = tuple[float, str] | Taken | Left


def bring(
    path: Path,
    name: str,
    visitor: str,
    *,
    circle: Collection[str] = (),
    wait: float = WAIT,
    seconds: float = SECONDS,
) -> Generator[Answer, None, None]:
    """Take in the runs of a ZIP, which belong to the visitor from then on.

    Closing the iterator ends the work; runs that were taken in by then stay.

    Args:
        path: of the file.
        name: what its owner calls it.
        visitor: who brings it.
        circle: ids of the classes whose data sets the visitor may use; the caller knows.
        wait: seconds to wait for one's turn.
        seconds: that it may take.

    Yields:
        The share done with what is being taken in, now and then; and what became of each run.

    Raises:
        SourceRejected: the file as a whole is of no use, or takes too long or too much memory.
        SettingsError: others are bringing runs, or the visitor may bring no more.
    """
    check_room(visitor)
    if not _turn.acquire(timeout=wait):
        raise SettingsError("Others are bringing runs right now. Try again in a minute.")
    try:
        request = {"path": str(path.absolute()), "name": name, "visitor": visitor}
        yield from _bring(request | {"circle": sorted(circle)}, time.monotonic() + seconds)
    finally:
        _turn.release()


def _bring(request: dict[str, Any], end: float) -> Generator[Answer, None, None]:
    log = settings().home / "workers.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with open_append(log) as output:
            process = start(settings(), output, PROGRAM)
    except OSError as error:
        raise SettingsError(
            f"The runs could not be brought: {error.strerror or error}. Free some memory or disk "
            "space, then try again."
        ) from error
    far = (0.0, str(request["name"]))
    try:
        process.say(request)
        for value in _values(process, end):
            if value is None:
                yield far  # nothing new; whoever asks may want to stop
            elif "share" in value:
                yield (far := (value["share"], value["what"]))
            elif "taken" in value:
                yield Taken(value["taken"], value["what"])
            elif "left" in value:
                yield Left(value["what"], value["left"])
            else:
                raise SourceRejected(value["rejected"], value["problems"])
        if process.wait() != 0:
            raise SourceRejected(
                "Bringing the runs took too long and was stopped. Bring fewer at a time."
                if process.out_of_time
                else f"The file could not be taken in: its reader ended (status {process.code})."
            )
    finally:
        process.close()


def _values(process: Child, end: float) -> Iterator[dict[str, Any] | None]:
    """Yield what the process says until it ends, None while it says nothing.

    Raises:
        SourceRejected: it takes too much.
    """
    rest = b""
    for new in process.chunks(LOOK_SECONDS):
        *lines, rest = (rest + new).split(b"\n")
        if not lines:
            yield None
        for line in lines:
            yield json.loads(line)
        if memory_of(process.pid) > min(MEMORY, settings().limits.memory or MEMORY):
            raise SourceRejected(TOO_LARGE)
        if time.monotonic() > end:
            raise SourceRejected(
                "Bringing the runs took too long and was stopped. Bring fewer at a time."
            )
