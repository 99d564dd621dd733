"""The data sets: a registry of specifications, and one way to load any of them.

``DATASETS`` has the built-in ones. ``find`` and ``load`` know the imported ones too, by their ids,
in every process: see ``core.datasets.imported``.

``load(name, split)`` returns the same read-only arrays to every caller in a process, so thirty
visitors cost the memory of one. Images are mapped from files, which processes share, where they can
be: see ``core.datasets.mapped``.
"""

from core.datasets import cifar10, fashion_mnist, imported
from core.datasets.mapped import let_go
from core.datasets.spec import SPLITS, DatasetSpec, Split
from core.errors import SettingsError

__all__ = ["DATASETS", "SPLITS", "DatasetSpec", "Split", "find", "let_go", "load"]

DATASETS: dict[str, DatasetSpec] = {spec.name: spec for spec in (fashion_mnist.SPEC, cifar10.SPEC)}


def find(name: str) -> DatasetSpec:
    """Return the data set registered as ``name``, or imported with this id.

    A deleted one is found too: its ``missing()`` says so.

    Raises:
        SettingsError: no data set has this name; the message lists those there are.
        DataDamaged: it is an imported one, and what describes it is damaged.
    """
    if name in DATASETS:
        return DATASETS[name]
    own = imported.find(name)
    if own is None:
        also = " Imported data sets stay on the server where they were imported."
        raise SettingsError(
            f"There is no data set {name[:60]!r}. Choose one of: {', '.join(DATASETS)}."
            + (also if imported.ID.fullmatch(name) else "")
        )
    return own.spec


def load(name: str, split: str) -> Split:
    """Return the ``"train"`` or ``"test"`` split of a data set, read once a process.

    Raises:
        SettingsError: unknown data set or split.
        DataUnavailable: the data is not on this machine.
        DataDamaged: a file is not what it should be; the message names it.
    """
    return find(name).load(split)
