"""From a picture to an answer: the one path for uploads, camera, drawings and the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import ImageRejected
from core.imaging.gate import MAX_BYTES, Picture, open_picture
from core.imaging.prepare import Options, Prepared, naive, prepare
from core.inference.engine import load
from core.inference.models import Model
from core.inference.rejection import unknown


@dataclass(frozen=True)
class Answer:
    """What a network says of one picture.

    Attributes:
        label: the most probable class, from 0.
        name: its name.
        probabilities: float32 array (classes,), sums to 1.
        unknown: 0 to 1, the higher the less likely the picture shows any of the classes.
        prepared: what the network was shown, and how it came about.
    """

    label: int
    name: str
    probabilities: np.ndarray
    unknown: float
    prepared: Prepared

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "label": self.label,
            "class": self.name,
            "probabilities": [round(float(value), 6) for value in self.probabilities],
            "kind": self.prepared.kind,
            "unknown": round(self.unknown, 6),
        }


def classify_picture(picture: Image.Image, model: Model, options: Options | None = None) -> Answer:
    """Prepare a picture that passed the gate for ``model``, and ask it.

    Raises:
        ImageRejected: there is nothing in the picture.
        ModelUnavailable: the model cannot be loaded.
    """
    height, width, channels = model.dataset.shape
    prepared = prepare(picture, options, height=height, width=width, channels=channels)
    return answer_of(prepared, model)


def answer_of(prepared: Prepared, model: Model) -> Answer:
    """Ask ``model`` about a picture that was prepared for it.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    probabilities = _probabilities(prepared.pixels, model)
    label = int(probabilities.argmax())
    return Answer(
        label,
        model.dataset.classes[label],
        probabilities,
        unknown(probabilities, prepared, model),
        prepared,
    )


def naive_answer(picture: Image.Image, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Return what most demos show the network, and its probabilities (classes,) for that.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    height, width, channels = model.dataset.shape
    pixels = naive(picture, height=height, width=width, channels=channels)
    return pixels, _probabilities(pixels, model)


def open_file(path: Path) -> Picture:
    """Read a picture file.

    Raises:
        ImageRejected: the file cannot be read, or is not a picture of use.
    """
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to see that a file is too large.
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise ImageRejected(
            f"{path.name} cannot be read ({reason}). Check the name and try again."
        ) from error
    return open_picture(data, path.name)


def classify_file(path: Path, model: Model, options: Options | None = None) -> Answer:
    """Classify a picture file.

    Raises:
        ImageRejected: the file cannot be read, or is not a picture of use.
        ModelUnavailable: the model cannot be loaded.
    """
    return classify_picture(open_file(path).rgb, model, options)


def _probabilities(pixels: np.ndarray, model: Model) -> np.ndarray:
    return load(model).probabilities(pixels.reshape(1, *model.dataset.shape))[0]
