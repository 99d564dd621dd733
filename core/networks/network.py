"""One trained network: load it, ask it in batches, look inside (TF when one is loaded)."""

import os
import threading
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ModelUnavailable
from core.networks import gaze
from core.networks.batches import Report, in_batches
from core.networks.inside import look_inside
from core.networks.models import Model, unusable
from core.networks.unfinished import from_checkpoint

# What is fewer than a batch is padded to one of these: each size is compiled once.
SIZES = (1, 8, 64)

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class Network:
    """A loaded network; asking it is safe from any thread.

    Attributes:
        model: which it is.
        inside: what it works out on the way; hold ``lock`` while asking that, as ``look`` does.
    """

    def __init__(self, model: Model) -> None:
        """Load the file; what is compiled is compiled when it is first asked for.

        Raises:
            ModelUnavailable: the file is missing or damaged.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow starts
        self.model = model
        self.inside = look_inside(load_file(model))
        self.lock = threading.Lock()
        import tensorflow as tf

        self._answer = tf.function(
            lambda pixels: self.inside.hidden(pixels, training=False), reduce_retracing=True
        )

    def probabilities(self, images: Images, report: Report | None = None) -> Floats:
        """Return float32 probabilities (n, classes) for uint8 images (n, height, width, channels).

        Args:
            images: of the shape that the network was trained on.
            report: told the share done, if wanted.

        Raises:
            ValueError: the images are of another shape.
        """
        return self._asked(images, report, slice(0, 1))[0]

    def features(self, images: Images, report: Report | None = None) -> Floats:
        """Return what the last hidden layer makes of images: what the answer is read off.

        That is the input of the last dense layer, flattened: the units before it, or the average
        of each filter's map where the network ends in global average pooling. Of several branches
        side by side.

        Returns:
            float32 array of shape (n, features).

        Raises:
            ValueError: the images are of another shape.
        """
        return self._asked(images, report, slice(1, 2))[0]

    def ask(self, images: Images) -> tuple[Floats, Floats]:
        """Return both, ``probabilities`` and ``features``, for one asking.

        Raises:
            ValueError: the images are of another shape.
        """
        probabilities, features = self._asked(images, None, slice(0, 2))
        return probabilities, features

    def look(self, image: Images, label: int) -> tuple[Floats, str]:
        """Return where the network looked when it thought of a class; see ``gaze.look``.

        Args:
            image: uint8 (1, height, width, channels).
            label: the class.

        Raises:
            ValueError: the image is of another shape, or there is no such class.
        """
        self._check(image)
        if len(image) != 1 or not 0 <= label < len(self.model.dataset.classes):
            raise ValueError(f"one image and one class, got {len(image)} and class {label}")
        with self.lock:
            return gaze.look(self.inside, image.astype(np.float32), label)

    def _check(self, images: Images) -> None:
        if images.shape[1:] != self.model.dataset.shape:
            raise ValueError(f"images of {self.model.dataset.shape}, got {images.shape[1:]}")

    def _asked(self, images: Images, report: Report | None, wanted: slice) -> list[Floats]:
        self._check(images)
        if not len(images):
            widths = [shape[1] for shape in self.inside.hidden.output_shape]
            return [np.zeros((0, width), np.float32) for width in widths[wanted]]

        def ask(pixels: Floats) -> list[Any]:
            with self.lock:
                return list(self._answer(pixels)[wanted])

        return in_batches(ask, images, report, SIZES)


def load_file(model: Model) -> Any:
    """Return the Keras model in a file.

    Raises:
        ModelUnavailable: the file is missing or damaged.
    """
    import keras

    if model.path.suffix == ".npz":
        return from_checkpoint(model.path, model.run)
    try:
        # Only files that this app wrote come here, and even they may hold no code.
        return keras.models.load_model(model.path, compile=False, safe_mode=True)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ModelUnavailable(unusable(model.run, "cannot be read")) from error
