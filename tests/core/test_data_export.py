"""A data set taken home as a file, which Atelier's own import reads again."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest

from core import datasets
from core.analysis.judgements import (
    Judgement,
    Verdict,
    forget,
    judge,
    judgements_of,
    take_back,
)
from core.datasets import imported
from core.datasets.fingerprint import fingerprint
from core.datasets.imported import COMMAND_LINE, Choices
from core.datasets.sources import SourceFile, read
from core.datasets.sources.class_folders import folder_names
from core.errors import SettingsError
from core.export.aside import find, made
from core.export.data.forms import file_name, write
from core.export.data.wanted import Form, Wanted, Wrong, choose
from core.export.data.worker import PROGRAM
from core.settings import settings

NAMES = ("Ankle boot", "=1+1", "../../up", "CON", "shirt", "Shirt")
# What a class is called after its first import: text that is harmless in Markdown stays.
KEPT = NAMES


@pytest.fixture
def own(home, tmp_path):
    """Import a data set of 180 images in colour, with odd names of its classes; return it."""
    random = np.random.default_rng(0)
    labels = np.arange(180) % len(NAMES)
    images = random.integers(0, 256, (180, 12, 12, 3), dtype=np.uint8)
    path = tmp_path / "own.npz"
    np.savez(path, images=images, labels=random.permutation(labels))
    return brought(path, NAMES)


@pytest.fixture
def in_three_parts(home, tmp_path):
    """Import a data set that has a validation part of its own; return it."""
    random = np.random.default_rng(1)
    arrays = {}
    for part, count in (("train", 90), ("val", 20), ("test", 30)):
        arrays[f"{part}_images"] = random.integers(0, 256, (count, 9, 9), dtype=np.uint8)
        arrays[f"{part}_labels"] = random.integers(0, 3, count)
    np.savez(tmp_path / "three.npz", **arrays)
    return brought(tmp_path / "three.npz", ("a", "b", "c"))


def brought(path, names=None):
    """Import a file as the command line does, and return the data set."""
    folder = imported.stage()
    found = read([SourceFile(path, path.name)], folder)
    share = None if "train" in found.counts else 0.2
    choices = Choices("Own", names or imported.default_classes(found), share)
    return datasets.find(imported.save(folder, found, choices, COMMAND_LINE))


def exported(wanted, tmp_path, visitor="ada"):
    path = tmp_path / f"out-{file_name(wanted)}"
    write(path, wanted, choose(wanted, visitor), lambda share: None)
    return path


@pytest.mark.parametrize("form", Form)
def test_what_is_taken_home_is_the_same_data_set_when_it_is_brought_again(own, tmp_path, form):
    again = brought(exported(Wanted(own.name, form), tmp_path))
    assert again.classes == own.classes == KEPT
    assert fingerprint(again.name) == fingerprint(own.name)


@pytest.mark.parametrize("form", Form)
def test_a_validation_part_stays_one(in_three_parts, tmp_path, form):
    assert in_three_parts.validation == 20
    again = brought(exported(Wanted(in_three_parts.name, form), tmp_path))
    assert (again.counts, again.validation) == ({"train": 110, "test": 30}, 20)
    assert fingerprint(again.name) == fingerprint(in_three_parts.name)


@pytest.mark.parametrize("form", Form)
def test_a_sample_keeps_its_order_and_judgements_find_their_images(own, tmp_path, form):
    """Also with one image left out."""
    count = own.counts["train"] - 1
    (rare,) = np.flatnonzero(own.load("train").labels == 0)[:1].tolist()
    judge("ada", own, Judgement("train", rare, Verdict.WRONG, 1))
    wanted = Wanted(own.name, form, images=count - 20, seed=5, wrong=Wrong.LEFT_OUT)
    kept = choose(wanted, "ada").rows["train"]
    judge("ada", own, Judgement("train", int(kept[-1]), Verdict.RIGHT, 1))
    judge("ada", own, Judgement("test", 3, Verdict.UNCLEAR, 1))
    path = exported(wanted, tmp_path)
    spec, before = brought(path), own.load("train")
    again = spec.load("train")
    assert np.array_equal(again.images, before.images[kept])
    assert np.array_equal(again.labels, before.labels[kept])
    assert spec.classes == own.classes
    with zipfile.ZipFile(path) as file:
        if form is Form.NPZ:
            told = json.loads(str(np.load(path)["judgements"]))
        else:
            told = json.loads(file.read("judgements.json"))
    places = {(each["split"], each["index"]): (each["part"], each["place"]) for each in told}
    assert places == {
        ("train", int(kept[-1])): ("train", count - 21),
        ("test", 3): ("test", 3),
    }


def test_folders_of_classes_have_names_that_every_system_takes():
    assert folder_names(
        ("../../up", "a/b\\c:d", "CON", "nul.txt", "=1+1", "  . ", "é", "x\u202ey")
    ) == [
        "_-..-up",
        "a-b-c-d",
        "_CON",
        "_nul.txt",
        "_=1+1",
        "class",
        "é",
        "xy",
    ]
    assert folder_names(("Shirt", "shirt", "SHIRT")) == ["Shirt", "shirt (2)", "SHIRT (3)"]


def test_csv_has_the_form_that_kaggle_has(own, tmp_path):
    with zipfile.ZipFile(exported(Wanted(own.name, Form.CSV), tmp_path)) as file:
        text = file.read("train.csv").decode()
        assert file.read("classes.txt").decode().splitlines() == list(KEPT)
    head, *rows = csv.reader(io.StringIO(text))
    assert head[:2] == ["label", "pixel1"] and len(head) == 1 + 12 * 12 * 3
    split = own.load("train")
    assert len(rows) == len(split)
    assert [int(row[0]) for row in rows] == split.labels.tolist()
    assert list(map(int, rows[3][1:])) == split.images[3].ravel().tolist()


def test_a_sample_is_drawn_evenly_and_the_same_seed_draws_the_same():
    wanted = Wanted("fashion-mnist", Form.NPZ, images=1000, seed=3)
    one, two = choose(wanted, "ada"), choose(wanted, "eve")
    assert np.array_equal(one.rows["train"], two.rows["train"])
    assert np.bincount(one.labels["train"]).tolist() == [100] * 10
    assert len(one.rows["test"]) == 10_000 and (np.diff(one.rows["train"]) > 0).all()
    other = choose(Wanted("fashion-mnist", Form.NPZ, images=1000, seed=4), "ada")
    assert not np.array_equal(one.rows["train"], other.rows["train"])
    assert file_name(wanted) == "fashion-mnist-1000-seed-3.npz"


def test_a_sample_of_more_than_there_are_is_a_sentence():
    with pytest.raises(SettingsError, match="Choose 1 to 60,000 training images"):
        Wanted("fashion-mnist", Form.CSV, images=60_001)


def test_judgements_are_kept_and_go_along(own, tmp_path):
    before = own.load("train").labels
    other = int((before[5] + 1) % len(NAMES))
    judge("ada", own, Judgement("train", 5, Verdict.WRONG, other))
    judge("ada", own, Judgement("test", 1, Verdict.RIGHT, 0))
    judge("ada", own, Judgement("train", 7, Verdict.UNCLEAR, 0))
    take_back("ada", own, "train", 7)
    assert set(judgements_of("ada", own)) == {("train", 5), ("test", 1)}
    assert judgements_of("eve", own) == {}
    changed = choose(Wanted(own.name, Form.NPZ, wrong=Wrong.CHANGED), "ada")
    assert changed.labels["train"][5] == other
    left = choose(Wanted(own.name, Form.NPZ, wrong=Wrong.LEFT_OUT), "ada")
    assert 5 not in left.rows["train"] and len(left.rows["train"]) == len(before) - 1
    with zipfile.ZipFile(exported(Wanted(own.name, Form.CSV), tmp_path)) as file:
        told = json.loads(file.read("judgements.json"))
        assert "=1+1" not in file.read("README.txt").decode()
    assert told[1] == {
        "split": "train",
        "index": 5,
        "part": "train",
        "place": 5,
        "label": NAMES[before[5]],
        "verdict": "wrong",
        "looks_like": NAMES[other],
    }
    forget("ada")
    assert judgements_of("ada", own) == {}


def test_no_secret_id_is_in_the_name_or_the_text_of_what_is_kept(own, home):
    judge("secret-id-of-ada", own, Judgement("train", 5, Verdict.WRONG, 0))
    (path,) = (each for each in (home / "judgements").rglob("*") if each.is_file())
    assert "secret" not in str(path.relative_to(home)) and b"secret" not in path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"judgements": [[1]]}', b'{"judgements": [["train", 1e9, "x", 0]]}']
)
def test_damaged_judgements_are_none(own, home, content):
    judge("ada", own, Judgement("train", 5, Verdict.WRONG, 0))
    (path,) = (each for each in (home / "judgements").rglob("*") if each.is_file())
    path.write_bytes(content)
    assert judgements_of("ada", own) == {}
    judge("ada", own, Judgement("train", 6, Verdict.RIGHT, 0))
    assert set(judgements_of("ada", own)) == {("train", 6)}


def test_closed_test_images_do_not_go_along(own, tmp_path, monkeypatch):
    monkeypatch.setattr("core.export.data.wanted.why_closed", lambda visitor, name: "Closed.")
    with zipfile.ZipFile(exported(Wanted(own.name, Form.CSV), tmp_path)) as file:
        assert "test.csv" not in file.namelist()
        assert "Without test images. Closed." in file.read("README.txt").decode()


def test_a_process_of_its_own_writes_the_file_and_tells_how_far_it_is(own):
    request = {"wanted": Wanted(own.name, Form.NPZ).to_dict(), "visitor": "ada"}
    *shares, path = made(PROGRAM, request, ".npz")
    assert all(0 <= share <= 1 for share in shares)
    assert find(path.name) == path and find(f"../{path.name}") is None
    with np.load(path) as arrays:
        assert np.array_equal(arrays["train_images"], own.load("train").images)
        assert arrays["class_names"].tolist() == list(KEPT)


def test_a_file_that_is_no_longer_wanted_leaves_nothing():
    answers = made(
        PROGRAM, {"wanted": Wanted("fashion-mnist", Form.CSV).to_dict(), "visitor": ""}, ".zip"
    )
    assert next(answers) < 1
    answers.close()
    assert not list((settings().home / "exports").iterdir())


def test_what_cannot_be_made_is_a_sentence(own):
    imported.delete(own.name)
    request = {"wanted": Wanted(own.name, Form.NPZ).to_dict(), "visitor": "ada"}
    with pytest.raises(SettingsError, match="was deleted, and its images are gone"):
        list(made(PROGRAM, request, ".npz"))
