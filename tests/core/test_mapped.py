"""Data sets mapped from an unpacked copy: what many processes share, and a hostile disk."""

import hashlib
import json
import mmap
import os
import shutil
import subprocess
import sys

import numpy as np
import psutil
import pytest

from core import datasets
from core.datasets import Split, fashion_mnist, mapped
from core.errors import DataDamaged, DataUnavailable
from core.settings import ROOT, forget_settings, settings


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give each test a cache of its own, which does not exist yet."""
    monkeypatch.setenv("ATELIER_CACHE", str(tmp_path / "cache"))
    forget_settings()
    return tmp_path / "cache"


class Packed:
    """A source file, and how often it was read."""

    def __init__(self, path):
        self.path, self.reads = path, 0
        path.write_bytes(bytes(range(16)))

    def read(self):
        self.reads += 1
        if not self.path.exists():
            raise DataUnavailable("it is gone")
        images = np.frombuffer(self.path.read_bytes(), np.uint8).reshape(4, 2, 2, 1)
        return Split(images, np.arange(4))

    def split(self):
        return mapped.mapped("toy", "train", [self.path], self.read)


@pytest.fixture
def packed(tmp_path):
    return Packed(tmp_path / "packed")


def only(cache):
    (folder,) = cache.iterdir()
    return folder


def same(split):
    right = Split(np.arange(16, dtype=np.uint8).reshape(4, 2, 2, 1), np.arange(4))
    return all(
        np.array_equal(getattr(split, what), getattr(right, what)) for what in ("images", "labels")
    )


def test_it_is_unpacked_once_and_then_mapped(packed, cache):
    first, second = packed.split(), packed.split()
    assert packed.reads == 1
    assert same(first) and same(second)
    assert sorted(each.name for each in only(cache).iterdir()) == [
        "images.npy",
        "labels.npy",
        "made.json",
    ]
    assert first.images.dtype == np.uint8 and first.labels.dtype == np.int64
    for array in (first.images, first.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_another_source_is_unpacked_anew_and_the_old_copy_goes_after_a_day(packed, cache):
    packed.split()
    old = only(cache)
    packed.path.write_bytes(bytes(16))
    assert not packed.split().images.any()
    assert len(list(cache.iterdir())) == 2  # a second server may still want the first
    os.utime(old, (0, 0))
    packed.path.write_bytes(bytes([7] * 16))
    assert (packed.split().images == 7).all()
    assert not old.exists()


def test_without_its_source_it_says_so(packed):
    packed.split()
    packed.path.unlink()
    with pytest.raises(DataUnavailable):
        packed.split()


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a bit of an image": lambda folder: flip(folder / "images.npy"),
    "a bit of a label": lambda folder: flip(folder / "labels.npy"),
    "cut off": lambda folder: os.truncate(folder / "images.npy", 130),
    "empty": lambda folder: os.truncate(folder / "labels.npy", 0),
    "no images": lambda folder: (folder / "images.npy").unlink(),
    "no note": lambda folder: (folder / "made.json").unlink(),
    "another note": lambda folder: (folder / "made.json").write_text("[[[[", encoding="utf-8"),
    "a note of nothing": lambda folder: (folder / "made.json").write_text("[]", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_copy_is_made_again(packed, cache, damage):
    packed.split()
    damage(only(cache))
    assert same(packed.split())
    reads = packed.reads
    packed.split()
    assert packed.reads == reads


def test_a_copy_that_holds_python_objects_is_not_opened(packed, cache):
    packed.split()
    folder = only(cache)
    np.save(folder / "labels.npy", np.array([print] * 4, object), allow_pickle=True)
    made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    content = (folder / "labels.npy").read_bytes()
    made["labels"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "made.json").write_text(json.dumps(made), encoding="utf-8")
    assert same(packed.split())


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids links")
def test_a_link_in_place_of_a_copy_is_not_followed(packed, cache, tmp_path):
    packed.split()
    images = only(cache) / "images.npy"
    shutil.move(images, tmp_path / "elsewhere.npy")
    images.symlink_to(tmp_path / "elsewhere.npy")
    assert same(packed.split())
    assert (tmp_path / "elsewhere.npy").exists()


def test_where_nothing_can_be_written_it_is_read(packed, cache):
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert same(packed.split())
    assert same(packed.split())


def test_a_full_disk_is_not_filled_further(packed, cache, monkeypatch):
    monkeypatch.setattr(mapped, "ROOM", 1 << 60)
    assert same(packed.split())
    assert not list(cache.iterdir())


def test_a_disk_that_becomes_full_in_the_middle_leaves_nothing(packed, cache, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mapped, "write_json", full)
    assert same(packed.split())
    assert not list(cache.iterdir())


def test_what_another_process_made_meanwhile_is_taken(packed, cache):
    made = []

    def slowly():
        split = packed.read()
        packed.split()  # as the other does, from its beginning to its end
        made.append((only(cache) / "made.json").stat().st_ino)
        return split

    assert same(mapped.mapped("toy", "train", [packed.path], slowly))
    assert [(only(cache) / "made.json").stat().st_ino] == made


READ = """
from core import datasets
print(int(datasets.load("fashion-mnist", "train").images[::1000].sum()))
"""


def test_processes_that_start_together_share_one_copy(cache):
    environment = os.environ | {"ATELIER_CACHE": str(cache)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", READ],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    told = {child.communicate(timeout=60)[0] for child in children}
    expected = int(fashion_mnist.read("train").images[::1000].sum())
    assert told == {f"{expected}\n"}
    assert len(list(cache.iterdir())) == 1


def test_the_bundled_data_is_that_of_its_files(cache):
    loaded, read = fashion_mnist.load("test"), fashion_mnist.read("test")
    assert np.array_equal(loaded.images, read.images)
    assert np.array_equal(loaded.labels, read.labels)
    assert only(cache).name.startswith("fashion-mnist-test-")


def test_damaged_files_are_found_before_there_is_a_copy(cache, tmp_path, monkeypatch):
    shutil.copytree(fashion_mnist.FOLDER, tmp_path / "own")
    flip(tmp_path / "own" / "t10k-images-idx3-ubyte.gz")
    monkeypatch.setattr(fashion_mnist, "FOLDER", tmp_path / "own")
    with pytest.raises(DataDamaged):
        fashion_mnist.load("test")
    assert not cache.exists()


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="not on this system")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere it is a hint")
def test_what_was_looked_at_can_be_let_go(cache):
    def resident():
        return psutil.Process().memory_info().rss

    images = fashion_mnist.load("train").images
    before = resident()
    total = int(images.sum(dtype=np.int64))
    assert resident() - before > 0.7 * images.nbytes
    datasets.let_go()
    assert resident() - before < 0.3 * images.nbytes
    assert int(images.sum(dtype=np.int64)) == total


def test_the_cache_can_be_anywhere(cache, monkeypatch):
    assert settings().cache == cache
    monkeypatch.delenv("ATELIER_CACHE")
    forget_settings()
    assert settings().cache == settings().home / "cache"
