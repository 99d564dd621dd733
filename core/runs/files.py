"""The files of a run folder: how they are written, and what is left of those that were not."""

import lzma
import zipfile
import zlib

from core.files import (
    append_line,
    open_append,
    open_regular,
    read_json,
    remove_temporary,
    write_atomic,
    write_json,
)

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
