"""How well the queue keeps the machine busy: ``python -m core benchmark queue``.

Trains a queue of tiny runs of several visitors on a real local backend, in a folder of its own, and
prints a Markdown table. Run it on a machine that does nothing else; ``--runs`` shortens it.
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import replace

from benchmarks._machine import describe, spread
from benchmarks._results import publish
from core import architectures, runs
from core.jobs import LocalBackend
from core.processes.identity import memory_of
from core.runs import TrainingConfig, read_curves
from core.settings import Settings, forget_settings, settings

VISITORS = 5
PATIENCE = 600.0  # seconds for any one run


def tiny(seed: int) -> TrainingConfig:
    """Return a training that takes a second or two."""
    recipe = architectures.find("basic-cnn").recipe_for("fashion-mnist")
    return TrainingConfig(
        "fashion-mnist", "basic-cnn", recipe.changed(epochs=2, batch_size=100), 2000, seed
    )


def memory() -> float:
    """Return the megabytes of memory that this process takes."""
    return memory_of(os.getpid()) / 1e6


def warm(backend: LocalBackend) -> None:
    """Wait for the spare."""
    while not backend.engine().warm:
        time.sleep(0.05)


def first_points(backend: LocalBackend, times: int) -> list[float]:
    """Return seconds from submit to the first point of the curve; a spare is warm if there is one.

    Without, the process starts, loads TensorFlow and the data, and builds and compiles the network.
    """
    seconds = []
    for number in range(times):
        if backend.engine().warm is not None:
            warm(backend)
        run_id = runs.create(tiny(number), "visitor")
        started = time.monotonic()
        backend.submit(run_id)
        while not read_curves(runs.folder_of(run_id)).batches["loss"]:
            if time.monotonic() - started > PATIENCE:
                raise SystemExit(
                    f"{run_id} has no point after {PATIENCE:.0f} s: {runs.read(run_id)}"
                )
            time.sleep(0.01)
        seconds.append(time.monotonic() - started)
        while runs.read(run_id).state.active:
            time.sleep(0.05)
    return seconds


def queue(backend: LocalBackend, count: int, look: float = 0.02) -> tuple[float, list[float]]:
    """Train so many runs of several visitors.

    Returns:
        the seconds that all took together; and the seconds from each run's end to the beginning of
        the next one, as long as runs were queued. A run begins with its first heartbeat.
    """
    ids = [runs.create(tiny(number), f"visitor-{number % VISITORS}") for number in range(count)]
    folders = {run_id: runs.folder_of(run_id) for run_id in ids}
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}
    started = time.monotonic()
    for run_id in ids:
        backend.submit(run_id)
    while len(ended) < count:
        now = time.monotonic()
        for run_id, folder in folders.items():
            if run_id not in begun and folder.heartbeat.exists():
                begun[run_id] = now
            if run_id in begun and run_id not in ended and folder.result.exists():
                ended[run_id] = now
        latest = max([started, *begun.values(), *ended.values()])
        if now - latest > PATIENCE:
            raise SystemExit(f"Nothing happened for {PATIENCE:.0f} s: {backend.engine()}")
        time.sleep(look)
    # The n-th run to begin after the first ones takes the place of the n-th that ended.
    workers = backend.engine().workers
    beginnings, ends = sorted(begun.values())[workers:], sorted(ended.values())
    gaps = [max(0.0, begin - end) for begin, end in zip(beginnings, ends, strict=False)]
    states = [runs.read(run_id).state for run_id in ids]
    if any(state is not runs.State.FINISHED for state in states):
        raise SystemExit(f"Not all runs came to their end: {states}")
    return time.monotonic() - started, gaps


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="runs in the queue")
    parser.add_argument("--times", type=int, default=5, help="runs with a warm spare, and without")
    parser.add_argument("--memory-runs", type=int, default=100, help="runs for the memory")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATELIER_HOME"] = home
        forget_settings()
        usual = Settings.from_environment(os.environ)
        backend = LocalBackend(replace(usual, warm_spare=False))
        try:
            cold = first_points(backend, options.times + 1)[1:]  # the first one unpacks the data
        finally:
            backend.close()
        backend = LocalBackend(replace(usual, warm_spare=True))
        try:
            points = first_points(backend, options.times)
            warm(backend)
            total, gaps = queue(backend, options.runs)
            before = memory()
            rest = max(0, options.memory_runs - options.runs - options.times)
            if rest:
                queue(backend, rest)
            after = memory()
        finally:
            backend.close()
    workers = settings().workers
    lines = [
        f"{describe()}; {workers} worker(s) of {settings().threads} thread(s)",
        "",
        "| what | median s | range s | runs |",
        "| --- | --- | --- | --- |",
        f"| submit to first point, spare warm | {spread(points)} |",
        f"| submit to first point, no spare | {spread(cold)} |",
        f"| from a run's end to the next one's begin, {options.runs} queued | {spread(gaps)} |",
        "",
        f"{options.runs} runs of {VISITORS} visitors took {total:.0f} s, "
        f"{total / options.runs:.1f} s each; largest gap {max(gaps):.2f} s, mean "
        f"{statistics.fmean(gaps):.2f} s.",
    ]
    if rest:
        lines.append(
            f"Memory of the server's process: {before:.0f} MB after "
            f"{options.runs + options.times} runs, {after:.0f} MB after {rest} more."
        )
    publish("queue", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
