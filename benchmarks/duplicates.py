"""What near-duplicates do to the test accuracy: ``python -m core benchmark duplicates``.

First, the bundled model on the test images, with and without those that have a near-duplicate in
the training split. Second, the sprint CNN, trained on all training images and on those that have
none in the test split, both tested on all test images, with several seeds.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, datasets, evaluation, runs
from core.analysis import labels
from core.analysis.duplicates import Duplicates, Kind, duplicates_of
from core.datasets import Split

ARCHITECTURE = "sprint-cnn"


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark duplicates")
    parser.add_argument("--times", type=int, default=3, help="seeds")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    spec = datasets.find("fashion-mnist")
    found = duplicates_of(spec)
    if found is None:
        raise SystemExit("Run 'python -m core analyse duplicates' first.")
    lines = [describe(), "", *_asked(spec, found), "", *_trained(spec, found, options.times)]
    publish("duplicates", "\n".join(lines), write=options.write)


def _asked(spec: datasets.DatasetSpec, found: Duplicates) -> list[str]:
    """Return the table of the bundled model."""
    right = evaluation.answers_of(runs.read(runs.BUNDLED), evaluation.TEST).right
    lines = ["| test images | number | the bundled model |", "| --- | --- | --- |"]

    def row(name: str, kept: np.ndarray) -> None:
        low, high = evaluation.accuracy_interval(int(right[kept].sum()), int(kept.sum()))
        lines.append(
            f"| {name} | {kept.sum():,} | {right[kept].mean():.2%} ({low:.2%} to {high:.2%}) |"
        )

    everyone = np.ones(len(right), bool)
    row("all", everyone)
    for kind, words in ((Kind.NEAR, "near-duplicate"), (Kind.SIMILAR, "very similar image")):
        _, leaked = found.leaked(spec.counts["train"], kind)
        kept = everyone.copy()
        kept[leaked] = False
        row(f"without those that have a {words} in the training split", kept)
        row("those alone", ~kept)
    return lines


def _trained(spec: datasets.DatasetSpec, found: Duplicates, times: int) -> list[str]:
    """Return the table of networks trained with and without the duplicates."""
    train, test = spec.load("train"), spec.load("test")
    learned, asked = found.leaked(spec.counts["train"], Kind.SIMILAR)
    others = np.setdiff1d(np.arange(len(train)), learned)
    network = architectures.find(ARCHITECTURE)
    recipe = network.recipe_for(spec.name)
    lines = [
        f"| {network.title} trained on | images | all test images: mean (range) of {times} seeds "
        f"| the {len(asked)} very similar test images |",
        "| --- | --- | --- | --- |",
    ]
    for name, part in (
        ("all training images", train),
        (
            "those without a very similar test image",
            Split(train.images[others], train.labels[others]),
        ),
    ):
        overall, alike = [], []
        for seed in range(times):
            sys.stderr.write(f"{name}, seed {seed}\n")
            answers = labels.answers(spec, part, test.images, ARCHITECTURE, recipe.epochs, seed)
            right = answers.argmax(axis=1) == test.labels
            overall.append(float(right.mean()))
            alike.append(float(right[asked].mean()))
        lines.append(f"| {name} | {len(part):,} | {_spread(overall)} | {_spread(alike)} |")
    return lines


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.2%} ({min(values):.2%} to {max(values):.2%})"


if __name__ == "__main__":
    main()
