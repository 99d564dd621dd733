"""Weights read from a model file without TensorFlow have the names and values that Keras gives."""

import numpy as np
import pytest

from core import architectures, datasets
from core.architectures.build import build, variables
from core.networks.weights import _of_model_file
from core.training.lifecycle import save_model


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_the_arrays_of_a_model_file_are_those_of_the_network(name, tmp_path):
    architecture = architectures.find(name).sized(0.25)
    spec = datasets.DATASETS[architecture.datasets[0]]
    model = build(architecture, spec.shape, len(spec.classes), seed=1)
    expected = {key: variable.numpy() for key, variable in variables(model).items()}
    save_model(model, tmp_path / "model.keras")
    found = _of_model_file(tmp_path / "model.keras")
    assert found.keys() == expected.keys() and len(found) > 1
    for key, array in expected.items():
        assert found[key].dtype == array.dtype and np.array_equal(found[key], array), key
