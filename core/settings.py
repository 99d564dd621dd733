"""Folders and limits, read from the environment and validated once.

| variable | meaning | default |
| --- | --- | --- |
| ``ATELIER_HOME`` | the folder that holds everything the app writes | ``var`` beside the app |
| ``ATELIER_CIFAR10`` | a folder with CIFAR-10 in the canonical binary layout | not set |
| ``ATELIER_WORKERS`` | trainings that run at the same time, 1 to 64 | half the cores |
| ``ATELIER_WARM_SPARE`` | keep a worker with TensorFlow loaded, ``1`` or ``0`` | ``1`` |
| ``ATELIER_MAX_RUNNING`` | trainings that one visitor may have at a time, 1 to 64 | the workers |
| ``ATELIER_MAX_QUEUED`` | runs that one visitor may have waiting, 1 to 100,000 | 20 |
| ``ATELIER_MAX_EPOCHS`` | epochs a run, 1 to 500 | 500 |
| ``ATELIER_MAX_MINUTES`` | minutes a run, 1 to 10,000 | 1,440 |
| ``ATELIER_MAX_MEMORY_MB`` | memory a run, 1,000 to 1,000,000 | no limit |
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"


@dataclass(frozen=True)
class Limits:
    """What a visitor and a run may take; for a hosted copy, set in the environment.

    Attributes:
        running: trainings that one visitor may have at a time.
        queued: runs that one visitor may have waiting.
        epochs: a run.
        seconds: a run.
        memory: bytes a run's process may take; None for no limit.
    """

    running: int
    queued: int
    epochs: int
    seconds: float
    memory: int | None


@dataclass(frozen=True)
class Settings:
    """What the environment asked for, after validation."""

    home: Path
    cifar10: Path | None
    workers: int
    warm_spare: bool
    cores: int
    limits: Limits

    @property
    def runs(self) -> Path:
        """The folder that holds one folder a run."""
        return self.home / "runs"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read and validate the variables in the module's table.

        Raises:
            SettingsError: a variable has a value that cannot work; the message names it.
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        cores = cores or os.cpu_count() or 1
        home = _path(environment, "ATELIER_HOME") or ROOT / "var"
        workers = _integer(environment, "ATELIER_WORKERS", max(1, cores // 2), 1, 64)
        return cls(
            home=home,
            cifar10=_path(environment, "ATELIER_CIFAR10"),
            workers=workers,
            warm_spare=_integer(environment, "ATELIER_WARM_SPARE", 1, 0, 1) == 1,
            cores=cores,
            limits=Limits(
                running=_integer(environment, "ATELIER_MAX_RUNNING", workers, 1, 64),
                queued=_integer(environment, "ATELIER_MAX_QUEUED", 20, 1, 100_000),
                epochs=_integer(environment, "ATELIER_MAX_EPOCHS", 500, 1, 500),
                seconds=60 * _integer(environment, "ATELIER_MAX_MINUTES", 1440, 1, 10_000),
                memory=_memory_limit(environment),
            ),
        )


def _memory_limit(environment: Mapping[str, str]) -> int | None:
    megabytes = _integer(environment, "ATELIER_MAX_MEMORY_MB", 0, 1000, 1_000_000)
    return megabytes * 1_000_000 or None


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name, "").strip()
    if not value:
        return None
    if "\0" in value:
        raise SettingsError(f"{name} holds a character that no folder name can have. Set it anew.")
    return Path(value).expanduser().absolute()


def _integer(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = environment.get(name, "").strip()
    if not value:
        return default
    if not re.fullmatch("[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise SettingsError(
            f"{name} is {value[:40]!r}, but must be a whole number from {low} to {high}. "
            "Correct it or unset it, then start again."
        )
    return int(value)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process; tests call ``settings.cache_clear()``."""
    return Settings.from_environment(os.environ)
