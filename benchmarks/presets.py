"""The presets on their own recipes: ``python -m core benchmark presets``.

Trains each preset as the Train page would, compares with what its origin reports, prints a Markdown
table and, with ``--write``, puts it into ``docs/RESULTS.md``. CIFAR-10 is trained with and without
augmentation where it is on this machine (``ATELIER_CIFAR10``, ``--cifar10-note`` says which copy).

It takes the better part of an hour on two cores. A run that is there already, finished and with the
same settings, is not trained again, so it can be ended and started anew at any time.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, datasets, runs
from core.architectures import Augmentation
from core.evaluation import accuracy_interval
from core.runs import Run, State, TrainingConfig
from core.settings import ROOT

PRESETS = ("basic-cnn", "two-conv-cnn", "deep-cnn", "mlp", "strided-cnn")
AUGMENTED = (Augmentation.FLIP, Augmentation.SHIFT)


def configs(seed: int) -> Iterator[TrainingConfig]:
    """Return what is trained with one seed: each preset where its origin has results."""
    for name in PRESETS:
        architecture = architectures.find(name)
        reported = {each.dataset for each in architecture.reported} or {architecture.datasets[0]}
        for dataset in architecture.datasets:
            if dataset not in reported or datasets.find(dataset).missing():
                continue
            recipe = architecture.recipe_for(dataset)
            yield TrainingConfig(dataset, name, recipe, seed=seed)
            if dataset == "cifar-10":
                recipe = recipe.changed(augmentation=AUGMENTED)
                yield TrainingConfig(dataset, name, recipe, seed=seed)


def trained(config: TrainingConfig) -> Run:
    """Return a finished run with these settings, from disk or trained now by the command line."""
    for run in runs.list_runs():
        if run.config == config and run.state is State.FINISHED:
            return run
    recipe = config.recipe
    command = [sys.executable, "-m", "core", "train", "--json", "--dataset", config.dataset]
    command += ["--architecture", config.architecture, "--seed", str(config.seed)]
    if recipe.augmentation:
        command += ["--augmentation", *recipe.augmentation]
    process = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    run = runs.read(json.loads(process.stdout)["run"])
    assert run.config == config, "the command line trained something else"
    return run


def row(run: Run, note: str) -> str:
    """Return a run's line of the table."""
    config, result = run.config, run.result
    assert config is not None and result is not None and result.test_accuracy is not None
    architecture, spec = architectures.find(config.architecture), datasets.find(config.dataset)
    reported = [
        f"{each.percent:.2f} % {each.measure}"
        for each in architecture.reported
        if each.dataset == config.dataset
    ]
    test = spec.counts["test"]
    low, high = accuracy_interval(round(result.test_accuracy * test), test)
    dataset = spec.title + (f" ({note})" if note and config.dataset == "cifar-10" else "")
    ways = f", {' and '.join(config.recipe.augmentation)}" if config.recipe.augmentation else ""
    best = f" (best: {result.best_epoch})" if result.best_epoch != result.epochs else ""
    return (
        f"| {architecture.title}{ways} | {dataset} | {'; '.join(reported) or 'nothing'} | "
        f"{_percent(result.train_accuracy)} | {_percent(result.val_accuracy)} | "
        f"**{_percent(result.test_accuracy)}** ({100 * low:.2f} to {100 * high:.2f}) | "
        f"{result.epochs}{best} | {result.seconds:,.0f} | {result.images_per_second or 0:,.0f} | "
        f"{config.seed} |"
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark presets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--cifar10-note", default="", help="what to say beside CIFAR-10's name")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    rows = [
        row(trained(config), options.cifar10_note)
        for seed in options.seeds
        for config in configs(seed)
    ]
    text = "\n".join(
        [
            describe(),
            "",
            "| preset | data set | its origin reports | training | validation "
            "| test (95 % interval) | epochs | seconds | images/s | seed |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )
    publish("presets", text, write=options.write)


if __name__ == "__main__":
    main()
