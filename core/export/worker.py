"""The program that makes one file of a run, and ends.

``python -m core.export.worker KIND RUN OUTPUT``; ``core.tasks.pool`` starts it, as
``core.export.making`` asks, and hears what it prints.
"""

import sys
from pathlib import Path

from core import runs
from core.classroom import closed
from core.errors import SettingsError
from core.export.formats import FORMATS
from core.export.making import kept_file, make_and_keep
from core.networks.batches import Report
from core.tasks.worker import serve


def work_out(run: runs.Run, output: Path, report: Report) -> None:
    """Make the file that is kept as ``output``.

    Raises:
        AtelierError: the run is of no use, or its test set was opened or closed meanwhile.
        OSError: the file cannot be written.
    """
    for form in FORMATS.values():
        if kept_file(form, run) == output:
            make_and_keep(form, run, output, report)
            return
    raise SettingsError("The test set was opened or closed meanwhile. Make the file again.")


def main() -> int:
    """Do what the command line asks for."""
    _, run_id, output = sys.argv[1:]
    closed.watch()  # what is sealed for a class stays so
    return serve(lambda report: work_out(runs.read(run_id), Path(output), report))


if __name__ == "__main__":
    sys.exit(main())
