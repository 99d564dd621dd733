"""Time to 91 % on the test set, from the click: ``python -m core benchmark sprint``.

Trains the sprint presets and the two-convolution recipe in turn, each in a process of its own with
TensorFlow loaded and warmed, as the spare worker of the app is. The clock runs from there on:
building and compiling the network, every step and every validation count. The test accuracy of each
epoch is worked out afterwards from kept weights, so that measuring costs no time.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, datasets
from core.runs import TrainingConfig
from core.runs.checkpoint import Checkpoint
from core.settings import ROOT
from core.training.events import BatchEvent, EpochEvent

GOALS = {"two-conv-cnn": 0.91, "sprint-cnn": 0.91, "long-sprint-cnn": 0.93}
MOST_EPOCHS = 12  # the recipe of the two convolutions has ten, and a constant learning rate


class Watch:
    """Keeps the weights of every epoch and when it ended."""

    def __init__(self) -> None:
        """Start the clock."""
        self.started = time.monotonic()
        self.epochs: list[tuple[float, dict[str, np.ndarray]]] = []

    def phase(self, name: str) -> None:
        """Ignore what is being done."""

    def batch(self, event: BatchEvent) -> None:
        """Ignore the curve."""

    def epoch(self, event: EpochEvent) -> None:
        """Ignore the figures: the checkpoint came before."""

    def checkpoint(self, make: Callable[[], Checkpoint]) -> None:
        """Keep the weights."""
        self.epochs.append((time.monotonic() - self.started, make().state))

    def should_stop(self) -> bool:
        """Go on."""
        return False

    def time_is_up(self, epoch_seconds: float) -> bool:
        """Go on."""
        return False


def measure(name: str, seed: int) -> dict[str, Any]:
    """Train one architecture in this process; return seconds and test accuracy of each epoch."""
    from core.architectures.build import build
    from core.training.loop import train, warm_up
    from core.training.steps import Steps

    spec = datasets.find("fashion-mnist")
    recipe = architectures.find(name).recipe
    if name == "two-conv-cnn":
        recipe = recipe.changed(epochs=MOST_EPOCHS)
    config = TrainingConfig(spec.name, name, recipe, seed=seed)
    part, test = spec.load("train"), spec.load("test")
    warm_up()
    watch = Watch()
    train(config, watch)
    model = build(config.network, spec.shape, len(spec.classes), seed)
    steps = Steps(model, recipe, part, len(spec.classes), 1, seed)
    accuracies = []
    for _, state in watch.epochs:
        steps.restore(state)
        accuracies.append(steps.evaluate(test.images, test.labels)[1])
    return {"seconds": [seconds for seconds, _ in watch.epochs], "accuracy": accuracies}


def reached(answer: dict[str, Any], goal: float) -> float | None:
    """Return the seconds to the first epoch with at least ``goal`` test accuracy."""
    for seconds, accuracy in zip(answer["seconds"], answer["accuracy"], strict=True):
        if accuracy >= goal:
            return seconds
    return None


def main() -> None:
    """Measure in turn, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark sprint")
    parser.add_argument("--times", type=int, default=3, help="seeds, one a round")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measure(options.one[0], int(options.one[1]))) + "\n")
        return
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in GOALS}
    for seed in range(options.times):
        for name in GOALS:
            command = [sys.executable, "-m", "benchmarks.sprint", "--one", name, str(seed)]
            process = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
            )
            answers[name].append(json.loads(process.stdout))
    lines = [
        describe(),
        "",
        "| recipe | goal | reached | seconds to it: median (range) | whole run: seconds "
        "| test accuracy at its end: median (range) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    times: dict[str, list[float]] = {}
    for name, goal in GOALS.items():
        found = [reached(answer, goal) for answer in answers[name]]
        times[name] = [seconds for seconds in found if seconds is not None]
        ends = [100 * answer["accuracy"][-1] for answer in answers[name]]
        whole = statistics.median(answer["seconds"][-1] for answer in answers[name])
        seconds = _spread(times[name], 1) if times[name] else "–"
        lines.append(
            f"| {architectures.find(name).title} | {goal:.0%} | {len(times[name])} of {len(found)} "
            f"| {seconds} | {whole:.1f} | {_spread(ends, 2)} % |"
        )
    if times["sprint-cnn"] and times["two-conv-cnn"]:
        ratio = statistics.median(times["two-conv-cnn"]) / statistics.median(times["sprint-cnn"])
        lines += ["", f"The sprint is {ratio:.1f} times as fast to 91 % as the two convolutions."]
    publish("sprint", "\n".join(lines), write=options.write)


def _spread(values: list[float], digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
