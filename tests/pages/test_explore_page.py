"""Explore: the grid, what the URL may ask for, and missing data."""

import re

import pytest
from reading import components, labels, quiet, sentence, texts

from core import datasets, runs
from core.analysis.order import ORDERS
from core.runs import State


def test_the_first_images_and_the_balance_are_shown(open_page):
    app = open_page("explore")
    assert quiet(app)
    assert "**60,000 images** · 1 to 120" in texts(app)
    (grid,) = components(app, "gallery")
    assert "Ankle boot, image 0" in str(grid)
    app = open_page("explore", view="classes")
    assert quiet(app)
    assert "Every class has 6,000 training images" in texts(app)


def test_the_url_holds_the_view(open_page):
    app = open_page("explore", split="Test", **{"class": "Bag", "from": "130"})
    assert not app.exception and not app.warning
    assert "**1,000 images of the class Bag** · 121 to 240" in texts(app)
    assert app.query_params == {"split": "Test", "class": "Bag", "from": "130"}


def test_the_names_of_the_command_line_work_in_the_url(open_page):
    app = open_page("explore", dataset="fashion-mnist", split="test")
    assert quiet(app)
    assert "**10,000 images** · 1 to 120" in texts(app)


def test_choosing_a_class_goes_back_to_the_first_page(open_page):
    app = open_page("explore", **{"from": "50000"})
    app.selectbox(key="class").select("Coat").run()
    assert not app.exception and not app.warning
    assert "**6,000 images of the class Coat** · 1 to 120" in texts(app)


def test_a_link_to_an_image_opens_it(open_page):
    app = open_page("explore", split="Test", image="0")
    assert not app.exception and not app.warning
    assert "Label **Ankle boot** (class 9) · 28 × 28 pixels" in texts(app)
    assert "of 10 have the same label" in texts(app)
    (viewer,) = components(app, "pixel_viewer")
    assert "Ankle boot, image 0 of the test split" in str(viewer)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "bar"),
        ("split", "validation"),
        ("class", "Hat"),
        ("class", "[link](https://example.org) <b>" + "x" * 500),
        ("from", "60001"),
        ("from", "0"),
        ("from", "-1"),
        ("from", "one"),
        ("from", "²"),
        ("from", "9" * 5000),
        ("sort", "price"),
        ("image", "60000"),
        ("image", "other-5"),
        ("image", "test-10000"),
        ("image", "-1"),
        ("image", "99999"),
        ("image", "x"),
        ("image", "9" * 5000),
    ],
)
def test_a_value_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name, value):
    app = open_page("explore", **{name: value})
    asked = "images from" if name == "from" else name
    assert f"{asked} “{value[:20]}" in sentence(app)
    assert "**60,000 images** · 1 to 120" in texts(app)


def test_several_wrong_values_at_once(open_page):
    app = open_page(
        "explore",
        dataset="bar",
        split="x",
        image="99999",
        **{"class": "y", "from": "0", "sort": "z"},
    )
    assert not app.exception
    named = re.compile(r"^(?:This link's|The link asks for) (\w+)")
    asked = [named.match(warning.value)[1] for warning in app.warning]
    assert sorted(asked) == ["class", "dataset", "image", "images", "sort", "split"]


@pytest.mark.parametrize("name", ORDERS)
def test_every_order_is_shown_and_says_what_its_figure_is(open_page, bundled, name):
    app = open_page("explore", sort=name)
    assert quiet(app)
    assert ORDERS[name].explanation in texts(app) or not ORDERS[name].shown
    (grid,) = components(app, "gallery")
    assert "image" in str(grid)


def test_a_brighter_image_comes_first(open_page):
    app = open_page("explore", sort="brightest")
    images = datasets.load("fashion-mnist", "train").images
    first = int(images.reshape(len(images), -1).mean(axis=1).argmax())
    (grid,) = components(app, "gallery")
    assert str(grid).split("image ")[1].startswith(f"{first},")


@pytest.mark.usefixtures("bundled")
def test_the_hardest_of_a_run_are_those_that_it_held_back(open_page, every_state):
    finished = every_state[State.FINISHED]
    app = open_page("explore", sort="hardest", run=finished)
    assert quiet(app)
    count = runs.read(finished).config.validation_count
    assert f"**{count:,} images that this run held back for validation**" in texts(app)


@pytest.mark.usefixtures("bundled")
def test_a_sealed_run_says_nothing_of_test_images(open_page, put_run):
    finished = put_run()  # the visitor's own
    app = open_page("explore", sort="hardest", run=finished, split="test")
    assert "The test set of this run is sealed." in app.info[0].value
    app = open_page("explore", run=finished, split="test", image="0")
    assert "| MLP" not in texts(app)
    runs.open_test(finished)
    app = open_page("explore", run=finished, split="test", image="0")
    assert "| MLP" in texts(app)


@pytest.mark.parametrize("value", ["nobody", "../../etc", "x" * 500])
def test_a_run_in_the_url_that_there_is_not_becomes_a_sentence(open_page, bundled, value):
    app = open_page("explore", sort="hardest", run=value)
    assert "run" in sentence(app)


def headings(app):
    return "\n".join(each.value for each in app.header)


def test_an_image_is_found_by_its_number(open_page):
    app = open_page("explore")
    app.text_input(key="find").set_value("59,999").run()
    assert quiet(app)
    assert "training image 59,999" in headings(app) and "· 59,881 to 60,000" in texts(app)
    app.button(key="image_previous").click().run()
    assert "training image 59,998" in headings(app)
    app.button(key="image_close").click().run()
    assert "image" not in app.query_params
    app.text_input(key="find").set_value("sixty").run()
    assert sentence(app).startswith("There is no image “sixty”: images are numbered 0 to 59,999.")


def test_a_training_image_can_be_open_beside_the_test_images(open_page):
    app = open_page("explore", split="test", image="train-5")
    assert quiet(app)
    assert "training image 5" in headings(app) and "**10,000 images**" in texts(app)
    assert app.button(key="image_next").disabled


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
