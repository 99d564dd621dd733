"""CSV files: what is read bit for bit, and what is refused with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets.sources import Found, SourceFile, Wishes, read
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
        (30, 9, "1e3", "Line 30: pixel9 is “1e3”"),
        (30, 9, "nan", "Line 30: pixel9 is “nan”"),
        (30, 9, "1" * 40, "Line 30: pixel9 is “11111"),
        (30, 9, "٣", "Line 30: pixel9 is"),
        (30, 9, "=cmd()", "Line 30: pixel9 is “=cmd()”"),
        (30, 9, "\0", "Line 30: pixel9 is empty"),
        (5, 0, "shoe", "Line 5: the label is “shoe”"),
        (5, 0, "100", "Line 5: the label is 100, but labels end at 99"),
        (8, 4, "1,2", "Line 8: it has 786 values instead of 785"),
        (8, 4, "1\n2", "Line 8: it has 5 values instead of 785. Line 9: it has 781 values"),
        (1, 300, "pixel301", "the column pixel300 is missing: after pixel299 comes “pixel301”"),
        (1, 1, "label", "more than one column named label"),
        (1, 784, "id", "783 pixel columns"),
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
        ("a,label,b\n", "a label but no pixels"),
        (header().removeprefix("label,") + "\n", "has no labels"),
        ("hello", "no column named label; its columns are hello"),
        ("label,pixel1".encode("utf-16"), "1 pixel columns"),
        ("label,pixel1".encode("utf-16") + b"\0", "damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is a single picture"),
        (b"label" + b"," * (1 << 21), "more than 1,048,576 bytes"),
        (header().encode() + b"\n" + b"1," * (1 << 20), "a line of more than 1,048,576 bytes"),
        (b"\x1f\x8b" + b"\0" * 100, "damaged or cut off"),
        (gzip.compress(header().encode() * 50)[:-20], "damaged or cut off"),
        (b"\x80\x04\x95\x1a\x00\x00\x00", "is a pickle, which is never opened"),
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
        read([SourceFile(tmp_path / "b", "more.csv"), *files], tmp_path)
    three = read([SourceFile(tmp_path / "b", "val.csv"), *files], tmp_path)
    assert {part: sum(each) for part, each in three.counts.items()} == {
        "train": 600, "validation": 50, "test": 50,
    }  # fmt: skip
    again = read([files[0], *files], tmp_path)  # a file brought twice counts once
    assert again.counts == found.counts and again.left_out.count == 1


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
    for start in range(0, 2000, 50):
        values = [str(start + i) for i in range(50)] + ["007", "00", "1", "10", "100", "255", "0"]
        values += ["9"] * (64 - len(values))
        parsed = reader._parse((",".join(values) + "\n").encode(), 64, b",")
        if start + 49 <= 255:
            assert parsed is not None and parsed[0].tolist() == [int(value) for value in values]
        else:
            assert parsed is None
    for odd in ("", "-1", "+1", " 1", "1 ", "1.", "0x1", "1e1", "/", ":", "²", "12a", "0000"):
        row = ["1"] * 64
        for place in (0, 30, 63):
            changed_row = [*row[:place], odd, *row[place + 1 :]]
            assert reader._parse((",".join(changed_row) + "\n").encode(), 64, b",") is None


ODD = Path(__file__).parents[2].parent / "shared" / "data" / "odd-data"
LAST = "column 785 was taken as the label"
FIRST = "column 1 was taken as the label"
ODD_FILES = {  # what is said of each file that is read; of one that is not, why
    "csv_1x1_names.csv": "",
    "csv_cr_only_oldmac.csv": "",
    "csv_digit_recognizer_test_no_label.csv": "has no labels",
    "csv_excel_sep_line.csv": "",
    "csv_extra_index_column.csv": "neither label nor pixel: column 1.",
    "csv_fer2013.csv.gz": "Usage says what an image is for",
    "csv_float01_pandas.csv.gz": "are from 0 to 1: they were scaled",
    "csv_float_255_point0.csv.gz": "",
    "csv_hmnist_28_28_RGB_zero_padded.csv.gz": "",
    "csv_label_capital_Label.csv": "",
    "csv_no_header_label_last.csv": LAST,
    "csv_numpy_savetxt_default.csv.gz": FIRST,
    "csv_numpy_savetxt_space.txt": FIRST,
    "csv_openml_class_last.csv": "",
    "csv_openml_class_last_quoted_text.csv": "",
    "csv_pandas_no_names_0_1_2.csv": FIRST,
    "csv_quoted_all.csv.gz": "",
    "csv_semicolon.csv": "",
    "csv_text_labels.csv": "",
    "csv_utf16_excel.csv": "no images below it",  # it holds a header alone
    "csv_with_id_column.csv": "neither label nor pixel: column 1, “id”",
    "csv_y_x0.csv": "",
}


@pytest.mark.skipif(not ODD.is_dir(), reason="../shared/data/odd-data is not there")
@pytest.mark.parametrize("name", ODD_FILES)
def test_every_odd_table_has_its_right_outcome(name, tmp_path):
    said = ODD_FILES[name]
    if name in ("csv_digit_recognizer_test_no_label.csv", "csv_utf16_excel.csv"):
        with pytest.raises(SourceRejected, match=said):
            read([SourceFile(ODD / name, name)], tmp_path)
        return
    found = read([SourceFile(ODD / name, name)], tmp_path)
    assert found.total == 120
    assert said in " ".join(found.notes) and bool(said) == bool(found.notes)
    if "fer2013" in name:
        assert found.shape == (48, 48, 1)
        counts = {part: sum(each) for part, each in found.counts.items()}
        assert counts == {"train": 90, "validation": 30}
        return
    truth = datasets.load("fashion-mnist", "test")
    images, labels = arrays(tmp_path)
    if "RGB" in name:
        assert found.shape == (28, 28, 3) and (images[..., :1] == images).all()
    np.testing.assert_array_equal(images[..., :1], truth.images[:120])
    named = found.classes or tuple(map(str, range(10)))
    classes = datasets.find("fashion-mnist").classes if found.classes else named
    if "text_labels" in name:
        assert sorted(found.classes) == sorted(classes) and len(found.classes) == 10
    assert [named[i] for i in labels] == [classes[i] for i in truth.labels[:120]]


@pytest.mark.skipif(not ODD.is_dir(), reason="../shared/data/odd-data is not there")
def test_the_list_of_odd_tables_is_whole():
    assert {path.name for path in ODD.glob("csv_*")} == set(ODD_FILES)


def lines_of(split: datasets.Split, count: int = 60) -> list[list[str]]:
    """Return the label and the pixels of images, as texts."""
    rows = zip(split.labels[:count].tolist(), split.images[:count], strict=True)
    return [[str(label), *map(str, image.ravel().tolist())] for label, image in rows]


def written(rows: list[list[str]], delimiter: str = ",", head: str = "") -> str:
    return "\n".join([*([head] if head else []), *(delimiter.join(row) for row in rows)]) + "\n"


def decimals(rows: list[list[str]], change) -> list[list[str]]:
    return [[row[0], *(change(int(value)) for value in row[1:])] for row in rows]


SIGNED = "from -1 to 1"
UNIT = "from 0 to 1"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (lambda rows: written(rows, head=header()).encode("utf-16"), ""),
        (lambda rows: written(rows, head=header()).encode("utf-16-le"), ""),
        (lambda rows: written(rows, head=header()).encode("utf-16-be"), ""),
        (
            lambda rows: (
                written(rows, head=header()).replace(",", "\t").replace("\n", "\r\n")
            ).encode("utf-16"),
            "",
        ),
        (lambda rows: written(rows, head=header()).replace("\n", "\r"), ""),
        (lambda rows: "sep=|\n" + written(rows, "|", head=header().replace(",", "|")), ""),
        (lambda rows: written(rows, "  "), FIRST),
        (lambda rows: written([[*row[1:], row[0]] for row in rows], " "), LAST),
        (lambda rows: written([[*row[1:], row[0] + ".0"] for row in rows]), LAST),
        (lambda rows: written([[f"{v}.000e+00" for v in row] for row in rows]), FIRST),
        (lambda rows: written(decimals(rows, lambda v: repr(v / 255)), head=header()), UNIT),
        (lambda rows: written(decimals(rows, lambda v: f"{v / 127.5 - 1:.5f}")), SIGNED),
        (
            lambda rows: written(
                decimals(rows, lambda v: f"{v / 255:.6f}".replace(".", ",")), ";", header()
            ).replace(header(), header().replace(",", ";")),
            UNIT,
        ),
        (lambda rows: written(decimals(rows, lambda v: str(v + 0.2 * (v < 255)))), "not whole"),
        (
            lambda rows: written(
                [["a.png", row[0], *row[1:]] for row in rows], head="filename," + header()
            ),
            "“filename”",
        ),
        (
            lambda rows: written(
                [[str(1000 + i), *row] for i, row in enumerate(rows)], head="lesion," + header()
            ),
            "“lesion”",
        ),
        (
            lambda rows: written(
                [[str(i), *row] for i, row in enumerate(rows)],
            ),
            "column 2 was taken as the label",
        ),
        (
            lambda rows: written(
                [[*row[1:400], row[0], *row[400:]] for row in rows],
                head=",".join(
                    [f"p{i:03}" for i in range(399)]
                    + ["Digit"]
                    + [f"p{i}" for i in range(399, 784)]
                ),
            ),
            "",
        ),
        (lambda rows: written(rows, head=header().replace("label", "what")), "“what”"),
        (lambda rows: written(rows, head=",".join(f"V{i}" for i in range(1, 786))), FIRST),
        (
            lambda rows: written(
                [[row[0], " ".join(row[1:])] for row in rows], head="label,pixels"
            ),
            "",
        ),
        (
            lambda rows: written(
                [['"' + str(list(map(int, row[1:]))) + '"', row[0]] for row in rows],
                head="image,class",
            ),
            "",
        ),
    ],
    ids=range(22),
)
def test_people_write_the_same_table_in_many_ways(content, note, split, tmp_path):
    text = content(lines_of(split))
    if note is None:
        with pytest.raises(SourceRejected):
            load(text, tmp_path)
        return
    found = load(text, tmp_path)
    images, labels = arrays(tmp_path)
    np.testing.assert_array_equal(labels, split.labels[:60])
    np.testing.assert_array_equal(images, split.images[:60])
    assert note in " ".join(found.notes) and bool(note) == bool(found.notes)


def test_pixels_that_were_computed_are_scaled_too(tmp_path):
    """Hardly a text appears twice; a block is parsed as a whole."""
    values = np.random.default_rng(0).random((1200, 784)).round(6)
    rows = [[str(i % 3), *map(str, each)] for i, each in enumerate(values.tolist())]
    load(written(rows, head=header()), tmp_path)
    expected = np.rint(values * 255).reshape(-1, 28, 28, 1)
    np.testing.assert_array_equal(arrays(tmp_path)[0], expected)
    rows[1150][5] = "1.5"
    assert "Line 1,152: pixel5 is “1.5”, which is no number from 0 to 1" in refused(
        written(rows, head=header()), tmp_path
    )


def test_the_first_lines_may_be_darker_than_the_rest(split, tmp_path):
    rows = [[str(i % 3), *["0", "1"] * 392] for i in range(400)] + lines_of(split)
    found = load(written(rows, head=header()), tmp_path)
    images, _ = arrays(tmp_path)
    np.testing.assert_array_equal(images[400:], split.images[:60])
    assert images[0].max() == 1 and not found.notes


def test_a_file_sorted_by_its_last_column_is_understood_at_its_end(split, tmp_path):
    rows = sorted(lines_of(split, 2000), key=lambda row: int(row[0]))
    found = load(written([[*row[1:], row[0]] for row in rows]), tmp_path)
    assert found.label == 784 and LAST in " ".join(found.notes)
    assert found.counts["all"] == np.bincount(split.labels[:2000]).tolist()


def test_the_owner_chooses_the_column_of_the_label(split, tmp_path):
    text = written([[*row[1:], row[0]] for row in lines_of(split)])
    found = load(text, tmp_path)
    assert found.label == 784 and dict(found.label_columns) == {0: "column 1", 784: "column 785"}
    rows = [[*row[:1], str(i % 4), *row[1:]] for i, row in enumerate(lines_of(split))]
    text = written(rows, head=header().replace("label,", "label,class,"))
    assert load(text, tmp_path).label == 0
    found = load(text, tmp_path, wishes=Wishes(label=1))
    assert found.label == 1 and found.counts["all"] == [15] * 4
    assert [index for index, _ in found.label_columns] == [0, 1]
    with pytest.raises(SourceRejected, match="no column 901"):
        load(text, tmp_path, wishes=Wishes(label=900))


def test_texts_are_classes_in_the_order_of_their_names(split, tmp_path):
    names = ["cat, black", "Dog 10", "dog 2", "=cmd()"]
    rows = [[f'"{names[i % 4]}"', *row[1:]] for i, row in enumerate(lines_of(split))]
    found = load(written(rows, head=header()), tmp_path)
    assert found.classes == ("=cmd()", "cat, black", "dog 2", "Dog 10")
    assert found.counts["all"] == [15] * 4
    assert [found.classes[i] for i in arrays(tmp_path)[1][:4]] == names
    assert found.first[1] == "line 2 of “data.csv”"
    many = [[f"no {i}", *row[1:]] for i, row in enumerate(lines_of(split, 120))]
    assert "120 different texts" in refused(written(many, head=header()), tmp_path)


def test_two_tables_share_the_names_of_their_classes(split, tmp_path):
    rows = lines_of(split)
    files = []
    for name, order in (("train.csv", "ab"), ("test.csv", "ba")):
        texts = [[order[i % 2], *row[1:]] for i, row in enumerate(rows)]
        (tmp_path / name).write_text(written(texts, head=header()), encoding="utf-8")
        files.append(SourceFile(tmp_path / name, name))
    assert read(files, tmp_path).classes == ("a", "b")
    assert arrays(tmp_path, "train")[1][:3].tolist() == [0, 1, 0]
    assert arrays(tmp_path, "test")[1][:3].tolist() == [1, 0, 1]
    files[1].path.write_text(written(rows, head=header()), encoding="utf-8")
    with pytest.raises(SourceRejected, match="texts and those of the other are numbers"):
        read(files, tmp_path)


def test_a_column_says_what_an_image_is_for(split, tmp_path):
    def found(*parts: str) -> dict[str, int]:
        rows = [[*row, parts[i % len(parts)]] for i, row in enumerate(lines_of(split))]
        counts = load(written(rows, head=header() + ",Usage"), tmp_path).counts
        return {part: sum(each) for part, each in counts.items()}

    assert found("train", "test", "train") == {"train": 40, "test": 20}
    np.testing.assert_array_equal(arrays(tmp_path, "test")[0], split.images[1:60:3])
    assert found("test", "train", "validation") == {"train": 20, "validation": 20, "test": 20}
    for part, first in (("train", 1), ("validation", 2), ("test", 0)):
        images, labels = arrays(tmp_path, part)
        np.testing.assert_array_equal(images, split.images[first:60:3])
        np.testing.assert_array_equal(labels, split.labels[first:60:3])
    assert found("Training", "PublicTest") == {"train": 30, "validation": 30}
    assert found("PublicTest", "PrivateTest") == {"train": 30, "test": 30}
    assert found("test") == {"all": 60}


def test_a_table_without_labels_is_left_out_beside_one_with(split, text, tmp_path):
    pixels = [row[1:] for row in lines_of(split)]
    other = written(pixels, head=header().removeprefix("label,"))
    sample = "ImageId,Label\n" + "\n".join(f"{i},0" for i in range(1, 30))
    for name, content in (("train.csv", text), ("test.csv", other), ("sample.csv", sample)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    names = ("train.csv", "test.csv", "sample.csv")
    found = read([SourceFile(tmp_path / name, name) for name in names], tmp_path)
    assert found.total == 600 and "all" in found.counts
    assert [what for what, _ in found.left_out.first] == ["test.csv", "sample.csv"]
    assert "has no labels" in found.left_out.first[0][1]


def test_a_header_that_pandas_made_of_an_image_is_an_image(split, tmp_path):
    rows = lines_of(split)
    seen: dict[str, int] = {}
    head = []
    for value in rows[0]:
        head.append(f"{value}.{seen[value]}" if value in seen else value)
        seen[value] = seen.get(value, 0) + 1
    found = load(written([head, *rows[1:]]), tmp_path)
    np.testing.assert_array_equal(arrays(tmp_path)[0], split.images[:60])
    assert "took for names of columns" in found.notes[0]


def test_a_file_of_emnist_is_offered_turned(text, tmp_path):
    assert load(text, tmp_path, "emnist-letters-train.csv").transposed
    assert not load(text, tmp_path, "fashion-mnist_train.csv").transposed
