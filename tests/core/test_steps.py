"""Compiled steps: the same numbers as Keras's ``fit``, and the same bits however they are run."""

import sys

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from core import datasets
from core.architectures import (
    ARCHITECTURES,
    Architecture,
    Recipe,
    RecipeName,
    Recipes,
    find,
)
from core.architectures.build import build, make_optimizer
from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    MaxPool,
    Residual,
)
from core.architectures.recipe import LabelForm, Optimizer, Schedule
from core.datasets import Split
from core.training.forward import Forward
from core.training.steps import Steps

SHAPE = (28, 28, 1)
COUNT = 330  # images: ten steps of 32, and one of 10

NORMALISED = Architecture(
    name="normalised",
    title="Normalised",
    summary="Batch normalisation without dropout, each order of layers once.",
    origin="This test.",
    layers=(
        Conv(6, activation="linear", bias=False),
        BatchNorm(),
        Activation(),
        MaxPool(),
        Conv(8, kernel=2),
        MaxPool(),
        Conv(8, stride=2, activation="linear"),
        MaxPool(),
        BatchNorm(momentum=0.9),
        Activation(),
        Flatten(),
    ),
    recipes=((RecipeName.ORIGIN, Recipes(Recipe())),),
)


BLOCK = (Conv(6, activation="linear", bias=False), BatchNorm(momentum=0.9), Activation())
RESIDUAL = Architecture(
    name="residual",
    title="Residual",
    summary="A block within a block, and layers before, between and after.",
    origin="This test.",
    layers=(
        Conv(6, stride=2),
        Residual((*BLOCK, Residual(BLOCK), Dropout(0.0))),
        MaxPool(),
        Residual(BLOCK * 2),
        Flatten(),
    ),
    recipes=((RecipeName.ORIGIN, Recipes(Recipe())),),
)


STRIDED = Architecture(
    name="strided",
    title="Strided",
    summary="Strided convolutions alone, each way of padding and of not covering an edge.",
    origin="This test.",
    layers=(
        Conv(6, stride=2),
        Conv(8, kernel=2, stride=3),
        Conv(8, kernel=4, stride=2, padding="valid", bias=False),
        Flatten(),
    ),
    recipes=((RecipeName.ORIGIN, Recipes(Recipe())),),
)


@pytest.fixture(scope="module")
def part():
    split = datasets.load("fashion-mnist", "train")
    return Split(split.images[:COUNT], split.labels[:COUNT])


EVERY = ("flip", "shift", "rotation", "scale", "erasing")


def steps_of(architecture, part, recipe=None, seed=3, total=33):
    recipe = recipe or Recipe(batch_size=32)
    return Steps(build(architecture, SHAPE, 10, seed), recipe, part, 10, total, seed)


def same(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def varied_recipe():
    recipe = Recipe(batch_size=32, optimizer=Optimizer.ADAM, schedule=Schedule.ONE_CYCLE)
    object.__setattr__(recipe, "augmentation", EVERY)
    return recipe


CASES = {
    "dense": ("mlp", Recipe(batch_size=32, optimizer=Optimizer.MOMENTUM)),
    "dropout": ("two-conv-cnn", Recipe(batch_size=32)),
    "strided": ("strided-cnn", Recipe(batch_size=32)),
    "strided, varied": ("strided-cnn", varied_recipe()),
    "normalised": ("atelier-cnn", varied_recipe()),
    "residual": (RESIDUAL.sized(dropout=0.3), Recipe(batch_size=32, precision="bfloat16")),
}


@pytest.fixture(params=CASES, scope="module")
def case(request, part):
    """Return a maker of equal Steps."""
    architecture, recipe = CASES[request.param]
    architecture = find(architecture) if isinstance(architecture, str) else architecture
    return lambda: steps_of(architecture, part, recipe)


def test_the_same_seed_gives_the_same_bits_in_groups_of_any_size(case):
    one, other = case(), case()
    for epoch in range(2):
        one.begin_epoch(epoch)
        other.begin_epoch(epoch)
        whole = one.run(0, 11)
        parts = [other.run(0, 4), other.run(4, 6), other.run(10, 1)]
        assert whole == tuple(map(sum, zip(*parts, strict=True)))
        assert same(one.state(), other.state())


def test_a_restored_run_goes_on_as_if_it_had_never_ended(case):
    whole = case()
    whole.begin_epoch(0)
    whole.run(0, 11)
    whole.begin_epoch(1)
    whole.run(0, 5)
    saved = whole.state()
    rest = [whole.run(5, 6)]
    whole.begin_epoch(2)
    rest.append(whole.run(0, 3))

    resumed = case()
    resumed.restore(saved)
    resumed.begin_epoch(1)
    again = [resumed.run(5, 6)]
    resumed.begin_epoch(2)
    again.append(resumed.run(0, 3))
    assert again == rest
    assert same(resumed.state(), whole.state())


def test_the_last_batch_of_an_epoch_is_smaller(part):
    steps = steps_of(find("basic-cnn"), part)
    steps.begin_epoch(0)
    assert steps.per_epoch == 11
    loss, right = steps.run(10, 1)
    assert 0 < loss < 10 * 4
    assert 0 <= right <= 10


@pytest.mark.parametrize("name", ["basic-cnn", "mlp"])
def test_rows_of_a_split_train_as_if_copied(part, name, monkeypatch):
    rows = np.random.default_rng(1).permutation(COUNT)[:200]
    copied = steps_of(find(name), Split(part.images[rows], part.labels[rows]))
    monkeypatch.setattr("core.training.steps.CALL_BYTES", 2 * 32 * 784)
    by_rows = Steps(
        build(find(name), SHAPE, 10, 3), Recipe(batch_size=32), part, 10, 33, 3, rows=rows
    )
    for steps in (copied, by_rows):
        steps.begin_epoch(1)
    assert copied.run(1, 6) == by_rows.run(1, 6)
    assert same(copied.state(), by_rows.state())
    own = copied.evaluate(part.images[rows], part.labels[rows])
    by_row = by_rows.evaluate(part.images, part.labels, rows)
    assert own[:2] == by_row[:2]
    np.testing.assert_array_equal(own.answers, by_row.answers)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells mapped memory from own")
def test_images_in_a_file_are_not_read_into_memory(tmp_path):
    count = 1_000_000  # 784 MB, of which the file system keeps nothing: they are zeros
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, (count, *SHAPE))
    part = Split(images, np.zeros(count, np.int64))

    def own():
        memory = psutil.Process().memory_info()
        return memory.rss - memory.shared

    steps_of(find("basic-cnn"), Split(images[:330], part.labels[:330])).run(0, 2)
    before = own()
    steps = steps_of(find("basic-cnn"), part)
    for epoch in range(2):
        steps.begin_epoch(epoch)
        steps.run(0, 400)
    steps.evaluate(part.images, part.labels, np.arange(count - 2000, count))
    assert own() - before < 300_000_000


def test_epochs_and_seeds_decide_the_order(part):
    def losses(seed, epoch):
        steps = Steps(build(find("mlp"), SHAPE, 10, 0), Recipe(batch_size=32), part, 10, 9, seed)
        steps.begin_epoch(epoch)
        return steps.run(10, 1)  # not by XLA, which takes its time

    assert losses(0, 0) == losses(0, 0)
    assert len({losses(0, 0), losses(0, 1), losses(1, 0)}) == 3


def compile_as_keras_does(model, recipe, steps):
    """Make a model ready for Keras's own ``fit``, which smooths one-hot labels only."""
    if recipe.label_smoothing:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
        accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(make_optimizer(recipe, steps), loss, metrics=[accuracy])


def fit(architecture, part, recipe, seed=3):
    """Train a model by Keras on the images in the order of the first epoch."""
    model = build(architecture, SHAPE, 10, seed)
    compile_as_keras_does(model, recipe, 33)
    order = np.random.default_rng((seed, 0)).permutation(len(part))
    labels = part.labels[order]
    if recipe.label_smoothing:
        labels = np.eye(10)[labels]
    logs = model.fit(
        part.images[order],
        labels,
        batch_size=recipe.batch_size,
        epochs=1,
        shuffle=False,
        verbose=0,
    )
    return model, logs.history["loss"][0], logs.history["accuracy"][0]


@pytest.mark.parametrize(
    ("architecture", "recipe"),
    [
        (find("mlp"), Recipe(optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=32)),
        (find("basic-cnn"), Recipe(optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=32)),
        (NORMALISED, Recipe(optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=165)),
        (
            NORMALISED,
            Recipe(
                optimizer=Optimizer.MOMENTUM,
                learning_rate=0.01,
                batch_size=165,  # few steps: batch normalisation makes much of the last bits
                schedule=Schedule.COSINE,
                label_form=LabelForm.ONE_HOT,
            ),
        ),
        (
            find("basic-cnn"),
            Recipe(batch_size=32, schedule=Schedule.ONE_CYCLE, label_smoothing=0.1),
        ),
        (RESIDUAL, Recipe(optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=165)),
        (STRIDED, Recipe(optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=32)),
        (find("strided-cnn").sized(dropout=0), Recipe(batch_size=32)),
        (find("mlp"), Recipe(batch_size=32, optimizer=Optimizer.RMSPROP)),
        (NORMALISED, Recipe(batch_size=165, optimizer=Optimizer.MUON)),
        (
            find("basic-cnn"),
            Recipe(batch_size=32, optimizer=Optimizer.ADAMW, weight_decay=1.0),
        ),
    ],
    ids=[
        "mlp-sgd",
        "cnn-sgd",
        "normalised-sgd",
        "momentum",
        "adam-smoothed",
        "residual-sgd",
        "strided-sgd",
        "strided-adam",
        "rmsprop",
        "muon",
        "adamw",
    ],
)
def test_an_epoch_agrees_with_keras(part, architecture, recipe):
    steps = steps_of(architecture, part, recipe)
    steps.begin_epoch(0)
    loss, right = steps.run(0, steps.per_epoch)
    model, keras_loss, keras_accuracy = fit(architecture, part, recipe)
    # Adam and RMSprop divide by the size of gradients, which makes much of the last bit of small
    # ones.
    # So does batch normalisation of channels that hardly vary.
    exact = recipe.optimizer in (Optimizer.SGD, Optimizer.MOMENTUM) and architecture not in (
        NORMALISED,
        RESIDUAL,
    )
    scale = 1 if exact else 10
    assert loss / COUNT == pytest.approx(keras_loss, abs=1e-4 * scale)
    assert right / COUNT == pytest.approx(keras_accuracy, abs=1.5 / COUNT)
    for mine, keras_own in zip(steps._model.get_weights(), model.get_weights(), strict=True):
        assert np.abs(mine - keras_own).max() < 1e-4 * scale


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_evaluation_agrees_with_keras(name, smoothing):
    split = datasets.load("fashion-mnist", "test")
    images, labels = split.images[:620], split.labels[:620]
    recipe = Recipe(label_smoothing=smoothing)
    steps = steps_of(find(name), split, recipe)
    model = steps._model
    compile_as_keras_does(model, recipe, 1)
    targets = np.eye(10)[labels] if smoothing else labels
    expected = model.evaluate(images, targets, batch_size=500, verbose=0, return_dict=True)
    loss, accuracy, answers = steps.evaluate(images, labels)
    np.testing.assert_allclose(answers, model.predict(images, verbose=0), atol=1e-4)
    assert loss == pytest.approx(expected["loss"], rel=1e-4)
    assert accuracy == pytest.approx(expected["accuracy"], abs=1e-6)


def test_convolutions_in_bfloat16_are_a_little_off_and_nothing_else_changes(part):
    losses, states = [], []
    for precision in ("float32", "bfloat16"):
        steps = steps_of(RESIDUAL, part, Recipe(batch_size=32, precision=precision))
        steps.begin_epoch(0)
        losses.append(steps.run(0, 11)[0] / COUNT)
        states.append(steps.state())
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=0.05)
    for name, value in states[1].items():
        assert value.dtype == states[0][name].dtype, name


def test_a_state_has_a_name_for_each_weight_of_a_block(part):
    steps = steps_of(RESIDUAL, part)
    names = {name for name in steps.state() if name.startswith("layer")}
    assert len(names) == len(steps._model.weights)
    assert {"layer2.kernel", "layer3.1.kernel", "layer3.4.1.kernel"} <= names


def test_the_model_is_the_one_that_was_given(part):
    model = build(find("basic-cnn"), SHAPE, 10, 0)
    before = model.get_weights()
    steps = Steps(model, Recipe(batch_size=32), part, 10, 10, 0)
    steps.begin_epoch(0)
    steps.run(0, 2)
    assert not np.array_equal(model.get_weights()[0], before[0])
    answers = keras.ops.convert_to_numpy(model(part.images, training=False))
    assert steps.evaluate(part.images, part.labels)[1] == pytest.approx(
        (answers.argmax(axis=1) == part.labels).mean()
    )


def test_a_state_that_does_not_fit_changes_nothing(part):
    steps = steps_of(find("basic-cnn"), part)
    state = steps.state()
    assert all(isinstance(value, np.ndarray) for value in state.values())
    name = next(name for name in state if name.endswith("kernel"))
    for wrong in (
        {key: value for key, value in state.items() if key != name},
        state | {"more": np.zeros(3)},
        state | {name: state[name][..., :-1]},
        state | {name: state[name].astype(np.float64)},
        steps_of(find("mlp"), part).state(),
    ):
        with pytest.raises(ValueError, match="state"):
            steps.restore({key: value + 1 for key, value in wrong.items()})
        assert same(steps.state(), state)


def test_dropout_keeps_the_share_and_the_mean():
    forward = Forward(build(find("two-conv-cnn"), SHAPE, 10, 0))
    seeds = [tf.constant(seed, tf.int64) for seed in ([1, 2], [1, 6], [2, 2])]
    first, second, other = (forward.masks(64, seed) for seed in seeds)
    assert [mask.shape for mask in first] == [(64, 14, 14, 64), (64, 7, 7, 32), (64, 256)]
    for rate, *masks in zip((0.3, 0.3, 0.5), first, second, other, strict=True):
        kept = [mask.numpy().ravel() > 0 for mask in masks]
        deviation = (rate * (1 - rate) / len(kept[0])) ** 0.5
        for mask, mine in zip(masks, kept, strict=True):
            assert mine.mean() == pytest.approx(1 - rate, abs=5 * deviation)
            assert mask.numpy().max() == pytest.approx(1 / (1 - rate))
        # Neither neighbours nor steps nor seeds know of each other.
        for one, two in ((kept[0][1:], kept[0][:-1]), kept[:2], kept[1:]):
            assert abs(np.corrcoef(one, two)[0, 1]) < 5 / len(one) ** 0.5


def test_dropout_is_the_same_with_and_without_xla():
    forward = Forward(build(find("two-conv-cnn"), SHAPE, 10, 0))
    seed = tf.constant([7, 8], tf.int64)
    compiled = tf.function(forward.masks, jit_compile=True)(5, seed)
    for one, other in zip(forward.masks(5, seed), compiled, strict=True):
        assert np.array_equal(one, other)
