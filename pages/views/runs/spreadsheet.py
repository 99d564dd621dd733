"""Runs, spreadsheet: the listed runs as CSV."""

import time
from collections.abc import Iterable
from typing import Any

from core.files import csv_text
from core.runs import Run
from pages.views.runs.facts import epochs_done, parameters, seconds, test_set, whose
from pages.words import title

COLUMNS = (
    "run",
    "name",
    "starred",
    "state",
    "dataset",
    "architecture",
    "optimizer",
    "learning_rate",
    "batch_size",
    "seed",
    "epochs",
    "epochs_planned",
    "val_accuracy",
    "test_set",
    "test_accuracy",
    "test_loss",
    "seconds",
    "parameters",
    "started",
    "whose",
)


def to_csv(listed: Iterable[Run], visitor: str) -> str:
    """Return the runs as CSV, one line a run, numbers as numbers."""
    return csv_text(COLUMNS, (_values(run, visitor) for run in listed))


def _values(run: Run, visitor: str) -> list[Any]:
    config, result = run.config, run.told
    recipe = config.recipe if config else None
    return [
        run.id,
        title(run),
        int(run.starred),
        run.state,
        *(getattr(config, name, None) for name in ("dataset", "architecture")),
        *(getattr(recipe, name, None) for name in ("optimizer", "learning_rate", "batch_size")),
        getattr(config, "seed", None),
        epochs_done(run),
        getattr(recipe, "epochs", None),
        getattr(result, "val_accuracy", None),
        test_set(run),
        *(getattr(result, name, None) for name in ("test_accuracy", "test_loss")),
        seconds(run),
        parameters(run),
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.created)),
        whose(run, visitor),
    ]
