"""The curves of a run, read while they are written.

Thirty people may watch one run: its lines are parsed once, as they come, and shared.
"""

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import RunDamaged
from core.runs.files import open_regular, write_atomic
from core.runs.records import Run, RunFolder

_KEPT = 64  # runs whose parsed curves stay in memory
_LARGEST = 1e300  # what lies beyond is no measurement, and no float can hold most of it

Curve = dict[str, list[float | None]]

BATCH_COLUMNS = ("epoch", "loss", "accuracy", "seconds")
EPOCH_COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")


@dataclass(frozen=True)
class Curves:
    """Columns of equal length; None where a value was not a finite number.

    Attributes:
        batches: ``epoch`` (with fraction), ``loss``, ``accuracy``, each the mean since the point
            before it; ``seconds`` of training so far (None in runs of version 0.1.0).
        epochs: ``epoch`` (1, 2, ...), ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``,
            ``seconds``.
    """

    batches: Curve
    epochs: Curve


@dataclass
class _Tail:
    """A growing file of JSON lines, parsed up to its last complete line."""

    path: Path
    columns: tuple[str, ...]
    offset: int = 0
    inode: int = 0
    values: Curve = field(default_factory=dict)

    def read(self) -> Curve:
        try:
            status = self.path.stat()
        except OSError:
            return {name: [] for name in self.columns}
        if status.st_ino != self.inode or status.st_size < self.offset:
            self.inode, self.offset = status.st_ino, 0
            self.values = {name: [] for name in self.columns}
        if status.st_size > self.offset:
            try:
                with open_regular(self.path) as file:
                    file.seek(self.offset)
                    new = file.read()
            except OSError:
                new = b""  # deleted since we looked
            complete = new[: new.rfind(b"\n") + 1]
            rows = [point_of(line, self.columns, self.path.name) for line in complete.splitlines()]
            for row in rows:
                for name in self.columns:
                    self.values[name].append(row[name])
            self.offset += len(complete)
        return {name: list(column) for name, column in self.values.items()}


def point_of(line: bytes, columns: Sequence[str], file: str) -> dict[str, Any]:
    """Return a point of a curve by column; None where a value is missing or beyond all bounds.

    Args:
        line: of JSON.
        columns: that a point has.
        file: name of the file, for the sentence.

    Raises:
        RunDamaged: it is no point.
    """
    try:
        row = json.loads(line)
        values = {name: row.get(name) for name in columns}
    except (ValueError, AttributeError, RecursionError):
        raise RunDamaged(f"The file {file} has a line that is not a point of a curve.") from None
    for name, value in values.items():
        if value is not None and not isinstance(value, int | float):
            raise RunDamaged(f"The file {file} has a {name} that is not a number.")
        if value is not None and not abs(value) <= _LARGEST:
            values[name] = None
    return values


# By the first of the two files: runs that follow another read the same ones.
_tails: OrderedDict[Path, tuple[_Tail, _Tail]] = OrderedDict()
_lock = threading.Lock()


def read_curves(folder: RunFolder) -> Curves:
    """Return all points of a run so far; costs only what was added since the last call.

    Raises:
        RunDamaged: a line is not a point.
    """
    with _lock:
        pair = _tails.get(folder.batches)
        if pair is None:
            pair = (_Tail(folder.batches, BATCH_COLUMNS), _Tail(folder.epochs, EPOCH_COLUMNS))
            _tails[folder.batches] = pair
        _tails.move_to_end(folder.batches)
        while len(_tails) > _KEPT:
            _tails.popitem(last=False)
        batches, epochs = pair
        return Curves(batches.read(), epochs.read())


def validation_so_far(run: Run) -> float | None:
    """Return the validation accuracy of a run, 0 to 1, the latest one if it has not ended.

    None if there is none (yet), or if the files of its curves are damaged.
    """
    if run.result is not None:
        return run.result.val_accuracy
    if run.config is None or run.heartbeat is None:
        return None
    try:
        values = read_curves(run.folder).epochs["val_accuracy"]
    except RunDamaged:
        return None
    return next((value for value in reversed(values) if value is not None), None)


def rewind_curves(folder: RunFolder, epochs: Sequence[Mapping[str, Any]], done: float) -> None:
    """Cut the curves of a run back to a checkpoint, so that what follows repeats nothing.

    Args:
        folder: of a run that nobody trains now.
        epochs: what ``epochs.jsonl`` is to hold, a line each.
        done: epochs done, with fraction; points after it go.

    Raises:
        OSError: the disk refused; each file is the old one or the new one.
    """
    points = lines_until(folder.batches, done)
    write_atomic(folder.batches, lambda file: file.write_bytes(points))
    rows = "".join(json.dumps(row) + "\n" for row in epochs)
    write_atomic(folder.epochs, lambda file: file.write_bytes(rows.encode()))


def lines_until(path: Path, done: float) -> bytes:
    """Return the lines of a growing file that are of no more than ``done`` epochs.

    Raises:
        OSError: it cannot be read; a file that is not there has no lines.
    """
    try:
        with open_regular(path) as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return b""
    # Six digits are written.
    return b"".join(line + b"\n" for line in lines if _epoch_of(line) <= done + 1e-6)


def _epoch_of(line: bytes) -> float:
    """Return the epoch of a point; infinite if the line is none, as a cut-off last one."""
    try:
        epoch = json.loads(line)["epoch"]
        return float(epoch)
    except (ValueError, TypeError, KeyError, RecursionError):
        return math.inf
