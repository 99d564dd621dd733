"""CIFAR-10 in both layouts. The data set is not bundled: these files have its layout, not its
pictures."""

import os
import pickle
import shutil

import numpy as np
import pytest

from core.datasets import cifar10
from core.datasets.cifar10 import KERAS_FOLDERS, PER_FILE, RECORD
from core.errors import DataDamaged, DataUnavailable
from core.settings import forget_settings

STEMS = [*cifar10.STEMS["train"], *cifar10.STEMS["test"]]


def pickled(value):
    """Pickle as Krizhevsky did: protocol 2, with the module names of the NumPy of that time."""
    return pickle.dumps(value, protocol=2).replace(b"numpy._core", b"numpy.core")


@pytest.fixture(scope="module")
def images():
    """Random images of one batch, (10000, 32, 32, 3); each file below holds these."""
    return np.random.default_rng(0).integers(0, 256, (PER_FILE, 32, 32, 3), np.uint8)


def labels_of(stem):
    """Return the labels of a batch, a row of their own for each, so that a swap is seen."""
    return (np.arange(PER_FILE) + STEMS.index(stem)) % 10


@pytest.fixture(scope="module")
def layouts(images, tmp_path_factory):
    """Return a folder with ``binary`` and ``python``, the two layouts of the same data."""
    folder = tmp_path_factory.mktemp("cifar")
    for name in ("binary", "python"):
        (folder / name).mkdir()
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(PER_FILE, -1)
    for stem in STEMS:
        labels = labels_of(stem)
        records = np.concatenate([labels.astype(np.uint8)[:, None], planes], axis=1)
        records.tofile(folder / "binary" / f"{stem}.bin")
        batch = {b"batch_label": b"a batch", b"labels": labels.tolist(), b"data": planes}
        (folder / "python" / stem).write_bytes(pickled(batch))
    yield folder
    shutil.rmtree(folder)  # 370 MB that pytest would keep for three sessions


def link(source, target):
    """Make a folder whose files are links to those of another, so that a test may change it."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        os.link(file, target / file.name)
    return target


def replace(path, content):
    """Give a test's folder a file of its own in the place of a link."""
    path.unlink()
    path.write_bytes(content)


@pytest.fixture
def binary(layouts, tmp_path, no_cifar10, monkeypatch):
    """Return a folder in the binary layout that ATELIER_CIFAR10 names."""
    folder = link(layouts / "binary", tmp_path / "cifar-10-batches-bin")
    monkeypatch.setenv("ATELIER_CIFAR10", str(folder))
    forget_settings()
    return folder


@pytest.fixture(params=KERAS_FOLDERS)
def python(request, layouts, no_cifar10):
    """Return a folder in the Python layout where a version of Keras keeps it."""
    return link(layouts / "python", no_cifar10 / "datasets" / request.param)


def check(images, split):
    """Check both splits against what was written."""
    stems = cifar10.STEMS[split]
    read = cifar10.read(split)
    assert read.images.shape == (PER_FILE * len(stems), 32, 32, 3)
    assert read.images.dtype == np.uint8
    assert read.labels.dtype == np.int64
    assert np.array_equal(read.labels, np.concatenate([labels_of(stem) for stem in stems]))
    for start in range(0, len(read), PER_FILE):
        assert np.array_equal(read.images[start : start + PER_FILE], images)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_binary_layout(binary, images, split):
    assert cifar10.missing() is None
    check(images, split)


def test_the_variable_may_name_the_folder_above(binary, images, monkeypatch):
    monkeypatch.setenv("ATELIER_CIFAR10", str(binary.parent))
    forget_settings()
    assert cifar10.missing() is None
    check(images, "test")


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_python_layout_in_keras_cache(python, images, split):
    assert cifar10.missing() is None
    check(images, split)


def test_the_named_folder_goes_before_keras_cache(binary, layouts, no_cifar10, images):
    folder = link(layouts / "python", no_cifar10 / "datasets" / KERAS_FOLDERS[0])
    replace(folder / "test_batch", b"never read")
    check(images, "test")


def test_without_data_there_is_a_way_out(no_cifar10):
    assert "ATELIER_CIFAR10" in cifar10.missing()
    with pytest.raises(DataUnavailable, match="Download it"):
        cifar10.read("train")


def test_a_variable_that_names_nothing_is_a_mistake_to_mend(tmp_path, no_cifar10, monkeypatch):
    monkeypatch.setenv("ATELIER_CIFAR10", str(tmp_path / "nowhere"))
    forget_settings()
    assert cifar10.missing().startswith(f"ATELIER_CIFAR10 names {tmp_path / 'nowhere'}, but ")
    with pytest.raises(DataUnavailable, match="ATELIER_CIFAR10"):
        cifar10.read("test")


@pytest.mark.parametrize(("split", "stem"), [("train", "data_batch_3"), ("test", "test_batch")])
def test_an_incomplete_set_names_the_file(binary, split, stem):
    (binary / f"{stem}.bin").unlink()
    assert f"{stem}.bin" in cifar10.missing()
    with pytest.raises(DataUnavailable, match=f"{stem}.bin"):
        cifar10.read(split)


def test_an_incomplete_keras_cache_names_the_file(python):
    (python / "data_batch_5").unlink()
    assert "data_batch_5 is missing" in cifar10.missing()


@pytest.mark.parametrize("size", [0, RECORD, PER_FILE * RECORD - 1, PER_FILE * RECORD + 1])
def test_a_binary_file_of_another_size_is_damaged(binary, size):
    content = (binary / "test_batch.bin").read_bytes() + b"\0"
    replace(binary / "test_batch.bin", content[:size])
    with pytest.raises(DataDamaged, match=f"test_batch.bin .* damaged: it has {size:,} bytes"):
        cifar10.read("test")


def test_a_label_beyond_the_classes_is_damage(binary):
    content = bytearray((binary / "test_batch.bin").read_bytes())
    content[5 * RECORD] = 10
    replace(binary / "test_batch.bin", content)
    with pytest.raises(DataDamaged, match=r"test_batch\.bin .* label 10"):
        cifar10.read("test")


class Command:
    """Unpickling this runs a command."""

    def __init__(self, text):
        self.text = text

    def __reduce__(self):
        return os.system, (self.text,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_functions_is_refused_before_it_does(python, tmp_path, protocol):
    trap = {b"data": Command(f"touch {tmp_path / 'sprung'}"), b"labels": [0] * PER_FILE}
    replace(python / "test_batch", pickle.dumps(trap, protocol))
    with pytest.raises(DataDamaged, match="test_batch"):
        cifar10.read("test")
    assert not (tmp_path / "sprung").exists()
    # The trap is real: Python's own reader springs it.
    pickle.loads((python / "test_batch").read_bytes())
    assert (tmp_path / "sprung").exists()


LABELS = [0] * PER_FILE
WRONG = {
    "empty": b"",
    "not a pickle": b"<html>404</html>",
    "cut short": pickled({b"data": np.zeros((PER_FILE, 3072), np.uint8)})[:-1000],
    "a list": pickled([1, 2]),
    "no labels": pickled({b"data": np.zeros((PER_FILE, 3072), np.uint8)}),
    "too few images": pickled({b"data": np.zeros((9, 3072), np.uint8), b"labels": LABELS}),
    "too few labels": pickled({b"data": np.zeros((PER_FILE, 3072), np.uint8), b"labels": [1]}),
    "words for pixels": pickled({b"data": ["sky"], b"labels": LABELS}),
    "pixels above 255": pickled({b"data": [[300]], b"labels": LABELS}),
    "label 10": pickled({b"data": np.zeros((PER_FILE, 3072), np.uint8), b"labels": [10] * 10_000}),
    "label -1": pickled({b"data": np.zeros((PER_FILE, 3072), np.uint8), b"labels": [-1] * 10_000}),
    "a label without end": pickled(
        {b"data": np.zeros((PER_FILE, 3072), np.uint8), b"labels": [2**70]}
    ),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_batch_is_damage(no_cifar10, content):
    folder = no_cifar10 / "datasets" / KERAS_FOLDERS[0]
    folder.mkdir(parents=True)
    (folder / "test_batch").write_bytes(content)
    with pytest.raises(DataDamaged, match=r"test_batch .* damaged"):
        cifar10.read("test")
