"""The run itself, as a format among others."""

import io

from core.export.format import Format
from core.export.run_zip.write import Carried, problem, write
from core.networks.batches import Report
from core.runs import Run, read_note
from core.runs.access import may_read_note


def personal(run: Run, visitor: str) -> bytes:
    """Return a ZIP of one run, with the note if the visitor may read it; as ``write`` raises."""
    note = read_note(run.folder) if may_read_note(run, visitor) else ""
    content = io.BytesIO()
    write(content, [Carried(run, note)], visitor, lambda share: None, FORMAT.file_name(run))
    return content.getvalue()


def make(run: Run, report: Report) -> bytes:
    """Return it as everyone who may see the run gets it."""
    return personal(run, "")


FORMAT = Format(
    key="run",
    title="The run itself",
    purpose="For another Atelier: bring it there, compare it, and continue its training.",
    suffix=".zip",
    make=make,
    quick=True,
    of_network=False,
    refuses=problem,
    personal=personal,
)
