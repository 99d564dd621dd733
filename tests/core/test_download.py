"""The download, with a scripted command in the place of Keras's."""

import sys

import psutil
import pytest
from support import wait_until

from core.datasets.download import CIFAR10, Download

# Keras's progress bar, rewritten in place; it goes on when the file `go` appears.
BEGIN = """
import pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "starts").open("a") as file:
    file.write("x")
print("Downloading data from https://example.org/cifar-10-python.tar.gz")
print("\\r\\x1b[1m        0/170498071\\x1b[0m 0s 0s/step", end="", flush=True)
"""
HALF = 'print("\\r\\x1b[1m 85249035/170498071\\x1b[0m 1s 0us/step", end="", flush=True)\n'
CUT = """
print("\\r\\x1b[1m 852490", end="", flush=True)
time.sleep(0.3)
print("36/170498071\\x1b[0m 1s 0us/step", end="", flush=True)
"""
WAIT = 'while not (folder / "go").exists(): time.sleep(0.02)\n'


@pytest.fixture
def scripted(tmp_path):
    """Return a function that makes a download of some Python lines."""

    def make(*lines):
        script = "".join([BEGIN.format(folder=str(tmp_path)), *lines])
        return Download([sys.executable, "-c", script])

    return make


def starts(folder):
    path = folder / "starts"
    return len(path.read_text(encoding="utf-8")) if path.exists() else 0


def ended(download):
    return lambda: not download.state().active


def test_progress_and_success(scripted, tmp_path):
    download = scripted(HALF, WAIT)
    assert download.state().active is False and download.state().fraction is None
    download.start()
    assert download.state().active is True
    wait_until(lambda: download.state().fraction, 10, "half of the download")
    assert download.state().fraction == pytest.approx(0.5, abs=0.01)
    (tmp_path / "go").touch()
    wait_until(ended(download), 10, "end of the download")
    assert download.state().fraction == 1.0
    assert download.state().error is None


def test_a_number_that_is_cut_between_two_writes(scripted, tmp_path):
    download = scripted(CUT, WAIT)
    download.start()
    wait_until(lambda: download.state().fraction, 10, "half of the download")
    assert download.state().fraction == pytest.approx(0.5, abs=0.01)
    (tmp_path / "go").touch()
    wait_until(ended(download), 10, "end of the download")


def test_a_second_start_changes_nothing(scripted, tmp_path):
    download = scripted(WAIT)
    download.start()
    download.start()
    wait_until(lambda: starts(tmp_path), 10, "start of the download")
    download.start()
    (tmp_path / "go").touch()
    wait_until(ended(download), 10, "end of the download")
    assert starts(tmp_path) == 1


def test_a_failure_names_the_server_and_a_way_out_and_can_be_tried_again(scripted, tmp_path):
    download = scripted("sys.exit(1)")
    for attempt in (1, 2):
        download.start()
        wait_until(ended(download), 10, "end of the download")
        assert "www.cs.toronto.edu" in download.state().error
        assert "ATELIER_CIFAR10" in download.state().error
        assert starts(tmp_path) == attempt


def test_stop_ends_the_process_soon(scripted, tmp_path):
    download = scripted(HALF, "time.sleep(600)")
    download.start()
    wait_until(lambda: download.state().fraction, 10, "half of the download")
    download.stop()
    wait_until(ended(download), 2, "end of the download")
    assert download.state().error == "The download was stopped."
    children = psutil.Process().children()
    assert not [child for child in children if "time.sleep(600)" in " ".join(child.cmdline())]


def test_stop_without_a_download_does_nothing(scripted):
    download = scripted()
    download.stop()
    assert download.state().active is False


def test_the_real_download_is_keras_own():
    assert "keras.datasets.cifar10.load_data()" in CIFAR10._command[-1]
