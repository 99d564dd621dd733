"""The program that reads a stranger's files, with limits on memory, time and what it writes.

One JSON object comes on standard input; answers go to standard output, one JSON object a line:
``{"share": 0.5, "what": "train.csv"}`` now and then, and at the end ``{"found": {...}}`` or
``{"rejected": "...", "problems": [...]}``. It ends when standard input closes.
"""

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

from core.datasets.sources.gather import SourceFile, read
from core.errors import SourceRejected

MEMORY = 1_500_000_000  # bytes of address space
CPU_SECONDS = 120
PROGRESS_EVERY = 0.1  # seconds


def main() -> int:
    """Read what is asked for, and say what was found."""
    request = json.loads(sys.stdin.buffer.readline())
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, CPU_SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    os.nice(5)
    threading.Thread(target=_end_with_server, daemon=True).start()
    try:
        found = read(
            [SourceFile(Path(path), name) for path, name in request["files"]],
            Path(request["folder"]),
            shape=tuple(request["shape"]) if request["shape"] else None,
            room=request["room"],
            progress=_Reporter().report,
        )
    except SourceRejected as error:
        _answer({"rejected": error.sentence, "problems": error.problems})
    except MemoryError:
        _answer({"rejected": "The files need more memory than a reader may take.", "problems": []})
    except OSError as error:
        cause = error.strerror or str(error)
        _answer({"rejected": f"The images could not be written: {cause}.", "problems": []})
    else:
        _answer({"found": found.to_dict()})
    return 0


class _Reporter:
    def __init__(self) -> None:
        self._next = 0.0

    def report(self, share: float, what: str) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PROGRESS_EVERY
            _answer({"share": share, "what": what})


def _answer(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _end_with_server() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
