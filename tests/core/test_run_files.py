import json
import math
import os
import subprocess
import sys
import threading

import pytest

from core.runs.files import append_line, remove_temporary, write_atomic, write_json


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "result.json"
    for content in ("old", "new"):
        write_atomic(path, lambda file, content=content: file.write_text(content))
        assert path.read_text() == content
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_the_suffix_that_writers_look_at(tmp_path):
    seen = []

    def write(file):
        seen.append(file)
        file.touch()

    write_atomic(tmp_path / "model.keras", write)
    assert seen[0].suffix == ".keras" and seen[0].name.startswith(".")


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), ValueError()])
def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "result.json"
    path.write_text("old")

    def write(file):
        file.write_text("half of the n")
        raise error

    with pytest.raises(type(error)):
        write_atomic(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_writes_nothing_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(FileNotFoundError):
        write_atomic(path, lambda file: None)
    assert path.read_text() == "old"


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "heartbeat"
    write_json(path, {"n": 0, "padding": "x" * 100_000}, durable=False)
    done = threading.Event()

    def write():
        for n in range(200):
            write_json(path, {"n": n, "padding": "x" * 100_000}, durable=False)
        done.set()

    threading.Thread(target=write).start()
    numbers = []
    while not done.is_set():
        numbers.append(json.loads(path.read_text())["n"])
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 1


def test_two_that_write_the_same_file_do_not_disturb_each_other(tmp_path):
    path, failures = tmp_path / "notes.json", []

    def write(name):
        try:
            for _ in range(200):
                write_json(path, {"name": name * 10_000}, durable=False)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(json.loads(path.read_text())["name"])) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_dead_left_half_written_is_removed_and_what_the_living_write_is_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    kept = {f".{os.getppid()}-1-notes.json", "model.keras", ".1x-y", "notes-1.json"}
    for name in kept | {f".{dead.pid}-7-model.keras", f".{os.getpid()}-reserve", f".{10**30}-x"}:
        (tmp_path / name).touch()
    remove_temporary(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_json_has_null_for_what_is_not_finite(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, {"a": [math.nan, (1.5, math.inf)], "b": {"c": -math.inf}, "d": None})
    assert json.loads(path.read_text()) == {"a": [None, [1.5, None]], "b": {"c": None}, "d": None}


def test_lines_are_appended(tmp_path):
    path = tmp_path / "x.jsonl"
    append_line(path, {"loss": math.nan})
    append_line(path, {"loss": 0.5})
    assert path.read_text() == '{"loss": null}\n{"loss": 0.5}\n'
