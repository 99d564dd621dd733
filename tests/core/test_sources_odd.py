"""Files as people have them, gathered beside the project: each has its right outcome."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from core.datasets.sources import Found, SourceFile, read
from core.errors import SourceRejected
from core.settings import ROOT

ODD = next(
    (
        folder
        for folder in (above / "shared" / "data" / "odd-data" for above in ROOT.parents)
        if folder.is_dir()
    ),
    None,
)
pytestmark = pytest.mark.skipif(ODD is None, reason="the odd files are not beside the project")

PETS, GREY, COLOUR = ("cat", "dog"), (28, 28, 1), (32, 32, 3)
TEN = {"train": 80, "test": 20}
# Files, shape, number of images of each part, class names, number left out, words of a note.
GOOD: dict[str, tuple[tuple[int, int, int], dict[str, int], tuple[str, ...], int, str]] = {
    "zip_cats_and_dogs_filtered.zip": (
        COLOUR, {"train": 30, "validation": 10}, ("cats", "dogs"), 1, "validation",
    ),
    "zip_roboflow_train_valid_test.zip": (
        GREY, {"train": 30, "validation": 10, "test": 10}, PETS, 2, "validation",
    ),
    "zip_train_val.zip": (
        GREY, {"train": 30, "validation": 10}, PETS, 0, "10 validation images are kept",
    ),
    "zip_kaggle_double_nested_seg_train.zip": (GREY, {"train": 30, "test": 10}, PETS, 4, ""),
    "zip_train_test_mac_finder.zip": (GREY, {"train": 30, "test": 10}, PETS, 0, ""),
    "zip_flat_class_in_name.zip": (GREY, {"all": 40}, PETS, 0, "start of its name"),
    "zip_flat_labels_csv.zip": (GREY, {"all": 40}, tuple("0123456789"), 0, "“labels.csv”"),
    "zip_mac_umlauts_utf8_no_flag_nfd.zip": (
        GREY, {"all": 45}, ("Mütze", "Schürze", "Äpfel"), 0, "",
    ),
    "zip_train_nfd_test_nfc_umlaut.zip": (
        COLOUR, {"train": 30, "test": 10}, ("Mütze", "Rock"), 0, "",
    ),
    "zip_windows_japanese_cp932.zip": (GREY, {"all": 30}, ("シャツ", "靴"), 0, "Japanese"),
    "zip_windows_german_cp850.zip": (GREY, {"all": 30}, ("Mütze", "Schürze"), 0, "Western"),
    "zip_windows_backslash.zip": (GREY, {"all": 30}, PETS, 0, ""),
    "zip_first_grey_then_colour.zip": ((28, 28, 3), {"all": 30}, ("a", "b"), 0, "1 of 30"),
    "zip_first_colour_cifar_png_1x1.zip": (COLOUR, {"all": 30}, ("a", "b"), 0, "1 of 30"),
    "zip_petimages_two_broken.zip": (GREY, {"all": 40}, ("Cat", "Dog"), 3, ""),
    "zip_wrong_ext_png_is_heic.zip": (GREY, {"all": 30}, ("a", "b"), 1, ""),
    "zip_stray_preview_picture.zip": (GREY, {"all": 30}, PETS, 1, ""),
    "zip_mixed_jfif_and_jpg.zip": (GREY, {"all": 36}, PETS, 0, ""),
    "zip_class_only_in_test.zip": (GREY, {"train": 30, "test": 15}, ("a", "b", "zzz"), 0, ""),
    "zip_empty_class.zip": (GREY, {"all": 30}, ("a", "b"), 1, ""),
    "zip_mixed_sizes_modes.zip": (GREY, {"all": 24}, ("a", "b"), 0, "22 of 24"),
    "zip_wide_portrait_photos.zip": (GREY, {"all": 30}, ("a", "b"), 0, "30 of 30"),
    "zip_tif_eurosat.zip": (GREY, {"all": 30}, PETS, 0, ""),
    "zip_gtsrb_ppm.zip": ((28, 28, 3), {"all": 30}, ("00000", "00001", "00002"), 3, ""),
    "folders.tar.gz": (GREY, {"all": 30}, ("a", "b"), 0, ""),
    "kaggle_zalando_fashionmnist.zip": (GREY, TEN, (), 4, ""),
    "kaggle_hojjatk_mnist-dataset_8_idx.zip": (GREY, TEN, (), 4, ""),
    "train-images.idx3-ubyte train-labels.idx1-ubyte": (GREY, {"all": 80}, (), 0, ""),
    "idx_images_still_gz_but_renamed.idx3-ubyte idx_labels_still_gz_but_renamed.idx1-ubyte": (
        GREY, {"all": 80}, (), 0, "",
    ),
    "npz_keras_mnist_style.npz": (GREY, TEN, (), 0, ""),
    "kmnist-train-imgs.npz kmnist-train-labels.npz": (GREY, {"all": 100}, (), 0, ""),
    "quickdraw_cat.npy": (GREY, {"all": 100}, ("cat",), 0, "add a file for each other class"),
    "emnist-letters.mat": (GREY, {"all": 100}, (), 0, ""),
    "zip_cifar-10-batches-py.zip.gz": (COLOUR, {"train": 500, "test": 100}, ("Airplane",), 0, ""),
    "zip_cifar-10-batches-bin.zip": (COLOUR, {"train": 100, "test": 20}, ("Airplane",), 0, ""),
}  # fmt: skip


def load(names: str, folder: Path) -> Found:
    assert ODD is not None
    files = []
    for name in names.split():
        path = ODD / name
        if name.endswith(".zip.gz"):
            path = folder / name.removesuffix(".gz")
            path.write_bytes(gzip.decompress((ODD / name).read_bytes()))
        files.append(SourceFile(path, path.name))
    return read(files, folder)


@pytest.mark.parametrize("names", GOOD)
def test_it_is_read(names, tmp_path):
    shape, counts, classes, left_out, note = GOOD[names]
    found = load(names, tmp_path)
    assert found.shape == shape and found.left_out.count == left_out
    assert {part: sum(each) for part, each in found.counts.items()} == counts
    assert found.classes[: len(classes)] == classes and any(classes) == any(found.classes)
    assert note in " ".join(found.notes)
    for part, count in counts.items():
        assert np.load(tmp_path / f"{part}-images.npy").shape == (count, *shape)
    assert found.transposed == ("emnist" in names)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("hf_fashion_mnist.parquet", "is a Parquet file that cannot be read"),
        ("kmnist-train-imgs.npz", "holds images but no labels. Bring the file with the labels"),
    ],
)
def test_it_is_refused_with_what_to_do(name, problem, tmp_path):
    with pytest.raises(SourceRejected, match=problem):
        load(name, tmp_path)


def test_the_list_is_whole():
    """Tables and pictures have tests of their own."""
    assert ODD is not None
    refused = {"hf_fashion_mnist.parquet"}
    listed = {name for names in GOOD for name in names.split()} | refused
    ours = {path.name for path in ODD.iterdir() if not path.name.startswith(("csv_", "pic_"))}
    assert ours - {"README.md"} == listed
