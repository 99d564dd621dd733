"""CIFAR-10 and CIFAR-100 as their authors give them: batches in the Python or the binary version.

A batch of the Python version is a pickle, which is read by an unpickler that builds nothing but
arrays and plain values (``core.datasets.cifar10.ArraysOnly``).

Source: Krizhevsky (2009), *Learning Multiple Layers of Features from Tiny Images*.
"""

import io
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np

from core.datasets.cifar10 import DAMAGE, SHAPE, SPEC, ArraysOnly
from core.datasets.sources.pieces import Content, Desk, Format, Input, Piece, name_labels
from core.datasets.sources.stream import Stream
from core.errors import SourceRejected

PIXELS = 3072
MOST_BYTES = 200_000_000  # the largest, CIFAR-100 for training, has 155 MB
BLOCK = 1000  # images
READ = 1 << 16  # bytes
_BATCH = re.compile(r"(data_batch_\d|test_batch|batches\.meta|train|test|meta)", re.I)
_BINARY = re.compile(r"(data_batch_\d|test_batch|train|test)\.bin", re.I)
_TEXT = re.compile(r"(batches\.meta|fine_label_names|coarse_label_names)\.txt|readme\.html", re.I)


def knows(start: bytes, name: str) -> bool:
    """Tell by its name whether a file is a batch, and by its start whether it can be one."""
    last = name.rpartition("/")[2]
    return bool(
        (_BATCH.fullmatch(last) and start.startswith(b"\x80"))
        or (_BINARY.fullmatch(last) and start)
        or _TEXT.fullmatch(last)
    )


def read(inputs: Sequence[Input], desk: Desk) -> Content:
    """Read batches.

    Raises:
        SourceRejected: a file is no batch.
    """
    batches: list[tuple[Input, IO[bytes], np.ndarray]] = []

    def keep(each: Input, pixels: np.ndarray, labels: np.ndarray) -> None:
        file = desk.temporary()  # all of them in memory would be as much as the result
        file.write(np.ascontiguousarray(pixels).data)
        batches.append((each, file, labels))

    names: list[str] = []
    for each in sorted(inputs, key=lambda one: one.name):
        last = each.name.rpartition("/")[2].lower()
        if last.endswith(".txt"):
            if not last.startswith("coarse"):
                names = each.stream().read(10_000).decode("utf-8", "replace").split()
        elif last.endswith(".bin"):
            keep(each, *_binary(each))
        elif each.start().startswith(b"\x80"):
            batch = _unpickled(each)
            listed = batch.get(b"fine_label_names", batch.get(b"label_names"))
            if isinstance(listed, list):
                names = [
                    n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in listed
                ]
            else:
                keep(each, *_arrays(each, batch))
    if not batches:
        raise SourceRejected("There is no batch of images among these files.")
    labels, classes = name_labels([labels for _, _, labels in batches], "These files")
    highest = max(int(each.max(initial=0)) for each in labels)
    if not classes and highest < len(names) <= 100:
        classes = tuple(names)
    elif not classes and highest < 10:
        classes = SPEC.classes
    pieces = [
        _piece(each, pixels, known)
        for (each, pixels, _), known in zip(batches, labels, strict=True)
    ]
    return Content(pieces, classes)


def _piece(each: Input, pixels: IO[bytes], labels: np.ndarray) -> Piece:
    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        pixels.seek(0)
        for first in range(0, len(labels), BLOCK):
            planes = np.frombuffer(pixels.read(BLOCK * PIXELS), np.uint8).reshape(-1, 3, 1024)
            images = np.empty((len(planes), 1024, 3), np.uint8)
            for channel in range(3):  # several times faster than one transposition
                images[:, :, channel] = planes[:, channel]
            yield images.reshape(-1, *SHAPE), labels[first : first + BLOCK]

    return Piece(each.part or "train", SHAPE, len(labels), blocks, f"“{each.name}”")


def _binary(each: Input) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (n, 3072) and labels (n,): one byte before an image, or two in CIFAR-100."""
    hundred = each.name.rpartition("/")[2].lower() in ("train.bin", "test.bin")
    record = PIXELS + (2 if hundred else 1)
    content = each.stream().read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES or not content or len(content) % record:
        raise _damaged(each)
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    return records[:, -PIXELS:], records[:, record - PIXELS - 1].astype(np.int64)


class _Raw(io.RawIOBase):
    """A stream as the unpickler wants it, so that the batch is not in memory twice."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _unpickled(each: Input) -> dict[Any, Any]:
    file = io.BufferedReader(_Raw(each.stream()), READ)
    try:
        batch = ArraysOnly(file, encoding="bytes").load()
    except DAMAGE as error:
        raise _damaged(each) from error
    if not isinstance(batch, dict):
        raise _damaged(each)
    return batch


def _arrays(each: Input, batch: dict[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    labels = batch.get(b"fine_labels", batch.get(b"labels"))
    try:
        pixels = np.asarray(batch[b"data"])
        if pixels.dtype != np.uint8 or not isinstance(labels, list | np.ndarray):
            raise ValueError
        known = np.asarray(labels, np.int64).reshape(-1)
        return pixels.reshape(len(known), PIXELS), known
    except DAMAGE as error:
        raise _damaged(each) from error


def _damaged(each: Input) -> SourceRejected:
    return SourceRejected(
        f"“{each.name}” is not a batch of CIFAR-10 or CIFAR-100, or it is damaged. Use the "
        "original files."
    )


FORMAT = Format("CIFAR batches", knows, read)
