"""Runs by their exported scripts: ``python -m core benchmark export``.

Trains each preset and the default network by the full recipe, as the Train page would, takes each
run home as a script, and executes that in a process of its own: it evaluates the weights, and
trains anew. Prints both accuracies on the test images beside the run's own, with 95 % intervals.

All of them take hours on two cores; name some for less. A run that is there already, finished and
with the same settings, is not trained again.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks.presets import trained
from core import architectures, datasets
from core.architectures.settings import RECIPE_TITLES, count
from core.evaluation import accuracy_interval
from core.export import making
from core.export.formats import find
from core.export.script.form import SCRIPT
from core.runs import Run, TrainingConfig
from core.settings import ASSETS

DATASET = "fashion-mnist"
NAMES = [*(preset.name for preset in architectures.PRESETS), architectures.DEFAULT]
_SAID = re.compile(r"^Test accuracy: ([\d.]+)%", re.MULTILINE)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark export")
    parser.add_argument("names", nargs="*", default=NAMES, help=", ".join(NAMES))
    parser.add_argument("--recipe", help="which recipe (default: the first of each network)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    lines = [
        describe(),
        "",
        "| network | recipe | trained | test accuracy here | its weights in the script "
        "| trained by the script |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in options.names:
        recipe = architectures.find(name).recipe_for(DATASET, options.recipe)
        config = TrainingConfig(
            DATASET, name, recipe, seed=options.seed, recipe_name=options.recipe
        )
        lines.append(row(trained(config)))
        sys.stderr.write(f"{lines[-1]}\n")
    publish("export", "\n".join(lines), write=options.write)


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
