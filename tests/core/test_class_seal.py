"""The seal: while a task is placed by the test images, nobody of the class sees them."""

import io
import shutil
import zipfile

import numpy as np
import pytest
from class_support import finished, open_class, opened, student
from PIL import Image
from support import run_core

from core import datasets, runs
from core.classroom import classes, closed, database, given, handins, seal, tasks
from core.classroom.people import SERVER
from core.datasets import imported
from core.datasets.sources import Found, SourceFile
from core.datasets.sources.check import check
from core.errors import SettingsError, SourceRejected
from core.runs import COMMAND_LINE, access, blind

LUCK = tasks.find("luck")
FASHION = "fashion-mnist"


@pytest.fixture
def room(stored):
    return open_class()


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """Ask as the pages do, and each time anew."""
    monkeypatch.setattr(seal, "KEPT", -1.0)
    closed.watch()
    yield
    blind.use(None)
    seal.forget()


def test_the_seal_holds_from_the_opening_of_a_task_to_its_end(room):
    teal = student(room)
    run_id = finished(LUCK.config(), teal)
    planned = given.give(SERVER, room.id, LUCK)
    assert seal.sealed(teal.visitor, FASHION) is None
    given.open_task(SERVER, planned.id)
    reason = seal.sealed(teal.visitor, FASHION)
    assert "closed for your class" in reason and "“Skill or luck?”" in reason
    with pytest.raises(SettingsError, match="closed for your class"):
        runs.open_test(run_id)
    with pytest.raises(SettingsError, match="closed for your class"):
        seal.open_test(run_id)
    assert runs.read(run_id).opened is None
    given.close_task(SERVER, planned.id)
    assert seal.sealed(teal.visitor, FASHION) == reason  # until the end, not until the hand-ins
    given.reveal(SERVER, planned.id)
    assert seal.sealed(teal.visitor, FASHION) is None
    assert seal.open_test(run_id) and runs.read(run_id).told.test_accuracy == 1.0


def test_what_was_open_before_is_closed_while_the_task_is_open(room):
    teal = student(room)
    run_id = finished(LUCK.config(), teal)
    runs.open_test(run_id)
    assert runs.read(run_id).told.test_accuracy == 1.0
    task = opened(room, LUCK)
    run = runs.read(run_id)
    assert run.opened is not None and not run.test_opened and run.told.test_accuracy is None
    assert not access.may_open(run, teal.visitor)
    given.reveal(SERVER, task.id)
    assert runs.read(run_id).told.test_accuracy == 1.0


def test_nobody_else_and_no_other_data_is_closed(room):
    teal, other = student(room), student(open_class("Another"))
    opened(room, LUCK)
    assert seal.sealed(teal.visitor, FASHION) is not None
    assert seal.sealed(teal.visitor, "cifar-10") is None
    for visitor in (other.visitor, "c" * 32, "", COMMAND_LINE):
        assert seal.sealed(visitor, FASHION) is None
    assert runs.read(runs.BUNDLED).told.test_accuracy is not None


def test_a_task_that_counts_something_else_closes_nothing(room):
    teal = student(room)
    opened(room, tasks.find("batch-size"))
    assert seal.sealed(teal.visitor, FASHION) is None


def test_a_deleted_class_closes_nothing_any_more(room):
    teal = student(room)
    opened(room, LUCK)
    classes.delete_class(SERVER, room.id)
    assert seal.sealed(teal.visitor, FASHION) is None


def test_many_questions_are_one_query_and_the_next_second_knows_better(room, monkeypatch):
    teal, now = student(room), [100.0]
    monkeypatch.setattr(seal, "KEPT", 1.0)
    monkeypatch.setattr(seal.time, "monotonic", lambda: now[0])
    seal.forget()
    assert seal.sealed(teal.visitor, FASHION) is None
    opened(room, LUCK)
    assert seal.sealed(teal.visitor, FASHION) is None
    now[0] += 1.1
    assert seal.sealed(teal.visitor, FASHION) is not None


def test_opening_asks_the_database_itself(room, monkeypatch):
    teal = student(room)
    monkeypatch.setattr(seal, "KEPT", 3600.0)
    run_id = finished(LUCK.config(), teal)
    assert seal.sealed(teal.visitor, FASHION) is None
    opened(room, LUCK)
    with pytest.raises(SettingsError, match="closed for your class"):
        seal.open_test(run_id)


def test_without_a_database_nothing_is_closed_and_none_is_made(home):
    assert seal.sealed("a" * 32, FASHION) is None and seal.looks("a" * 32, FASHION) == 0
    assert not database.exists() and not (home / "classroom.db").exists()


def test_a_database_that_cannot_be_read_closes_the_test_set(home):
    home.mkdir()
    (home / "classroom.db").write_bytes(b"no database at all" * 100)
    assert "damaged" in seal.sealed("a" * 32, FASHION)


# -- Looks -------------------------------------------------------------------------------------


def test_opened_test_sets_are_counted_and_deleting_runs_does_not_help(room):
    teal = student(room)
    ids = [finished(LUCK.config({"seed": seed}), teal) for seed in range(3)]
    assert seal.looks(teal.visitor, FASHION) == 0
    for run_id in ids[:2]:
        assert seal.open_test(run_id) and not seal.open_test(run_id)
    assert seal.looks(teal.visitor, FASHION) == 2
    runs.delete(ids[0])
    runs.purge_deleted(-1.0)
    assert seal.looks(teal.visitor, FASHION) == 2
    assert seal.looks(teal.visitor, "cifar-10") == 0 and seal.looks("", FASHION) == 0
    assert seal.all_looks([teal.visitor, "e" * 32]) == {teal.visitor: {FASHION: 2}}


def test_looks_of_somebody_in_no_class_are_counted_too(home):
    class Visitor:
        visitor = "d" * 32

    run_id = finished(LUCK.config(), Visitor())
    seal.open_test(run_id)
    assert seal.looks("d" * 32, FASHION) == 1 and not database.exists()


# -- The command line --------------------------------------------------------------------------


def test_the_command_line_keeps_to_it(home):
    room = open_class()
    teal = student(room)
    run_id = finished(LUCK.config(), teal)
    task = opened(room, LUCK)
    handins.hand_in(teal, task.id, run_id, "Mine.")
    refused = run_core("evaluate", run_id, "--test", home=home)
    assert refused.returncode == 1 and "closed for your class" in refused.stderr
    assert "accuracy" not in refused.stdout
    validation = run_core("evaluate", run_id, home=home)
    assert validation.returncode == 0, validation.stderr
    given.reveal(SERVER, task.id)
    assert run_core("evaluate", run_id, "--test", home=home).returncode == 0


# -- Importing test images ---------------------------------------------------------------------


def staged(images):
    """Read pictures as if they were brought in a ZIP, and return the folder and what was found."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for index, image in enumerate(images):
            png = io.BytesIO()
            Image.fromarray(image).save(png, "PNG")
            file.writestr(f"{'ab'[index % 2]}/{index}.png", png.getvalue())
    folder = imported.stage()
    path = folder / "brought.zip"
    path.write_bytes(content.getvalue())
    found = None
    for answer in check([SourceFile(path, "brought.zip")], folder, room=lambda: 10**9):
        found = answer if isinstance(answer, Found) else found
    assert found is not None
    return folder, found


def secret(count):
    """Return test images that the training images do not have."""
    return datasets.load(FASHION, "test").images[:count, :, :, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: 255 - image,
        lambda image: image[:, ::-1],
        lambda image: image.T,
        lambda image: np.rot90(image),
        lambda image: np.repeat(image[:, :, None], 3, axis=2),
    ],
    ids=["as it is", "negative", "mirrored", "on its side", "turned", "in colour"],
)
def test_images_that_are_closed_test_images_are_not_imported(home, change):
    room = open_class()
    teal = student(room)
    train = datasets.load(FASHION, "train").images[:24, :, :, 0]
    folder, found = staged([change(image) for image in (*train, *secret(2))])
    seal.check_import(folder, found, teal.visitor)  # nothing is closed yet
    task = opened(room, LUCK)
    with pytest.raises(
        SourceRejected, match="2 images are test images of Fashion-MNIST, and these"
    ):
        seal.check_import(folder, found, teal.visitor)
    seal.check_import(folder, found, "e" * 32)  # who is in no class
    given.reveal(SERVER, task.id)
    seal.check_import(folder, found, teal.visitor)
    shutil.rmtree(folder)


def test_training_images_and_others_may_be_imported(home):
    room = open_class()
    teal = student(room)
    opened(room, LUCK)
    train = datasets.load(FASHION, "train").images[:40, :, :, 0]
    other = np.random.default_rng(1).integers(0, 255, (24, 28, 28), np.uint8)
    for images in (train, other, other[:, :20, :20]):
        folder, found = staged(list(images))
        seal.check_import(folder, found, teal.visitor)
        shutil.rmtree(folder)
