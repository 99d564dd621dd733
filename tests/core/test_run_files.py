import json
import math
import os
import subprocess
import sys
import threading

import pytest

from core.files import (
    append_line,
    remove_temporary,
    temporary_name,
    write_atomic,
    write_json,
)
from core.processes.identity import start_time
from core.settings import ROOT


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "result.json"
    for content in ("old", "new"):
        write_atomic(path, lambda file, content=content: file.write_text(content, encoding="utf-8"))
        assert path.read_text(encoding="utf-8") == content
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
    path.write_text("old", encoding="utf-8")

    def write(file):
        file.write_text("half of the n", encoding="utf-8")
        raise error

    with pytest.raises(type(error)):
        write_atomic(path, write)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_writes_nothing_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        write_atomic(path, lambda file: None)
    assert path.read_text(encoding="utf-8") == "old"


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
        numbers.append(json.loads(path.read_text(encoding="utf-8"))["n"])
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
    assert len(set(json.loads(path.read_text(encoding="utf-8"))["name"])) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_dead_left_half_written_is_removed_and_what_the_living_write_is_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    us = temporary_name(tmp_path / "x").name  # this thread's: nothing of it is half written now
    host, pid, started, *_ = us[2:].split("~")
    main = threading.main_thread().native_id
    kept = {
        f".~{host}~{os.getppid()}~{start_time(os.getppid())}~1~notes.json",
        f".~elsewhere~{dead.pid}~5~7~result.json",  # nobody here knows
        f".{os.getppid()}-1-notes.json",  # as version 0.4 named them
        "model.keras",
        ".1x-y",
        "notes-1.json",
    }
    gone = {
        us,
        f".~{host}~{dead.pid}~5~7~model.keras",
        f".~{host}~{pid}~{int(started) - 1}~{main}~x",  # an earlier process had this number
        f".~{host}~{pid}~{started}~1~x",  # a thread that has ended
        f".{dead.pid}-7-model.keras",
    }
    for name in kept | gone:
        (tmp_path / name).touch()
    remove_temporary(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))
    remove_temporary(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f".~{host}~{os.getppid()}~{start_time(os.getppid())}~1~notes.json",
        "model.keras",
        ".1x-y",
        "notes-1.json",
    }


WRITER = """
import sys
from pathlib import Path
from core.files import write_json
for number in range(400):
    write_json(Path(sys.argv[1]), {"number": number, "padding": "x" * 20_000}, durable=False)
"""


def test_clearing_up_disturbs_no_thread_and_no_process_that_writes(tmp_path):
    """As a run ends, the supervisor clears up while a page stars, renames or opens it."""
    failures: list[BaseException] = []
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(400):
                write_json(tmp_path / "notes.json", {"number": number, "x": "y" * 20_000})
        except OSError as error:
            failures.append(error)
        finally:
            done.set()

    command = [sys.executable, "-c", WRITER, str(tmp_path / "other.json")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        thread = threading.Thread(target=write)
        thread.start()
        while not done.is_set() or process.poll() is None:
            remove_temporary(tmp_path)
        thread.join()
        assert process.stderr is not None and process.stderr.read() == b""
    assert failures == [] and process.returncode == 0
    for name in ("notes.json", "other.json"):
        assert json.loads((tmp_path / name).read_text(encoding="utf-8"))["number"] == 399
    assert len(list(tmp_path.iterdir())) == 2


def test_json_has_null_for_what_is_not_finite(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, {"a": [math.nan, (1.5, math.inf)], "b": {"c": -math.inf}, "d": None})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "a": [None, [1.5, None]],
        "b": {"c": None},
        "d": None,
    }


def test_lines_are_appended(tmp_path):
    path = tmp_path / "x.jsonl"
    append_line(path, {"loss": math.nan})
    append_line(path, {"loss": 0.5})
    assert path.read_text(encoding="utf-8") == '{"loss": null}\n{"loss": 0.5}\n'
