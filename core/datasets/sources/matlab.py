"""MATLAB's ``.mat`` up to version 7: EMNIST, SVHN and what people save themselves.

Read by SciPy, which holds a file's arrays in memory. Source: MathWorks, *MAT-file format*.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.datasets.sources import arrays
from core.datasets.sources.pieces import Content, Desk, Format, Input
from core.datasets.sources.stream import DAMAGE
from core.errors import SourceRejected

START = b"MATLAB 5.0 MAT-file"
NEW = b"MATLAB 7.3 MAT-file"
MOST_DEPTH, MOST_ARRAYS = 4, 64
_DAMAGE = (
    *DAMAGE,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    AssertionError,
)


def knows(start: bytes, name: str) -> bool:
    """Tell whether a file is one of MATLAB's."""
    return start.startswith((START, NEW))


def read(inputs: Sequence[Input], desk: Desk) -> Content:
    """Read arrays; raises SourceRejected as ``arrays.gather`` does."""
    import scipy.io

    found: list[arrays.Array] = []
    names: dict[int, str] = {}
    notes: list[str] = []
    emnist = False
    for each in inputs:
        if each.start().startswith(NEW):
            raise SourceRejected(
                f"“{each.name}” is a MATLAB file of version 7.3, which cannot be read here. Save "
                "it in MATLAB with save(“data.mat”, “-v7”), or in Python as .npz."
            )
        try:
            values = scipy.io.loadmat(desk.seekable(each.stream()))
        except _DAMAGE as error:
            raise SourceRejected(
                f"“{each.name}” is a damaged MATLAB file, or it is cut off. Use the original file."
            ) from error
        named = dict(_numbers(values, "", 0))
        svhn = "X" in named and named["X"].ndim == 4 and named["X"].shape[2] == 3
        for name, array in named.items():
            if name.endswith("mapping") and array.ndim == 2 and array.shape[1] >= 2:
                array = array[:1000].astype(np.int64)
                names |= {int(row[0]): chr(int(row[1])) for row in array if 32 < row[1] < 0x250}
                emnist = emnist or name == "dataset.mapping"
                continue
            if name.endswith("writers"):
                continue
            emnist = emnist or name == "dataset.train.images"
            if svhn and name == "X":
                array = np.moveaxis(array, 3, 0)
            elif svhn and name == "y" and array.max(initial=0) == 10:
                array = np.where(array == 10, 0, array)
                notes = ["The label 10 was taken for the digit 0, as SVHN means it."]
            found.append(_array(name, each.name, array))
    what = f"“{inputs[0].name}”" if len(inputs) == 1 else "These files"
    content = arrays.gather(found, desk, what, names, notes)
    return Content(content.pieces, content.classes, content.notes, transposed=emnist)


def _numbers(values: Any, path: str, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays of numbers in what SciPy read, with their paths."""
    if depth > MOST_DEPTH:
        return
    if isinstance(values, dict):
        for name, value in list(values.items())[:MOST_ARRAYS]:
            if not name.startswith("__"):
                yield from _numbers(value, name, depth + 1)
    elif isinstance(values, np.ndarray):
        if values.dtype.names and values.size == 1:
            for name in values.dtype.names[:MOST_ARRAYS]:
                yield from _numbers(values[name].flat[0], f"{path}.{name}", depth + 1)
        elif values.dtype.kind in "biuf" and values.ndim >= 2 and values.size:
            # A column or a row of numbers is a list of labels.
            yield path, values.reshape(-1) if 1 in values.shape and values.ndim == 2 else values


def _array(name: str, file: str, array: np.ndarray) -> arrays.Array:
    def blocks() -> Iterator[np.ndarray]:
        many = arrays.item_count(array.shape, array.dtype.itemsize)
        for first in range(0, array.shape[0], many):
            yield np.ascontiguousarray(array[first : first + many])

    return arrays.Array(name, file, array.shape, array.dtype, blocks)


FORMAT = Format("MATLAB (.mat)", knows, read)
