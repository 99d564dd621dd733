"""The parts of the pages that are plain functions."""

import io

import numpy as np
import pytest
from PIL import Image

from core import runs
from core.architectures import find
from core.runs.files import append_line
from pages import words as wording
from pages.widgets import curves
from pages.widgets.gallery import SHEET_BYTES, SHEET_COLUMNS, sprite_sheet


@pytest.fixture
def run(home):
    config = runs.TrainingConfig("fashion-mnist", "mlp", find("mlp").recipe, limit=1000)
    return runs.read(runs.create(config, "someone"))


def test_curves_are_thinned_by_powers_of_two_and_keep_their_mean(run):
    count = curves.POINTS * 4 + 1
    for number in range(count):
        append_line(
            run.folder.batches, {"epoch": number / 100, "loss": float(number), "accuracy": 0.5}
        )
    shown = curves.curves_of(run)["batch"]
    assert len(shown["x"]) == len(shown["loss"]) == -(-count // 8) <= curves.POINTS
    assert shown["loss"][0] == np.mean(range(8))
    assert shown["x"][0] == 0.07  # where the group of eight ends
    assert shown["x"][-1] == (count - 1) / 100


def test_points_drawn_stay_where_they_are_as_the_curve_grows(run):
    for number in range(700):
        append_line(run.folder.batches, {"epoch": number, "loss": number, "accuracy": 1})
    before = curves.curves_of(run)["batch"]["loss"]
    for number in range(700, 900):
        append_line(run.folder.batches, {"epoch": number, "loss": number, "accuracy": 1})
    after = curves.curves_of(run)["batch"]["loss"]
    assert after[: len(before)] == before


def test_a_gap_in_a_curve_stays_a_gap(run):
    for loss in (1.0, float("nan"), 3.0):
        append_line(run.folder.batches, {"epoch": 1, "loss": loss, "accuracy": 0.1})
    assert curves.curves_of(run)["batch"]["loss"] == [1.0, None, 3.0]


def test_an_unfinished_run_shows_the_epochs_planned(run):
    assert curves.curves_of(run)["epochs"] == 30


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (65, "1:05 min"), (3599.6, "1:00 h"), (7380, "2:03 h")],
)
def test_duration(seconds, words):
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "0 %"), (0.516, "52 %"), (0.994, "99 %"), (0.9951, "over 99 %"), (1.0, "over 99 %")],
)
def test_no_network_is_quite_sure(probability, words):
    assert wording.sure_by(probability) == words


def test_every_state_has_words():
    assert set(wording.STATE_WORDS) == set(runs.State)


@pytest.mark.parametrize("shape", [(1, 28, 28), (SHEET_COLUMNS + 1, 28, 28), (7, 32, 32, 3)])
def test_sprite_sheet_is_lossless(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    sheet = np.asarray(
        Image.open(io.BytesIO(sprite_sheet(images))).convert("RGB" if len(shape) == 4 else "L")
    )
    height, width = shape[1:3]
    for index, image in enumerate(images):
        top, left = index // SHEET_COLUMNS * height, index % SHEET_COLUMNS * width
        assert (sheet[top : top + height, left : left + width] == image).all()


def test_a_heavy_sprite_sheet_is_made_lighter():
    images = np.random.default_rng(0).integers(0, 256, (120, 32, 32, 3), dtype=np.uint8)
    assert len(sprite_sheet(images)) <= SHEET_BYTES
