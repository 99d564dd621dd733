"""Real trainings and real processes for the tests of ``core``."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core import architectures, datasets, runs
from core.settings import ROOT, settings

TRAIN = (
    "train --dataset fashion-mnist --architecture mlp --epochs 2 --limit 6000 --seed 3 --json"
).split()


@dataclass(frozen=True)
class Training:
    """A run that the command line trained, and what it said."""

    process: "subprocess.CompletedProcess[str]"
    home: Path

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.process.stdout)


def run_core(*arguments: object, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m core`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def core(home: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs ``python -m core`` in this test's home."""
    return lambda *arguments: run_core(*arguments, home=home)


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Train a small MLP once with the command line, for all tests that need a finished run."""
    home = tmp_path_factory.mktemp("trained")
    process = run_core(*TRAIN, home=home)
    assert process.returncode == 0, process.stderr
    return Training(process, home)


@pytest.fixture
def trained(training: Training, home: Path) -> runs.Run:
    """Put a copy of the finished run into this test's home and return it."""
    run_id = training.answer["run"]
    shutil.copytree(training.home / "runs" / run_id, home / "runs" / run_id)
    return runs.read(run_id)


@pytest.fixture
def no_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide CIFAR-10, wherever this machine has it; return an empty stand-in for Keras's home."""
    monkeypatch.delenv("ATELIER_CIFAR10", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(datasets.find("cifar-10"), "_loaded", {}) if False else None
    settings.cache_clear()
    return tmp_path / "keras"


def small(architecture: str = "mlp", **changes: Any) -> runs.TrainingConfig:
    """Return the config of a run that takes a second or two; ``changes`` go where they belong."""
    limit, seed = changes.pop("limit", 2000), changes.pop("seed", 0)
    dataset = changes.pop("dataset", "fashion-mnist")
    recipe = architectures.find(architecture).recipe_for(dataset)
    recipe = recipe.changed(**{"epochs": 1, "batch_size": 100, **changes})
    return runs.TrainingConfig(dataset, architecture, recipe, limit, seed)


@pytest.fixture
def config() -> Callable[..., runs.TrainingConfig]:
    """Return ``small``: a config that trains in a second or two, with what is asked changed."""
    return small


def wait(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true answer of ``condition``, or fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return answer


@pytest.fixture
def wait_until() -> Callable[[Callable[[], Any], float, str], Any]:
    """Return ``wait``."""
    return wait
