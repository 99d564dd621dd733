"""What records of a training cost: ``python -m core benchmark records``.

Trains the same run with and without records, in turn and each in a process of its own, and prints
the seconds from its first step to the end of its last epoch, the ratio, how many records were kept
and their size. The curves of both must be equal to the last bit. Run it on a machine that does
nothing else.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures
from core.runs import TrainingConfig
from core.runs.checkpoint import Checkpoint
from core.runs.snapshots import Snapshot, line_of
from core.settings import ROOT
from core.training.events import BatchEvent, EpochEvent

# Epochs a network: about a minute each on two cores.
EPOCHS = {"sprint-cnn": 5, "basic-cnn": 3, "two-conv-cnn": 2, "deep-cnn": 1, "mlp": 8}
DATASET = "fashion-mnist"


class Watch:
    """Remembers the epochs, and when the last one ended."""

    def __init__(self) -> None:
        """Begin."""
        self.epochs: list[tuple[float, float]] = []
        self.begun = self.ended = 0.0

    def phase(self, name: str) -> None:
        """Start the clock when the training does."""
        if name == "training":
            self.begun = time.monotonic()

    def batch(self, event: BatchEvent) -> None:
        """Ignore the curve."""

    def checkpoint(self, make: Callable[[], Checkpoint]) -> None:
        """Keep nothing."""

    def epoch(self, event: EpochEvent) -> None:
        """Take note of the epoch."""
        self.epochs.append((event.loss, event.val_loss))
        self.ended = time.monotonic()

    def should_stop(self) -> bool:
        """Go on."""
        return False

    def time_is_up(self, epoch_seconds: float) -> bool:
        """Go on."""
        return False


def one(name: str, records: bool) -> dict[str, Any]:
    """Train in this process, as a warm worker would."""
    from core.training.loop import train, warm_up

    warm_up()
    recipe = architectures.find(name).recipe_for(DATASET)
    config = TrainingConfig(DATASET, name, recipe.changed(epochs=EPOCHS[name], patience=None))
    watch, kept = Watch(), list[Snapshot]()
    train(config, watch, keep=kept.append if records else None)
    return {
        "seconds": watch.ended - watch.begun,
        "epochs": watch.epochs,
        "records": len(kept),
        "whole": sum(each.places is not None for each in kept),
        "bytes": sum(len(json.dumps(line_of(each))) for each in kept),
    }


def apart(name: str, records: bool) -> dict[str, Any]:
    """Do it in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.records", "--one", name, str(int(records))]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark records")
    parser.add_argument("--times", type=int, default=3, help="trainings of each (default: 3)")
    parser.add_argument("--network", nargs="+", choices=EPOCHS, default=list(EPOCHS))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(one(options.one[0], options.one[1] == "1")))
        return
    lines = [
        describe(),
        "",
        f"Seconds of the training, median and range of {options.times}; records: all, and those "
        "with activations, gradients and the map.",
        "",
        "| network | epochs | without s | with s | with to without | records | kB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in options.network:
        plain, recorded = [], []
        for _ in range(options.times):
            plain.append(apart(name, records=False))
            recorded.append(apart(name, records=True))
        if any(each["epochs"] != plain[0]["epochs"] for each in (*plain, *recorded)):
            raise SystemExit(f"{name}: records changed the training, or it does not repeat.")
        before, after = ([each["seconds"] for each in all_] for all_ in (plain, recorded))
        last = recorded[-1]
        lines.append(
            f"| {name} | {EPOCHS[name]} | {_cell(before)} | {_cell(after)} "
            f"| {statistics.median(after) / statistics.median(before):.3f} "
            f"| {last['records']}, {last['whole']} | {last['bytes'] / 1000:.0f} |"
        )
    publish("records", "\n".join(lines), write=options.write)


def _cell(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


if __name__ == "__main__":
    main()
