"""The network for pictures: Fashion-MNIST as people photograph and draw it (TF when called).

One network for photos, drawings and the plain images of the data set. It learns from Fashion-MNIST
and its ``variations``; from real photos and drawings too, where folders with them are named. What
is none of the ten classes is learned with a flat answer (outlier exposure, Hendrycks et al. 2019,
arXiv:1812.04606), so that a low probability means something.
"""

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import architectures, datasets
from core.datasets import Split
from core.files import write_json
from core.imaging.gate import open_picture
from core.imaging.prepare import Kind, Options, Prepared, Stage, prepare
from core.pretraining import variations
from core.pretraining.shared import Brought

if TYPE_CHECKING:
    import keras

DATASET = "fashion-mnist"
ARCHITECTURE = "atelier-cnn"
SEED = 1708_07747  # the data set's arXiv number
VALIDATION = 5000  # the last training images are only looked at
IMAGES = 1_600_000  # that training sees in all
BATCH = 128
EPOCH = 50_000  # images between two looks at the validation images
RATE, DECAY = 3e-3, 4e-3  # of AdamW, at its highest
WARM = 0.25  # share of the steps in which the learning rate rises
SMOOTHING = 0.05

NONE = -1  # the label of what is none of the classes


@dataclass(frozen=True)
class Pool:
    """Images that training draws from.

    Attributes:
        images: uint8 (n, 28, 28).
        labels: int64 (n,), ``NONE`` for what is none of the classes.
        weight: how often, relative to the other pools.
    """

    images: np.ndarray
    labels: np.ndarray
    weight: float


def pools(photos: list[Brought], sketches: list[Brought], tell: Callable[[str], None]) -> list[Pool]:
    """Make all that training draws from; takes minutes on two cores.

    Args:
        photos, sketches: real ones to learn from, none of which is held out; may be empty.
        tell: hears how far it is.
    """
    spec = datasets.find(DATASET)
    train = spec.load("train")
    plain, labels = train.images[:-VALIDATION, ..., 0], train.labels[:-VALIDATION].astype(int)
    made = [Pool(plain, labels, 0.34)]
    with ProcessPoolExecutor(max(1, os.cpu_count() or 1)) as workers:

        def vary(name: str, jobs: list[Any], weight: float, of: np.ndarray) -> None:
            tell(f"Making {name} ...")
            tasks = [(name, (SEED, len(made), place), job) for place, job in enumerate(jobs)]
            parts = list(workers.map(_vary, tasks, chunksize=4))
            count = [len(part) for part in parts]
            each = of if len(of) == sum(count) else np.repeat(of, count)
            made.append(Pool(np.concatenate(parts), each, weight))

        blocks = [plain[start : start + 500] for start in range(0, len(plain), 500)]
        real = bool(photos or sketches)
        vary("photos", blocks * 3, 0.27, np.tile(labels, 3))
        vary("drawings", blocks, 0.07 if sketches else 0.12, labels)
        vary("scribbles", [500] * 40, 0.04, np.full(40, NONE))
        if real:
            tell("Preparing the real pictures ...")
        for name, brought, kind, shares in (
            ("real photos", photos, Kind.PHOTO, (0.10, 0.02)),
            ("real drawings", sketches, Kind.SKETCH, (0.11, 0.06)),
        ):
            raw = list(workers.map(partial(_raw, kind=kind), [b.path for b in brought], chunksize=8))
            found = np.array([NONE if b.label is None else b.label for b in brought], int)
            for some, weight, times in zip((found != NONE, found == NONE), shares, (100, 40), strict=True):
                places = np.flatnonzero(some)
                if places.size:
                    vary(name, [(*raw[place], times) for place in places], weight, found[places])
    return made


def _vary(task: tuple[str, tuple[int, ...], Any]) -> np.ndarray:
    """Make the variations of one task, uint8 (n, 28, 28)."""
    import cv2

    cv2.setNumThreads(1)  # there is one such process a core
    name, seed, job = task
    rng = np.random.default_rng(seed)
    match name:
        case "photos":
            return np.stack([variations.as_photographed(image, rng) for image in job])
        case "drawings":
            return np.stack([variations.as_drawn(image, rng) for image in job])
        case "scribbles":
            return np.stack([variations.scribble(rng) for _ in range(job)])
        case "real photos":
            grey, mask, times = job
            return np.stack(
                [
                    variations.photographed(grey, mask, rng, cloth=rng.random() < 0.35)
                    for _ in range(times)
                ]
            )
        case _:
            lines, _, times = job
            return np.stack([variations.drawn(lines, rng) for _ in range(times)])


def prepared(path: Path, kind: Kind) -> Prepared:
    """Prepare a picture file for the network.

    Raises:
        ImageRejected: it cannot be read, or shows nothing.
    """
    return prepare(open_picture(path.read_bytes(), path.name).rgb, Options(kind))


def _raw(path: Path, kind: Kind) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a real picture half prepared: cut and in grey, with its mask if it is a photo."""
    import cv2

    ready = prepared(path, kind)
    stage = Stage.LINES if kind is Kind.SKETCH else Stage.NEGATE
    image = next(step.image for step in ready.steps if step.stage is stage)
    longest = variations.SHEET if kind is Kind.SKETCH else variations.LARGE
    scale = longest / max(image.shape)
    size = (max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale)))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if kind is Kind.SKETCH:
        return image, None
    height, width = ready.mask.shape
    left, top, right, bottom = ready.box
    inside = ready.mask[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width)
    ]
    return image, cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0


def train(
    made: list[Pool], images: int, seed: int, told: Callable[[dict[str, Any], "keras.Model"], None]
) -> "keras.Model":
    """Train the network and return it.

    Args:
        made: from ``pools``.
        images: that it sees in all, the same ones again and again.
        seed: of weights, order and dropout.
        told: hears after every ``EPOCH`` images: epoch, loss, accuracy and seconds.
    """
    import keras
    import tensorflow as tf

    from core.architectures.build import build

    spec = datasets.find(DATASET)
    model = build(architectures.find(ARCHITECTURE), spec.shape, len(spec.classes), seed)
    fast = knows_bfloat16()
    for layer in model.layers:
        if fast and isinstance(layer, keras.layers.Conv2D):
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    steps = max(4, images // BATCH)
    up = round(WARM * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        RATE / 15, steps - up, warmup_target=RATE, warmup_steps=up
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY)
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(pixels: Any, wanted: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            answers = tf.cast(model(pixels, training=True), tf.float32)
            loss = -tf.reduce_mean(tf.reduce_sum(wanted * tf.math.log(answers + 1e-7), axis=1))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        sure = tf.reduce_max(wanted, axis=1) > 0.5
        right = tf.equal(tf.argmax(answers, 1), tf.argmax(wanted, 1)) & sure
        counts = (tf.reduce_sum(tf.cast(each, tf.float32)) for each in (right, sure))
        return loss, tf.stack(list(counts))

    began, loss, right, epoch = time.monotonic(), 0.0, np.zeros(2), 0
    a_round = max(1, EPOCH // BATCH)
    for number, (pixels, wanted) in enumerate(_batches(made, len(spec.classes), steps, seed), 1):
        new_loss, counts = step(tf.constant(pixels, tf.float32), tf.constant(wanted))
        loss, right = loss + float(new_loss), right + counts.numpy()
        if number % a_round == 0 or number == steps:
            epoch += 1
            share = number - (epoch - 1) * a_round
            told(
                {
                    "epoch": epoch,
                    "loss": loss / share,
                    "accuracy": float(right[0] / max(1, right[1])),
                    "share": number / steps,
                    "seconds": time.monotonic() - began,
                },
                model,
            )
            loss, right = 0.0, np.zeros(2)
    for layer in model.layers:
        layer.dtype_policy = keras.DTypePolicy("float32")
    return model


def _batches(
    made: list[Pool], classes: int, steps: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pixels (n, 28, 28, 1) and wanted probabilities (n, classes), drawn by weight."""
    rng = np.random.default_rng(seed)
    weights = np.array([pool.weight for pool in made])
    weights /= weights.sum()
    for _ in range(steps):
        counts = rng.multinomial(BATCH, weights)
        images, labels = [], []
        for pool, count in zip(made, counts, strict=True):
            places = rng.integers(0, len(pool.images), count)
            images.append(pool.images[places])
            labels.append(pool.labels[places])
        pixels, label = np.concatenate(images), np.concatenate(labels)
        mirrored = rng.random(len(pixels)) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        known = label != NONE
        right = np.arange(classes) == label[:, None]
        smooth = np.where(right, 1 - SMOOTHING, 0.0) + SMOOTHING / classes
        yield pixels[..., None], np.where(known[:, None], smooth, 1 / classes).astype(np.float32)


def knows_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 numbers itself: then it is half as fast again."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
