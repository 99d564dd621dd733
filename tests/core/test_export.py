"""Take it home: the registry, what is kept, what is sealed, and the command line."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
from support import run_core

from core import datasets, runs
from core.errors import RunDamaged, SettingsError
from core.export import making, versions, worker
from core.export.cite import _CHOICES, _LAYERS
from core.export.format import EXTRA, Format
from core.export.formats import FORMATS, find
from core.export.references import REFERENCES
from core.export.told import told
from core.runs import BUNDLED
from core.runs.analysis import read_analysis

SLOW = Format("slow", "A slow one", "For this test.", ".txt", lambda run, report: b"content")


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def sealed(run):
    """Return the run as one whose owner has not opened its test set."""
    return replace(run, visitor="a" * 32)


@pytest.mark.parametrize("key", FORMATS)
def test_a_format_says_what_it_is_for(key):
    form = FORMATS[key]
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,20}", form.key) and form.suffix.startswith(".")
    assert form.title[0].isupper() and form.purpose.startswith("For ")
    assert form.purpose.endswith(".") and len(form.purpose.split()) <= 25
    assert form.quick or form.of_network, "what is kept is stamped with the network"


def test_a_format_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(SettingsError, match=f"no format 'doc'.*{', '.join(FORMATS)}"):
        find("doc")


def test_without_the_packages_it_says_what_to_install(trained):
    form = replace(SLOW, needs=("json", "no_such_package"))
    assert f"server: no_such_package. Install the packages with “pip install -r {EXTRA}”" in (
        form.problem(trained)
    )
    with pytest.raises(SettingsError, match="no_such_package"):
        making.make(form, trained)
    with pytest.raises(SettingsError, match="no_such_package"):
        making.start(form, trained, "ada")


@pytest.mark.parametrize("key", FORMATS)
def test_a_run_without_a_network_gets_a_sentence(key, trained):
    waiting = replace(trained, network=None, result=None)
    problem = FORMATS[key].problem(waiting)
    assert (problem is not None) == FORMATS[key].of_network
    damaged = replace(waiting, config=None, reason="config.json cannot be read.")
    assert "config.json cannot be read." in FORMATS[key].problem(damaged)


def test_what_is_not_quick_is_made_once_and_kept_with_the_networks_stamp(trained):
    made = []
    form = replace(SLOW, make=lambda run, report: made.append(run.id) or b"\0content")
    assert making.make(form, trained) == making.make(form, trained) == b"\0content"
    assert made == [trained.id]
    trained.folder.model.write_bytes(b"another network")
    making.make(form, runs.read(trained.id))
    assert made == [trained.id] * 2


def test_a_file_made_before_the_test_set_was_opened_is_another_one(trained):
    words = replace(SLOW, make=lambda run, report: str(told(run).figures).encode())
    closed, opened = making.make(words, sealed(trained)), making.make(words, trained)
    assert b"Test accuracy" in opened and b"Test accuracy" not in closed


def test_the_worker_makes_the_file_that_is_asked_for(trained, monkeypatch):
    monkeypatch.setitem(FORMATS, "slow", SLOW)
    output = making.kept_file(SLOW, trained)
    worker.work_out(trained, output, making.silent)
    assert making.read(output) == b"content"
    with pytest.raises(SettingsError, match="opened or closed meanwhile"):
        worker.work_out(sealed(trained), output, making.silent)


def test_a_kept_file_that_is_damaged_is_a_sentence(trained):
    making.make(SLOW, trained)
    making.kept_file(SLOW, trained).write_bytes(b"PK nothing")
    with pytest.raises(RunDamaged, match=r"export-slow\.npz cannot be read"):
        making.read(making.kept_file(SLOW, trained))
    assert making.make(SLOW, trained) == b"content", "made again"
    assert read_analysis(making.kept_file(SLOW, trained), ["content"])


@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if form.quick])
def test_no_file_tells_a_test_figure_that_is_sealed(key, trained):
    exact = trained.result.test_accuracy
    figures = {f"{100 * exact:.{digits}f}" for digits in (1, 2, 3)} | {f"{exact:.4f}"}
    for run, may in ((sealed(trained), False), (trained, True)):
        content = making.make(FORMATS[key], run)
        parts = unzipped(content) if FORMATS[key].suffix == ".zip" else {"": content}
        text = "".join(
            part.decode()
            for name, part in parts.items()
            if not name.endswith((".keras", ".png", ".npz", ".npy"))
        )
        assert may or not any(figure in text for figure in figures)
        assert not may or f"{100 * exact:.2f}" in text


def test_the_keras_file_answers_as_its_readme_says(trained, tmp_path):
    for name, content in unzipped(making.make(find("keras"), trained)).items():
        (tmp_path / name).write_bytes(content)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    use = re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    assert use == (tmp_path / "classify.py").read_text(encoding="utf-8")
    assert len(use.split("\n\n")[1].splitlines()) <= 10
    process = subprocess.run(
        [sys.executable, "-c", use], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr
    count = trained.config.validation_count
    probabilities = runs.read_evaluation(trained.folder.validation, count, 10).probabilities[0]
    name = datasets.find("fashion-mnist").classes[probabilities.argmax()]
    assert process.stdout == f"{name} {probabilities.max():.0%}\n"


def test_a_run_that_did_not_finish_has_no_keras_file_but_a_sentence(trained):
    unfinished = replace(trained, network=trained.folder.checkpoint)
    with pytest.raises(SettingsError, match=r"Keras file: This training is unfinished"):
        making.make(find("keras"), unfinished)


def test_every_key_that_is_cited_has_its_entry():
    cited = {key for spec in datasets.DATASETS.values() for key in spec.cites}
    cited |= {*_LAYERS.values(), *_CHOICES.values()}
    assert cited == set(REFERENCES)
    for key, entry in REFERENCES.items():
        assert re.match(rf"@\w+{{{key},\n", entry) and entry.count("{") == entry.count("}")


def test_a_citation_names_data_layers_and_choices(trained):
    text = making.make(find("cite"), runs.read(BUNDLED)).decode()
    head, *entries = text.strip().split("\n\n@")
    assert all(line.startswith("%") for line in head.splitlines()) and "@" not in head
    keys = [re.match(r"\w+{(\w+),", entry)[1] for entry in entries]
    assert keys == [
        "atelier",
        "xiao2017fashion",
        "ioffe2015batch",
        "srivastava2014dropout",
        "loshchilov2017decoupled",
    ]
    assert rf"\cite{{{','.join(keys)}}}" in head
    assert versions.atelier() in text and "1,915,636 parameters" in " ".join(head.split("\n% "))


def test_a_name_of_an_own_data_set_begins_no_entry(trained):
    spec = replace(datasets.find("fashion-mnist"), title="Ünic@rns\n@misc{x,}", credit="@me\n{")
    known = replace(told(trained), spec=spec)
    from core.export.cite import _sentences

    assert not re.search(r"[@\n]", "".join(_sentences(known, [])))


def test_export_lists_the_formats_and_writes_one(trained, home, tmp_path):
    listed = run_core("export", trained.id, home=home)
    assert listed.returncode == 0, listed.stderr
    assert [line.split(":")[0] for line in listed.stdout.splitlines()] == list(FORMATS)
    done = run_core("export", trained.id, "--format", "cite", "--to", tmp_path, home=home)
    path = tmp_path / f"atelier-{trained.id}-cite.bib"
    assert done.stdout == f"{path}: {path.stat().st_size:,} bytes\n"
    assert path.read_bytes() == making.make(find("cite"), trained)
    failed = run_core("export", trained.id, "--format", "cite", "--to", "/no/such", home=home)
    assert failed.returncode == 1 and failed.stderr.startswith("atelier: The file /no/such could")
    assert failed.stderr.count("\n") == 1
