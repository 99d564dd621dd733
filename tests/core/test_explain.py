"""Why a network answers as it does, on networks that are known to look at one thing."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from core import classify, datasets, networks
from core.classify import explain
from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options, Stage, prepare
from core.runs import BUNDLED
from core.runs.records import BUNDLED_FOLDERS

L = keras.layers
ROWS, COLUMNS = 3, 4  # the classes that the striped network tells apart


@pytest.fixture
def put(trained):
    """Return a function that puts a network in the place of a run's, and returns its model."""

    def put(network):
        network.save(trained.folder.model)
        return networks.find(trained.id)

    return put


@pytest.fixture
def striped(put):
    """A network that answers ROWS to horizontal edges and COLUMNS to vertical ones."""
    entry = keras.Input((28, 28, 1))
    tensor = L.Conv2D(2, 3, padding="same", activation="relu")(entry)
    tensor = L.GlobalAveragePooling2D()(tensor)
    network = keras.Model(entry, L.Dense(10, activation="softmax")(tensor))
    edge = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]]) / 255
    weights = np.zeros((2, 10))
    weights[0, ROWS] = weights[1, COLUMNS] = 10
    network.set_weights(
        [np.stack([edge, edge.T], axis=-1)[:, :, None], np.zeros(2), weights, np.zeros(10)]
    )
    return put(network)


@pytest.fixture
def stripes():
    """Horizontal stripes at the left, vertical ones, fewer, at the right."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[2:26:4, 2:12] = pixels[3:27:4, 2:12] = 255
    pixels[4:20, 17:25:4] = pixels[4:20, 18:26:4] = 255
    return pixels


@pytest.fixture
def shirt():
    """A dark shape on white, off the centre of an upright picture."""
    grey = np.full((400, 300), 255, np.uint8)
    grey[120:300, 40:160] = 60
    grey[120:180, 20:220] = 90
    return Image.fromarray(grey).convert("RGB")


def test_grad_cam_finds_what_speaks_for_each_class(striped, stripes):
    for label, side in ((ROWS, np.s_[:, :14]), (COLUMNS, np.s_[:, 15:])):
        gaze = explain.look(striped, stripes, label)
        assert gaze.method == "grad-cam"
        assert gaze.heat.shape == (28, 28) and gaze.heat.max() == 1 and gaze.heat.min() == 0
        assert gaze.heat[side].sum() > 0.65 * gaze.heat.sum()  # line ends are edges too


def test_a_mirrored_branch_looks_at_the_same_place(striped, stripes, put):
    one, entry = keras.models.load_model(striped.path), keras.Input((28, 28, 1))
    both = L.Average()([one(entry), one(keras.ops.flip(entry, axis=2))])
    gaze = explain.look(put(keras.Model(entry, both)), stripes, ROWS)
    assert gaze.heat[:, :14].sum() > 0.65 * gaze.heat.sum()  # line ends are edges too


def test_without_convolutions_it_is_the_pixels(trained):
    pixels = datasets.load("fashion-mnist", "test").images[0]
    model = networks.find(trained.id)  # an MLP
    gaze = explain.look(model, pixels[..., 0], 9)
    assert gaze.method == "gradient"
    assert gaze.heat.max() == 1 and not gaze.heat[pixels[..., 0] == 0].any()


@pytest.mark.skipif(
    not (BUNDLED_FOLDERS[BUNDLED] / "model.keras").exists(), reason="no bundled model"
)
def test_the_bundled_model_looks_somewhere():
    model = networks.find(BUNDLED)
    images = datasets.load("fashion-mnist", "test").images[:5]
    for image in images:
        label = int(networks.load(model).probabilities(image[None]).argmax())
        gaze = explain.look(model, image[..., 0], label)
        assert gaze.method in ("grad-cam", "layer-cam")
        assert gaze.heat.max() == 1


def test_covering_shows_what_speaks_for_and_against(striped, stripes):
    covered = explain.occlude(striped, stripes)
    assert covered.probabilities.shape == (len(covered.boxes), 2, 10)
    assert len(covered.boxes) * 2 + 1 <= 200
    assert covered.whole.argmax() == ROWS
    drop = covered.drop(ROWS)
    assert drop.shape == (28, 28)
    assert drop[4:24, 4:10].min() > 0  # the stripes that the answer hangs on
    between = covered.between(ROWS, COLUMNS)
    assert between[8:16, 20:22].max() < 0 < between[8:16, 4:10].min()


def test_covers_touch_the_picture_and_hide_only_their_box(striped, stripes):
    covered = explain.occlude(striped, stripes)
    for (top, left, bottom, right), (black, mean) in zip(
        covered.boxes, covered.pictures[..., 0], strict=True
    ):
        assert stripes[top:bottom, left:right].any()
        assert not black[top:bottom, left:right].any()
        assert (mean[top:bottom, left:right] == 255).all()  # all that is lit is white
        for shown in (black, mean):
            shown[top:bottom, left:right] = stripes[top:bottom, left:right]
            assert (shown == stripes).all()


def test_a_cover_that_turns_the_answer_is_found(striped, stripes):
    stripes[12:] = 0  # little speaks for the rows now
    stripes[2:20, 17:19] = 255
    covered = explain.occlude(striped, stripes)
    answer = int(covered.whole.argmax())
    turning = covered.turning()
    assert turning is not None
    told = covered.probabilities[turning]
    assert told.argmax() != answer
    found = networks.load(striped).probabilities(covered.pictures[turning][None])[0]
    np.testing.assert_allclose(told, found, atol=1e-5)


def test_an_empty_picture_has_nothing_to_cover(striped):
    covered = explain.occlude(striped, np.zeros((28, 28), np.uint8))
    assert len(covered.boxes) == 0
    assert covered.turning() is None
    assert not covered.drop(0).any()


@pytest.mark.parametrize("mirrored", [False, True])
def test_heat_comes_to_lie_where_the_picture_was(shirt, mirrored):
    prepared = prepare(shirt)
    if mirrored:
        prepared = replace(prepared, pixels=prepared.pixels[:, ::-1], mirrored=True)
    laid = explain.onto_picture(prepared.pixels, prepared)
    assert laid.shape == prepared.mask.shape
    found, there = laid > 60, prepared.mask
    assert (found & there).sum() > 0.9 * (found | there).sum()
    left, top, right, bottom = np.array(prepared.box) * (laid.shape[::-1] * 2)
    outside = np.ones(laid.shape, bool)
    outside[round(top) : round(bottom), round(left) : round(right)] = False
    assert not laid[outside].any()


def test_in_colour_the_crop_fills_the_frame(shirt):
    prepared = prepare(shirt, height=32, width=32, channels=3)
    laid = explain.onto_picture(np.ones((32, 32)), prepared)
    height, width = laid.shape
    assert laid[height // 2].all() and not laid[:5].any() and laid.sum() == width**2


def test_every_other_way_is_one_decision_away(striped, shirt):
    answer = classify.classify_picture(Picture(shirt), striped)
    changes = explain.changes(answer, Picture(shirt), striped)
    assert [change.distance for change in changes] == sorted(c.distance for c in changes)
    ways = {(change.stage, change.kind) for change in changes}
    assert {(Stage.NEGATE, None), (None, Kind.SKETCH), (None, None)} <= ways
    for change in changes:
        assert (change.answer.prepared.pixels != answer.prepared.pixels).any()
        if change.stage is not None:
            options = Options(kind=Kind.PHOTO, off=frozenset({change.stage}))
            again = classify.classify_picture(Picture(shirt), striped, options)
            assert (again.prepared.pixels == change.answer.prepared.pixels).all()


def test_what_is_off_already_is_no_other_way(striped, shirt):
    options = Options(kind=Kind.PHOTO, off=frozenset({Stage.NEGATE}))
    answer = classify.classify_picture(Picture(shirt), striped, options)
    changes = explain.changes(answer, Picture(shirt), striped, options)
    assert Stage.NEGATE not in {change.stage for change in changes}
    for change in changes:
        if change.stage is not None:
            steps = {step.stage: step.on for step in change.answer.prepared.steps}
            assert not steps[Stage.NEGATE]
