"""Folders and limits, read from the environment and validated once.

| variable | meaning | default |
| --- | --- | --- |
| ``ATELIER_HOME`` | the folder that holds everything the app writes | ``var`` beside the app |
| ``ATELIER_CACHE`` | a folder for unpacked copies of the data sets | ``cache`` in the former |
| ``ATELIER_CIFAR10`` | a folder with CIFAR-10 in the canonical binary layout | not set |
| ``ATELIER_PROFILE`` | ``normal``, or ``small`` for little memory | ``normal`` |
| ``ATELIER_WORKERS`` | trainings that run at the same time, 1 to 64 | by cores and memory |
| ``ATELIER_WARM_SPARE`` | keep a worker with TensorFlow loaded, ``1`` or ``0`` | ``1`` |
| ``ATELIER_SNAPSHOTS`` | keep what a network was like while it learned, ``1`` or ``0`` | ``1`` |
| ``ATELIER_PICTURE_READERS`` | processes that read pictures, 1 to 16 | 2 |
| ``ATELIER_MAX_RUNNING`` | trainings that one visitor may have at a time, 1 to 64 | the workers |
| ``ATELIER_MAX_QUEUED`` | runs that one visitor may have waiting, 1 to 100,000 | 20 |
| ``ATELIER_MAX_EPOCHS`` | epochs a run, 1 to 500 | 500 |
| ``ATELIER_MAX_MINUTES`` | minutes a run, 1 to 10,000 | 1,440 |
| ``ATELIER_MAX_MEMORY_MB`` | memory a run, 200 to 1,000,000 | no limit |
| ``ATELIER_MAX_DATASETS`` | data sets that one visitor may import, 0 to 1,000 | 5 |
| ``ATELIER_MAX_DATASETS_MB`` | all imported data sets together, 10 to 1,000,000 | 2,000 |
| ``ATELIER_MAX_BROUGHT`` | runs from elsewhere that one visitor may have, 0 to 10,000 | 100 |
| ``ATELIER_DATABASE_URL`` | PostgreSQL for classes that several servers share | a file |
| ``ATELIER_TEACHER_TOKEN`` | the secret in the teacher's link, 16 to 200 characters | a new one |
| ``ATELIER_TEACHERS`` | e-mail addresses of who is a teacher after ``st.login`` | nobody |
| ``ATELIER_MAX_SESSIONS`` | pages that may be open in browsers at a time, 1 to 100,000 | 250 |
| ``ATELIER_URL`` | the address that people open, for printed links and QR codes | found out |
| ``RAY_ADDRESS`` | ``host:port`` of a Ray cluster that trains instead of this machine | not set |

The profile ``small`` is for 2.7 GB with training and 1 GB for all else. It has one worker, no warm
spare and one reader of pictures, and ends a run that takes more than 1.7 GB; each of these can be
set to something else by its own variable.

Without ``ATELIER_WORKERS`` it is half the cores, but no more than fit into the memory: a training
takes about 1.5 GB, and as much goes to the server, the process that asks networks and the warm
spare together.
"""

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core import machine
from core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
BELOW_HOME = 125  # characters of the longest path below it: a file being written in a run folder
WORKER_MEMORY = 1_500_000_000  # bytes; TensorFlow alone 0.6 GB, the data sets, a large batch


@dataclass(frozen=True)
class Profile:
    """The defaults for a size of machine; each has a variable of its own, which goes before it.

    Attributes:
        name: that ``ATELIER_PROFILE`` gives.
        workers: None for as many as fit into cores and memory.
        warm_spare: whether a worker with TensorFlow loaded is kept.
        picture_readers: processes.
        memory: megabytes that a run may take; 0 for no limit.
    """

    name: str
    workers: int | None = None
    warm_spare: bool = True
    picture_readers: int = 2
    memory: int = 0


NORMAL = Profile("normal")
SMALL = Profile("small", workers=1, warm_spare=False, picture_readers=1, memory=1_700)
PROFILES = {profile.name: profile for profile in (NORMAL, SMALL)}


@dataclass(frozen=True)
class Limits:
    """What a visitor and a run may take; for a hosted copy, set in the environment.

    Attributes:
        running: trainings that one visitor may have at a time.
        queued: runs that one visitor may have waiting.
        epochs: a run.
        seconds: a run.
        memory: bytes a run's process may take; None for no limit.
        datasets: data sets that one visitor may import.
        datasets_bytes: that all imported data sets may take together.
        brought: runs from elsewhere that one visitor may have.
    """

    running: int
    queued: int
    epochs: int
    seconds: float
    memory: int | None
    datasets: int
    datasets_bytes: int
    brought: int


@dataclass(frozen=True)
class Settings:
    """What the environment asked for, after validation.

    Attributes:
        home: the folder that holds everything the app writes.
        cifar10: a folder with CIFAR-10, or None.
        profile: that the defaults came from.
        workers: trainings that run at the same time.
        workers_chosen: whether somebody chose that number.
        warm_spare: whether a worker with TensorFlow loaded is kept.
        picture_readers: processes that read pictures.
        cores: that this process may use.
        limits: for visitors and runs.
        ray_address: of the cluster that trains instead of this machine, or None.
        database_url: of the PostgreSQL database that has the classes, or None for a file.
        teacher_token: the secret in the teacher's link, or None for one that is made here.
        teachers: addresses of those who are teachers when they log in, in small letters.
        sessions: pages that may be open in browsers at a time.
        url: the address that people open, without a slash at its end, or None.
        snapshots: whether trainings keep records of what the network was like.
    """

    home: Path
    cifar10: Path | None
    profile: Profile
    workers: int
    workers_chosen: bool
    warm_spare: bool
    picture_readers: int
    cores: int
    limits: Limits
    ray_address: str | None = None
    own_cache: Path | None = None
    # Both hold secrets, which no log is to show.
    database_url: str | None = field(default=None, repr=False)
    teacher_token: str | None = field(default=None, repr=False)
    teachers: frozenset[str] = field(default=frozenset(), repr=False)
    sessions: int = 250
    url: str | None = None
    snapshots: bool = True

    @property
    def cache(self) -> Path:
        """The folder for copies that are made again if they are gone; may be on any disk."""
        return self.own_cache or self.home / "cache"

    @property
    def threads(self) -> int:
        """Threads a worker, so that all workers together do not ask for more than the cores."""
        return max(1, self.cores // self.workers)

    @property
    def runs(self) -> Path:
        """The folder that holds one folder a run."""
        return self.home / "runs"

    @property
    def analysis(self) -> Path:
        """The folder that holds what was worked out on finished runs, one folder a run."""
        return self.home / "analysis"

    @property
    def tasks(self) -> int:
        """Small tasks on finished runs that run at the same time: trainings leave little."""
        return max(1, self.cores // 4)

    @property
    def datasets(self) -> Path:
        """The folder that holds one folder a data set that somebody imported."""
        return self.home / "datasets"

    @property
    def classroom(self) -> Path:
        """The database of the classes, unless ``database_url`` names another."""
        return self.home / "classroom.db"

    @property
    def to_import(self) -> Path:
        """The folder from which visitors may import what the operator put there."""
        return self.home / "import"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read and validate the variables in the module's table.

        Raises:
            SettingsError: a variable has a value that cannot work; the message names it.
        """
        cores = machine.cores()
        home = _path(environment, "ATELIER_HOME") or ROOT / "var"
        _check_length(home)
        profile = _profile(environment)
        usual = profile.workers or default_workers(cores, machine.memory())
        workers = _integer(environment, "ATELIER_WORKERS", usual, 1, 64)
        return cls(
            home=home,
            cifar10=_path(environment, "ATELIER_CIFAR10"),
            profile=profile,
            workers=workers,
            workers_chosen=bool(environment.get("ATELIER_WORKERS", "").strip()),
            warm_spare=_integer(environment, "ATELIER_WARM_SPARE", int(profile.warm_spare), 0, 1)
            == 1,
            picture_readers=_integer(
                environment, "ATELIER_PICTURE_READERS", profile.picture_readers, 1, 16
            ),
            cores=cores,
            limits=Limits(
                running=_integer(environment, "ATELIER_MAX_RUNNING", workers, 1, 64),
                queued=_integer(environment, "ATELIER_MAX_QUEUED", 20, 1, 100_000),
                epochs=_integer(environment, "ATELIER_MAX_EPOCHS", 500, 1, 500),
                seconds=60 * _integer(environment, "ATELIER_MAX_MINUTES", 1440, 1, 10_000),
                memory=_memory_limit(environment, profile.memory),
                datasets=_integer(environment, "ATELIER_MAX_DATASETS", 5, 0, 1000),
                datasets_bytes=1_000_000
                * _integer(environment, "ATELIER_MAX_DATASETS_MB", 2000, 10, 1_000_000),
                brought=_integer(environment, "ATELIER_MAX_BROUGHT", 100, 0, 10_000),
            ),
            ray_address=_ray_address(environment),
            own_cache=_path(environment, "ATELIER_CACHE"),
            database_url=_database_url(environment),
            teacher_token=_teacher_token(environment),
            teachers=_teachers(environment),
            sessions=_integer(environment, "ATELIER_MAX_SESSIONS", 250, 1, 100_000),
            url=_url(environment),
            snapshots=_integer(environment, "ATELIER_SNAPSHOTS", 1, 0, 1) == 1,
        )


def default_workers(cores: int, memory: int | None) -> int:
    """Return how many trainings a machine can do at a time, 1 to 64.

    Args:
        cores: that this process may use.
        memory: bytes that it may use; None if nobody knows.
    """
    workers = cores // 2
    if memory is not None:
        workers = min(workers, memory // WORKER_MEMORY - 1)
    return min(64, max(1, workers))


def _profile(environment: Mapping[str, str]) -> Profile:
    value = environment.get("ATELIER_PROFILE", "").strip() or NORMAL.name
    if value not in PROFILES:
        raise SettingsError(
            f"ATELIER_PROFILE is {value[:40]!r}, but must be one of: {', '.join(PROFILES)}. "
            "Correct it or unset it, then start again."
        )
    return PROFILES[value]


def _memory_limit(environment: Mapping[str, str], usual: int) -> int | None:
    megabytes = _integer(environment, "ATELIER_MAX_MEMORY_MB", usual, 200, 1_000_000)
    return megabytes * 1_000_000 or None


def _ray_address(environment: Mapping[str, str]) -> str | None:
    value = environment.get("RAY_ADDRESS", "").strip()
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if (
        not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", host)
        or not re.fullmatch("[0-9]{1,5}", port)
        or not 1 <= int(port) <= 65535
    ):
        raise SettingsError(
            f"RAY_ADDRESS is {value[:80]!r}, but must be the address of the cluster's head as "
            "host:port, for example 10.0.0.5:6379. Correct it or unset it, then start again."
        )
    return value


def _database_url(environment: Mapping[str, str]) -> str | None:
    value = environment.get("ATELIER_DATABASE_URL", "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        port = parts.port  # which raises ValueError for what is no number
    except ValueError:
        parts, port = urlsplit(""), None
    known = parts.scheme in ("postgresql", "postgres") and parts.path.strip("/")
    if not known or port == 0 or re.search(r"[\s\0]", value) or len(value) > 1000:
        # The value itself is not shown: it may hold a password.
        raise SettingsError(
            "ATELIER_DATABASE_URL must be the address of a PostgreSQL database, for example "
            "postgresql://atelier:password@db.example.org:5432/atelier. Correct it, or unset it "
            "to keep classes in a file, then start again."
        )
    return value


def _teacher_token(environment: Mapping[str, str]) -> str | None:
    value = environment.get("ATELIER_TEACHER_TOKEN", "").strip()
    if not value:
        return None
    if not re.fullmatch("[A-Za-z0-9_.~-]{16,200}", value):
        raise SettingsError(
            "ATELIER_TEACHER_TOKEN must have 16 to 200 characters: letters, digits, and _ . ~ -, "
            "as it is part of a link. Choose a longer one that nobody can guess, or unset it to "
            "have one made, then start again."
        )
    return value


def _teachers(environment: Mapping[str, str]) -> frozenset[str]:
    found = re.split(r"[\s,;]+", environment.get("ATELIER_TEACHERS", "").strip())
    addresses = [each.casefold() for each in found if each]
    for address in addresses:
        if not re.fullmatch(r"[^@]{1,64}@[^@.][^@]{0,254}", address):
            raise SettingsError(
                f"ATELIER_TEACHERS holds {address[:60]!r}, but must be e-mail addresses with "
                "commas between them. Correct it or unset it, then start again."
            )
    return frozenset(addresses)


def _url(environment: Mapping[str, str]) -> str | None:
    value = environment.get("ATELIER_URL", "").strip().rstrip("/")
    if not value:
        return None
    if len(value) > 200 or not re.fullmatch(
        r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*", value
    ):
        raise SettingsError(
            f"ATELIER_URL is {value[:80]!r}, but must be the address that people open, for example "
            "https://atelier.example.org/atelier. Correct it or unset it, then start again."
        )
    return value


def _check_length(home: Path) -> None:
    """Refuse a folder in which Windows could not make the files with the longest names."""
    longest = machine.longest_path()
    if longest is not None and len(str(home)) > longest - BELOW_HOME:
        raise SettingsError(
            f"The path {home} is too long: it has {len(str(home))} characters, and Windows takes "
            f"{longest} together with the files below it. Set ATELIER_HOME to a folder with at "
            f"most {longest - BELOW_HOME}, such as C:\\atelier, and start again."
        )


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name, "").strip()
    if not value:
        return None
    if "\0" in value:
        raise SettingsError(f"{name} holds a character that no folder name can have. Set it again.")
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


def settings() -> Settings:
    """Return the settings of this process, which reads its environment once.

    Raises:
        SettingsError: a variable has a value that cannot work; the message names it.
    """
    global _settings
    # A thread that is reading must not bring back what ``forget_settings`` has just put aside.
    with _lock:
        if _settings is None:
            _settings = Settings.from_environment(os.environ)
        return _settings


def forget_settings() -> None:
    """Have the next call of ``settings`` read the environment anew, which has been changed."""
    global _settings
    with _lock:
        _settings = None


_lock = threading.Lock()
_settings: Settings | None = None
