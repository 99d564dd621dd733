"""The pinned versions: those that people read, and the lock file that ``run.py`` installs."""

import re

import pytest

from core.settings import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    """Return the pinned version of each package that a requirements file names itself."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;#]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


DIRECT = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))


def test_direct_dependencies_are_seen():
    assert {"streamlit", "tensorflow", "numpy", "pillow", "plotly"} < set(DIRECT)
    assert "streamlit-drawable-canvas" in DIRECT


@pytest.mark.parametrize("package", DIRECT)
def test_the_lock_file_has_the_version_of(package):
    assert pins(LOCK).get(package) == DIRECT[package], "run `python run.py lock`"


def test_the_lock_file_names_no_place():
    """Where packages come from is for each machine to say."""
    assert "://" not in LOCK and "--index" not in LOCK and "--find-links" not in LOCK


def test_every_line_of_requirements_is_pinned():
    for file in ROOT.glob("requirements*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            wanted = line.partition("#")[0].strip()
            assert not wanted or wanted.startswith("-r ") or "==" in wanted, f"{file.name}: {line}"
