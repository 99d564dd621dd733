"""The time machine: one slider moves all that is known of how a network learned."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from streamlit import runtime

from core.evaluation.learning import USEFUL
from core.runs.snapshots import Snapshot, Spread
from pages.widgets.gallery import sprite_sheet
from pages.widgets.shared import register

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
            "labels": _packed(followed.labels, "<u2"),
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
    confusion = snapshot.confusion
    kernels = snapshot.kernels
    scale = float(np.abs(kernels).max(initial=0)) or 1.0
    return {
        "epoch": snapshot.epoch,
        "answers": _packed(snapshot.answers, np.uint8),
        "right": _packed(confusion.diagonal(), "<u4"),
        "asked": _packed(confusion.sum(axis=1), "<u4"),
        "confusion": _packed(confusion, "<u4") if matrix else None,
        "kernels": {
            "shape": list(kernels.shape),
            "scale": scale,
            "values": _packed(np.round(kernels * (127 / scale)), np.int8),
        },
        "places": None
        if snapshot.places is None
        else _packed(np.round(snapshot.places * 127), np.int8),
        "layers": [
            {
                "weights": _spread(layer.weights),
                "activations": _spread(layer.activations),
                "gradients": _spread(layer.gradients),
                "change": layer.change,
                "silent": layer.silent,
            }
            for layer in snapshot.layers
        ],
    }


def _spread(spread: Spread | None) -> dict[str, object] | None:
    if spread is None:
        return None
    return {"low": spread.low, "high": spread.high, "counts": _packed(spread.counts, np.uint8)}


def _packed(values: npt.NDArray[np.generic], kind: npt.DTypeLike) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
