"""Explore, map: what is drawn, by what it is coloured, and the images inside a lasso."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from reading import components, quiet, sentence, texts

from core import datasets, runs
from core.analysis import embedding, files
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.settings import settings
from pages.widgets import embedding_map

KEY = "map_fashion-mnist_pixels_umap"
WHOLE = [[-2, -2], [2, -2], [2, 2], [-2, 2]]


def test_ten_thousand_images_are_drawn(open_page):
    app = open_page("explore", view="map")
    assert quiet(app)
    (drawn,) = components(app, "embedding_map")
    assert 100_000 < len(str(drawn)) < 250_000
    assert "10,000 training images, equally many of each class. UMAP" in texts(app)


def test_pca_says_how_much_it_shows(open_page):
    app = open_page("explore", view="map", layout="pca")
    assert quiet(app)
    assert "The horizontal one explains 29 % of all differences, the vertical one 18 %" in texts(
        app
    )


def lassoed(open_page, lasso):
    """Open the map as after a lasso: it is what the browser said last."""
    app = open_page("explore", view="map")
    app.session_state[KEY] = {"lasso": lasso}
    return app.run()


def test_a_lasso_shows_its_images(open_page):
    app = lassoed(open_page, {"polygon": WHOLE, "groups": [], "kind": "classes"})
    assert quiet(app)
    assert "**10,000 images selected**" in texts(app)
    assert components(app, "gallery")


def test_a_lasso_takes_the_classes_that_are_shown(open_page):
    app = lassoed(open_page, {"polygon": WHOLE, "groups": [8, 1], "kind": "classes"})
    assert "**2,000 images selected** · Trouser 1,000 · Bag 1,000" in texts(app)


def test_an_empty_lasso_says_so(open_page):
    far = [[1.5, 1.5], [1.6, 1.5], [1.6, 1.6]]
    app = lassoed(open_page, {"polygon": far, "groups": [], "kind": "classes"})
    assert "**The selection is empty.**" in texts(app)


@pytest.mark.parametrize(
    "value",
    [
        "lasso",
        {"polygon": [[0, 0]], "groups": []},
        {"polygon": WHOLE, "groups": [10], "kind": "classes"},
        {"polygon": WHOLE, "groups": [True], "kind": "classes"},
        {"polygon": WHOLE, "groups": "all", "kind": "classes"},
        {"polygon": [[0, 0], [1e999, 0], [0, 1]], "groups": [], "kind": "classes"},
    ],
)
def test_a_lasso_that_is_none_is_ignored(value):
    assert embedding_map.lasso_of(value, "classes", 10) is None


def test_groups_of_another_colouring_are_forgotten():
    value = {"polygon": WHOLE, "groups": [8], "kind": "classes"}
    polygon, groups = embedding_map.lasso_of(value, "mistakes", 2)
    assert polygon.shape == (4, 2) and groups == frozenset()


def test_mistakes_are_those_on_validation_images(open_page, home, trained):
    shutil.copytree(trained.path, settings().runs / trained.id)
    app = open_page("explore", view="map", colour="mistakes", run=trained.id)
    assert quiet(app)
    count = len(
        np.intersect1d(
            embedding.embedding_of(datasets.find("fashion-mnist")).indices,
            runs.held_out(trained.config),
        )
    )
    assert f"{count:,} of the 10,000 images on the map are among the" in texts(app)


def test_a_hidden_layer_is_asked_for_and_then_drawn(open_page, home, trained):
    shutil.copytree(trained.path, settings().runs / trained.id)
    app = open_page("explore", view="map", map="hidden", run=trained.id)
    assert quiet(app)
    assert "Map of the last hidden layer" in texts(app)
    assert not components(app, "embedding_map")
    run = runs.read(trained.id)
    random = np.random.default_rng(0)
    arrays = {
        "indices": np.arange(100, dtype=np.int32),
        "pca": random.normal(size=(100, 2)).astype(np.float16),
        "tsne": random.normal(size=(100, 2)).astype(np.float16),
        "explained": np.array([0.5, 0.25], np.float32),
    }
    write_analysis(analysis_file("features", run), arrays, stamp_of(run))
    app = open_page("explore", view="map", map="hidden", run=trained.id)
    assert quiet(app)
    assert components(app, "embedding_map")
    assert "t-SNE (van der Maaten and Hinton, 2008)" in texts(app)


def test_without_its_file_the_map_names_the_command(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    app = open_page("explore", view="map")
    assert "python -m core analyse map --dataset fashion-mnist" in sentence(app)


def test_a_damaged_map_becomes_a_sentence(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    (tmp_path / "fashion-mnist").mkdir()
    (tmp_path / "fashion-mnist" / "map.npz").write_bytes(b"PK")
    app = open_page("explore", view="map")
    assert "map.npz" in sentence(app) and "is damaged" in sentence(app)


@pytest.mark.parametrize("name", ["map", "layout", "colour"])
def test_a_value_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name):
    app = open_page("explore", view="map", **{name: "heat"})
    assert sentence(app).startswith(f"This link's {name} “heat”")


@pytest.mark.parametrize(("shape", "high"), [((28, 28), 24), ((32, 32, 3), 24), ((20, 40, 3), 12)])
def test_the_sheet_has_a_hundred_pictures_a_row(shape, high):
    images = np.zeros((150, *shape), np.uint8)
    images[101] = 255  # the second one of the second row
    with Image.open(io.BytesIO(embedding_map.sheet(images))) as picture:
        assert picture.size == (2400, 2 * high)
        bright = np.asarray(picture.convert("L")) > 128
    assert bright[high + high // 2, 24 + 12] and not bright[high // 2, 24 + 12]
    assert bright.sum() == pytest.approx(24 * high, rel=0.1)
