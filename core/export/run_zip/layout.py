"""The names in a ZIP of runs, and what its header says of a run, as values."""

import math
from dataclasses import dataclass, replace
from typing import Any

from core.architectures.settings import count
from core.errors import RunDamaged, SourceRejected
from core.files import harmless
from core.runs import Result, State, Stretch
from core.runs.reading import as_line, as_result, as_stretches

FORMAT, VERSION = "atelier-runs", 1
MANIFEST, README = "atelier.json", "README.txt"
HEADER, NOTE = "run.json", "note.txt"
EPOCHS, BATCHES = "epochs.jsonl", "batches.jsonl"
VALIDATION, TEST = "validation.npy", "test.npy"
WEIGHTS, STATE, BEST = "weights", "checkpoint/state", "checkpoint/best"
PROGRESS = "checkpoint/progress.json"
ARRAY = ".npy"

MOST_RUNS = 200
MOST_ENTRIES = 20_000
MOST_JSON = 1 << 20  # bytes of an entry that is JSON or text
MOST_CURVE = 30_000_000  # bytes
MOST_REASON = 300  # characters
# How a run may have ended, or be waiting; one that trains cannot be taken home.
STATES = (State.FINISHED, State.STOPPED, State.FAILED, State.PAUSED)


@dataclass(frozen=True)
class Header:
    """What the header of a run says; nothing in it has been compared with anything.

    Attributes:
        id: of the run where it comes from; shown to nobody, may be anything.
        config: as ``TrainingConfig.to_dict`` made it there.
        dataset: title of the data set.
        fingerprint: of its images and labels.
        name: what the owner calls it, or None.
        whose: the handle of the student whose it was, in a class's ZIP; else empty.
        created: when it was started there, in seconds since the epoch.
        state: one of ``STATES``.
        result: how it ended; None of a paused run.
        stretches: the parts of its training.
    """

    id: str
    config: dict[str, Any]
    dataset: str
    fingerprint: str
    name: str | None
    whose: str
    created: float
    state: State
    result: Result | None
    stretches: tuple[Stretch, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        result = None
        if self.result is not None:
            result = {name: each for name, each in vars(self.result).items() if each is not None}
        return {
            "id": self.id,
            "config": self.config,
            "dataset": {"title": self.dataset, "fingerprint": self.fingerprint},
            "name": self.name,
            "whose": self.whose,
            "created": self.created,
            "state": self.state,
            "result": result,
            "stretches": [vars(each) for each in self.stretches],
        }

    @classmethod
    def from_dict(cls, values: Any) -> "Header":
        """Make a header from what ``to_dict`` gave; texts become harmless, odd times are none.

        Raises:
            SourceRejected: a value is missing or of the wrong kind; the sentence says which.
        """
        values = _mapping(values, "header")
        config, dataset = _mapping(values.get("config"), "config"), values.get("dataset")
        dataset = _mapping(dataset, "data set")
        named = values.get("state")
        if named not in STATES:
            raise SourceRejected(f"It says no state of a run that can be brought: {_shown(named)}.")
        state = State(named)
        result = None if state is State.PAUSED else _result(values.get("result"), state)
        name, whose, run = (values.get(each) for each in ("name", "whose", "id"))
        return cls(
            run if isinstance(run, str) else "",
            config,
            harmless(str(dataset.get("title", "")), 60),
            str(dataset.get("fingerprint", ""))[:200],
            as_line(name) if isinstance(name, str) else None,
            harmless(whose, 40) if isinstance(whose, str) else "",
            _number(values.get("created"), 2.5e11) or 0.0,
            state,
            result,
            as_stretches(values.get("stretches")),
        )


def _mapping(values: Any, what: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise SourceRejected(f"Its {what} is missing or not a set of named values.")
    return values


def _result(values: Any, state: State) -> Result:
    """Return how a run ended, with nothing that is measured again or could not have been."""
    try:
        found = as_result(_mapping(values, "result"))
    except RunDamaged as error:
        raise SourceRejected(f"How it ended is not told in a way that can be read: {error}") from (
            error
        )
    if found.state is not state or type(found.epochs) is not int or found.epochs < 0:
        raise SourceRejected("How it ended and how many epochs it had do not fit together.")
    best = found.best_epoch
    if best is not None and (type(best) is not int or not 1 <= best <= found.epochs):
        raise SourceRejected(
            f"Its best epoch is {_shown(best)}, but it has {count(found.epochs, 'epoch')}."
        )
    return replace(
        found,
        reason=harmless(found.reason, MOST_REASON) if found.reason else None,
        train_accuracy=_number(found.train_accuracy, 1),
        train_loss=_number(found.train_loss, 1e6),
        val_accuracy=_number(found.val_accuracy, 1),
        val_loss=None,
        test_accuracy=None,
        test_loss=None,
        seconds=_number(found.seconds, 1e9) or 0.0,
        images_per_second=None,  # of another machine: nothing is to be expected from it here
        networks=1,
    )


def _number(value: object, most: float) -> float | None:
    """Return a number from 0 to ``most``; None for what is none."""
    right = isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= most
    return float(value) if right and isinstance(value, int | float) else None


def _shown(value: object) -> str:
    return f"“{harmless(str(value), 40)}”"
