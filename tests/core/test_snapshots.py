"""Records of a training: what they hold is Keras's own, and they change nothing of it."""

import base64
import dataclasses
import itertools
import json
import math
import zlib

import keras
import numpy as np
import pytest
from support import small

from core import datasets, runs
from core.architectures.build import build, leaves
from core.datasets import Split
from core.errors import RunDamaged
from core.evaluation.learning import Finding, learning_layers, verdicts
from core.runs import snapshots
from core.runs.division import divide, held_out
from core.runs.records import RunFolder
from core.runs.snapshots import (
    BINS,
    MOST,
    Snapshot,
    Spread,
    followed,
    line_of,
    moments,
    read_snapshots,
    rewind_snapshots,
    snapshot_of,
)
from core.settings import forget_settings
from core.training.lifecycle import train_in_process
from core.training.loop import train
from core.training.snapshots import SnapshotTaker

FASHION = datasets.find("fashion-mnist")
NETWORKS = ("mlp", "basic-cnn")
BLOCKS = ("deep-cnn", "residual-cnn")  # batch normalisation; blocks within the network


class Listener:
    """Lets the training go on."""

    def __init__(self):
        self.epochs = []

    def phase(self, name):
        pass

    def batch(self, event):
        pass

    def checkpoint(self, make):
        pass

    def epoch(self, event):
        self.epochs.append(dataclasses.replace(event, seconds=0))

    def should_stop(self):
        return False

    def time_is_up(self, epoch_seconds):
        return False


def taken(model, config, **given):
    """Take one record of a network at its leisure."""
    found = []
    split = FASHION.load("train")
    SnapshotTaker(model, split, held_out(config), 10, found.append).take(1.0, 1e9, **given)
    return found[0]


@pytest.fixture(scope="module")
def trainings():
    """By network: its config, the model after an epoch, its records and its listener."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.snapshots.GRACE", 1e9)  # each record is a whole one
        for name in NETWORKS:
            config, found = small(name, epochs=2, limit=600, batch_size=100), []
            listener = Listener()
            trained = train(config, listener, keep=found.append)
            made[name] = config, trained.model, found, listener
    return made


@pytest.mark.parametrize("name", NETWORKS)
def test_records_change_nothing_of_the_training(trainings, name):
    config, model, _, listener = trainings[name]
    alone = Listener()
    plain = train(config, alone)
    assert alone.epochs == listener.epochs
    for ours, theirs in zip(model.get_weights(), plain.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_answers_are_those_of_keras(trainings, name):
    config, model, found, _ = trainings[name]
    images = divide(FASHION.load("train"), config).validation
    probabilities = model.predict(images.images.astype(np.float32), verbose=0)
    last = found[-1]
    assert last.epoch == 2.0
    shown = probabilities[followed(images.labels, 10)]
    np.testing.assert_allclose(last.answers / 255, shown, atol=0.5 / 255 + 1e-4)
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (images.labels, probabilities.argmax(axis=1)), 1)
    assert last.confusion.sum() == len(images)
    assert np.abs(last.confusion.astype(int) - expected).sum() <= 2  # rounding may turn one over


@pytest.mark.parametrize("name", NETWORKS)
def test_spreads_and_silence_are_those_of_keras(trainings, name):
    config, model, _, _ = trainings[name]
    record = taken(model, config)
    layers = [layer for _, layer in leaves(model) if hasattr(layer, "kernel")]
    for layer, told in zip(layers, record.layers, strict=True):
        kernel = layer.kernel.numpy()
        assert told.weights.low >= kernel.min() - 1e-6 and told.weights.high <= kernel.max() + 1e-6
        assert told.gradients.low < told.gradients.high
    images = divide(FASHION.load("train"), config).validation
    shown = images.images[followed(images.labels, 10)].astype(np.float32)
    out = keras.Model(model.inputs, layers[0].output).predict(shown, verbose=0)
    spread = record.layers[0].activations
    assert spread.low == 0 and 0 < spread.high <= out.max() + 1e-5
    silent = (out.reshape(-1, out.shape[-1]).max(axis=0) <= 0).mean()
    assert record.layers[0].silent == pytest.approx(silent)
    assert record.layers[-1].silent is None  # a softmax is never 0


@pytest.mark.parametrize("name", BLOCKS)
def test_normalised_layers_and_blocks_have_records_too(name):
    config = small(name, limit=300)
    model = build(config.network, FASHION.shape, 10, 1)
    record = taken(model, config)
    network = learning_layers(config.network.network(10))
    assert len(record.layers) == len(network)
    for layer, told in zip(network, record.layers, strict=True):
        weights = layer.filters if hasattr(layer, "filters") else layer.units
        assert weights > 0 and told.activations is not None and told.gradients is not None
    # What is noted comes after normalisation and ReLU: nothing below 0.
    assert record.layers[0].activations.low == 0 and record.layers[0].silent is not None
    images = divide(FASHION.load("train"), config).validation
    shown = images.images[followed(images.labels, 10)].astype(np.float32)
    told = np.asarray(model(shown, training=False))
    np.testing.assert_allclose(record.answers / 255, told, atol=0.5 / 255 + 1e-4)


def built(text):
    """Return a fresh network of the editor's, with a config that trains it."""
    config = small(text, limit=300, batch_size=50)
    return build(config.network, FASHION.shape, 10, 0), config


def test_a_dead_unit_is_silent_behind_its_normalisation_too():
    """What the ReLU gives counts: normalisation makes a constant of 0, which may be above 0."""
    model, config = built("stack1:c8.b.f")
    convolution, normalisation = model.layers[2], model.layers[3]
    weights, bias = convolution.get_weights()
    bias[3] = -100
    convolution.set_weights([weights, bias])
    gamma, beta, mean, variance = normalisation.get_weights()
    beta[3] = 1
    normalisation.set_weights([gamma, beta, mean, variance])
    record = taken(model, config)
    assert record.layers[0].silent == pytest.approx(1 / 8)
    assert record.layers[0].activations.high >= 1 - 1e-3  # while what comes out is normalised


def test_what_comes_after_a_block_does_not_belong_to_its_last_layer():
    model, config = built("stack1:c4.r.c4l.e.a.g")
    record = taken(model, config)
    first, inside, answer = record.layers
    assert first.silent is not None
    assert inside.silent is None and inside.activations.low < 0  # linear
    assert answer.silent is None


def test_the_map_is_of_what_the_answer_is_made_of():
    """In a network that ends in a block, that is the sum, not the block's last convolution."""
    model, config = built("stack1:c4.r.c4l.e.g")
    split = FASHION.load("train")
    taker = SnapshotTaker(model, split, held_out(config), 10, lambda _: None)
    images = taker._images  # what is shown to the network
    features = taker._seen(images, taker._labels[taker._followed]).features
    until = keras.Model(model.inputs, model.layers[-1].input)
    told = until.predict(images.astype(np.float32), verbose=0)
    np.testing.assert_allclose(features, told, atol=1e-4)


def test_a_large_network_is_asked_in_parts(monkeypatch):
    model, config = built("stack1:c8.p2.f.u16")
    whole = taken(model, config)
    monkeypatch.setattr("core.training.snapshots.MOST_NUMBERS", 60_000.0)
    parts = taken(model, config)
    np.testing.assert_array_equal(whole.answers, parts.answers)
    assert [each.silent for each in whole.layers] == [each.silent for each in parts.layers]
    assert parts.layers[0].activations.high <= whole.layers[0].activations.high + 1e-6


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("stack1:p2.f.u64", (0, 1, 1, 1)),  # 196 numbers are no image of 28 × 28
        ("stack1:f.u64", (16, 28, 28, 1)),
        ("stack1:p2.c8k5.f", (8, 5, 5, 1)),
        ("stack1:b.f", (10, 28, 28, 1)),
    ],
)
def test_weights_are_pictures_only_where_they_are_of_the_picture(text, shape):
    model, config = built(text)
    record = taken(model, config)
    assert record.kernels.shape == shape
    # Its line is as good where there is nothing to show: else the training would end for it.
    assert snapshot_of(json.dumps(line_of(record)).encode(), 10).kernels.shape == shape


def test_large_pictures_are_fewer():
    from core.training.snapshots import _pictures

    assert _pictures(np.zeros((64 * 64 * 3, 300), np.float32), (64, 64, 3)).shape[0] == 4
    assert _pictures(np.zeros((32 * 32 * 3, 300), np.float32), (32, 32, 3)).shape[0] == 16


def test_a_run_that_is_resumed_at_its_start_has_one_first_record(trainings):
    config, model, found, _ = trainings["mlp"]
    again = []
    taker = SnapshotTaker(
        model, FASHION.load("train"), held_out(config), 10, again.append, latest=found[0]
    )
    taker.take(0.0, 0.0)
    assert again == []


def test_gradients_are_the_slope_of_the_loss(trainings):
    """Nudge the weight with the largest gradient, and the loss moves by as much."""
    config, model, _, _ = trainings["mlp"]
    record = taken(model, config)
    images = divide(FASHION.load("train"), config).validation
    # The first five of each class: what gradients are of.
    places = np.concatenate([np.flatnonzero(images.labels == label)[:5] for label in range(10)])
    pixels, labels = images.images[places].astype(np.float32), images.labels[places]

    def loss():
        told = np.asarray(model(pixels, training=False), np.float64)
        return -np.log(told[np.arange(len(labels)), labels]).mean()

    bias_free = model.layers[-1].kernel
    before = bias_free.numpy()
    slopes = []
    for place in range(10):  # one weight an output, from the same unit
        nudged = before.copy()
        unit = int(np.abs(before).sum(axis=1).argmax())
        nudged[unit, place] += 1e-2
        bias_free.assign(nudged)
        up = loss()
        nudged[unit, place] -= 2e-2
        bias_free.assign(nudged)
        slopes.append((up - loss()) / 2e-2)
    bias_free.assign(before)
    spread = record.layers[-1].gradients
    assert spread.low - 1e-3 <= min(slopes) and max(slopes) <= spread.high + 1e-3


def test_the_change_is_that_of_one_step():
    """With plain SGD, a step is the learning rate times the gradient of its batch."""
    config = small("mlp", epochs=1, limit=300, batch_size=50, optimizer="sgd", learning_rate=0.1)
    found = []
    train(config, Listener(), keep=found.append)
    changes = [[layer.change for layer in each.layers] for each in found]
    assert changes[0] == [None, None, None]  # nothing has happened yet
    assert all(0 < change < 0.5 for each in changes[1:] for change in each)


def test_kernels_are_the_first_layers(trainings):
    for name, shape in (("basic-cnn", (3, 3, 1)), ("mlp", (28, 28, 1))):
        _, model, found, _ = trainings[name]
        kernels = found[-1].kernels
        assert kernels.shape[1:] == shape
        weights = next(
            layer for _, layer in leaves(model) if hasattr(layer, "kernel")
        ).kernel.numpy()
        first = weights[..., 0].reshape(shape) if weights.ndim == 2 else weights[..., 0]
        np.testing.assert_allclose(kernels[0], first, atol=1e-6)


def test_points_travel_and_do_not_jump(trainings):
    """From record to record the map is turned to lie as before: most points stay on their side."""
    _, _, found, _ = trainings["basic-cnn"]
    maps = [each.places for each in found if each.places is not None]
    assert len(maps) >= 2
    for before, after in itertools.pairwise(maps):
        assert np.abs(after).max() <= 1
        assert (before * after).sum() > 0


@pytest.mark.parametrize(
    ("epochs", "per_epoch"), [(1, 1), (1, 7), (10, 860), (30, 1719), (500, 1), (500, 4000)]
)
def test_moments_are_few_and_the_first_epoch_has_more(epochs, per_epoch):
    found = moments(epochs, per_epoch)
    assert found == sorted(set(found)) and len(found) <= MOST
    assert found[0] == 0 and found[-1] == epochs * per_epoch and per_epoch in found
    if per_epoch > 100:
        assert sum(moment < per_epoch for moment in found) == 6


def test_the_images_followed_are_of_every_class():
    labels = np.repeat(np.arange(10), [0, 1, 2, 300, 50, 50, 50, 50, 50, 50])
    places = followed(labels, 10)
    assert np.bincount(labels[places], minlength=10).tolist() == [0, 1, 2] + [20] * 7
    assert len(followed(np.arange(1000), 1000)) == snapshots.PROBES
    assert len(followed(np.zeros(0, int), 10)) == 0


def a_record(epoch=1.0, classes=10, **given):
    generator = np.random.default_rng(3)
    spread = Spread.of(generator.normal(size=1000))
    layer = snapshots.LayerRecord(spread, spread, spread, 1e-3, 0.25)
    values = {
        "epoch": epoch,
        "answers": generator.integers(0, 256, (20, classes), np.uint8),
        "confusion": generator.integers(0, 9, (classes, classes)).astype(np.uint32),
        "kernels": generator.normal(size=(4, 3, 3, 1)).astype(np.float32),
        "layers": (layer, dataclasses.replace(layer, change=None, silent=None)),
        "places": generator.uniform(-1, 1, (20, 2)).astype(np.float32),
    }
    return Snapshot(**{**values, **given})


def test_a_record_survives_its_line():
    record = a_record()
    back = snapshot_of(json.dumps(line_of(record)).encode(), 10)
    assert back.epoch == record.epoch
    np.testing.assert_array_equal(back.answers, record.answers)
    np.testing.assert_array_equal(back.confusion, record.confusion)
    np.testing.assert_allclose(
        back.kernels, record.kernels, atol=np.abs(record.kernels).max() / 200
    )
    np.testing.assert_allclose(back.places, record.places, atol=1 / 200)
    assert back.layers[1].change is None and back.layers[0].silent == 0.25
    np.testing.assert_array_equal(back.layers[0].weights.counts, record.layers[0].weights.counts)
    assert len(back.layers[0].weights.counts) == BINS


def test_a_bomb_is_not_unpacked():
    line = line_of(a_record())
    line["answers"] = base64.b64encode(zlib.compress(bytes(300_000_000), 9)).decode()
    with pytest.raises(RunDamaged, match="no record"):
        snapshot_of(json.dumps(line).encode(), 10)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "one"},
        {"epoch": 1e400},
        {"probes": 10**9},
        {"probes": True},
        {"answers": "####"},
        {"answers": None},
        {"confusion": ""},
        {"kernels": {"shape": [10**9, 3, 3, 1], "scale": 1, "values": ""}},
        {"kernels": {"shape": [-4, 3, 3, 1], "scale": 1, "values": ""}},
        {"layers": [{"weights": None}]},
        {"layers": 7},
        {"places": "AAAA"},
    ],
)
def test_a_hostile_line_is_a_sentence(change):
    line = json.dumps(line_of(a_record()) | change).encode()
    with pytest.raises(RunDamaged, match="no record of a training"):
        snapshot_of(line, 10)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"null", b"{", b'{"epoch": 1}', b"\xff", b"[" * 99_999]
)
def test_what_is_no_line_is_a_sentence(line):
    with pytest.raises(RunDamaged, match="no record of a training"):
        snapshot_of(line, 10)


def test_a_file_is_read_as_it_grows_and_cut_back(tmp_path):
    folder = RunFolder(tmp_path)
    assert read_snapshots(folder, 10) == []
    lines = [json.dumps(line_of(a_record(epoch))).encode() + b"\n" for epoch in (0, 0.5, 1, 2)]
    folder.snapshots.write_bytes(lines[0] + lines[1][:-40])
    assert [each.epoch for each in read_snapshots(folder, 10)] == [0]
    folder.snapshots.write_bytes(b"".join(lines))
    assert [each.epoch for each in read_snapshots(folder, 10)] == [0, 0.5, 1, 2]
    rewind_snapshots(folder, 1.0)
    assert [each.epoch for each in read_snapshots(folder, 10)] == [0, 0.5, 1]
    folder.snapshots.write_bytes(b"x" * (snapshots.MOST_BYTES + 1))
    with pytest.raises(RunDamaged, match="larger"):
        read_snapshots(folder, 10)


def test_a_run_keeps_records():
    run = train_in_process(small("mlp", epochs=2, limit=2000, batch_size=20, learning_rate=0.1))
    found = read_snapshots(run.folder, 10)
    assert found[0].epoch == 0 and found[-1].epoch == 2
    assert run.folder.snapshots.stat().st_size < 2_000_000
    labels = FASHION.load("train").labels[held_out(run.config)]
    assert len(found[0].answers) == len(followed(labels, 10))
    # The first answers are guesses, the last ones are not.
    first, last = (each.confusion.trace() / each.confusion.sum() for each in (found[0], found[-1]))
    assert first < 0.4 < last


def test_who_does_not_want_records_gets_none(monkeypatch):
    monkeypatch.setenv("ATELIER_SNAPSHOTS", "0")
    forget_settings()
    run = train_in_process(small("mlp", epochs=1, limit=300))
    assert not run.folder.snapshots.exists() and run.state is runs.State.FINISHED


def test_a_full_disk_ends_the_records_and_not_the_training():
    asked = []

    def keep(record):
        asked.append(record)
        raise OSError(28, "No space left on device")

    trained = train(small("mlp", epochs=2, limit=300), Listener(), keep=keep)
    assert trained.epochs == 2 and len(asked) == 1


def test_a_network_that_exploded_has_no_record():
    config = small("mlp", limit=300)
    split = FASHION.load("train")
    model = build(config.network, FASHION.shape, 10, 0)
    model.layers[-1].kernel.assign(np.full(model.layers[-1].kernel.shape, math.nan, np.float32))
    found = []
    SnapshotTaker(model, split, held_out(config), 10, found.append).take(1.0, 1e9)
    assert found == []


def test_no_validation_image_no_record():
    split = FASHION.load("train")
    config = small("mlp", limit=300)
    model = build(config.network, FASHION.shape, 10, 0)
    part = Split(split.images[:10], split.labels[:10])
    found = []
    SnapshotTaker(model, part, np.zeros(0, np.int64), 10, found.append).take(1.0, 1e9)
    assert found == []


def test_verdicts_rest_on_numbers():
    layer = a_record().layers[0]
    still = dataclasses.replace(layer, change=1e-7, silent=0.1)
    wild = dataclasses.replace(layer, change=0.3, silent=None)
    silent = dataclasses.replace(layer, change=1e-3, silent=0.6)
    record = a_record(layers=(still, wild, silent, layer))
    found = [(each.finding, each.layer, each.value) for each in verdicts(record, ending=False)]
    assert found == [
        (Finding.STILL, 0, 1e-7),
        (Finding.WILD, 1, 0.3),
        (Finding.SILENT, 2, 0.6),
        (Finding.SILENT, 3, 0.25),
    ]
    assert Finding.STILL not in [each.finding for each in verdicts(record, ending=True)]
    stuck = a_record(layers=(dataclasses.replace(layer, change=0.0, silent=None),))
    assert [each.finding for each in verdicts(stuck, ending=False)] == [Finding.STUCK]
