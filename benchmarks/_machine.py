"""What every benchmark prints beside its figures: the machine, the runs and their spread."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """Return processor, cores and versions in one line."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    packages = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "tensorflow"))
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def spread(seconds: Sequence[float]) -> str:
    """Return median, range and number of some times in seconds, as a table's cells."""
    return (
        f"{statistics.median(seconds):.3f} | {min(seconds):.3f} to {max(seconds):.3f} | "
        f"{len(seconds)}"
    )
