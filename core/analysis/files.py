"""The results of ``python -m core analyse``: one ``.npz`` of plain arrays each.

Those of the built-in data sets are bundled, in ``assets/analysis/<dataset>/``; those of imported
ones lie in the folder ``analysis`` of the data set. Whoever reads one says which arrays it must
hold, of which kind and shape, so that a damaged file becomes a sentence.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.datasets import DATASETS, DatasetSpec
from core.errors import DataDamaged
from core.runs.files import NPZ_ERRORS, open_regular, write_atomic
from core.settings import ASSETS, settings

FOLDER = ASSETS / "analysis"

# What an array must be: its type, and its shape, in which None stands for any length.
Expected = tuple[type[np.generic], tuple[int | None, ...]]


def path_of(dataset: str, name: str) -> Path:
    """Return where the result ``name`` of a data set is kept, whether it is there or not.

    Args:
        dataset: the name of a data set that was found.
        name: of the result.
    """
    folder = FOLDER / dataset if dataset in DATASETS else settings().datasets / dataset / "analysis"
    return folder / f"{name}.npz"


def command(spec: DatasetSpec, name: str) -> str:
    """Return the command that works the result out."""
    return f"python -m core analyse {name} --dataset {spec.name}"


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a result in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, lambda file: np.savez_compressed(file, allow_pickle=False, **dict(arrays)))


def read(
    path: Path, spec: DatasetSpec, expected: Mapping[str, Expected]
) -> dict[str, np.ndarray] | None:
    """Return the arrays of a result; None if it was not worked out.

    Raises:
        DataDamaged: the file cannot be read, or an array is missing or not as expected.
    """
    try:
        with open_regular(path) as content, np.load(content, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in expected}
    except FileNotFoundError:
        return None
    except NPZ_ERRORS as error:
        raise damaged(path, spec) from error
    for name, (kind, shape) in expected.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
        )
        finite = not np.issubdtype(array.dtype, np.floating) or np.isfinite(array).all()
        if not (fits and finite and np.issubdtype(array.dtype, kind)):
            raise damaged(path, spec)
    return arrays


def damaged(path: Path, spec: DatasetSpec) -> DataDamaged:
    """Return the error that says that a result does not fit its data set."""
    bundled = FOLDER in path.parents
    restore = "Restore it with 'git restore assets/analysis', or run" if bundled else "Run"
    return DataDamaged(
        f"The file {path.name} in {path.parent} is damaged or belongs to other data. {restore} "
        f"'{command(spec, path.stem)}'."
    )
