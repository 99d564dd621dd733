import json
import math

import pytest

from core.errors import RunDamaged
from core.runs import RunFolder, read_curves
from core.runs.files import append_line

BATCH = {"epoch": 0.5, "loss": 1.5, "accuracy": 0.25}
EPOCH = {
    "epoch": 1,
    "loss": 1.0,
    "accuracy": 0.5,
    "val_loss": 0.9,
    "val_accuracy": 0.6,
    "seconds": 2.0,
}


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def test_a_run_without_files_has_empty_curves(folder):
    curves = read_curves(folder)
    assert curves.batches == {"epoch": [], "loss": [], "accuracy": []}
    assert curves.epochs == {name: [] for name in EPOCH}


def test_lines_become_columns(folder):
    append_line(folder.batches, BATCH)
    append_line(folder.batches, BATCH | {"loss": 1.25})
    append_line(folder.epochs, EPOCH)
    curves = read_curves(folder)
    assert curves.batches == {"epoch": [0.5, 0.5], "loss": [1.5, 1.25], "accuracy": [0.25, 0.25]}
    assert curves.epochs == {name: [value] for name, value in EPOCH.items()}


def test_lines_are_read_as_they_come(folder):
    line = json.dumps(BATCH)
    for count in range(1, 4):
        with folder.batches.open("a") as file:
            file.write(line[:10])  # a write that is not finished yet
        assert len(read_curves(folder).batches["loss"]) == count - 1
        with folder.batches.open("a") as file:
            file.write(line[10:] + "\n")
        assert read_curves(folder).batches["loss"] == [1.5] * count


def test_what_was_read_before_is_not_read_again(folder):
    append_line(folder.batches, BATCH)
    read_curves(folder)
    with folder.batches.open("r+") as file:
        file.write("#")  # the same length, and no JSON any more
    append_line(folder.batches, BATCH | {"loss": 7.0})
    assert read_curves(folder).batches["loss"] == [1.5, 7.0]


def test_a_caller_may_change_what_it_got(folder):
    append_line(folder.batches, BATCH)
    read_curves(folder).batches["loss"].clear()
    assert read_curves(folder).batches["loss"] == [1.5]


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_what_is_not_a_finite_number_is_none(folder, value):
    append_line(folder.batches, BATCH | {"loss": value})
    assert read_curves(folder).batches["loss"] == [None]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_other_programs_write_for_no_number_is_none(folder, text):
    folder.batches.write_text(f'{{"epoch": 1, "loss": {text}, "accuracy": 0.5}}\n')
    assert read_curves(folder).batches["loss"] == [None]


def test_a_missing_value_is_none(folder):
    append_line(folder.batches, {"epoch": 1})
    assert read_curves(folder).batches == {"epoch": [1], "loss": [None], "accuracy": [None]}


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"",
        b"[1, 2]",
        b"7",
        b"null",
        b'{"loss": "1"}',
        b'{"loss": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_point_is_damage(folder, line):
    append_line(folder.epochs, EPOCH)
    with folder.epochs.open("ab") as file:
        file.write(line + b"\n")
    for _ in range(2):  # damage does not go away by looking again
        with pytest.raises(RunDamaged, match=r"epochs\.jsonl"):
            read_curves(folder)


def test_a_replaced_file_is_read_from_the_start(folder, tmp_path):
    append_line(folder.batches, BATCH)
    read_curves(folder)
    other = tmp_path / "other"
    for loss in (3.0, 2.0):
        append_line(other, BATCH | {"loss": loss})
    other.replace(folder.batches)
    assert read_curves(folder).batches["loss"] == [3.0, 2.0]


def test_a_shorter_file_is_read_from_the_start(folder):
    for _ in range(3):
        append_line(folder.batches, BATCH)
    read_curves(folder)
    folder.batches.write_text(json.dumps(BATCH | {"loss": 9.0}) + "\n")
    assert read_curves(folder).batches["loss"] == [9.0]


def test_curves_of_many_runs_do_not_mix(tmp_path):
    folders = []
    for number in range(100):  # more than are kept in memory
        (tmp_path / str(number)).mkdir()
        folders.append(RunFolder(tmp_path / str(number)))
        append_line(folders[-1].batches, BATCH | {"loss": number})
    for _ in range(2):
        losses = [read_curves(folder).batches["loss"] for folder in folders]
        assert losses == [[number] for number in range(100)]
