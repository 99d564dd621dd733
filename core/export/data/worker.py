"""The program that writes a data set into a file, and ends; see ``core.export.aside``."""

from pathlib import Path
from typing import Any

from core.export.aside import serve
from core.export.data.forms import write
from core.export.data.wanted import Wanted, choose
from core.networks.batches import Report

PROGRAM = "core.export.data.worker"


def work(request: dict[str, Any], path: Path, report: Report) -> None:
    """Write what is asked for; raises AtelierError or OSError as what it calls does."""
    wanted = Wanted.from_dict(request["wanted"])
    write(path, wanted, choose(wanted, request["visitor"]), report)


if __name__ == "__main__":
    serve(work)
