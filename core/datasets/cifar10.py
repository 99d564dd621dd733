"""CIFAR-10 from a folder that the user names, or from Keras's cache.

Looked for, in this order:

1. ``ATELIER_CIFAR10``: the canonical *binary* layout, ``data_batch_1.bin`` to ``data_batch_5.bin``
   and ``test_batch.bin``, in that folder or in ``cifar-10-batches-bin`` below it; or else the
   *Python* layout, the same names without ``.bin``, there or in ``cifar-10-batches-py``;
2. Keras's cache (``~/.keras/datasets``): the *Python* layout that
   ``keras.datasets.cifar10.load_data()`` leaves there.

``core.datasets.download`` fetches the second one on demand. Source: Krizhevsky (2009), *Learning
Multiple Layers of Features from Tiny Images*.
"""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.mapped import mapped
from core.datasets.spec import DatasetSpec, Split
from core.errors import DataDamaged, DataUnavailable
from core.settings import settings

SHAPE = (32, 32, 3)
PER_FILE = 10_000
RECORD = 1 + 32 * 32 * 3  # bytes: one label, then 1,024 red, 1,024 green, 1,024 blue
STEMS = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
# Keras 3 unpacks into a folder of its own; older versions straight into the cache.
KERAS_FOLDERS = ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py")

MISSING = (
    "CIFAR-10 is not on this machine. Download it below (163 MB), or set ATELIER_CIFAR10 to a "
    "folder with the binary version (data_batch_1.bin and so on). Everything else works without it."
)


def keras_cache() -> Path:
    """Return the folder in which Keras keeps its data sets."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def find_files(split: str) -> list[Path]:
    """Return the files of one split, from the first place that has any.

    Raises:
        DataUnavailable: no place has CIFAR-10, or the named folder lacks a file.
    """
    named = settings().cifar10
    if named is not None:
        for suffix, below in ((".bin", "cifar-10-batches-bin"), ("", "cifar-10-batches-py")):
            for folder in (named, named / below):
                files = [folder / f"{stem}{suffix}" for stem in STEMS[split]]
                if any(file.is_file() for file in files):
                    return _all_there(files)
        raise DataUnavailable(
            f"ATELIER_CIFAR10 names {named}, but {STEMS[split][0]}.bin is not there, nor "
            f"{STEMS[split][0]} of the Python version. Correct it, or unset it and use the "
            "download."
        )
    for name in KERAS_FOLDERS:
        files = [keras_cache() / name / stem for stem in STEMS[split]]
        if any(file.is_file() for file in files):
            return _all_there(files)
    raise DataUnavailable(MISSING)


def load(split: str) -> Split:
    """Return one split, mapped from an unpacked copy; raises as ``read`` does."""
    return mapped("cifar-10", split, find_files(split), lambda: read(split))


def read(split: str) -> Split:
    """Read one split (50,000 or 10,000 colour images of 32 x 32).

    Raises:
        DataUnavailable: a file is missing.
        DataDamaged: a file is not a CIFAR-10 batch; the message names it.
    """
    files = find_files(split)
    images = np.empty((len(files), PER_FILE, *SHAPE), np.uint8)
    labels = np.empty((len(files), PER_FILE), np.int64)
    # A file at a time: all of them at once would take three times as much memory.
    for place, file in enumerate(files):
        try:
            pixels, labels[place] = (_read_binary if file.suffix == ".bin" else _read_python)(file)
        except OSError as error:
            raise DataUnavailable(
                f"The CIFAR-10 file {file.name} in {file.parent} cannot be read "
                f"({error.strerror or error}). Make it readable, or remove the folder and "
                "download the data set again."
            ) from error
        # On disk the three colours are planes of their own: (n, 3, 32, 32) to (n, 32, 32, 3).
        images[place] = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(images.reshape(-1, *SHAPE), labels.reshape(-1))


def missing() -> str | None:
    """Return why CIFAR-10 cannot be read now, or None."""
    try:
        for split in STEMS:
            find_files(split)
    except DataUnavailable as error:
        return str(error)
    return None


def _all_there(files: list[Path]) -> list[Path]:
    for file in files:
        if not file.is_file():
            raise DataUnavailable(
                f"CIFAR-10 is incomplete: {file.name} is missing from {file.parent}. Put the "
                "file back, or remove the folder and download the data set again."
            )
    return files


def _damaged(path: Path, what: str) -> DataDamaged:
    return DataDamaged(
        f"The CIFAR-10 file {path.name} in {path.parent} is damaged: {what}. Put the original "
        "back, or remove the folder and download the data set again."
    )


def _read_binary(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (10000, 3072) and labels (10000,) of one canonical binary batch."""
    size = path.stat().st_size
    if size != PER_FILE * RECORD:
        raise _damaged(path, f"it has {size:,} bytes instead of {PER_FILE * RECORD:,}")
    records = np.fromfile(path, np.uint8).reshape(PER_FILE, RECORD)
    if records[:, 0].max() > 9:
        raise _damaged(path, f"it holds the label {records[:, 0].max()}, but labels end at 9")
    return records[:, 1:], records[:, 0]


# What reading a batch of the Python version raises if it is none, or is cut off.
DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)


class ArraysOnly(pickle.Unpickler):
    """Reads the pickled batches, but builds nothing other than NumPy arrays and plain values.

    A pickle can otherwise call any function; no file deserves that trust.
    """

    ALLOWED = frozenset(
        {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle asks for, if it is one of ``ALLOWED``."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a data file")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _read_python(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (10000, 3072) and labels (10000,) of one batch of the Python version."""
    try:
        batch = ArraysOnly(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        pixels = np.asarray(batch[b"data"], np.uint8).reshape(PER_FILE, RECORD - 1)
        labels = np.asarray(batch[b"labels"], np.int64).reshape(PER_FILE)
    except DAMAGE as error:
        raise _damaged(path, f"it is not a CIFAR-10 batch ({type(error).__name__})") from error
    if labels.min() < 0 or labels.max() > 9:
        raise _damaged(path, "it holds a label outside 0 to 9")
    return pixels, labels


SPEC = DatasetSpec(
    name="cifar-10",
    title="CIFAR-10",
    classes=(
        "Airplane",
        "Automobile",
        "Bird",
        "Cat",
        "Deer",
        "Dog",
        "Frog",
        "Horse",
        "Ship",
        "Truck",
    ),
    shape=SHAPE,
    counts={"train": 50_000, "test": 10_000},
    credit="Alex Krizhevsky, 2009, University of Toronto",
    read=load,
    missing=missing,
    cites=("krizhevsky2009learning",),
)
