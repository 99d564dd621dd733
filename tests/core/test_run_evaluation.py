import io

import numpy as np
import pytest

from core.errors import RunDamaged
from core.runs import Evaluation, read_evaluation, write_evaluation

COUNT, CLASSES = 50, 10


@pytest.fixture
def evaluation():
    values = np.random.default_rng(0).random((COUNT, CLASSES))
    return Evaluation((values / values.sum(axis=1, keepdims=True)).astype(np.float32), 1.25)


@pytest.fixture
def path(tmp_path, evaluation):
    write_evaluation(tmp_path / "evaluation.npz", evaluation)
    return tmp_path / "evaluation.npz"


def npz(**arrays):
    """Return the bytes of a file with other content than it should have."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_round_trip(path, evaluation):
    read = read_evaluation(path, COUNT, CLASSES)
    assert np.array_equal(read.probabilities, evaluation.probabilities)
    assert read.probabilities.dtype == np.float32
    assert read.loss == 1.25
    assert list(path.parent.glob(".*")) == []


def test_a_missing_file_is_named_as_what_it_is(tmp_path):
    with pytest.raises(RunDamaged, match="no file"):
        read_evaluation(tmp_path / "evaluation.npz", COUNT, CLASSES)


@pytest.mark.parametrize(("count", "classes"), [(COUNT - 1, CLASSES), (COUNT, 2)])
def test_an_evaluation_of_another_data_set_does_not_fit(path, count, classes):
    with pytest.raises(RunDamaged, match="does not fit"):
        read_evaluation(path, count, classes)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_damage(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(RunDamaged, match=r"evaluation\.npz"):
        read_evaluation(path, COUNT, CLASSES)


def test_a_flipped_byte_is_damage_or_harmless(path, evaluation):
    """Wherever the byte is: either the numbers are right, or the file is refused."""
    content = path.read_bytes()
    refused = 0
    for position in range(0, len(content), 3):
        path.write_bytes(
            content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]
        )
        try:
            read = read_evaluation(path, COUNT, CLASSES)
        except RunDamaged:
            refused += 1
        else:
            assert np.array_equal(read.probabilities, evaluation.probabilities)
            assert read.loss == evaluation.loss
    assert refused > len(content) / 6


GOOD = np.full((COUNT, CLASSES), 0.1)
WRONG = {
    "text": b"not numbers",
    "a pickled object": npz(probabilities=np.array([{"a": 1}], object), loss=1),
    "no loss": npz(probabilities=GOOD),
    "no probabilities": npz(loss=1),
    "two losses": npz(probabilities=GOOD, loss=[1.0, 2.0]),
    "words": npz(probabilities=np.full((COUNT, CLASSES), "x"), loss=1),
    "not finite": npz(probabilities=np.where(np.eye(COUNT, CLASSES), np.nan, GOOD), loss=1),
    "one array, not two": npy(GOOD),
    "an array of objects": npy(np.array([{"a": 1}], object)),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_evaluation_is_damage(path, content):
    path.write_bytes(content)
    with pytest.raises(RunDamaged, match=r"evaluation\.npz"):
        read_evaluation(path, COUNT, CLASSES)
