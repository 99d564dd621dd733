"""What a data set is to Atelier."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import DataDamaged, SettingsError

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Split:
    """One split of a data set, read-only.

    Attributes:
        images: uint8 array of shape (n, height, width, channels), values 0 to 255.
        labels: int64 array of shape (n,), values 0 to classes - 1.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        """Freeze the arrays: every visitor of the server shares them."""
        self.images.flags.writeable = False
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)


LIGHT = 160  # level; a ground above it is light


@dataclass(frozen=True)
class DatasetSpec:
    """A registered data set.

    Attributes:
        name: what the URL, the command line and run folders call it.
        title: what people call it.
        classes: class names in label order.
        shape: (height, width, channels) of one image.
        counts: number of images of each split.
        credit: authors, source and licence in one line.
        read: reads one split from disk; may raise DataUnavailable or DataDamaged.
        missing: returns why the data cannot be read now, as a sentence, or None; takes no time.
        kin: of an imported data set, the built-in one whose networks and recipes suit it; else
            empty.
        cites: keys of the publications that describe it, see ``core.export.references``.
        validation: number of images of the validation part that the data set came with: the last
            ones of the training split, and counted there; 0 if it has none.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    counts: dict[str, int]
    credit: str
    read: Callable[[str], Split]
    missing: Callable[[], str | None]
    kin: str = ""
    cites: tuple[str, ...] = ()
    validation: int = 0
    _loaded: dict[str, Split] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def load(self, split: str) -> Split:
        """Return one split, read at the first call; see ``core.datasets.load``."""
        if split not in SPLITS:
            raise SettingsError(f"There is no split {split[:60]!r}: it is 'train' or 'test'.")
        with self._lock:
            if split not in self._loaded:
                self._loaded[split] = self._checked(split, self.read(split))
            return self._loaded[split]

    @property
    def frame(self) -> dict[str, Any]:
        """What ``core.imaging.prepare.prepare`` must know to make pictures into its images.

        Raises:
            DataUnavailable, DataDamaged: as of ``light``.
        """
        height, width, channels = self.shape
        return {"height": height, "width": width, "channels": channels, "light": self.light}

    @property
    def light(self) -> bool:
        """Whether it is a grey data set on a light ground, such as drawings on paper.

        The built-in ones are not. Of an imported one it is looked up at the images' edges.

        Raises:
            DataUnavailable, DataDamaged: the images cannot be read.
        """
        if not self.kin or self.shape[2] != 1 or self.missing() is not None:
            return False
        images = self.load("train").images[:500]
        edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
        return bool(np.median(np.concatenate([each.ravel() for each in edges])) > LIGHT)

    @property
    def counts_words(self) -> str:
        """How many images each part has: "9,000 training, 1,000 validation and 500 test images"."""
        train, own = self.counts["train"] - self.validation, self.validation
        return (
            f"{train:,} training{f', {own:,} validation' if own else ''} and "
            f"{self.counts['test']:,} test images"
        )

    def is_loaded(self, split: str) -> bool:
        """Tell whether ``load(split)`` would answer from memory."""
        return split in self._loaded

    def _checked(self, name: str, split: Split) -> Split:
        expected = (self.counts[name], *self.shape)
        if split.images.shape != expected or split.labels.shape != expected[:1]:
            raise DataDamaged(
                f"{self.title}: the {name} split has shape {split.images.shape} where {expected} "
                "is expected. Put the original files back."
            )
        if int(split.labels.max(initial=0)) >= len(self.classes):
            raise DataDamaged(
                f"{self.title}: a {name} label is {int(split.labels.max())}, but the classes end "
                f"at {len(self.classes) - 1}. Put the original files back."
            )
        return split
