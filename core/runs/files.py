"""The files of a run folder: how they are written, and what is left of those that were not."""

import lzma
import os
import zipfile
import zlib
from pathlib import Path

from core.files import (
    append_line,
    open_append,
    open_regular,
    read_json,
    write_atomic,
    write_json,
)
from core.processes.identity import start_time

__all__ = [
    "NPZ_ERRORS",
    "append_line",
    "open_append",
    "open_regular",
    "read_json",
    "remove_temporary",
    "write_atomic",
    "write_json",
]

# What reading a damaged ``.npz`` file, or one with other arrays in it, may raise.
NPZ_ERRORS = (
    OSError,
    ValueError,
    TypeError,  # one array instead of a set of them, or an array where one number should be
    KeyError,
    EOFError,
    MemoryError,  # a damaged header that promises terabytes
    RuntimeError,  # a damaged header that says "encrypted", or names an unknown compression
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


def remove_temporary(folder: Path) -> None:
    """Remove what ``write_atomic`` left in a folder whose writer was ended in the middle.

    What another living process writes just now, such as a page the owner's notes, stays.
    """
    for file in folder.glob(".[0-9]*-*"):
        number = file.name[1:].partition("-")[0]
        if number.isdecimal() and (int(number) == os.getpid() or start_time(int(number)) is None):
            file.unlink(missing_ok=True)
