"""Every format with names and a note of somebody who means harm: they stay text.

Each file is made twice, with such names and with plain ones: but for the names, both are the same.
"""

import ast
import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from markdown_it import MarkdownIt

from core import datasets, runs
from core.export import making, readme
from core.export.data.forms import write
from core.export.data.wanted import Chosen, Form, Wanted, choose
from core.export.formats import FORMATS, find
from core.export.told import told

ADA = "a" * 32
HOSTILE = (
    '"""',
    "'''",
    "</script><img src=x onerror=alert(1)>",
    '=HYPERLINK("http://x.example")',
    "+1+cmd|' /C calc'!A0",
    "- x\n# y\r\n=1+1",
    "\u202e\u2066gpj.exe",
    "../../\\..\\{x} ${y} %(z)s",
    "@misc{x,\n}",
    "1. [x](http://x.example) <b>_z_ `w`",
)
TITLE = HOSTILE[2] + HOSTILE[8] + HOSTILE[6] + HOSTILE[5]
NOTE = "\n".join(("", *HOSTILE, "\x00\x07<!--", "```", "| a |\n|---|\n| b |"))
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
MODEL_FILES = ("keras", "onnx", "litert", "litert-8bit")


@pytest.fixture
def spec(monkeypatch):
    """Return a function that gives the data set of the run other names, as nothing checks them."""
    own = datasets.find("fashion-mnist")

    def changed(plain):
        names = [f"class {number}" for number in range(10)] if plain else HOSTILE
        title = "A title" if plain else TITLE
        other = replace(own, title=title, classes=tuple(names), credit=title)
        monkeypatch.setattr(datasets, "find", lambda name: other)
        return other

    return changed


def files(key, run, *, plain):
    """Return the files of a format by name, each as text or bytes."""
    runs.annotate(run.id, name="a name" if plain else TITLE)
    runs.write_note(run.id, "a note" if plain else NOTE)
    run = replace(runs.read(run.id), visitor=ADA)
    if key in MODEL_FILES[1:]:  # what is around the model, which has no names
        known = told(run)
        use = readme.code(known, "import a", "model = b()", "probabilities = model(pixels)")
        content = readme.package(known, "model.bin", b"", use, {"Checked": "Yes"})
    else:
        content = making.make(find(key), run, visitor=ADA)
    if find(key).suffix != ".zip":
        return {find(key).file_name(run): content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Tags(HTMLParser):
    """Collects the tags of a page with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, *(name for name, _ in attributes)))


def rendered(text):
    """Return the tags that Markdown becomes."""
    return Tags(MarkdownIt("commonmark", {"linkify": False}).enable("table").render(text)).found


def code(text):
    """Return what a program does, whatever texts are in it."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def same_notebook(one, other):
    for left, right in zip(*(nbformat.reads(each, 4).cells for each in (one, other)), strict=True):
        assert left.cell_type == right.cell_type and left.id == right.id
        if left.cell_type == "code":
            assert code(left.source) == code(right.source)
        else:  # a name may be in italics there
            assert [each for each in rendered(left.source) if each != ("em",)] == rendered(
                right.source
            )


def same_bib(one, other):
    entries = [
        [line for line in each.splitlines() if line and not line.startswith("%")]
        for each in (one, other)
    ]
    assert entries[0] == entries[1]


def same_json(one, other):
    """Both have the same keys, and texts in the same places."""

    def kinds(value):
        if isinstance(value, dict):
            return {key: kinds(each) for key, each in value.items()}
        return [kinds(each) for each in value] if isinstance(value, list) else type(value)

    assert kinds(json.loads(one)) == kinds(json.loads(other))


def same_lines(one, other):
    assert len(one.splitlines()) == len(other.splitlines())


def same_pages(one, other):
    assert Tags(one).found == Tags(other).found
    assert one.count("</script>") == other.count("</script>")


COMPARED = {
    ".html": same_pages,
    ".svg": same_pages,
    ".md": lambda one, other: rendered(one) == rendered(other) or pytest.fail(one),
    ".py": lambda one, other: code(one) == code(other) or pytest.fail(one),
    ".ipynb": same_notebook,
    ".bib": same_bib,
    ".json": same_json,
    ".jsonl": lambda one, other: one == other or pytest.fail(one),
    ".txt": same_lines,
}
SAME_BYTES = (".npz", ".npy", ".png", ".keras", ".bin")


@pytest.mark.parametrize("key", FORMATS)
def test_names_and_a_note_stay_text(key, trained, spec):
    spec(True)
    plain = files(key, trained, plain=True)
    spec(False)
    found = files(key, trained, plain=False)
    assert found.keys() == plain.keys()
    seen = []
    for name, content in found.items():
        suffix = name[name.rindex(".") :]
        if suffix in SAME_BYTES:
            assert content == plain[name]
            continue
        text = content.decode()
        assert not CONTROL.search(text), name
        if name.endswith("note.txt"):
            assert text == runs.read_note(trained.folder)
        elif name.endswith("report.md") or suffix == ".html":
            same_reports(text, plain[name].decode(), suffix)
        else:
            COMPARED[suffix](text, plain[name].decode())
        seen.append(text)
    assert any("calc" in each for each in seen) or key in ("cite", "run"), "names are in it"


def same_reports(one, other, suffix):
    """Both are the same but for the lines of the note."""
    tags = (lambda text: Tags(text).found) if suffix == ".html" else rendered
    new, old = tags(one), tags(other)
    kinds = {each for each in (*new, *old) if each[0] not in ("br", "p")}
    assert {each: new.count(each) for each in kinds} == {each: old.count(each) for each in kinds}


@pytest.mark.parametrize("form", Form)
def test_names_of_classes_stay_text_in_the_data(form, spec, tmp_path):
    wanted = Wanted("fashion-mnist", form, images=100)
    made = []
    for plain in (True, False):
        other = spec(plain)
        chosen = choose(wanted, ADA)
        rows = {part: found[:50] for part, found in chosen.rows.items()}
        labels = {part: found[:50] for part, found in chosen.labels.items()}
        path = tmp_path / f"{plain}.zip"
        write(path, wanted, Chosen(other, rows, labels, [], None), lambda share: None)
        with zipfile.ZipFile(path) as archive:
            made.append({name: archive.read(name) for name in archive.namelist()})
    plain, found = made
    for name in found:
        parts = name.split("/")
        assert len(parts) <= 3 and ".." not in parts and "\\" not in name
        assert not CONTROL.search(name) and not re.match("[=+@-]", parts[-2] if parts[1:] else "x")
    texts = {name: found[name].decode() for name in found if name.endswith((".txt", ".json"))}
    assert not any(CONTROL.search(text) for text in texts.values())
    if form is Form.NPZ:
        same = {name for name in found if "class_names" not in name and "about" not in name}
        names = np.load(io.BytesIO(found["class_names.npy"]), allow_pickle=False)
        assert names.tolist() == list(HOSTILE), "arrays of text are text"
    else:
        same = {name for name in found if name.endswith(".csv")}
        same_lines(found["classes.txt"].decode(), plain["classes.txt"].decode())
        assert len(found["classes.txt"].decode().splitlines()) == 10
    assert all(found[name] == plain[name] for name in same)
    for name in found:
        if name.endswith(".csv"):
            _, *rows = csv.reader(io.StringIO(found[name].decode()))
            assert all(cell.isdigit() for row in rows for cell in row)
    pictures = [sorted(name[-10:] for name in each if name.endswith(".png")) for each in made]
    assert pictures[0] == pictures[1] and bool(pictures[0]) == (form is Form.FOLDERS)
