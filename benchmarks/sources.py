"""Seconds and memory to take in a data set: ``python -m core benchmark sources``.

Fashion-MNIST is written in each form that people bring, and taken in as a page does it: read and
checked whole by a process of its own, then saved with a part for testing. The clock runs from the
request to the data set that can be trained on; the memory is the reading process's largest.
"""

import argparse
import gzip
import io
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import datasets
from core.datasets import imported
from core.datasets.sources import Found, SourceFile
from core.datasets.sources.check import check
from core.settings import ROOT, forget_settings, settings

PICTURES = 10_000
READ = """
import re, sys
from pathlib import Path
from core.datasets.sources import SourceFile, read
read([SourceFile(Path(path), path) for path in sys.argv[2:]], Path(sys.argv[1]))
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
VALUES = [str(value) for value in range(256)]


def write_table(path: Path, split: datasets.Split) -> Path:
    """Write a split as Kaggle has it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("label," + ",".join(f"pixel{i}" for i in range(1, 785)) + "\n")
        rows = zip(split.labels.tolist(), split.images.reshape(len(split), -1), strict=True)
        for label, pixels in rows:
            file.write(f"{label}," + ",".join(map(VALUES.__getitem__, pixels.tolist())) + "\n")
    return path


def write_idx(folder: Path, split: datasets.Split) -> list[Path]:
    """Write a split as two packed IDX files."""
    paths = []
    for name, array in (("images-idx3", split.images[..., 0]), ("labels-idx1", split.labels)):
        path = folder / f"{name}-ubyte.gz"
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes(), 6))
        paths.append(path)
    return paths


def write_pictures(path: Path, split: datasets.Split, classes: tuple[str, ...]) -> Path:
    """Write the first images of a split as PNG files in one folder a class."""
    from PIL import Image

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(PICTURES):
            content = io.BytesIO()
            Image.fromarray(split.images[index, ..., 0]).save(content, "PNG")
            folder = classes[split.labels[index]].replace("/", " ")
            archive.writestr(f"{folder}/{index}.png", content.getvalue())
    return path


def write_packed(path: Path, table: Path) -> Path:
    """Write a table into a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(table, "fashion-mnist_train.csv")
    return path


def take_in(files: list[Path]) -> tuple[float, float]:
    """Take files in; return the seconds until they are checked, and until they can be used."""
    started = time.perf_counter()
    folder = imported.stage()
    sources = [SourceFile(path, path.name) for path in files]
    *_, found = check(sources, folder, room=imported.room())
    assert isinstance(found, Found)
    checked = time.perf_counter() - started
    classes = imported.default_classes(found)
    choices = imported.Choices("Benchmark", classes, test=0.15)
    name = imported.save(folder, found, choices, imported.COMMAND_LINE)
    seconds = time.perf_counter() - started
    shutil.rmtree(settings().datasets / name)
    return checked, seconds


def memory(files: list[Path]) -> float:
    """Return the most megabytes that a process takes while it reads files."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.run(
            [sys.executable, "-c", READ, folder, *map(str, files)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
    return int(process.stdout) / 1000


def main() -> None:
    """Measure each form in turn, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark sources")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    spec = datasets.find("fashion-mnist")
    train = spec.load("train")
    with tempfile.TemporaryDirectory(prefix="atelier-sources-") as name:
        folder = Path(name)
        os.environ["ATELIER_HOME"] = str(folder / "home")
        forget_settings()
        table = write_table(folder / "fashion-mnist_train.csv", train)
        forms = {
            "CSV, 60,000 lines": [table],
            "the same CSV in a ZIP": [write_packed(folder / "table.zip", table)],
            "IDX, 60,000 images, packed": write_idx(folder, train),
            f"ZIP of {PICTURES:,} PNG files": [
                write_pictures(folder / "pictures.zip", train, spec.classes)
            ],
        }
        lines = [
            describe(),
            "",
            "| what is brought | MB | checked: median s | usable: median s (range) | reader MB |",
            "| --- | --- | --- | --- | --- |",
        ]
        for title, files in forms.items():
            seconds = [take_in(files) for _ in range(options.times)]
            size = sum(path.stat().st_size for path in files) / 1e6
            checked = statistics.median(each for each, _ in seconds)
            usable = [each for _, each in seconds]
            lines.append(
                f"| {title} | {size:.1f} | {checked:.2f} | {statistics.median(usable):.2f} "
                f"({min(usable):.2f} to {max(usable):.2f}) | {memory(files):.0f} |"
            )
    publish("sources", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
