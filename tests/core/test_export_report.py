"""The lab report: what stands in it, what is sealed, what is missing, and that it is harmless."""

import io
import re
import shlex
import subprocess
import sys
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from class_support import finished, open_class, opened, student
from markdown_it import MarkdownIt
from PIL import Image
from support import run_core, small

from core import architectures, datasets, runs
from core.__main__ import _parser
from core.architectures.settings import SETTINGS
from core.classroom import tasks
from core.classroom.database import database
from core.classroom.schema import TaskRunRow
from core.errors import SettingsError
from core.evaluation import CORRUPTIONS, SEVERITIES
from core.export import making
from core.export.formats import find
from core.export.report import charts, curves, network, write
from core.export.report.colours import BAD, GOOD, shade
from core.export.report.training import command
from core.export.told import told
from core.runs import COMMAND_LINE, Curves, State, TrainingConfig
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.settings import ROOT

ADA = "a" * 32
SVG = "{http://www.w3.org/2000/svg}"
EVIL = '</script><img src=x onerror=alert(1)> "\'` =HYPERLINK("http://x.example") \u202eedoc'
NOTE = f"{EVIL}\n\n# no heading\n- no list\n| no | table |\n```\n&lt;b&gt; $x$"
NOTE += "\n\u05e9\u05dc\u05d5\u05dd"


class Page(HTMLParser):
    """What a browser would find: the tags with their attributes, and the text of each section."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self._open, self._title = "", ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attributes):
        self._open = tag
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "h2":
            self._title = data
        elif self._open != "style":
            self.sections[self._title] = self.sections.get(self._title, "") + data


def page(run, visitor="", other=None):
    return Page(making.make(find("report"), run, visitor=visitor, other=other))


def files(run, visitor="", other=None):
    content = making.make(find("report-markdown"), run, visitor=visitor, other=other)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def adas(run):
    """Return a run, as it is now, as one of somebody who has not opened its test set."""
    return replace(runs.read(run.id), visitor=ADA)


def test_a_report_has_its_parts_and_the_figures_of_the_run(trained):
    found = page(trained, COMMAND_LINE)
    assert list(found.sections)[1:] == [
        "Settings",
        "Network",
        "Curves",
        "Figures",
        "Confusion matrix",
        "Worst mistakes",
        "How to repeat it",
        "Not in this report",
    ]
    for share in (trained.result.test_accuracy, trained.result.val_accuracy):
        assert f"{100 * share:.2f} %" in found.sections["Figures"]
    assert f"{trained.config.parameters:,} parameters" in found.sections["Network"]
    numbers = re.findall(r">(\d+)</text>", files(trained)["pictures/confusion-matrix.svg"].decode())
    assert sum(map(int, numbers)) == datasets.find("fashion-mnist").counts["test"]


def test_it_fetches_and_runs_nothing_and_its_drawings_are_whole(trained):
    content = making.make(find("report"), trained)
    found = Page(content)
    assert not {"script", "link", "iframe", "a"} & {tag for tag, _ in found.tags}
    sources = [attributes["src"] for _, attributes in found.tags if "src" in attributes]
    assert len(sources) == 12 and all(each.startswith("data:image/png;") for each in sources)
    assert b"url(" not in content and b"@import" not in content
    drawings = re.findall(rb"<svg.*?</svg>", content)
    assert len(drawings) == 4
    for each in drawings:
        assert ET.fromstring(each).find("{*}title").text


def test_the_markdown_names_files_that_are_there(trained):
    found = files(trained)
    text = found.pop("report.md").decode()
    assert {*re.findall(r"!\[.*?\]\((.*?)\)", text)} == {*found}
    with Image.open(io.BytesIO(found["pictures/mistake-1.png"])) as picture:
        assert picture.size == (112, 112)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    titles = [b.content for a, b in pairwise(tokens) if a.type == "heading_open"]
    assert "Worst mistakes" in titles


def test_while_the_test_set_is_sealed_all_is_of_the_validation_images(trained):
    run = adas(trained)
    trained.folder.evaluation.write_bytes(b"nobody reads this")
    found = page(run, ADA)
    assert (
        f"The {run.config.validation_count:,} validation images."
        in found.sections["Confusion matrix"]
    )
    assert "Test" not in found.sections["Figures"].replace("T-shirt", "")
    assert "the test set of this run is sealed" in found.sections["Not in this report"]


def test_a_name_and_a_note_are_shown_as_they_are_and_do_nothing(trained):
    runs.annotate(trained.id, name=EVIL)
    runs.write_note(trained.id, NOTE)
    run = adas(trained)
    kept = runs.read_note(run.folder)
    found = page(run, ADA)
    assert kept in found.sections["Notes"] and run.name in found.sections[""]
    assert all(tag != "img" or "onerror" not in attributes for tag, attributes in found.tags)
    assert "\u202e" not in "".join(found.sections.values())
    text = files(run, ADA)["report.md"].decode()
    html = MarkdownIt("commonmark").enable("table").render(text)
    told = Page(html.encode())
    assert told.sections["Notes"].split() == kept.split()
    assert not {"script", "a"} & {tag for tag, _ in told.tags}
    assert all(dict(each)["src"].startswith("pictures/") for tag, each in told.tags if tag == "img")
    assert list(told.sections)[-3:] == ["Notes", "How to repeat it", "Not in this report"]


def test_a_note_is_for_its_owner(trained):
    runs.write_note(trained.id, "My own thought.")
    run = adas(trained)
    assert "Notes" not in page(run, "b" * 32).sections
    assert "My own thought." in page(run, ADA).sections["Notes"]


def test_class_names_of_strangers_do_nothing(trained):
    drawing = charts.matrix([[1, 2], [3, 4]], [EVIL, "B"])
    root = ET.fromstring(drawing.svg)
    assert {each.tag.rpartition("}")[2] for each in root.iter()} == {"svg", "title", "rect", "text"}
    assert any((each.text or "").startswith("</script>") for each in root.iter())


def test_colours_can_be_told_apart_in_grey():
    shades = [lightness(shade(share / 20)) for share in range(21)]
    assert all(one - next > 0.015 for one, next in pairwise(shades)), "darker for more"
    both = {"epoch": [1.0, 2.0], "loss": [0.7, 0.5], "accuracy": [0.7, 0.8], "seconds": [1.0, 2.0]}
    both |= {"val_loss": [0.6, 0.5], "val_accuracy": [0.7, 0.8]}
    for drawing in curves.drawn(Curves(both, both), None):
        lines = [each for each in ET.fromstring(drawing.svg).iter() if each.get("stroke-dasharray")]
        assert lines, "the two lines differ by more than their colour"
        apart = {lightness(colour) for colour in (GOOD, BAD)}
        assert max(apart) - min(apart) > 0.05


def lightness(colour):
    """Return how light a colour is in grey, 0 to 1 (ITU-R BT.709, as printers have it)."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_a_name_that_runs_to_the_left_leaves_the_rest_of_the_line_in_place(trained, monkeypatch):
    classes = ("\u05e9\u05dc\u05d5\u05dd", "B" * 60, *"cdefghij")
    monkeypatch.setattr(write, "told", lambda run: replace(told(run), classes=classes))
    words = page(trained).sections["Worst mistakes"] + page(trained).sections["Confusion matrix"]
    assert f"\u2068{classes[0]}\u2069" in words
    assert f"{'B' * 29}…" in words and classes[1] not in words


def test_what_has_not_been_worked_out_is_named_with_where_to_do_so(trained):
    run = adas(trained)
    trained.folder.validation.unlink()
    trained.folder.batches.unlink()
    trained.folder.epochs.unlink()
    lacking = page(run, ADA).sections["Not in this report"]
    for words in (
        "A question: this run was not started for a task",
        "Curves: no epoch is complete.",
        "The predictions for the validation images: they have not been computed yet.",
        "Robustness: it has not been measured. Open the Evaluate page",
        "Notes: you have not written any yet.",
    ):
        assert words in lacking


def test_a_stopped_training_has_no_figures_of_another_moment(trained):
    found = page(replace(trained, state=State.STOPPED))
    assert "Validation accuracy" not in found.sections[""]
    assert "Training" not in found.sections["Figures"]


def test_robustness_is_shown_once_it_has_been_measured(trained):
    right = np.tile(np.arange(5, 0, -1) * 10, (len(CORRUPTIONS), 1))
    measured = {
        "names": np.array(list(CORRUPTIONS)),
        "count": np.array(100),
        "clean": np.array(77),
        "right": right,
    }
    write_analysis(analysis_file("robustness", trained), measured, stamp_of(trained))
    words = page(trained).sections["Robustness"]
    assert "Unchanged, 77.0 % are answered correctly" in words
    assert words.count("50.0 %") == len(CORRUPTIONS) and f"Severity {SEVERITIES[-1]}" in words


def test_another_run_is_compared_by_settings_figures_and_the_same_images(trained):
    other = runs.read(runs.BUNDLED)
    words = page(trained, other=other).sections["Comparison"]
    assert "MLP 300-100" in words and "Pictures CNN" in words and "1,915,636" in words
    assert "of the 10,000 test images right" in words and "B is better" in words
    assert "Comparison" not in page(trained).sections
    sealed = replace(other, visitor=ADA)
    words = page(trained, other=sealed).sections["Comparison"]
    assert "93.06" not in words and "test images" not in words


def test_a_run_on_other_data_is_not_compared(trained):
    other = replace(trained, config=small("strided-cnn", dataset="cifar-10"))
    with pytest.raises(SettingsError, match="on different data sets and cannot be compared"):
        page(trained, other=other)
    with pytest.raises(SettingsError, match="of one run, and compares it with no other"):
        making.make(find("cite"), trained, other=trained)


def test_the_command_line_makes_one_without_tensorflow(trained, home, tmp_path):
    path = tmp_path / "report.html"
    code = (
        "import sys; from core.__main__ import main; "
        f"status = main(['export', {trained.id!r}, '--format', 'report', '--to', {str(path)!r}, "
        "'--with', 'bundled']); sys.exit(status or 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Comparison" in Page(path.read_bytes()).sections


@pytest.mark.usefixtures("stored")
def test_the_question_of_the_task_is_told_to_who_works_on_it():
    person, task = student(open_class()), tasks.find("luck")
    run_id = finished(task.config({"seed": 1}), person)
    found = opened(person.classroom, task)
    with database().begin() as session:
        session.add(TaskRunRow(task_id=found.id, member_id=person.member.id, run_id=run_id, at=1.0))
    run = runs.read(run_id)
    words = page(run, person.visitor).sections["Question"]
    assert task.title in words and task.question in words
    assert "Question" not in page(run, ADA).sections


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_the_command_trains_the_same(name):
    architecture = architectures.find(name)
    for recipe_name in architecture.recipe_names:
        dataset = architecture.datasets[0]
        recipe = architecture.recipe_for(dataset, recipe_name)
        changed = recipe.changed(epochs=recipe.epochs + 1, augmentation=("shift", "erasing"))
        asked = TrainingConfig(dataset, name, changed, 3000, 7, recipe_name=recipe_name)
        options = _parser().parse_args(shlex.split(command(asked))[3:])
        chosen = {each: getattr(options, each) for each in SETTINGS}
        chosen = {each: value for each, value in chosen.items() if value is not None}
        size = {each: chosen.pop(each) for each in [*chosen] if SETTINGS[each].of_run}
        usual = architecture.recipe_for(options.dataset, options.recipe)
        again = TrainingConfig(
            options.dataset,
            options.architecture,
            usual.changed(**chosen),
            recipe_name=options.recipe,
            **size,
        )
        assert again == asked


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_a_network_is_drawn_layer_by_layer(name):
    architecture = architectures.find(name)
    spec = datasets.find(architecture.datasets[0])
    rows = architecture.table(spec.shape, len(spec.classes))
    drawings = network.drawn(spec.shape, rows)
    words = " ".join(
        each.text or "" for one in drawings for each in ET.fromstring(one.svg).iter(f"{SVG}text")
    )
    for row in rows:
        assert row.layer.describe() in words
        assert not row.parameters or f"{row.parameters:,} parameters" in words
    for one in drawings:
        for box in ET.fromstring(one.svg).iter(f"{SVG}rect"):
            x, width = float(box.get("x")), float(box.get("width"))
            assert x >= 0 and x + width <= network.WIDTH


def test_curves_bear_gaps_and_one_epoch_and_none():
    empty = {name: [] for name in ("epoch", "loss", "accuracy", "seconds")}
    none = {**empty, "val_loss": [], "val_accuracy": []}
    assert curves.drawn(Curves(empty, none), None) == []
    one = {**none, "epoch": [1.0], "loss": [None], "accuracy": [0.5]}
    one |= {"val_loss": [None], "val_accuracy": [0.25]}
    (accuracy,) = curves.drawn(Curves(empty, one), None)
    assert accuracy.name == "accuracy" and "validation ends at 0.25" in accuracy.alt
    assert "nan" not in accuracy.svg


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 0.97, [0, 0.25, 0.5, 0.75, 1.0]),
        (0.61, 0.93, [0.6, 0.7, 0.8, 0.9, 1.0]),
        (2.0, 2.0, [2.0, 2.5]),
        (0, 0, [0, 0.25]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low, high, wanted):
    assert curves.ticks(low, high, 4) == wanted


def test_the_option_with_names_a_run_that_is_there(home):
    failed = run_core("export", "bundled", "--format", "report", "--with", "none", home=home)
    assert failed.returncode == 1
    assert failed.stderr.startswith("atelier: There is no run 'none' here.")
