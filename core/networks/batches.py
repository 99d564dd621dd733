"""The one loop in which a network is asked about many images (TF when called).

Pages, tasks, the evaluation at the end of a training and the commands all come here. The sums of
loss and right answers while a network trains are another thing: ``core.training.steps``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

BATCH = 250  # images; also how often progress is told, and how soon a stop is noticed

Report = Callable[[float], None]
"""Takes the share that is done, 0 to 1: before each batch, and 1 after the last."""

Ask = Callable[[npt.NDArray[np.float32]], Sequence[Any]]
"""From pixels, float32 (n, height, width, channels), to one tensor (n, ...) an output."""


def in_batches(
    ask: Ask,
    images: npt.NDArray[np.uint8],
    report: Report | None = None,
    padded: Sequence[int] = (),
) -> list[npt.NDArray[np.float32]]:
    """Ask about images, a batch at a time, and return each output for all of them.

    Args:
        ask: answers one batch.
        images: uint8 (n, height, width, channels), n >= 1.
        report: told the share done; what it raises ends the loop.
        padded: sizes, ascending, to which what is left of a batch is padded with black images, so
            that a compiled network sees few shapes; () to show what is left as it is.

    Returns:
        float32 arrays (n, ...), one an output.
    """
    parts: list[list[npt.NDArray[np.float32]]] = []
    start = 0
    while start < len(images):
        if report is not None:
            report(start / len(images))
        count, size = _next(len(images) - start, padded)
        pixels = images[start : start + count].astype(np.float32)
        if size > count:
            pixels = np.concatenate([pixels, np.zeros((size - count, *pixels.shape[1:]), "f4")])
        parts.append([np.asarray(told)[:count] for told in ask(pixels)])
        start += count
    if report is not None:
        report(1.0)
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _next(left: int, padded: Sequence[int]) -> tuple[int, int]:
    """Return how many images come next, and how many are shown with the padding."""
    if left >= BATCH or not padded:
        return min(left, BATCH), min(left, BATCH)
    size = next((size for size in padded if size >= left), padded[-1])
    return min(left, size), size


def answers(
    model: Any, images: npt.NDArray[np.uint8], report: Report | None = None
) -> npt.NDArray[np.float32]:
    """Return what a Keras model answers to images: as it is used, without dropout.

    Args:
        model: with one output.
        images: as ``in_batches`` takes them.
        report: as there.
    """
    import tensorflow as tf

    asked = tf.function(lambda pixels: [model(pixels, training=False)], reduce_retracing=True)
    return in_batches(asked, images, report)[0]
