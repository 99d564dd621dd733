"""What tells runs apart: what was changed in their recipes, and lines for lists to choose from."""

from collections.abc import Sequence
from typing import Any

from core import evaluation, runs
from core.architectures import RecipeName
from core.architectures.settings import SETTINGS
from core.runs import Run, TrainingConfig
from pages import words
from pages.words.settings import setting_words

MOST = 3  # settings in a line; more would push the rest out of sight
UNCHANGED = "recipe unchanged"


def changes(config: TrainingConfig) -> list[str]:
    """Return the settings in which a run differs from its recipe: "seed 3", "learning rate 0.1".

    The seed comes first, as it is what most often tells runs of one recipe apart.
    """
    changed = [row for row in evaluation.differences([config.unchanged, config]) if row.differs]
    changed.sort(key=lambda row: row.name != "seed")
    return [phrase(row.name, row.values[1]) for row in changed]


def changes_words(config: TrainingConfig) -> str:
    """Return the first changes of the recipe in one line, or that there are none."""
    return _line([*_tuned(config), *changes(config)]) or UNCHANGED


def told_apart(listed: Sequence[Run]) -> list[str]:
    """Return a title for each run, all different where anything tells the runs apart.

    Runs with the same title are told by the settings that are not equal among them, then by when
    they were started, and last by the end of their id.
    """
    titles = [words.title(run) for run in listed]
    alike: dict[str, list[Run]] = {}
    for name, run in zip(titles, listed, strict=True):
        alike.setdefault(name, []).append(run)
    told = []
    for name, run in zip(titles, listed, strict=True):
        others = [each.config for each in alike[name] if each.config is not None]
        differing = {row.name for row in evaluation.differences(others) if row.differs}
        settings = [
            phrase(row.name, row.values[0])
            for row in (evaluation.differences([run.config]) if run.config else ())
            if row.name in differing
        ]
        told.append(f"{name} ({_line(settings)})" if settings else name)
    for tell in (lambda run: words.ago(run.created), lambda run: run.id[-6:]):
        told = [
            name if told.count(name) == 1 else f"{name} · {tell(run)}"
            for name, run in zip(told, listed, strict=True)
        ]
    return told


def labels(listed: Sequence[Run]) -> dict[str, str]:
    """Return, by id, a line for each run of a list to choose from.

    It says what the run is called, what was changed in its recipe, how good it is and when it was
    started; where all of that is equal, the end of the id as well.
    """
    lines = {run.id: _label(run) for run in listed}
    many = list(lines.values())
    return {
        run_id: line if many.count(line) == 1 else f"{line} · {run_id[-6:]}"
        for run_id, line in lines.items()
    }


def _label(run: Run) -> str:
    bundled = runs.is_bundled(run.id)
    parts = [words.title(run)]
    if run.config is not None and not bundled:
        parts.append(_line([*_tuned(run.config), *changes(run.config)]))
    if run.unfinished and run.config is not None:
        parts.append(f"unfinished, {run.epochs} of {run.config.recipe.epochs} epochs")
    if run.told is not None or not run.unfinished:
        parts.append(words.accuracy_words(run))
    if not bundled:
        parts.append(words.ago(run.created))
    return " · ".join(part for part in parts if part)


def _tuned(config: TrainingConfig) -> list[str]:
    """Say that a preset has its tuned recipe; the other networks have no other one."""
    several = len(config.network.recipes) > 1
    return ["tuned recipe"] if several and config.recipe_name is RecipeName.TUNED else []


def _line(phrases: Sequence[str]) -> str:
    more = len(phrases) - MOST
    # "and 1 more" would be no shorter than the setting itself.
    if more < 2:
        return ", ".join(phrases)
    return f"{', '.join(phrases[:MOST])} and {more} more"


def phrase(name: str, value: Any) -> str:
    """Return a setting and its value as part of a sentence, such as "batches of 64"."""
    setting = SETTINGS.get(name)
    if setting is None:
        return setting_words(name, value)
    return setting.phrase(value)
