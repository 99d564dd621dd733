"""What a reader fills: one part of a data set, as plain ``.npy`` files that grow as it reads."""

import struct
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType

import numpy as np

from core.errors import SourceRejected

MOST_CLASSES = 100
MOST_IMAGES = 200_000  # of a part; two packed files of 126 KB can unpack to millions
NAMES = ("all", "train", "validation", "test")  # of parts, in the order in which they are told
EDGES = (8, 64)  # px; smallest and largest height and width of an image
_HEADER = 128  # bytes; fixed, as it is written again when the number of images is known


def check_shape(shape: tuple[int, int, int], what: str) -> None:
    """Raise SourceRejected unless images are square, of fitting size, gray or in colour."""
    height, width, channels = shape
    if height != width or not EDGES[0] <= height <= EDGES[1] or channels not in (1, 3):
        raise SourceRejected(
            f"{what} has images of {height} × {width} × {channels}, but they must be square, "
            f"{EDGES[0]} to {EDGES[1]} pixels high, with 1 channel (grey) or 3 (colour)."
        )


def check_count(count: int) -> None:
    """Raise SourceRejected if a part has more images than can be taken in."""
    if count > MOST_IMAGES:
        raise SourceRejected(
            f"One part has more than {MOST_IMAGES:,} images, the most that can be read. Use fewer "
            "images."
        )


def used_as(names: Collection[str]) -> dict[str, str]:
    """Return the part that each part which files name is used as.

    What says nothing is for training if other parts do. A validation part is one if there is
    something to train on beside it, and a single part of whatever name is all there is.

    Args:
        names: some of ``NAMES``.
    """
    if len(set(names)) == 1 or {"all", "train"} <= set(names):
        return dict.fromkeys(names, "all")
    if "train" in names:
        return {name: name for name in names}
    first = "all" if "all" in names else "validation"
    return {name: "train" if name == first else name for name in names}


class Part:
    """Images and labels of one part, written as they come.

    Attributes:
        shape: (height, width, channels) of each image.
        counts: number of images by label.
        first: for each label, where it is found first, such as ``line 17 of “train.csv”``.
    """

    def __init__(
        self, folder: Path, name: str, shape: tuple[int, int, int], room: Callable[[int], None]
    ) -> None:
        """Begin the part ``name`` in ``folder``.

        Args:
            folder: exists.
            name: one of ``NAMES``.
            shape: of each image.
            room: is told how many bytes are to be written; raises SourceRejected if that is too
                much.
        """
        self.shape, self.name, self.first = shape, name, dict[int, str]()
        self.counts = np.zeros(256, np.int64)
        self._room = room
        self._images = (folder / f"{name}-images.npy").open("wb")
        self._labels = (folder / f"{name}-labels.npy").open("wb")
        self._write_headers()

    def append(self, images: np.ndarray, labels: np.ndarray, where: Callable[[int], str]) -> None:
        """Write some images and their labels.

        Args:
            images: uint8, (n, height * width * channels) or (n, height, width, channels).
            labels: integers of 0 to 255, (n,).
            where: says where the i-th of them is from.

        Raises:
            SourceRejected: they are too many, or there is no room for them.
        """
        check_count(len(self) + len(labels))
        self._room(images.nbytes + 8 * len(labels))
        counts = np.bincount(labels, minlength=256)
        for label in np.flatnonzero((counts > 0) & (self.counts == 0)).tolist():
            self.first[label] = where(int(np.argmax(labels == label)))
        self.counts += counts
        self._images.write(np.ascontiguousarray(images).data)
        self._labels.write(labels.astype("<i8").tobytes())

    def __len__(self) -> int:
        """Return the number of images so far."""
        return int(self.counts.sum())

    def __enter__(self) -> "Part":
        """Use the part until the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files; they are whole if all went well."""
        with self._images, self._labels:
            if kind is None:
                self._write_headers()

    def _write_headers(self) -> None:
        for file, kind, shape in (
            (self._images, "|u1", self.shape),
            (self._labels, "<i8", ()),
        ):
            file.seek(0)
            file.write(_header(kind, (len(self), *shape)))


def _header(kind: str, shape: tuple[int, ...]) -> bytes:
    """Return the header of an ``.npy`` file (NumPy enhancement proposal 1), 128 bytes."""
    text = repr({"descr": kind, "fortran_order": False, "shape": shape})
    return (
        b"\x93NUMPY\1\0"
        + struct.pack("<H", _HEADER - 10)
        + text.ljust(_HEADER - 11).encode()
        + b"\n"
    )
