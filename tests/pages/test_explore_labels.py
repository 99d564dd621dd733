"""Explore, doubtful labels: the lists, their filters, and what a visitor makes of them."""

import pytest
from reading import button, labels, quiet, sentence, texts

from core.analysis import files


def test_the_most_doubtful_labels_come_first(open_page):
    app = open_page("explore", view="labels")
    assert quiet(app)
    assert "**780 of 70,000 labels are doubtful** (1.1 %): 667 in the training split" in texts(app)
    assert "Labelled **Shirt**, looks like **Pullover** (over 99 %)" in texts(app)
    assert "Training image 1,087" in labels(app)


def test_the_filters_are_in_the_url(open_page):
    query = {"of": "test", "labelled": "Sneaker", "looks": "Ankle boot"}
    app = open_page("explore", view="labels", **query)
    assert quiet(app)
    shown = [line for line in texts(app).splitlines() if line.startswith("Labelled ")]
    assert shown
    assert all("**Sneaker**, looks like **Ankle boot**" in line for line in shown)
    assert all(each.startswith("Test image") for each in labels(app) if "image" in each)


def test_filters_without_a_label_say_so(open_page):
    app = open_page("explore", view="labels", labelled="Bag", looks="Ankle boot")
    assert not app.exception
    assert "No doubtful label is of this kind" in texts(app)


@pytest.mark.parametrize("name", ["of", "labelled", "looks", "list"])
def test_a_value_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name):
    app = open_page("explore", view="labels", **{name: "Hat"})
    assert sentence(app).startswith(f"This link's {name} “Hat”")


def test_a_verdict_is_kept_while_the_visitor_leafs_through(open_page):
    app = open_page("explore", view="labels")
    verdict = "verdict_fashion-mnist_train_1087"
    app.button_group(key=verdict).set_value("wrong").run()
    assert "**780 labels** · 1 judged by you" in texts(app)
    app.session_state["doubtful_page"] = 2
    app.run()
    assert "Training image 1,087" not in labels(app)
    assert "1 judged by you" in texts(app)
    assert button(app, "Take home")


def test_near_duplicates_are_told_by_kind_and_place(open_page):
    app = open_page("explore", view="labels", list="duplicates")
    assert quiet(app)
    assert "**91 pairs are nearly the same image** (0 of them in every pixel)" in texts(app)
    assert "20 of the 10,000 test images have a near-duplicate" in texts(app)
    app = open_page(
        "explore", view="labels", list="duplicates", where="across", kind="same picture"
    )
    assert quiet(app)
    assert "**10 pairs**" in texts(app)
    opened = [each for each in labels(app) if " image " in each]
    assert sum(each.startswith("Training") for each in opened) == 10
    assert sum(each.startswith("Test") for each in opened) == 10


def test_an_image_is_opened_among_the_images(open_page):
    app = open_page("explore", view="labels")
    button(app, "Training image 1,087").click().run()
    assert not app.exception
    assert app.session_state["view"] == "images" and app.session_state["split"] == "train"
    assert app.query_params["image"] in ("1087", ["1087"])


@pytest.mark.parametrize(("which", "what"), [("labels", "labels"), ("duplicates", "duplicates")])
def test_without_its_file_a_list_names_the_command(open_page, tmp_path, monkeypatch, which, what):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    app = open_page("explore", view="labels", list=which)
    assert f"python -m core analyse {what} --dataset fashion-mnist" in sentence(app)
