"""Explore: the grid, what the URL may ask for, and missing data."""

import pytest
from reading import components, labels, quiet, sentence, texts

from core import datasets


def test_the_first_images_and_the_balance_are_shown(open_page):
    app = open_page("explore")
    assert quiet(app)
    assert "**60,000 images** · 1 to 60" in texts(app)
    (grid,) = components(app, "gallery")
    assert "Ankle boot, image 0" in str(grid)
    app = open_page("explore", view="classes")
    assert quiet(app)
    assert "Every class has 6,000 training images" in texts(app)


def test_the_url_holds_the_view(open_page):
    app = open_page("explore", split="Test", **{"class": "Bag"}, page="2")
    assert not app.exception and not app.warning
    assert "**1,000 images of the class Bag** · 61 to 120" in texts(app)
    assert app.query_params == {"split": "Test", "class": "Bag", "page": "2"}


def test_the_names_of_the_command_line_work_in_the_url(open_page):
    app = open_page("explore", dataset="fashion-mnist", split="test")
    assert quiet(app)
    assert "**10,000 images** · 1 to 60" in texts(app)


def test_choosing_a_class_goes_back_to_the_first_page(open_page):
    app = open_page("explore", page="900")
    app.selectbox(key="class").select("Coat").run()
    assert not app.exception and not app.warning
    assert "**6,000 images of the class Coat** · 1 to 60" in texts(app)


def test_a_link_to_an_image_opens_it(open_page):
    app = open_page("explore", split="Test", image="0")
    assert not app.exception and not app.warning
    assert "Label **Ankle boot** (class 9) · test split" in texts(app)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "bar"),
        ("split", "validation"),
        ("class", "Hat"),
        ("class", "[link](https://example.org) <b>" + "x" * 500),
        ("page", "9999"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "one"),
        ("page", "²"),
        ("page", "9" * 5000),
        ("image", "60000"),
        ("image", "-1"),
        ("image", "99999"),
        ("image", "x"),
        ("image", "9" * 5000),
    ],
)
def test_a_value_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name, value):
    app = open_page("explore", **{name: value})
    assert sentence(app).startswith(f"The link asks for {name} “{value[:20]}")
    assert "**60,000 images** · 1 to 60" in texts(app)


def test_several_wrong_values_at_once(open_page):
    app = open_page(
        "explore", dataset="bar", split="x", page="9999", image="99999", **{"class": "y"}
    )
    assert not app.exception
    asked = [warning.value.split()[4] for warning in app.warning]
    assert sorted(asked) == ["class", "dataset", "image", "page", "split"]


@pytest.mark.usefixtures("no_data")
def test_without_data_the_page_says_which_file_is_missing(open_page):
    app = open_page("explore")
    assert "is missing from assets/fashion-mnist" in sentence(app) and "git restore" in sentence(
        app
    )


@pytest.mark.usefixtures("damaged_data")
def test_with_damaged_data_the_page_says_which_file_it_is(open_page):
    app = open_page("explore")
    assert "train-images-idx3-ubyte.gz is damaged" in sentence(app)


def test_cifar_10_can_be_fetched_where_it_is_missing(open_page):
    if datasets.find("cifar-10").missing() is None:
        pytest.skip("CIFAR-10 is on this machine")
    app = open_page("explore", dataset="CIFAR-10")
    assert sentence(app).startswith("CIFAR-10 is not on this machine.")
    assert "Download CIFAR-10 (163 MB)" in labels(app)
