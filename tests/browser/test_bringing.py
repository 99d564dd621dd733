"""“I trained it at school, I go on at home”: a run goes from one server to another, in a browser.

The tests build on one another: what the first one takes home is brought in by the others.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import NewVisitor, Server, Visitor
from playwright.sync_api import Download, Locator, expect
from walking import picture, see, teach

from core.runs import State

pytestmark = pytest.mark.browser

EPOCHS = 60  # of 7,000 images: long enough to be paused in the middle
NOTE = "At school.\n=HYPERLINK(1) </script> \u05e9\u05dc\u05d5\u05dd"


@dataclass
class Taken:
    """What was taken home at school: the paused run, and the runs of the class; whose they are."""

    run: Path | None = None
    whole_class: Path | None = None
    handle: str = ""


@pytest.fixture(scope="module")
def taken() -> Taken:
    """Hand the files from the test that makes them to those that bring them in."""
    return Taken()


def need(path: Path | None) -> Path:
    """Return a file made before, without which there is nothing to bring."""
    if path is None:
        pytest.skip("The test that takes runs home has not passed.")
    return path


def saved(download: Download, folder: Path) -> Path:
    """Save a download under the name that it suggests."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def dialog(visitor: Visitor) -> Locator:
    """Press “Take home”, and return the list."""
    visitor.button("Take home").click()
    found = visitor.page.get_by_role("dialog")
    expect(found.get_by_text("Citation", exact=True)).to_be_visible()
    visitor.settle()
    return found


def download(visitor: Visitor, key: str, folder: Path) -> Path:
    """Download a format from the open list."""
    with visitor.page.expect_download() as waited:
        visitor.page.locator(f".st-key-download_{key}").get_by_role("button").click()
    return saved(waited.value, folder)


def made(visitor: Visitor, label: str, folder: Path) -> Path:
    """Have a ZIP of runs made, and download it."""
    visitor.button(label).click()
    link = visitor.page.get_by_role("link", name=re.compile("^.*Download .*zip"))
    expect(link).to_be_visible()
    with visitor.page.expect_download() as waited:
        link.click()
    return saved(waited.value, folder)


def headers(path: Path) -> list[dict]:
    """Return what the ZIP says of each of its runs."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        folders = json.loads(archive.read("atelier.json"))["runs"]
        return [json.loads(archive.read(f"{folder}/run.json")) for folder in folders]


def bring(visitor: Visitor, path: Path) -> None:
    """Bring a file in on the page Runs."""
    visitor.open("runs")
    visitor.page.get_by_role("button", name="Bring a run").click()
    body = visitor.page.get_by_test_id("stPopoverBody")
    expect(body.get_by_text("Each network is built anew")).to_be_visible()
    assert visitor.fits()
    body.locator("input[type=file]").set_input_files(path)
    button = visitor.button("Bring it in")
    expect(button).to_be_enabled()
    visitor.settle()
    button.click()


def test_a_training_is_paused_at_school_and_taken_home(
    school: Server,
    new_visitor: NewVisitor,
    taken: Taken,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("pocket")
    teacher, student = new_visitor(school), new_visitor(school)
    teach(teacher, school)
    teacher.page.get_by_label("Title").fill("Room 15")
    teacher.page.get_by_role("button", name="Open the class").click()
    expect(teacher.page.get_by_role("heading", name="Room 15", level=1)).to_be_visible()
    teacher.settle()
    code = teacher.page.locator("h2").first.inner_text().replace(" ", "")
    student.page.goto(f"{school.url}/join/{code}")
    join = student.page.get_by_role("button", name=re.compile("^Join as "))
    join.wait_for()
    taken.handle = join.inner_text().partition("Join as ")[2].strip()
    join.click()
    see(student, re.compile("There is no task yet"))

    page = student.page
    student.open(f"train?architecture=mlp&epochs={EPOCHS}&limit=12%2C000")
    student.button("Train").click()
    expect(page.get_by_text(re.compile(rf"^Epoch ([4-9]|\d\d) of {EPOCHS} · "))).to_be_visible()
    student.button("Pause").click()
    expect(student.state("Paused")).to_be_visible()
    page.get_by_role("textbox", name="Notes").fill(NOTE)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    listed = dialog(student)
    picture(student, "take-home-on-train", tmp_path)
    listed.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name=re.compile("^Bundled model · ")).click()
    expect(listed.get_by_text("It compares with the run chosen above.")).to_be_visible()
    student.settle()
    report = download(student, "report", folder).read_text(encoding="utf-8")
    assert "<h2>Comparison</h2>" in report and "=HYPERLINK(1) &lt;/script&gt;" in report
    taken.run = download(student, "run", folder)
    (header,) = headers(taken.run)
    assert header["state"] == State.PAUSED and header["config"]["recipe"]["epochs"] == EPOCHS

    teacher.page.get_by_role("radio", name="Everybody's curves").first.click()
    teacher.settle()
    teacher.page.get_by_text("Take the class's runs home").click()
    taken.whole_class = made(teacher, "Make a ZIP of 1 run", folder)
    assert taken.whole_class.name == f"class-{code}-runs.zip"
    picture(teacher, "take-the-class-home", tmp_path)
    (header,) = headers(taken.whole_class)
    assert header["whose"] == taken.handle
    with zipfile.ZipFile(taken.whole_class) as archive:
        assert not [name for name in archive.namelist() if name.endswith("note.txt")]


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_at_home_it_is_continued_compared_and_exported(
    server: Server, new_visitor: NewVisitor, taken: Taken, tmp_path: Path, width: str
) -> None:
    visitor = new_visitor(server, width, "dark" if width == "phone" else "light")
    page = visitor.page
    bring(visitor, need(taken.run))
    see(visitor, re.compile("^“MLP 300-100 on Fashion-MNIST” is here"))
    picture(visitor, f"brought-{width}", tmp_path)
    assert visitor.fits()
    page.get_by_role("link", name="Open it").click()
    page.get_by_role("heading", name="Train", level=1).wait_for()
    expect(visitor.state("Paused")).to_be_visible()
    see(visitor, re.compile("Brought from elsewhere, .*Its curves, figures and times are what"))
    expect(page.get_by_role("textbox", name="Notes")).to_have_value(NOTE)
    run_id = re.search(r"run=([^&]+)", page.url)[1]
    visitor.button("Resume").click()
    expect(visitor.state("Finished")).to_be_visible()
    epochs = page.get_by_test_id("stMetric").filter(has_text="Validation accuracy")
    expect(epochs).to_contain_text(re.compile(r"\d\d\.\d %"))
    curve = (server.home / "runs" / run_id / "epochs.jsonl").read_text(encoding="utf-8")
    told = [json.loads(line)["epoch"] for line in curve.splitlines()]
    assert told == list(range(1, EPOCHS + 1)), "from the first epoch at school to the last here"
    assert visitor.fits()

    visitor.open(f"runs?chosen={run_id}")
    visitor.settle()
    listed = dialog(visitor)
    expect(listed.get_by_role("combobox", name="Compare with")).to_be_visible()
    again = download(visitor, "run", tmp_path)
    (header,) = headers(again)
    assert header["state"] == State.FINISHED and "test_accuracy" not in header["result"]
    with zipfile.ZipFile(download(visitor, "script", tmp_path)) as archive:
        assert archive.namelist() == ["train.py", "weights.npz"]
    picture(visitor, f"take-home-{width}", tmp_path)
    assert visitor.fits()
    listed.get_by_role("button", name="Close").click()
    expect(listed).to_be_hidden()

    bring(visitor, again)  # one's own, as another run beside it
    see(visitor, re.compile("is here"))
    second = page.get_by_role("link", name="Open it").get_attribute("href")
    other = re.search(r"run=([^&]+)", second)[1]
    assert other != run_id
    visitor.open(f"runs?runs={run_id},{other}")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    see(visitor, "There is no difference to explain.")

    visitor.open(f"runs?chosen={run_id},{other}")
    visitor.button("Take home 2").click()
    both = headers(made(visitor, "Make a ZIP of 2 runs", tmp_path))
    assert [each["config"] for each in both] == [header["config"]] * 2


def test_a_class_is_brought_with_its_handles(
    server: Server, new_visitor: NewVisitor, taken: Taken
) -> None:
    visitor = new_visitor(server)
    bring(visitor, need(taken.whole_class))
    see(visitor, f"“{taken.handle}” is here.")


def test_what_is_no_run_gets_a_sentence(
    server: Server, new_visitor: NewVisitor, taken: Taken, tmp_path: Path
) -> None:
    visitor = new_visitor(server, "phone")
    before = sorted((server.home / "runs").iterdir())
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"MZ no ZIP at all")
    bring(visitor, bad)
    see(visitor, re.compile("is no ZIP file"))
    with zipfile.ZipFile(need(taken.run)) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if re.search("/(weights|state)/.*kernel.npy", name):
                content = content[:-4] + b"\x00\x00\xc0\x7f"  # not a number
            target.writestr(name, content)
    bring(visitor, bad)
    see(visitor, re.compile("was not brought in.* no finite numbers"))
    assert visitor.fits()
    assert sorted((server.home / "runs").iterdir()) == before, "nothing of it is left"
