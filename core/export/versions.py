"""Which versions made an export."""

import tomllib
from functools import cache
from importlib.metadata import version

from core.settings import ROOT

LIBRARIES = ("tensorflow", "keras", "numpy")


@cache
def atelier() -> str:
    """Return the version of Atelier, such as ``0.5.0``."""
    values = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(values["project"]["version"])


@cache
def libraries() -> dict[str, str]:
    """Return the versions of what trains and asks networks, by name."""
    return {name: version(name) for name in LIBRARIES}


def in_words() -> str:
    """Return all in one line: ``Atelier 0.5.0, tensorflow 2.21.0, keras 3.15.1, numpy 2.4.6``."""
    told = (f"{name} {number}" for name, number in libraries().items())
    return ", ".join([f"Atelier {atelier()}", *told])
