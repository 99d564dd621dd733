"""Where the pictures of an archive belong: folders and tables as people have them."""

import pytest

from core.datasets.sources.layout import Layout, Table, part_of, sort

CLASSES = ("cat", "dog")


def several(pattern: str, count: int = 10) -> list[str]:
    return [pattern.format(c=c, i=i) for c in CLASSES for i in range(count)]


def counted(layout: Layout) -> dict[tuple[str, str], int]:
    places = list(layout.places.values())
    return {place: places.count(place) for place in sorted(set(places))}


def whole(count: int = 10) -> dict[tuple[str, str], int]:
    return {("all", c): count for c in CLASSES}


def halves(train: int = 10, test: int = 4) -> dict[tuple[str, str], int]:
    return {(part, c): n for part, n in (("test", test), ("train", train)) for c in CLASSES}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train/{c}/{i}.png", "test/{c}/{i}.png"),
        ("a/b/Train/{c}/{i}.png", "a/b/Test/{c}/{i}.png"),
        ("training_set/training_set/{c}/{i}.png", "test_set/test_set/{c}/{i}.png"),
        ("seg_train/seg_train/{c}/{i}.png", "seg_test/seg_test/{c}/{i}.png"),
        ("trainingSet/{c}/{i}.png", "testSet/{c}/{i}.png"),
        ("x/Final_Training/Images/{c}/{i}.png", "x/Final_Test/Images/{c}/{i}.png"),
        ("{c}/train/{i}.png", "{c}/test/{i}.png"),
        ("train/{c}/images/{i}.png", "test/{c}/images/{i}.png"),
    ],
)
def test_train_and_test(train, test):
    layout = sort(several(train) + several(test, 4))
    assert counted(layout) == halves() and not layout.left and not layout.notes


@pytest.mark.parametrize("word", ["val", "valid", "validation", "Val", "seg_val", "dev"])
def test_a_validation_part_is_one(word):
    names = several("train/{c}/{i}.png") + several(f"{word}/{{c}}/{{i}}.png", 5)
    train_and_validation = {
        (part, c): n for part, n in (("train", 10), ("validation", 5)) for c in CLASSES
    }
    assert counted(sort(names)) == train_and_validation
    layout = sort(names + several("test/{c}/{i}.png", 4))
    assert counted(layout) == train_and_validation | {("test", c): 4 for c in CLASSES}
    layout = sort(several(f"{word}/{{c}}/{{i}}.png") + several("test/{c}/{i}.png", 4))
    assert counted(layout) == halves()  # it is all there is to train on
    assert counted(sort(several(f"{word}/{{c}}/{{i}}.png"))) == whole()


def test_pictures_to_be_predicted_and_examples_are_left_out():
    names = several("train/{c}/{i}.png") + several("test/{c}/{i}.png", 4)
    layout = sort([*names, "pred/1.png", "examples/2.png"])
    assert counted(layout) == halves() and len(layout.left) == 2


def test_a_class_called_train_is_a_class():
    layout = sort([f"{c}/{i}.png" for c in ("bus", "car", "train") for i in range(10)])
    assert {label for _, label in layout.places.values()} == {"bus", "car", "train"}
    assert part_of("trainers") is None and part_of("test flight") is None


def test_one_folder_around_everything_and_a_picture_beside_it():
    layout = sort([*several("data/{c}/{i}.png"), "data/overview.png", "preview.png"])
    assert counted(layout) == whole()
    assert [index for index, _ in layout.left] == [21, 20]


@pytest.mark.parametrize(
    "pattern",
    ["{c}.{i}.jpg", "train/{c}_{i}.jpg", "{c}-{i}.png", "{c} ({i}).png", "{c}{i}.png",
     "{c}-!-{i}.jpg", "{c}_{i}_jpg.png"],
)  # fmt: skip
def test_the_class_is_the_start_of_the_name(pattern):
    layout = sort(several(pattern))
    assert counted(layout) == whole() and "start of its name" in layout.notes[0]


@pytest.mark.parametrize("pattern", ["{i}.png", "IMG_{i}.png", "{c}.png"])
def test_names_that_say_no_class(pattern):
    layout = sort(sorted({pattern.format(c=c, i=i) for c in "abcdefghij" for i in range(10)}))
    assert not layout.places and layout.left


def table(name: str, *lines: str) -> Table:
    return Table(name, "\n".join(lines).encode)


ROWS = [(f"{i}.png", CLASSES[i % 2]) for i in range(20)]
NAMES = [f"images/{name}" for name, _ in ROWS]


@pytest.mark.parametrize(
    "lines",
    [
        ["filename,label", *(f"{name},{label}" for name, label in ROWS)],
        ["\ufefflabel;file", *(f"{label};images/{name}" for name, label in ROWS)],
        ["id,breed", *(f"{name[:-4]},{label}" for name, label in ROWS)],
        [f"{name},{label}" for name, label in ROWS],
        ["id\tage\tdx", *(f"{name}\t{i}\t{label}" for i, (name, label) in enumerate(ROWS))],
        ["filename, cat, dog", *(f"{n}, {int(c == 'cat')}, {int(c == 'dog')}" for n, c in ROWS)],
    ],
)
@pytest.mark.parametrize("name", ["labels.csv", "images/_classes.csv"])
def test_a_table_names_the_classes(lines, name):
    layout = sort(NAMES, [table(name, *lines)])
    assert counted(layout) == whole() and layout.tables == {name}
    for index, (_, label) in enumerate(ROWS):
        assert layout.places[index][1] == label
    assert "of the table" in layout.notes[0]


def test_a_table_of_the_other_part_is_not_taken():
    lines = [f"{name},{label}" for name, label in ROWS]
    names = [f"{part}/{name}" for part in ("train", "test") for name, _ in ROWS]
    layout = sort(names, [table("train.csv", "id,label", *lines)])
    assert counted(layout) == whole() and {index for index, _ in layout.left} == set(range(20, 40))
    layout = sort(names, [table("sample_submission.csv", "id,label", *lines)])
    assert not layout.places


def test_a_table_that_is_none():
    for content in (b"\0\0\0", b"", b"a,b\n" + b'"' + b"x" * 300_000, b"\xff\xfe,1\n"):
        assert not sort(NAMES, [Table("x.csv", lambda content=content: content)]).places


def test_an_empty_folder_beside_the_classes_is_named():
    layout = sort(several("data/{c}/{i}.png"), folders=["data", "data/owl", "data/cat", "other"])
    assert layout.empty == ["owl"]


def test_a_deep_path_does_not_stop_it():
    deep = "/".join(["a"] * 400)
    layout = sort([*several("{c}/{i}.png"), f"cat/{deep}/x.png"])
    assert counted(layout) == whole() and len(layout.left) == 1
