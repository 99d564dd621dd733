"""What a training needs to go on where it was, as one file of the run folder.

The file is NumPy's ``.npz``: plain arrays with a checksum each, and nothing that could run.
"""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import RunDamaged
from core.runs.curves import EPOCH_COLUMNS
from core.runs.files import NPZ_ERRORS, open_regular, write_atomic

_PROGRESS = "progress"
_STATE, _BEST = "state/", "best/"


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        epoch: complete epochs.
        step: steps done of the epoch after them.
        loss_sum, right: sums over the images of those steps.
        seconds: training took so far, over all the processes that worked on it.
        epoch_seconds: those of them that went into the steps of the epoch that is not complete.
        training_seconds, timed_images: what the speed is worked out from, start-up left out.
        history: one ``EpochEvent`` as a dict for each complete epoch.
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    right: float = 0.0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    training_seconds: float = 0.0
    timed_images: int = 0
    history: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Checkpoint:
    """A training at one moment.

    Attributes:
        progress: how far it is.
        state: arrays by name: weights, optimizer, random generators.
        best: weights of the best epoch so far, with early stopping.
    """

    progress: Progress
    state: dict[str, np.ndarray]
    best: list[np.ndarray] = field(default_factory=list)


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, durable: bool = True) -> None:
    """Write the file in one step; see ``write_atomic`` for ``durable``."""
    arrays = {_STATE + name: array for name, array in checkpoint.state.items()}
    arrays |= {f"{_BEST}{number}": array for number, array in enumerate(checkpoint.best)}
    text = json.dumps(asdict(checkpoint.progress))
    arrays[_PROGRESS] = np.frombuffer(text.encode(), np.uint8)
    write_atomic(path, lambda file: np.savez(file, allow_pickle=False, **arrays), durable=durable)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Read the file; None if there is none.

    Raises:
        RunDamaged: it cannot be read, or is not what the app writes.
    """
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        values = json.loads(arrays.pop(_PROGRESS).tobytes())
        progress = as_progress(values)
        best = [
            arrays.pop(name)
            for name in sorted(
                (name for name in arrays if name.startswith(_BEST)),
                key=lambda name: int(name.removeprefix(_BEST)),
            )
        ]
    except FileNotFoundError:
        return None
    except (*NPZ_ERRORS, AttributeError) as error:
        raise RunDamaged(
            f"The file {path.name} cannot be read, so the run cannot continue from there. Train it "
            "again."
        ) from error
    state = {name.removeprefix(_STATE): array for name, array in arrays.items()}
    return Checkpoint(progress, state, best)


def as_progress(values: Any) -> Progress:
    """Return the progress that a file tells.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what the app writes.
    """
    numbers = {each.name: values[each.name] for each in fields(Progress) if each.name != "history"}
    history = tuple({name: row[name] for name in EPOCH_COLUMNS} for row in values["history"])
    for value in (*numbers.values(), *(value for row in history for value in row.values())):
        if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise ValueError(value)
    for name in ("epoch", "step", "timed_images"):
        if not isinstance(numbers[name], int):
            raise ValueError(name)
    if [row["epoch"] for row in history] != list(range(1, numbers["epoch"] + 1)):
        raise ValueError("history")
    return Progress(**numbers, history=history)
