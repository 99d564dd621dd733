"""Writing files so that a reader sees the old one or the new one, and never half of it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_atomic(path: Path, write: Callable[[Path], object], *, durable: bool = True) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    Args:
        path: the file to make or replace.
        write: gets the temporary path, which keeps the suffix of ``path``.
        durable: force the bytes to the disk first; not worth its time for what is rewritten soon.

    Raises:
        OSError: the disk refused; ``path`` is as it was.
    """
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        write(temporary)
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_temporary(folder: Path, pid: int) -> None:
    """Remove what ``write_atomic`` left when its process, ``pid``, was ended in the middle."""
    for file in folder.glob(f".{pid}-*"):
        file.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write ``value`` as JSON in one step; NaN and infinity become null, which JSON can hold."""
    text = json.dumps(_finite(value), indent=1)
    write_atomic(path, lambda file: _write_text(file, text), durable=durable)


def append_line(path: Path, value: Any) -> None:
    """Append ``value`` as one line of JSON, in one write."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_finite(value)) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
