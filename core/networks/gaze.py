"""Where a network looked: its answer followed back to feature maps or pixels (TF when called).

What the methods are says ``core.classify.explain``.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.networks.inside import Inside

METHODS = ("grad-cam", "layer-cam", "gradient")
_TINY = 1e-9  # keeps the logarithm of a probability finite

Floats = npt.NDArray[np.float32]


def look(inside: Inside, image: Floats, label: int) -> tuple[Floats, str]:
    """Return where a network looked when it thought of a class.

    Args:
        inside: of the network.
        image: float32 (1, height, width, channels), 0 to 255.
        label: the class.

    Returns:
        Heat, float32 (height, width), 0 to 1; and which of ``METHODS`` found it.
    """
    return _by_maps(inside, image, label) or _gradient(inside, image, label)


def resized(heat: np.ndarray, height: int, width: int) -> Floats:
    """Return values (h, w) smoothly resized to float32 (height, width)."""
    picture = Image.fromarray(np.ascontiguousarray(heat, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))


def _by_maps(inside: Inside, image: Floats, label: int) -> tuple[Floats, str] | None:
    """Return the gaze by the feature maps; None if there are none, or nothing speaks for it."""
    import tensorflow as tf

    if inside.maps is None:
        return None
    with tf.GradientTape() as tape:
        answer, *maps = inside.maps(tf.constant(image), training=False)
        score = _score(answer, label)
    slopes = tape.gradient(score, maps)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "grad-cam": lambda slope: slope.mean(axis=(0, 1)),
        "layer-cam": lambda slope: slope.clip(0),
    }
    for method, weights in ways.items():
        if method == "grad-cam" and not inside.last:
            continue
        total = np.zeros(image.shape[1:3], np.float32)
        for features, slope, mirrored in zip(maps, slopes, inside.mirrored, strict=True):
            heat = (weights(slope[0].numpy()) * features[0].numpy()).sum(axis=-1).clip(0)
            total += resized(heat[:, ::-1] if mirrored else heat, *image.shape[1:3])
        if total.any():
            return _normalised(total), method
    return None


def _gradient(inside: Inside, image: Floats, label: int) -> tuple[Floats, str]:
    import tensorflow as tf

    pixels = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        score = _score(inside.hidden(pixels, training=False)[0], label)
    slope = tape.gradient(score, pixels)
    return _normalised(np.abs((slope * pixels).numpy()[0]).sum(axis=-1)), "gradient"


def _score(answer: object, label: int) -> object:
    """Return a class's score before softmax, but for a constant that all classes share.

    Read off the probabilities, so that it does not matter how a network ends: the logarithm of a
    softmax is its input up to that constant, which the mean over the classes takes away.
    """
    import tensorflow as tf

    logs = tf.math.log(answer[0] + _TINY)  # type: ignore[index]
    return logs[label] - tf.reduce_mean(logs)


def _normalised(heat: np.ndarray) -> Floats:
    return (heat / max(float(heat.max()), 1e-12)).astype(np.float32)
