"""The readers of arrays, all by the same tests: the images that were written come out."""

import contextlib
import gzip
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.datasets import cifar10
from core.datasets.sources import Found, SourceFile, read
from core.datasets.sources.formats import FORMATS
from core.errors import DataUnavailable, SourceRejected
from core.settings import forget_settings

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (60, 28, 28), np.uint8)
COLOUR = RANDOM.integers(0, 256, (60, 32, 32, 3), np.uint8)
LABELS = np.arange(60) % 3
HALVES = ("train", slice(0, 40)), ("test", slice(40, 60))


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def npy(array: np.ndarray, **options: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, **options)
    return content.getvalue()


def mat(values: dict[str, Any]) -> bytes:
    import scipy.io

    content = io.BytesIO()
    scipy.io.savemat(content, values, do_compression=True)
    return content.getvalue()


def png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()


def parquet(images: np.ndarray, labels: Any, name: str = "image", plain: bool = False) -> bytes:
    pytest.importorskip("pyarrow")
    import pyarrow
    import pyarrow.parquet

    rows = [png(image) if plain else {"bytes": png(image), "path": None} for image in images]
    table = pyarrow.table({name: rows, "label": labels})
    head = b'{"info": {"features": {"label": {"names": ["cat", "dog", "owl"]}}}}'
    if not isinstance(labels[0], str):
        table = table.replace_schema_metadata({b"huggingface": head})
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)
    return content.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, each in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(each)
            archive.addfile(info, io.BytesIO(each))
    return content.getvalue()


def planes(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def cifar_python(names: tuple[str, str] = ("data_batch_1", "test_batch"), fine: bool = False):
    key = b"fine_labels" if fine else b"labels"
    return {
        name: pickle.dumps({b"data": planes(COLOUR[rows]), key: LABELS[rows].tolist()}, protocol=2)
        for name, (_, rows) in zip(names, HALVES, strict=True)
    }


def cifar_binary(names: tuple[str, str] = ("data_batch_1.bin", "test_batch.bin"), before: int = 0):
    return {
        name: b"".join(
            bytes(before) + bytes([label]) + row.tobytes()
            for label, row in zip(LABELS[rows].tolist(), planes(COLOUR[rows]), strict=True)
        )
        for name, (_, rows) in zip(names, HALVES, strict=True)
    }


def split(images: np.ndarray, first: str, second: str) -> dict[str, np.ndarray]:
    return {
        pattern.format(part): array[rows]
        for part, rows in HALVES
        for pattern, array in ((first, images), (second, LABELS))
    }


EMNIST = {"images": GREY.reshape(60, -1), "labels": LABELS[:, None] + 1}
MAPPING = np.array([[1, 65, 97], [2, 66, 98], [3, 67, 99]])
# What is brought, the images in it, whether it has parts, and the names of the classes.
KINDS: dict[str, tuple[Callable[[], dict[str, bytes]], np.ndarray, bool, tuple[str, ...]]] = {
    "keras": (lambda: {"m.npz": npz(**split(GREY, "x_{}", "y_{}"))}, GREY, True, ()),
    "medmnist": (
        lambda: {"m.npz": npz(**split(COLOUR, "{}_images", "{}_labels"))}, COLOUR, True, (),
    ),
    "one npz": (lambda: {"a.npz": npz(images=GREY, labels=LABELS[:, None])}, GREY, False, ()),
    "unnamed": (lambda: {"a.npz": npz(arr_0=GREY, arr_1=LABELS)}, GREY, False, ()),
    "kmnist": (
        lambda: {"k-train-imgs.npz": npz(arr_0=GREY), "k-train-labels.npz": npz(arr_0=LABELS)},
        GREY, False, (),
    ),
    "npy pair": (lambda: {"X.npy": npy(GREY), "y.npy": npy(LABELS)}, GREY, False, ()),
    "npy in a zip": (
        lambda: {"a.zip": zipped({"d/images.npy": npy(GREY), "d/labels.npy": npy(LABELS)})},
        GREY, False, (),
    ),
    "npz in a zip": (
        lambda: {"a.zip": zipped({"d/a.npz": npz(**split(GREY, "x_{}", "y_{}"))})}, GREY, True, (),
    ),
    "rows": (lambda: {"a.npz": npz(x=GREY.reshape(60, -1), y=LABELS)}, GREY, False, ()),
    "planes": (lambda: {"a.npz": npz(x=COLOUR.transpose(0, 3, 1, 2), y=LABELS)}, COLOUR, False, ()),
    "Fortran": (lambda: {"a.npz": npz(x=np.asfortranarray(GREY), y=LABELS)}, GREY, False, ()),
    "one-hot": (lambda: {"a.npz": npz(x=GREY, y=np.eye(3)[LABELS])}, GREY, False, ()),
    "texts": (
        lambda: {"a.npz": npz(x=GREY, y=np.array(["a", "b", "c"])[LABELS])}, GREY, False,
        ("a", "b", "c"),
    ),
    "from 1": (lambda: {"a.npz": npz(x=GREY, y=LABELS + 1)}, GREY, False, ("1", "2", "3")),
    "0 to 1": (
        lambda: {"a.npz": npz(x=(GREY / 255).astype(np.float32), y=LABELS)}, GREY, False, (),
    ),
    "-1 to 1": (lambda: {"a.npz": npz(x=GREY / 127.5 - 1, y=LABELS)}, GREY, False, ()),
    "whole floats": (lambda: {"a.npz": npz(x=GREY.astype(float), y=LABELS)}, GREY, False, ()),
    "int64": (lambda: {"a.npz": npz(x=GREY.astype(np.int64), y=LABELS)}, GREY, False, ()),
    "16 bits": (lambda: {"a.npz": npz(x=GREY.astype(np.uint16) * 257, y=LABELS)}, GREY, False, ()),
    "yes or no": (lambda: {"a.npz": npz(x=GREY > 99, y=LABELS)}, (GREY > 99) * 255, False, ()),
    "gzip": (
        lambda: {"X.npy.gz": gzip.compress(npy(GREY)), "y.npy": npy(LABELS)}, GREY, False, (),
    ),
    "emnist": (
        lambda: {"e.mat": mat({"dataset": {"train": EMNIST, "mapping": MAPPING}})}, GREY, False,
        ("A", "B", "C"),
    ),
    "svhn": (
        lambda: {"train_32x32.mat": mat({"X": COLOUR.transpose(1, 2, 3, 0), "y": LABELS[:, None]})},
        COLOUR, False, (),
    ),
    "cifar python": (lambda: {"c.zip": zipped(cifar_python())}, COLOUR, True, cifar10.SPEC.classes),
    "cifar tar": (
        lambda: {"c.tar.gz": tarred({f"c/{n}": b for n, b in cifar_python().items()})},
        COLOUR, True, cifar10.SPEC.classes,
    ),
    "cifar binary": (lambda: {"c.zip": zipped(cifar_binary())}, COLOUR, True, cifar10.SPEC.classes),
    "cifar files": (lambda: cifar_binary(), COLOUR, True, cifar10.SPEC.classes),
    "cifar-100": (
        lambda: {"c.zip": zipped({
            **cifar_python(("train", "test"), fine=True),
            "meta": pickle.dumps({b"fine_label_names": [b"x", b"y", b"z"]}, protocol=2),
        })}, COLOUR, True, ("x", "y", "z"),
    ),
    "cifar-100 binary": (
        lambda: {"c.zip": zipped(cifar_binary(("train.bin", "test.bin"), before=1))},
        COLOUR, True, cifar10.SPEC.classes,
    ),
    "parquet": (
        lambda: {
            f"{part}-00000-of-00001.parquet": parquet(GREY[rows], LABELS[rows])
            for part, rows in HALVES
        },
        GREY, True, ("cat", "dog", "owl"),
    ),
    "parquet, bytes": (
        lambda: {"a.parquet": parquet(COLOUR, [f"c{v}" for v in LABELS], "img", plain=True)},
        COLOUR, False, ("c0", "c1", "c2"),
    ),
}  # fmt: skip


def load(folder: Path, files: dict[str, bytes]) -> Found:
    sources = []
    for index, (name, content) in enumerate(files.items()):
        (folder / f"brought-{index}").write_bytes(content)
        sources.append(SourceFile(folder / f"brought-{index}", name))
    return read(sources, folder)


def refused(folder: Path, files: dict[str, bytes]) -> str:
    with pytest.raises(SourceRejected) as caught:
        load(folder, files)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_and_every_label_comes_out(kind, tmp_path):
    make, images, parts, classes = KINDS[kind]
    found = load(tmp_path, make())
    expected = images.reshape(60, *images.shape[1:3], -1)
    assert found.kind == "arrays" and found.shape == expected.shape[1:]
    assert found.classes == classes and found.left_out.count == 0
    assert sorted(found.counts) == (["test", "train"] if parts else ["all"])
    for part, rows in HALVES if parts else [("all", slice(None))]:
        np.testing.assert_array_equal(np.load(tmp_path / f"{part}-images.npy"), expected[rows])
        np.testing.assert_array_equal(np.load(tmp_path / f"{part}-labels.npy"), LABELS[rows])
    assert all(found.first[:3]) and found.transposed == (kind == "emnist")


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.title)
def test_every_format_is_tried(form):
    files = [(name, each) for make, *_ in KINDS.values() for name, each in make().items()]
    assert any(form.knows(content[:512], name) for name, content in files)


def test_a_file_a_class(tmp_path):
    found = load(
        tmp_path,
        {f"full_numpy_bitmap_{name}.npy": npy(GREY.reshape(60, -1)) for name in ("cat", "bee")},
    )
    assert found.classes == ("cat", "bee") and found.counts == {"all": [60, 60]}
    assert "Each file was taken for a class" in found.notes[0]


def test_one_class_alone_is_read_and_needs_another(tmp_path):
    found = load(tmp_path, {"full_numpy_bitmap_cat.npy": npy(GREY.reshape(60, -1))})
    assert found.classes == ("cat",) and found.counts == {"all": [60]}
    assert "has no labels: it was taken for a class" in found.notes[0]
    assert "one class, “cat”. A network needs at least two" in found.notes[1]


def test_a_file_a_class_in_a_zip(tmp_path):
    files = {f"quickdraw/{name}.npy": npy(GREY.reshape(60, -1)) for name in ("cat", "bee", "ant")}
    found = load(tmp_path, {"quickdraw.zip": zipped(files)})
    assert found.classes == ("cat", "bee", "ant") and found.counts == {"all": [60, 60, 60]}


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("Class 1-samples.zip", "Class 2-samples.zip"), {"all": 60}),
        (("train.zip", "test.zip"), {"train": 30, "test": 30}),
        (("a/train.tar.gz", "valid.tar.gz", "test.tar.gz"), {"train": 30, "validation": 30,
                                                             "test": 30}),
    ],
)  # fmt: skip
def test_several_archives_are_the_classes_or_the_parts(names, parts, tmp_path):
    flat = names[0].startswith("Class")
    pack = zipped if names[0].endswith("zip") else tarred
    files = {
        name: pack({f"{'' if flat else 'ab'[i % 2] + '/'}{i}.png": png(GREY[i]) for i in range(30)})
        for name in names
    }
    found = load(tmp_path, files)
    assert {part: sum(each) for part, each in found.counts.items()} == parts
    assert found.classes == (("Class 1", "Class 2") if flat else ("a", "b"))


def test_several_archives_with_the_same_folders_are_one_data_set(tmp_path):
    files = {
        name: zipped({f"{'ab'[i % 2]}/{i}.png": png(GREY[i]) for i in range(30)})
        for name in ("part1.zip", "part2.zip")
    }
    found = load(tmp_path, files)
    assert found.classes == ("a", "b") and found.counts == {"all": [30, 30]}
    (tmp_path / "brought-0").write_bytes(files["part1.zip"])
    twice = [SourceFile(tmp_path / "brought-0", "part1.zip")] * 2
    found = read(twice, tmp_path)
    assert found.counts == {"all": [15, 15]} and found.left_out.count == 1


def test_a_project_of_teachable_machine(tmp_path):
    files = {f"Class {1 + i % 2}-!-{i}.png": png(COLOUR[i]) for i in range(40)}
    found = load(tmp_path, {"project.tm": zipped({"manifest.json": b"{}", **files})})
    assert found.classes == ("Class 1", "Class 2") and found.counts == {"all": [20, 20]}
    assert [what for what, _ in found.left_out.first] == ["manifest.json"]


def test_a_validation_part_is_one(tmp_path):
    arrays = split(GREY, "{}_images", "{}_labels")
    arrays |= {"val_images": GREY[:10], "val_labels": LABELS[:10]}
    found = load(tmp_path, {"m.npz": npz(**arrays)})
    assert {part: sum(each) for part, each in found.counts.items()} == {
        "train": 40, "validation": 10, "test": 20,
    }  # fmt: skip
    np.testing.assert_array_equal(np.load(tmp_path / "validation-images.npy")[..., 0], GREY[:10])
    assert "10 validation images are kept as such" in found.notes[0]
    plain = {"images": GREY, "labels": LABELS, "images_val": GREY[:10], "labels_val": LABELS[:10]}
    assert list(load(tmp_path, {"m.npz": npz(**plain)}).counts) == ["train", "validation"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a.npz": npz(x=GREY)}, "holds images but no labels"),
        ({"train_images.npy": npy(GREY)}, "holds images but no labels"),
        ({"X.npy": npy(GREY.reshape(60, -1))}, "holds images but no labels"),
        ({"a.npz": npz(y=LABELS)}, "holds no array of images"),
        ({"a.npz": npz(x=GREY[:30], y=LABELS)}, "holds images but no labels"),
        ({"a.npz": npz(x=GREY.astype(float) * 9 - 500, y=LABELS)}, "pixels go from 0 to 255"),
        ({"a.npz": npz(x=GREY * np.nan, y=LABELS)}, "no numbers"),
        ({"a.npz": npz(x=GREY[:, :20], y=LABELS)}, "must be square"),
        ({"a.npz": npz(x=GREY, y=LABELS + 0.5)}, "no whole numbers"),
        ({"a.npz": npz(x=np.repeat(GREY, 3, 0), y=np.arange(180))}, "180 different labels"),
        ({"a.npy": npy(np.array([{}], object), allow_pickle=True)}, "never opened"),
        ({"a.npz": npz(x=np.array([{}], object), y=LABELS)}, "never opened"),
        ({"a.npy": npy(GREY)[:90]}, "cut off"),
        ({"X.npy": npy(GREY)[:5000], "y.npy": npy(LABELS)}, "cut off"),
        ({"a.npz": npz(x=GREY, y=LABELS)[:5000]}, "is cut off"),
        ({"a.mat": mat({"X": GREY, "y": LABELS})[:4000]}, "damaged MATLAB file"),
        ({"a.mat": b"MATLAB 7.3 MAT-file, Platform: x" + bytes(600)}, "version 7.3"),
        ({"a.parquet": b"PAR1" + bytes(200) + b"PAR1"}, "Parquet file that cannot be read"),
        ({"data_batch_1.bin": bytes(3072)}, "is not a batch"),
        ({"data_batch_1": pickle.dumps([1], 2)}, "is not a batch"),
        ({"data_batch_1": pickle.dumps({b"data": GREY, b"labels": [1]}, 2)}, "is not a batch"),
        ({"a.npz": npz(x=GREY, y=LABELS), "b.csv": b"label,a\n1,2\n"}, "is no file of NumPy"),
        ({"a.h5": b"\x89HDF\r\n\x1a\n" + bytes(9)}, "is an HDF5 file. Save"),
        ({"a.pkl": pickle.dumps({"x": 1})}, "is a pickle, which is never opened"),
        ({"a.7z": b"7z\xbc\xaf\x27\x1c" + bytes(9)}, "Unpack it, and make a ZIP"),
        ({"a.rar": b"Rar!\x1a\x07" + bytes(9)}, "Unpack it, and make a ZIP"),
        ({"a.png": png(GREY[0])}, "is a single picture. Put"),
        ({"a.arff": b"@relation x\n"}, "is an ARFF file. Save it as CSV"),
        ({"a.tfrecord": bytes(30)}, "is a TFRecord file. Read it in Python with"),
        ({"x-train.tfrecord-00000-of-00001": bytes(30)}, "is a TFRecord file"),
        ({"a.xlsx": zipped({"xl/a.xml": b"x"})}, "is an Excel file. Save it as CSV"),
        ({"a.pt": zipped({"data.pkl": b"x"})}, "is a file of PyTorch, which is never opened"),
        ({"a.zip": zipped({"x/data.h5": b"x"})}, "is an HDF5 file. Save the arrays"),
        ({"a.csv.zst": b"\x28\xb5\x2f\xfd" + bytes(9)}, "packed with Zstandard. Unpack it"),
        ({"a.tar.gz": tarred({"0.png": png(GREY[0]), "0.cls": b"3"})}, "is a WebDataset. Write"),
        ({"a.json": b"{}"}, "is a JSON file. Save it as CSV"),
        ({"a.zip": zipped({"a/1.png": png(GREY[0])}), "b.csv": b"x"}, "is an archive, and “b.csv”"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_way_out(files, problem, tmp_path):
    assert problem in refused(tmp_path, files)


def test_a_pickle_in_a_batch_does_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "touched",))

    for content in (pickle.dumps({b"data": Evil()}, 2), pickle.dumps(Evil(), 4)):
        assert "is not a batch" in refused(tmp_path, {"data_batch_1": content})
        with contextlib.suppress(SourceRejected):
            load(tmp_path, {"x.npy": b"\x93NUMPY\1\0\x76\0" + content})
    assert not (tmp_path / "touched").exists()


def test_cut_and_changed_files_end_in_a_sentence(tmp_path):
    """Two hundred times one or a few bytes are others, in each kind that has a reader."""
    random = np.random.default_rng(1)
    for kind in ("keras", "npy pair", "emnist", "cifar python", "parquet", "Fortran"):
        files = KINDS[kind][0]()
        for _ in range(35):
            changed = {}
            for name, content in files.items():
                data = bytearray(content)
                for place in random.integers(0, min(len(data), 3000), 3):
                    data[-place if place % 2 else place] = random.integers(256)
                changed[name] = bytes(data)
            with contextlib.suppress(SourceRejected):
                load(tmp_path, changed)


@pytest.mark.parametrize("below", ["", "cifar-10-batches-py"])
def test_the_variable_may_name_the_python_version(below, tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_CIFAR10", str(tmp_path))
    forget_settings()
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    try:
        with pytest.raises(DataUnavailable, match="nor data_batch_1 of the Python version"):
            cifar10.find_files("train")
        for index in range(1, 6):
            (folder / f"data_batch_{index}").write_bytes(b"x")
        assert next(path.name for path in cifar10.find_files("train")) == "data_batch_1"
    finally:
        monkeypatch.undo()
        forget_settings()
