"""Two trainings at a time against one: ``python -m core benchmark together``.

Trains one run with all the cores, then two runs at a time with half of them each, as the app does
with ``ATELIER_WORKERS=1`` and ``2``, in turn, and prints images a second as a Markdown table. Speed
is that of the curve's points, from the second epoch to the last but one, so that both runs train
all the while. Run it on a machine that does nothing else.
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import replace

from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks.training import DATASET, SECONDS, SIZES, cell, curve_speed
from core import architectures, runs
from core.jobs import LocalBackend
from core.runs import TrainingConfig
from core.settings import Settings, forget_settings

EPOCHS = 5  # the first and the last do not count


def config_of(preset: str, seed: int) -> TrainingConfig:
    """Return a training whose epochs take a second or two."""
    count, _ = SIZES[preset]
    recipe = architectures.find(preset).recipe_for(DATASET)
    recipe = recipe.changed(epochs=EPOCHS, patience=None, validation=0.05)
    return TrainingConfig(DATASET, preset, recipe, limit=count, seed=seed)


def speed(settings: Settings, preset: str, workers: int) -> float:
    """Train so many runs at a time; return the images a second of all together."""
    limits = replace(settings.limits, running=workers, queued=workers)
    backend = LocalBackend(
        replace(settings, workers=workers, workers_chosen=True, warm_spare=False, limits=limits)
    )
    try:
        ids = [runs.create(config_of(preset, seed), f"visitor-{seed}") for seed in range(workers)]
        for run_id in ids:
            backend.submit(run_id)
        end = time.monotonic() + SECONDS
        while any(runs.read(run_id).state.active for run_id in ids):
            if time.monotonic() > end:
                raise SystemExit(f"Not all runs came to their end: {ids}")
            time.sleep(0.2)
    finally:
        backend.close()
    return sum(curve_speed(run_id, range(1, EPOCHS - 1)) for run_id in ids)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark together")
    parser.add_argument("--times", type=int, default=3, help="trainings of each (default: 3)")
    parser.add_argument("--preset", nargs="+", choices=SIZES, default=["basic-cnn", "two-conv-cnn"])
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    lines = [
        describe(),
        "",
        f"Images a second, median and range of {options.times}; with two, both together.",
        "",
        "| preset | one training, all cores | two at a time, half of them each | two to one |",
        "| --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["ATELIER_HOME"] = home
        forget_settings()
        settings = Settings.from_environment(os.environ)
        for preset in options.preset:
            alone, both = [], []
            for _ in range(options.times):
                alone.append(speed(settings, preset, 1))
                both.append(speed(settings, preset, 2))
            share = statistics.median(both) / statistics.median(alone)
            lines.append(f"| {preset} | {cell(alone)} | {cell(both)} | {share:.0%} |")
    publish("together", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
