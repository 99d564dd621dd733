"""How the cost of training grows: ``python -m core benchmark growth``.

Trains runs of ``python -m core train``, each in a process of its own, that differ in the width of
the network (presets of one, two and six convolutions), in the batch size, or in the number of
images. The last are up to a million made-up ones, in a data set like one that was imported, read
from the disk. Prints images a second of training, and of the process the most memory of its own and
the most with all that it has mapped, as Markdown tables; ``--write`` puts them into
``docs/RESULTS.md``, with the chart ``docs/growth.svg``. Needs Linux and 2 GB on the disk; run it on
a machine that does nothing else.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import runs
from core.datasets.imported import COMMAND_LINE, Choices, save, stage
from core.datasets.sources import Found
from core.files import read_json, write_json
from core.settings import ROOT, forget_settings, settings

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
BATCHES = (8, 16, 32, 64, 128, 256, 512)
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
WIDE = ("basic-cnn", "two-conv-cnn", "deep-cnn")
BATCHED = ("mlp", "basic-cnn", "two-conv-cnn")
MANY = ("mlp",)
LOOK_SECONDS = 0.1  # between two looks at the memory
BLOCK = 50_000  # images made at a time
TEST = 1_000  # made-up images


@dataclass(frozen=True)
class Point:
    """A training: what it was varied by, and what it took.

    Attributes:
        at: width, batch size or number of images.
        speed: images a second.
        own: bytes of the process that are of no file, at most.
        resident: bytes with what is mapped, at most.
    """

    at: float
    speed: float
    own: int
    resident: int


def train(preset: str, at: float, *options: str) -> Point:
    """Train a preset with these options of the command line in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "train", "--json", "--architecture", preset, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    assert process.stdout is not None
    status = Path(f"/proc/{process.pid}/status")
    own = resident = 0
    while process.poll() is None:
        found = dict(re.findall(r"(RssAnon|VmHWM):\s+(\d+) kB", status.read_text("utf-8")))
        own = max(own, 1024 * int(found.get("RssAnon", 0)))
        resident = max(resident, 1024 * int(found.get("VmHWM", 0)))
        time.sleep(LOOK_SECONDS)
    answer = json.loads(process.stdout.read())
    result = runs.read(answer["run"]).result
    if result is None or result.images_per_second is None:
        raise SystemExit(f"{preset} with {' '.join(options)}: {answer}")
    print(f"{preset} {at:g}: {result.images_per_second:,.0f}", file=sys.stderr, flush=True)
    return Point(at, result.images_per_second, own, resident)


def make_up(count: int) -> str:
    """Make a data set of so many made-up grey images of ten classes; return its id.

    A small one is imported as a visitor's would be, and its training part then grows on the disk:
    an import takes no more than 200,000 images a part.
    """
    folder, random = stage(), np.random.default_rng(0)
    patterns = random.integers(0, 128, (10, 28, 28, 1), np.uint8)
    counts = {}
    for part in ("train", "test"):
        counts[part] = np.bincount(write(folder, part, TEST, patterns), minlength=10).tolist()
    classes = tuple(f"Class {label}" for label in range(10))
    found = Found("idx", (28, 28, 1), counts, first=classes, name="made-up")
    dataset = save(folder, found, Choices("Made up", classes), COMMAND_LINE)
    grown = settings().datasets / dataset
    write(grown, "train", count, patterns)
    meta = read_json(grown / "meta.json")
    meta["counts"]["train"] = count
    write_json(grown / "meta.json", meta)
    return dataset


def write(folder: Path, part: str, count: int, patterns: np.ndarray) -> np.ndarray:
    """Write images and labels of a part, block by block; return the labels."""
    random = np.random.default_rng(1)
    labels = (np.arange(count) % len(patterns)).astype(np.int64)
    np.save(folder / f"{part}-labels.npy", labels)
    images = np.lib.format.open_memmap(
        folder / f"{part}-images.npy", "w+", np.uint8, (count, *patterns.shape[1:])
    )
    for first in range(0, count, BLOCK):
        block = patterns[labels[first : first + BLOCK]]
        images[first : first + BLOCK] = block + random.integers(0, 128, block.shape, np.uint8)
    images.flush()
    return labels


def by_width(preset: str) -> list[Point]:
    """Train a preset in each width, on fewer images the wider it is."""
    points = []
    for width in WIDTHS:
        images = round(4000 / max(1.0, width))
        options = ["--epochs", "2", "--limit", str(images), "--validation", "100"]
        points.append(train(preset, width, "--width", str(width), *options))
    return points


def by_batch(preset: str) -> list[Point]:
    """Train a preset with each batch size."""
    options = ["--epochs", "3", "--limit", "6000", "--validation", "500"]
    return [train(preset, size, "--batch-size", str(size), *options) for size in BATCHES]


def by_count(preset: str, counts: Sequence[int]) -> list[Point]:
    """Train a preset on each number of made-up images."""
    dataset = make_up(counts[-1])
    points = []
    for count in counts:
        epochs = min(20, max(2, 100_000 // count))
        options = ["--epochs", str(epochs), "--limit", str(count), "--validation", "0.02"]
        points.append(train(preset, count, "--dataset", dataset, "--batch-size", "128", *options))
    return points


def lines_of(heading: str, found: dict[str, list[Point]], *, memory: bool = False) -> list[str]:
    """Return a table: a row a network, a column a value."""
    points = next(iter(found.values()))
    lines = [
        f"| {heading} | {' | '.join(f'{point.at:,.10g}' for point in points)} |",
        "|" + " --- |" * (len(points) + 1),
    ]
    for preset, row in found.items():
        cells = " | ".join(f"{point.speed:,.0f}" for point in row)
        lines.append(f"| {preset}, images a second | {cells} |")
        if memory:
            own = " | ".join(f"{point.own / 1e6:,.0f} MB" for point in row)
            whole = " | ".join(f"{point.resident / 1e6:,.0f} MB" for point in row)
            lines += [
                f"| its memory at most, without files | {own} |",
                f"| its memory at most, with the files it has mapped | {whole} |",
            ]
    return lines


PANEL, GAP, TOP, HEIGHT = 250, 70, 40, 190  # pixels
PALETTE = json.loads((ROOT / "assets/palette.json").read_text(encoding="utf-8"))
PAPER, TEXT, GRID = (PALETTE[name]["light"] for name in ("paper", "text", "grid"))
COLOURS = PALETTE["classes"]["light"]


def chart(panels: dict[str, dict[str, list[Point]]]) -> str:
    """Return an SVG of log-log charts beside each other, images a second against each value."""
    width = GAP + len(panels) * (PANEL + GAP)
    parts = []
    for number, (title, found) in enumerate(panels.items()):
        left = GAP + number * (PANEL + GAP)
        values = [point.at for row in found.values() for point in row]
        speeds = [point.speed for row in found.values() for point in row]
        low, high = math.log(min(values)), math.log(max(values))
        bottom, top = math.floor(math.log10(min(speeds))), math.ceil(math.log10(max(speeds)))

        def across(value: float, left: float = left, low: float = low, high: float = high) -> float:
            return left + PANEL * (math.log(value) - low) / ((high - low) or 1)

        def down(speed: float, bottom: float = bottom, top: float = top) -> float:
            return TOP + HEIGHT * (1 - (math.log10(speed) - bottom) / ((top - bottom) or 1))

        parts.append(
            f'<text x="{left}" y="{TOP - 18}" font-weight="bold">'
            f"Images a second by {title.lower()}</text>"
        )
        for power in range(bottom, top + 1):
            y = down(10.0**power)
            parts += [
                f'<path d="M{left} {y:.1f}h{PANEL}" stroke="{GRID}"/>',
                f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>',
            ]
        for value in sorted(set(values)):
            parts.append(
                f'<text x="{across(value):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">'
                f"{_short(value)}</text>"
            )
        for place, (preset, row) in enumerate(found.items()):
            colour = COLOURS[place]
            path = " ".join(f"{across(each.at):.1f},{down(each.speed):.1f}" for each in row)
            y = TOP + HEIGHT + 40 + 18 * place
            parts += [
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
                *(
                    f'<circle cx="{across(each.at):.1f}" cy="{down(each.speed):.1f}" r="3" '
                    f'fill="{colour}"/>'
                    for each in row
                ),
                f'<path d="M{left} {y - 4}h20" stroke="{colour}" stroke-width="2"/>',
                f'<text x="{left + 26}" y="{y}">{preset}</text>',
            ]
    height = TOP + HEIGHT + 40 + 18 * max(map(len, panels.values()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12" fill="{TEXT}">\n'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _short(value: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def main() -> None:
    """Measure, print the tables and draw the chart."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark growth")
    parser.add_argument("--part", nargs="+", choices=("width", "batch", "images"), default=None)
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="made-up images (1,000,000)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    wanted = options.part or ("width", "batch", "images")
    counts = [count for count in COUNTS if count <= options.most]
    panels = {}
    text = [describe(), ""]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ |= {"ATELIER_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        forget_settings()
        if "width" in wanted:
            panels["Width"] = {preset: by_width(preset) for preset in WIDE}
            text += [*lines_of("width", panels["Width"]), ""]
        if "batch" in wanted:
            panels["Batch size"] = {preset: by_batch(preset) for preset in BATCHED}
            text += [*lines_of("batch size", panels["Batch size"]), ""]
        if "images" in wanted:
            panels["Training images"] = {preset: by_count(preset, counts) for preset in MANY}
            text += [*lines_of("images", panels["Training images"], memory=True), ""]
    if options.write:
        (ROOT / "docs" / "growth.svg").write_text(chart(panels), encoding="utf-8", newline="\n")
    text += ["![Images a second against width, batch size and number of images](growth.svg)"]
    publish("growth", "\n".join(text), write=options.write)


if __name__ == "__main__":
    main()
