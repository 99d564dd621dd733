"""IDX files, plain and packed, and the ZIP in which Kaggle has them."""

import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets.sources import Found, SourceFile, read
from core.datasets.sources.parts import MOST_IMAGES, Part
from core.errors import SourceRejected
from core.settings import ASSETS

NAMES = ("images-idx3-ubyte", "labels-idx1-ubyte")


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return (
        bytes([0, 0, kind, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + (array.astype(np.uint8).tobytes())
    )


IMAGES = np.random.default_rng(0).integers(0, 256, (30, 12, 12))
LABELS = np.arange(30) % 3


def load(folder: Path, *contents: bytes, names: tuple[str, ...] = NAMES) -> Found:
    files = []
    for index, (content, name) in enumerate(zip(contents, names, strict=True)):
        (folder / f"brought-{index}").write_bytes(content)
        files.append(SourceFile(folder / f"brought-{index}", name))
    return read(files, folder)


def test_the_bundled_files_are_read_bit_for_bit(tmp_path):
    paths = sorted((ASSETS / "fashion-mnist").glob("*.gz"))
    found = read([SourceFile(path, path.name) for path in paths], tmp_path)
    assert found.kind == "idx" and found.shape == (28, 28, 1)
    for part in ("train", "test"):
        split = datasets.load("fashion-mnist", part)
        np.testing.assert_array_equal(np.load(tmp_path / f"{part}-images.npy"), split.images)
        np.testing.assert_array_equal(np.load(tmp_path / f"{part}-labels.npy"), split.labels)


def test_a_pair_in_any_order_is_one_part(tmp_path):
    found = load(tmp_path, gzip.compress(idx(LABELS)), idx(IMAGES), names=NAMES[::-1])
    assert found.counts == {"all": [10, 10, 10]}
    np.testing.assert_array_equal(np.load(tmp_path / "all-images.npy")[..., 0], IMAGES)


def test_millions_of_images_are_refused_by_their_header(tmp_path):
    """The header alone says so: nothing after it is read, and here nothing is there."""
    heads = [
        bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
        for sizes in ((MOST_IMAGES + 1, 8, 8), (MOST_IMAGES + 1,))
    ]
    with pytest.raises(SourceRejected, match=r"more than 200,000 images.* Use fewer"):
        load(tmp_path, *heads)


def test_a_part_takes_no_more_images_than_there_may_be(tmp_path):
    block, labels = np.zeros((50_000, 8, 8, 1), np.uint8), np.zeros(50_000, int)
    with Part(tmp_path, "all", (8, 8, 1), lambda size: None) as part:
        for _ in range(MOST_IMAGES // len(labels)):
            part.append(block, labels, str)
        with pytest.raises(SourceRejected, match="more than 200,000 images"):
            part.append(block[:1], labels[:1], str)
    assert np.load(tmp_path / "all-labels.npy").shape == (MOST_IMAGES,)


def test_colour_has_a_fourth_dimension(tmp_path):
    assert load(tmp_path, idx(IMAGES[..., None].repeat(3, 3)), idx(LABELS)).shape == (12, 12, 3)


@pytest.mark.parametrize("kind", ["csv", "idx"])
def test_a_zip_may_hold_the_files(kind, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/README.md", "hello")
        for part, count in (("train", 30), ("t10k", 20)):
            images, labels = IMAGES[:count], LABELS[:count]
            if kind == "csv":
                header = "label," + ",".join(f"pixel{i}" for i in range(144))
                rows = [
                    ",".join(map(str, [label, *image.ravel().tolist()]))
                    for image, label in zip(images, labels.tolist(), strict=True)
                ]
                archive.writestr(f"data/x-{part}.csv", "\n".join([header, *rows]))
            else:
                archive.writestr(f"data/{part}-{NAMES[0]}", idx(images))
                archive.writestr(f"data/{part}-{NAMES[1]}.gz", gzip.compress(idx(labels)))
    found = read([SourceFile(tmp_path / "a.zip", "a.zip")], tmp_path)
    assert found.counts == {"train": [10, 10, 10], "test": [7, 7, 6]}
    assert found.left_out.first == (("data/README.md", "other files were read"),)
    np.testing.assert_array_equal(np.load(tmp_path / "train-images.npy")[..., 0], IMAGES)


@pytest.mark.parametrize(
    ("images", "labels", "problem"),
    [
        (idx(IMAGES)[:-1], idx(LABELS), "“images-idx3-ubyte” ends after 4,319 bytes of data"),
        (idx(IMAGES) + b"x", idx(LABELS), "longer than its header says"),
        (idx(IMAGES)[:9], idx(LABELS), "ends in its header"),
        (idx(IMAGES), idx(LABELS[:-1]), "30 images, but “labels-idx1-ubyte” has 29 labels"),
        (idx(IMAGES, kind=13), idx(LABELS), "another type than unsigned bytes"),
        (idx(IMAGES), idx(IMAGES), "not a file of images and one of labels"),
        (idx(LABELS), idx(LABELS), "not a file of images and one of labels"),
        (idx(IMAGES[:, :11]), idx(LABELS), "images of 11 × 12 × 1, but they must be square"),
        (idx(np.zeros((30, 4, 4))), idx(LABELS), "8 to 64 pixels"),
        (idx(IMAGES), idx(np.where(LABELS, LABELS, 200)), "label 1 is 200, but labels end at 99"),
        (
            idx(IMAGES),
            b"label,pixel1\n1,2\n",
            "ubyte” is not an IDX file, but others are",
        ),
        (b"\0\0\x08\x03" + b"\xff" * 12, b"\0\0\x08\x01" + b"\xff" * 4, "must be square"),
        (
            b"\0\0\x08\x03\x00\x03\x0d\x40\0\0\0\x0c\0\0\0\x0c",
            b"\0\0\x08\x01\x00\x03\x0d\x40",
            "ends after 0 bytes",
        ),
        (b"\0\0\x08\x09" + b"\1" * 50, idx(LABELS), "not an IDX file"),
        (idx(IMAGES[:0]), idx(LABELS[:0]), "only 0 images"),
    ],
    ids=map(str, range(15)),
)
def test_what_does_not_fit_is_refused_with_a_reason(images, labels, problem, tmp_path):
    with pytest.raises(SourceRejected) as caught:
        load(tmp_path, images, labels)
    assert problem in str(caught.value)


def test_a_packed_bomb_ends_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("core.datasets.sources.stream.MOST_BYTES", 1_000_000)
    count = 20_000
    images = b"\0\0\x08\x03" + struct.pack(">3I", count, 12, 12) + bytes(count * 144)
    with pytest.raises(SourceRejected, match="holds more than 1 MB"):
        load(tmp_path, gzip.compress(images), gzip.compress(idx(np.arange(count) % 3)))
