"""ZIPs of runs that are damaged, too large, or made in bad faith: a sentence, nothing written."""

import io
import json
import random
import re
import stat
import warnings
import zipfile

import numpy as np
import pytest

from core import architectures, runs
from core.errors import AtelierError, SourceRejected
from core.export.run_zip import gate, layout
from core.export.run_zip.take import take
from core.export.run_zip.write import Carried, write
from core.runs import State
from core.runs.curves import BATCH_COLUMNS, EPOCH_COLUMNS
from core.settings import forget_settings, settings
from core.training.lifecycle import train_in_process

RECIPE = architectures.find("basic-cnn").recipe.changed(epochs=1, batch_size=50)
CONFIG = runs.TrainingConfig("fashion-mnist", "basic-cnn", RECIPE, limit=200)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Return the ZIP of a really trained run, as bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("trained")))
        forget_settings()
        run = train_in_process(CONFIG)
        assert run.state is State.FINISHED, run.reason
        content = io.BytesIO()
        write(content, [Carried(run, "A note.")], "ada", lambda share: None, "runs.zip")
    forget_settings()
    return content.getvalue()


def entries_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(entries, compression=zipfile.ZIP_STORED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as file:
        for name, value in entries.items():
            file.writestr(name, value)
    return target.getvalue()


def judged(content, *, whole=True):
    """Do with a ZIP what its gate does, to the last entry if asked to, and return the runs."""
    folder = settings().home
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.zip"
    path.write_bytes(content)
    with gate.opened(path, "runs.zip", folder) as found:
        for each in found if whole else ():
            each.note(), each.progress()
            each.curve(layout.EPOCHS, EPOCH_COLUMNS)
            each.curve(layout.BATCHES, BATCH_COLUMNS)
        return found


def refused(content):
    """Take a ZIP in, which has to end in one sentence, and return it; nothing is left of it."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    path = home / "runs.zip"
    path.write_bytes(content)
    with pytest.raises(AtelierError) as caught, gate.opened(path, "runs.zip", home) as found:
        for each in found:
            take(each, "bob", lambda share: None)
    assert not list((home / "runs").glob("*")) and not list((home / "runs").glob(".*"))
    left = {each.name for each in home.iterdir()} - {"runs.zip", "runs", "cache"}
    assert not left, "something was unpacked"
    words = str(caught.value)
    assert words.endswith(".") and len(words) < 700 and "Traceback" not in words
    return words


def changed(good, **changes):
    """Return the ZIP with values of the run's header changed."""
    entries = entries_of(good)
    name = next(each for each in entries if each.endswith(layout.HEADER))
    values = json.loads(entries[name])
    for key, value in changes.items():
        values[key] = value(values[key]) if callable(value) else value
    return packed(entries | {name: json.dumps(values).encode()})


def with_array(good, change):
    """Return the ZIP with one of the weights changed."""
    entries = entries_of(good)
    name = next(each for each in entries if each.endswith("kernel.npy"))
    array = change(np.load(io.BytesIO(entries[name])))
    target = io.BytesIO()
    np.save(target, array)
    return packed(entries | {name: target.getvalue()})


def nan(array):
    array[0, 0, 0, 0] = np.nan
    return array


ARRAYS = {
    "another shape": (lambda array: array[..., :-1], "network of its settings has"),
    "another type": (lambda array: array.astype(np.float64), "network of its settings has"),
    "not a number": (nan, "no finite numbers"),
    "infinite": (lambda array: array + np.float32(np.inf), "no finite numbers"),
    "huge": (lambda array: np.zeros((64, 1 << 14), np.float32), "the network of its settings"),
    "objects": (lambda array: np.array([{"a": 1}], object), "the network of its settings|objects"),
    "text": (lambda array: np.array(["=1+1"] * 9), "the network of its settings"),
}


@pytest.mark.parametrize(("change", "words"), ARRAYS.values(), ids=ARRAYS)
def test_weights_that_are_not_those_of_the_network(good, change, words):
    assert re.search(words, refused(with_array(good, change)))


def zip_of(*entries, compression=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own, of a name that is there twice
        for name, value in entries:
            file.writestr(name, value)
    return target.getvalue()


def added(good, name, value=b"", **attributes):
    """Return the ZIP with one more entry."""
    entry = zipfile.ZipInfo(name)
    for key, each in attributes.items():
        setattr(entry, key, each)
    return zip_of(*entries_of(good).items(), (entry, value))


ENTRIES = {
    "a model file": (("1-basic-cnn/model.keras", b"PK"), "nothing that a run is made of"),
    "a pickle": (("1-basic-cnn/weights/layer2.pkl", b"\x80"), "nothing that a run is made of"),
    "a program": (("1-basic-cnn/setup.py", b"import os"), "nothing that a run is made of"),
    "one level up": (("1-basic-cnn/../../evil.json", b"{}"), "leaves its folder"),
    "backslashes": (("1-basic-cnn\\..\\..\\evil.json", b"{}"), "leaves its folder"),
    "an absolute name": (("/etc/passwd", b""), "absolute name"),
    "a drive": (("C:/evil.json", b""), "absolute name"),
    "twice": (("1-basic-cnn/run.json", b"{}"), "appears twice"),
    "a ZIP within": (("1-basic-cnn/more.zip", b"PK"), "archive inside"),
    "of no run": (("2-mlp/run.json", b"{}"), "nothing that a run is made of"),
    "markup": (("1-basic-cnn/<script>alert(1)</script>.json", b""), "nothing that a run"),
    "a formula": (('=HYPERLINK("http://a")', b""), "nothing that a run is made of"),
}


@pytest.mark.parametrize(("entry", "words"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_has_no_place_there(good, entry, words):
    said = refused(added(good, *entry))
    assert words in said and "<script" not in said


def test_a_link_is_not_followed(good):
    content = added(
        good, "1-basic-cnn/note.md", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16
    )
    assert "is a link" in refused(content)


def test_a_hundred_thousand_entries():
    entries = [(f"1-mlp/weights/{number}.npy", b"") for number in range(100_000)]
    assert "100,000 entries" in refused(zip_of(*entries, compression=zipfile.ZIP_STORED))


def test_more_entries_than_runs_can_have(good):
    more = [(f"1-basic-cnn/weights/{number}.npy", b"") for number in range(20_001)]
    assert "at most 20,000" in refused(
        zip_of(*entries_of(good).items(), *more, compression=zipfile.ZIP_STORED)
    )


def test_a_bomb(good):
    """Sizes are judged as the directory tells them, before anything is unpacked."""
    target = io.BytesIO(good)
    with zipfile.ZipFile(target, "a") as file:
        for number in range(3):
            file.writestr(f"1-basic-cnn/weights/{number}.npy", b"x")
            file.filelist[-1].file_size = 400_000_000
    assert "unpacks to 1.2 GB" in refused(target.getvalue())


def test_arrays_larger_than_the_network_are_not_read(good):
    name = "1-basic-cnn/weights/layer2.kernel.npy"
    entries = entries_of(good) | {name: b"\0" * 20_000_000}
    assert "takes 20." in refused(zip_of(*entries.items()))


@pytest.mark.parametrize(
    "name", ["note.txt", "run.json", "epochs.jsonl", "checkpoint/progress.json"]
)
def test_a_text_that_is_too_long(good, name):
    content = zip_of(*(entries_of(good) | {f"1-basic-cnn/{name}": b" " * 40_000_000}).items())
    if name == "checkpoint/progress.json":  # of a finished run nobody reads it
        content = changed(content, state="paused")
    assert "unpacks to 40.0 MB" in refused(content)


BUILT = {"recipe_name": "tuned"}  # what people build has no other
HEADERS = {
    "another architecture": (
        {"config": lambda config: config | {"architecture": "two-conv-cnn"}},
        "of another network",
    ),
    "no architecture": (
        {"config": lambda config: config | {"architecture": "__import__('os')"}},
        "no architecture",
    ),
    "a network that somebody built, of which the weights are not": (
        {"config": lambda config: config | BUILT | {"architecture": "stack1:c64v.p2.f.d50.u7"}},
        "the network of its settings has 76,439 parameters",
    ),
    "a network of ten thousand layers": (
        {
            "config": lambda config: (
                config | BUILT | {"architecture": "stack1:" + "c9." * 9_999 + "f"}
            )
        },
        "has 10,000 layers",
    ),
    "a network of three billion parameters": (
        {"config": lambda config: config | BUILT | {"architecture": "stack1:c1024.f.u4096"}},
        "3,288,348,672 parameters, and at most 5,000,000",
    ),
    "a network that cannot work": (
        {"config": lambda config: config | BUILT | {"architecture": "stack1:f.c3"}},
        "Layer 2 (Convolution 3×3, 3 filters, ReLU): A convolution works on images",
    ),
    "a network of markup": (
        {"config": lambda config: config | BUILT | {"architecture": "stack1:<b>.f"}},
        "“?b?”, is of no kind",
    ),
    "a setting of a newer version": (
        {"config": lambda config: config | {"quantum": True}},
        "unknown setting 'quantum'",
    ),
    "a learning rate that is none": (
        {"config": lambda config: config | {"recipe": {"learning_rate": float("nan")}}},
        "Learning rate is nan",
    ),
    "a config that is a list": ({"config": [1]}, "config is missing"),
    "a data set that is not here": (
        {
            "config": lambda config: config | {"dataset": "shoes-abcdef"},
            "dataset": {"title": "<b>Shoes</b>", "fingerprint": "1"},
        },
        "trained on the data set “-b-Shoes-/b-”, which is not among yours",
    ),
    "a data set that is a path": (
        {"config": lambda config: config | {"dataset": "../../etc"}},
        "is not among yours",
    ),
    "more epochs than planned": (
        {"result": lambda result: result | {"epochs": 7}, "state": "finished"},
        "was to have 1",
    ),
    "an odd state": ({"state": "running"}, "no state"),
    "a state that is a list": ({"state": ["finished"]}, "no state"),
    "an accuracy that is a text": (
        {"result": lambda result: result | {"val_accuracy": "=1+1"}},
        "val_accuracy of the wrong kind",
    ),
    "paused without a checkpoint": ({"state": "paused"}, "no checkpoint"),
}


@pytest.mark.parametrize(("changes", "words"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_says_what_cannot_be(good, changes, words):
    assert words in refused(changed(good, **changes))


def test_a_form_of_a_newer_version(good):
    manifest = json.dumps({"format": "atelier-runs", "version": 2, "atelier": "9.1", "runs": []})
    words = refused(packed(entries_of(good) | {layout.MANIFEST: manifest.encode()}))
    assert "newer Atelier (9.1)" in words and "Update this Atelier" in words


@pytest.mark.parametrize(
    "manifest", [b"[]", b"{", b"\xff", b"[" * 100_000, b"9" * 5000, b'{"format": "atelier-runs"}']
)
def test_a_manifest_that_is_none(good, manifest):
    refused(packed(entries_of(good) | {layout.MANIFEST: manifest}))


@pytest.mark.parametrize(
    "line",
    [
        b'{"epoch": 2, "loss": 1}',
        b'{"epoch": "1"}',
        b"[]",
        b'{"epoch": 1e999}',
        b'{"epoch": -1}',
        b"{" * 5000,
    ],
)
def test_curves_that_are_not_of_this_training(good, line):
    refused(packed(entries_of(good) | {"1-basic-cnn/epochs.jsonl": line}))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04", b"MZ" + bytes(500), bytes(5000)])
def test_what_is_no_zip(content):
    refused(content)


def test_a_data_set_is_sent_to_where_data_sets_are_imported():
    assert "imported on the page Explore" in refused(zip_of(("cat/1.png", b"x")))


def test_texts_are_harmless(good, home):
    name = "a\u202eb<script>\n=HYPERLINK(1)"
    content = changed(good, name=name, whose="[x](http://a)", id="../../x")
    note = "=1+1\n</script>\u202e\x00 done"
    content = packed(entries_of(content) | {"1-basic-cnn/note.txt": note.encode()})
    folder = settings().home
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runs.zip").write_bytes(content)
    with gate.opened(folder / "runs.zip", "runs.zip", folder) as found:
        run = runs.read(take(found[0], "bob", lambda share: None))
    assert "\u202e" not in run.name and "\n" not in run.name and "http://" not in run.name
    assert runs.read_note(run.folder) == "=1+1\n</script> done"
    assert run.brought.run == "" and not run.shared and not run.starred and not run.test_opened


def test_flipped_bytes_end_in_a_sentence_or_change_nothing(good):
    """Only what the gate lets through is what was taken home: each entry has a checksum."""
    dice, damaged = random.Random(7), 0
    # The directory and the local headers are most of what is not covered by checksums.
    directory = good.index(b"PK\x01\x02")
    for _ in range(400):
        content = bytearray(good)
        low = dice.choice([0, directory, directory])
        for _ in range(dice.choice([1, 1, 1, 4])):
            content[dice.randrange(low, len(content))] ^= 1 << dice.randrange(8)
        try:
            judged(bytes(content))
        except SourceRejected as error:
            damaged += 1
            assert str(error).endswith(".") and len(str(error)) < 700
    assert damaged > 100


def test_flipped_bytes_in_what_is_taken_in(good, home):
    """The same through to the end; what is taken in has the weights that were taken home."""
    dice = random.Random(11)
    entries = entries_of(good)
    unread = (layout.VALIDATION, layout.TEST)  # most of it; the network is asked anew instead
    read = packed({name: entries[name] for name in entries if not name.endswith(unread)})
    for _ in range(25):
        content = bytearray(read)
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        home.mkdir(exist_ok=True)
        (home / "runs.zip").write_bytes(content)
        try:
            with gate.opened(home / "runs.zip", "runs.zip", home) as found:
                for each in found:
                    take(each, "bob", lambda share: None)
        except AtelierError as error:
            assert str(error).endswith(".")
    assert all(run.state is State.FINISHED for run in runs.list_runs())
    assert not list((home / "runs").glob(".*"))


def test_a_cut_off_file_ends_in_a_sentence(good):
    for length in range(0, len(good), len(good) // 40):
        refused(good[:length])
