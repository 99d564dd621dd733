"""What of a data set goes into a file: which images, with which labels."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from core import datasets
from core.analysis.judgements import Judgement, Verdict, judgements_of
from core.classroom.closed import why_closed
from core.datasets import DatasetSpec
from core.errors import DataUnavailable, SettingsError


class Form(StrEnum):
    """What kind of file."""

    CSV = "csv"  # a line an image, as Kaggle has Fashion-MNIST
    FOLDERS = "folders"  # a PNG an image, in a folder a class
    NPZ = "npz"  # arrays of NumPy


class Wrong(StrEnum):
    """What becomes of the labels that the visitor called wrong."""

    KEPT = "kept"  # they stay as they are
    LEFT_OUT = "left-out"  # these images are left out
    CHANGED = "changed"  # they become the class that the image looks like


@dataclass(frozen=True)
class Wanted:
    """What somebody wants of a data set.

    Attributes:
        dataset: its name.
        form: of the file.
        images: so many training images, drawn evenly over the classes; None for all.
        seed: of this draw, 0 to 2**31 - 1.
        wrong: what becomes of labels that the visitor called wrong.

    Raises:
        SettingsError: a value cannot work.
    """

    dataset: str
    form: Form
    images: int | None = None
    seed: int = 0
    wrong: Wrong = Wrong.KEPT

    def __post_init__(self) -> None:
        """Check the values."""
        spec = datasets.find(self.dataset)
        most = spec.counts["train"] - spec.validation
        if self.images is not None and not 1 <= self.images <= most:
            raise SettingsError(
                f"Choose 1 to {most:,} training images; this data set has no more, and "
                f"{self.images:,} were asked for."
            )
        if not 0 <= self.seed < 2**31:
            raise SettingsError("The seed must be a whole number from 0 to 2147483647.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Wanted":
        """Return what ``to_dict`` gave."""
        form, wrong = Form(values["form"]), Wrong(values["wrong"])
        return cls(**{**values, "form": form, "wrong": wrong})


@dataclass(frozen=True)
class Chosen:
    """The images that are wanted, and all that is said about them.

    Attributes:
        spec: of the data set.
        rows: for each part that goes along (``"train"``, ``"validation"``, ``"test"``), the indices
            of its images in their split, ascending, int64 (n,).
        labels: theirs, int64 (n,), corrected where that is wanted.
        judgements: what the visitor judged of these images.
        closed: why the test images do not go along, or None.
    """

    spec: DatasetSpec
    rows: dict[str, npt.NDArray[np.int64]]
    labels: dict[str, npt.NDArray[np.int64]]
    judgements: list[Judgement]
    closed: str | None

    @staticmethod
    def split_of(part: str) -> str:
        """Return the split that a part is in: validation images are the end of the training's."""
        return "test" if part == "test" else "train"

    @property
    def count(self) -> int:
        """How many images there are."""
        return sum(map(len, self.rows.values()))


def choose(wanted: Wanted, visitor: str) -> Chosen:
    """Return the images that are wanted.

    Args:
        wanted: by whom may see this data set.
        visitor: whose judgements count; test images that are closed for them do not go along.

    Raises:
        DataUnavailable, DataDamaged: the data set cannot be read.
        SettingsError: nothing would be left.
    """
    spec = datasets.find(wanted.dataset)
    reason = spec.missing()
    if reason is not None:
        raise DataUnavailable(reason)
    closed = why_closed(visitor, spec.name)
    judged = judgements_of(visitor, spec)
    rows, labels = {}, {}
    for part, found in _parts(spec, with_test=closed is None).items():
        split = Chosen.split_of(part)
        own = spec.load(split).labels.copy()
        kept = np.ones(len(own), bool)
        for each in judged.values():
            if each.split == split and each.verdict is Verdict.WRONG:
                kept[each.index] = wanted.wrong is not Wrong.LEFT_OUT
                if wanted.wrong is Wrong.CHANGED:
                    own[each.index] = each.other
        found = found[kept[found]]
        if part == "train" and wanted.images is not None:
            found = _sample(found, own[found], wanted.images, wanted.seed)
        if len(found) or part == "train":
            rows[part], labels[part] = found, own[found]
    if not len(rows["train"]):
        raise SettingsError("No training image would be left. Ask for more.")
    there = {(Chosen.split_of(part), row) for part, some in rows.items() for row in some.tolist()}
    told = [each for key, each in sorted(judged.items()) if key in there]
    return Chosen(spec, rows, labels, told, closed)


def _parts(spec: DatasetSpec, *, with_test: bool) -> dict[str, npt.NDArray[np.int64]]:
    """Return the indices of the images of each part, in its split."""
    train, own = spec.counts["train"], spec.validation
    parts = {"train": np.arange(train - own)}
    if own:
        parts["validation"] = np.arange(train - own, train)
    if with_test:
        parts["test"] = np.arange(spec.counts["test"])
    return parts


def _sample(
    rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], count: int, seed: int
) -> npt.NDArray[np.int64]:
    """Draw so many rows, as evenly over the classes as the rows are; ascending."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(rows))
    # By how far each is in its class: the first of all classes, then the next ones, and so on.
    ranked = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels)
    ranks = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes[sizes > 0]])
    chosen = ranked[np.argsort(ranks, kind="stable")[:count]]
    found: npt.NDArray[np.int64] = np.sort(rows[chosen])
    return found
