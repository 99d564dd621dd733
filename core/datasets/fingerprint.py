"""What tells a data set from all others, wherever it is: a hash of its images and labels."""

import hashlib
from functools import lru_cache

import numpy as np

from core import datasets

_BLOCK = 4096  # images that are read at a time


def fingerprint(name: str) -> str:
    """Return the fingerprint of a data set: the same images and labels in the same order have it.

    A built-in one has its name, as it is the same everywhere. Of a large one that is imported it
    takes up to a second, once a process.

    Raises:
        SettingsError: no data set has this name.
        DataUnavailable, DataDamaged: its images cannot be read.
    """
    if name in datasets.DATASETS:
        return name
    spec = datasets.find(name)
    for split in datasets.SPLITS:
        spec.load(split)  # of a deleted one nothing is told
    return _hashed(name)


# Nothing in an imported data set changes, and no two have the same name.
@lru_cache(maxsize=256)
def _hashed(name: str) -> str:
    spec = datasets.find(name)
    found = hashlib.sha256(repr((spec.shape, len(spec.classes), spec.validation)).encode())
    for split in datasets.SPLITS:
        part = spec.load(split)
        found.update(len(part).to_bytes(8, "little"))
        for first in range(0, len(part), _BLOCK):
            found.update(np.ascontiguousarray(part.images[first : first + _BLOCK]).data)
        found.update(part.labels.astype("<i8").tobytes())
    datasets.let_go()
    return found.hexdigest()
