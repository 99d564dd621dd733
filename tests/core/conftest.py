"""A real finished run, a machine without CIFAR-10, and both databases of the classes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import run_core

from core import jobs, runs
from core.classroom.database import use
from core.jobs import LocalBackend
from core.runs import SERVER_ALLOWS, Allowance
from core.settings import forget_settings

if TYPE_CHECKING:
    import postgresql as postgresql_server

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator["postgresql_server.Server"]:
    """Run a PostgreSQL server for all tests of this process."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the tests start Debian's PostgreSQL")
    from postgresql import running

    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def stored(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run a test twice, with the classes in each kind of database; return which."""
    if request.param == "sqlite":
        yield request.param
        return
    server: postgresql_server.Server = request.getfixturevalue("postgresql")
    with server.database() as name:
        monkeypatch.setenv("ATELIER_DATABASE_URL", server.url(name))
        forget_settings()
        yield request.param
        used = use(None)
        if used is not None:
            used.close()


@pytest.fixture
def no_queue() -> Iterator[list[str]]:
    """Put a queue that trains nothing in the place of the backend; return the ids of its runs."""

    class Queue(LocalBackend):
        def __init__(self) -> None:
            self.submitted: list[str] = []

        def submit(self, run_id: str) -> None:
            self.submitted.append(run_id)

        def stop(self, run_id: str) -> None:
            runs.request_stop(run_id)

        def check_waiting(self, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
            pass

        def close(self) -> None:
            pass

    queue = Queue()
    before = jobs.use(queue)
    yield queue.submitted
    jobs.use(before)
