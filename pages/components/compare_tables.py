"""Figures and settings of several runs side by side, and accuracies with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import evaluation, runs
from core.runs import Run
from pages.components._frontend import register
from pages.components.runs_table import SEALED, parameters, seconds, test_set
from pages.components.table import csv_button
from pages.components.training_settings import (
    AUGMENTATIONS,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    VALIDATION_FROM,
)
from pages.components.wording import architecture_title, dataset_title, duration, number, percent

_FACTS_TABLE = register("facts_table", uses=("theme", "run_mark"))
_INTERVAL_PLOT = register("interval_plot", uses=("theme", "run_mark"))

Heads = Sequence[tuple[str, str]]
"""Letter and title of each run."""

NAMES = {
    "dataset": "Data set",
    "architecture": "Architecture",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "weight_decay": "Weight decay",
    "schedule": "Schedule",
    "batch_size": "Batch size",
    "epochs": "Epochs planned",
    "validation": "Validation",
    "validation_from": "Held back",
    "label_form": "Label form",
    "label_smoothing": "Label smoothing",
    "patience": "Early stopping after",
    "augmentation": "Augmentation",
    "precision": "Convolutions in",
    "limit": "Training images",
    "seed": "Seed",
    "width": "Width",
    "dropout": "Dropout",
}


@dataclass(frozen=True)
class Share:
    """An accuracy and what it was measured on.

    Attributes:
        value: 0 to 1.
        count: images.
    """

    value: float
    count: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return evaluation.accuracy_interval(self.value * self.count, self.count)

    @property
    def interval_words(self) -> str:
        """The interval in percent."""
        low, high = self.interval
        return f"{100 * low:.2f} to {100 * high:.2f}"


def share_of(value: float | None, count: int) -> Share | None:
    """Return an accuracy, or None where it was not measured."""
    return None if value is None else Share(min(1.0, max(0.0, value)), count)


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

    _facts_table(
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


def interval_plots(
    letters: Sequence[str], accuracies: Mapping[str, Sequence[Share | None]]
) -> None:
    """Draw accuracies with their intervals under each other, all on one axis.

    Args:
        letters: of the runs.
        accuracies: by what they are called, one a run or None; nothing is drawn of all None.
    """
    ends = [
        end for shares in accuracies.values() for each in shares if each for end in each.interval
    ]
    for label, shares in accuracies.items():
        if any(shares):
            st.markdown(f"**{label}** and its 95 % confidence interval")
            _interval_plot(label, letters, shares, (min(ends), max(ends)))


def _interval_plot(
    label: str,
    letters: Sequence[str],
    shares: Sequence[Share | None],
    axis: tuple[float, float],
) -> None:
    rows = []
    for place, (letter, share) in enumerate(zip(letters, shares, strict=True)):
        if share is not None:
            low, high = share.interval
            words = f"{percent(share.value, 2)} ({share.interval_words})"
            rows.append(
                {
                    "letter": letter,
                    "place": place,
                    "low": low,
                    "high": high,
                    "at": share.value,
                    "words": words,
                }
            )
    _INTERVAL_PLOT(key=f"intervals_{label}", data={"label": label, "rows": rows, "axis": axis})


def settings_table(
    heads: Heads, settings: Sequence[evaluation.Setting], caption: str, *, key: str
) -> None:
    """Show settings side by side, those that differ marked."""
    rows = [
        {
            "name": NAMES.get(each.name, each.name.replace("_", " ").capitalize()),
            "values": [setting_words(each.name, value) for value in each.values],
            "differs": each.differs,
        }
        for each in settings
    ]
    _facts_table(heads, caption, rows, key=key, name=f"settings-{key}")


def _facts_table(
    heads: Heads, caption: str, rows: Sequence[Mapping[str, Any]], *, key: str, name: str
) -> None:
    """Show rows of facts, one column a run, with a CSV button under them."""
    _FACTS_TABLE(
        key=key,
        data={
            "caption": caption,
            "runs": [{"letter": letter, "title": title} for letter, title in heads],
            "rows": rows,
        },
    )
    lines = []
    for row in rows:
        lines.append([row["name"], *row["values"]])
        if "notes" in row:
            lines.append([f"{row['name']}, 95 % interval", *row["notes"]])
    with st.container(horizontal=True, horizontal_alignment="right"):
        csv_button(["", *(title for _, title in heads)], lines, key=f"{key}_csv", name=name)


def setting_words(name: str, value: Any) -> str:
    """Return the value of a setting in words."""
    titles = {
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "validation_from": VALIDATION_FROM,
        "precision": PRECISIONS,
    }
    if name == "dataset":
        return dataset_title(value)
    if name == "architecture":
        return architecture_title(value)
    if name in titles:
        return titles[name].get(value, str(value))  # type: ignore[attr-defined]
    if name == "augmentation":
        return ", ".join(AUGMENTATIONS.get(way, way) for way in value) or "none"
    if name == "validation":
        return f"{value:.0%}" if value < 1 else f"{value:,.0f} images"
    if value is None:
        return {"limit": "all", "dropout": "its own", "patience": "never"}.get(name, "none")
    if name == "limit":
        return f"{value:,}"
    if name == "width":
        return f"×{value:g}"
    if name == "patience":
        return f"{value} epochs"
    return f"{value:g}" if isinstance(value, float) else str(value)
