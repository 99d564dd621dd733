"""The exported script: the same split, first weights and loss as here, and the same answers."""

import contextlib
import io
import math
import re
import shutil
from dataclasses import fields, replace

import keras
import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import tensorflow as tf

from core import architectures, datasets, runs
from core.architectures import ARCHITECTURES, Augmentation, LabelForm, Optimizer, Recipe
from core.architectures.build import build, make_optimizer
from core.architectures.muon import Muon
from core.architectures.recipe import FirstFilters, Precision, Schedule, ValidationFrom
from core.datasets import imported
from core.datasets.sources import SourceFile
from core.datasets.sources.check import check as check_source
from core.export import making, told
from core.export.data.forms import write as write_data
from core.export.data.wanted import Form, Wanted, choose
from core.export.formats import find
from core.export.script import recipe as recipes
from core.export.script import varying
from core.export.script.cells import as_notebook, as_script
from core.export.script.form import SCRIPT, WEIGHTS
from core.export.script.write import DATA, cells
from core.networks.batches import answers
from core.networks.weights import weights_of
from core.runs import BUNDLED_FOLDERS, State, TrainingConfig
from core.runs.division import rows
from core.settings import ASSETS
from core.training import augmentation
from core.training.lifecycle import save_model
from core.training.whitening import IMAGES, whiten

SOMEBODY = "a" * 32
LIMIT = 300
SEED = 5
FIT = "history = model.fit("


@pytest.fixture(scope="module", autouse=True)
def drawn_nowhere():
    """Let Matplotlib draw into files alone."""
    before = mpl.get_backend()
    mpl.use("agg")
    yield
    mpl.use(before)


@pytest.fixture
def downloaded(monkeypatch):
    """Let Keras's data sets be those that come with the app, as it would have downloaded them."""
    splits = [datasets.load("fashion-mnist", split) for split in ("train", "test")]
    loaded = tuple((split.images[..., 0], split.labels.astype(np.uint8)) for split in splits)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: loaded)


def config(name, dataset="fashion-mnist", *, recipe_name=None, **changes):
    usual = architectures.find(name).recipe_for(dataset, recipe_name)
    small = {"epochs": 1, "batch_size": 50, "validation": 0.2, **changes}
    return TrainingConfig(dataset, name, usual.changed(**small), LIMIT, SEED)


def finished(config, *, visitor=SOMEBODY):
    """Return a run with a network that learned nothing, and what it answers to its images."""
    run_id = runs.create(config, visitor)
    folder, spec = runs.folder_of(run_id), datasets.find(config.dataset)
    model = build(config.network, spec.shape, len(spec.classes), seed=99)
    save_model(model, folder.model)
    train = spec.load("train")
    _, held_out = rows(config)
    asked = answers(model, train.images[held_out]).argmax(axis=1)
    accuracy = float((asked == train.labels[held_out]).mean())
    folder.write_result(runs.Result(State.FINISHED, epochs=1, val_accuracy=accuracy))
    return runs.read(run_id)


def script_of(run):
    return as_script(cells(told.told(run)))


def execute(code, folder, names=None):
    """Run a script's text where the weights are; return its names and what it says."""
    said, names = io.StringIO(), {} if names is None else names
    with contextlib.chdir(folder), contextlib.redirect_stdout(said):
        exec(compile(code, SCRIPT, "exec"), names)
    return names, said.getvalue()


def put_weights(run, folder):
    np.savez(folder / WEIGHTS, **weights_of(run))


def first_loss(config):
    """Return the loss on the validation images before the first step, as it is in a training."""
    spec, recipe = datasets.find(config.dataset), config.recipe
    train, (learned, held_out) = spec.load("train"), rows(config)
    model = build(config.network, spec.shape, len(spec.classes), config.seed)
    if recipe.first_filters is FirstFilters.WHITENING:
        whiten(model, train.images[learned[:: -(-len(learned) // IMAGES)]])
    probabilities = answers(model, train.images[held_out])
    truth = np.eye(len(spec.classes))[train.labels[held_out]]
    smooth = truth * (1 - recipe.label_smoothing) + recipe.label_smoothing / len(spec.classes)
    return float(-(smooth * np.log(probabilities)).sum(axis=1).mean())


def check(run, folder, *, fit):
    """Execute a run's script, perhaps without its training, and compare with what is here."""
    put_weights(run, folder)
    code = script_of(run)
    assert "import core" not in code and "from core" not in code
    code = code if fit else code[: code.index(FIT)]
    names, said = execute(code, folder)
    train, (learned, held_out) = datasets.load(run.config.dataset, "train"), rows(run.config)
    for part, indices in (("train", learned), ("val", held_out)):
        assert np.array_equal(names[f"x_{part}"], train.images[indices])
        assert np.array_equal(names[f"y_{part}"], train.labels[indices])
    assert f"{run.result.val_accuracy:.4%} (Atelier: {run.result.val_accuracy:.4%})" in said
    assert names["loss"] == pytest.approx(first_loss(run.config), abs=2e-5)
    return names, said


PRESETS = [preset.name for preset in architectures.PRESETS]


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_script_trains(name, downloaded, tmp_path):
    # Both recipes of all five would take twice as long.
    kind = "origin" if PRESETS.index(name) % 2 else "tuned"
    names, said = check(finished(config(name, recipe_name=kind)), tmp_path, fit=True)
    assert math.isfinite(names["history"].history["val_loss"][-1])
    assert "Test accuracy" not in said and "weighted avg" in said
    assert (tmp_path / "curves.png").exists() and (tmp_path / "confusion.png").exists()


BUILT = "stack1:c4k2s3ln.b90.a.r.c4.d10.e.p2.f.b.u12l.a.d30"


@pytest.mark.parametrize("name", [BUILT, *(name for name in ARCHITECTURES if name not in PRESETS)])
def test_a_script_begins_as_the_training_does(name, downloaded, tmp_path):
    check(finished(config(name)), tmp_path, fit=False)


def test_settings_that_no_recipe_has_train_too(downloaded, tmp_path):
    odd = config(
        "strided-cnn",
        optimizer=Optimizer.MUON,
        schedule=Schedule.COSINE,
        label_form=LabelForm.ONE_HOT,
        validation_from=ValidationFrom.RANDOM,
        augmentation=tuple(Augmentation),
        patience=3,
        precision=Precision.BFLOAT16,
    )
    run = finished(replace(odd, width=0.25, dropout=0.4))
    names, _ = check(run, tmp_path, fit=True)
    assert type(names["model"].optimizer).__name__ == "Muon"
    assert "in bfloat16" in script_of(run) and names["stop"].patience == 3


def brought(folder):
    """Import a small data set that has a validation part, and return its name."""
    generator, arrays = np.random.default_rng(0), {}
    for part, count in {"train": 60, "validation": 20, "test": 20}.items():
        arrays[f"{part}_images"] = generator.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[f"{part}_labels"] = np.arange(count) % 3
    np.savez(folder / "own.npz", **arrays)
    staged = imported.stage()
    *_, found = check_source(
        [SourceFile(folder / "own.npz", "own.npz")], staged, room=imported.room()
    )
    choices = imported.Choices("Own", ("Cat", "Dog", "Owl"))
    return imported.save(staged, found, choices, imported.COMMAND_LINE)


@pytest.mark.parametrize("validation", [None, 0.2])
def test_an_own_data_set_is_read_as_it_was_taken_home(validation, tmp_path, home):
    """Also one that came with a validation part, and a run that did not use that part."""
    dataset = brought(tmp_path)
    usual = architectures.find("mlp").recipe_for(dataset)
    run = finished(TrainingConfig(dataset, "mlp", usual.changed(epochs=1, validation=validation)))
    wanted = Wanted(dataset, Form.NPZ)
    write_data(tmp_path / DATA, wanted, choose(wanted, ""), making.silent)
    check(run, tmp_path, fit=False)


@pytest.mark.parametrize("run_id", BUNDLED_FOLDERS)
def test_networks_that_answer_together_answer_as_one(run_id):
    run = runs.read(run_id)
    code = script_of(run)
    start, stop = code.index("def build_one"), code.index("# %% [markdown]\n# ## Part 1")
    names, _ = execute(f"import keras\nfrom keras import layers\n{code[start:stop]}", ".")
    model = names["build"]()
    model.set_weights(list(weights_of(run).values()))
    images = datasets.load("fashion-mnist", "test").images[:100]
    known = runs.read_evaluation(run.folder.evaluation, 10_000, 10).probabilities[:100]
    assert answers(model, images) == pytest.approx(known, abs=1e-5)
    assert "Here, one is trained." in code.replace("\n# ", " ")


def test_the_notebook_is_executed_by_jupyter(trained, home, tmp_path, monkeypatch):
    """In a kernel of its own, with Keras's data sets where its download puts them."""
    from nbclient import NotebookClient

    folder = tmp_path / "keras" / "datasets" / "fashion-mnist"
    shutil.copytree(ASSETS / "fashion-mnist", folder)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Streamlit sets it for its own process
    content = making.make(find("notebook"), trained)
    shutil.unpack_archive(io_file(tmp_path / "home.zip", content), tmp_path)
    notebook = nbformat.read(tmp_path / "train.ipynb", as_version=4)
    done = NotebookClient(
        notebook, timeout=250, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    said = "".join(
        output.get("text", "")
        for cell in done.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    for part in ("val", "test"):
        accuracy = getattr(trained.result, f"{part}_accuracy")
        assert f"{accuracy:.4%} (Atelier: {accuracy:.4%})" in said
    anew = float(re.search(r"^Test accuracy: ([\d.]+)%$", said, re.MULTILINE)[1]) / 100
    assert anew == pytest.approx(trained.result.test_accuracy, abs=0.06), "trained anew"
    pictures = [
        output
        for cell in done.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2


def io_file(path, content):
    path.write_bytes(content)
    return path


def test_notebook_and_script_have_the_same_code(trained):
    made = cells(told.told(trained))
    notebook = nbformat.reads(as_notebook(made), as_version=4)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    script = as_script(made)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.source in script


def test_a_sealed_test_set_is_not_looked_at(trained):
    sealed = script_of(replace(trained, visitor=SOMEBODY))
    assert "x_test, y_test" not in sealed.split("## Network")[1] and "is sealed" in sealed
    assert "accuracy(x_test, y_test)" in script_of(trained)


def test_of_an_unfinished_run_no_figure_is_claimed(trained):
    stopped = replace(trained, state=State.STOPPED)
    assert "(Atelier:" not in script_of(stopped) and "did not come to its end" in script_of(stopped)


HOSTILE = (
    '"""',
    "'''",
    "</script>",
    "=HYPERLINK(1)",
    "\u202etxt",
    "a\nimport os",
    "\\",
    "{x}",
    "$x^",
)


def test_hostile_names_stay_names(trained, monkeypatch):
    spec = datasets.find("fashion-mnist")
    other = replace(spec, name="own-abc123", title='x\n"""\nimport os\'', classes=HOSTILE)
    monkeypatch.setattr(datasets, "find", lambda name: other)
    known = told.told(trained)
    script, notebook = (make(cells(known)) for make in (as_script, as_notebook))
    assert "\nimport os" not in script and "</script>" not in notebook
    start = script.index("CLASSES = [")
    names, _ = execute(script[start : script.index("]\n", start) + 1], ".")
    assert names["CLASSES"] == list(known.classes) and len(known.classes) == len(HOSTILE)
    assert compile(script, SCRIPT, "exec") and 'np.load("data.npz")' in script
    raw = replace(known, classes=HOSTILE)  # whatever the check of names will let through one day
    script = as_script(cells(raw))
    start = script.index("CLASSES = [")
    names, _ = execute(script[start : script.index("\n]\n", start) + 2], ".")
    assert names["CLASSES"] == list(HOSTILE)


# -- The parts ------------------------------------------------------------------------------------


def test_every_setting_of_a_recipe_is_in_the_script():
    """A new one has to be told there, or said that it cannot be."""
    known = "optimizer learning_rate weight_decay schedule batch_size epochs validation patience "
    known += "validation_from label_form label_smoothing augmentation first_filters precision"
    assert {each.name for each in fields(Recipe)} == {*known.split()}


@pytest.mark.parametrize("schedule", Schedule)
@pytest.mark.parametrize("optimizer", [each for each in Optimizer if each is not Optimizer.MUON])
def test_optimizer_and_schedule_are_those_of_the_training(optimizer, schedule):
    recipe = Recipe(optimizer=optimizer, schedule=schedule, learning_rate=0.02, weight_decay=0.3)
    names = {"keras": keras, "math": math, "x_train": range(1000), "BATCH": 64, "EPOCHS": 7}
    names["LEARNING_RATE"] = 0.02
    exec(recipes.rate_code(recipe), names)
    made = eval(recipes.optimizer_code(recipe), names)
    here, there = make_optimizer(recipe, 7 * 16).get_config(), made.get_config()
    assert here.pop("name") and there.pop("name")  # which count up
    assert here == there


def test_muon_steps_as_here():
    names = {"keras": keras}
    exec(recipes.MUON, names)
    mine, other = (build(architectures.find("basic-cnn"), (12, 12, 1), 10, seed=1) for _ in "ab")
    generator = np.random.default_rng(2)
    pairs = ((mine, Muon(0.01)), (other, names["Muon"](0.01)))
    for _ in range(3):
        gradients = [
            tf.constant(generator.normal(size=each.shape), tf.float32)
            for each in mine.trainable_variables
        ]
        for model, optimizer in pairs:
            optimizer.apply(gradients, model.trainable_variables)
    for one, same in zip(mine.get_weights(), other.get_weights(), strict=True):
        assert one == pytest.approx(same, abs=2e-5)


COLUMNS = {"flip": [0], "shift": [1, 2], "rotation": [3], "scale": [4], "erasing": [5, 6, 7, 8, 9]}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "flags",
    [("shift",), ("flip", "shift"), ("rotation", "scale"), ("erasing",), tuple(Augmentation)],
    ids="-".join,
)
def test_images_are_varied_as_here(flags, channels, monkeypatch):
    """With the same random numbers, the script makes the same images."""
    generator, flags = np.random.default_rng(0), [Augmentation(flag) for flag in flags]
    images = generator.integers(0, 256, (40, 28, 28, channels)).astype(np.float32)
    choices = generator.random((40, 10), np.float32)
    noise = tf.constant(generator.random(images.shape, np.float32) * 255)

    def uniform(shape, low=0.0, high=1.0, **_):
        if len(shape) == 4:
            return noise
        return low + (high - low) * tf.constant(choices[:, order.pop(0)])

    monkeypatch.setattr(
        tf.random,
        "stateless_uniform",
        lambda shape, seed, *limits: noise if limits else tf.constant(choices),
    )
    here = augmentation.augment(tf.constant(images), flags, tf.constant([1, 2]))
    names = {"tf": tf, "math": math, "keras": keras}
    exec(varying.code(flags, grey=channels == 1), names)
    order = [column for flag in Augmentation for column in COLUMNS[flag] if flag in flags]
    monkeypatch.setattr(tf.random, "uniform", uniform)
    assert names["augment"](tf.constant(images)).numpy() == pytest.approx(here.numpy(), abs=0.01)
    assert not order, "all of them are drawn"


def test_flipped_images_are_the_images_or_their_mirror_images():
    names = {"tf": tf}
    exec(varying.code([Augmentation.FLIP], grey=True), names)
    images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), np.uint8)
    varied = names["augment"](tf.constant(images)).numpy()
    mirrored = (varied == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((varied == images).all(axis=(1, 2, 3)) ^ mirrored).all()
    assert 25 < mirrored.sum() < 75
