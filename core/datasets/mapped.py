"""Images that are mapped from files instead of read: in memory once for all processes, if at all.

A data set that comes packed is unpacked once into ``Settings.cache``, by whichever process needs it
first, into a folder for each split:

| file | what |
| --- | --- |
| ``images.npy`` | uint8 (n, height, width, channels) |
| ``labels.npy`` | int64 (n,) |
| ``made.json`` | size and SHA-256 of both |

A folder appears whole or not at all, nothing in it changes afterwards, and its name tells which
source files it was made of: path, size and time of change. Each process checks both files before it
maps them. Where a folder cannot be written (a full or read-only disk) or is damaged and cannot be
replaced (Windows keeps what is mapped), images are read into memory, as if there were no cache.
"""

import contextlib
import hashlib
import mmap
import os
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.datasets.spec import Split
from core.files import open_regular, read_json, unload, when_free, write_json
from core.settings import settings

FORMAT = 1  # counted up when what is in a folder changes
ROOM = 500_000_000  # bytes that stay free on the disk beside a new folder
OLD = 86_400.0  # seconds; folders of other source files, and what nobody finished, are removed then

_NEW = ".new-"
_FILES: dict[str, np.dtype[Any]] = {"images": np.dtype(np.uint8), "labels": np.dtype(np.int64)}
_mappings: "weakref.WeakSet[mmap.mmap]" = weakref.WeakSet()
_listing = threading.Lock()  # of the former, which must not grow while somebody walks through it


def mapped(name: str, split: str, sources: Sequence[Path], read: Callable[[], Split]) -> Split:
    """Return a split with its images mapped, if need be after unpacking it.

    Args:
        name: of the data set.
        split: ``"train"`` or ``"test"``.
        sources: the files that ``read`` reads.
        read: reads and checks them; what it raises is raised here.
    """
    try:
        folder = settings().cache / f"{name}-{split}-{_key(sources)}"
    except OSError:  # a file is missing: ``read`` finds the words
        return read()
    found = _open(folder)
    if found is not None:
        return found
    unpacked = read()
    found = _open(folder)  # another process may have been faster
    if found is None:
        with contextlib.suppress(OSError):
            _keep(folder, unpacked)
            found = _open(folder)
    return found or unpacked


def map_array(file: IO[bytes]) -> np.ndarray:
    """Map the array in a ``.npy`` file, read-only; the file may be closed afterwards.

    Raises:
        OSError, ValueError: it cannot be mapped, or is no plain array in C order.
    """
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"version {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran or dtype.hasobject:
        raise ValueError("no plain array in C order")
    count, start = int(np.prod(shape, dtype=object)), file.tell()
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with _listing:
        _mappings.add(mapping)
    return np.frombuffer(mapping, dtype, count, start).reshape(shape)


def let_go() -> None:
    """Let the system take back the memory of all that is mapped; what is needed again comes back.

    For after a walk through all images of a split. What was looked at stays in the system's cache
    of files, as long as nothing else needs the memory, but no longer counts as this process's.
    """
    with _listing:
        mappings = list(_mappings)
    for mapping in mappings:
        with contextlib.suppress(OSError, ValueError):  # it is advice
            unload(mapping)


def _key(sources: Sequence[Path]) -> str:
    """Return what stands for the source files as they are now, in 16 characters."""
    seen: list[object] = [FORMAT]
    for path in sources:
        status = path.stat()
        seen += [str(path.resolve()), status.st_size, status.st_mtime_ns]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _open(folder: Path) -> Split | None:
    """Return what is in a folder; None if it is not there, or not what it was."""
    try:
        made = read_json(folder / "made.json")
        images, labels = (
            _checked(folder / f"{what}.npy", dtype, made[what]) for what, dtype in _FILES.items()
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if images.ndim != 4 or labels.shape != images.shape[:1]:
        return None
    return Split(images, np.array(labels))


def _checked(path: Path, dtype: np.dtype, made: dict[str, Any]) -> np.ndarray:
    """Map a file that is what ``made`` says.

    Raises:
        OSError, ValueError, KeyError, TypeError: it is not.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size != made["bytes"]:
            raise ValueError("another size")
        # Read and not mapped: what is only checked must not count as this process's memory.
        if hashlib.file_digest(file, "sha256").hexdigest() != made["sha256"]:
            raise ValueError("other bytes")
        file.seek(0)
        array = map_array(file)
    if array.dtype != dtype:
        raise ValueError("another type")
    return array


def _keep(folder: Path, split: Split) -> None:
    """Write a folder, unless another process has meanwhile; damaged ones are replaced.

    Raises:
        OSError: the disk refuses, or has no room.
    """
    cache = folder.parent
    cache.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    if shutil.disk_usage(cache).free < split.images.nbytes + ROOM:
        raise OSError("no room")
    making = cache / f"{_NEW}{secrets.token_hex(8)}"
    making.mkdir()
    try:
        made = {}
        for what in _FILES:
            path = making / f"{what}.npy"
            np.save(path, getattr(split, what), allow_pickle=False)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            made[what] = {"bytes": path.stat().st_size, "sha256": digest}
        write_json(making / "made.json", made, durable=False)
        with contextlib.suppress(OSError):  # it is there already, of another process
            when_free(lambda: making.rename(folder))
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _tidy(folder: Path) -> None:
    """Remove a damaged folder, old ones of the same split, and what nobody finished."""
    _remove(folder)
    same = folder.name.rpartition("-")[0] + "-"
    for each in list(folder.parent.iterdir()):
        with contextlib.suppress(OSError):
            if each.name.startswith((_NEW, same)) and time.time() - each.stat().st_mtime > OLD:
                _remove(each)


def _remove(folder: Path) -> None:
    """Remove a folder, whole or not at all: Windows keeps files that are mapped, but not others."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder.rename(folder.with_name(f"{_NEW}{secrets.token_hex(8)}")))
