"""Imported data sets: how they are divided and kept, and that all else works with them."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import run_core, small

from core import architectures, datasets, evaluation, runs
from core.architectures.settings import in_words
from core.datasets import imported
from core.datasets.imported import Choices, Order
from core.datasets.sources import Found, SourceFile, Wishes
from core.datasets.sources.check import check
from core.datasets.sources.found import Leaving, LeftOut
from core.datasets.sources.parts import Part
from core.errors import DataDamaged, DataUnavailable, SettingsError, SourceRejected
from core.runs.division import divide
from core.settings import forget_settings
from core.training.lifecycle import train_in_process
from core.training.recorder import Recorder

OWNER = "a" * 32
CLASSES = ("Cat", "Dog", "Owl")


def found(
    labels: np.ndarray,
    shape: tuple[int, int, int] = (28, 28, 1),
    *,
    ordered: bool = True,
    **parts: int,
) -> tuple[Path, Found]:
    """Stage images whose first pixel is their label, and the next two their index."""
    folder, counts, start = imported.stage(), {}, 0
    for name, count in (parts or {"all": len(labels)}).items():
        these = labels[start : start + count]
        images = np.zeros((count, *shape), np.uint8)
        images.reshape(count, -1)[:, 0] = these
        images.reshape(count, -1)[:, 1] = np.arange(start, start + count) % 256
        images.reshape(count, -1)[:, 2] = np.arange(start, start + count) // 256
        with Part(folder, name, shape, lambda size: None) as part:
            part.append(images, these, lambda i: f"line {i + 2} of “x.csv”")
        counts[name], start = part.counts[: labels.max() + 1].tolist(), start + count
    first = tuple(part.first.get(label, "") for label in range(labels.max() + 1))
    return folder, Found("table", shape, counts, first=first, name="x.csv", ordered=ordered)


def save(labels: np.ndarray, visitor: str = OWNER, choices: dict | None = None, **options) -> str:
    folder, what = found(labels, **options)
    chosen = {"title": "Pets", "classes": CLASSES, "test": 0.25, **(choices or {})}
    return imported.save(folder, what, Choices(**chosen), visitor)


def indices(split: datasets.Split) -> np.ndarray:
    flat = split.images.reshape(len(split), -1).astype(int)
    return flat[:, 1] + 256 * flat[:, 2]


MIXED = np.random.default_rng(1).permutation(np.arange(400) % 4 % 3)


def test_an_imported_data_set_is_found_and_read_like_any_other(home):
    dataset = save(MIXED)
    spec = datasets.find(dataset)
    assert datasets.find(dataset) is spec and dataset not in datasets.DATASETS
    assert spec.name == dataset and spec.title == "Pets" and spec.classes == CLASSES
    assert spec.counts == {"train": 300, "test": 100} and spec.missing() is None
    assert spec.credit.startswith("imported from x.csv on ")
    for split in datasets.SPLITS:
        part = datasets.load(dataset, split)
        assert part is datasets.load(dataset, split)
        assert part.images.shape == (spec.counts[split], 28, 28, 1)
        assert part.images.dtype == np.uint8 and part.labels.dtype == np.int64
        assert type(part.images) is np.ndarray and not part.images.flags.writeable
        np.testing.assert_array_equal(part.images[:, 0, 0, 0], part.labels)
        np.testing.assert_array_equal(part.labels, MIXED[indices(part)])
    assert sorted(path.name for path in (home / "datasets").iterdir()) == [dataset]


@pytest.mark.parametrize("light", [True, False])
def test_whether_the_ground_is_light_is_seen_at_the_edges(home, light):
    dataset = save(MIXED)
    path = home / "datasets" / dataset / "train-images.npy"
    if light:
        np.save(path, 255 - np.load(path))
    assert datasets.find(dataset).light is light


def test_of_colour_and_of_built_in_data_sets_the_ground_is_not_looked_up(home):
    assert not datasets.find(save(MIXED, shape=(32, 32, 3))).light
    assert not datasets.find("fashion-mnist").light


def test_a_stratified_split_has_the_same_share_of_each_class_and_the_seed_decides(home):
    first, again, other = (save(MIXED, choices={"seed": seed}) for seed in (0, 0, 1))
    test = datasets.load(first, "test")
    assert np.bincount(test.labels).tolist() == [50, 25, 25]
    chosen = indices(test)
    assert (np.diff(chosen) > 0).all() and not np.isin(
        chosen, indices(datasets.load(first, "train"))
    ).any()
    np.testing.assert_array_equal(chosen, indices(datasets.load(again, "test")))
    assert not np.array_equal(chosen, indices(datasets.load(other, "test")))


def test_a_class_of_two_images_is_in_both_splits(home):
    labels = np.concatenate([MIXED, [3, 3]])
    dataset = save(labels, choices={"classes": (*CLASSES, "Yak"), "test": 0.05})
    for split in datasets.SPLITS:
        assert (datasets.load(dataset, split).labels == 3).sum() == 1


def test_the_last_images_in_the_order_of_the_file(home):
    dataset = save(MIXED, choices={"order": Order.END})
    np.testing.assert_array_equal(indices(datasets.load(dataset, "train")), np.arange(300))
    np.testing.assert_array_equal(indices(datasets.load(dataset, "test")), np.arange(300, 400))


def test_parts_that_the_files_have_stay_as_they_are(home):
    dataset = save(MIXED, train=320, test=80)
    np.testing.assert_array_equal(indices(datasets.load(dataset, "train")), np.arange(320))
    np.testing.assert_array_equal(indices(datasets.load(dataset, "test")), np.arange(320, 400))


PARTS = {"train": 250, "validation": 50, "test": 100}


def parts_of(config: runs.TrainingConfig) -> tuple[list[int], list[int]]:
    """Return which of the staged images a run learns from, and which it validates on."""
    parts = divide(datasets.load(config.dataset, "train"), config)
    return indices(parts.train).tolist(), indices(parts.validation).tolist()


def test_the_validation_part_of_the_files_validates_unless_other_images_are_chosen(home):
    dataset = save(MIXED, **PARTS)
    spec = datasets.find(dataset)
    assert spec.counts == {"train": 300, "test": 100} and spec.validation == 50
    assert spec.counts_words == "250 training, 50 validation and 100 test images"
    recipe = architectures.find("mlp").recipe_for(dataset)
    assert recipe.validation is None
    config = runs.TrainingConfig(dataset, "mlp", recipe)
    assert (config.training_count, config.validation_count) == (250, 50)
    assert parts_of(config) == (list(range(250)), list(range(250, 300)))
    assert runs.TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    few = replace(config, limit=120)
    assert parts_of(few) == (list(range(100)), list(range(250, 270)))
    np.testing.assert_array_equal(runs.learned(few), np.arange(100))
    other = replace(config, recipe=recipe.changed(validation=0.1, validation_from="end"))
    assert parts_of(other) == (list(range(270)), list(range(270, 300)))
    assert "the data set's own validation part" in in_words(config.flat())
    random = replace(config, recipe=recipe.changed(validation_from="random"))
    assert in_words(random.flat()) == in_words(config.flat())  # it has no effect


def test_without_a_test_part_the_test_images_come_from_training_alone(home):
    dataset = save(MIXED, train=340, validation=60)
    spec = datasets.find(dataset)
    assert spec.counts == {"train": 315, "test": 85} and spec.validation == 60
    train, test = (indices(datasets.load(dataset, split)) for split in datasets.SPLITS)
    np.testing.assert_array_equal(train[-60:], np.arange(340, 400))
    np.testing.assert_array_equal(np.sort([*train[:-60], *test]), np.arange(340))


def test_a_data_set_without_a_validation_part_has_none_to_use(home):
    dataset = save(MIXED)
    recipe = architectures.find("mlp").recipe_for(dataset)
    assert recipe.validation is not None and datasets.find(dataset).validation == 0
    for name in (dataset, "fashion-mnist"):
        with pytest.raises(SettingsError, match="no validation part of its own"):
            runs.TrainingConfig(name, "mlp", recipe.changed(validation=None))


def test_data_sets_imported_before_there_were_validation_parts_are_as_they_were(home):
    dataset = save(MIXED)
    path = home / "datasets" / dataset / "meta.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values.pop("validation") == 0
    path.write_text(json.dumps(values), encoding="utf-8")
    spec = datasets.find(dataset)
    assert spec.validation == 0 and spec.counts == {"train": 300, "test": 100}
    config = small(dataset=dataset, limit=None)
    assert parts_of(config)[1] == indices(datasets.load(dataset, "train"))[-60:].tolist()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("blocks", [[0, 1, 2], [1, 0, 2, 1, 0], [2, 1, 0]])
@pytest.mark.parametrize("order", Order)
def test_images_that_stand_class_by_class_are_mixed(home, blocks, order, ordered):
    """Validation takes the last training images, and a quick try the first."""
    labels = np.repeat(blocks, -(-len(MIXED) // len(blocks)))
    dataset = save(labels, ordered=ordered, choices={"order": order})
    for split in datasets.SPLITS:
        labels = datasets.load(dataset, split).labels
        assert len(np.unique(labels)) == 3
    train = datasets.load(dataset, "train").labels
    assert len(np.unique(train[:30])) == len(np.unique(train[-30:])) == 3


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"title": ""}, "a title of 1 to 60"),
        ({"title": "x" * 61}, "a title of 1 to 60"),
        ({"classes": ("Cat",)}, "needs at least two"),
        ({"classes": ()}, "There must be 2 to 100 classes"),
        ({"classes": ("Cat", "Cat", "Dog")}, "Two classes are called “Cat”"),
        ({"classes": ("Cat", "", "Dog")}, "A class must have a name"),
        ({"classes": ("Cat", "Any class", "Dog")}, "A class cannot be called “Any class”"),
        ({"test": 0.0}, "from 0.01 to 0.9"),
        ({"test": None}, "which share"),
        ({"seed": -1}, "seed"),
    ],
)
def test_choices_that_cannot_work(home, choices, problem):
    with pytest.raises(SettingsError, match=problem):
        save(MIXED, choices=choices)


def test_what_markdown_would_read_is_taken_out_of_names(home):
    title = "![x](http://evil) <b>\n`hi`"
    spec = datasets.find(save(MIXED, choices={"title": title, "classes": ("[a](b)", "$b$", "c")}))
    assert not set("[]<>`$|*~\n") & set("".join((spec.title, *spec.classes)))


def test_a_label_beyond_the_classes_is_named_with_its_line(home):
    labels = MIXED.copy()
    labels[16] = 10
    folder, what = found(labels)
    with pytest.raises(
        SourceRejected, match=r"Line 18 of “x\.csv” has the label 10, but 10 classes"
    ):
        imported.check_labels(what, 10)
    imported.check_labels(what, 11)
    with pytest.raises(SourceRejected, match="Line 18"):
        imported.save(folder, what, Choices("Pets", CLASSES, 0.2), OWNER)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ({"name": "fashion-mnist_train.csv"}, datasets.find("fashion-mnist").classes),
        ({"name": "mnist.csv"}, tuple("0123456789")),
        ({"shape": (32, 32, 3), "name": "cifar.csv"}, datasets.find("cifar-10").classes),
        ({"shape": (30, 30, 1)}, ("0", "1", "2")),
        (
            {"counts": {"all": [5] * 26}, "first": ("x",) * 26, "name": "A_Z Handwritten.csv"},
            tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ),
        ({"counts": {"all": [5] * 12}, "first": ("x",) * 12}, tuple(map(str, range(12)))),
        ({"classes": ("Ape", "Bee", "Cow")}, ("Ape", "Bee", "Cow")),
    ],
)
def test_class_names_are_proposed(home, values, classes):
    assert imported.default_classes(replace(found(MIXED)[1], **values)) == classes


def test_a_visitor_may_have_a_few_and_a_deletion_makes_room(home, monkeypatch):
    monkeypatch.setenv("ATELIER_MAX_DATASETS", "2")
    forget_settings()
    first, _ = save(MIXED), save(MIXED)
    save(MIXED, visitor="b" * 32)
    save(MIXED, visitor=imported.COMMAND_LINE)
    with pytest.raises(SettingsError, match=r"You have 2 data sets.*Delete one"):
        save(MIXED)
    imported.delete(first)
    save(MIXED)
    assert len(imported.list_imported()) == 4


def test_the_room_is_what_all_of_them_leave(home, monkeypatch):
    monkeypatch.setenv("ATELIER_MAX_DATASETS_MB", "10")
    forget_settings()
    assert imported.room() == 10_000_000
    dataset = save(MIXED)
    assert 10_000_000 - imported.room() == sum(
        path.stat().st_size for path in (home / "datasets" / dataset).iterdir()
    )
    folder = imported.stage()
    (folder / "x").write_bytes(bytes(12_000_000))
    assert imported.room() == 0


def test_what_was_computed_of_a_data_set_takes_room_and_goes_with_it(home):
    dataset = save(MIXED)
    before, folder = imported.room(), home / "datasets" / dataset
    (folder / "analysis").mkdir()
    (folder / "analysis" / "map.npz").write_bytes(bytes(1_000_000))
    assert before - imported.room() == 1_000_000
    imported.delete(dataset)
    assert [path.name for path in folder.iterdir()] == ["meta.json"]


def test_a_data_set_that_no_longer_has_room_waits_until_it_has(home, monkeypatch):
    folder, what = found(MIXED)
    bytes_of_images = 400 * (28 * 28 + 8)
    monkeypatch.setenv("ATELIER_MAX_DATASETS_MB", "10")
    forget_settings()
    assert imported.room(folder) == 10_000_000 and imported.room() < 10_000_000
    other = imported.stage()
    (other / "x").write_bytes(bytes(10_000_000 - bytes_of_images + 1))
    with pytest.raises(SettingsError, match="this server has room for 0 MB"):
        imported.save(folder, what, Choices("Pets", CLASSES, 0.25), OWNER)
    imported.discard(other)
    assert imported.save(folder, what, Choices("Pets", CLASSES, 0.25), OWNER)


def test_what_was_read_stays_until_it_is_saved(home, monkeypatch):
    folder, what = found(MIXED)
    with pytest.raises(SourceRejected):
        imported.save(folder, what, Choices("Pets", CLASSES[:2], 0.25), OWNER)

    def full(path, value):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(SettingsError, match="No space left"):
        patched.setattr(imported, "write_json", full)
        imported.save(folder, what, Choices("Pets", CLASSES, 0.25), OWNER)
    assert list((home / "datasets").iterdir()) == [folder]
    dataset = imported.save(folder, what, Choices("Pets", CLASSES, 0.25), OWNER)
    assert [path.name for path in (home / "datasets").iterdir()] == [dataset]


def test_a_visitor_has_one_folder_that_waits(home):
    first, other, nobodys = imported.stage(OWNER), imported.stage("b" * 32), imported.stage()
    second = imported.stage(OWNER)
    assert not first.exists()
    assert set((home / "datasets").iterdir()) == {other, nobodys, second}


def test_many_data_sets_are_read_once(home):
    dataset = save(MIXED)
    for number in range(60):
        shutil.copytree(home / "datasets" / dataset, home / "datasets" / f"pets-{number:06}")
    first = {each.spec.name: each for each in imported.list_imported()}
    assert len(first) == 61
    assert all(each is first[each.spec.name] for each in imported.list_imported())


def test_runs_on_a_deleted_data_set_say_that_it_is_gone(home):
    dataset = save(MIXED)
    config = small(dataset=dataset, limit=200)
    run = runs.read(runs.create(config, OWNER))
    imported.delete(dataset)
    spec = datasets.find(dataset)
    assert spec.classes == CLASSES and "“Pets” was deleted" in spec.missing()
    with pytest.raises(DataUnavailable, match=r"“Pets” was deleted.*Import it again"):
        datasets.load(dataset, "train")
    assert runs.read(run.id).state is runs.State.QUEUED and imported.list_imported() == []
    with pytest.raises(DataUnavailable, match="was deleted"):
        train_in_process(config)
    with pytest.raises(DataUnavailable, match="gone already"):
        imported.delete(dataset)


def test_a_run_ends_well_though_its_data_set_is_deleted_while_it_trains(home, monkeypatch):
    dataset = save(MIXED)
    checkpoint = Recorder.checkpoint

    def delete(self, make):
        if not datasets.find(dataset).missing():
            imported.delete(dataset)
        checkpoint(self, make)

    monkeypatch.setattr(Recorder, "checkpoint", delete)
    run = train_in_process(small(dataset=dataset, limit=300))
    assert run.state is runs.State.FINISHED, run.reason
    assert "was deleted" in datasets.find(dataset).missing()
    assert len(runs.read_evaluation(run.folder.evaluation, 100, 3).probabilities) == 100


def test_what_was_never_imported_is_removed_after_an_hour(home, monkeypatch):
    old = imported.stage()
    assert imported.staged(imported.token_of(old)) == old
    monkeypatch.setattr(imported, "STAGED_KEPT", -1.0)
    imported.stage()
    assert not old.exists() and imported.staged(imported.token_of(old)) is None
    assert imported.staged("../../etc") is None


@pytest.mark.parametrize(
    "name", ["", "pets", "../pets-123456", "pets-12345g", "Pets-123456", "x" * 99, "a/b-123456"]
)
def test_what_is_no_id_is_not_looked_for(home, name):
    assert imported.find(name) is None
    with pytest.raises(SettingsError, match="no data set"):
        datasets.find(name)


def test_an_id_from_another_server_says_so(home):
    with pytest.raises(SettingsError, match="stay on the server where they were imported"):
        datasets.find("pets-123456")


def test_networks_of_the_kind_take_it_and_others_do_not(home):
    grey = datasets.find(save(MIXED))
    tiny = datasets.find(save(MIXED, shape=(8, 8, 1)))
    colour = datasets.find(save(MIXED, shape=(32, 32, 3)))
    for architecture in architectures.ARCHITECTURES.values():
        assert architecture.suits(grey)
        assert architecture.suits(colour) == ("cifar-10" in architecture.datasets)
        for spec in (grey, tiny, colour):
            if architecture.suits(spec):
                recipe = architecture.recipe_for(spec.name)
                config = runs.TrainingConfig(spec.name, architecture.name, recipe)
                assert config.validation_count == round(300 * recipe.validation)
                assert recipe.batch_size <= 15 and not recipe.augmentation
            else:
                with pytest.raises(SettingsError, match="not made for"):
                    architecture.recipe_for(spec.name)
    assert not architectures.find("strided-cnn").suits(tiny)


def test_a_kaggle_file_becomes_a_data_set_that_a_network_learns_by_the_command_line(home, tmp_path):
    from test_sources_table import kaggle

    train, test = (datasets.load("fashion-mnist", split) for split in datasets.SPLITS)
    (tmp_path / "fashion-mnist_train.csv").write_text(kaggle(train, 2000), encoding="utf-8")
    (tmp_path / "fashion-mnist_test.csv").write_text(kaggle(test, 300), encoding="utf-8")
    process = run_core("import", *sorted(tmp_path.glob("*.csv")), "--json", home=home)
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert answer["train"] == 2000 and answer["classes"] == list(
        datasets.find("fashion-mnist").classes
    )
    for split, source in (("train", train), ("test", test)):
        own = datasets.load(answer["dataset"], split)
        np.testing.assert_array_equal(own.images, source.images[: len(own)])
        np.testing.assert_array_equal(own.labels, source.labels[: len(own)])
    run = train_in_process(small(dataset=answer["dataset"]))
    assert run.state is runs.State.FINISHED and run.result.test_accuracy > 0.6
    assert len(runs.read_evaluation(run.folder.evaluation, 300, 10).probabilities) == 300


def test_the_command_line_says_what_is_wrong(home, tmp_path):
    (tmp_path / "x.csv").write_text("hello", encoding="utf-8")
    process = run_core("import", tmp_path / "x.csv", home=home)
    assert process.returncode == 1
    assert process.stderr.startswith("atelier: “x.csv” has no column named label")
    assert list((home / "datasets").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"title": 5},
        {"title": "[x](http://x)"},
        {"classes": "ab"},
        {"classes": ["Cat", ["Dog"], "Owl"]},
        {"shape": [28, 28]},
        {"shape": [28, 28.0, 1]},
        {"shape": [10**9, 10**9, 1]},
        {"counts": {"train": 300}},
        {"counts": {"train": -1, "test": True}},
        {"validation": -1},
        {"validation": 300},
        {"validation": 1.5},
        {"created": "now"},
        {"created": 1e300},
        {"visitor": None},
        {"source": None},
    ],
)
def test_a_damaged_meta_is_a_sentence(home, change):
    dataset = save(MIXED)
    path = home / "datasets" / dataset / "meta.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8"
    )
    with pytest.raises(DataDamaged, match=r"meta\.json cannot be used"):
        datasets.find(dataset)
    assert imported.list_imported() == []


def several_arrays(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=1)


def test_damaged_arrays_are_a_sentence_and_a_pickle_is_not_opened(home):
    dataset = save(MIXED)
    folder = home / "datasets" / dataset
    images = (folder / "test-images.npy").read_bytes()
    objects = np.array([print], object)
    for spoil in (
        lambda path: path.write_bytes(images[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, objects, allow_pickle=True),
        several_arrays,
        lambda path: np.save(path, np.zeros((100, 28, 28, 1))),
        lambda path: np.save(path, np.zeros((99, 28, 28, 1), np.uint8)),
        lambda path: path.symlink_to("/etc/passwd"),
    ):
        (folder / "test-images.npy").unlink()
        spoil(folder / "test-images.npy")
        with pytest.raises((DataDamaged, DataUnavailable), match="“Pets”"):
            datasets.load(dataset, "test")
    (folder / "test-images.npy").unlink()
    assert "test-images.npy of the data set “Pets” is missing" in datasets.find(dataset).missing()


def test_images_on_their_side_and_negatives_are_put_right(home):
    folder, what = found(MIXED)
    before, labels = imported.preview(folder, what, 9)
    after, same = imported.preview(folder, what, 9, transposed=True, negative=True)
    np.testing.assert_array_equal(after, 255 - before.swapaxes(1, 2))
    assert labels == same == MIXED[:9].tolist()
    choices = Choices("Pets", CLASSES, 0.25, transposed=True, negative=True)
    dataset = imported.save(folder, what, choices, OWNER)
    images = datasets.load(dataset, "train").images
    assert (images[:, 0, 0, 0] == 255 - datasets.load(dataset, "train").labels).all()
    assert len(set((255 - images[:, 1, 0, 0]).tolist())) > 100  # the index, now in the first column
    assert (images[:, 0, 1, 0] == 255).all()


def test_what_was_left_out_is_counted_and_listed_whole(home, tmp_path):
    leaving = Leaving(tmp_path)
    assert leaving.found() == LeftOut() and not imported.left_out(tmp_path)
    for index in range(120):
        leaving.add(f"cat/{index}.png", "It is damaged, really.")
    left = leaving.found()
    assert left.count == 120 and left.first[49] == ("cat/49.png", "It is damaged, really.")
    assert len(left.first) == 50
    lines = imported.left_out(tmp_path).decode().splitlines()
    assert lines[0] == "left out,why" and len(lines) == 121
    assert lines[120] == 'cat/119.png,"It is damaged, really."'
    what = replace(found(MIXED)[1], left_out=left, label_columns=((0, "a"), (784, "b")), label=0)
    assert Found.from_dict(json.loads(json.dumps(what.to_dict()))) == what


def test_classes_that_the_training_images_lack_are_known(home):
    what = found(MIXED)[1]
    assert what.unlearned == ()
    parts = {"train": [5, 0, 0, 2], "validation": [0, 1, 0, 0], "test": [1, 1, 1, 0]}
    assert replace(what, counts=parts, first=("a", "b", "c", "d")).unlearned == (1, 2)


def test_a_report_knows_the_classes_that_training_has_not(home):
    labels = np.concatenate([MIXED[MIXED < 2], [2] * 20])
    dataset = save(labels, choices={"test": None}, train=len(labels) - 20, test=20)
    assert evaluation.unseen_classes(datasets.find(dataset)) == {2}
    assert evaluation.unseen_classes(datasets.find("fashion-mnist")) == set()


def test_files_are_read_again_in_another_way_or_stay_as_they_were(home):
    """The first reading stays whole until the second has gone well."""
    folder = imported.stage(OWNER)
    path = folder / "upload-0"
    rng = np.random.default_rng(0)
    rows = [",".join(map(str, [i % 3, *rng.integers(0, 256, 64)])) for i in range(60)]
    header = "label," + ",".join(f"pixel{i}" for i in range(1, 65))
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    files = [SourceFile(path, "x.csv")]
    imported.keep_files(folder, files, None)
    *_, first = check(files, folder, room=imported.room())
    imported.offer(folder, first)
    images, labels = imported.preview(folder, first, 9)
    path.write_text(header + "\n" + "\n".join(rows[:30]).replace(",7", ",x"), encoding="utf-8")
    with pytest.raises(SourceRejected):
        list(imported.read_again(folder, Wishes()))
    assert imported.offered(OWNER) == (folder, first)
    np.testing.assert_array_equal(imported.preview(folder, first, 9)[0], images)
    path.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    *_, second = imported.read_again(folder, Wishes())
    assert imported.offered(OWNER) == (folder, second)
    assert imported.preview(folder, second, 60)[1][:-10:-1] == labels
    assert not (folder / "again").exists()
    (folder / "brought.json").unlink()
    with pytest.raises(SettingsError, match="upload them again"):
        list(imported.read_again(folder, Wishes()))
