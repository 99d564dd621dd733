"""The data sets: a registry of specifications, and one way to load any of them.

``load(name, split)`` returns the same read-only arrays to every caller in a process, so thirty
visitors cost the memory of one.
"""

from core.datasets import cifar10, fashion_mnist
from core.datasets.spec import SPLITS, DatasetSpec, Split
from core.errors import SettingsError

__all__ = ["DATASETS", "SPLITS", "DatasetSpec", "Split", "find", "load"]

DATASETS: dict[str, DatasetSpec] = {spec.name: spec for spec in (fashion_mnist.SPEC, cifar10.SPEC)}


def find(name: str) -> DatasetSpec:
    """Return the data set registered as ``name``.

    Raises:
        SettingsError: no data set has this name; the message lists those there are.
    """
    spec = DATASETS.get(name)
    if spec is None:
        raise SettingsError(
            f"There is no data set {name[:60]!r}. Choose one of: {', '.join(DATASETS)}."
        )
    return spec


def load(name: str, split: str) -> Split:
    """Return the ``"train"`` or ``"test"`` split of a registered data set, read once a process.

    Raises:
        SettingsError: unknown data set or split.
        DataUnavailable: the data is not on this machine.
        DataDamaged: a file is not what it should be; the message names it.
    """
    return find(name).load(split)
