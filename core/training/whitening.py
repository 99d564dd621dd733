"""A first convolution that begins with what patches of images are made of (TF: imports Keras).

With patch whitening, as in airbench (Jordan 2024, arXiv:2404.00498), each filter measures one
independent direction in which small patches of the training images differ, and all of them vary
alike, so that the layers above have something to learn from at the first step.
"""

from typing import Any

import keras
import numpy as np

from core.architectures.build import leaves

IMAGES = 500  # looked at, evenly spread over the training images; each has hundreds of patches
AT_ONCE = 32_000_000  # numbers in patches: more are taken in parts, or large kernels would need GB
LEAST = 5e-4  # added to the variances: a direction in which patches hardly differ is noise


def whiten(model: keras.Model, images: np.ndarray) -> None:
    """Set the filters of the model's first convolution, half of them the negatives of the others.

    Where there are more filters than directions and their negatives, the rest stays as it was; a
    model without convolutions stays as a whole.

    Args:
        model: from ``core.architectures.build.build``, with fresh weights.
        images: of training, uint8 (n, height, width, channels).
    """
    kinds = keras.layers
    layers = [layer for _, layer in leaves(model)]
    first = next((layer for layer in layers if isinstance(layer, kinds.Conv2D)), None)
    if first is None or max(first.kernel.shape[:2]) > min(images.shape[1:3]):
        return  # of patches larger than the images, there are none
    scale = next(layer.scale for layer in layers if isinstance(layer, kinds.Rescaling))
    some = images[:: -(-len(images) // IMAGES)] * scale
    kernel = np.array(keras.ops.convert_to_numpy(first.kernel))
    filters = whitening_filters(some, kernel.shape[0], kernel.shape[-1])
    kernel[..., : filters.shape[-1]] = filters
    first.kernel.assign(kernel)


def whitening_filters(images: np.ndarray, side: int, most: int) -> np.ndarray:
    """Return filters whose answers to the patches of images are uncorrelated and of mean square 1.

    Args:
        images: (n, height, width, channels), as the convolution sees them.
        side: height and width of a patch.
        most: filters at the most.

    Returns:
        float32 (side, side, channels, filters): the directions of the largest variance first,
        then their negatives, since ReLU passes only one side of each.
    """
    channels = images.shape[-1]
    size = channels * side * side
    each = size * (images.shape[1] - side + 1) * (images.shape[2] - side + 1)  # numbers an image
    step = max(1, AT_ONCE // each)
    count, products = 0, np.zeros((size, size))
    for start in range(0, len(images), step):
        part = images[start : start + step]
        patches: Any = np.lib.stride_tricks.sliding_window_view(part, (side, side), axis=(1, 2))
        patches = patches.reshape(-1, size).astype(np.float64)
        products += patches.T @ patches
        count += len(patches)
    variances, directions = np.linalg.eigh(products / count)
    whitened = (directions / np.sqrt(np.maximum(variances, 0) + LEAST))[:, ::-1]
    whitened = whitened[:, : -(-most // 2)]
    filters = np.concatenate([whitened, -whitened], axis=1)[:, :most]
    shaped = filters.reshape(channels, side, side, -1)
    return np.moveaxis(shaped, 0, 2).astype(np.float32)
