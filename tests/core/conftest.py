"""A real finished run, and a machine without CIFAR-10."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import run_core

from core import runs
from core.settings import forget_settings

TRAIN = ("--dataset", "fashion-mnist", "--architecture", "mlp", "--epochs", 2, "--limit", 6000)


@dataclass(frozen=True)
class Training:
    """A training by the command line, and what it said."""

    process: "subprocess.CompletedProcess[str]"
    home: Path

    @property
    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.process.stdout)
        return answer


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Train a small MLP once with the command line, for all tests that need a finished run."""
    home = tmp_path_factory.mktemp("trained")
    process = run_core("train", *TRAIN, "--seed", 3, "--json", home=home)
    assert process.returncode == 0, process.stderr
    return Training(process, home)


@pytest.fixture
def trained(training: Training, home: Path) -> runs.Run:
    """Put a copy of that run into this test's home and return it."""
    run_id = training.answer["run"]
    shutil.copytree(training.home / "runs" / run_id, home / "runs" / run_id)
    return runs.read(run_id)


@pytest.fixture
def no_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide CIFAR-10, if this machine has it, and return an empty folder for Keras's cache."""
    monkeypatch.delenv("ATELIER_CIFAR10", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    forget_settings()
    return tmp_path / "keras"
