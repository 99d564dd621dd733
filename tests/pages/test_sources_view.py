"""Explore, your data: bringing files, what is said of bad ones, names and split, and deleting."""

import io

import numpy as np
import pytest
import streamlit as st
from making import SOMEBODY_ELSE, VISITOR
from reading import button, components, labels, quiet, sentence, texts

from core import architectures, datasets, runs
from core.datasets import imported
from core.runs import TrainingConfig
from core.settings import forget_settings, settings
from pages.views.explore import images
from pages.views.explore import labels as suspects


def table(count: int = 60, classes: int = 10, edge: int = 28) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (count, edge * edge))
    header = "label," + ",".join(f"pixel{i}" for i in range(1, edge * edge + 1))
    rows = [",".join(map(str, [i % classes, *each])) for i, each in enumerate(pixels.tolist())]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def put(home):
    """Return a function that puts a file into the folder of the operator."""

    def put(name: str, content: str) -> None:
        folder = home / "import"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")

    return put


def checked(app, *names: str):
    app.multiselect(key="brought_paths").set_value(list(names)).run()
    return button(app, "Check the files").click().run()


def bring(app, name: str):
    checked(app, name)
    return button(app, "Import").click().run()


@pytest.fixture
def own(put, open_page):
    """Import a data set as a person would, and return the page and the id."""
    put("shoes.csv", table())
    app = bring(open_page("explore", view="sources"), "shoes.csv")
    (found,) = imported.list_imported()
    return app, found.spec.name


def test_without_data_there_is_a_place_to_bring_some(open_page):
    app = open_page("explore", view="sources")
    assert quiet(app) and not app.multiselect
    assert "Import your own data" in texts(app) and "Your data sets" not in texts(app)
    assert button(app, "Check the files").disabled


def test_a_table_is_checked_shown_and_imported(put, open_page, home):
    put("fashion-mnist_train.csv", table())
    app = checked(open_page("explore", view="sources"), "fashion-mnist_train.csv")
    assert quiet(app)
    assert "**60 images** of 28 × 28 in grey, 10 classes" in texts(app)
    (shown,) = components(app, "gallery")
    assert "Bag" in str(shown)
    assert app.text_input(key="brought_title").value == "fashion-mnist"
    app.slider(key="brought_share").set_value(20)
    app.text_input(key="brought_title").set_value("Our shoes").run()
    button(app, "Import").click().run()
    assert quiet(app)
    assert app.success[0].value == "“Our shoes” is imported."
    (found,) = imported.list_imported()
    assert found.visitor == VISITOR and found.spec.title == "Our shoes"
    assert found.spec.counts == {"train": 50, "test": 10}  # at least one of each class
    assert [path.name for path in (home / "datasets").iterdir()] == [found.spec.name]


def test_the_first_problems_are_listed_with_their_lines(put, open_page, home):
    lines = table().splitlines()
    lines[16] = lines[16].replace(",", ",abc,", 1)
    lines[20] = "10" + lines[20][1:].replace(",", ",x", 1)
    put("bad.csv", "\n".join(lines))
    app = checked(open_page("explore", view="sources"), "bad.csv")
    said = sentence(app)
    assert said.startswith("“bad.csv” cannot be used. Correct this and try again:")
    assert "- Line 17: it has 786 values instead of 785." in said and "- Line 21: pixel1" in said
    assert list((home / "datasets").iterdir()) == []


def test_a_label_beyond_the_names_is_told_and_more_names_help(put, open_page):
    lines = table().splitlines()
    lines[16] = "10" + lines[16][1:]
    put("x.csv", "\n".join(lines))
    app = checked(open_page("explore", view="sources"), "x.csv")
    assert "Line 17 of “x.csv” has the label 10, but 10 classes" in sentence(app)
    button(app, "Import").click().run()
    assert imported.list_imported() == []
    app.selectbox(key="brought_kind").select("numbers").run()
    assert quiet(app)
    app.selectbox(key="brought_kind").select("own").run()
    names = app.text_area(key="brought_names")
    assert names.value.splitlines() == [str(label) for label in range(11)]
    names.set_value("a\nb\na").run()
    button(app, "Import").click().run()
    assert any("Two classes are called “a”" in each.value for each in app.error)
    app.text_area(key="brought_names").set_value("\n".join("abcdefghijk")).run()
    button(app, "Import").click().run()
    assert quiet(app)
    assert imported.list_imported()[0].spec.classes == tuple("abcdefghijk")


def test_discarding_leaves_nothing(put, open_page, home):
    put("x.csv", table())
    app = checked(open_page("explore", view="sources"), "x.csv")
    button(app, "Discard").click().run()
    assert quiet(app) and "Import your own data" in texts(app)
    assert list((home / "datasets").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([(f"{i}.csv", b"x", "text/csv") for i in range(21)], "There are 21 files. Use one CSV"),
        ([("x.csv", bytes(12_000_000), "text/csv")], "12 MB, and this server has room for 10 MB"),
    ],
    ids=["many", "large"],
)
def test_uploads_that_are_too_much_are_not_kept(files, problem, open_page, monkeypatch):
    monkeypatch.setenv("ATELIER_MAX_DATASETS_MB", "10")
    forget_settings()
    app = open_page("explore", view="sources")
    app.file_uploader[0].set_value(files).run()
    assert problem in sentence(app)
    assert app.file_uploader[0].value == [] and button(app, "Check the files").disabled
    assert quiet(app.run())


def test_a_rejected_upload_is_forgotten_and_a_good_one_is_taken(open_page):
    app = open_page("explore", view="sources")
    app.file_uploader[0].upload("x.csv", b"hello").run()
    button(app, "Check the files").click().run()
    assert "“x.csv” has no column named label" in sentence(app)
    assert app.file_uploader[0].value == []
    app.file_uploader[0].upload("x.csv", table().encode()).run()
    button(app, "Check the files").click().run()
    assert quiet(app) and "**60 images**" in texts(app)


def test_what_is_damaged_while_it_waits_is_forgotten(put, open_page, home):
    put("x.csv", table())
    app = checked(open_page("explore", view="sources"), "x.csv")
    (images,) = (home / "datasets").glob("*/all-images.npy")
    images.write_bytes(b"x")
    app.run()
    assert "was damaged and has been discarded" in sentence(app)
    assert "Import your own data" in texts(app) and not list((home / "datasets").iterdir())
    assert quiet(app.run())


def test_a_second_click_while_it_is_saved_finds_nothing_to_look_for(put, open_page, monkeypatch):
    put("x.csv", table())
    app = checked(open_page("explore", view="sources"), "x.csv")
    save, kept = imported.save, []

    def watched(*arguments):
        kept.append(st.session_state.get("brought_found"))
        return save(*arguments)

    monkeypatch.setattr(imported, "save", watched)
    app.text_input(key="brought_title").set_value("").run()
    button(app, "Import").click().run()
    assert "title" in sentence(app) and kept == []
    app.text_input(key="brought_title").set_value("Shoes").run()
    button(app, "Import").click().run()
    assert quiet(app) and kept == [None] and app.success


def test_what_pages_say_of_all_classes_is_no_name_of_one():
    assert {images.ALL, suspects.ANY} == set(imported.RESERVED)


def test_the_label_can_be_said_to_be_in_another_column(put, open_page):
    """Without a header: the last column is 0 to 9 as well, but was meant as a pixel."""
    rows = [line.split(",") for line in table().splitlines()[1:]]
    rows = [[str(i % 3), *row[1:-1], str(i % 10)] for i, row in enumerate(rows)]
    put("x.csv", "\n".join(map(",".join, rows)))
    app = checked(open_page("explore", view="sources"), "x.csv")
    assert quiet(app) and "column 785 was taken as the label" in texts(app)
    assert "10 classes" in texts(app)
    app.selectbox(key="brought_label_784").select("column 1").run()
    assert quiet(app) and "column 1 was taken as the label" in texts(app)
    assert "3 classes" in texts(app)
    button(app, "Import").click().run()
    (found,) = imported.list_imported()
    labels = datasets.load(found.spec.name, "train").labels
    assert set(labels.tolist()) == {0, 1, 2}


def test_what_cannot_be_read_otherwise_stays_as_it_was(put, open_page, home):
    rows = [line.split(",") for line in table(150).splitlines()]
    rows = [["class" if i == 0 else str(500 + i), *row] for i, row in enumerate(rows)]
    put("x.csv", "\n".join(map(",".join, rows)))
    app = checked(open_page("explore", view="sources"), "x.csv")
    assert quiet(app) and "10 classes" in texts(app)
    app.selectbox(key="brought_label_1").select_index(0).run()
    assert "different texts" in sentence(app)
    assert app.selectbox(key="brought_label_1").index == 1
    button(app, "Import").click().run()
    assert "is imported" in app.success[0].value


def test_classes_that_the_training_images_lack_are_told(put, open_page):
    train, test = table().splitlines(), table().splitlines()
    put("a_train.csv", "\n".join(line for line in train if not line.startswith("3,")))
    put("a_test.csv", "\n".join(test))
    app = checked(open_page("explore", view="sources"), "a_train.csv", "a_test.csv")
    assert quiet(app) and "The training images have no “3”" in texts(app)


def test_images_are_turned_before_they_are_kept(put, open_page):
    put("x.csv", table())
    app = checked(open_page("explore", view="sources"), "x.csv")
    before = str(components(app, "gallery"))
    app.checkbox(key="brought_transposed").check().run()
    app.checkbox(key="brought_negative").check().run()
    assert quiet(app) and str(components(app, "gallery")) != before
    button(app, "Import").click().run()
    (found,) = imported.list_imported()
    values = np.array(table().splitlines()[1].split(",")[1:], int).reshape(28, 28, 1)
    images = datasets.load(found.spec.name, "train").images
    assert (images == 255 - values.swapaxes(0, 1)).all(axis=(1, 2, 3)).any()


def test_a_reload_between_check_and_import_loses_nothing(put, open_page):
    put("x.csv", table())
    checked(open_page("explore", view="sources"), "x.csv")
    app = open_page("explore", view="sources")  # as a reload does: a session of its own
    assert quiet(app) and "What was found" in texts(app)
    button(app, "Import").click().run()
    assert "is imported" in app.success[0].value
    app = open_page("explore", view="sources")
    assert "What was found" not in texts(app) and "Import your own data" in texts(app)


def test_what_another_visitor_has_checked_is_not_offered(put, open_page, home):
    put("x.csv", table())
    checked(open_page("explore", view="sources"), "x.csv")
    (folder,) = (home / "datasets").iterdir()
    (folder / "visitor").write_text("b" * 32, encoding="utf-8")
    assert "What was found" not in texts(open_page("explore", view="sources"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"shape": 7}', "\0"])
def test_a_damaged_note_of_what_was_found_is_no_offer(put, open_page, home, content):
    put("x.csv", table())
    checked(open_page("explore", view="sources"), "x.csv")
    (folder,) = (home / "datasets").iterdir()
    (folder / "found.json").write_text(content, encoding="utf-8")
    app = open_page("explore", view="sources")
    assert quiet(app) and "Import your own data" in texts(app)


def test_after_an_import_the_picker_has_the_new_data_set(own):
    app, name = own
    assert app.selectbox(key="dataset").value == name


def test_what_waited_too_long_is_asked_for_again(put, open_page, home):
    put("x.csv", table())
    app = checked(open_page("explore", view="sources"), "x.csv")
    for folder in (home / "datasets").iterdir():
        imported.discard(folder)
    app.run()
    assert quiet(app) and "has expired" in texts(app)


def test_it_is_explored_and_chosen_for_training_like_any_other(own, open_page):
    app, name = own
    button(app, "Explore it").click().run()
    assert quiet(app)
    assert "**50 images** · 1 to 50" in texts(app) and "imported from shoes.csv" in texts(app)
    app = open_page("explore", dataset=name, view="classes")
    assert quiet(app) and "Every class has 5 training images" in texts(app)
    app = open_page("train", dataset=name)
    assert quiet(app)
    assert app.selectbox(key="dataset").value == name
    assert app.number_input(key="batch_size").value == 8
    assert app.selectbox(key="architecture").options == [
        *(each.title for each in architectures.ARCHITECTURES.values()),
        "Build your own",
    ]
    button(app, "Train").click().run()
    assert not app.exception and not app.error
    (run,) = runs.list_runs()
    assert run.config.dataset == name


@pytest.mark.parametrize("view", ["images", "classes", "map", "labels", "sources"])
def test_every_view_of_explore_takes_it(own, open_page, view):
    _, name = own
    app = open_page("explore", dataset=name, view=view)
    assert not app.exception and not app.error
    assert app.selectbox(key="dataset").value == name


def test_train_on_it_opens_the_train_page_with_it(own):
    app, name = own
    button(app, "Train on it").click().run()
    assert quiet(app) and app.title[0].value == "Train"
    assert app.selectbox(key="dataset").value == name


def test_others_neither_see_nor_use_it(own, open_page):
    _, name = own
    for page in ("explore", "train"):
        app = open_page(page)
        app.session_state["atelier_visitor"] = SOMEBODY_ELSE
        app.run()
        assert name not in str(app.selectbox(key="dataset").options)
    app.query_params["view"] = "sources"
    assert "Your data sets" not in texts(app)


def test_what_the_command_line_imported_is_everyones_and_stays(own, open_page, home):
    app, name = own
    path = home / "datasets" / name / "meta.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(VISITOR, imported.COMMAND_LINE), encoding="utf-8"
    )
    app = open_page("explore", view="sources")
    assert quiet(app) and "on the command line, for everyone" in texts(app)
    assert "Explore it" in labels(app) and "Delete permanently" not in labels(app)


def test_deleting_keeps_the_figures_of_its_runs(own, open_page):
    app, name = own
    recipe = architectures.find("mlp").recipe_for(name)
    run = runs.create(TrainingConfig(name, "mlp", recipe), VISITOR)
    app.run()
    assert "Delete permanently" not in labels(app) and "waiting or training" in texts(app)
    runs.folder_of(run).write_result(runs.Result(runs.State.STOPPED, "Stopped."))
    app.run()
    assert "Delete permanently" not in labels(app) and "can still continue" in texts(app)
    runs.folder_of(run).write_result(runs.Result(runs.State.FAILED, "It failed."))
    app.run()
    assert "The run trained on it keeps its results" in texts(app)
    button(app, "Delete permanently").click().run()
    assert quiet(app) and imported.list_imported() == []
    for page in ("runs", "explore", "train"):
        assert quiet(open_page(page))
    app = open_page("train", run=run)
    assert not app.exception and "shoes" in texts(app)
    assert datasets.find(name).missing() is not None


def test_a_run_begun_since_the_button_was_drawn_keeps_its_data(own):
    app, name = own
    delete = button(app, "Delete permanently")
    recipe = architectures.find("mlp").recipe_for(name)
    run = runs.create(TrainingConfig(name, "mlp", recipe), VISITOR)
    app = delete.click().run()
    assert "was not deleted. A run that uses it is waiting" in sentence(app)
    assert datasets.find(name).missing() is None
    runs.folder_of(run).write_result(runs.Result(runs.State.FAILED, "It failed."))
    app.selectbox(key="dataset").set_value("fashion-mnist")
    delete = button(app.run(), "Delete permanently")
    path = settings().datasets / name / "meta.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(VISITOR, SOMEBODY_ELSE), encoding="utf-8"
    )
    app = delete.click().run()
    assert "belongs to someone else" in sentence(app) and datasets.find(name).missing() is None


def test_a_full_shelf_says_so_before_reading(own, open_page, monkeypatch):
    monkeypatch.setenv("ATELIER_MAX_DATASETS", "1")
    forget_settings()
    app = checked(open_page("explore", view="sources"), "shoes.csv")
    assert "You have 1 data sets, and a visitor may have 1" in sentence(app)


def test_only_plain_files_of_the_import_folder_are_offered(put, open_page, home, tmp_path):
    put("good.csv", "x")
    put(".hidden.csv", "x")
    (home / "import" / "folder.csv").mkdir()
    (tmp_path / "secret.csv").write_text("x", encoding="utf-8")
    (home / "import" / "link.csv").symlink_to(tmp_path / "secret.csv")
    app = open_page("explore", view="sources")
    assert app.multiselect(key="brought_paths").options == ["good.csv"]


def test_closed_test_images_are_not_imported_by_a_student(put, open_page, of_class):
    lines = table().splitlines()
    for row, image in enumerate(datasets.load("fashion-mnist", "test").images[:3], 10):
        lines[row] = ",".join(map(str, [row % 10, *image.ravel().tolist()]))
    put("mine.csv", "\n".join(lines) + "\n")
    of_class(True)
    app = bring(open_page("explore", view="sources"), "mine.csv")
    assert "3 images are test images of Fashion-MNIST, and these are closed" in sentence(app)
    assert not imported.list_imported()
    of_class(False)
    button(app, "Import").click().run()
    assert quiet(app) and len(imported.list_imported()) == 1


def test_a_validation_part_is_shown_kept_and_used_by_train(put, open_page, queue):
    head, *rows = table(count=90).splitlines()
    parts = ("Training", "Training", "PublicTest")
    lines = [f"{row},{parts[i % 3]}" for i, row in enumerate(rows)]
    put("faces.csv", "\n".join([f"{head},Usage", *lines]))
    app = checked(open_page("explore", view="sources"), "faces.csv")
    assert "**60 images** for training, **30 images** for validation of 28" in texts(app)
    assert "Import" in labels(app) and app.slider(key="brought_share").value == 15
    button(app, "Import").click().run()
    (found,) = imported.list_imported()
    assert found.spec.validation == 30 and ", 30 validation and " in texts(app)

    app = open_page("train", dataset=found.spec.name, architecture="mlp")
    assert quiet(app)
    chosen = app.selectbox(key="validation")
    assert chosen.options[0] == "the data set's own" and chosen.index == 0
    assert "validation_from" not in {each.key for each in app.selectbox}
    app.selectbox(key="validation").select_index(2).run()
    assert quiet(app) and app.selectbox(key="validation_from").value == "end"
    app.selectbox(key="validation").select_index(0).run()
    button(app, "Train").click().run()
    (run,) = [each for each in runs.list_runs() if each.config.dataset == found.spec.name]
    assert run.config.recipe.validation is None and run.config.validation_count == 30

    app = open_page("train", validation="the data set's own", architecture="mlp")
    assert "the data set's own” is unavailable" in sentence(app)


def test_a_single_class_waits_for_the_files_of_another(open_page):
    def drawn(first: int) -> bytes:
        content = io.BytesIO()
        np.save(content, np.full((30, 784), first, np.uint8))
        return content.getvalue()

    app = open_page("explore", view="sources")
    app.file_uploader[0].set_value([("cat.npy", drawn(9), "")]).run()
    button(app, "Check the files").click().run()
    assert quiet(app) and "**30 images** of 28 × 28 in grey, 1 class." in texts(app)
    assert "one class, “cat”" in texts(app) and button(app, "Import").disabled
    app.file_uploader[0].set_value([("bee.npy", b"x", "")]).run()
    button(app, "Add the files").click().run()
    assert "has no column named label" in sentence(app) or "“bee.npy”" in sentence(app)
    app.file_uploader[0].set_value([("bee.npy", drawn(8), "")]).run()
    button(app, "Add the files").click().run()
    assert quiet(app) and "**60 images** of 28 × 28 in grey, 2 classes." in texts(app)
    button(app, "Import").click().run()
    (found,) = imported.list_imported()
    assert found.spec.classes == ("cat", "bee")
