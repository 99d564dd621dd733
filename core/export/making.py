"""Making the file of an export: at once, or in a process of its own that can be stopped.

What took longer than a click is kept beside the run's analyses (``core.runs.analysis``), stamped
with the network's hash, so that it is made once. One made while the test set was sealed and one
made since are two files.
"""

from pathlib import Path

import numpy as np

from core.errors import RunDamaged, SettingsError
from core.export.format import Format
from core.networks.batches import Report
from core.runs import Run
from core.runs.analysis import analysis_file, fits, read_analysis, stamp_of, write_analysis
from core.tasks import pool
from core.tasks.pool import TaskState

PROGRAM = "core.export.worker"
_CONTENT = "content"


def silent(share: float) -> None:
    """Report to nobody how far an export is."""


def make(
    form: Format,
    run: Run,
    report: Report = silent,
    visitor: str = "",
    other: Run | None = None,
) -> bytes:
    """Return the content of the file; what is not quick is taken from where it is kept, or kept.

    Args:
        form: what the run becomes.
        run: that whoever asks may see.
        report: told the share done.
        visitor: who asks.
        other: a run to compare it with, that the visitor may see as well.

    Raises:
        AtelierError: the run cannot become this; the message says why.
    """
    problem = form.problem(run)
    if problem is not None:
        raise SettingsError(f"{form.title}: {problem}")
    if other is not None:
        if form.compares is None:
            raise SettingsError(f"{form.title}: this is of one run, and compares it with no other.")
        return form.compares(run, visitor, other)
    if form.quick and form.personal is not None:
        return form.personal(run, visitor)
    if form.quick:
        return form.make(run, report)
    path = kept_file(form, run)
    if not fits(path, run):
        try:
            make_and_keep(form, run, path, report)
        except OSError as error:
            raise SettingsError(
                f"The file could not be saved in {path.parent}: {error.strerror or error}. Free "
                "some space, or make the folder writable."
            ) from error
    return read(path)


def make_and_keep(form: Format, run: Run, path: Path, report: Report) -> None:
    """Make a file that is not quick, and keep it.

    Args:
        form: what the run becomes.
        run: that has what the format needs.
        path: from ``kept_file``.
        report: told the share done.

    Raises:
        AtelierError: the run is of no use.
        OSError: the disk refused.
    """
    stamp = stamp_of(run)  # first: a network that is replaced meanwhile must not get the result
    content = form.make(run, report)
    write_analysis(path, {_CONTENT: np.frombuffer(content, np.uint8)}, stamp)


def kept_file(form: Format, run: Run) -> Path:
    """Return where the file of a format that is not quick is kept, whether it is there or not."""
    return analysis_file(_kind(form, run), run)


def read(path: Path) -> bytes:
    """Return the content of a kept file.

    Raises:
        RunDamaged: it is gone or cannot be read.
    """
    content = read_analysis(path, [_CONTENT])[_CONTENT]
    if content.dtype != np.uint8:
        raise RunDamaged(f"The file {path.name} is not what it should be. Delete it.")
    return content.tobytes()


def start(form: Format, run: Run, visitor: str) -> None:
    """Begin to make a file that is not quick, in a process of its own; returns at once.

    Raises:
        SettingsError: the run cannot become this, or too much is being calculated already.
        ModelUnavailable: the run has no network.
    """
    problem = form.problem(run)
    if problem is not None:
        raise SettingsError(f"{form.title}: {problem}")
    pool.start(_kind(form, run), run, visitor, PROGRAM)


def look(form: Format, run: Run) -> TaskState:
    """Return how far a file that is not quick is; takes no time."""
    return pool.look(_kind(form, run), run)


def stop(form: Format, run: Run) -> None:
    """Stop making a file, for everybody who waits for it."""
    pool.stop(_kind(form, run), run)


def _kind(form: Format, run: Run) -> str:
    return f"export-{form.key}" + ("" if run.test_opened else "-sealed")
