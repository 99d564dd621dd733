"""The time machine: one slider moves all that is known of how a network learned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from streamlit import runtime

from core.evaluation.learning import USEFUL
from core.runs.snapshots import Snapshot, line_of
from pages.widgets.gallery import sprite_sheet
from pages.widgets.shared import packed, register

MOST_CLASSES = 50  # that a matrix of a few hundred pixels can show

_TIME_MACHINE = register(__file__, "time_machine", uses=("address", "theme", "arrow_keys"))


@dataclass(frozen=True)
class Followed:
    """The images that are followed from record to record.

    Attributes:
        images: uint8 (n, height, width) or (n, height, width, 3).
        labels: int (n,), their classes.
        sheet: ``sprite_sheet(images)``.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    sheet: bytes

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> "Followed":
        """Return images with their sheet."""
        return cls(images, labels, sprite_sheet(images))


def time_machine(
    snapshots: Sequence[Snapshot],
    told: Sequence[Sequence[str]],
    followed: Followed,
    *,
    classes: Sequence[str],
    layers: Sequence[str],
    epochs: int,
    key: str,
) -> None:
    """Draw it.

    Call it again with more records and it goes on: the slider follows the newest one if it stood
    at the last.

    Args:
        snapshots: at least one.
        told: for each of them, sentences about its layers.
        followed: the images that their answers are of.
        classes: the names of the classes.
        layers: what the layers are called.
        epochs: planned, or done where the run has ended.
        key: the element's key. Keep it while the run goes on.
    """
    height, width = followed.images.shape[1:3]
    _TIME_MACHINE(
        key=key,
        data={
            "moments": [
                {**_moment(each, matrix=len(classes) <= MOST_CLASSES), "told": list(sentences)}
                for each, sentences in zip(snapshots, told, strict=True)
            ],
            "labels": packed(followed.labels, "<u2"),
            "sheet": runtime.get_instance().media_file_mgr.add(
                followed.sheet, "image/webp", f"probes-{key}"
            ),
            "height": height,
            "width": width,
            "classes": list(classes),
            "layers": list(layers),
            "epochs": epochs,
            "useful": list(USEFUL),
        },
    )


def _moment(snapshot: Snapshot, *, matrix: bool) -> dict[str, object]:
    """Return a record as the browser reads it: not compressed, and with the sums of its matrix."""
    confusion = snapshot.confusion
    line = line_of(snapshot, packed)
    sums = {
        "right": packed(confusion.diagonal(), "<u4"),
        "asked": packed(confusion.sum(axis=1), "<u4"),
    }
    return line | sums | ({} if matrix else {"confusion": None})
