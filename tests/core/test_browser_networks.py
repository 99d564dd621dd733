"""Networks laid open in a browser: every number of every layer, against Keras; needs Node."""

import json
import os
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from core import architectures, datasets, runs
from core.architectures import Activation, Dropout, Layer, Residual
from core.architectures.build import build, leaves
from core.errors import ModelUnavailable
from core.networks import browser, laid_open
from core.runs import BUNDLED, BUNDLED_ACCURATE

# Reads a network and an image, and prints what every layer makes of it, and of 20 values each how
# they come about.
SCRIPT = """
import { readFileSync } from "node:fs"
const [plan, weights, image] = process.argv.slice(2)
const read = (name) => readFileSync(name)
const floats = (name) => new Float32Array(new Uint8Array(read(name)).buffer)
const nodes = laidOpen(JSON.parse(read(plan)), floats(weights))
const values = traced(nodes, floats(image))
const parts = nodes.map((node, id) => Array.from({ length: 20 }, (_, i) => {
  const index = Math.floor((i * values[id].length) / 20)
  const told = explained(nodes, values, id, placeAt(node.shape, index))
  if (told.sum !== undefined && (node.kind === "conv" || node.kind === "dense")) {
    if (told.activation === "relu") return [told.value, Math.max(told.sum, 0)]
    if (told.activation === "linear") return [told.value, told.sum]
  }
  if (node.kind === "norm") {
    const { level, mean, variance, gamma, beta, epsilon } = told
    return [told.value, ((level - mean) / Math.sqrt(variance + epsilon)) * gamma + beta]
  }
  return [told.value, told.value]
}))
const titles = nodes.map(({ title }) => title)
process.stdout.write(JSON.stringify({ titles, values: values.map((each) => [...each]), parts }))
"""


def in_node(folder, plan, weights, image):
    """Return what the engine makes of an image, run by Node as it is in the page."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Node.")
        pytest.skip("There is no Node: install it, or let python run.py do so.")
    scripts = [path.read_text(encoding="utf-8") for path in (browser.ENGINE, browser.PROGRAM)]
    script = folder / "asked.mjs"
    script.write_text("\n".join([*scripts, SCRIPT]), encoding="utf-8")
    files = {"plan.json": json.dumps(plan).encode(), "weights": weights, "image": image.tobytes()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    process = subprocess.run(
        [node, script, *(folder / name for name in files)],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return json.loads(process.stdout)


def check(folder, plan, weights, opened, pixels):
    """Compare every layer of a network with Keras."""
    image = pixels.astype(np.float32) * np.float32(plan["scale"])
    told = in_node(folder, plan, weights, image)
    wanted = [np.ravel(each) for each in opened.model(pixels[None].astype("f4"), training=False)]
    assert len(told["values"]) == len(wanted) == len(opened.layers)
    for title, found, right in zip(told["titles"], told["values"], wanted, strict=True):
        most = 1e-4 * max(1.0, float(np.abs(right).max()))
        assert np.allclose(found, right, atol=most, rtol=1e-4), title
    for title, pairs in zip(told["titles"], told["parts"], strict=True):
        values, sums = np.array(pairs).T
        assert np.allclose(values, sums, atol=1e-4, rtol=1e-4), title


@pytest.mark.parametrize("run_id", [BUNDLED, BUNDLED_ACCURATE])
@pytest.mark.parametrize("member", [0, 1])
def test_every_layer_of_the_bundled_networks_is_that_of_keras(run_id, member, tmp_path):
    run = runs.read(run_id)
    spec = datasets.find(run.config.dataset)
    image = spec.load("test").images[17 + member]
    plan = browser.network_plan(run.config.network, spec)
    weights = browser.weights_file(run, member)
    check(tmp_path, plan, weights, laid_open.of_run(run, member), image)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_layer_of_every_architecture_is_that_of_keras(name, tmp_path):
    architecture = architectures.find(name)
    spec = datasets.find(architecture.datasets[-1])
    model = build(architecture, spec.shape, len(spec.classes), seed=5)
    generator = np.random.default_rng(5)
    for _, layer in leaves(model):
        for variable in layer.weights:  # biases are zero, and moments are one, in a fresh network
            noise = generator.normal(0, 0.05, variable.shape)
            variable.assign(
                np.abs(variable + noise) if "variance" in variable.name else variable + noise
            )
    flat = [np.ravel(each) for _, layer in leaves(model) for each in layer.get_weights()]
    weights = np.concatenate(flat).astype("<f4").tobytes()
    pixels = generator.integers(0, 256, spec.shape)
    plan = browser.network_plan(architecture, spec)
    check(tmp_path, plan, weights, laid_open.laid_open(model), pixels)


def test_the_answers_of_the_members_are_those_of_the_bundled_model():
    run = runs.read(BUNDLED)
    assert browser.members_of(run) == 2
    assert browser.weights_file(run, 0) != browser.weights_file(run, 1)
    assert len(browser.weights_file(run, 1)) == 4 * run.config.parameters


def test_a_member_that_is_not_there_is_a_sentence():
    with pytest.raises(ModelUnavailable, match="Train it again"):
        browser.weights_file(runs.read(BUNDLED), 2)


def test_the_plan_has_every_layer_with_its_title_and_its_parameters():
    architecture = architectures.find("residual-cnn")
    spec = datasets.find("fashion-mnist")
    layers = browser.network_plan(architecture, spec)["layers"]
    table = architecture.table(spec.shape, len(spec.classes))
    assert [each["title"] for each in layers] == [row.layer.describe() for row in table]
    assert [each["parameters"] for each in layers] == [row.parameters for row in table]
    (first, _) = [each for each in layers if each["kind"] == "residual"]
    assert sum(each["parameters"] for each in first["layers"]) == first["parameters"]
    assert "dropout" in {each["kind"] for each in layers}


def test_where_the_line_is():
    spec = datasets.find("fashion-mnist")
    for each in architectures.ARCHITECTURES.values():
        assert browser.too_large(each, datasets.find(each.datasets[-1])) is None
    wide = architectures.find("mlp").sized(width=24)
    assert "parameters" in browser.too_large(wide, spec)
    slow = architectures.find("residual-cnn").sized(width=3)
    assert browser.too_large(slow, spec) is not None
    odd = replace(architectures.find("mlp"), layers=(Residual((Activation(), Dropout(0.1))), Odd()))
    assert "kind of layer" in browser.too_large(odd, spec)


class Odd(Layer):
    """A layer that no engine has."""

    def output_shape(self, shape):
        return (10,)

    def describe(self):
        return "Odd"
