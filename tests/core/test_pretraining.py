"""The network for pictures: variations of Fashion-MNIST, and a very small training."""

import json

import numpy as np
import pytest
from PIL import Image

from core import architectures, datasets, networks, runs
from core.bundled import pictures, variations
from core.bundled.manifests import Belongs, SharedPicture, held_out
from core.bundled.pictures import NONE, WITHOUT, Pool, _batches, pools, pretrain_pictures

WAYS = (variations.as_photographed, variations.as_drawn)


@pytest.fixture(scope="module")
def images():
    return datasets.find("fashion-mnist").load("train").images[:40, ..., 0]


@pytest.mark.parametrize("way", WAYS)
def test_a_variation_is_a_picture_that_the_seed_decides(way, images):
    for image in images:
        first, again, other = (way(image, np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert first.shape == (28, 28) and first.dtype == np.uint8
        assert first.any()
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("way", WAYS)
def test_a_variation_fills_the_frame_as_the_data_set_does(way, images):
    rng = np.random.default_rng(0)
    for image in images:
        filled = way(image, rng) > 0
        assert max(filled.any(axis=0).sum(), filled.any(axis=1).sum()) >= 26


def test_a_drawing_is_mostly_empty_and_a_photo_is_not(images):
    rng = np.random.default_rng(0)
    drawn = np.mean([(variations.as_drawn(image, rng) > 0).mean() for image in images])
    shot = np.mean([(variations.as_photographed(image, rng) > 0).mean() for image in images])
    assert drawn < 0.75 * shot


def test_scribbles_are_lines_of_many_kinds():
    rng = np.random.default_rng(0)
    made = np.stack([variations.scribble(rng) for _ in range(20)])
    assert made.any(axis=(1, 2)).all()
    assert len(np.unique(made, axis=0)) == 20


def test_pools_have_a_label_for_each_image():
    train = datasets.find("fashion-mnist").load("train")
    made = pools(train, [], [], lambda line: None, limit=600)
    assert [len(pool.images) for pool in made] == [600, 1800, 600, 500]
    for pool in made:
        assert len(pool.images) == len(pool.labels)
    assert set(made[-1].labels) == {NONE}
    assert np.array_equal(made[1].labels, np.tile(made[0].labels, 3))


def test_what_is_held_out_teaches_the_second_network_only(tmp_path):
    train = datasets.find("fashion-mnist").load("train")
    senders = [f"sender{number}" for number in range(6)]
    kept = [held_out(sender) for sender in senders]
    assert 0 < sum(kept) < 6, "some of both"
    photos = []
    for sender in senders:
        path = tmp_path / f"{sender}.png"
        picture = Image.new("RGB", (60, 80), "white")
        picture.paste((30, 60, 120), (15, 15, 45, 65))
        picture.save(path)
        photos.append(SharedPicture(path, 3, Belongs.IN, "", sender))
    real = pools(train, photos, [], lambda line: None, limit=20)[-1]
    assert len(real.images) == 600 and set(real.labels) == {3}
    assert np.array_equal(real.held, np.repeat(kept, 100))
    first = real.without_held_out()
    assert np.array_equal(first.images, real.images[~real.held])
    assert len(first.images) == len(first.labels) == 100 * (6 - sum(kept))


def test_a_pool_that_is_all_held_out_is_no_part_of_a_batch():
    image = np.full((5, 28, 28), 9, np.uint8)
    held = Pool(image, np.zeros(5, int), 1.0, np.ones(5, bool)).without_held_out()
    recipe = architectures.find("pictures-cnn").recipe_for("fashion-mnist")
    pixels, wanted = next(_batches([held, Pool(image, np.full(5, 3), 1.0)], recipe, 10, 0))
    assert pixels.shape == (recipe.batch_size, 28, 28, 1)
    assert (wanted.argmax(axis=1) == 3).all()


def test_a_small_training_makes_a_bundle_that_answers(tmp_path, monkeypatch, only_bundled):
    monkeypatch.setattr(pictures, "EPOCH", 1280)
    output = tmp_path / "bundle"
    figures = pretrain_pictures(output, epochs=1, limit=600)
    assert 0.1 <= figures["validation"] <= 1
    text = (output / "README.md").read_text(encoding="utf-8")
    assert text.count("| seed ") == 2, "of each network"
    only_bundled({runs.BUNDLED: output})
    run = runs.read(runs.BUNDLED)
    assert run.state is runs.State.FINISHED and run.result.epochs == 1
    assert run.result.networks == 2
    assert "replaced textures" in text and "Quick, Draw" not in text
    model = networks.find(runs.BUNDLED)
    images = datasets.find("fashion-mnist").load("train").images[-8:]
    again = networks.load(model).probabilities(images)
    kept = runs.read_evaluation(run.folder.validation, 5000, 10).probabilities[-8:]
    assert np.allclose(again, kept, atol=0.02)  # trained in bfloat16, answers in float32
    assert not (output / WITHOUT).exists()


def test_without_writes_figures_only(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "EPOCH", 256)
    pretrain_pictures(tmp_path / "bundle", learn=False, epochs=1, limit=300)
    assert [path.name for path in (tmp_path / "bundle").iterdir()] == [WITHOUT]
    assert json.loads((tmp_path / "bundle" / WITHOUT).read_text(encoding="utf-8"))["validation"] > 0
