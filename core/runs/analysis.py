"""What was worked out on a finished run afterwards: files of plain arrays beside the run folders.

``ATELIER_HOME/analysis/<run id>/<kind>.npz``. Every file names the network that it is of, by the
SHA-256 of the model file: of a network that was trained anew since, or of a run whose folder was
replaced, nobody is told what the old one did. The files can be deleted at any time; whoever needs
one has it made again (``core.tasks.pool``); with the run they go too (``purge_deleted``).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.errors import ModelUnavailable, RunDamaged
from core.runs.files import NPZ_ERRORS, open_regular, write_atomic
from core.runs.records import Run
from core.settings import settings

FORMAT = 1  # counted up when what a kind means changes: files of before are made again

_KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")
_STAMP = "stamp"


def analysis_file(kind: str, run: Run) -> Path:
    """Return where the results of this kind on this run are kept, whether there are any or not."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of analysis")
    return settings().analysis / run.id / f"{kind}.npz"


def stamp_of(run: Run) -> str:
    """Return what names a run's network.

    Raises:
        ModelUnavailable: it has none.
    """
    path = run.network or run.folder.model
    try:
        status = path.stat()
        return f"{FORMAT}-{_sha256(path, status.st_mtime_ns, status.st_size)}"
    except OSError as error:
        raise ModelUnavailable(
            f"The run {run.id} has no trained network yet. Choose another, or let it "
            "train for an epoch."
        ) from error


def write_analysis(path: Path, arrays: Mapping[str, np.ndarray], stamp: str) -> None:
    """Write the arrays in one step.

    Args:
        path: from ``analysis_file``; its folder is made if need be.
        arrays: by name; numbers and text only.
        stamp: from ``stamp_of``, read before the network was.

    Raises:
        OSError: the disk refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {**arrays, _STAMP: np.array(stamp)}
    write_atomic(path, lambda file: np.savez_compressed(file, allow_pickle=False, **content))


def read_analysis(path: Path, names: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name.

    Args:
        path: of the file.
        names: what has to be among them.

    Raises:
        RunDamaged: it cannot be read or lacks an array.
    """
    try:
        arrays = _read(path)
        return {name: arrays[name] for name in {*arrays, *names} - {_STAMP}}
    except NPZ_ERRORS as error:
        raise RunDamaged(
            f"The file {path.name} cannot be read. Delete it from {path.parent}, and compute it "
            "again."
        ) from error


def fits(path: Path, run: Run) -> bool:
    """Tell whether there is such a file, whole, and of the network that the run has now.

    Takes no time, but for the first look at a new file.
    """
    try:
        status = path.lstat()
        return _stamp_in(path, status.st_mtime_ns, status.st_size) == stamp_of(run)
    except (OSError, ModelUnavailable):
        return False


@lru_cache(maxsize=512)
def _sha256(path: Path, changed: int, size: int) -> str:
    """Return the hash of a file; its time of change and size are what it is remembered by."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=512)
def _stamp_in(path: Path, changed: int, size: int) -> str | None:
    """Return the stamp of a file, as above; None if any part of the file cannot be read."""
    try:
        return str(_read(path)[_STAMP])
    except NPZ_ERRORS:
        return None


def _read(path: Path) -> dict[str, np.ndarray]:
    with open_regular(path) as content, np.load(content, allow_pickle=False) as file:
        return {name: np.asarray(file[name]) for name in file.files}
