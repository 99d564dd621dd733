import re
import threading
from pathlib import Path

import pytest

from core import architectures, machine
from core.errors import SettingsError
from core.runs.reading import DELETED
from core.runs.records import RunFolder
from core.settings import (
    BELOW_HOME,
    NORMAL,
    PROFILES,
    ROOT,
    SMALL,
    Settings,
    default_workers,
    forget_settings,
    settings,
)


def test_defaults():
    found = Settings.from_environment({})
    assert found.home == ROOT / "var"
    assert found.runs == ROOT / "var" / "runs"
    assert found.cifar10 is None
    assert found.cores == machine.cores()
    assert found.workers == default_workers(found.cores, machine.memory())
    assert found.warm_spare is True
    assert (found.profile, found.picture_readers, found.workers_chosen) == (NORMAL, 2, False)
    assert found.ray_address is None
    assert (found.limits.running, found.limits.queued) == (found.workers, 20)
    assert (found.limits.epochs, found.limits.seconds, found.limits.memory) == (500, 86_400, None)


@pytest.mark.parametrize(
    ("cores", "gigabytes", "workers"),
    [(1, 1, 1), (2, 24, 1), (8, 32, 4), (8, 6, 3), (8, 4, 1), (200, 1000, 64), (8, None, 4)],
)
def test_workers_fit_into_cores_and_memory(cores, gigabytes, workers):
    assert default_workers(cores, gigabytes and gigabytes * 10**9) == workers


@pytest.mark.parametrize("workers", ["1", "2", "3", "64"])
def test_all_threads_together_are_no_more_than_the_cores(workers):
    found = Settings.from_environment({"ATELIER_WORKERS": workers})
    assert found.threads >= 1
    assert found.threads == 1 or found.threads * found.workers <= found.cores


def test_empty_values_mean_the_defaults():
    names = ("ATELIER_HOME", "ATELIER_CIFAR10", "ATELIER_WORKERS", "ATELIER_WARM_SPARE")
    names += ("ATELIER_PROFILE", "ATELIER_PICTURE_READERS")
    assert Settings.from_environment(dict.fromkeys(names, " ")) == Settings.from_environment({})


def test_all_variables_are_read(tmp_path):
    environment = {
        "ATELIER_HOME": f" {tmp_path / 'home'} ",
        "ATELIER_CIFAR10": "~/cifar",
        "ATELIER_WORKERS": "64",
        "ATELIER_WARM_SPARE": "0",
        "ATELIER_PICTURE_READERS": "4",
        "ATELIER_MAX_RUNNING": "2",
        "ATELIER_MAX_QUEUED": "5",
        "ATELIER_MAX_EPOCHS": "30",
        "ATELIER_MAX_MINUTES": "10",
        "ATELIER_MAX_MEMORY_MB": "2500",
        "ATELIER_MAX_DATASETS": "0",
        "ATELIER_MAX_DATASETS_MB": "100",
        "ATELIER_MAX_SESSIONS": "40",
        "ATELIER_TEACHERS": " Ada@Example.org,grace@example.org ",
        "ATELIER_URL": "https://atelier.example.org/atelier/",
        "RAY_ADDRESS": "10.0.0.5:6379",
    }
    found = Settings.from_environment(environment)
    assert found.home == tmp_path / "home"
    assert found.cifar10 == Path.home() / "cifar"
    assert found.workers == 64
    assert found.warm_spare is False
    assert (found.workers_chosen, found.picture_readers) == (True, 4)
    limits = found.limits
    assert (limits.running, limits.queued, limits.epochs) == (2, 5, 30)
    assert (limits.seconds, limits.memory) == (600, 2_500_000_000)
    assert (limits.datasets, limits.datasets_bytes) == (0, 100_000_000)
    assert found.datasets == tmp_path / "home" / "datasets"
    assert found.ray_address == "10.0.0.5:6379"
    assert found.sessions == 40
    assert found.teachers == {"ada@example.org", "grace@example.org"}
    assert found.url == "https://atelier.example.org/atelier"


@pytest.mark.parametrize(
    "value",
    ["https://a.example.org", "http://192.168.1.20:8501", "http://[fd00::1]:80/a", "http://pi"],
)
def test_addresses_that_people_open(value):
    assert Settings.from_environment({"ATELIER_URL": value}).url == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATELIER_URL", "atelier.example.org"),
        ("ATELIER_URL", "ftp://a"),
        ("ATELIER_URL", "https://a/?b=c"),
        ("ATELIER_URL", "https://a b"),
        ("ATELIER_URL", "https://a/<b>"),
        ("ATELIER_URL", "https://u:p@a"),
        ("ATELIER_URL", "https://a\nb"),
        ("ATELIER_URL", "https://" + 300 * "a"),
        ("ATELIER_TEACHERS", "ada"),
        ("ATELIER_TEACHERS", "ada@example.org, @"),
        ("ATELIER_MAX_SESSIONS", "0"),
    ],
)
def test_addresses_that_cannot_be_are_refused(name, value):
    with pytest.raises(SettingsError, match=f"^{name} .*start again"):
        Settings.from_environment({name: value})


def test_a_relative_folder_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({"ATELIER_HOME": "here"}).home == tmp_path / "here"


@pytest.mark.parametrize("name", ["ATELIER_HOME", "ATELIER_CIFAR10"])
def test_a_folder_with_a_null_character_is_refused(name):
    with pytest.raises(SettingsError, match=f"^{name} "):
        Settings.from_environment({name: "a\0b"})


@pytest.mark.parametrize(
    "value", ["0", "65", "-1", "1.5", "two", "²", "٣", "1e1", "9" * 400, "0000000010000"]
)
def test_workers_out_of_range_are_refused(value):
    with pytest.raises(SettingsError, match=r"^ATELIER_WORKERS .* whole number from 1 to 64"):
        Settings.from_environment({"ATELIER_WORKERS": value})


def test_the_small_profile():
    found = Settings.from_environment({"ATELIER_PROFILE": " small "})
    assert found.profile is SMALL
    assert (found.workers, found.warm_spare, found.picture_readers) == (1, False, 1)
    assert (found.limits.running, found.limits.memory) == (1, 1_700_000_000)
    assert not found.workers_chosen


@pytest.mark.parametrize(
    ("name", "value", "read", "expected"),
    [
        ("ATELIER_WORKERS", "2", lambda found: (found.workers, found.workers_chosen), (2, True)),
        ("ATELIER_WARM_SPARE", "1", lambda found: found.warm_spare, True),
        ("ATELIER_PICTURE_READERS", "3", lambda found: found.picture_readers, 3),
        ("ATELIER_MAX_MEMORY_MB", "900", lambda found: found.limits.memory, 900_000_000),
    ],
)
def test_each_part_of_a_profile_has_a_variable_of_its_own(name, value, read, expected):
    assert read(Settings.from_environment({"ATELIER_PROFILE": "small", name: value})) == expected


@pytest.mark.parametrize("value", ["tiny", "Small", "small\0", "1"])
def test_a_profile_that_does_not_exist_is_refused(value):
    with pytest.raises(SettingsError, match=r"^ATELIER_PROFILE .* one of: normal, small\. Correct"):
        Settings.from_environment({"ATELIER_PROFILE": value})


@pytest.mark.parametrize("file", [ROOT / "README.md", ROOT / "core" / "settings.py"])
def test_the_tables_have_every_variable(file):
    """The names that ``settings.py`` reads, as its own code has them."""
    code = (ROOT / "core" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"(ATELIER_[A-Z0-9_]+|RAY_ADDRESS)"', code))
    told = set(
        re.findall(r"^\| `+([A-Z0-9_]+)`+ \|", file.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert read == told and len(read) > 10
    assert all(f"`{name}`" in (ROOT / "README.md").read_text(encoding="utf-8") for name in PROFILES)


@pytest.mark.parametrize("value", ["2", "yes", "true", "-0"])
def test_a_warm_spare_is_one_or_none(value):
    with pytest.raises(SettingsError, match=r"^ATELIER_WARM_SPARE .* from 0 to 1"):
        Settings.from_environment({"ATELIER_WARM_SPARE": value})


def test_settings_are_read_once_a_process(home, monkeypatch):
    first = settings()
    assert first.home == home
    monkeypatch.setenv("ATELIER_HOME", str(home / "other"))
    assert settings() is first
    forget_settings()
    assert settings().home == home / "other"


@pytest.mark.parametrize("value", ["localhost:6379", "head.example.org:1", "[::1]:65535"])
def test_addresses_of_a_cluster(value):
    assert Settings.from_environment({"RAY_ADDRESS": value}).ray_address == value


@pytest.mark.parametrize(
    "value", ["auto", "10.0.0.5", "ray://head:10001", ":6379", "a b:1", "head:0", "head:65536"]
)
def test_what_is_no_address_of_a_cluster_is_refused(value):
    with pytest.raises(SettingsError, match=r"^RAY_ADDRESS .* host:port"):
        Settings.from_environment({"RAY_ADDRESS": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATELIER_PICTURE_READERS", "17"),
        ("ATELIER_MAX_RUNNING", "0"),
        ("ATELIER_MAX_QUEUED", "100001"),
        ("ATELIER_MAX_EPOCHS", "501"),
        ("ATELIER_MAX_MINUTES", "-1"),
        ("ATELIER_MAX_MEMORY_MB", "199"),
        ("ATELIER_MAX_DATASETS", "1001"),
        ("ATELIER_MAX_DATASETS_MB", "9"),
    ],
)
def test_limits_out_of_range_are_refused(name, value):
    with pytest.raises(SettingsError, match=f"^{name} .* whole number from "):
        Settings.from_environment({name: value})


def test_a_thread_that_reads_meanwhile_does_not_bring_the_old_settings_back(monkeypatch, tmp_path):
    reading, going_on = threading.Event(), threading.Event()
    real = Settings.from_environment

    def slow(environment):
        found = real(environment)
        reading.set()
        going_on.wait(1)  # in vain where the others are kept waiting, as they should
        return found

    monkeypatch.setattr(Settings, "from_environment", slow)
    thread = threading.Thread(target=settings)
    thread.start()
    reading.wait(10)
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "new"))
    forget_settings()
    going_on.set()
    thread.join()
    assert settings().home == tmp_path / "new"


def test_where_paths_are_short_a_long_home_is_a_sentence(monkeypatch):
    assert machine.longest_path() in (None, 259)
    monkeypatch.setattr(machine, "longest_path", lambda: 259)
    most = 259 - BELOW_HOME
    fits, too_long = (str(Path("/").absolute()).ljust(length, "x") for length in (most, most + 1))
    assert str(Settings.from_environment({"ATELIER_HOME": fits}).home) == fits
    with pytest.raises(SettingsError, match=f"{most + 1} characters.*at most {most}, such as"):
        Settings.from_environment({"ATELIER_HOME": too_long})


def test_below_the_home_no_path_is_longer_than_that():
    """The longest: what a worker is writing in the folder of a deleted run."""
    name = max((each.name for each in architectures.ARCHITECTURES.values()), key=len)
    run = RunFolder(Path("home/runs") / f"{DELETED}20261231-235959-{name}-abcdef")
    longest = max((run.evaluation, run.checkpoint, run.validation), key=lambda each: len(each.name))
    # As on Windows: a computer's name has 15 characters, process and thread ten digits each.
    temporary = longest.with_name(f".~{15 * 'h'}~{10 * '9'}~{12 * '9'}~{10 * '9'}~{longest.name}")
    assert len(str(temporary)) - len("home") <= BELOW_HOME
