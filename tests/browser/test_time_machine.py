"""The time machine in a browser: the slider moves all panels, and what was chosen stays."""

import os
import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import serve
from playwright.sync_api import expect

from core.runs.records import RunFolder
from core.runs.snapshots import read_snapshots
from core.settings import ROOT

pytestmark = pytest.mark.browser

TRAIN = ("train", "--architecture", "mlp", "--epochs", "3", "--limit", "2000", "--batch-size", "20")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory):
    """Train for some seconds, and run a server that shows it: server, run's id and its records."""
    folder = tmp_path_factory.mktemp("watched")
    variables = {"ATELIER_HOME": str(folder / "home"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-m", "core", *TRAIN, "--learning-rate", "0.1"]
    subprocess.run(command, cwd=ROOT, env=os.environ | variables, check=True)
    (path,) = (folder / "home" / "runs").iterdir()
    with serve(folder) as server:
        yield server, path.name, read_snapshots(RunFolder(path), 10)


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_one_slider_moves_everything(watched, new_visitor, width, scheme):
    server, run, records = watched
    visitor = new_visitor(server, width, scheme)
    page = visitor.page
    visitor.open(f"train?run={run}")
    page.get_by_role("radio", name="Watch it learn").click()
    expect(page).to_have_url(re.compile("view="))
    slider = page.get_by_role("slider", name="Moment of the training")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Epoch 3 of 3"))

    def shares():
        return page.locator(".classes .value").all_inner_texts()

    def whole(share):
        return f"{min(99, int(100 * share + 0.5)) if share < 1 else 100} %"

    def expected(record):
        of = record.confusion.sum(axis=1)
        right = record.confusion.diagonal()
        return ["–" if not n else whole(k / n) for k, n in zip(right, of, strict=True)]

    assert shares() == expected(records[-1])
    answers = page.locator(".card .said").all_inner_texts()
    assert len(answers) == 12
    slider.focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("Before the training")).to_be_visible()
    assert shares() == expected(records[0])
    assert page.locator(".card .said").all_inner_texts() != answers
    expect(page.locator(".map circle")).to_have_count(len(records[0].answers))
    expect(page.locator(".layers tbody tr")).to_have_count(3)

    # Other pictures, by keyboard; what was chosen and the moment stay.
    page.get_by_role("button", name="Choose other pictures").press("Enter")
    tile = page.locator(".all .tile").nth(2)
    tile.focus()
    page.keyboard.press("Enter")
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".card")).to_have_count(12)
    page.keyboard.press("Tab")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Epoch "))
    expect(tile).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Play the training").click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Epoch 3 of 3"))
    expect(page.get_by_role("button", name="Play the training")).to_be_visible()
    assert visitor.fits()
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_a_damaged_record_leaves_the_curves(watched, new_visitor):
    server, run, _ = watched
    file = server.home / "runs" / run / "snapshots.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"epoch": "<script>"}\n')
    try:
        visitor = new_visitor(server)
        visitor.open(f"train?run={run}&view=Watch+it+learn")
        expect(
            visitor.page.get_by_text("has a line that is no record of a training")
        ).to_be_visible()
        expect(visitor.page.get_by_text("Finished").first).to_be_visible()
        visitor.page.locator(".plot .main-svg").first.wait_for()
    finally:
        file.write_bytes(whole)
