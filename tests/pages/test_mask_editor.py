"""What the mask editor believes of what a browser tells it."""

import base64

import numpy as np
import pytest
from PIL import Image

from pages.widgets.mask_editor import ADD, ERASE, SIDE, Edit, layer_shape, packed, valid_edit

SHAPE = (5, 7)  # 35 pixels: the last byte is not full


def told(**changes) -> dict:
    return {"token": "3", "layer": None, "box": None} | changes


def test_a_layer_comes_back_as_it_was_packed():
    layer = np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.uint8)
    assert {0, ADD, ERASE} <= set(layer.ravel().tolist())
    edit = valid_edit(told(layer=packed(layer)), "3", SHAPE)
    assert edit is not None and edit.box is None
    assert (edit.layer == layer).all()


def test_a_box_comes_back_and_nothing_is_no_edit():
    assert valid_edit(told(box=[0, 0.25, 0.5, 1]), "3", SHAPE) == Edit(None, (0.0, 0.25, 0.5, 1.0))
    assert valid_edit(told(), "3", SHAPE) == Edit()


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        7,
        [],
        told(token="2"),
        told(token=None),
        told(layer=""),
        told(layer="A" * 12 + "é"),
        told(layer="?" * 12),
        told(layer="A" * 10_000_000),
        told(layer=5),
        told(layer=base64.b64encode(b"\xff" * 9).decode()),
        told(layer=base64.b64encode(b"\0" * 8).decode()),
        told(box=[0, 0, 1]),
        told(box=[0, 0, 1, 1, 1]),
        told(box="0011"),
        told(box=[0, 0, 1, float("nan")]),
        told(box=[0, 0, 1, float("inf")]),
        told(box=[0, 0, 1, 10**400]),
        told(box=[-0.1, 0, 1, 1]),
        told(box=[0, 0, True, 1]),
        told(box=[0, 0, "1", 1]),
        told(box=[0.5, 0, 0.5, 1]),
        told(box=[0.9, 0, 0.1, 1]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_nothing_else_is_believed(hostile):
    assert valid_edit(hostile, "3", SHAPE) is None


@pytest.mark.parametrize("size", [(1600, 1200), (2, 1600), (30, 20), (1, 1)])
def test_a_layer_is_small_and_has_the_shape_of_its_picture(size):
    height, width = layer_shape(Image.new("RGB", size))
    assert min(height, width) >= 1 and max(height, width) <= min(SIDE, max(size))
    assert abs(width / height - size[0] / size[1]) < 1 or min(height, width) == 1
