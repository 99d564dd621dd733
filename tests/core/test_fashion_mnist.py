import shutil

import numpy as np
import pytest

from core import datasets
from core.datasets import fashion_mnist
from core.errors import DataDamaged, DataUnavailable

SPLIT = {name: "train" if name.startswith("train") else "test" for name in fashion_mnist.SHA256}


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the four files."""
    return shutil.copytree(fashion_mnist.FOLDER, tmp_path / "copy")


def test_the_bundled_files_are_all_there():
    assert fashion_mnist.missing() is None


def test_known_labels_and_counts():
    train, test = (datasets.load("fashion-mnist", split) for split in ("train", "test"))
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.labels[:9].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5]
    assert np.bincount(train.labels).tolist() == [6000] * 10
    assert np.bincount(test.labels).tolist() == [1000] * 10


def test_known_pixels():
    """The published mean of the training pixels is 72.94 of 255, and the background is black."""
    images = datasets.load("fashion-mnist", "train").images
    assert (images.min(), images.max()) == (0, 255)
    assert images.mean() == pytest.approx(72.94, abs=0.01)
    # An ankle boot comes first: sole at the bottom, nothing above the shaft.
    assert images[0, :3].max() == 0
    assert images[0, 20:25].mean() > 100


@pytest.mark.parametrize("name", fashion_mnist.SHA256)
def test_one_flipped_bit_is_found_and_the_file_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataDamaged, match=f"{name} is damaged.*git restore"):
        fashion_mnist.read(SPLIT[name], folder)


@pytest.mark.parametrize("name", fashion_mnist.SHA256)
def test_a_missing_file_is_named(folder, name, monkeypatch):
    (folder / name).unlink()
    with pytest.raises(DataUnavailable, match=f"{name} is missing.*git restore"):
        fashion_mnist.read(SPLIT[name], folder)
    monkeypatch.setattr(fashion_mnist, "FOLDER", folder)
    assert name in fashion_mnist.missing()


def test_a_folder_in_the_place_of_a_file_is_named(folder):
    name = "train-images-idx3-ubyte.gz"
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(DataUnavailable, match=f"{name} cannot be read"):
        fashion_mnist.read("train", folder)


def test_the_test_split_does_not_need_the_training_files(folder):
    for name in SPLIT:
        if SPLIT[name] == "train":
            (folder / name).unlink()
    assert len(fashion_mnist.read("test", folder)) == 10_000
