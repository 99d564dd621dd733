"""Networks that people build, in the fast code of a training and in plain Keras: the same numbers.

Each kind of layer alone, and random stacks: what answers, the gradients of every weight, and one
update. Shapes and parameter counts are Keras's, too.
"""

import json
import os
import random
import shutil
import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf
from stacks import KINDS, SHAPES, working_layers

from core.architectures import Recipe, stack, text_of
from core.architectures.build import build, leaves
from core.architectures.keras_private import resource
from core.architectures.recipe import Optimizer
from core.datasets import Split
from core.export.page.form import layer_plans
from core.export.script.network import code
from core.networks.inside import look_inside
from core.settings import ROOT
from core.training.steps import Steps
from core.training.whitening import whiten

CLOSE = 1e-4
SMALL = (13, 10, 1)  # odd and even, so that padding differs
BATCH = 12
SEEDS = range(int(os.environ.get("ATELIER_TEST_STACKS", "12")))  # 200 take some minutes


def random_text(seed):
    chance = random.Random(seed)
    shape = chance.choice((SMALL, SMALL, (14, 14, 3)))
    return text_of(working_layers(chance, shape, 8)), shape


def part_of(shape, seed=0):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (BATCH, *shape)).astype(np.uint8)
    return Split(images, generator.integers(0, 5, BATCH).astype(np.uint8))


def built(text, shape, seed=0):
    """Return a model whose normalisation is not that of a fresh one, where mistakes hide."""
    model = build(stack(text), shape, 5, seed)
    generator = np.random.default_rng(seed)
    for _, layer in leaves(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.weights:
                variable.assign(0.5 + generator.random(variable.shape))
    return model


def in_training(model, images, masks):
    """Return what plain Keras makes of images in training, dropout by the masks given."""
    rest = iter(masks)

    def run(layers, x):
        for layer in layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            if isinstance(layer, keras.Model):  # its last layer adds what went in
                x = layer.layers[-1]([x, run(layer.layers[1:-1], x)])
            elif isinstance(layer, keras.layers.Dropout):
                x = x * next(rest)
            else:
                x = layer(x, training=True)
        return x

    return run(model.layers, images)


def compared(text, shape, optimizer=Optimizer.SGD):
    """Assert that one step of the fast code does what plain Keras does."""
    part = part_of(shape)
    recipe = Recipe(optimizer=optimizer, learning_rate=0.05, batch_size=BATCH)
    model, plain = built(text, shape), built(text, shape)
    steps = Steps(model, recipe, part, 5, 1, 7)
    forward = steps._forward
    images, labels = tf.constant(part.images), tf.constant(part.labels, tf.int32)

    # Answers of the network in use.
    expected = plain(part.images, training=False)
    found = tf.nn.softmax(forward.infer(images))
    assert found.numpy() == pytest.approx(expected.numpy(), abs=CLOSE)

    # Logits, loss and gradients in training.
    masks = forward.masks(BATCH, tf.constant([3, 4], tf.int64)) if forward.drops else []
    with tf.GradientTape() as tape:
        answers = in_training(plain, part.images, masks)
        loss = tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(part.labels, answers, from_logits=False)
        )
    wanted = tape.gradient(loss, [resource(each) for each in plain.trainable_variables])
    weights = [resource(each) for each in model.trainable_variables]
    moving = [each.numpy() for each in model.non_trainable_variables]
    with tf.GradientTape() as tape:
        logits = forward.train(images, [each + 0.0 for each in weights], masks)
        mine = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    assert tf.nn.softmax(logits).numpy() == pytest.approx(answers.numpy(), abs=CLOSE)
    assert float(mine) == pytest.approx(float(loss), abs=CLOSE)
    gradients = tape.gradient(mine, weights)
    for name, one, other in zip(plain.trainable_variables, gradients, wanted, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        assert np.abs(np.asarray(one) - np.asarray(other)).max() <= CLOSE * scale, name.path
    for one, other in zip(
        model.non_trainable_variables, plain.non_trainable_variables, strict=True
    ):
        assert np.asarray(one.numpy()) == pytest.approx(np.asarray(other.numpy()), abs=CLOSE)

    # One update, from the same weights as before.
    for variable, before in zip(model.non_trainable_variables, moving, strict=True):
        variable.assign(before)
    if forward.drops:
        return  # the step draws masks of its own
    steps.begin_epoch(0)
    steps.run(0, 1)
    rule = keras.optimizers.SGD(recipe.learning_rate)
    rule.apply(wanted, plain.trainable_variables)
    for one, other in zip(model.weights, plain.weights, strict=True):
        assert np.abs(one.numpy() - other.numpy()).max() <= CLOSE, one.path


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_each_kind_of_layer_computes_as_keras(text):
    compared(text, SMALL)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_compute_as_keras(seed):
    compared(*random_text(seed))


def test_every_optimizer_steps_as_keras_does():
    for optimizer in (Optimizer.MOMENTUM, Optimizer.ADAM, Optimizer.MUON):
        part, recipe = part_of(SMALL), Recipe(optimizer=optimizer, batch_size=BATCH)
        steps = Steps(built("stack1:c4.r.c4.e.p2.f.b.u6", SMALL), recipe, part, 5, 1, 7)
        steps.begin_epoch(0)
        loss, _ = steps.run(0, 1)
        assert np.isfinite(loss) and steps.finite()


def test_shapes_and_parameters_are_those_of_keras():
    chance = random.Random(23)
    for shape in SHAPES * 12:
        architecture = stack(text_of(working_layers(chance, shape, 10)))
        model = build(architecture, shape, 7, 0)
        table = architecture.table(shape, 7)
        layers = model.layers[2:]
        assert [row.output_shape for row in table] == [each.output.shape[1:] for each in layers]
        assert [row.parameters for row in table] == [each.count_params() for each in layers]
        inner = [step for step in architecture.steps(shape, 7) if len(step.place) == 2]
        blocks = [each for each in layers if isinstance(each, keras.Model)]
        found = [each for block in blocks for each in block.layers[1:-1]]
        assert [step.shape for step in inner] == [each.output.shape[1:] for each in found]
        assert [step.parameters for step in inner] == [each.count_params() for each in found]


def test_what_a_stack_refuses_keras_cannot_do_either():
    for text in ("stack1:p8.p8.f", "stack1:c3k11v.c3k11v.f", "stack1:f.c3", "stack1:c3.r.c4.e.f"):
        architecture = stack(text)
        assert architecture.problem(SMALL, 5)
        with pytest.raises(ValueError):
            build(architecture, SMALL, 5, 0)


@pytest.mark.parametrize("seed", range(8))
def test_the_script_to_take_home_builds_the_same_network(seed):
    text, shape = random_text(seed)
    names = {"keras": keras, "layers": keras.layers}
    exec(code(stack(text), shape, 5, 1), names)
    theirs, mine = names["build"](), built(text, shape)
    theirs.set_weights(mine.get_weights())
    images = part_of(shape).images
    expected = mine(images, training=False).numpy()
    assert theirs(images, training=False).numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_network_can_be_looked_into(seed):
    text, shape = random_text(seed)
    model = built(text, shape)
    images = part_of(shape).images.astype("float32")
    inside = look_inside(model)
    answer, hidden = inside.hidden(images)
    assert answer.numpy() == pytest.approx(model(images, training=False).numpy(), abs=1e-6)
    assert hidden.shape[0] == BATCH


def test_first_filters_fit_any_network():
    for text in ("stack1:p2.c6k5.f", "stack1:c3k11.g", "stack1:r.b.c1.e.f", "stack1:f.u3"):
        model = built(text, SMALL)
        whiten(model, part_of(SMALL).images)
        assert np.isfinite(model(part_of(SMALL).images, training=False).numpy()).all()
    small = (8, 8, 1)  # padded, a kernel may be larger than the image: it stays as it was
    model = built("stack1:c3k11.f", small)
    before = model.get_weights()[0]
    whiten(model, part_of(small).images)
    assert np.array_equal(model.get_weights()[0], before)


def test_the_web_pages_engine_answers_as_keras(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node")
    cases = []
    for text, shape in [*((each, SMALL) for each in KINDS.values()), *map(random_text, range(12))]:
        model = built(text, shape)
        pixels = part_of(shape).images[:1]
        ordered = [array for _, layer in leaves(model) for array in layer.get_weights()]
        flat = [float(value) for array in ordered for value in np.ravel(array)]
        layers = list(layer_plans(stack(text).network(5)))
        cases.append(
            {
                "plan": {"shape": shape, "scale": 1 / 255, "networks": 1, "layers": layers},
                "weights": flat,
                "pixels": pixels.ravel().tolist(),
                "answer": model(pixels, training=False).numpy()[0].tolist(),
                "text": text,
            }
        )
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    engine = (ROOT / "core" / "networks" / "browser" / "engine.js").read_text(encoding="utf-8")
    script = f"""{engine}
    const cases = JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8"))
    for (const {{ plan, weights, pixels, answer, text }} of cases) {{
      const found = network(plan, Float32Array.from(weights))(pixels)
      const off = Math.max(...answer.map((value, i) => Math.abs(value - found[i])))
      if (!(off < {CLOSE})) throw new Error(`${{text}} is off by ${{off}}`)
    }}
    console.log(cases.length)"""
    (tmp_path / "run.cjs").write_text(script, encoding="utf-8")
    command = [node, str(tmp_path / "run.cjs"), str(tmp_path / "cases.json")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.stderr, done.stdout.strip()) == ("", str(len(cases)))
