"""Speed of training against plain Keras and eager PyTorch: ``python -m core benchmark training``.

Trains each preset by all three in turn, several times, and prints images a second of training time
as a Markdown table, with ``--write`` into ``docs/RESULTS.md`` too. All have the same images,
layers, batch size and optimizer; the first epoch, in which code is loaded and compiled, is left
out.

Atelier trains a real run: a server, a worker, a folder in which the curves are written, and a
Chromium that draws them on the run's page meanwhile (unless ``--no-browser``). Its speed is that of
the curve's points, so writing them counts. The server keeps no warm spare, which would load
TensorFlow again beside the training. Takes about 10 minutes on two cores, which should do nothing
else. PyTorch may live in a virtual environment of its own, with NumPy and Pillow
(``--torch-python``).
"""

import argparse
import contextlib
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, jobs, runs
from core.settings import ROOT, forget_settings, settings

# Training images and epochs: the fewer, the slower the network. Up to two seconds an epoch.
SIZES = {
    "basic-cnn": (24_000, 3),
    "two-conv-cnn": (8_000, 3),
    "deep-cnn": (5_000, 3),
    "mlp": (50_000, 4),
    "strided-cnn": (12_000, 3),
}
SECONDS = 900  # a training may take


def script(python: str, module: str, preset: str) -> float:
    """Run a script of ours for a preset; return its images a second."""
    count, epochs = SIZES[preset]
    process = subprocess.run(
        [python, "-m", f"benchmarks.{module}", preset, str(count), str(epochs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS,
        encoding="utf-8",
    )
    return float(process.stdout.split()[-1])


def has_torch(python: str) -> bool:
    """Tell whether this Python can import PyTorch, and what the script needs besides."""
    command = [python, "-c", "import numpy, PIL, torch"]
    try:
        return not subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode
    except OSError:
        return False


def config_of(preset: str) -> runs.TrainingConfig:
    """Return the config of a run that trains a preset on as many images as the scripts do."""
    count, epochs = SIZES[preset]
    held_back = count // 20
    recipe = architectures.find(preset).recipe.changed(
        epochs=epochs, patience=None, validation=held_back / (count + held_back)
    )
    config = runs.TrainingConfig("fashion-mnist", preset, recipe, limit=count + held_back)
    assert config.training_count == count
    return config


def run_speed(preset: str, watch: Callable[[str], None]) -> float:
    """Train a run; return its images a second, from the points of its curve."""
    config = config_of(preset)
    run_id = runs.create(config, "command-line")  # whose runs everybody may watch
    watch(run_id)
    end = time.monotonic() + SECONDS
    while (run := runs.read(run_id)).state is not runs.State.FINISHED:
        if not run.state.active or time.monotonic() > end:
            raise RuntimeError(f"{run_id} is {run.state}: {run.reason}")
        time.sleep(0.2)
    points = runs.read_curves(run.folder).batches
    images, seconds = 0.0, 0.0
    for epoch in range(1, config.recipe.epochs):
        inside = [
            (done, at)
            for done, at in zip(points["epoch"], points["seconds"], strict=True)
            if done is not None and at is not None and epoch < done <= epoch + 1
        ]
        (first, begun), (last, ended) = inside[0], inside[-1]
        images += (last - first) * config.training_count
        seconds += ended - begun
    return images / seconds


@contextlib.contextmanager
def atelier(home: Path, *, browser: bool) -> Iterator[Callable[[str], None]]:
    """Start what trains runs; yield what is called with each new run's id."""
    os.environ |= {"ATELIER_HOME": str(home), "ATELIER_WARM_SPARE": "0"}
    forget_settings()
    if not browser:
        backend = jobs.LocalBackend(settings())
        try:
            yield backend.submit
        finally:
            backend.close()
        return
    from benchmarks._browser import desk_page
    from benchmarks._server import server

    with server(home) as app, desk_page() as page:

        def watch(run_id: str) -> None:
            page.goto(f"{app.address}/train?run={run_id}")
            page.locator(".js-plotly-plot .scatterlayer .trace path.js-line").first.wait_for(
                state="attached", timeout=200_000
            )

        yield watch


def cell(values: list[float]) -> str:
    """Return median and range."""
    if not values:
        return "not installed"
    middle = statistics.median(values)
    return f"{middle:,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def ratio(mine: list[float], others: list[float]) -> float | None:
    """Return the quotient of the medians."""
    return statistics.median(mine) / statistics.median(others) if others else None


def shown(value: float | None) -> str:
    """Return a ratio as a table's cell."""
    return "–" if value is None else f"{value:.2f}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark training")
    parser.add_argument("--times", type=int, default=3, help="trainings of each (default: 3)")
    parser.add_argument("--preset", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--no-browser", action="store_true", help="nobody watches the runs")
    parser.add_argument("--torch-python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    torch = has_torch(options.torch_python)
    speeds: dict[str, tuple[list[float], list[float], list[float]]] = {
        preset: ([], [], []) for preset in options.preset
    }
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        atelier(Path(folder), browser=not options.no_browser) as watch,
    ):
        for number in range(options.times):
            for preset in options.preset:
                keras_speeds, torch_speeds, own_speeds = speeds[preset]
                keras_speeds.append(script(sys.executable, "_keras_script", preset))
                if torch:
                    torch_speeds.append(script(options.torch_python, "_torch_script", preset))
                own_speeds.append(run_speed(preset, watch))
                latest = [f"{values[-1]:,.0f}" for values in speeds[preset] if values]
                print(f"{number + 1} {preset}: {', '.join(latest)}", file=sys.stderr, flush=True)
    to_keras = [ratio(own, plain) for plain, _, own in speeds.values()]
    to_torch = [ratio(own, eager) for _, eager, own in speeds.values()]
    rows = [
        f"| {preset} | {' | '.join(map(cell, values))} | {shown(one)} | {shown(other)} |"
        for (preset, values), one, other in zip(speeds.items(), to_keras, to_torch, strict=True)
    ]
    means = [
        shown(math.exp(statistics.fmean(map(math.log, found)))) if found else "–"
        for found in ([each for each in all_ if each] for all_ in (to_keras, to_torch))
    ]
    text = "\n".join(
        [
            describe(),
            "",
            f"Images a second of training, median and range of {options.times}; Atelier "
            f"{'with nobody watching' if options.no_browser else 'watched in a browser'}.",
            "",
            "| preset | plain Keras | PyTorch eager | Atelier | to Keras | to PyTorch |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            f"| geometric mean | | | | {means[0]} | {means[1]} |",
        ]
    )
    publish("training", text, write=options.write)


if __name__ == "__main__":
    main()
