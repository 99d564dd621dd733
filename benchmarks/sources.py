"""Seconds and memory to take in a data set: ``python -m core benchmark sources``.

Fashion-MNIST is written in each form that people bring, and taken in as a page does it: read and
checked whole by a process of its own, then saved with a part for testing. The clock runs from the
request to the data set that can be trained on; the memory is the reading process's largest.
"""

import argparse
import gzip
import io
import os
import pickle
import shutil
import statistics
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks._machine import describe
from benchmarks._results import publish
from core import datasets
from core.datasets import imported
from core.datasets.sources import Found, SourceFile
from core.datasets.sources.check import check
from core.settings import ROOT, forget_settings, settings

TESTED = 10_000  # of the images, where a form has a part for testing
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


def write_floats(path: Path, split: datasets.Split) -> Path:
    """Write a split as pandas does after a division by 255, with an index column."""
    texts = [repr(round(value / 255, 6)) for value in range(256)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",label," + ",".join(f"pixel{i}" for i in range(1, 785)) + "\n")
        rows = zip(split.labels.tolist(), split.images.reshape(len(split), -1), strict=True)
        for index, (label, pixels) in enumerate(rows):
            values = ",".join(map(texts.__getitem__, pixels.tolist()))
            file.write(f"{index},{label},{values}\n")
    return path


def write_last(path: Path, split: datasets.Split) -> Path:
    """Write a split without a header and with the label last."""
    with path.open("w", encoding="utf-8") as file:
        rows = zip(split.labels.tolist(), split.images.reshape(len(split), -1), strict=True)
        for label, pixels in rows:
            file.write(",".join(map(VALUES.__getitem__, pixels.tolist())) + f",{label}\n")
    return path


def write_one_field(path: Path, split: datasets.Split) -> Path:
    """Write a split as FER2013: all pixels in one field, and a column for the split."""
    with path.open("w", encoding="utf-8") as file:
        file.write("emotion,pixels,Usage\n")
        rows = zip(split.labels.tolist(), split.images.reshape(len(split), -1), strict=True)
        for index, (label, pixels) in enumerate(rows):
            usage = "PrivateTest" if index % 6 == 0 else "Training"
            file.write(f"{label},{' '.join(map(VALUES.__getitem__, pixels.tolist()))},{usage}\n")
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


def encoded(split: datasets.Split) -> Iterator[bytes]:
    """Yield the images of a split as PNG files."""
    from PIL import Image

    for image in split.images[..., 0]:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        yield content.getvalue()


def write_pictures(path: Path, split: datasets.Split) -> Path:
    """Write a split as PNG files in one folder a class."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, content in enumerate(encoded(split)):
            archive.writestr(f"{split.labels[index]}/{index}.png", content)
    return path


def write_tar(path: Path, split: datasets.Split) -> Path:
    """Write the same into a packed tar."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for index, content in enumerate(encoded(split)):
            entry = tarfile.TarInfo(f"{split.labels[index]}/{index}.png")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def write_parquet(path: Path, split: datasets.Split) -> Path:
    """Write a split as the Hub of Hugging Face has it, with a PNG in each row."""
    import pyarrow
    import pyarrow.parquet

    images = [{"bytes": content, "path": None} for content in encoded(split)]
    table = pyarrow.table({"image": images, "label": split.labels})
    pyarrow.parquet.write_table(table, path)
    return path


def write_numpy(path: Path, split: datasets.Split) -> Path:
    """Write a split as Keras has MNIST."""
    images, labels = split.images[..., 0], split.labels
    np.savez_compressed(
        path, x_train=images[:-TESTED], y_train=labels[:-TESTED], x_test=images[-TESTED:],
        y_test=labels[-TESTED:],
    )  # fmt: skip
    return path


def write_matlab(path: Path, split: datasets.Split) -> Path:
    """Write a split as EMNIST is given."""
    import scipy.io

    train = {"images": split.images.reshape(len(split), -1), "labels": split.labels[:, None]}
    scipy.io.savemat(path, {"dataset": {"train": train}}, do_compression=True)
    return path


def write_text(path: Path, split: datasets.Split) -> Path:
    """Write a split as numpy.savetxt does by default, 25 bytes a value."""
    np.savetxt(
        path, np.concatenate([split.labels[:, None], split.images.reshape(len(split), -1)], 1)
    )
    return path


def write_cifar(path: Path, split: datasets.Split, *, binary: bool) -> Path:
    """Write a split in the layout of CIFAR-10: 32 × 32, the same three times."""
    edged = np.pad(split.images[..., 0], ((0, 0), (2, 2), (2, 2))).reshape(len(split), -1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for index, rows in enumerate(np.split(np.arange(len(split)), 6), 1):
            name = f"data_batch_{index}" if index < 6 else "test_batch"
            planes, labels = np.tile(edged[rows], 3), split.labels[rows]
            if binary:
                content = np.concatenate([labels[:, None].astype(np.uint8), planes], 1).tobytes()
                archive.writestr(f"{name}.bin", content)
            else:
                batch = {b"data": planes, b"labels": labels.tolist()}
                archive.writestr(name, pickle.dumps(batch, protocol=3))
    return path


def write_packed(folder: Path, split: datasets.Split) -> Path:
    """Write a table into a ZIP."""
    table = write_table(folder / "fashion-mnist_train.csv", split)
    path = folder / "table.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(table, table.name)
    return path


# What is brought, and what writes it into a folder.
FORMS: dict[str, Callable[[Path, datasets.Split], list[Path]]] = {
    "CSV": lambda to, split: [write_table(to / "fashion-mnist_train.csv", split)],
    "CSV of 0 to 1, with an index": lambda to, split: [write_floats(to / "floats.csv", split)],
    "CSV without a header, label last": lambda to, split: [write_last(to / "last.csv", split)],
    "CSV with all pixels in one field": lambda to, split: [
        write_one_field(to / "field.csv", split)
    ],
    "text of numpy.savetxt": lambda to, split: [write_text(to / "text.txt", split)],
    "CSV in a ZIP": lambda to, split: [write_packed(to, split)],
    "IDX, packed": lambda to, split: write_idx(to, split),
    "NumPy (.npz), packed": lambda to, split: [write_numpy(to / "mnist.npz", split)],
    "MATLAB, packed": lambda to, split: [write_matlab(to / "letters.mat", split)],
    "Parquet with PNG": lambda to, split: [write_parquet(to / "train.parquet", split)],
    "CIFAR, Python version, in a ZIP": lambda to, split: [
        write_cifar(to / "python.zip", split, binary=False)
    ],
    "CIFAR, binary version, in a ZIP": lambda to, split: [
        write_cifar(to / "binary.zip", split, binary=True)
    ],
    "ZIP of PNG": lambda to, split: [write_pictures(to / "pictures.zip", split)],
    "packed tar of PNG": lambda to, split: [write_tar(to / "pictures.tar.gz", split)],
}


def take_in(files: list[Path]) -> tuple[float, float]:
    """Take files in; return the seconds until they are checked, and until they can be used."""
    started = time.perf_counter()
    folder = imported.stage()
    sources = [SourceFile(path, path.name) for path in files]
    *_, found = check(sources, folder, room=imported.room())
    assert isinstance(found, Found)
    checked = time.perf_counter() - started
    classes = imported.default_classes(found)
    choices = imported.Choices("Benchmark", classes, None if "test" in found.counts else 0.15)
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
    parser.add_argument("--only", default="", help="forms with this in their names")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    train = datasets.find("fashion-mnist").load("train")
    with tempfile.TemporaryDirectory(prefix="atelier-sources-") as name:
        folder = Path(name)
        os.environ["ATELIER_HOME"] = str(folder / "home")
        forget_settings()
        lines = [
            describe(),
            "",
            f"| what is brought, {len(train):,} images | MB | checked: median s | usable: median s "
            "(range) | reader MB |",
            "| --- | --- | --- | --- | --- |",
        ]
        for title, write in FORMS.items():
            if options.only not in title:
                continue
            place = folder / "brought"
            place.mkdir()
            files = write(place, train)
            seconds = [take_in(files) for _ in range(options.times)]
            size = sum(path.stat().st_size for path in files) / 1e6
            checked = statistics.median(each for each, _ in seconds)
            usable = [each for _, each in seconds]
            lines.append(
                f"| {title} | {size:,.1f} | {checked:.2f} | {statistics.median(usable):.2f} "
                f"({min(usable):.2f} to {max(usable):.2f}) | {memory(files):.0f} |"
            )
            shutil.rmtree(place)
    publish("sources", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
