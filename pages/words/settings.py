"""A training's settings in words; ``core.architectures.settings`` has the words of each."""

from collections.abc import Sequence
from typing import Any

from core import architectures
from core.architectures.settings import RECIPE_TITLES, SETTINGS, in_words
from core.runs import TrainingConfig
from pages.words import architecture_title, dataset_title

MOST = 160  # characters of the layers of a network
_TITLES = {"dataset": "Data set", "architecture": "Architecture", "recipe_name": "Recipe"}


def setting_title(name: str) -> str:
    """Return what people call a setting, also one that this version does not know."""
    setting = SETTINGS.get(name)
    if setting is not None:
        return setting.title
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def setting_words(name: str, value: Any) -> str:
    """Return the value of a setting in words."""
    if name == "dataset":
        return dataset_title(value)
    if name == "architecture":
        return f"{architecture_title(value)}{_layers(value)}"
    if name == "recipe_name":
        return RECIPE_TITLES.get(value, str(value)).lower()
    setting = SETTINGS.get(name)
    return setting.words(value) if setting is not None else str(value)


def _layers(name: str) -> str:
    """Return what tells networks that people built apart: their layers, up to a line or two."""
    if not architectures.is_stack(name):
        return ""
    brief = architectures.in_brief(architectures.layers_of(name))
    return f" ({brief if len(brief) <= MOST else brief[: MOST - 1] + '…'})" if brief else ""


def settings_line(config: TrainingConfig, *, without: Sequence[str] = ()) -> str:
    """Return the settings of a run in one line; what is as usual is left out.

    Args:
        config: of the run.
        without: names of settings that are told elsewhere.
    """
    return in_words({name: each for name, each in config.flat().items() if name not in without})


def changed_line(config: TrainingConfig, *, without: Sequence[str] = ()) -> str:
    """Return as ``settings_line``, but only what differs from the architecture's recipe."""
    usual = config.unchanged.flat()
    same = [name for name, value in config.flat().items() if value == usual[name]]
    return settings_line(config, without=(*without, *same))
