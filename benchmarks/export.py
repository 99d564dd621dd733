"""Runs taken home: ``python -m core benchmark export``.

Trains each preset and the default network by the full recipe, as the Train page would, takes each
run home as a script, and executes that in a process of its own: it evaluates the weights, and
trains anew. Prints both accuracies on the test images beside the run's own, with 95 % intervals.

Then every format is made of each of these runs and of the bundled models, and a second table says
how long people wait for it: what is made at a click, in this process, whose first report loads the
data set and libraries as in a server that was just started; the others from their start to the kept
file, with the start of their process and of TensorFlow. ``--times`` prints this table alone, and
executes no script.

All of it takes hours on two cores; name some networks for less, or ``none``. A run that is there
already, finished and with the same settings, is not trained again.
"""

import argparse
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks.presets import trained
from core import architectures, datasets, runs
from core.architectures.settings import RECIPE_TITLES, count
from core.evaluation import accuracy_interval
from core.export import making
from core.export.format import Format
from core.export.formats import FORMATS, find
from core.export.script.form import SCRIPT
from core.files import remove
from core.runs import Run, TrainingConfig
from core.settings import ASSETS
from core.tasks import pool

DATASET = "fashion-mnist"
NAMES = [*(preset.name for preset in architectures.PRESETS), architectures.DEFAULT]
NONE = "none"  # instead of names
AT_A_CLICK, IN_THE_BACKGROUND = 2, 20  # seconds that were wanted
SLOW_GOALS = ("onnx", "litert", "litert-8bit", "page")
REPEATS = 3  # times that each file is made of each run
_SAID = re.compile(r"^Test accuracy: ([\d.]+)%", re.MULTILINE)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark export")
    parser.add_argument("names", nargs="*", default=NAMES, help=f"{', '.join(NAMES)}; or {NONE}")
    parser.add_argument("--recipe", help="which recipe (default: the first of each network)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--times", action="store_true", help="print the second table alone")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    found = []
    for name in options.names if options.names != [NONE] else ():
        recipe = architectures.find(name).recipe_for(DATASET, options.recipe)
        config = TrainingConfig(
            DATASET, name, recipe, seed=options.seed, recipe_name=options.recipe
        )
        found.append(trained(config))
    if found and not options.times:
        publish("export", "\n".join(accuracies(found)), write=options.write)
    of_the_app = [run for run in runs.list_bundled() if run.network is not None]
    publish("export-times", "\n".join(times([*found, *of_the_app])), write=options.write)


def accuracies(found: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the first table, while the scripts are executed."""
    yield from (
        describe(),
        "",
        "| network | recipe | trained | test accuracy here | its weights in the script "
        "| trained by the script |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    for run in found:
        line = row(run)
        sys.stderr.write(f"{line}\n")
        yield line


def times(found: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the second table, while the files are made."""
    titles = [run.name or run.config.network.title for run in found if run.config is not None]
    yield from (
        describe(),
        "",
        f"Each file {REPEATS} times of each of: {', '.join(titles)}.",
        "",
        "| format | how | median s | range s | largest file, MB | wanted s |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    before = pool.use(pool.Tasks())
    try:
        for form in FORMATS.values():
            line = timed(form, found)
            sys.stderr.write(f"{line}\n")
            yield line
    finally:
        pool.close()
        pool.use(before)


def timed(form: Format, found: Sequence[Run]) -> str:
    """Return the line of a format, after it was made of each run that can become it."""
    seconds, sizes = [], []
    reason = "no run can become this"
    for run in found:
        problem = form.problem(run)
        if problem is not None:
            reason = problem
            continue
        for _ in range(REPEATS):
            began = time.perf_counter()
            size = len(making.make(form, run) if form.quick else made_aside(form, run))
            seconds.append(time.perf_counter() - began)
            sizes.append(size)
    if not seconds:
        return f"| {form.title} | {reason} | | | | |"
    cells = (
        form.title,
        "at a click" if form.quick else "in the background",
        f"{statistics.median(seconds):.2f}",
        f"{min(seconds):.2f} to {max(seconds):.2f}",
        f"{max(sizes) / 1e6:.1f}",
        str(IN_THE_BACKGROUND if form.key in SLOW_GOALS else AT_A_CLICK),
    )
    return f"| {' | '.join(cells)} |"


def made_aside(form: Format, run: Run) -> bytes:
    """Return what a format that is not quick becomes, made anew as when its button is pressed."""
    path = making.kept_file(form, run)
    if path.exists():
        remove(path)
    making.start(form, run, "")
    while (state := making.look(form, run)).phase in ("waiting", "working"):
        time.sleep(0.02)
    assert state.phase == "done", state.reason
    return making.read(path)


def row(run: Run) -> str:
    """Return the line of a run, after its script was executed."""
    config, result = run.config, run.result
    assert config is not None and result is not None and result.test_accuracy is not None
    same, anew = executed(run)
    cells = (
        config.network.title,
        RECIPE_TITLES[config.recipe_name].lower() if config.recipe_name else "",
        count(result.epochs, "epoch"),
        told(result.test_accuracy),
        f"{same:.2%}",
        told(anew),
    )
    return f"| {' | '.join(cells)} |"


def told(accuracy: float) -> str:
    """Return an accuracy with its interval."""
    images = datasets.find(DATASET).counts["test"]
    low, high = accuracy_interval(round(accuracy * images), images)
    return f"{accuracy:.2%} ({low:.2%} to {high:.2%})"


def executed(run: Run) -> tuple[float, float]:
    """Execute a run's script, and return the test accuracy of its weights, and trained anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(io.BytesIO(making.make(find("script"), run))) as archive:
            archive.extractall(folder)
        # Where Keras looks for what it has downloaded.
        shutil.copytree(ASSETS / DATASET, folder / "keras" / "datasets" / DATASET)
        process = subprocess.run(
            [sys.executable, SCRIPT],
            cwd=folder,
            env=os.environ | {"KERAS_HOME": str(folder / "keras"), "MPLBACKEND": "agg"},
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        )
    same, anew = (float(each) / 100 for each in _SAID.findall(process.stdout))
    return same, anew


if __name__ == "__main__":
    main()
