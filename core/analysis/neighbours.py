"""The images that are most like an image, pixel by pixel."""

import numpy as np

from core import runs
from core.analysis.statistics import blocks, flattened
from core.datasets import Split


def nearest(
    images: np.ndarray, query: np.ndarray, count: int, *, without: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest neighbours of one image by Euclidean distance on pixels.

    All images are compared, a small block at a time: 60,000 of 28 x 28 take some 30 ms and no
    memory worth mention.

    Args:
        images: uint8 (n, height, width, channels).
        query: uint8 (height, width, channels).
        count: how many are wanted; fewer come back if there are fewer.
        without: index of an image that does not count, such as the query itself.

    Returns:
        Their indices, int64 (count,), nearest first and the lower index first where two are equally
        near; and their distances, float32 (count,), as the root mean square of the differences of
        pixel values, 0 to 255.
    """
    if images.shape[1:] != query.shape:
        raise ValueError(f"a query of shape {query.shape} among images of {images.shape[1:]}")
    flat = flattened(images)
    point = query.reshape(-1).astype(np.float32)
    squares = np.empty(len(flat), np.float32)
    for part in blocks(len(flat)):
        block = flat[part].astype(np.float32)
        block -= point
        squares[part] = np.einsum("ij,ij->i", block, block)
    if without is not None:
        squares[without] = np.inf
    count = min(count, len(flat) - (without is not None))
    if count <= 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    # Whatever is as near as the last one wanted, so that equals are in order of their index.
    limit = np.partition(squares, count - 1)[count - 1]
    near = np.flatnonzero(squares <= limit)
    near = near[np.argsort(squares[near], kind="stable")][:count]
    return near, np.sqrt(squares[near] / flat.shape[1])


def learned_from(
    train: Split, image: np.ndarray, config: runs.TrainingConfig, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest of the training images that a run did not hold back.

    Args:
        train: the training split of the run's data set.
        image: uint8 (height, width, channels).
        config: of the run.
        count: how many are wanted; fewer come back if it learned from fewer.

    Returns:
        Indices and distances, as ``nearest``.
    """
    known = runs.learned(config)
    used = train.images[: known[-1] + 1]
    wanted = min(count, len(known))
    asked = count
    while True:
        near, distances = nearest(used, image, asked)
        learned = np.isin(near, known)
        if learned.sum() >= wanted:
            return near[learned][:wanted], distances[learned][:wanted]
        asked *= 4
