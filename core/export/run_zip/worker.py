"""The program that takes in a ZIP of runs, and ends.

One JSON object comes on standard input; answers go to standard output, one JSON object a line:
``{"share": 0.5, "what": "the run"}`` now and then, ``{"taken": "<id>", "what": ...}`` or
``{"left": "<sentence>", "what": ...}`` for each run, and ``{"rejected": "<sentence>", "problems":
[...]}`` if the file as a whole is of no use. It ends when standard input closes.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import AtelierError, SettingsError, SourceRejected
from core.export.run_zip import gate
from core.export.run_zip.take import check_room, take, title_of
from core.processes.program import end_with_server, give_way, limit, line_to_server
from core.processes.thrift import thrifty

CPU_SECONDS = 1800
PROGRESS_EVERY = 0.1  # seconds
TOO_LARGE = "It needs more memory than this server allows. Bring fewer runs at a time."


def main() -> int:
    """Take in what is asked for, and say what became of each run."""
    request = json.loads(sys.stdin.buffer.readline())
    say = line_to_server()
    limit(seconds=CPU_SECONDS)
    give_way()
    thrifty()
    end_with_server()
    try:
        circle = frozenset(request["circle"])
        _take_in(Path(request["path"]), request["name"], request["visitor"], circle, say)
    except SourceRejected as error:
        say({"rejected": error.sentence, "problems": error.problems})
    except AtelierError as error:
        say({"rejected": str(error), "problems": []})
    except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
        traceback.print_exc()
        say({"rejected": _sentence(error), "problems": []})
    sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(0)


def _take_in(
    path: Path, name: str, visitor: str, circle: frozenset[str], say: Callable[[object], None]
) -> None:
    room = check_room(visitor)
    told = _Reporter(say)
    with tempfile.TemporaryDirectory() as folder, gate.opened(path, name, Path(folder)) as found:
        if len(found) > room:
            raise SettingsError(
                f"The file has {len(found)} runs, and you may bring {room} more. Delete some that "
                "you have brought, or bring fewer."
            )
        for number, packed in enumerate(found):
            what = title_of(packed.header, number + 1)

            def report(share: float, number: int = number, what: str = what) -> None:
                told.report((number + share) / len(found), what)

            report(0.0)
            try:
                say({"taken": take(packed, visitor, report, circle), "what": what})
            except AtelierError as error:
                say({"left": str(error), "what": what})


class _Reporter:
    def __init__(self, say: Callable[[object], None]) -> None:
        self._say, self._next = say, 0.0

    def report(self, share: float, what: str) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PROGRESS_EVERY
            self._say({"share": share, "what": what})


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return TOO_LARGE
    if isinstance(error, OSError):
        return f"The runs could not be saved: {error.strerror or error}. Free some space."
    first: Any = (str(error).strip().splitlines() or [""])[0][:200]
    return f"The file could not be taken in ({type(error).__name__}: {first})."


if __name__ == "__main__":
    sys.exit(main())
