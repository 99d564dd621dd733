"""Networks that people build, as text: round trips, faults at the layer, limits, hostile texts."""

import json
import random
import re

import pytest
from stacks import GOLDEN, KINDS, SHAPES, any_layers, golden, working_layers

from core import architectures, datasets, jobs
from core.architectures import (
    ARCHITECTURES,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    Residual,
    layers_of,
    stack,
    stack_like,
    text_of,
)
from core.architectures.stack import MOST_CHARACTERS, MOST_LAYERS, RANGES
from core.architectures.survey import MOST_MULTIPLICATIONS, MOST_PARAMETERS
from core.errors import SettingsError
from core.runs import TrainingConfig

FASHION = (28, 28, 1)
MARKUP = re.compile(r"[<>*_`#\[\]\\$]")


def problem(text, shape=FASHION):
    return stack(text).problem(shape, 10)


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_each_kind_is_read_and_written(text):
    assert text_of(layers_of(text)) == text
    assert architectures.find(text).name == text
    assert problem(text) == ""


def test_any_network_comes_back_from_its_text():
    chance = random.Random(3)
    for _ in range(500):
        layers = any_layers(chance, 20)
        assert layers_of(text_of(layers)) == layers


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_can_be_built_on(name):
    architecture = ARCHITECTURES[name]
    built = stack(stack_like(architecture))
    assert built.layers == architecture.layers
    assert built.problem(datasets.find(architecture.datasets[0]).shape, 10) == ""
    wide = architecture.sized(0.5, 0.123)
    layers = layers_of(stack_like(wide))
    assert [type(each) for each in layers] == [type(each) for each in wide.layers]


def test_a_long_form_is_the_same_network():
    assert stack("stack1:c032k3s1.p2.f").name == "stack1:c32.p2.f"
    recipe = stack("stack1:f").recipe
    config = TrainingConfig("fashion-mnist", "stack1:c08k3.f", recipe)
    assert config.architecture == "stack1:c8.f"
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stack1:c-32", "Layer 1 of the network has filters -32, and from 1 to 1,024 is possible"),
        ("stack1:f.u0", "Layer 2 of the network has units 0,"),
        ("stack1:c3k-5.f", "kernel -5"),
        ("stack1:c3s9.f", "stride 9, and from 1 to 4 is"),
        ("stack1:p1", "window 1, and from 2 to 8"),
        ("stack1:d0", "dropout in percent 0"),
        ("stack1:d100", "dropout in percent 100"),
        ("stack1:b100", "momentum in percent 100"),
        ("stack1:f.u1000000000000", "units 1000000000000, and from 1 to 4,096 is possible"),
        ("stack1:f.u" + "9" * 900, "units 9999"),
        ("stack1:f.lstm5", "“lstm5”, is of no kind that Atelier has. It has: c (convolution)"),
        ("stack1:C32.f", "is of no kind"),
        ("stack1:<img src=x>.f", "“?img?src?x?”, is of no kind"),
        ("stack1:[a](http://x).f", "is of no kind"),
        ("stack1:c3<b>.f", "“c3?b?”, cannot be read. Write it such as c32k3s2"),
        ("stack1:c3.5.f", "Layer 2 of the network, “5”, is of no kind"),
        ("stack1:c.f", "“c”, cannot be read"),
        ("stack1:f7", "“f7”, cannot be read"),
        ("stack1:r2.a.e", "“r2”, cannot be read"),
        ("stack1:c３.f", "cannot be read"),
        ("stack1: c3.f", "is of no kind"),
        ("stack1:c3.f.", "Layer 3 of the network, “”, is of no kind"),
        ("stack1:e.f", "a residual block ends that has not begun"),
        ("stack1:r.c1.f", "has no end"),
        ("stack1:r.r.a.e.e", "a residual block inside of another one"),
        ("stack2:c3.f", "written by another version of Atelier"),
        ("stack1:" + ".".join(["c3"] * 10_000), "has 10,000 layers in 30,006 characters, and at"),
        ("stack1:" + ".".join(["a"] * 41), "has 41 layers, and at most 40 are allowed"),
        ("stack1:" + "." * 100_000, "at most 40 layers"),
        ("stack1:a" + "x" * 5_000, "has 1 layer in 5,008 characters"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(text, words):
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        architectures.find(text)
    said = str(caught.value)
    assert len(said) < 400 and not MARKUP.search(said)
    with pytest.raises(SettingsError):
        TrainingConfig("fashion-mnist", text, ARCHITECTURES["mlp"].recipe)


def test_noise_is_a_sentence_and_never_anything_else():
    chance = random.Random(5)
    letters = "cpbadfgure0123456789.-ksvln<>\"'&%é\x00"
    read = 0
    for _ in range(3_000):
        text = "stack1:" + "".join(chance.choices(letters, k=chance.randint(0, 30)))
        try:
            architecture = architectures.find(text)
        except SettingsError as error:
            assert not MARKUP.search(str(error))
            continue
        read += 1
        assert architecture.steps(FASHION, 10)
    assert read  # some of it is a network


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "stack1:c8.p2.p2.p2.c64k5v.f",
            "Layer 5 (Convolution 5×5, 64 filters, ReLU): 3 × 3 pixels are left, and the kernel is "
            "5 × 5. Remove a pooling or a stride before it, choose a smaller kernel, or pad.",
        ),
        ("stack1:p4.p4.p2", "Layer 3 (Max pooling 2×2): 1 × 1 pixel is left, and the window"),
        ("stack1:f.c3", "works on images, but only a list of 784 numbers is left"),
        ("stack1:f.p2", "Layer 2 (Max pooling 2×2): Max pooling works on images"),
        ("stack1:g.g", "Layer 2 (Global average pooling): Global average pooling works on images"),
        ("stack1:u7", "Layer 1 (Dense 7, ReLU): A dense layer is worked out from a list of numb"),
        ("stack1:c3", "The answer is worked out from a list of numbers, but 28 × 28 × 3 come in"),
        ("stack1:", "The answer is worked out from a list of numbers, but 28 × 28 × 1 come in"),
        ("stack1:r.e.f", "Layer 1 (Residual block): The block is empty"),
        ("stack1:c3.r.c4.e.f", "The block makes 28 × 28 × 4 of 28 × 28 × 3, and what is added up"),
        ("stack1:c3.r.a.f.c3.e.f", "Layer 2.3 (Convolution 3×3, 3 filters, ReLU): A convolution"),
        ("stack1:c1024.f.u4096", "the network has 3,288,348,672 parameters, and at most 5,000,000"),
        ("stack1:c99.c999.g", "Layer 2 (Convolution 3×3, 999 filters, ReLU): With this layer the"),
    ],
)
def test_a_fault_is_said_at_its_layer(text, words):
    assert words in problem(text)
    with pytest.raises(SettingsError, match=re.escape(words)):
        TrainingConfig("fashion-mnist", text, stack(text).recipe)


def test_behind_a_fault_nothing_is_known():
    steps = stack("stack1:c4.p8.p8.r.a.e.f").steps(FASHION, 10)
    assert [bool(step.fault) for step in steps] == [step.number == "3" for step in steps]
    assert [step.shape for step in steps] == [(28, 28, 4), (3, 3, 4), *[None] * 5]


def test_what_one_number_sees():
    def fields(text):
        return [step.field[0] for step in stack(text).steps(FASHION, 10)]

    assert fields("stack1:c3.c3.c3k5.f") == [3, 5, 9, 28, 28]
    assert fields("stack1:c3.p2.c3.p2.c3.g") == [3, 4, 8, 10, 18, 28, 28]
    assert fields("stack1:c3s2.r.c3.c3.e.a.f") == [3, 11, 7, 11, 11, 28, 28]
    assert fields("stack1:c3k11.c3k11.c3k11.f") == [11, 21, 28, 28, 28]


def test_limits_are_of_the_size_that_is_trained():
    text = "stack1:f.u4096.u256"
    recipe = stack(text).recipe
    assert TrainingConfig("fashion-mnist", text, recipe).parameters < MOST_PARAMETERS
    with pytest.raises(SettingsError, match="has 9,646,080 parameters"):
        TrainingConfig("fashion-mnist", text, recipe, width=3)
    with pytest.raises(SettingsError, match="has 12,587,008 parameters"):
        TrainingConfig("cifar-10", text, recipe)
    # Presets may be larger than what people build.
    assert TrainingConfig("cifar-10", "mlp", ARCHITECTURES["mlp"].recipe, width=4)


def test_the_longest_network_fits_into_a_text():
    longest = Conv(1024, 11, 4, "valid", "linear", bias=False)
    text = text_of([Residual((longest,))] * (MOST_LAYERS // 2))
    assert len(text) < MOST_CHARACTERS and len(layers_of(text)) == MOST_LAYERS // 2
    # And does not make an address that a browser or a proxy cuts off.
    assert MOST_CHARACTERS < 2_000


def test_titles_tell_what_a_network_is_like():
    assert stack("stack1:c32.p2.c64.f.u128").title == "Own CNN 32-64-128"
    assert stack("stack1:f.u300.u100").title == "Own MLP 300-100"
    assert stack("stack1:f").title == "Own linear network"
    assert stack("stack1:c8.r.c8.e.g").title == "Own residual CNN 8-8"
    assert stack("stack1:r.b.e.f").title == "Own residual network"
    assert stack("stack1:c1.c2.c3.c4.c5.c6.c7.f").title == "Own CNN 1-2-3-4-…-7"


def test_what_has_no_form_is_refused():
    class Odd(Layer):
        pass

    with pytest.raises(SettingsError, match="cannot have the layer"):
        text_of([Odd()])


def test_every_kind_is_among_the_tested_ones():
    read = {type(layer) for text in KINDS.values() for layer in layers_of(text)}
    assert read == set(Layer.__subclasses__()) - {
        each for each in Layer.__subclasses__() if each.__module__ != Layer.__module__
    }
    assert {"filters", "kernel", "stride", "size", "momentum", "rate", "units"} == RANGES.keys()


def test_the_editors_cases_are_of_this_version():
    """``PYTHONPATH=. python tests/core/stacks.py`` writes them anew."""
    assert GOLDEN.read_text(encoding="utf-8") == golden()


@pytest.mark.parametrize("text", ["stack1:f.u64", "stack1:c32.p2.c64.p2.f.u64", "stack1:c8.g"])
def test_an_epochs_seconds_are_those_of_the_estimate(text):
    recipe = stack(text).recipe.changed(epochs=100)
    config = TrainingConfig("fashion-mnist", text, recipe)
    rows = config.network.table(FASHION, 10)
    costs = jobs.epoch_costs(config)
    seconds = costs.seconds(
        sum(row.multiplications for row in rows),
        sum(row.activations for row in rows),
        sum(row.parameters for row in rows),
    )
    few = TrainingConfig("fashion-mnist", text, recipe.changed(epochs=50))
    both = jobs.expected_seconds(config) - jobs.expected_seconds(few)
    assert seconds == pytest.approx(both / 50)
    # The coefficients of one network are also those of another.
    other = TrainingConfig("fashion-mnist", "stack1:c64.p2.f", recipe)
    assert jobs.epoch_costs(other) == pytest.approx(costs)


def test_random_networks_work_as_their_faults_say():
    chance = random.Random(11)
    for shape in SHAPES * 20:
        architecture = stack(text_of(working_layers(chance, shape)))
        assert architecture.problem(shape, 10) == ""
        rows = architecture.table(shape, 10)
        steps = [step for step in architecture.steps(shape, 10) if len(step.place) == 1]
        assert [step.shape for step in steps] == [row.output_shape for row in rows]
        assert [step.activations for step in steps] == [row.activations for row in rows]


def test_layers_of_the_registry_are_never_at_fault():
    for architecture in ARCHITECTURES.values():
        for name in architecture.datasets:
            assert architecture.problem(datasets.find(name).shape, 10) == ""
    assert (
        MaxPool(2).fault((1, 5, 3)) and not Flatten().fault((5,)) and not Dropout(0.5).fault((2,))
    )
    assert Dense(3).window() == BatchNorm().window() == (1, 1)
    assert MOST_MULTIPLICATIONS > 98_649_664  # the largest preset can be built on
