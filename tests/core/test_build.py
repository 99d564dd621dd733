"""Networks as data against the Keras models made of them."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from core import datasets
from core.architectures import ARCHITECTURES, Recipe
from core.architectures.build import build, leaves, make_optimizer
from core.architectures.layers import BatchNorm, Conv, Flatten, Residual
from core.architectures.muon import Muon
from core.architectures.recipe import Optimizer, Schedule

USES = [
    pytest.param((architecture, datasets.find(dataset)), id=f"{architecture.name}-{dataset}")
    for architecture in ARCHITECTURES.values()
    for dataset in architecture.datasets
]
FASHION = (28, 28, 1)


@pytest.fixture(params=USES, scope="module")
def use(request):
    """Return an architecture, one of its data sets, and the model of both."""
    architecture, spec = request.param
    return architecture, spec, build(architecture, spec.shape, len(spec.classes), seed=5)


@pytest.mark.parametrize(("width", "dropout"), [(0.25, 0.5), (2, 0)])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_another_size_is_built_as_its_table_says(name, width, dropout):
    architecture = ARCHITECTURES[name].sized(width, dropout)
    shape = datasets.find(architecture.datasets[0]).shape
    model = build(architecture, shape, 10, seed=0)
    table = architecture.table(shape, 10)
    assert [row.parameters for row in table] == [layer.count_params() for layer in model.layers[2:]]
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert set(rates) == ({dropout} if dropout else set())


def random_pixels(shape, count=4):
    return np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)


def test_shapes_and_parameters_are_those_of_keras(use):
    architecture, spec, model = use
    layers = model.layers[2:]  # after the input and the scaling
    table = architecture.table(spec.shape, len(spec.classes))
    assert [row.output_shape for row in table] == [layer.output.shape[1:] for layer in layers]
    assert [row.parameters for row in table] == [layer.count_params() for layer in layers]
    assert architecture.parameters(spec.shape, len(spec.classes)) == model.count_params()


def test_multiplications_are_one_a_weight_and_position(use):
    architecture, spec, model = use
    expected = 0
    for _, layer in leaves(model):
        if isinstance(layer, keras.layers.Conv2D):
            expected += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Dense):
            expected += math.prod(layer.kernel.shape)
    assert architecture.multiplications(spec.shape, len(spec.classes)) == expected


def test_a_step_keeps_what_each_layer_makes(use):
    architecture, spec, model = use
    expected = sum(math.prod(layer.output.shape[1:]) for _, layer in leaves(model))
    table = architecture.table(spec.shape, len(spec.classes))
    blocks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    # Input and scaling have no row, nor has the input of a block.
    entries = [*model.layers[:2], *(block.layers[0] for block in blocks)]
    expected -= sum(math.prod(layer.output.shape[1:]) for layer in entries)
    assert sum(row.activations for row in table) == expected


def test_a_block_that_changes_the_shape_has_no_sum():
    wrong = replace(ARCHITECTURES["residual-cnn"], layers=(Residual((Conv(3),)), Flatten()))
    with pytest.raises(ValueError, match="shape"):
        build(wrong, (28, 28, 2), 10, seed=0)


def test_a_block_says_what_is_in_it():
    one, two = Conv(8), Conv(8, kernel=1)
    assert Residual((one, BatchNorm(), one)).describe() == (
        "Residual block: 2 × (Convolution 3×3, 8 filters, ReLU)"
    )
    assert Residual((one, two)).describe() == (
        "Residual block: Convolution 3×3, 8 filters, ReLU; Convolution 1×1, 8 filters, ReLU"
    )
    assert Residual((BatchNorm(),)).describe() == "Residual block"


def test_answers_are_probabilities(use):
    _, spec, model = use
    answers = model(random_pixels(spec.shape), training=False).numpy()
    assert answers.shape == (4, len(spec.classes))
    assert answers.min() >= 0
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_pixels_of_0_to_255_are_scaled_inside(use):
    _, spec, model = use
    pixels = random_pixels(spec.shape)
    behind_scale = keras.Model(model.layers[1].output, model.output)
    expected = behind_scale(pixels.astype(np.float32) / 255, training=False).numpy()
    for kind in (np.uint8, np.float32, np.int64):
        answers = model(pixels.astype(kind), training=False).numpy()
        assert answers == pytest.approx(expected, abs=1e-5)


def test_the_seed_decides_the_weights(use):
    architecture, spec, model = use
    same = build(architecture, spec.shape, len(spec.classes), seed=5)
    other = build(architecture, spec.shape, len(spec.classes), seed=6)
    for mine, equal in zip(model.get_weights(), same.get_weights(), strict=True):
        assert np.array_equal(mine, equal)
    assert not np.array_equal(model.layers[-1].kernel, other.layers[-1].kernel)


@pytest.mark.parametrize(
    ("optimizer", "kind"),
    [
        (Optimizer.SGD, keras.optimizers.SGD),
        (Optimizer.MOMENTUM, keras.optimizers.SGD),
        (Optimizer.ADAM, keras.optimizers.Adam),
        (Optimizer.ADAMW, keras.optimizers.AdamW),
        (Optimizer.RMSPROP, keras.optimizers.RMSprop),
        (Optimizer.MUON, Muon),
    ],
)
def test_optimizers(optimizer, kind):
    made = make_optimizer(Recipe(optimizer=optimizer, learning_rate=0.25), steps=1)
    assert type(made) is kind
    assert float(made.learning_rate) == 0.25
    momentum = {Optimizer.SGD: 0, Optimizer.MOMENTUM: 0.9}.get(optimizer)
    assert momentum is None or made.momentum == momentum
    assert bool(made.weight_decay) is (optimizer is Optimizer.ADAMW)


@pytest.mark.parametrize("schedule", Schedule)
def test_a_learning_rate_may_be_a_whole_number(schedule):
    """As JSON and URLs have it."""
    made = make_optimizer(Recipe(learning_rate=1, schedule=schedule), steps=10)
    assert float(made.learning_rate) > 0


def rates(schedule, steps=100):
    """Return the learning rate at each step, and after the last."""
    made = make_optimizer(Recipe(schedule=schedule, learning_rate=0.5), steps)
    return [float(made._learning_rate(step)) for step in range(steps + 1)]


def test_the_cosine_ends_at_zero():
    cosine = rates(Schedule.COSINE)
    assert cosine[0] == pytest.approx(0.5)
    assert cosine[50] == pytest.approx(0.25)
    assert cosine[100] == pytest.approx(0, abs=1e-6)
    assert cosine == sorted(cosine, reverse=True)


def test_one_cycle_rises_for_three_tenths_and_then_falls_to_zero():
    cycle = rates(Schedule.ONE_CYCLE)
    assert cycle[0] == pytest.approx(0.5 / 20)
    assert max(cycle) == pytest.approx(cycle[30]) == pytest.approx(0.5)
    assert cycle[:31] == sorted(cycle[:31])
    assert cycle[30:] == sorted(cycle[30:], reverse=True)
    assert cycle[100] == pytest.approx(0, abs=1e-6)
