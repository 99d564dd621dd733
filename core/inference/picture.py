"""From a picture to an answer: the one path for uploads, camera, drawings and the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import ImageRejected
from core.imaging.gate import MAX_BYTES, open_picture
from core.imaging.prepare import Prepared, prepare
from core.inference.engine import load
from core.inference.models import Model


@dataclass(frozen=True)
class Answer:
    """What a network says of one picture.

    Attributes:
        label: the most probable class, from 0.
        name: its name.
        probabilities: float32 array (classes,), sums to 1.
        prepared: what the network was shown, and how it came about.
    """

    label: int
    name: str
    probabilities: np.ndarray
    prepared: Prepared

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "label": self.label,
            "class": self.name,
            "probabilities": [round(float(value), 6) for value in self.probabilities],
        }


def classify_picture(picture: Image.Image, model: Model) -> Answer:
    """Prepare a picture that passed the gate for ``model``, and ask it.

    Raises:
        ImageRejected: there is nothing in the picture.
        ModelUnavailable: the model cannot be loaded.
    """
    height, width, channels = model.dataset.shape
    prepared = prepare(picture, height=height, width=width, channels=channels)
    pixels = prepared.pixels.reshape(1, height, width, channels)
    probabilities = load(model).probabilities(pixels)[0]
    label = int(probabilities.argmax())
    return Answer(label, model.dataset.classes[label], probabilities, prepared)


def classify_file(path: Path, model: Model) -> Answer:
    """Classify a picture file.

    Raises:
        ImageRejected: the file cannot be read, or is not a picture of use.
        ModelUnavailable: the model cannot be loaded.
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
    return classify_picture(open_picture(data, path.name).rgb, model)
