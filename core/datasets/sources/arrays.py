"""Named arrays, as NumPy's and MATLAB's files hold them: which are images, and which their labels.

Source of the names: Keras (``x_train``), MedMNIST (``train_images``), KMNIST (two files with
``arr_0``), Quick, Draw! (one file a class, without labels), EMNIST (``dataset.train.images``) and
SVHN (``X``, ``y``).
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets.sources.parts import EDGES, MOST_CLASSES, MOST_IMAGES
from core.datasets.sources.pieces import BLOCK, Content, Desk, Piece, name_labels, part_of
from core.errors import SourceRejected
from core.files import harmless

_LABELS = re.compile(r"label|target|class|(^|[^a-z])y([^a-z]|$)|ytrain|ytest|trainy|testy", re.I)
# What the name of a file of images is if it says no class.
_GENERAL = re.compile(
    r"(x|imgs?|images?|pictures?|data|dataset|arr|array|pixels?|features?|inputs?|train|training|"
    r"test|val|valid|validation|mnist|\d|[\W_])+",
    re.I,
)
MOST_LABEL_BYTES = 64_000_000


@dataclass(frozen=True)
class Array:
    """An array in a file.

    Attributes:
        name: in the file; empty if the file holds no other.
        file: name of the file.
        shape, dtype: of the array; the first axis counts the images.
        blocks: yields it from the beginning, some items of the first axis at a time.
    """

    name: str
    file: str
    shape: tuple[int, ...]
    dtype: np.dtype
    blocks: Callable[[], Iterator[np.ndarray]]

    @property
    def shown(self) -> str:
        """What to call it in a sentence."""
        return f"“{harmless(self.name)}” in “{self.file}”" if self.name else f"“{self.file}”"

    @property
    def part(self) -> str | None:
        """The part that its name, or else that of its file says."""
        return part_of(self.name) or part_of(self.file)

    @property
    def says_labels(self) -> bool:
        """Whether its name, or else that of its file, is one of labels."""
        return _LABELS.search(self.name or self.file) is not None or (
            self.name.startswith("arr_") and _LABELS.search(self.file) is not None
        )

    @property
    def is_images(self) -> bool:
        """Whether it can hold images."""
        return image_shape(self.shape) is not None and self.dtype.kind in "biuf"

    @property
    def is_labels(self) -> bool:
        """Whether it can hold labels."""
        if self.dtype.kind not in "biufUS":
            return False
        wide = len(self.shape) == 2 and self.shape[1] > 1
        return (
            len(self.shape) == 1
            or (len(self.shape) == 2 and not wide)
            or (wide and self.shape[1] <= MOST_CLASSES and self.says_labels)
        )

    def whole(self) -> np.ndarray:
        """Return all of it.

        Raises:
            SourceRejected: it is too large for labels.
        """
        if math.prod(self.shape) * self.dtype.itemsize > MOST_LABEL_BYTES:
            raise SourceRejected(f"{self.shown} is too large to hold labels.")
        blocks = list(self.blocks())
        return np.concatenate(blocks) if blocks else np.zeros(self.shape, self.dtype)


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return (height, width, channels) of the images in an array of this shape, None if of none."""
    low, high = EDGES
    if len(shape) == 2:  # a row an image
        for channels in (1, 3):
            edge = math.isqrt(shape[1] // channels)
            if edge * edge * channels == shape[1] and low <= edge <= high:
                return edge, edge, channels
        return None
    if len(shape) == 3:
        return shape[1], shape[2], 1
    if len(shape) == 4:
        if shape[3] in (1, 3):
            return shape[1], shape[2], shape[3]
        if shape[1] in (1, 3):
            return shape[2], shape[3], shape[1]
    return None


def gather(
    arrays: Sequence[Array],
    desk: Desk,
    what: str,
    names: dict[int, str] | None = None,
    notes: Sequence[str] = (),
) -> Content:
    """Make pieces of arrays: pair images with labels, part by part.

    Args:
        arrays: of one file or of several that belong together.
        desk: for what is left out.
        what: to call the files in a sentence.
        names: of labels that are numbers.
        notes: to be passed on.

    Raises:
        SourceRejected: there are no images, no labels, or they do not fit.
    """
    pairs: list[tuple[str, Array, Array]] = []
    alone: list[Array] = []
    used: set[int] = set()
    for part in dict.fromkeys(array.part for array in arrays):
        these = [array for array in arrays if array.part == part]
        labels = [array for array in these if array.is_labels]
        labels.sort(key=lambda array: not array.says_labels)
        for images in (array for array in these if array.is_images and not array.says_labels):
            fit = next((one for one in labels if one.shape[0] == images.shape[0]), None)
            if fit is None or id(fit) in used:
                alone.append(images)
                continue
            used |= {id(images), id(fit)}
            pairs.append((part or "all", images, fit))
    if not pairs:
        return _by_file(alone, what, notes)
    for array in arrays:
        if id(array) not in used:
            desk.leave_out(
                f"{array.name} in {array.file}" if array.name else array.file,
                "no labels belong to it" if array in alone else "it is neither images nor labels",
            )
    labels_of, classes = name_labels([_flat_labels(one) for _, _, one in pairs], what, names)
    pieces, said = [], list(notes)
    for (part, images, _), labels_ in zip(pairs, labels_of, strict=True):
        piece, note = _piece(part, images, labels_)
        pieces.append(piece)
        said += [note] if note and note not in said else []
    return Content(pieces, classes, tuple(said))


def _by_file(alone: list[Array], what: str, notes: Sequence[str]) -> Content:
    """Take each file for a class, as Quick, Draw! has them; the first images of each, if many."""
    files = list(dict.fromkeys(array.file for array in alone))
    named = len(alone) == 1 and not alone[0].name and not _GENERAL.fullmatch(_class_name(files[0]))
    if not alone:
        raise SourceRejected(
            f"{what} holds no array of images: it must have the shape (images, height, width), "
            "with 1 or 3 colours at the end if there are any, or one row for each image."
        )
    if (len(files) < 2 and not named) or len(alone) != len(files):
        raise SourceRejected(
            f"{what} holds images but no labels. Bring the file with the labels too, one number "
            "for each image; or several files, one for each class, as Quick, Draw! has them."
        )
    most = MOST_IMAGES // len(files)
    classes = tuple(_class_name(array.file) for array in alone)
    if len(set(classes)) < len(classes):
        classes = tuple(array.file for array in alone)
    said = [
        *notes,
        "Each file was taken for a class, which is named like the file."
        if len(files) > 1
        else f"{what} has no labels: it was taken for a class, which is named like the file.",
    ]
    if any(array.shape[0] > most for array in alone):
        said.append(f"Of each file the first {most:,} images were read.")
    pieces = []
    for label, array in enumerate(alone):
        count = min(most, array.shape[0])
        piece, note = _piece("all", array, np.full(count, label, np.int64))
        pieces.append(piece)
        said += [note] if note and note not in said else []
    return Content(pieces, classes, tuple(said))


def _class_name(file: str) -> str:
    stem = file.rpartition("/")[2].rpartition(".")[0] or file
    stem = stem.removeprefix("full_numpy_bitmap_").removeprefix("quickdraw_")
    return stem.removeprefix("full-numpy_bitmap-") or file


def _flat_labels(array: Array) -> np.ndarray:
    values = array.whole()
    if values.ndim == 2 and values.shape[1] > 1:
        if values.dtype.kind not in "biuf" or not (values.sum(axis=1) == 1).all():
            raise SourceRejected(
                f"{array.shown} has several labels for each image, and one is needed."
            )
        return np.asarray(values.argmax(axis=1))
    return values.reshape(-1)


def _piece(part: str, array: Array, labels: np.ndarray) -> tuple[Piece, str | None]:
    shape = image_shape(array.shape)
    assert shape is not None
    scale, note = _scale(array)
    planes = len(array.shape) == 4 and array.shape[3] not in (1, 3)

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        first = 0
        for block in array.blocks():
            chosen = labels[first : first + len(block)]
            images = block[: len(chosen)]
            images = images.transpose(0, 2, 3, 1) if planes else images
            if len(chosen):
                yield scale(images).reshape(-1, *shape), chosen
            first += len(block)
            if first >= len(labels):
                break

    return Piece(part, shape, len(labels), blocks, array.shown), note


def _scale(array: Array) -> tuple[Callable[[np.ndarray], np.ndarray], str | None]:
    """Return what makes bytes of the values, and a note if that changes them.

    Raises:
        SourceRejected: they are no values of pixels.
    """
    if array.dtype == np.uint8:
        return lambda block: block, None
    if array.dtype == np.bool_:
        return (
            lambda block: block.astype(np.uint8) * np.uint8(255),
            f"The values in {array.shown} are yes or no, and became 0 and 255.",
        )
    low, high = math.inf, -math.inf
    for block in array.blocks():
        if block.size:
            low, high = min(low, float(block.min())), max(high, float(block.max()))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SourceRejected(f"{array.shown} holds values that are no numbers, or no images.")
    if low >= 0 and high <= 1:
        return (
            lambda block: np.rint(block * 255.0).astype(np.uint8),
            f"The values in {array.shown} go from 0 to 1, and were multiplied by 255.",
        )
    if array.dtype.kind == "f" and low >= -1 and high <= 1:
        return (
            lambda block: np.rint((block + 1.0) * 127.5).astype(np.uint8),
            f"The values in {array.shown} go from -1 to 1, and were spread over 0 to 255.",
        )
    if low >= 0 and high <= 255:
        return lambda block: np.rint(block).astype(np.uint8), None
    if low >= 0 and high <= 65_535 and array.dtype.kind in "iu":
        return (
            lambda block: (block // 257).astype(np.uint8),
            f"The values in {array.shown} have 16 bits, and were reduced to 8.",
        )
    raise SourceRejected(
        f"The values in {array.shown} go from {low:g} to {high:g}, but pixels go from 0 to 255, "
        "0 to 1 or -1 to 1."
    )


def item_count(shape: tuple[int, ...], itemsize: int) -> int:
    """Return how many items of the first axis make a block."""
    return max(1, BLOCK // max(1, math.prod(shape[1:]) * itemsize))
