"""Fashion-MNIST from the four original IDX files bundled under ``assets/fashion-mnist``.

Source: Xiao, Rasul and Vollgraf (2017), *Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms*, arXiv:1708.07747.
"""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

import numpy as np

from core.datasets.mapped import mapped
from core.datasets.sources import idx
from core.datasets.spec import DatasetSpec, Split
from core.errors import DataDamaged, DataUnavailable
from core.settings import ASSETS

FOLDER = ASSETS / "fashion-mnist"

# SHA-256 of the files as Zalando SE published them.
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"
    ),
    "train-labels-idx1-ubyte.gz": (
        "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"
    ),
}
PREFIX = {"train": "train", "test": "t10k"}
REPAIR = (
    "Restore it with 'git restore assets/fashion-mnist', or copy the original from Debian's "
    "package dataset-fashion-mnist."
)


def load(split: str) -> Split:
    """Return one split, mapped from an unpacked copy; raises as ``read`` does."""
    names = [f"{PREFIX[split]}-{what}-ubyte.gz" for what in ("images-idx3", "labels-idx1")]
    return mapped("fashion-mnist", split, [FOLDER / name for name in names], lambda: read(split))


def read(split: str, folder: Path | None = None) -> Split:
    """Read one split and check each file against its SHA-256.

    Args:
        split: ``"train"`` (60,000 images) or ``"test"`` (10,000 images).
        folder: where the four files are; the bundled ones by default.

    Raises:
        DataUnavailable: a file is missing; the message names it.
        DataDamaged: a file is not the original; the message names it.
    """
    folder = folder or FOLDER
    images = _read_idx(folder / f"{PREFIX[split]}-images-idx3-ubyte.gz")
    labels = _read_idx(folder / f"{PREFIX[split]}-labels-idx1-ubyte.gz")
    return Split(images[..., np.newaxis], labels.astype(np.int64))


def missing() -> str | None:
    """Name the first bundled file that is not there, or return None."""
    for name in SHA256:
        if not (FOLDER / name).is_file():
            return f"The data file {name} is missing from assets/fashion-mnist. {REPAIR}"
    return None


def _read_idx(path: Path) -> np.ndarray:
    """Return the uint8 array of a gzipped IDX file, in the shape that its header gives."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise DataUnavailable(
            f"The data file {path.name} is missing from {path.parent.name}. {REPAIR}"
        ) from None
    except OSError as error:
        raise DataUnavailable(
            f"The data file {path.name} cannot be read ({error.strerror}). {REPAIR}"
        ) from None
    if hashlib.sha256(packed).hexdigest() != SHA256[path.name]:
        raise DataDamaged(
            f"The data file {path.name} is damaged: its SHA-256 is not that of the original. "
            f"{REPAIR}"
        )
    try:
        content = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DataDamaged(f"The data file {path.name} cannot be unpacked. {REPAIR}") from error
    stream = io.BytesIO(content)
    sizes = idx.read_sizes(stream, path.name)
    return np.concatenate([items for _, items in idx.read_items(stream, sizes, path.name)])


SPEC = DatasetSpec(
    name="fashion-mnist",
    title="Fashion-MNIST",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    shape=(28, 28, 1),
    counts={"train": 60_000, "test": 10_000},
    credit="Zalando SE, MIT licence, arXiv:1708.07747",
    read=load,
    missing=missing,
    cites=("xiao2017fashion",),
)
