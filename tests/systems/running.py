"""Runs Python, and tests, as if on another system. What that means says ``startup/emulated``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

STARTUP = Path(__file__).parent / "startup"


def on(system: str) -> dict[str, str]:
    """Return the variables of a process that is on an emulated system, with all its children."""
    others = [str(STARTUP), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(each for each in others if each)
    return os.environ | {"ATELIER_TEST_SYSTEM": system, "PYTHONPATH": path}


def python(system: str, code: str, *arguments: str) -> str:
    """Run code of ours there and return what it prints."""
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=on(system),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def chosen(file: str, tests: str) -> str:
    """Return some tests of a file, named without ``test_``, as ``run_tests`` takes them."""
    return " ".join(f"{file}::test_{each}" for each in tests.split())


def run_tests(system: str, files: str) -> None:
    """Run test files there, which are named as below ``tests/``; fail as they do."""
    # It is a pytest of its own, and no part of this one.
    variables = {
        name: value for name, value in on(system).items() if not name.startswith("PYTEST_")
    }
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-m", "not browser", *(f"tests/{each}" for each in files.split())]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if process.returncode:
        pytest.fail(f"on emulated {system}:\n{process.stdout}", pytrace=False)
