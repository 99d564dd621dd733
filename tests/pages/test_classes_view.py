"""Explore, classes: what is drawn, what is said of it, and data sets of any kind."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from making import VISITOR
from reading import components, quiet, sentence, texts

from core import datasets
from core.analysis.statistics import Distances
from core.datasets import imported
from core.datasets.imported import Choices
from core.datasets.sources import Found
from core.datasets.sources.parts import Part
from pages.views.explore import classes as view
from pages.widgets.class_pictures import valid_label

NAMES = ("Cat", "Dog", "Owl")


def drawn(app, name: str) -> list[dict]:
    return [json.loads(message.json) for message in components(app, name)]


@pytest.fixture
def put_dataset(home) -> Callable[..., str]:
    """Return a function that imports images of the classes given, with all other classes empty."""

    def put(labels: np.ndarray, names: tuple[str, ...], shape: tuple[int, int, int]) -> str:
        folder, counts = imported.stage(), {}
        images = np.random.default_rng(0).integers(0, 256, (len(labels), *shape), dtype=np.uint8)
        for name in ("train", "test"):
            with Part(folder, name, shape, lambda size: None) as part:
                part.append(images, labels, lambda i: f"line {i + 2} of “x.csv”")
            counts[name] = part.counts[: labels.max() + 1].tolist()
        first = ("line 2 of “x.csv”",) * (labels.max() + 1)
        found = Found("table", shape, counts, first=first, name="x.csv")
        return imported.save(folder, found, Choices("Pets", names), VISITOR)

    return put


def test_fashion_mnist_in_words(open_page):
    app = open_page("explore", view="classes")
    assert quiet(app)
    said = texts(app)
    for words in (
        "Every class has 6,000 training images and 1,000 test images",
        "is right in 10 % of cases",
        "The images of **Sneaker** are most alike: a pixel is typically 45.7 (of 255) away from",
        "**All classes**: the mean is 73; 50.2 % are 0 (black)",
        "The closest are **Trouser and Dress** (80.6); the farthest apart are **Coat and "
        "Sandal** (125.3)",
        "Two images of **Sandal** are typically farther apart (81.5) than one of Sandal and one of "
        "Sneaker (81.4).",
    ):
        assert words in said
    (pictures,) = drawn(app, "class_pictures")
    assert pictures["counts"] == [6000] * 10 and pictures["chosen"] is None
    balance, values = drawn(app, "chart")
    assert [trace["name"] for trace in balance["figure"]["data"]] == ["Training", "Test"]
    assert values["figure"]["layout"]["yaxis"]["type"] == "log"
    (grid,) = drawn(app, "distance_grid")
    assert grid["values"][5][5] == pytest.approx(81.5) and grid["name"].endswith("mnist-train")


def test_a_class_is_laid_over_all_classes(open_page):
    app = open_page("explore", view="classes", split="test", **{"class": "Shirt"})
    assert quiet(app)
    assert "**Shirt**: the mean is 8" in texts(app)
    assert "Two images of **Shirt** are typically" in texts(app)
    _, values = drawn(app, "chart")
    assert [trace["name"] for trace in values["figure"]["data"]] == ["all classes", "Shirt"]
    assert drawn(app, "class_pictures")[0]["chosen"] == 6
    counts = np.bincount(datasets.load("fashion-mnist", "test").images.ravel(), minlength=256)
    shown = np.array(values["figure"]["data"][0]["y"])
    assert shown == pytest.approx(counts / counts.sum(), rel=1e-4)


def test_mean_images_have_distances_of_their_own(open_page):
    app = open_page("explore", view="classes", distance="means")
    assert quiet(app)
    assert "The closest are **Pullover and Coat** (22.6)" in texts(app)
    (grid,) = drawn(app, "distance_grid")
    assert grid["values"][0][0] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("split", "validation"),
        ("split", "[x](https://example.org) <b>" + "x" * 500),
        ("class", "frog"),
        ("distance", "miles"),
    ],
)
def test_a_value_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name, value):
    app = open_page("explore", view="classes", **{name: value})
    assert f"{name} “{value[:20]}" in sentence(app)
    assert "Every class has 6,000 training images" in texts(app)


def test_cifar_10_is_in_colour(open_page):
    if datasets.find("cifar-10").missing() is not None:
        pytest.skip("CIFAR-10 is not on this machine")
    app = open_page("explore", dataset="cifar-10", view="classes", **{"class": "Frog"})
    assert quiet(app)
    assert "in red," in texts(app) and "**Frog**: the mean is" in texts(app)
    assert "**Deer and Frog**" in texts(app)
    _, values = drawn(app, "chart")
    names = [trace["name"] for trace in values["figure"]["data"]]
    assert names[:3] == ["red, all classes", "green, all classes", "blue, all classes"]
    assert names[3:] == ["red, Frog", "green, Frog", "blue, Frog"]
    assert "type" not in values["figure"]["layout"]["yaxis"]


def test_a_class_without_images_has_dashes(put_dataset, open_page):
    dataset = put_dataset(np.array([0, 0, 0, 1, 0]), NAMES, (9, 9, 3))
    app = open_page("explore", dataset=dataset, view="classes", **{"class": "Owl"})
    assert quiet(app)
    said = texts(app)
    assert "The training split has 0 images of Owl and 4 of Cat" in said
    assert "is right in 80.0 % of its cases" in said
    assert "Fewer than two classes have several images to compare." in said
    assert "**Owl**: no image, so no values." in said
    assert "There are no two images of **Owl** to compare." in said
    assert drawn(app, "class_pictures")[0]["counts"] == [4, 1, 0]
    values = drawn(app, "distance_grid")[0]["values"]
    assert values[2] == [None, None, None] and values[1][1] is None
    assert values[0][1] == values[1][0] > 0


def test_a_single_class_with_images_is_no_error(put_dataset, open_page):
    dataset = put_dataset(np.zeros(3, np.int64), NAMES[:2], (8, 8, 1))
    for measure in ("images", "means"):
        app = open_page("explore", dataset=dataset, view="classes", distance=measure)
        assert quiet(app)
        assert "Fewer than two classes have several images to compare." in texts(app)
        assert "There are no two classes with images." in texts(app)


def test_a_hundred_classes_are_sent_in_few_bytes(put_dataset, open_page):
    names = tuple(f"{i} *{'long' * 8}*" for i in range(100))
    dataset = put_dataset(np.arange(300) % 100, names, (64, 64, 3))
    app = open_page("explore", dataset=dataset, view="classes")
    assert quiet(app)
    assert sum(len(str(node.proto)) for node in app.get("bidi_component")) < 250_000
    assert "Every class has 3 training images" in texts(app)


def distances(images: list[list[float]]) -> Distances:
    return Distances(np.zeros((3, 3)), np.array(images, float))


def test_classes_that_hold_together_are_told_from_those_that_do_not():
    tight = distances([[1, 5, 9], [5, 3, 8], [9, 8, 2]])
    assert view.within_words(tight, NAMES, None) == (
        "In every class two images are typically closer to each other than to another class; it "
        "is tightest for **Dog** (3.0, to Cat 5.0)."
    )
    loose = distances([[6, 5, 9], [5, 8, 8], [9, 8, 2]])
    assert view.within_words(loose, NAMES, None).startswith(
        "Two images of **Dog** are typically farther apart (8.0) than one of Dog and one of Cat "
        "(5.0); the same is true of 2 of 3 classes."
    )
    assert view.within_words(loose, NAMES, 2) == (
        "Two images of **Owl** are typically 2.0 apart; from an image of Dog, the nearest other "
        "class, it is 8.0."
    )


@pytest.mark.parametrize("told", [-1, 3, True, "1", 1.0, None, {"row": 1}])
def test_what_the_browser_sends_is_a_class_or_nothing(told):
    assert valid_label(told, 3) is None
    assert valid_label(2, 3) == 2
