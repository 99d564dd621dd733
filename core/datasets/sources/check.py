"""Reading files in a process of its own, so that a bomb costs one request and not the server."""

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from core.datasets.sources.found import Found, Wishes
from core.datasets.sources.gather import TOO_LARGE, SourceFile
from core.errors import SettingsError, SourceRejected
from core.processes.child import Child

SECONDS = 180.0  # for one reading
WAIT = 60.0  # seconds for one's turn
COMMAND = [sys.executable, "-m", "core.datasets.sources.worker"]
_turn = threading.Semaphore(1)  # one reading at a time: thirty at once would stop all trainings
_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # address space is limited


def check(
    files: Sequence[SourceFile],
    folder: Path,
    *,
    shape: tuple[int, int, int] | None = None,
    room: int | Callable[[], int],
    wishes: Wishes | None = None,
    seconds: float = SECONDS,
    wait: float = WAIT,
) -> Generator[tuple[float, str] | Found, None, None]:
    """Read files as ``core.datasets.sources.read`` does, in another process.

    Closing the iterator ends that process.

    Args:
        files, folder, shape, wishes: as there.
        room: bytes that the arrays may take; or what returns them when it is one's turn, as those
            before may have taken some.
        seconds: that it may take.
        wait: seconds to wait for one's turn.

    Yields:
        The share done with what is being read, now and then; at the end what was found.

    Raises:
        SourceRejected: the files cannot be used, or take too long or too much memory.
        SettingsError: others are importing, and it is not our turn.
    """
    if not _turn.acquire(timeout=wait):
        raise SettingsError("Others are importing data sets right now. Try again in a minute.")
    try:
        most = room if isinstance(room, int) else room()
        yield from _check(files, folder, shape, most, wishes or Wishes(), seconds)
    finally:
        _turn.release()


def _check(
    files: Sequence[SourceFile],
    folder: Path,
    shape: tuple[int, int, int] | None,
    room: int,
    wishes: Wishes,
    seconds: float,
) -> Generator[tuple[float, str] | Found, None, None]:
    request = {
        "files": [(str(each.path), each.name) for each in files],
        "folder": str(folder),
        "shape": shape,
        "room": room,
        "wishes": wishes.to_dict(),
    }
    process = Child(COMMAND, environment=_FEW_THREADS)
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    out_of_time = threading.Timer(seconds, end)
    out_of_time.start()
    try:
        process.say(request)
        for answer in process.answers():
            if "share" in answer:
                yield answer["share"], answer["what"]
            elif "found" in answer:
                yield Found.from_dict(answer["found"])
                return
            else:
                raise SourceRejected(answer["rejected"], answer["problems"])
        process.wait()
        raise SourceRejected(_end(process, late=late.is_set()))
    finally:
        out_of_time.cancel()
        process.close()


def _end(process: Child, *, late: bool) -> str:
    """Return why a reader ended without an answer; ``late`` if it was killed for its time."""
    if late or process.out_of_time:
        return (
            "Reading the files took too long and was stopped. Use fewer images, or smaller ones; "
            "CSV and IDX are read fastest."
        )
    if process.out_of_memory:
        return TOO_LARGE
    return (
        f"The reader ended without an answer (status {process.code}), so the files cannot be "
        "used. Export them again in a standard form."
    )
