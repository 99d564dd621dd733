"""Augmentation: training images varied on their way to the network.

Importing this module imports TensorFlow (TF).
"""

import math
from collections.abc import Collection
from typing import Any

import tensorflow as tf


def augment(batch: Any, flags: Collection[str], seed: Any) -> Any:
    """Vary each image at random; the same seed gives the same pictures.

    Mirroring, moving, turning and scaling are one projective transform; what comes into view from
    outside is black for Fashion-MNIST's black background, and the edge's colour else.

    Args:
        batch: float32 (n, height, width, channels), pixels of 0 to 255.
        flags: any of "flip", "shift", "rotation", "scale" and "erasing", see ``Augmentation``.
        seed: integer tensor (2,), and the one after it for the noise of erasing.
    """
    # One column for each random choice, drawn whether used or not: a choice does not depend on
    # which others are made.
    choices = tf.random.stateless_uniform([tf.shape(batch)[0], 10], seed)
    move, erase = choices[:, :5], choices[:, 5:]
    if flags and set(flags) <= {"flip", "erasing"}:
        if "flip" in flags:
            mirrored = tf.reshape(move[:, 0] < 0.5, [-1, 1, 1, 1])
            batch = tf.where(mirrored, tf.reverse(batch, [2]), batch)
    elif flags:
        batch = _transform(batch, flags, move)
    if "erasing" in flags:
        batch = _erase(batch, erase, seed + tf.constant([0, 1], seed.dtype))
    return batch


def _transform(batch: Any, flags: Collection[str], choices: Any) -> Any:
    """Mirror, move, turn and scale; ``choices`` are (n, 5) numbers from 0 to 1."""
    shape = tf.shape(batch)
    height, width = shape[1], shape[2]
    centre_x, centre_y = tf.cast(width - 1, tf.float32) / 2, tf.cast(height - 1, tf.float32) / 2
    zero = tf.zeros([shape[0]])

    def uniform(column: int, limit: float) -> Any:
        return (2 * choices[:, column] - 1) * limit

    mirror = tf.where(choices[:, 0] < 0.5, -1.0, 1.0) if "flip" in flags else zero + 1
    move_x, move_y = zero, zero
    if "shift" in flags:
        # Whole pixels: a blur would be a second augmentation.
        move_x = tf.round(uniform(1, 0.1) * tf.cast(width, tf.float32))
        move_y = tf.round(uniform(2, 0.1) * tf.cast(height, tf.float32))
    angle = uniform(3, math.radians(10)) if "rotation" in flags else zero
    scale = 1 + uniform(4, 0.1) if "scale" in flags else zero + 1
    # Output pixel (x, y) takes its value from input (a x + b y + c, d x + e y + f); the centre
    # stays where it is, then the image moves.
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    a, b, d, e = mirror * cosine, -mirror * sine, sine, cosine
    c = centre_x - a * centre_x - b * centre_y + move_x
    f = centre_y - d * centre_x - e * centre_y + move_y
    smooth = "rotation" in flags or "scale" in flags
    grey = batch.shape[-1] == 1
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=batch,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        output_shape=tf.stack([height, width]),
        interpolation="BILINEAR" if smooth else "NEAREST",
        fill_mode="CONSTANT" if grey else "NEAREST",
        fill_value=0.0,
    )


def _erase(batch: Any, choices: Any, seed: Any) -> Any:
    """Fill a rectangle of every second image with noise (random erasing, arXiv:1708.04896).

    Its area is 2 to 25 % of the image's (the paper's largest, 40 %, hides most of a small
    garment), its height 0.3 to 3.3 times its width. ``choices`` are (n, 5) numbers from 0 to 1.
    """
    area = 0.02 + 0.23 * choices[:, 1]
    aspect = tf.exp((2 * choices[:, 2] - 1) * math.log(1 / 0.3))

    def span(side: int, share: Any, place: Any) -> Any:
        """Return which of ``side`` rows or columns lie in the rectangle, (n, side)."""
        length = tf.maximum(1.0, tf.round(tf.minimum(share, 1.0) * side))
        # The numbers end below 1, so that each start from 0 to side - length is as likely.
        start = tf.floor(place * (side - length + 1))
        ahead = tf.range(side, dtype=tf.float32) - start[:, None]
        return (ahead >= 0) & (ahead < length[:, None])

    rows = span(batch.shape[1], tf.sqrt(area * aspect), choices[:, 3])
    columns = span(batch.shape[2], tf.sqrt(area / aspect), choices[:, 4])
    rows &= choices[:, :1] < 0.5
    inside = rows[:, :, None, None] & columns[:, None, :, None]
    noise = tf.random.stateless_uniform(tf.shape(batch), seed, 0.0, 255.0)
    return tf.where(inside, noise, batch)
