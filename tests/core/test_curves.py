import json
import math
import os
import sys

import pytest

from core.errors import RunDamaged
from core.runs import RunFolder, read_curves
from core.runs.curves import rewind_curves
from core.runs.files import append_line

BATCH = {"epoch": 0.5, "loss": 1.5, "accuracy": 0.25, "seconds": 0.75}
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
    assert curves.batches == {name: [] for name in BATCH}
    assert curves.epochs == {name: [] for name in EPOCH}


def test_lines_become_columns(folder):
    append_line(folder.batches, BATCH)
    append_line(folder.batches, BATCH | {"loss": 1.25})
    append_line(folder.epochs, EPOCH)
    curves = read_curves(folder)
    assert curves.batches == {
        "epoch": [0.5, 0.5],
        "loss": [1.5, 1.25],
        "accuracy": [0.25, 0.25],
        "seconds": [0.75, 0.75],
    }
    assert curves.epochs == {name: [value] for name, value in EPOCH.items()}


def test_lines_are_read_as_they_come(folder):
    line = json.dumps(BATCH)
    for count in range(1, 4):
        with folder.batches.open("a", encoding="utf-8") as file:
            file.write(line[:10])  # a write that is not finished yet
        assert len(read_curves(folder).batches["loss"]) == count - 1
        with folder.batches.open("a", encoding="utf-8") as file:
            file.write(line[10:] + "\n")
        assert read_curves(folder).batches["loss"] == [1.5] * count


def test_what_was_read_before_is_not_read_again(folder):
    append_line(folder.batches, BATCH)
    read_curves(folder)
    with folder.batches.open("r+", encoding="utf-8") as file:
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


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_what_other_programs_write_for_no_number_is_none(folder, text):
    folder.batches.write_text(
        f'{{"epoch": 1, "loss": {text}, "accuracy": 0.5}}\n', encoding="utf-8"
    )
    assert read_curves(folder).batches["loss"] == [None]


def test_a_missing_value_is_none(folder):
    """Version 0.1.0 wrote no seconds."""
    append_line(folder.batches, {"epoch": 1, "loss": 0.5})
    assert read_curves(folder).batches == {
        "epoch": [1],
        "loss": [0.5],
        "accuracy": [None],
        "seconds": [None],
    }


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
    folder.batches.write_text(json.dumps(BATCH | {"loss": 9.0}) + "\n", encoding="utf-8")
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_in_place_of_a_file_does_not_keep_the_reader_waiting(folder):
    os.mkfifo(folder.batches)
    folder.epochs.symlink_to("/etc/passwd")
    curves = read_curves(folder)
    assert curves.batches["loss"] == curves.epochs["loss"] == []


# Rewinding to a checkpoint


def points(folder):
    return [
        json.loads(line)["epoch"]
        for line in folder.batches.read_text(encoding="utf-8").splitlines()
    ]


def test_points_after_the_checkpoint_go_and_epochs_are_those_of_the_checkpoint(folder):
    for epoch in (0.5, 1.0, 1.000001, 1.5, 2.0, 2.5):
        append_line(folder.batches, BATCH | {"epoch": epoch})
    for epoch in (1, 2):
        append_line(folder.epochs, EPOCH | {"epoch": epoch})
    rewind_curves(folder, [EPOCH], 1.0000003)  # as 1.000000 was rounded
    assert points(folder) == [0.5, 1.0, 1.000001]
    assert json.loads(folder.epochs.read_text(encoding="utf-8")) == EPOCH
    assert read_curves(folder).epochs["epoch"] == [1]


def test_the_first_points_after_a_checkpoint_go_even_if_they_are_close(folder):
    """Two steps of one image each in 60,000 are a share of 0.00003."""
    for epoch in (1.0, 1.000033):
        append_line(folder.batches, BATCH | {"epoch": epoch})
    rewind_curves(folder, [EPOCH], 1.0)
    assert points(folder) == [1.0]


@pytest.mark.parametrize("line", [b'{"epoch": 0.7, "lo', b"[]\n", b'{"epoch": null}\n', b"\xff\n"])
def test_what_is_no_point_goes(folder, line):
    append_line(folder.batches, BATCH)
    with folder.batches.open("ab") as file:
        file.write(line)
    rewind_curves(folder, [], 1.0)
    assert points(folder) == [0.5]
    assert folder.epochs.read_text(encoding="utf-8") == ""


def test_no_curves_are_rewound_to_none(folder):
    rewind_curves(folder, [EPOCH], 1.0)
    assert points(folder) == []
    assert read_curves(folder).epochs["epoch"] == [1]
