"""The checkpoint file: what was written comes back, and damage of any kind is a sentence."""

import dataclasses
import io
import json
import os
import random
import sys
import zipfile

import numpy as np
import pytest

from core.errors import RunDamaged
from core.runs.checkpoint import Checkpoint, Progress, read_checkpoint, write_checkpoint

EPOCH = {
    "epoch": 1,
    "loss": 0.1 + 0.2,
    "accuracy": 1 / 3,
    "val_loss": 2.5,
    "val_accuracy": 0.5,
    "seconds": 1.25,
}
PROGRESS = Progress(1, 3, 12.5, 17.0, 4.5, 0.25, 3.5, 900, (EPOCH,))
STATE = {
    "layer1.kernel": np.random.default_rng(0).normal(size=(3, 3, 1, 4)).astype(np.float32),
    "layer1.bias": np.zeros(4, np.float32),
    "optimizer0": np.asarray(7, np.int64),
}
BEST = [np.full((2, 2), number, np.float32) for number in range(12)]  # 10 comes after 9
CHECKPOINT = Checkpoint(PROGRESS, STATE, BEST)


@pytest.fixture
def path(tmp_path):
    write_checkpoint(tmp_path / "checkpoint.npz", CHECKPOINT)
    return tmp_path / "checkpoint.npz"


def assert_equal(one, other):
    assert one.progress == other.progress
    assert one.state.keys() == other.state.keys()
    for name, array in one.state.items():
        assert array.dtype == other.state[name].dtype
        assert np.array_equal(array, other.state[name])
    assert len(one.best) == len(other.best)
    assert all(map(np.array_equal, one.best, other.best))


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_written_comes_back_bit_for_bit(tmp_path, durable):
    write_checkpoint(tmp_path / "checkpoint.npz", CHECKPOINT, durable=durable)
    assert_equal(read_checkpoint(tmp_path / "checkpoint.npz"), CHECKPOINT)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_a_new_checkpoint_takes_the_place_of_the_old_one(path):
    later = dataclasses.replace(CHECKPOINT, progress=dataclasses.replace(PROGRESS, step=5), best=[])
    write_checkpoint(path, later)
    assert_equal(read_checkpoint(path), later)


def test_no_file_is_no_checkpoint(tmp_path):
    assert read_checkpoint(tmp_path / "checkpoint.npz") is None


def test_a_file_that_was_cut_off_anywhere_is_a_sentence(path):
    content = path.read_bytes()
    for length in range(0, len(content), 29):
        path.write_bytes(content[:length])
        with pytest.raises(RunDamaged, match=r"^The file checkpoint\.npz cannot be read.*\.$"):
            read_checkpoint(path)


def test_bits_that_changed_are_found_or_change_nothing(path):
    """Every array has a checksum; a bit that none covers, such as a file's time, is harmless."""
    content, generator = path.read_bytes(), random.Random(3)
    found = 0
    for _ in range(600):
        damaged = bytearray(content)
        for _ in range(generator.choice((1, 1, 4))):
            damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        try:
            checkpoint = read_checkpoint(path)
        except RunDamaged:
            found += 1
        else:
            assert checkpoint.progress == PROGRESS
            for name in checkpoint.state.keys() & STATE.keys():
                assert np.array_equal(checkpoint.state[name], STATE[name])
    assert found > 400


class Payload:
    """What runs a command when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_a_pickled_object_is_not_unpickled(path, tmp_path):
    target = tmp_path / "pwned"
    hostile = np.array([Payload(target)], dtype=object)
    np.savez(path, progress=np.frombuffer(b"{}", np.uint8), **{"state/x": hostile})
    with pytest.raises(RunDamaged):
        read_checkpoint(path)
    hostile.dump(path)
    with pytest.raises(RunDamaged):
        read_checkpoint(path)
    assert not target.exists()


def changed(**changes):
    return json.dumps(dataclasses.asdict(PROGRESS) | changes).encode()


@pytest.mark.parametrize(
    "progress",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        changed(epoch=2),
        changed(epoch=-1, history=[]),
        changed(epoch="1"),
        changed(step=-1),
        changed(step=1.5),
        changed(step=None),
        changed(loss_sum=float("nan")),
        changed(seconds=float("inf")),
        changed(timed_images=[1]),
        changed(history=None),
        changed(history=[{}]),
        changed(history=[[1, 2]]),
        changed(history=[EPOCH, EPOCH]),
        changed(history=[EPOCH | {"epoch": 2}]),
        changed(history=[EPOCH | {"val_loss": None}]),
        changed(history=[EPOCH | {"val_loss": "low"}]),
    ],
)
def test_a_progress_that_cannot_be_is_a_sentence(path, progress):
    np.savez(path, progress=np.frombuffer(progress, np.uint8))
    with pytest.raises(RunDamaged, match="cannot be read"):
        read_checkpoint(path)


def test_an_array_that_promises_terabytes_is_a_sentence(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10**13,)}
    )
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("state/huge.npy", header.getvalue())
    with pytest.raises(RunDamaged):
        read_checkpoint(path)


def test_what_is_no_zip_archive_is_a_sentence(path):
    for content in (b"", b"garbage", b"PK\x03\x04", b"\x93NUMPY", b"\x80\x04."):
        path.write_bytes(content)
        with pytest.raises(RunDamaged):
            read_checkpoint(path)


def test_what_is_no_plain_file_is_a_sentence(tmp_path, path):
    elsewhere = tmp_path / "elsewhere.npz"
    path.rename(elsewhere)
    makes = [path.mkdir, lambda: path.symlink_to(elsewhere)]
    if sys.platform != "win32":
        makes.append(lambda: os.mkfifo(path))
    for make in makes:
        make()
        with pytest.raises(RunDamaged):
            read_checkpoint(path)
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
