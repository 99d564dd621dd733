"""CSV files: what is read bit for bit, and what is refused with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets.sources import Found, SourceFile, read
from core.datasets.sources import table as reader
from core.errors import SourceRejected

TEXT = [str(value) for value in range(256)]


def header(pixels: int = 784, start: int = 1) -> str:
    return "label," + ",".join(f"pixel{start + i}" for i in range(pixels))


def row(label: object, pixels: np.ndarray) -> str:
    return f"{label}," + ",".join(map(TEXT.__getitem__, pixels.ravel().tolist()))


def kaggle(split: datasets.Split, count: int) -> str:
    """Return the first images of a split as Kaggle has them."""
    rows = map(row, split.labels[:count].tolist(), split.images[:count])
    return "\n".join([header(), *rows]) + "\n"


@pytest.fixture(scope="module")
def split() -> datasets.Split:
    return datasets.load("fashion-mnist", "train")


@pytest.fixture(scope="module")
def text(split: datasets.Split) -> str:
    return kaggle(split, 600)


def load(content: bytes | str, folder: Path, name: str = "data.csv", **options) -> Found:
    path = folder / "brought"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read([SourceFile(path, name)], folder, **options)


def arrays(folder: Path, part: str = "all") -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        np.load(folder / f"{part}-{what}.npy", allow_pickle=False) for what in ("images", "labels")
    )


def refused(content: bytes | str, folder: Path) -> str:
    with pytest.raises(SourceRejected) as caught:
        load(content, folder)
    return str(caught.value)


def changed(text: str, line: int, column: int, value: str) -> str:
    """Return the text with one value replaced; the header is line 1, the label column 0."""
    lines = text.split("\n")
    values = lines[line - 1].split(",")
    values[column] = value
    lines[line - 1] = ",".join(values)
    return "\n".join(lines)


def test_a_kaggle_file_is_read_bit_for_bit(text, split, tmp_path):
    found = load(text, tmp_path)
    images, labels = arrays(tmp_path)
    assert found.kind == "table" and found.shape == (28, 28, 1) and found.total == 600
    assert found.counts["all"] == np.bincount(split.labels[:600], minlength=10).tolist()
    assert images.dtype == np.uint8 and labels.dtype == np.int64
    np.testing.assert_array_equal(images, split.images[:600])
    np.testing.assert_array_equal(labels, split.labels[:600])
    assert found.first[9] == "line 2 of “data.csv”"  # an ankle boot comes first


@pytest.mark.parametrize(
    "variant",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", ", "),
        lambda text: '"' + text.replace(",", '","').replace("\n", '"\n"').removesuffix('"'),
        lambda text: text.replace("label", "Label"),
        lambda text: text.partition("\n")[2],
        lambda text: text.replace(header(), header(start=0)),
        lambda text: text.replace(
            header(), "label," + ",".join(f"{i}x{j}" for i in range(1, 29) for j in range(1, 29))
        ),
    ],
    ids=[
        "BOM",
        "CRLF",
        "BOM+CRLF",
        "no-last-LF",
        "blank-lines",
        "semicolons",
        "tabs",
        "spaces",
        "quotes",
        "Label",
        "no-header",
        "from-0",
        "1x1",
    ],
)
def test_other_ways_to_write_the_same_table(text, split, tmp_path, variant):
    found = load(variant(text), tmp_path)
    images, labels = arrays(tmp_path)
    np.testing.assert_array_equal(images, split.images[:600])
    np.testing.assert_array_equal(labels, split.labels[:600])
    assert bool(found.notes) == (not variant(text).lower().lstrip('\ufeff"').startswith("label"))


def test_a_packed_table_is_read_too(text, split, tmp_path):
    load(gzip.compress(text.encode()), tmp_path, "data.csv.gz")
    np.testing.assert_array_equal(arrays(tmp_path)[0], split.images[:600])


def test_the_label_may_be_last(split, tmp_path):
    rows = [
        ",".join([*map(str, image.ravel().tolist()), str(label)])
        for image, label in zip(split.images[:30], split.labels[:30], strict=True)
    ]
    content = "\n".join([header().removeprefix("label,") + ",label", *rows])
    load(content, tmp_path)
    np.testing.assert_array_equal(arrays(tmp_path)[0], split.images[:30])
    np.testing.assert_array_equal(arrays(tmp_path)[1], split.labels[:30])


def test_colour_is_red_green_blue_for_each_pixel(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3))
    content = "\n".join([header(192), *(row(i % 3, each) for i, each in enumerate(pixels))])
    assert load(content, tmp_path).shape == (8, 8, 3)
    np.testing.assert_array_equal(arrays(tmp_path)[0], pixels)


@pytest.mark.parametrize("block", [1000, 4096, 1 << 20])
def test_it_does_not_matter_where_a_block_ends(text, split, tmp_path, monkeypatch, block):
    monkeypatch.setattr(reader, "BLOCK", block)
    load(text.replace("\n", "\r\n"), tmp_path)
    np.testing.assert_array_equal(arrays(tmp_path)[0], split.images[:600])


@pytest.mark.parametrize(
    ("line", "column", "value", "problem"),
    [
        (17, 3, "abc", "Line 17: pixel3 is “abc”, which is no whole number"),
        (17, 3, "256", "Line 17: pixel3 is “256”"),
        (2, 784, "1000", "Line 2: pixel784 is “1000”"),
        (601, 1, "-1", "Line 601: pixel1 is “-1”"),
        (30, 9, "", "Line 30: pixel9 is empty"),
        (30, 9, "1.5", "Line 30: pixel9 is “1.5”"),
        (30, 9, "1e2", "Line 30: pixel9 is “1e2”"),
        (30, 9, "٣", "Line 30: pixel9 is"),
        (30, 9, "=cmd()", "Line 30: pixel9 is “=cmd()”"),
        (30, 9, "\0", "Line 30: pixel9 is empty"),
        (5, 0, "shoe", "Line 5: the label is “shoe”"),
        (5, 0, "100", "Line 5: the label is 100, but labels end at 99"),
        (8, 4, "1,2", "Line 8: it has 786 values instead of 785"),
        (8, 4, "1\n2", "Line 8: it has 5 values instead of 785. Line 9: it has 781 values"),
        (1, 300, "pixel301", "the column pixel300 is missing: after pixel299 comes “pixel301”"),
        (1, 0, "class", "no column named label; its columns are class, pixel1, pixel2 …"),
        (1, 1, "label", "more than one column named label"),
        (1, 784, "id", "the column pixel784 is missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(text, tmp_path, line, column, value, problem):
    assert problem in refused(changed(text, line, column, value), tmp_path)


def test_a_missing_column_is_named(text, tmp_path):
    lines = [line.rpartition(",")[0] for line in text.splitlines()]
    said = refused("\n".join(lines), tmp_path)
    assert "783 pixel columns" in said and "784 columns for 28 × 28" in said


def test_the_first_five_problems_are_told_and_the_rest_is_not(text, tmp_path):
    for line in range(100, 120, 2):
        text = changed(text, line, 7, "x")
    with pytest.raises(SourceRejected) as caught:
        load(text, tmp_path)
    assert [each.partition(":")[0] for each in caught.value.problems] == [
        f"Line {line}" for line in range(100, 110, 2)
    ]
    assert "the first ones" in caught.value.sentence


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (header() + "\n", "no images below it"),
        ("label\n1\n2\n", "a label but no pixels"),
        (header(783) + "\n", "783 pixel columns"),
        (header(49) + "\n", "49 pixel columns"),
        ("a,label,b\n", "is column 2"),
        ("hello", "no column named label; its columns are hello"),
        ("label,pixel1".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a CSV file"),
        (b"label" + b"," * (1 << 21), "more than 1,048,576 bytes"),
        (header().encode() + b"\n" + b"1," * (1 << 20), "a line of more than 1,048,576 bytes"),
        (b"\x1f\x8b" + b"\0" * 100, "damaged or cut off"),
        (gzip.compress(header().encode() * 50)[:-20], "damaged or cut off"),
        (b"\x80\x04\x95\x1a\x00\x00\x00", "not a CSV file"),  # a pickle
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(content, problem, tmp_path):
    assert problem in refused(content, tmp_path)


def test_too_few_images_or_one_class_are_no_data_set(split, tmp_path):
    assert "only 19 images" in refused(kaggle(split, 19), tmp_path)
    rows = [header(), *(row(3, image) for image in split.images[:30])]
    assert "have the label 3" in refused("\n".join(rows), tmp_path)


def test_no_more_is_written_than_there_is_room_for(text, tmp_path):
    with pytest.raises(SourceRejected, match=r"more than 0 MB.*delete a data set"):
        load(text, tmp_path, room=100_000)


def test_two_files_are_training_and_test(text, split, tmp_path):
    for name, content in (("a", text), ("b", kaggle(split, 50))):
        (tmp_path / name).write_text(content, encoding="utf-8")
    files = [
        SourceFile(tmp_path / "b", "fashion-mnist_test.csv"),
        SourceFile(tmp_path / "a", "fashion-mnist_train.csv"),
    ]
    found = read(files, tmp_path)
    assert {part: sum(counts) for part, counts in found.counts.items()} == {
        "train": 600,
        "test": 50,
    }
    np.testing.assert_array_equal(arrays(tmp_path, "train")[0], split.images[:600])
    np.testing.assert_array_equal(arrays(tmp_path, "test")[0], split.images[:50])
    with pytest.raises(SourceRejected, match="give the test files names with “test”"):
        read([SourceFile(each.path, f"{i}.csv") for i, each in enumerate(files)], tmp_path)
    with pytest.raises(SourceRejected, match=r"These files \(3\) do not"):
        read([files[0], *files], tmp_path)


def test_files_of_different_shapes_do_not_belong_together(text, tmp_path):
    (tmp_path / "a").write_text(text, encoding="utf-8")
    (tmp_path / "b").write_text(
        "\n".join([header(64), *(row(1, np.zeros(64, int)),) * 2]), encoding="utf-8"
    )
    files = [SourceFile(tmp_path / "a", "train.csv"), SourceFile(tmp_path / "b", "test.csv")]
    with pytest.raises(SourceRejected, match=r"28 × 28 in grey.*8 × 8 in grey"):
        read(files, tmp_path)


def test_every_number_of_up_to_four_digits_is_read_or_refused(tmp_path):
    """The fast way against Python's own reading of numbers, value by value."""
    layout = reader._Layout(None, 64, b",", 0, (8, 8, 1))
    for start in range(0, 2000, 50):
        values = [str(start + i) for i in range(50)] + ["007", "00", "1", "10", "100", "255", "0"]
        values += ["9"] * (64 - len(values))
        parsed = reader._parse((",".join(values) + "\n").encode(), layout)
        if start + 49 <= 255:
            assert parsed is not None and parsed[0].tolist() == [int(value) for value in values]
        else:
            assert parsed is None
    for odd in ("", "-1", "+1", " 1", "1 ", "1.", "0x1", "1e1", "/", ":", "²", "12a", "0000"):
        row = ["1"] * 64
        for place in (0, 30, 63):
            changed_row = [*row[:place], odd, *row[place + 1 :]]
            assert reader._parse((",".join(changed_row) + "\n").encode(), layout) is None
