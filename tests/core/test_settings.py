import os
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import ROOT, Settings, settings


def test_defaults():
    found = Settings.from_environment({})
    assert found.home == ROOT / "var"
    assert found.runs == ROOT / "var" / "runs"
    assert found.cifar10 is None
    assert found.cores == len(os.sched_getaffinity(0))
    assert found.workers == max(1, found.cores // 2)
    assert found.warm_spare is True


def test_empty_values_mean_the_defaults():
    names = ("ATELIER_HOME", "ATELIER_CIFAR10", "ATELIER_WORKERS", "ATELIER_WARM_SPARE")
    assert Settings.from_environment(dict.fromkeys(names, " ")) == Settings.from_environment({})


def test_all_variables_are_read(tmp_path):
    environment = {
        "ATELIER_HOME": f" {tmp_path / 'home'} ",
        "ATELIER_CIFAR10": "~/cifar",
        "ATELIER_WORKERS": "64",
        "ATELIER_WARM_SPARE": "0",
    }
    found = Settings.from_environment(environment)
    assert found.home == tmp_path / "home"
    assert found.cifar10 == Path.home() / "cifar"
    assert found.workers == 64
    assert found.warm_spare is False


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


@pytest.mark.parametrize("value", ["2", "yes", "true", "-0"])
def test_a_warm_spare_is_one_or_none(value):
    with pytest.raises(SettingsError, match=r"^ATELIER_WARM_SPARE .* from 0 to 1"):
        Settings.from_environment({"ATELIER_WARM_SPARE": value})


def test_settings_are_read_once_a_process(home, monkeypatch):
    first = settings()
    assert first.home == home
    monkeypatch.setenv("ATELIER_HOME", str(home / "other"))
    assert settings() is first
    settings.cache_clear()
    assert settings().home == home / "other"
