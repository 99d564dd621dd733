"""Advice about a photo: given for shoes from above, and for nothing else."""

import numpy as np
import pytest

from core import datasets
from core.classify.hints import hint
from core.imaging.prepare import Kind, Prepared

SPEC = datasets.find("fashion-mnist")


def asked(name: str, height: int, width: int, kind: Kind = Kind.PHOTO, spec=SPEC) -> str | None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[:height, :width] = 200
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[SPEC.classes.index(name)] = 0.91
    ready = Prepared(pixels, (), kind, np.ones((28, 28), bool), (0.0, 0.0, 1.0, 1.0))
    return hint(probabilities, ready, spec)


@pytest.mark.parametrize(("name", "height"), [("Sandal", 26), ("Sneaker", 28)])
def test_shoes_as_high_as_wide_are_seen_from_above(name, height):
    assert "one shoe from the side" in asked(name, height, 28)


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [("Sandal", 12, 28), ("Sneaker", 14, 28), ("Ankle boot", 28, 28), ("Trouser", 28, 12)],
)
def test_what_the_data_set_shows_gets_no_advice(name, height, width):
    assert asked(name, height, width) is None


def test_a_drawing_gets_no_advice():
    assert asked("Sneaker", 28, 28, Kind.SKETCH) is None


def test_a_data_set_without_shoes_gets_no_advice():
    assert asked("Sneaker", 28, 28, spec=datasets.find("cifar-10")) is None
