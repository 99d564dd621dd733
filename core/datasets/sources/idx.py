"""IDX, the format of MNIST and its successors: a header with the sizes, then plain bytes.

Two zero bytes, the type (8: unsigned bytes), the number of dimensions, then each size as a
big-endian 32-bit integer. Source: LeCun, Cortes and Burges, *The MNIST database*.
"""

import math
import struct
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from core.errors import SourceRejected

MAGIC = b"\0\0\x08"  # and the number of dimensions
BLOCK = 1 << 20  # bytes; about as much is read at a time


_TYPES = (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)  # that the format knows; only the first is read


class Readable(Protocol):
    """What is read from: a file, open for bytes, or something that is like one."""

    def read(self, count: int, /) -> bytes:
        """Return up to ``count`` further bytes, none at the end."""


def is_idx(start: bytes) -> bool:
    """Tell from its first four bytes whether a file is IDX, of whatever type."""
    return len(start) == 4 and start[:2] == MAGIC[:2] and start[2] in _TYPES and 1 <= start[3] <= 4


def read_sizes(stream: Readable, name: str) -> tuple[int, ...]:
    """Read the header and return the size of each dimension, the number of items first.

    Args:
        stream: at its beginning.
        name: what to call the file in a sentence.

    Raises:
        SourceRejected: it is no IDX header, or not one of unsigned bytes.
    """
    head = _read(stream, 4, name)
    if not is_idx(head):
        raise SourceRejected(f"“{name}” is not an IDX file: it does not begin like one.")
    if head[2] != MAGIC[2]:
        raise SourceRejected(
            f"“{name}” is an IDX file of another type than unsigned bytes. Save it as bytes of 0 "
            "to 255."
        )
    return struct.unpack(f">{head[3]}I", _read(stream, 4 * head[3], name))


def read_items(
    stream: Readable, sizes: tuple[int, ...], name: str
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the items after the header in blocks of about a megabyte, and check the length.

    Yields:
        The index of a block's first item, and uint8 (n, *sizes[1:]).

    Raises:
        SourceRejected: the file is shorter or longer than its header says.
    """
    item = math.prod(sizes[1:])
    many = max(1, BLOCK // max(1, item))
    for first in range(0, sizes[0], many):
        count = min(many, sizes[0] - first)
        content = _read(stream, count * item, name, first * item)
        yield first, np.frombuffer(content, np.uint8).reshape(count, *sizes[1:])
    if stream.read(1):
        raise SourceRejected(
            f"“{name}” is longer than its header says ({sizes[0]:,} items). Use the original file."
        )


def _read(stream: Readable, count: int, name: str, before: int | None = None) -> bytes:
    """Return exactly ``count`` bytes; ``before`` are the data bytes read so far, if any."""
    parts = []
    while count and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    if count:
        read = sum(map(len, parts))
        where = "in its header" if before is None else f"after {before + read:,} bytes of data"
        raise SourceRejected(f"“{name}” ends {where}: it is cut off. Use the original file.")
    return b"".join(parts)
