"""What a visitor makes of doubtful labels: kept with the visitor, a small file for a data set.

``ATELIER_HOME/judgements/<hash of the visitor>/<hash of the data set>.json``. The secret id of a
visitor is not in it. A file that is damaged is none: whoever judges again begins anew.
"""

import hashlib
import shutil
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.datasets import SPLITS, DatasetSpec
from core.errors import SettingsError
from core.files import read_json, write_json
from core.settings import settings

MOST = 20_000  # judgements of a data set that a visitor may have; some 30 bytes each
_lock = threading.Lock()


class Verdict(StrEnum):
    """What somebody says about a label."""

    WRONG = "wrong"
    RIGHT = "right"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Judgement:
    """One label as a visitor judged it.

    Attributes:
        split, index: of the image.
        verdict: on its label.
        other: the class that it looked like to the networks, which whoever calls the label wrong
            has seen beside it.
    """

    split: str
    index: int
    verdict: Verdict
    other: int


Judgements = dict[tuple[str, int], Judgement]


def judgements_of(visitor: str, spec: DatasetSpec) -> Judgements:
    """Return what a visitor judged of a data set, by split and index; takes a millisecond."""
    if not visitor:
        return {}
    try:
        values = read_json(_file(visitor, spec.name))
        rows = values["judgements"]
        found = [_judgement(row, spec) for row in rows[:MOST]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}
    return {(each.split, each.index): each for each in found}


def judge(visitor: str, spec: DatasetSpec, judgement: Judgement) -> None:
    """Keep a judgement, in the place of an earlier one on the same label.

    Raises:
        SettingsError: it cannot be written, or there are too many.
    """
    with _lock:
        kept = judgements_of(visitor, spec)
        kept[judgement.split, judgement.index] = judgement
        if len(kept) > MOST:
            raise SettingsError(
                f"You have judged {MOST:,} labels of this data set, the most that are kept."
            )
        _write(visitor, spec, kept)


def take_back(visitor: str, spec: DatasetSpec, split: str, index: int) -> None:
    """Forget a judgement, if there is one.

    Raises:
        SettingsError: the file cannot be written.
    """
    with _lock:
        kept = judgements_of(visitor, spec)
        if kept.pop((split, index), None) is not None:
            _write(visitor, spec, kept)


def forget(visitor: str) -> None:
    """Remove all that a visitor judged."""
    shutil.rmtree(_folder(visitor), ignore_errors=True)


def _write(visitor: str, spec: DatasetSpec, kept: Judgements) -> None:
    path = _file(visitor, spec.name)
    rows = [[each.split, each.index, str(each.verdict), each.other] for each in kept.values()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"judgements": rows}, durable=False)
    except OSError as error:
        raise SettingsError(
            f"Your judgement could not be saved: {error.strerror or error}. Make {path.parent} "
            "writable or free some space."
        ) from error


def _judgement(row: Any, spec: DatasetSpec) -> Judgement:
    """Return what a row of the file says; raises ValueError or TypeError if that is nothing."""
    split, index, verdict, other = row
    known = split in SPLITS and type(index) is int and 0 <= index < spec.counts[split]
    if not known or type(other) is not int or not 0 <= other < len(spec.classes):
        raise ValueError(row)
    return Judgement(split, index, Verdict(verdict), other)


def _folder(visitor: str) -> Path:
    return settings().home / "judgements" / _hash(visitor)


def _file(visitor: str, dataset: str) -> Path:
    return _folder(visitor) / f"{_hash(dataset)}.json"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
