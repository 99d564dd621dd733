"""The training loop on small parts of the real data, with a listener that remembers."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from support import small

from core import architectures, datasets
from core.architectures import Augmentation
from core.architectures.build import build
from core.architectures.recipe import ValidationFrom
from core.networks.batches import BATCH
from core.runs.division import divide
from core.training import Diverged, loop
from core.training.loop import evaluate, train, warm_up
from core.training.steps import Steps

FASHION = datasets.find("fashion-mnist")


class Listener:
    """Remembers all events in their order; stops as soon as ``stop_at`` of them have come."""

    def __init__(self, stop_at=math.inf, most_epochs=math.inf):
        self.events = []
        self.looks = 0
        self.stop_at = stop_at
        self.most_epochs = most_epochs
        self.kept = None

    def phase(self, name):
        self.events.append(name)

    def batch(self, event):
        self.events.append(event)

    def checkpoint(self, make):
        self.kept = make()

    def epoch(self, event):
        assert self.kept.progress.epoch == event.epoch  # the checkpoint comes first
        self.events.append(event)

    def should_stop(self):
        self.looks += 1
        return len(self.events) >= self.stop_at

    def time_is_up(self, epoch_seconds):
        assert epoch_seconds > 0
        return len(self.epochs) >= self.most_epochs

    @property
    def epochs(self):
        return [event for event in self.events if hasattr(event, "val_loss")]

    @property
    def batches(self):
        return [event for event in self.events if hasattr(event, "images")]


def curves(listener):
    """Return the values of all epochs, without their times."""
    return [dataclasses.replace(event, seconds=0) for event in listener.epochs]


@pytest.fixture(scope="module")
def taught():
    """A network after three epochs, with an event after each group of steps."""
    listener, config = Listener(), small(epochs=3, batch_size=8, seed=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "EVENT_SECONDS", 0)
        return config, listener, train(config, listener)


def test_events_come_in_order(taught):
    config, listener, trained = taught
    assert listener.events[0] == "training"
    assert [event.epoch for event in listener.epochs] == [1, 2, 3]
    assert trained.epochs == 3 and not trained.stopped and not trained.out_of_time
    assert trained.best == listener.epochs[-1]
    images = [event.images for event in listener.batches]
    assert images == sorted(set(images))
    # Each epoch ends with a batch event at its last image, then the epoch's own.
    for number, event in enumerate(listener.epochs, start=1):
        before = listener.events[listener.events.index(event) - 1]
        assert before.images == number * config.training_count
        assert before.epoch == number


def test_an_event_tells_how_far_it_is(taught):
    config, listener, _ = taught
    for event in listener.batches:
        assert event.epoch == pytest.approx(event.images / config.training_count)
        assert 0 <= event.accuracy <= 1
        assert math.isfinite(event.loss)


def test_batch_events_add_up_to_their_epoch(taught):
    """Each is the mean since the one before it, so that weighted by images they give the epoch."""
    config, listener, _ = taught
    assert len(listener.batches) > 2 * len(listener.epochs)
    for epoch in listener.epochs:
        start = seen = (epoch.epoch - 1) * config.training_count
        loss = right = 0
        for event in listener.batches:
            if start < event.images <= start + config.training_count:
                loss += event.loss * (event.images - seen)
                right += event.accuracy * (event.images - seen)
                seen = event.images
        assert loss / config.training_count == pytest.approx(epoch.loss, rel=1e-4)
        assert right / config.training_count == pytest.approx(epoch.accuracy, rel=1e-4)


def test_the_network_learns(taught):
    _, listener, trained = taught
    losses = [event.loss for event in listener.epochs]
    assert losses == sorted(losses, reverse=True)
    assert listener.epochs[-1].val_accuracy > 0.6
    assert trained.images_per_second > 100


def test_the_validation_values_are_those_of_the_images_held_back(taught):
    config, listener, trained = taught
    held_back = divide(FASHION.load("train"), config).validation
    assert len(held_back) == config.validation_count == 400
    answer = evaluate(trained.model, held_back.images, held_back.labels, Listener())
    right = answer.probabilities.argmax(axis=1) == held_back.labels
    assert right.mean() == pytest.approx(listener.epochs[-1].val_accuracy, abs=1e-6)
    assert answer.loss == pytest.approx(listener.epochs[-1].val_loss, rel=1e-4)


def test_the_same_config_gives_the_same_curves(taught):
    """Whatever was done in the process before: a warm worker is no different from a cold one."""
    config, first, _ = taught
    warm_up()
    second = Listener()
    train(config, second)
    assert curves(second) == curves(first)


def test_the_same_config_gives_the_same_curves_with_augmentation_and_dropout():
    config = small("two-conv-cnn", limit=500, batch_size=20, augmentation=list(Augmentation))
    first, second = Listener(), Listener()
    train(config, first)
    train(config, second)
    assert curves(second) == curves(first)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_trains(name):
    dataset = architectures.find(name).datasets[0]
    if reason := datasets.find(dataset).missing():
        pytest.skip(reason)
    listener = Listener()
    trained = train(small(name, dataset=dataset, limit=100, batch_size=50), listener)
    assert trained.epochs == 1
    assert math.isfinite(listener.epochs[0].loss)
    assert math.isfinite(listener.epochs[0].val_loss)
    answers = trained.model(FASHION.load("train").images[:5], training=False).numpy()
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_stop_ends_the_training_within_its_epoch():
    listener = Listener(stop_at=2)  # "training", then the first batch event
    trained = train(small(epochs=500, batch_size=8, limit=5000), listener)
    assert trained.stopped
    assert (trained.epochs, trained.best, trained.images_per_second) == (0, None, None)
    assert len(listener.events) == 2
    assert listener.batches[0].images < 5000
    progress = listener.kept.progress  # it could go on from there
    assert (progress.epoch, progress.step * 8) == (0, listener.batches[0].images)


def test_steps_that_are_too_large_are_named():
    listener = Listener()
    with pytest.raises(Diverged, match=r" in epoch 1: .* uses 0\.01\.$"):
        train(small("mlp", optimizer="sgd", learning_rate=10.0, limit=2000), listener)
    assert listener.epochs == [] and listener.kept is None
    assert listener.batches, "the curve shows the explosion"


def test_weights_that_are_no_numbers_are_named(monkeypatch):
    """Pooling and ReLU hide them from the loss."""
    monkeypatch.setattr(Steps, "run", lambda self, first, count: (2.3 * count * 100, 0.0))
    monkeypatch.setattr(Steps, "finite", lambda self: False)
    with pytest.raises(Diverged, match="no longer a finite number in epoch 1"):
        train(small(limit=500), Listener())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_weight_that_is_no_number_is_found(value):
    part = datasets.Split(np.zeros((8, 28, 28, 1), np.uint8), np.zeros(8, np.int64))
    architecture = architectures.find("two-conv-cnn")
    model = build(architecture, (28, 28, 1), 10, seed=0)
    steps = Steps(model, architecture.recipe, part, 10, 1, seed=0)
    assert steps.finite()
    weights = model.layers[5].get_weights()
    weights[0][0, 0, 0, 0] = value
    model.layers[5].set_weights(weights)
    assert not steps.finite()


def test_the_time_limit_ends_the_training_between_two_epochs():
    listener = Listener(most_epochs=2)
    trained = train(small(limit=500, epochs=500), listener)
    assert trained.out_of_time and not trained.stopped
    assert trained.epochs == 2 and trained.best == listener.epochs[-1]


def test_early_stopping_takes_the_best_weights_back():
    config = small(
        optimizer="adam", learning_rate=0.01, epochs=60, batch_size=32, limit=400, patience=2
    )
    config = dataclasses.replace(config, recipe=config.recipe.changed(validation=0.25))
    listener = Listener()
    trained = train(config, listener)
    losses = [event.val_loss for event in listener.epochs]
    best = int(np.argmin(losses))
    assert trained.epochs == len(losses) == best + 1 + 2 < 60
    assert trained.best == listener.epochs[best]
    assert not trained.stopped
    held_back = divide(FASHION.load("train"), config).validation
    answer = evaluate(trained.model, held_back.images, held_back.labels, Listener())
    assert answer.loss == pytest.approx(losses[best], rel=1e-4)
    assert answer.loss < losses[-1]


@pytest.mark.parametrize("source", ValidationFrom)
def test_training_never_sees_the_test_images(source, monkeypatch):
    read = []

    def only_training_images(split):
        read.append(split)
        assert split == "train"
        return FASHION.read(split)

    spec = dataclasses.replace(FASHION, read=only_training_images, _loaded={})
    monkeypatch.setitem(datasets.DATASETS, "fashion-mnist", spec)
    train(small(validation_from=source), Listener())
    assert read == ["train"]
    assert not spec.is_loaded("test")


# Evaluating


@pytest.fixture(scope="module")
def untaught():
    return build(architectures.find("mlp"), FASHION.shape, 10, seed=0)


def test_evaluation_is_that_of_keras(untaught):
    test = FASHION.load("test")
    images, labels = test.images[:730], test.labels[:730]  # the last batch is not full
    listener = Listener()
    answer = evaluate(untaught, images, labels, listener)
    assert listener.events == ["evaluating"]
    assert listener.looks == math.ceil(730 / BATCH)
    expected = untaught.predict(images, verbose=0)
    assert answer.probabilities.dtype == np.float32
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)
    loss = keras.losses.sparse_categorical_crossentropy(labels, expected)
    assert answer.loss == pytest.approx(float(np.mean(loss)), rel=1e-4)


def test_an_answer_of_zero_does_not_make_the_loss_infinite(untaught):
    model = keras.models.clone_model(untaught)
    model.layers[-1].set_weights([np.zeros((100, 10)), np.array([1000.0] + [0] * 9)])
    images = FASHION.load("test").images[:10]
    answer = evaluate(model, images, np.full(10, 1), Listener())
    assert answer.loss == pytest.approx(-math.log(1e-7), rel=1e-4)


def test_a_stop_ends_the_evaluation(untaught):
    test = FASHION.load("test")
    assert evaluate(untaught, test.images, test.labels, Listener(stop_at=1)) is None
