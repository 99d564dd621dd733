"""Small trainings, processes of the command line, and waiting for what other processes do."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core import architectures, runs
from core.architectures import Recipe
from core.settings import ROOT

T = TypeVar("T")


def small(architecture: str = "basic-cnn", **changes: Any) -> runs.TrainingConfig:
    """Return the config of a training that takes a second or two, with ``changes`` applied.

    The MLP has less to compute, but XLA takes seconds to compile it.
    """
    limit, seed = changes.pop("limit", 2000), changes.pop("seed", 0)
    dataset = changes.pop("dataset", "fashion-mnist")
    recipe = architectures.find(architecture).recipe_for(dataset)
    if architecture == "basic-cnn":
        recipe = Recipe(validation=0.2)  # the plainest there is, whatever the preset's becomes
    recipe = recipe.changed(**{"epochs": 1, "batch_size": 100, **changes})
    return runs.TrainingConfig(dataset, architecture, recipe, limit, seed)


def command(*arguments: object) -> list[str]:
    """Return the command that runs ``python -m core``."""
    return [sys.executable, "-m", "core", *map(str, arguments)]


def run_core(*arguments: object, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m core`` to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        capture_output=True,
        timeout=120,
        encoding="utf-8",
    )


def cut_off_after_two_epochs(run_id: str) -> None:
    """Train a run in this process until its server is gone, which is when it has two epochs."""
    from core.training.lifecycle import train_run  # imports TensorFlow

    folder, gone = runs.folder_of(run_id), threading.Event()

    def cut_off() -> None:
        wait_until(lambda: len(runs.read_curves(folder).epochs["epoch"]) > 1, 60, "two epochs")
        gone.set()

    thread = threading.Thread(target=cut_off)
    thread.start()
    train_run(run_id, server_gone=gone)
    thread.join()


def wait_until(condition: Callable[[], T], seconds: float, what: str) -> T:
    """Return the first true answer of ``condition``, or fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return answer
