"""The loop in which a network is asked: every image once, in order, whatever the sizes."""

import numpy as np
import pytest

from core.networks.batches import BATCH, in_batches


class Network:
    """Answers with the sum and the mean of an image, and notes how many it is shown at once."""

    def __init__(self):
        self.shown = []

    def __call__(self, pixels):
        assert pixels.dtype == np.float32
        self.shown.append(len(pixels))
        flat = pixels.reshape(len(pixels), -1)
        return flat.sum(axis=1, keepdims=True), flat.mean(axis=1, keepdims=True)


def images(count):
    return np.random.default_rng(count).integers(0, 256, (count, 3, 2, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, [1]),
        (2, [8]),
        (64, [64]),
        (99, [64, 64]),
        (BATCH, [BATCH]),
        (BATCH + 3, [BATCH, 8]),
        (2 * BATCH + 70, [BATCH, BATCH, 64, 8]),
    ],
)
def test_what_is_left_is_padded_to_few_sizes(count, shown):
    network, given = Network(), images(count)
    sums, means = in_batches(network, given, padded=(1, 8, 64))
    assert network.shown == shown
    assert sums[:, 0] == pytest.approx(given.reshape(count, -1).sum(axis=1))
    assert means[:, 0] == pytest.approx(given.reshape(count, -1).mean(axis=1))


def test_without_padding_every_image_is_shown_once():
    network, given = Network(), images(BATCH + 3)
    (sums, _) = in_batches(network, given)
    assert network.shown == [BATCH, 3]
    assert sums[:, 0] == pytest.approx(given.reshape(len(given), -1).sum(axis=1))


def test_the_share_is_told_before_each_batch_and_at_the_end():
    shares = []
    in_batches(Network(), images(2 * BATCH), shares.append)
    assert shares == [0, 0.5, 1]


def test_what_the_report_raises_ends_the_loop():
    network = Network()

    def stop(share):
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_batches(network, images(2 * BATCH), stop)
    assert network.shown == [BATCH]
