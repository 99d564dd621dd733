"""Our photos: who may send and see what, what is kept, and what networks are worth on them."""

import csv
import io
import json
import shutil
import zipfile
from collections import Counter

import numpy as np
import pytest
from class_support import finished, student
from PIL import Image
from sqlalchemy import func, select
from support import small, wait_until

from core import datasets, networks, runs
from core.classroom import classes, joining, log, photo_judging, photos
from core.classroom.crowd import clustered_share
from core.classroom.database import database
from core.classroom.people import SERVER, Person
from core.classroom.photos import MOST, SIDE, Photo, Stage
from core.classroom.schema import PhotoAnswersRow, PhotoRow
from core.datasets import imported
from core.datasets.sources import SourceFile
from core.datasets.sources.check import check
from core.datasets.sources.found import Found
from core.errors import ClassroomRefused
from core.imaging.prepare import prepare

DATA = "fashion-mnist"


class Album:
    """A class that collects photos, with some students."""

    def __init__(self, students: int = 2, *, originals: bool = False) -> None:
        self.room = classes.open_class(SERVER, "8b")
        self.students = [student(self.room) for _ in range(students)]
        self.collection = photos.open_collection(SERVER, self.room.id, DATA, originals=originals)

    @property
    def id(self) -> int:
        return self.collection.id

    def send(self, who: Person, image: int, **more) -> Photo:
        """Send a test image, which looks like a photo that was prepared well."""
        test = datasets.load(DATA, "test")
        return photos.send(who, self.id, test.images[image], int(test.labels[image]), **more)

    def approved(self) -> list[int]:
        return [each.id for each in photos.approved(self.students[0], self.id)]


@pytest.fixture
def album(stored):
    return Album()


@pytest.fixture
def here(home):
    """Return a collection in a file, where the kind of database does not matter."""
    return Album()


def rows() -> int:
    with database().read() as session:
        return session.scalar(select(func.count(PhotoRow.id))) or 0


# -- A student -------------------------------------------------------------------------------------


def test_nobody_but_the_teacher_sees_a_photo_before_it_is_approved(album):
    one, two = album.students
    sent = album.send(one, 0)
    assert sent.stage is Stage.WAITING and sent.owner is None
    assert photos.approved(two, album.id) == [] and photos.own(two, album.id) == []
    assert [each.id for each in photos.own(one, album.id)] == [sent.id]
    (waiting,) = photos.queue(SERVER, album.id, Stage.WAITING)
    assert waiting.owner is not None and waiting.owner.id == one.member.id
    assert photos.approve(SERVER, [sent.id]) == 1
    (seen,) = photos.approved(two, album.id)
    assert seen.owner is None, "nobody is told whose it is"
    assert (seen.pixels == datasets.load(DATA, "test").images[0]).all()


def test_a_photo_is_prepared_as_everywhere_and_nothing_else_is_kept(here, picture):
    upright = Image.open(io.BytesIO(picture))
    prepared = prepare(upright, **here.collection.spec.frame)
    sent = photos.send(here.students[0], here.id, prepared.pixels, 2, upright)
    assert (sent.pixels[..., 0] == prepared.pixels).all()
    assert photos.original(SERVER, sent.id) is None


def test_what_is_no_photo_of_this_collection_is_refused(album):
    who = album.students[0]
    test = datasets.load(DATA, "test")
    for label in (None, "3", 10, -1, True, 2.0, [1]):
        with pytest.raises(ClassroomRefused, match="Say what the photo shows"):
            photos.send(who, album.id, test.images[0], label)
    for pixels in (np.zeros((32, 32, 3), np.uint8), np.zeros((28, 28), float), np.zeros(3, "u1")):
        with pytest.raises(ClassroomRefused, match="not prepared for Fashion-MNIST"):
            photos.send(who, album.id, pixels, 0)
    for number in (0, 999, True, "1", None, 2**40):
        with pytest.raises(ClassroomRefused, match="no such collection"):
            photos.send(who, number, test.images[0], 0)
    album.send(who, 0)
    with pytest.raises(ClassroomRefused, match="already"):
        album.send(who, 0)
    album.send(album.students[1], 0)  # another student may have the same one
    assert rows() == 2


def test_a_student_sends_so_many_and_no_more(here, monkeypatch):
    one, two = here.students
    for image in range(MOST):
        last = here.send(one, image)
    with pytest.raises(ClassroomRefused, match="Take one back"):
        here.send(one, MOST)
    photos.take_back(one, last.id)
    here.send(one, MOST)
    monkeypatch.setattr(photos, "MOST_OF_ALL", MOST)
    with pytest.raises(ClassroomRefused, match="is full"):
        here.send(two, 50)


def test_nothing_is_sent_to_a_closed_collection_or_of_a_closed_class_or_from_outside(here):
    who = here.students[0]
    other = student(classes.open_class(SERVER, "8c"))
    with pytest.raises(ClassroomRefused):
        here.send(other, 0)
    photos.close_collection(SERVER, here.id)
    with pytest.raises(ClassroomRefused, match="does not collect photos now"):
        here.send(who, 0)
    photos.reopen_collection(SERVER, here.id)
    here.send(who, 0)
    joining.remove(SERVER, who.member.id)
    with pytest.raises(ClassroomRefused, match="not in this class any more"):
        here.send(who, 1)


def test_a_student_takes_back_their_own_whatever_became_of_it_and_nobody_elses(album):
    one, two = album.students
    sent = [album.send(one, image) for image in range(3)]
    photos.approve(SERVER, [sent[0].id])
    photos.refuse(SERVER, sent[1].id)
    with pytest.raises(ClassroomRefused):
        photos.take_back(two, sent[0].id)
    for each in sent:
        photos.take_back(one, each.id)
        with pytest.raises(ClassroomRefused, match="not there any more"):
            photos.take_back(one, each.id)
    assert rows() == 0


def test_one_collection_at_a_time_takes_photos_and_only_one_thing_is_on_the_wall(here):
    with pytest.raises(ClassroomRefused, match="already"):
        photos.open_collection(SERVER, here.room.id, DATA)
    photos.close_collection(SERVER, here.id)
    second = photos.open_collection(SERVER, here.room.id, "cifar-10")
    found = photos.collections_of(SERVER, here.room.id)
    assert [(each.id, each.on_wall) for each in found] == [(second.id, True), (here.id, False)]
    with pytest.raises(ClassroomRefused, match="already"):
        photos.reopen_collection(SERVER, here.id)
    with pytest.raises(ClassroomRefused, match="comes with the app"):
        photos.open_collection(SERVER, here.room.id, "nothing-abc123")


# -- The teacher -----------------------------------------------------------------------------------


def test_what_the_teacher_decides_is_in_the_log_and_can_be_undone(album):
    sent = album.send(album.students[0], 0)
    name = album.students[0].member.handle
    photos.approve(SERVER, [sent.id])
    photos.relabel(SERVER, sent.id, 8)
    photos.refuse(SERVER, sent.id)
    found = log.actions(SERVER, album.room.id)
    assert [each.sentence for each in found[:3]] == [
        f"Hid a photo of {name}: Bag.",
        f"Relabelled a photo of {name}: Ankle boot as Bag.",
        f"Approved a photo of {name}: Ankle boot.",
    ]
    assert album.approved() == []
    log.undo(SERVER, found[0].id)
    (back,) = photos.approved(SERVER, album.id)
    assert back.label == 8
    log.undo(SERVER, found[1].id)
    assert photos.approved(SERVER, album.id)[0].label == 9
    log.undo(SERVER, found[2].id)
    assert photos.numbers(SERVER, album.id) == {
        Stage.WAITING: 1,
        Stage.APPROVED: 0,
        Stage.REFUSED: 0,
    }
    photos.take_back(album.students[0], sent.id)
    assert not any(each.can_undo for each in log.actions(SERVER, album.room.id)[:3])


def test_many_are_approved_at_once_and_those_that_are_gone_are_left_out(album):
    sent = [album.send(album.students[0], image) for image in range(4)]
    photos.take_back(album.students[0], sent[3].id)
    wanted = [each.id for each in sent] + [0, -1, 10**12, True]
    assert photos.approve(SERVER, wanted) == 3
    assert photos.approve(SERVER, wanted) == 0
    assert len(album.approved()) == 3
    with pytest.raises(ClassroomRefused, match="not there any more"):
        photos.refuse(SERVER, sent[3].id)


def test_originals_are_kept_only_where_the_teacher_asked_without_place_and_time(home):
    album = Album(originals=True)
    photo = Image.fromarray(np.random.default_rng(1).integers(0, 255, (1500, 1200, 3), np.uint8))
    photo.info["exif"] = photo.getexif().tobytes() or b"Exif\0\0secret"
    sent = album.send(album.students[0], 0, picture=photo)
    photos.approve(SERVER, [sent.id])
    kept = photos.original(SERVER, sent.id)
    assert kept is not None and b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as read:
        assert max(read.size) == SIDE and not read.getexif()
    with pytest.raises(ClassroomRefused):
        photos.original(album.students[0], sent.id)
    with zipfile.ZipFile(io.BytesIO(photos.archive(SERVER, album.id, originals=True))) as file:
        assert (
            file.namelist() == ["Ankle boot/0001.jpg"] and file.read("Ankle boot/0001.jpg") == kept
        )
    photos.refuse(SERVER, sent.id)
    assert photos.original(SERVER, sent.id) is None, "what is refused is not kept"


def test_photos_of_who_was_removed_go_and_of_who_left_stay(album):
    one, two = album.students
    for who, image in ((one, 0), (two, 1)):
        photos.approve(SERVER, [album.send(who, image).id])
    joining.remove(SERVER, one.member.id)
    assert len(photos.approved(SERVER, album.id)) == 1
    assert photo_judging.figures(SERVER, album.id).approved == 1
    log.undo(SERVER, log.actions(SERVER, album.room.id)[0].id)
    assert len(photos.approved(SERVER, album.id)) == 2
    token = joining.join(album.room.code).token
    who = joining.place_of(token)
    assert who is not None
    photos.approve(
        SERVER, [album.send(Person(who.member.visitor, who.member, who.classroom), 2).id]
    )
    joining.leave(token)
    assert len(photos.approved(SERVER, album.id)) == 3


def test_a_class_takes_its_photos_along(album):
    photos.approve(SERVER, [album.send(album.students[0], 0).id])
    assert rows() == 1
    classes.delete_class(SERVER, album.room.id)
    assert rows() == 0


def test_a_collection_is_removed_with_its_photos(here):
    here.send(here.students[0], 0)
    photos.remove_collection(SERVER, here.id)
    assert rows() == 0 and photos.collections_of(SERVER, here.room.id) == []


def test_the_zip_can_be_imported_again_pixel_by_pixel(here, tmp_path):
    test = datasets.load(DATA, "test")
    chosen = [int(i) for label in range(10) for i in np.flatnonzero(test.labels == label)[:2]]
    for which, image in enumerate(chosen):
        if which % MOST == 0:
            who = student(here.room)
        photos.approve(SERVER, [here.send(who, image).id])
    here.send(here.students[0], 999)  # waits, so it is not in it
    data = photos.archive(SERVER, here.id)
    assert data == photos.archive(SERVER, here.id)
    path = tmp_path / "photos.zip"
    path.write_bytes(data)
    folder = imported.stage("v")
    *_, found = check([SourceFile(path, "photos.zip")], folder, room=10**8)
    assert isinstance(found, Found)
    assert sum(map(sum, found.counts.values())) == len(chosen)
    names = [name.replace("/", "-") for name in here.collection.spec.classes]
    assert sorted(found.classes) == sorted(names)
    read = np.concatenate(list(imported.images_of(folder, found)))
    wanted = {test.images[image].tobytes() for image in chosen}
    assert {each.tobytes() for each in read} == wanted


# -- The networks ----------------------------------------------------------------------------------


def own_run(who: Person, trained: runs.Run, *, seed: int = 0) -> runs.Run:
    """Give a student a copy of a run that was really trained."""
    folder = trained.path.with_name(f"{trained.id}-{seed}")
    shutil.copytree(trained.path, folder)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    values |= {"visitor": who.visitor, "config": values["config"] | {"seed": seed}}
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    return runs.read(folder.name)


def judge(album: Album) -> photo_judging.Progress:
    """Have the networks judged, and return how that went."""
    photo_judging.judge(SERVER, album.id)

    def over() -> photo_judging.Progress | None:
        progress = photo_judging.progress(album.id)
        return None if progress is None or progress.going else progress

    return wait_until(over, 120, "the judging")


@pytest.mark.slow  # a training, and TensorFlow
def test_the_networks_of_the_class_are_judged_and_asked_once_about_each_photo(
    here, trained, monkeypatch, only_bundled
):
    only_bundled({runs.BUNDLED: shutil.copytree(trained.path, trained.path.parents[1] / "bundled")})
    one, two = here.students
    for image in range(8):
        photos.approve(SERVER, [here.send((one, two)[image % 2], image).id])
    run = own_run(two, trained)
    broken = finished(small(), one)  # a network file that is none
    own_run(Person("f" * 32), trained, seed=1)  # of nobody in the class
    progress = judge(here)
    assert progress.problem is None and progress.failed == 1
    found = photo_judging.figures(one, here.id)
    bundled = {each.id for each in runs.list_bundled()}
    assert {each.run_id for each in found.networks} == {run.id, *bundled}
    assert found.best is not None and found.best.run_id == run.id and found.judged == 8
    assert found.best.owner is not None and found.best.owner.id == two.member.id
    test = datasets.load(DATA, "test")
    said = networks.load(networks.of_run(run)).probabilities(test.images[:8]).argmax(axis=1)
    assert found.best.right == int((said == test.labels[:8]).sum())
    assert found.best.validation is not None and found.best.gap is not None
    assert found.best.gap.value == found.best.photos.value - found.best.validation.value

    # As a spreadsheet: each photo by its name in the ZIP, students by number.
    lines = list(csv.DictReader(io.StringIO(photo_judging.spreadsheet(SERVER, here.id))))
    assert len(lines) == 8 * len(found.networks)
    own = [line for line in lines if line["run"] == run.id]
    assert sum(line["right"] == "1" for line in own) == found.best.right
    assert {line["network_of"] for line in own} == {two.member.handle}
    assert sorted(Counter(line["student"] for line in own).items()) == [("1", 4), ("2", 4)]
    with zipfile.ZipFile(io.BytesIO(photos.archive(SERVER, here.id))) as file:
        assert [line["photo"] for line in own] == file.namelist()
    for line in own:
        assert line["photo"].startswith(line["label"].replace("/", "-") + "/")
        assert (line["called"] == line["label"]) == (line["right"] == "1")
    with pytest.raises(ClassroomRefused, match="Only a teacher"):
        photo_judging.spreadsheet(one, here.id)

    # Of a new photo, and of no other one, the networks are asked; a new label needs no asking.
    asked: list[int] = []
    load = networks.load

    class Counting:
        def __init__(self, model: networks.Model) -> None:
            self.model = model

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            asked.append(len(images))
            found: np.ndarray = load(self.model).probabilities(images)
            return found

    monkeypatch.setattr(photo_judging.networks, "load", Counting)
    new = here.send(one, 20)
    photos.approve(SERVER, [new.id])
    assert photo_judging.figures(SERVER, here.id).judged == 8, "not asked about it yet"
    runs.delete(broken)
    assert judge(here).failed == 0
    assert asked == [1] * len(found.networks)
    found = photo_judging.figures(SERVER, here.id)
    assert found.judged == found.approved == 9 and found.students == 2
    before = found.best.matrix[new.label].sum()
    photos.relabel(SERVER, new.id, (new.label + 1) % 10)
    found = photo_judging.figures(SERVER, here.id)
    assert found.best is not None and found.best.matrix[new.label].sum() == before - 1
    assert len(asked) == len(found.networks)
    photos.take_back(one, new.id)
    assert photo_judging.figures(SERVER, here.id).judged == 8

    # Who is removed takes the networks along.
    joining.remove(SERVER, two.member.id)
    found = photo_judging.figures(SERVER, here.id)
    assert {each.run_id for each in found.networks} == bundled and found.judged == 4


def test_nothing_is_judged_without_photos_and_a_collection_may_go_meanwhile(here, monkeypatch):
    with pytest.raises(ClassroomRefused, match="no approved photo"):
        photo_judging.judge(SERVER, here.id)
    with pytest.raises(ClassroomRefused):
        photo_judging.judge(here.students[0], here.id)
    photos.approve(SERVER, [here.send(here.students[0], 0).id])

    class Slow:
        def __init__(self, model: networks.Model) -> None:
            pass

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            photos.remove_collection(SERVER, here.id)  # as the teacher may, at any time
            return np.eye(10, dtype=np.float32)[: len(images)]

    monkeypatch.setattr(photo_judging.networks, "load", Slow)
    assert judge(here).problem is None
    with database().read() as session:
        assert session.scalar(select(func.count(PhotoAnswersRow.id))) == 0


def test_judging_can_be_stopped_and_keeps_what_was_worked_out(here, monkeypatch):
    photos.approve(SERVER, [here.send(here.students[0], 0).id])

    class Once:
        def __init__(self, model: networks.Model) -> None:
            pass

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            photo_judging.stop(SERVER, here.id)
            return np.eye(10, dtype=np.float32)[: len(images)]

    monkeypatch.setattr(photo_judging.networks, "load", Once)
    progress = judge(here)
    assert progress.done == 1 and progress.total == len(runs.list_bundled())
    assert len(photo_judging.figures(SERVER, here.id).networks) == 1


# -- The interval ----------------------------------------------------------------------------------


def test_ten_photos_of_each_of_three_students_are_not_thirty():
    right = np.array([True] * 10 + [False] * 10 + [True] * 5 + [False] * 5)
    whose = np.repeat([4, 7, 9], 10)
    found = clustered_share(right, whose)
    assert found.value == 0.5 and found.count <= 3
    apart = clustered_share(right, np.arange(30))
    assert 25 <= apart.count <= 30, "of thirty students they nearly are"
    assert clustered_share(np.ones(5, bool), np.zeros(5, int)).count == 1
    assert clustered_share(np.ones(12, bool), np.repeat([0, 1, 2], 4)).count <= 3


def test_the_interval_over_students_holds_the_truth_about_as_often_as_it_says():
    """Students whose photos are of different hardness: 400 classes of fifteen."""
    random, held = np.random.default_rng(3), 0
    for _ in range(400):
        hard = random.beta(3, 3, 15)
        sizes = random.integers(1, MOST + 1, 15)
        whose = np.repeat(np.arange(15), sizes)
        low, high = clustered_share(random.random(len(whose)) < hard[whose], whose).interval
        held += low <= 0.5 <= high
    assert 0.92 <= held / 400 <= 0.99
