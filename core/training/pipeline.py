"""Training images on their way to the network: split, order, augmentation.

Importing this module imports TensorFlow (TF).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from core.architectures.build import wants_one_hot
from core.architectures.recipe import Augmentation, ValidationFrom
from core.datasets import Split
from core.runs.config import TrainingConfig

VALIDATION_BATCH = 500


@dataclass(frozen=True)
class Parts:
    """The training split, divided; the test split has no part in it."""

    train: Split
    validation: Split


def divide(split: Split, config: TrainingConfig) -> Parts:
    """Divide the training split as the config says, the same way for the same config.

    A limit takes the first images, whose classes are as mixed as those of the whole split.
    """
    indices = np.arange(config.used)
    if config.recipe.validation_from is ValidationFrom.RANDOM:
        np.random.default_rng(config.seed).shuffle(indices)
    train, validation = np.split(indices, [config.training_count])
    return Parts(_take(split, train), _take(split, validation))


def training_batches(part: Split, config: TrainingConfig, classes: int) -> tf.data.Dataset:
    """Return one epoch of batches (float32 pixels 0 to 255, labels), shuffled anew each time."""
    recipe = config.recipe
    images, labels = _constants(part, config, classes)
    count = len(part)

    def gather(indices: Any) -> tuple[Any, Any]:
        batch = tf.cast(tf.gather(images, indices), tf.float32)
        if recipe.augmentation is not Augmentation.NONE:
            batch = augment(batch, recipe.augmentation)
        return batch, tf.gather(labels, indices)

    order = tf.data.Dataset.range(count).shuffle(
        count, seed=config.seed, reshuffle_each_iteration=True
    )
    # One batch after the other: two at a time would draw from the shared random generator in an
    # order that no seed decides.
    return order.batch(recipe.batch_size).map(gather).prefetch(8)


def validation_batches(part: Split, config: TrainingConfig, classes: int) -> tf.data.Dataset:
    """Return the images held back, in order, as batches (float32 pixels 0 to 255, labels)."""
    images, labels = _constants(part, config, classes)
    whole = tf.data.Dataset.from_tensor_slices((images, labels)).batch(VALIDATION_BATCH)
    return whole.map(lambda image, label: (tf.cast(image, tf.float32), label)).prefetch(2)


def augment(batch: Any, augmentation: Augmentation) -> Any:
    """Vary each image of a float32 batch (n, height, width, channels) at random.

    One projective transform does mirroring, moving, turning and scaling at once; what comes into
    view from outside is black for Fashion-MNIST's black background, and the edge's colour else.
    """
    shape = tf.shape(batch)
    count, height, width = shape[0], shape[1], shape[2]
    centre_x, centre_y = tf.cast(width - 1, tf.float32) / 2, tf.cast(height - 1, tf.float32) / 2

    def uniform(limit: float) -> Any:
        return tf.random.uniform([count], -limit, limit)

    mirror = tf.where(tf.random.uniform([count]) < 0.5, -1.0, 1.0)
    zero = tf.zeros([count])
    move_x, move_y, angle, scale = zero, zero, zero, tf.ones([count])
    if augmentation in (Augmentation.FLIP_SHIFT, Augmentation.AFFINE):
        # Whole pixels: a blur would be a second augmentation.
        move_x = tf.round(uniform(0.1) * tf.cast(width, tf.float32))
        move_y = tf.round(uniform(0.1) * tf.cast(height, tf.float32))
    smooth = augmentation is Augmentation.AFFINE
    if smooth:
        angle = uniform(math.radians(10))
        scale = 1 + uniform(0.1)
    # Output pixel (x, y) takes its value from input (a x + b y + c, d x + e y + f); the centre
    # stays where it is, then the image moves.
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    a, b, d, e = mirror * cosine, -mirror * sine, sine, cosine
    c = centre_x - a * centre_x - b * centre_y + move_x
    f = centre_y - d * centre_x - e * centre_y + move_y
    grey = batch.shape[-1] == 1
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=batch,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        output_shape=tf.stack([height, width]),
        interpolation="BILINEAR" if smooth else "NEAREST",
        fill_mode="CONSTANT" if grey else "NEAREST",
        fill_value=0.0,
    )


def _constants(part: Split, config: TrainingConfig, classes: int) -> tuple[Any, Any]:
    labels = tf.constant(part.labels)
    if wants_one_hot(config.recipe):
        labels = tf.one_hot(labels, classes)
    return tf.constant(part.images), labels


def _take(split: Split, indices: np.ndarray) -> Split:
    return Split(split.images[indices], split.labels[indices])
