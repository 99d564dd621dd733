"""What the analyse command wrote: read with care, and a sentence where it is damaged."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.__main__ import main
from core.analysis import duplicates, embedding, files, labels
from core.errors import DataDamaged
from core.settings import ASSETS

SPEC = datasets.find("fashion-mnist")
READERS = {
    "map": lambda path: embedding.embedding_of(SPEC, path),
    "labels": lambda path: labels.labels_of(SPEC, "train", path),
    "duplicates": lambda path: duplicates.duplicates_of(SPEC, path),
}


@pytest.mark.parametrize("dataset", datasets.DATASETS)
def test_what_is_bundled_can_be_read_and_is_small(dataset):
    spec = datasets.find(dataset)
    assert len(embedding.embedding_of(spec).indices) == embedding.POINTS
    assert len(duplicates.duplicates_of(spec)) > 0
    files_there = list((ASSETS / "analysis").rglob("*.npz"))
    assert sum(file.stat().st_size for file in files_there) < 2_000_000


def test_labels_are_known_of_fashion_mnist_only():
    for split in datasets.SPLITS:
        assert len(labels.labels_of(SPEC, split)) == SPEC.counts[split]
        assert labels.suspicion("cifar-10", split) is None


def test_the_results_of_an_imported_data_set_stay_with_it(home):
    assert files.path_of("fashion-mnist", "map").is_relative_to(ASSETS)
    assert files.path_of("own-1", "map").is_relative_to(home)


@pytest.mark.parametrize("name", READERS)
def test_a_result_that_is_not_there_is_none(name, tmp_path):
    assert READERS[name](tmp_path / f"{name}.npz") is None


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("damage", ["empty", "half", "text", "one array missing", "pickle"])
def test_a_damaged_file_becomes_a_sentence(name, damage, tmp_path):
    good = files.path_of("fashion-mnist", name).read_bytes()
    path = tmp_path / f"{name}.npz"
    if damage == "one array missing":
        with np.load(files.path_of("fashion-mnist", name)) as file:
            np.savez(path, **{each: file[each] for each in file.files[1:]})
    elif damage == "pickle":
        with np.load(files.path_of("fashion-mnist", name)) as file:
            arrays = {each: np.array([{}], object) for each in file.files}
        np.savez(path, allow_pickle=True, **arrays)
    else:
        content = {"empty": b"", "half": good[: len(good) // 2], "text": b"Hello " * 100}[damage]
        path.write_bytes(content)
    with pytest.raises(DataDamaged, match=f"{name}.npz .* is damaged .* analyse {name}"):
        READERS[name](path)


def changed(name: str, tmp_path: Path, **values) -> Path:
    """Write a copy of a bundled result with other arrays."""
    with np.load(files.path_of("fashion-mnist", name)) as file:
        arrays = {each: file[each] for each in file.files} | values
    path = tmp_path / f"{name}.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("map", {"indices": np.arange(10_000, dtype=np.int32)[::-1]}),
        ("map", {"indices": np.arange(55_000, 65_000, dtype=np.int32)}),
        ("map", {"indices": np.zeros(0, np.int32)}),
        ("map", {"pca": np.full((10_000, 2), np.nan, np.float16)}),
        ("map", {"umap": np.full((10_000, 2), 2, np.float16)}),
        ("map", {"umap": np.zeros((9_999, 2), np.float16)}),
        ("map", {"explained": np.array(["a", "b"])}),
        ("labels", {"suggested": np.full(70_000, 10, np.uint8)}),
        ("labels", {"own": np.zeros(60_000, np.uint16)}),
        ("labels", {"doubtful": np.zeros(70_000, np.uint8)}),
        ("labels", {"accuracy": np.array("high")}),
        ("duplicates", {"first": np.array([-1], np.int32)}),
        ("duplicates", {"correlation": np.zeros(3, np.float32)}),
        ("duplicates", {"second": np.zeros(499, np.int32)}),
    ],
)
def test_values_that_cannot_be_become_a_sentence(name, values, tmp_path):
    with pytest.raises(DataDamaged, match="is damaged or belongs to other data"):
        READERS[name](changed(name, tmp_path, **values))


@pytest.mark.parametrize(("what", "library"), [("map", "umap"), ("labels", "cleanlab")])
def test_the_command_says_what_it_lacks(what, library, monkeypatch, capsys, home):
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    assert main(["analyse", what]) == 1
    said = capsys.readouterr().err
    assert library in said and "pip install -r requirements-analysis.txt" in said
    assert not home.exists() or not list(home.rglob("*.npz"))


def test_the_command_writes_what_pages_read(monkeypatch, capsys, tmp_path):
    parts = {name: SPEC.load(name) for name in datasets.SPLITS}
    small = {
        name: datasets.Split(part.images[:60].copy(), part.labels[:60].copy())
        for name, part in parts.items()
    }
    for name, part in small.items():
        monkeypatch.setitem(SPEC._loaded, name, part)
    path = tmp_path / "duplicates.npz"
    assert main(["analyse", "duplicates", "--output", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    assert len(duplicates.duplicates_of(SPEC, path)) == 0
