"""Splitting, order, label form and augmentation of the training images."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import small

from core import datasets
from core.architectures import Augmentation, LabelForm
from core.architectures.recipe import ValidationFrom
from core.datasets import Split
from core.training.pipeline import augment, divide, training_batches, validation_batches

VARIED = [each for each in Augmentation if each is not Augmentation.NONE]


@pytest.fixture(scope="module")
def numbered():
    """A split whose labels are the indices of its images."""
    return Split(np.zeros((60_000, 1, 1, 1), np.uint8), np.arange(60_000))


@pytest.fixture(scope="module")
def part():
    """300 real images, whose labels are their indices."""
    return Split(datasets.load("fashion-mnist", "train").images[:300].copy(), np.arange(300))


def collect(batches):
    """Return images and labels of one epoch."""
    images, labels = zip(*((image.numpy(), label.numpy()) for image, label in batches), strict=True)
    return np.concatenate(images), np.concatenate(labels)


# Dividing


@pytest.mark.parametrize("source", ValidationFrom)
@pytest.mark.parametrize(("limit", "held_back"), [(None, 5000), (6000, 500)])
def test_sizes_and_no_image_on_both_sides(numbered, source, limit, held_back):
    config = small(validation=5000, validation_from=source, limit=limit)
    parts = divide(numbered, config)
    used = limit or 60_000
    assert (len(parts.train), len(parts.validation)) == (used - held_back, held_back)
    together = np.concatenate([parts.train.labels, parts.validation.labels])
    assert np.array_equal(np.sort(together), np.arange(used))


def test_the_end_is_the_last_images_in_order(numbered):
    parts = divide(numbered, small(validation=0.2, validation_from="end", limit=1000))
    assert parts.train.labels.tolist() == list(range(800))
    assert parts.validation.labels.tolist() == list(range(800, 1000))


def test_random_is_drawn_with_the_seed(numbered):
    def held_back(seed):
        config = small(validation=0.2, validation_from="random", limit=1000, seed=seed)
        return divide(numbered, config).validation.labels.tolist()

    assert held_back(1) == held_back(1)
    assert held_back(1) != held_back(2)
    assert sorted(held_back(1)) != list(range(800, 1000))


def test_images_keep_their_labels():
    split = datasets.load("fashion-mnist", "train")
    parts = divide(split, small(limit=500))
    for part in (parts.train, parts.validation):
        for image, label in zip(part.images[:20], part.labels[:20], strict=True):
            (index,) = np.flatnonzero((split.images[:500] == image).all(axis=(1, 2, 3)))
            assert split.labels[index] == label


# Batches


def test_without_augmentation_each_image_comes_once_and_unchanged(part):
    images, labels = collect(training_batches(part, small(batch_size=64), 10))
    assert sorted(labels) == list(range(300))
    assert images.dtype == np.float32
    assert np.array_equal(images, part.images[labels])


def test_batches_are_of_the_size_asked_for(part):
    sizes = [len(labels) for _, labels in training_batches(part, small(batch_size=64), 10)]
    assert sizes == [64, 64, 64, 64, 44]


def test_the_order_changes_with_the_epoch_and_the_seed_only(part):
    def epochs(seed):
        keras.utils.set_random_seed(seed)
        batches = training_batches(part, small(seed=seed), 10)
        return [collect(batches)[1].tolist() for _ in range(2)]

    first, second = epochs(1)
    assert first != second
    assert epochs(1) == [first, second]
    assert epochs(2)[0] != first


@pytest.mark.parametrize("augmentation", VARIED)
def test_augmentation_keeps_labels_and_changes_with_the_epoch(part, augmentation):
    batches = training_batches(part, small(augmentation=augmentation), 10)
    by_label = []
    for _ in range(2):
        images, labels = collect(batches)
        assert images.shape == part.images.shape
        by_label.append(images[np.argsort(labels)])
    assert not np.array_equal(*by_label)
    # Bags stay bags: a varied image is most like its own original (mirrored or not).
    originals = part.images.astype(np.float32)
    for image, original in zip(by_label[0][:50], originals[:50], strict=True):
        own = min(np.abs(image - each).mean() for each in (original, original[:, ::-1]))
        assert own < np.abs(image[None] - originals).mean(axis=(1, 2, 3)).mean()


@pytest.mark.parametrize("augmentation", VARIED)
def test_augmentation_is_the_same_for_the_same_seed(part, augmentation):
    """The same config and machine give the same curves: see ``TrainingConfig``."""

    def epoch():
        keras.utils.set_random_seed(4)
        config = small(augmentation=augmentation, batch_size=4, seed=4)
        return collect(training_batches(part, config, 10))[0]

    first = epoch()
    for _ in range(4):
        assert np.array_equal(first, epoch())


@pytest.mark.parametrize(
    ("changes", "one_hot"),
    [
        ({}, False),
        ({"label_form": LabelForm.ONE_HOT}, True),
        ({"label_smoothing": 0.1}, True),  # Keras smooths one-hot labels only
    ],
)
@pytest.mark.parametrize("batches_of", [training_batches, validation_batches])
def test_the_form_of_the_labels(batches_of, changes, one_hot):
    part = Split(np.zeros((20, 28, 28, 1), np.uint8), np.arange(20) % 10)
    _, labels = collect(batches_of(part, small(**changes), 10))
    assert labels.shape == ((20, 10) if one_hot else (20,))
    classes = labels.argmax(axis=1) if one_hot else labels
    assert sorted(classes) == sorted(part.labels)
    assert not one_hot or labels.sum() == 20


@pytest.mark.parametrize("augmentation", Augmentation)
def test_validation_images_come_in_order_and_are_never_varied(part, augmentation):
    images, labels = collect(validation_batches(part, small(augmentation=augmentation), 10))
    assert labels.tolist() == list(range(300))
    assert np.array_equal(images, part.images)


# Augmentation


@pytest.fixture(scope="module")
def garments():
    return datasets.load("fashion-mnist", "train").images[:1000].astype(np.float32)


@pytest.mark.parametrize("shape", [(7, 28, 28, 1), (1, 32, 32, 3), (5, 8, 12, 1)])
@pytest.mark.parametrize("augmentation", VARIED)
def test_shape_type_and_range_stay(augmentation, shape):
    batch = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    varied = augment(tf.constant(batch), augmentation).numpy()
    assert varied.shape == shape
    assert varied.dtype == np.float32
    assert varied.min() >= 0
    assert varied.max() <= batch.max() + 0.01


def test_flip_mirrors_every_second_image_exactly(garments):
    tf.random.set_seed(0)
    varied = augment(tf.constant(garments), Augmentation.FLIP).numpy()
    same = (varied == garments).all(axis=(1, 2, 3))
    mirrored = (varied == garments[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    assert 420 < mirrored.sum() < 580  # five standard deviations


def test_shift_moves_by_whole_pixels_up_to_a_tenth():
    tf.random.set_seed(0)
    dot = np.zeros((1000, 28, 28, 1), np.float32)
    dot[:, 14, 10] = 200
    varied = augment(tf.constant(dot), Augmentation.FLIP_SHIFT).numpy()
    assert ((varied == 200).sum(axis=(1, 2, 3)) == 1).all()
    assert varied.sum() == 200 * 1000
    _, rows, columns, _ = np.nonzero(varied)
    assert set(rows) == set(range(14 - 3, 14 + 4))
    assert set(columns) == set(range(10 - 3, 10 + 4)) | set(range(17 - 3, 17 + 4))


def test_affine_turns_and_scales_within_its_limits():
    """A bar of 16 x 4 pixels tells its own angle and length."""
    tf.random.set_seed(0)
    bar = np.zeros((500, 28, 28, 1), np.float32)
    bar[:, 6:22, 12:16] = 255
    varied = augment(tf.constant(bar), Augmentation.AFFINE).numpy()[..., 0]
    rows, columns = np.mgrid[:28, :28]
    angles, lengths, offsets = [], [], []
    for image in varied:
        weight = image / image.sum()
        y, x = (weight * rows).sum(), (weight * columns).sum()
        covariance = np.cov(np.stack([columns.ravel(), rows.ravel()]), aweights=weight.ravel())
        values, vectors = np.linalg.eigh(covariance)
        angles.append(np.degrees(np.arctan(vectors[0, 1] / vectors[1, 1])))
        lengths.append(np.sqrt(12 * values[1]))
        offsets.append(max(abs(y - 13.5), abs(x - 13.5)))
    assert np.abs(angles).max() < 11
    assert min(angles) < -7 and max(angles) > 7
    assert 16 / 1.1 - 1 < min(lengths) < 15.5
    assert 16.5 < max(lengths) < 16 / 0.9 + 1
    assert 2 < max(offsets) < 4


@pytest.mark.parametrize("augmentation", [Augmentation.FLIP_SHIFT, Augmentation.AFFINE])
def test_what_comes_into_view_is_black_in_grey_and_the_edge_in_colour(augmentation):
    tf.random.set_seed(0)
    grey = augment(tf.fill([50, 28, 28, 1], 100.0), augmentation).numpy()
    colour = augment(tf.fill([50, 32, 32, 3], 100.0), augmentation).numpy()
    assert grey.min() == 0
    assert colour == pytest.approx(100, abs=0.01)
