"""The program that writes several runs into a ZIP, and ends; see ``core.export.aside``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import runs
from core.classroom import closed
from core.export.aside import serve
from core.export.run_zip.write import Carried, write
from core.networks.batches import Report
from core.runs.access import may_read_note

PROGRAM = "core.export.run_zip.pack"


def asked(carried: Sequence[tuple[str, str]], visitor: str, name: str) -> dict[str, Any]:
    """Return the request for runs that a visitor may see.

    Args:
        carried: for each run its id, and the handle of its owner where a class is taken home.
        visitor: who takes them: reads the notes that are theirs or shared.
        name: of the file.
    """
    return {"runs": [list(each) for each in carried], "visitor": visitor, "name": name}


def work(request: dict[str, Any], path: Path, report: Report) -> None:
    """Write what is asked for; raises AtelierError or OSError as what it calls does."""
    visitor = request["visitor"]
    found = [(runs.read(run_id), whose) for run_id, whose in request["runs"]]
    carried = [
        Carried(run, runs.read_note(run.folder) if may_read_note(run, visitor) else "", whose)
        for run, whose in found
    ]
    with path.open("wb") as target:
        write(target, carried, visitor, report, request["name"])


if __name__ == "__main__":
    closed.watch()  # what is sealed for a class stays so
    serve(work)
