"""Figures and settings of several runs side by side, and accuracies with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import evaluation, runs
from core.evaluation import Share, share_of
from core.runs import Run
from pages.views.runs.facts import SEALED, parameters, seconds, test_set
from pages.widgets.facts_table import Heads, facts_table
from pages.words import duration, number, percent
from pages.words.settings import setting_title, setting_words


@dataclass(frozen=True)
class Figures:
    """The figures of one run: of its best epoch if it has ended, else of the latest."""

    training: Share | None
    validation: Share | None
    test: Share | None
    sealed: bool
    training_loss: float | None
    validation_loss: float | None
    test_loss: float | None
    epochs: str
    seconds: float | None
    parameters: int | None


def figures_of(run: Run, test_count: int) -> Figures:
    """Return a run's figures.

    Raises:
        RunDamaged: a line of its files is not a point.
    """
    assert run.config is not None, "a damaged run has no figures"
    epochs, result = runs.read_curves(run.folder).epochs, run.result

    def figure(of_result: str, of_epoch: str) -> float | None:
        found = getattr(result, of_result) if result else None
        return epochs[of_epoch][-1] if found is None and epochs[of_epoch] else found

    done = len(epochs["epoch"])
    best = result.best_epoch if result else None
    words = f"{done} of {run.config.recipe.epochs}"
    return Figures(
        share_of(figure("train_accuracy", "accuracy"), run.config.training_count),
        share_of(figure("val_accuracy", "val_accuracy"), run.config.validation_count),
        share_of(run.told.test_accuracy if run.told else None, test_count),
        test_set(run) == SEALED,
        figure("train_loss", "loss"),
        figure("val_loss", "val_loss"),
        run.told.test_loss if run.told else None,
        f"{words}, best {best}" if best and best != done else words,
        seconds(run),
        parameters(run),
    )


def figures_table(heads: Heads, figures: Sequence[Figures], *, key: str) -> None:
    """Show figures side by side."""

    def accuracy(name: str, shares: list[Share | None], nothing: list[str]) -> dict[str, Any]:
        return {
            "name": name,
            "values": [
                percent(share.value, 2) if share else other
                for share, other in zip(shares, nothing, strict=True)
            ],
            "notes": [share.interval_words if share else "" for share in shares],
        }

    dashes = ["–"] * len(figures)
    untold = [SEALED if each.sealed else "–" for each in figures]

    def plain(name: str, values: list[str]) -> dict[str, Any]:
        return {"name": name, "values": values}

    facts_table(
        heads,
        "Figures of the runs",
        [
            accuracy("Validation accuracy", [each.validation for each in figures], dashes),
            accuracy("Test accuracy", [each.test for each in figures], untold),
            accuracy("Training accuracy", [each.training for each in figures], dashes),
            plain("Validation loss", [number(each.validation_loss, 4) for each in figures]),
            plain(
                "Test loss",
                [SEALED if each.sealed else number(each.test_loss, 4) for each in figures],
            ),
            plain("Training loss", [number(each.training_loss, 4) for each in figures]),
            plain("Epochs", [each.epochs for each in figures]),
            plain(
                "Time",
                ["–" if each.seconds is None else duration(each.seconds) for each in figures],
            ),
            plain(
                "Parameters",
                ["–" if each.parameters is None else f"{each.parameters:,}" for each in figures],
            ),
        ],
        key=key,
        name="figures",
    )


def settings_table(
    heads: Heads, settings: Sequence[evaluation.Setting], caption: str, *, key: str
) -> None:
    """Show settings side by side, those that differ marked."""
    rows = [
        {
            "name": setting_title(each.name),
            "values": [setting_words(each.name, value) for value in each.values],
            "differs": each.differs,
        }
        for each in settings
    ]
    facts_table(heads, caption, rows, key=key, name=f"settings-{key}")
