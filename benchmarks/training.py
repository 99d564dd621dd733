"""Speed of training against Keras, PyTorch and JAX: ``python -m core benchmark training``.

Trains each preset by all of them in turn, several times, and prints images a second of training
time as a Markdown table, with ``--write`` into ``docs/RESULTS.md`` too. All have the same images,
layers, batch size and optimizer, with the recipe's learning rate held; the first epoch, in which
code is loaded and compiled, is left out. Nobody validates inside the clock. What has several
settings for speed tries all in the first round, and goes on with the fastest.

Atelier trains a real run: a server, a worker, a folder in which the curves are written, and a
Chromium that draws them on the run's page meanwhile (unless ``--no-browser``). Its speed is that of
the curve's points, so writing them counts. The server keeps no warm spare, which would load
TensorFlow again beside the training. Takes about 25 minutes on two cores, which should do nothing
else. PyTorch and JAX may live in virtual environments of their own, with NumPy, Pillow and psutil
(``--torch-python``, ``--jax-python``); what is not installed is left out.
"""

import argparse
import contextlib
import functools
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, jobs, runs
from core.architectures.layers import Conv
from core.settings import ROOT, forget_settings, settings

DATASET = "fashion-mnist"
# Training images and epochs: the fewer, the slower the network. Up to two seconds an epoch.
SIZES = {
    "basic-cnn": (24_000, 3),
    "two-conv-cnn": (6_000, 3),
    "deep-cnn": (5_000, 3),
    "mlp": (50_000, 4),
    "strided-cnn": (10_000, 3),
}
SECONDS = 900  # a training may take


@dataclass(frozen=True)
class Peer:
    """A program that trains the presets too.

    Attributes:
        title: heads its column.
        module: its script, in this folder.
        python: the environment that it runs in: ours, or that of an option of this name.
        needs: what that must be able to do, as Python code.
        settings: what it tries, each as words for the script.
        convolutions: more that it tries for networks with a convolution.
        dense: more that it tries for networks without.
    """

    title: str
    module: str
    python: str = ""
    needs: str = ""
    settings: tuple[str, ...] = ("",)
    convolutions: tuple[str, ...] = ()
    dense: tuple[str, ...] = ()

    def tries(self, preset: str) -> tuple[str, ...]:
        """Return the settings to try for a preset."""
        layers = architectures.find(preset).layers
        convolves = any(isinstance(layer, Conv) for layer in layers)
        return self.settings + (self.convolutions if convolves else self.dense)


PLAIN = Peer("plain Keras", "_keras_script")
PEERS = (
    PLAIN,
    Peer(
        "tuned Keras",
        "_keras_script",
        settings=(
            "steps_per_execution=20",
            "tf.data steps_per_execution=20",
            "tf.data steps_per_execution=50",
        ),
        # On a processor XLA makes convolutions many times slower.
        dense=("jit_compile tf.data steps_per_execution=50",),
    ),
    Peer(
        "PyTorch eager",
        "_torch_script",
        "torch",
        "import numpy, PIL, psutil, torch",
        settings=("fused",),
        convolutions=("fused channels_last",),
    ),
    Peer(
        "torch.compile",
        "_torch_script",
        "torch",
        "import numpy, PIL, psutil, torch; torch.compile(torch.square)(torch.ones(9))",
        settings=("fused compile channels_last",),
    ),
    Peer(
        "JAX",
        "_jax_script",
        "jax",
        "import numpy, PIL, psutil, jax, optax",
        # XLA has one thread for a convolution inside a loop, so only dense networks gain by it.
        dense=("scan",),
    ),
)


@dataclass
class Trial:
    """What a peer reached on a preset: images a second of each round, by its settings."""

    tries: tuple[str, ...]
    speeds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def best(self) -> str:
        """The settings that were fastest in the first round."""
        return max(self.speeds, key=lambda words: self.speeds[words][0])

    @property
    def values(self) -> list[float]:
        """The images a second by these settings."""
        return self.speeds[self.best]

    def go(self, measure: Callable[[str], float]) -> None:
        """Measure once: all settings the first time, the best afterwards."""
        for words in [self.best] if self.speeds else self.tries:
            self.speeds.setdefault(words, []).append(measure(words))


def works(python: str, needs: str) -> bool:
    """Tell whether a Python can do what a peer needs."""
    command = [python, "-c", needs]
    try:
        return not subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode
    except OSError:
        return False


def script(python: str, peer: Peer, preset: str, words: str) -> float:
    """Train a preset by a peer with these settings; return its images a second."""
    count, epochs = SIZES[preset]
    arguments = [preset, str(count), str(epochs), *words.split()]
    process = subprocess.run(
        [python, "-m", f"benchmarks.{peer.module}", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS,
        encoding="utf-8",
    )
    return float(process.stdout.split()[-1])


def config_of(preset: str) -> runs.TrainingConfig:
    """Return the config of a run that trains a preset on as many images as the scripts do."""
    count, epochs = SIZES[preset]
    held_back = count // 20
    recipe = architectures.find(preset).recipe_for(DATASET)
    recipe = recipe.changed(
        epochs=epochs, patience=None, validation=held_back / (count + held_back)
    )
    config = runs.TrainingConfig(DATASET, preset, recipe, limit=count + held_back)
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
    return curve_speed(run_id, range(1, config.recipe.epochs))


def curve_speed(run_id: str, epochs: Iterable[int]) -> float:
    """Return the images a second of a finished run in some epochs, counted from 0."""
    run = runs.read(run_id)
    assert run.config is not None, "it has trained"
    points = runs.read_curves(run.folder).batches
    images, seconds = 0.0, 0.0
    for epoch in epochs:
        inside = [
            (done, at)
            for done, at in zip(points["epoch"], points["seconds"], strict=True)
            if done is not None and at is not None and epoch < done <= epoch + 1
        ]
        (first, begun), (last, ended) = inside[0], inside[-1]
        images += (last - first) * run.config.training_count
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


def cell(values: Sequence[float]) -> str:
    """Return median and range."""
    middle = statistics.median(values)
    return f"{middle:,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def mean(ratios: Sequence[float]) -> str:
    """Return a geometric mean as a table's cell."""
    return f"**{math.exp(statistics.fmean(map(math.log, ratios))):.2f}**" if ratios else ""


def table(own: dict[str, list[float]], trials: dict[str, dict[str, Trial]]) -> list[str]:
    """Return the table's lines.

    Args:
        own: images a second of Atelier, by preset.
        trials: those of each peer, by preset and the peer's title.
    """
    titles = [peer.title for peer in PEERS]
    lines = [
        f"| preset | {' | '.join(titles)} | Atelier | to {PLAIN.title} | to the best other |",
        "|" + " --- |" * (len(titles) + 4),
    ]
    to_each: dict[str, list[float]] = {title: [] for title in titles}
    to_best = []
    for preset, speeds in own.items():
        middle = statistics.median(speeds)
        others = {}
        cells = []
        for title in titles:
            trial = trials[preset].get(title)
            if trial is None:
                cells.append("not installed")
                continue
            other = statistics.median(trial.values)
            to_each[title].append(middle / other)
            if title != PLAIN.title:
                others[title] = other
            cells.append(cell(trial.values))
        cells.append(cell(speeds))
        plain = to_each[PLAIN.title]
        cells.append(f"{plain[-1]:.2f}" if PLAIN.title in trials[preset] else "–")
        if others:
            best = max(others, key=lambda title: others[title])
            to_best.append(middle / others[best])
            cells.append(f"{to_best[-1]:.2f} ({best})")
        else:
            cells.append("–")
        lines.append(f"| {preset} | {' | '.join(cells)} |")
    means = [mean(to_each[title]) for title in titles]
    lines.append(
        f"| Atelier to it, geometric mean | {' | '.join(means)} | | {means[0]} | {mean(to_best)} |"
    )
    return lines


def kept(trials: dict[str, dict[str, Trial]]) -> list[str]:
    """Return a line for each peer that tried several settings: which were the fastest."""
    lines = []
    for peer in PEERS:
        found = {
            preset: by_peer[peer.title].best or "a call a step"
            for preset, by_peer in trials.items()
            if peer.title in by_peer and len(by_peer[peer.title].tries) > 1
        }
        if found:
            words = "; ".join(f"{preset}: {best}" for preset, best in found.items())
            lines.append(f"- {peer.title}: {words}.")
    return lines


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark training")
    parser.add_argument("--times", type=int, default=3, help="trainings of each (default: 3)")
    parser.add_argument("--preset", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--no-browser", action="store_true", help="nobody watches the runs")
    parser.add_argument("--torch-python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--jax-python", default=sys.executable, help="a Python with JAX and Optax")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    pythons = {"": sys.executable, "torch": options.torch_python, "jax": options.jax_python}
    peers = [peer for peer in PEERS if works(pythons[peer.python], peer.needs)]
    own: dict[str, list[float]] = {preset: [] for preset in options.preset}
    trials = {preset: {peer.title: Trial(peer.tries(preset)) for peer in peers} for preset in own}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        atelier(Path(folder), browser=not options.no_browser) as watch,
    ):
        for number in range(options.times):
            for preset in own:
                for peer in peers:
                    measure = functools.partial(script, pythons[peer.python], peer, preset)
                    trials[preset][peer.title].go(measure)
                own[preset].append(run_speed(preset, watch))
                found = {
                    f"{title} {words}".strip(): round(speeds[-1])
                    for title, trial in trials[preset].items()
                    for words, speeds in trial.speeds.items()
                    if len(speeds) > number
                }
                latest = found | {"Atelier": round(own[preset][-1])}
                print(f"{number + 1} {preset}: {latest}", file=sys.stderr, flush=True)
    text = "\n".join(
        [
            describe(),
            "",
            f"Images a second of training, median and range of {options.times}; Atelier "
            f"{'with nobody watching' if options.no_browser else 'watched in a browser'}.",
            "",
            *table(own, trials),
            "",
            "The settings that were the fastest in the first round:",
            "",
            *kept(trials),
        ]
    )
    publish("training", text, write=options.write)


if __name__ == "__main__":
    main()
