"""The program that works one small task on a finished run out, and ends.

``python -m core.tasks.worker KIND RUN OUTPUT``; ``core.tasks.pool`` starts it and says what it
prints. What there is to work out says the table in ``core.tasks.kinds``.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from core import runs
from core.errors import AtelierError
from core.networks.batches import Report
from core.processes.program import end_with_server, give_way, line_to_server
from core.processes.thrift import thrifty
from core.runs.analysis import stamp_of, write_analysis
from core.tasks.kinds import KINDS


def work_out(kind: str, run: runs.Run, output: Path, report: Report) -> None:
    """Do a task and write its file.

    Args:
        kind: a name in ``KINDS``.
        run: a run that has a network.
        output: from ``analysis_file``.
        report: told how far it is.

    Raises:
        AtelierError: the run's network, config or data cannot be used.
        OSError: the file cannot be written.
    """
    stamp = stamp_of(run)  # first: a network that is replaced meanwhile must not get the result
    write_analysis(output, KINDS[kind].work(run, report), stamp)


def main() -> int:
    """Do what the command line asks for."""
    kind, run_id, output = sys.argv[1:]
    return serve(lambda report: work_out(kind, runs.read(run_id), Path(output), report))


def serve(work: Callable[[Report], None]) -> int:
    """Do a piece of work for the server, tell it how far it is or why it failed, and end.

    Args:
        work: is given what it tells the share done to.
    """
    say = line_to_server()
    give_way()
    thrifty()
    end_with_server()
    code = 0
    try:
        work(say)
    except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
        if not isinstance(error, AtelierError):
            traceback.print_exc()
        say(_sentence(error))
        code = 1
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(code)


def _sentence(error: Exception) -> str:
    """Return why the task failed, and what to do, for the person who waits."""
    if isinstance(error, AtelierError):
        return str(error)
    if isinstance(error, OSError):
        return (
            f"The result could not be written ({error.strerror or error}). Free some space, or "
            "make the folder writable, and start it again."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "The memory ran out. Start it again when less is being trained."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"It ended with an unexpected error ({type(error).__name__}: {first})."


if __name__ == "__main__":
    sys.exit(main())
