"""The private names of Keras: each works with the installed version, and none is used elsewhere."""

import ast
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.architectures import keras_private
from core.settings import ROOT

HOME = ROOT / "core" / "architectures" / "keras_private.py"
BROKE = f"Keras {keras.__version__} is installed; the names are those of {keras_private.KNOWN}"


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    pixels = keras.Input((3,))
    return keras.Model(pixels, keras.layers.Dense(2)(pixels))


def test_a_variable_is_tensorflows(model):
    for variable in model.trainable_variables:
        found = keras_private.resource(variable)
        assert isinstance(found, tf.Variable), BROKE
        np.testing.assert_array_equal(found.numpy(), np.asarray(variable), BROKE)


def test_adam_has_two_moments_a_weight(model):
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    means, squares = keras_private.moments(optimizer)
    shapes = [variable.shape for variable in model.trainable_variables]
    assert [each.shape for each in means] == [each.shape for each in squares] == shapes, BROKE
    assert not {id(each) for each in means} & {id(each) for each in squares}, BROKE


def test_weight_decay_can_leave_out_a_weight(model):
    optimizer = keras.optimizers.AdamW()
    kernel, bias = model.trainable_variables
    optimizer.exclude_from_weight_decay(var_list=[bias])
    optimizer.build(model.trainable_variables)
    told = [keras_private.decays(optimizer, each) for each in (kernel, bias)]
    assert told == [True, False], BROKE


def test_a_graph_is_laid_anew_from_a_tensor_in_the_middle(model):
    called, pixels = [], keras.Input((3,))

    def call(layer, *args, **kwargs):
        called.append(layer)
        return layer(*args, **kwargs)

    doubled = keras.layers.Rescaling(2.0)(pixels)
    again = keras.Model(pixels, keras_private.run_through(model, doubled, call))
    assert called == model.layers[1:], BROKE
    given = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(again(given), model(2 * given), rtol=1e-6, err_msg=BROKE)


def test_a_name_that_is_gone_is_told_with_the_version():
    with pytest.raises(RuntimeError, match=rf"Keras {keras.__version__} has no .*_value, which 3"):
        keras_private.resource(SimpleNamespace())


def test_they_are_used_nowhere_else():
    text = HOME.read_text(encoding="utf-8")
    names = {
        node.args[1].value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_named"
    }
    assert len(names) == 5
    for path in (*ROOT.glob("core/**/*.py"), *ROOT.glob("pages/**/*.py")):
        if path != HOME:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert not used & names, path
