"""NumPy's ``.npy`` and ``.npz``, read without pickle.

Source: *NumPy enhancement proposal 1, a simple file format for NumPy arrays*.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.datasets.sources import archive, arrays
from core.datasets.sources.parts import MOST_CLASSES
from core.datasets.sources.pieces import BLOCK, Content, Desk, Format, Input, too_large
from core.datasets.sources.stream import MOST_BYTES, Stream
from core.errors import SourceRejected

MAGIC = b"\x93NUMPY"
MOST_HEADER = 10_000  # characters
CLASS_NAMES = "class_names.npy"  # in an ``.npz``: the names of the classes, in label order
_HEADER = re.compile(
    r"\{'descr': '([<>|=]?[a-zA-Z]\d{0,6})', 'fortran_order': (True|False), "
    r"'shape': \(([\dL, ]*)\),? ?\}\s*"
)


def knows(start: bytes, name: str) -> bool:
    """Tell whether a file is one of NumPy's; an ``.npz`` is a ZIP, and is known by its name."""
    return start.startswith(MAGIC) or (
        start.startswith(archive.SIGNATURE) and name.lower().endswith(".npz")
    )


def read(inputs: Sequence[Input], desk: Desk) -> Content:
    """Read arrays; raises SourceRejected as ``arrays.gather`` does, and for objects in them."""
    found: list[arrays.Array] = []
    listed: tuple[str, ...] = ()
    for each in inputs:
        if each.start().startswith(MAGIC):
            found += _array(each, "", each.name, desk)
            continue
        file = desk.seekable(each.stream())
        opened = desk.stack.enter_context(
            archive.opened(file, each.name, desk.folder, desk.leave_out)
        )
        for member in opened.members:
            inner = Input(
                f"{each.name}/{member.name}",
                lambda opened=opened, member=member: opened.open(member),  # type: ignore[misc]
                each.done,
                member.size,
            )
            if member.name == CLASS_NAMES:
                listed = _texts(_array(inner, member.name, each.name, desk))
            elif member.name.endswith(".npy"):
                found += _array(inner, member.name.removesuffix(".npy"), each.name, desk)
            else:
                desk.leave_out(inner.name, "it is no array")
    what = f"“{inputs[0].name}”" if len(inputs) == 1 else "These files"
    return replace(arrays.gather(found, desk, what), listed=listed)


def _texts(found: list[arrays.Array]) -> tuple[str, ...]:
    """Return the names in an array of texts; none if it is something else."""
    if not found or found[0].dtype.kind != "U" or len(found[0].shape) != 1:
        return ()
    return tuple(str(each) for each in found[0].whole()[: MOST_CLASSES + 1])


def _array(each: Input, name: str, file: str, desk: Desk) -> list[arrays.Array]:
    """Return the array of a file, or nothing if it cannot be one of images or labels."""
    stream = each.stream()
    shape, fortran, dtype = read_header(stream, each.name)
    if dtype.hasobject:
        raise SourceRejected(
            f"“{each.name}” holds Python objects, which are never opened as they can hold "
            "programs. Save numbers instead: numpy.savez(“data.npz”, "
            "images=images.astype(“uint8”), labels=labels.astype(“int64”))."
        )
    if dtype.kind not in "biufUS" or not shape or shape[0] == 0 or dtype.itemsize == 0:
        desk.leave_out(each.name, "it is no array of numbers")
        return []
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise too_large(each.name)
    if fortran and len(shape) > 1:
        whole = np.memmap(  # the last axis lies together: read by images it must be seekable
            desk.seekable(stream),
            dtype,
            "r",
            shape=shape,
            order="F",
        )

        def blocks() -> Iterator[np.ndarray]:
            many = arrays.item_count(shape, dtype.itemsize)
            for first in range(0, shape[0], many):
                yield np.ascontiguousarray(whole[first : first + many])

    else:

        def blocks() -> Iterator[np.ndarray]:
            again = each.stream()
            read_header(again, each.name)
            yield from _items(again, shape, dtype, each.name)

    return [arrays.Array(name, file, shape, dtype, blocks)]


def read_header(stream: Stream, name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, whether the columns come first, and type; NumPy's parser takes more than it."""
    start = stream.read(len(MAGIC) + 2)
    version = start[len(MAGIC)] if start.startswith(MAGIC) and len(start) == len(MAGIC) + 2 else 0
    wide = 2 if version == 1 else 4
    size = int.from_bytes(stream.read(wide), "little") if 1 <= version <= 3 else MOST_HEADER + 1
    text = stream.read(min(size, MOST_HEADER)).decode("latin-1")
    match = _HEADER.fullmatch(text)
    try:
        if match is not None and size == len(text):
            kind = np.dtype(match[1])
            shape = tuple(int(each) for each in re.findall(r"\d{1,12}", match[3]))
            return shape, match[2] == "True", kind
    except TypeError:
        pass
    if size <= MOST_HEADER and "'descr': [" in text:  # named columns, which may hold anything
        return (), False, np.dtype("V1")
    raise SourceRejected(
        f"“{name}” is no array of NumPy that can be read, or it is cut off. Save it again with "
        "numpy.save or numpy.savez."
    )


def _items(
    stream: Stream, shape: tuple[int, ...], dtype: np.dtype, name: str
) -> Iterator[np.ndarray]:
    size = math.prod(shape[1:]) * dtype.itemsize
    many = arrays.item_count(shape, dtype.itemsize)
    for first in range(0, shape[0], many):
        count = min(many, shape[0] - first)
        parts, missing = [], count * size
        while missing and (block := stream.read(min(missing, BLOCK))):
            parts.append(block)
            missing -= len(block)
        if missing:
            raise SourceRejected(f"“{name}” is cut off. Use the original file.")
        yield np.frombuffer(b"".join(parts), dtype).reshape(count, *shape[1:])


FORMAT = Format("NumPy (.npy, .npz)", knows, read)
