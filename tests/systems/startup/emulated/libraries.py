"""psutil, as it is on another system; it is changed when it is imported."""

import importlib.abc
import importlib.machinery
import os
import random
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

CLASSES = {  # psutil's names for the priority classes of Windows, and what they come to here
    "IDLE_PRIORITY_CLASS": (0x40, 19),
    "BELOW_NORMAL_PRIORITY_CLASS": (0x4000, 5),
    "NORMAL_PRIORITY_CLASS": (0x20, 0),
}


def behave(system: str) -> None:
    """Change psutil when somebody imports it."""
    sys.meta_path.insert(0, _Finder(system))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, system: str) -> None:
        self._system = system

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "psutil":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None:
            true = spec.loader.exec_module

            def load(module: ModuleType) -> None:
                true(module)
                _change(module, self._system)

            spec.loader.exec_module = load  # type: ignore[method-assign]
        return spec


def _change(psutil: Any, system: str) -> None:
    boot_time = psutil.boot_time
    # Worked out from the clock at each call, which is set now and then.
    psutil.boot_time = lambda: boot_time() + random.uniform(-1, 1)
    if system == "macos":
        del psutil.Process.cpu_affinity
        return
    nice = psutil.Process.nice
    here = dict(CLASSES.values())
    there = {level: number for number, level in CLASSES.values()}

    def priority(self: Any, value: int | None = None) -> int:
        if value is None:
            return there.get(nice(self), 0x20)
        if value not in here:
            raise ValueError(f"{value!r} is no priority class")
        if os.getpid() == self.pid and here[value] < nice(self):
            return value  # Windows lets a process raise itself again, Linux does not
        nice(self, here[value])
        return value

    psutil.Process.nice = priority
    for name, (number, _) in CLASSES.items():
        setattr(psutil, name, number)
    for name in ("num_fds", "terminal", "uids", "gids", "rlimit"):
        if hasattr(psutil.Process, name):
            delattr(psutil.Process, name)
