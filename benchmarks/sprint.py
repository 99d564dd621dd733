"""Time to an accuracy on the test set, from the click: ``python -m core benchmark sprint``.

For each goal, trains the recipe that is to reach it and what it is compared with, in turn, each
run in a process of its own with TensorFlow loaded and warmed, as the spare worker of the app is.
The clock runs from there on: building and compiling the network, every step and every validation
count. The test accuracy of each epoch is worked out afterwards from kept weights, so that measuring
costs no time. A goal is reached at the end of the first epoch with that accuracy, as in airbench
(arXiv:2404.00498), which tells the share of runs too.

Finished runs are kept in ``ATELIER_HOME/sprint.json``, by recipe, seed and machine, so a
measurement can be ended and started anew at any time; ``--fresh`` measures them again.

``--choose`` trains the sprint for two to six epochs instead, and says the validation accuracy of
each: what its number of epochs is chosen by. The test images have no part in that.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, datasets
from core.architectures import Augmentation, Recipe
from core.architectures.recipe import Schedule
from core.files import read_json, write_json
from core.runs import TrainingConfig
from core.runs.checkpoint import Checkpoint
from core.settings import ROOT, settings
from core.training.events import BatchEvent, EpochEvent

DATASET = "fashion-mnist"


@dataclass(frozen=True)
class Entry:
    """A recipe and its goal.

    Attributes:
        title: what the table calls it.
        goal: percent of the test images.
        architecture: name of the network.
        recipe: how it is trained.
        compared: whether it is what others are compared with, for which a few seeds do.
    """

    title: str
    goal: int
    architecture: str
    recipe: Recipe
    compared: bool = False

    def config(self, seed: int) -> TrainingConfig:
        """Return the settings of a run."""
        return TrainingConfig(DATASET, self.architecture, self.recipe, seed=seed)


def _usual(goal: int, name: str, **changes: Any) -> Entry:
    """Return an architecture with its own recipe, or with some of it changed."""
    architecture = architectures.find(name)
    title = architecture.title
    if changes:
        title += f", {', '.join(f'{value} {key}' for key, value in changes.items())}"
    return Entry(title, goal, name, architecture.recipe.changed(**changes))


def entries() -> tuple[Entry, ...]:
    """Return what is measured, in the order of the table."""
    former = Recipe(
        learning_rate=0.008,
        schedule=Schedule.ONE_CYCLE,
        batch_size=128,
        epochs=3,
        validation=5000,
    )
    longer = former.changed(
        learning_rate=0.006, epochs=16, label_smoothing=0.05, augmentation=(Augmentation.FLIP,)
    )
    # Its learning rate is constant, so two epochs more change nothing in those before.
    plain = architectures.find("two-conv-cnn").recipe.changed(epochs=12)
    return (
        Entry("Two-convolution CNN as its origin", 91, "two-conv-cnn", plain, compared=True),
        Entry("Sprint CNN, recipe of 0.4", 91, "sprint-cnn", former, compared=True),
        _usual(91, "sprint-cnn", epochs=2),
        _usual(92, "sprint-cnn"),
        Entry("Long sprint CNN, recipe of 0.4", 93, "long-sprint-cnn", longer, compared=True),
        _usual(93, "long-sprint-cnn"),
        _usual(94, "atelier-cnn"),
    )


def _every() -> tuple[Entry, ...]:
    return (*entries(), *choices())


def choices() -> tuple[Entry, ...]:
    """Return the sprint with fewer and more epochs than it has, to choose among."""
    return tuple(_usual(92, "sprint-cnn", epochs=epochs) for epochs in range(2, 7))


class Watch:
    """Keeps the weights of every epoch, when it ended, and its validation accuracy."""

    def __init__(self) -> None:
        """Start the clock."""
        self.started = time.monotonic()
        self.epochs: list[tuple[float, dict[str, np.ndarray]]] = []
        self.validation: list[float] = []

    def phase(self, name: str) -> None:
        """Ignore what is being done."""

    def batch(self, event: BatchEvent) -> None:
        """Ignore the curve."""

    def epoch(self, event: EpochEvent) -> None:
        """Keep the validation accuracy; the checkpoint came before."""
        self.validation.append(event.val_accuracy)

    def checkpoint(self, make: Callable[[], Checkpoint]) -> None:
        """Keep the weights."""
        self.epochs.append((time.monotonic() - self.started, make().state))

    def should_stop(self) -> bool:
        """Go on."""
        return False

    def time_is_up(self, epoch_seconds: float) -> bool:
        """Go on."""
        return False


def measure(config: TrainingConfig) -> dict[str, Any]:
    """Train in this process; return seconds, validation and test accuracy of each epoch."""
    from core.architectures.build import build
    from core.training.loop import train, warm_up
    from core.training.steps import Steps

    spec = datasets.find(config.dataset)
    part, test = spec.load("train"), spec.load("test")
    warm_up()
    watch = Watch()
    train(config, watch)
    model = build(config.network, spec.shape, len(spec.classes), config.seed)
    steps = Steps(model, config.recipe, part, len(spec.classes), 1, config.seed)
    accuracies = []
    for _, state in watch.epochs:
        steps.restore(state)
        accuracies.append(steps.evaluate(test.images, test.labels)[1])
    return {
        "seconds": [seconds for seconds, _ in watch.epochs],
        "validation": watch.validation,
        "accuracy": accuracies,
    }


class Kept:
    """The runs that were measured on this machine, in a file."""

    def __init__(self, *, fresh: bool) -> None:
        """Read them, or none of them if all is to be measured again."""
        self._path = settings().home / "sprint.json"
        self._all: dict[str, Any] = read_json(self._path) if self._path.exists() else {}
        self._fresh, self._new = fresh, set[str]()

    def run(self, entry: Entry, seed: int) -> dict[str, Any]:
        """Return the run of an entry with one seed, measured now if it was not before."""
        config = entry.config(seed)
        layers = [repr(layer) for layer in config.network.layers]
        key = json.dumps([describe(), config.flat(), layers], default=str)
        if key not in self._all or (self._fresh and key not in self._new):
            command = [sys.executable, "-m", "benchmarks.sprint", "--one"]
            process = subprocess.run(
                [*command, str(_every().index(entry)), str(seed)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            self._all[key] = json.loads(process.stdout)
            self._new.add(key)
            write_json(self._path, self._all)
        return self._all[key]


def reached(answer: dict[str, Any], goal: int) -> float | None:
    """Return the seconds to the first epoch with at least ``goal`` percent of the test images."""
    for seconds, accuracy in zip(answer["seconds"], answer["accuracy"], strict=True):
        if 100 * accuracy >= goal:
            return seconds
    return None


def table(measured: Sequence[tuple[Entry, list[dict[str, Any]]]]) -> list[str]:
    """Return the lines of the table, and what they say about the two convolutions."""
    lines = [
        "| recipe | goal | reached | seconds to it: median (range) | whole run: seconds "
        "| test accuracy at its end: median (range) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    medians: dict[Entry, float] = {}
    for entry, answers in measured:
        found = [reached(answer, entry.goal) for answer in answers]
        times = [seconds for seconds in found if seconds is not None]
        ends = [100 * answer["accuracy"][-1] for answer in answers]
        whole = statistics.median(answer["seconds"][-1] for answer in answers)
        if times:
            medians[entry] = statistics.median(times)
        lines.append(
            f"| {entry.title} | {entry.goal} % | {len(times)} of {len(found)} "
            f"| {_spread(times, 1) if times else '–'} | {whole:.1f} | {_spread(ends, 2)} % |"
        )
    said = []
    for entry, middle in medians.items():
        for other, slower in medians.items():
            if other.compared and other.goal == entry.goal and not entry.compared:
                said.append(
                    f"{entry.title} is {slower / middle:.1f} times as fast to {entry.goal} % as "
                    f"{other.title}."
                )
    return [*lines, "", *said] if said else lines


def choice(kept: Kept, seeds: int) -> list[str]:
    """Return what the sprint reaches on validation images by its number of epochs, as a table."""
    lines = [describe(), "", "| recipe | validation accuracy at its end: mean (range) | seeds |"]
    lines.append("| --- | --- | --- |")
    for entry in choices():
        ends = [100 * kept.run(entry, seed)["validation"][-1] for seed in range(100, 100 + seeds)]
        spread = f"{statistics.fmean(ends):.2f} ({min(ends):.2f} to {max(ends):.2f})"
        lines.append(f"| {entry.title} | {spread} % | {seeds} |")
    return lines


def main() -> None:
    """Measure in turn, and print the table."""
    goals = sorted({entry.goal for entry in entries()})
    parser = argparse.ArgumentParser(prog="python -m core benchmark sprint")
    parser.add_argument("--goal", type=int, choices=goals, nargs="+", default=goals)
    parser.add_argument("--seeds", type=int, default=10, help="of each recipe (default: 10)")
    parser.add_argument(
        "--compared", type=int, default=3, help="seeds of what they are compared with (default: 3)"
    )
    parser.add_argument("--choose", action="store_true", help="the sprint's number of epochs")
    parser.add_argument("--fresh", action="store_true", help="measure again what is kept")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        entry = _every()[options.one[0]]
        sys.stdout.write(json.dumps(measure(entry.config(options.one[1]))) + "\n")
        return
    kept = Kept(fresh=options.fresh)
    if options.choose:
        publish("sprint-choice", "\n".join(choice(kept, options.seeds)), write=options.write)
        return
    measured: list[tuple[Entry, list[dict[str, Any]]]] = [
        (entry, [])
        for entry in entries()
        if entry.goal in options.goal and (options.compared or not entry.compared)
    ]
    for seed in range(options.seeds):
        for entry, answers in measured:
            if not entry.compared or seed < options.compared:
                answers.append(kept.run(entry, seed))
    for goal in options.goal:
        rows = [(entry, answers) for entry, answers in measured if entry.goal == goal]
        text = "\n".join([describe(), "", *table(rows)])
        publish(f"sprint-{goal}", text, write=options.write)


def _spread(values: Sequence[float], digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
