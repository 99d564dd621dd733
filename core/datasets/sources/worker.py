"""The program that reads a stranger's files, with limits on memory, time and what it writes.

One JSON object comes on standard input; answers go to standard output, one JSON object a line:
``{"share": 0.5, "what": "train.csv"}`` now and then, and at the end ``{"found": {...}}`` or
``{"rejected": "...", "problems": [...]}``. It ends when standard input closes.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from core.datasets.sources.found import Wishes
from core.datasets.sources.gather import TOO_LARGE, SourceFile, read
from core.errors import SourceRejected
from core.processes.program import end_with_server, give_way, limit

MEMORY = 1_500_000_000  # bytes of address space
CPU_SECONDS = 120
PROGRESS_EVERY = 0.1  # seconds


def main() -> int:
    """Read what is asked for, and say what was found."""
    request = json.loads(sys.stdin.buffer.readline())
    limit(memory=MEMORY, seconds=CPU_SECONDS)
    give_way()
    end_with_server()
    try:
        found = read(
            [SourceFile(Path(path), name) for path, name in request["files"]],
            Path(request["folder"]),
            shape=tuple(request["shape"]) if request["shape"] else None,
            room=request["room"],
            wishes=Wishes.from_dict(request.get("wishes", {})),
            progress=_Reporter().report,
        )
    except SourceRejected as error:
        _answer({"rejected": error.sentence, "problems": error.problems})
    except MemoryError:
        _answer({"rejected": TOO_LARGE, "problems": []})
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


if __name__ == "__main__":
    sys.exit(main())
