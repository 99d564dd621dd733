"""A run's network, asked about very many images at once by a program that does nothing else.

Pages ask ``core.networks`` instead, which many visitors share. TensorFlow is imported when a
network is loaded.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from core.networks.engine import load_file
from core.networks.inside import look_inside
from core.networks.models import of_run
from core.runs import Run

BATCH = 250  # images; also how often progress is told

Report = Callable[[float], None]
"""Takes the share that is done, 0 to 1."""


class Network:
    """The loaded network of a run."""

    def __init__(self, run: Run) -> None:
        """Load it.

        Raises:
            ModelUnavailable: the run has no network, or its file is damaged.
        """
        model = of_run(run)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self._keras = load_file(model)
        self._shape = model.dataset.shape

    def probabilities(self, images: np.ndarray, report: Report | None = None) -> np.ndarray:
        """Return float32 (n, classes) for uint8 images (n, height, width, channels).

        Args:
            images: of the shape that the network was trained on.
            report: told the share done, if wanted.
        """
        return self._answers(self._keras, images, report)

    def features(self, images: np.ndarray, report: Report | None = None) -> np.ndarray:
        """Return what the last hidden layer makes of images: what the answer is read off.

        That is the input of the last dense layer, flattened: the units before it, or the average
        of each filter's map where the network ends in global average pooling. Of several branches
        side by side.

        Returns:
            float32 array of shape (n, features).
        """
        import keras

        inside = look_inside(self._keras).hidden
        return self._answers(keras.Model(inside.inputs, inside.outputs[1]), images, report)

    def _answers(self, model: Any, images: np.ndarray, report: Report | None) -> np.ndarray:
        import tensorflow as tf

        ask = tf.function(
            lambda pixels: model(pixels, training=False),
            input_signature=[tf.TensorSpec((None, *self._shape), tf.float32)],
        )
        answers = [np.zeros((0, *model.output_shape[1:]), np.float32)]
        if report is not None:
            report(0.0)  # loaded: the time that is left is counted from here
        for start in range(0, len(images), BATCH):
            answers.append(ask(images[start : start + BATCH].astype(np.float32)).numpy())
            if report is not None:
                report(min(1.0, (start + BATCH) / len(images)))
        return np.concatenate(answers)
