"""What a server and the process that asks networks for it say to each other, as bytes.

A message is ``LENGTHS`` (two lengths), so many bytes of JSON, and so many bytes of arrays, one
after the other. Server to process: ``id``, ``do`` (a method of ``Network``), ``run``, ``shape`` of
the uint8 images that follow, and ``label`` for ``look``. Process to server: the same ``id`` with
``shapes`` of float32 arrays that follow and a ``word``, or with ``error`` (a class of
``core.errors``) and its ``sentence``. The process's first message has no id: it is ``ready``, with
the ``problem`` of the bundled model if it has one.
"""

import json
import math
import struct
from typing import IO, Any

import numpy as np

LENGTHS = struct.Struct(">II")
MOST_HEADER = 10_000  # bytes of JSON
MOST_BODY = 64_000_000  # bytes; a batch of the largest images that can be imported is less

Message = tuple[dict[str, Any], bytes]


def pack(header: dict[str, Any], *arrays: np.ndarray) -> bytes:
    """Return a message as bytes."""
    text, body = json.dumps(header).encode(), b"".join(each.tobytes() for each in arrays)
    return b"".join([LENGTHS.pack(len(text), len(body)), text, body])


def read(source: IO[bytes]) -> Message | None:
    """Return the next message, None at the end.

    Raises:
        ValueError: it is no message.
        OSError: the pipe broke.
    """
    start = _exactly(source, LENGTHS.size)
    if not start:
        return None
    length, rest = LENGTHS.unpack(start)
    if length > MOST_HEADER or rest > MOST_BODY:
        raise ValueError("too long")
    try:
        header = json.loads(_exactly(source, length))
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(header, dict):
        raise ValueError("no header")
    body = _exactly(source, rest)
    if len(body) < rest:
        raise ValueError("cut off")
    return header, body


def arrays(shapes: object, body: bytes, dtype: str) -> list[np.ndarray]:
    """Return arrays of these shapes that are all there is in ``body``.

    Raises:
        ValueError: they are not.
    """
    if not isinstance(shapes, list) or len(shapes) > 4:
        raise ValueError("no shapes")
    found, start, size = [], 0, np.dtype(dtype).itemsize
    for shape in shapes:
        if not isinstance(shape, list) or len(shape) > 4:
            raise ValueError("no shape")
        if not all(type(side) is int and side >= 0 for side in shape):
            raise ValueError("no shape")
        count = math.prod(shape)
        if start + count * size > len(body):
            raise ValueError("too few bytes")
        found.append(np.frombuffer(body, dtype, count, start).reshape(shape))
        start += count * size
    if start != len(body):
        raise ValueError("too many bytes")
    return found


def _exactly(source: IO[bytes], count: int) -> bytes:
    """Read so many bytes, or none at the end.

    Raises:
        ValueError: it ends in the middle.
    """
    found = bytearray()
    while len(found) < count:
        block = source.read(count - len(found))
        if not block:
            if found:
                raise ValueError("cut off")
            return b""
        found += block
    return bytes(found)
