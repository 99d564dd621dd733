"""ONNX and LiteRT: made by real processes, checked, and used as their READMEs say."""

import io
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from support import wait_until

from core import architectures, datasets, runs
from core.architectures.build import build
from core.errors import ModelUnavailable
from core.export import making, model_files, told
from core.export.formats import find
from core.export.model_files import EIGHT_BIT, ONNX
from core.networks.batches import answers
from core.runs import State, TrainingConfig
from core.runs.analysis import fits
from core.settings import forget_settings
from core.tasks import pool
from core.training.lifecycle import save_model

KEYS = [form.key for form in model_files.FORMATS]
pytest.importorskip("tf2onnx")
pytest.importorskip("ai_edge_litert")


@pytest.fixture(scope="module")
def every_layer(tmp_path_factory):
    """Return the run of a small network with layers of all kinds, its test set sealed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("models")))
        forget_settings()
        recipe = architectures.find("residual-cnn").recipe_for("fashion-mnist")
        config = TrainingConfig("fashion-mnist", "residual-cnn", recipe, 1000, width=0.25)
        run_id = runs.create(config, "a" * 32)
        folder = runs.folder_of(run_id)
        model = build(config.network, (28, 28, 1), 10, seed=4)
        # As a trained one's, its averages are not those of a fresh network.
        generator = np.random.default_rng(0)
        model.set_weights(
            [each + generator.uniform(0, 0.1, each.shape) for each in model.get_weights()]
        )
        save_model(model, folder.model)
        folder.write_result(runs.Result(State.FINISHED, epochs=1))
        yield runs.read(run_id)
    forget_settings()


@pytest.fixture(scope="module")
def made(every_layer):
    """Return what each of the formats became, by the processes that the pages start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(every_layer.path.parent.parent))
        forget_settings()
        before = pool.use(pool.Tasks())
        for key in KEYS:
            making.start(find(key), every_layer, "ada")
        wait_until(lambda: all(ended(key, every_layer) for key in KEYS), 280, "all files")
        states = {key: making.look(find(key), every_layer) for key in KEYS}
        assert {state.phase for state in states.values()} == {"done"}, states
        yield {key: making.read(making.kept_file(find(key), every_layer)) for key in KEYS}
        pool.close()
        pool.use(before)
    forget_settings()


def ended(key, run):
    return making.look(find(key), run).phase not in ("waiting", "working")


@pytest.mark.parametrize("key", KEYS)
def test_a_file_is_used_as_its_readme_says(key, made, every_layer, tmp_path):
    with zipfile.ZipFile(io.BytesIO(made[key])) as archive:
        archive.extractall(tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    count = every_layer.config.validation_count
    assert f"| Checked | Asked about {count} validation images, " in readme
    assert "Test accuracy" not in readme
    assert (tmp_path / "classify.py").read_text(encoding="utf-8") in readme
    process = subprocess.run(
        [sys.executable, "classify.py"], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr
    name, sure = process.stdout.rsplit(maxsplit=1)
    image = datasets.load("fashion-mnist", "train").images[runs.held_out(every_layer.config)[:1]]
    model = model_files.load_file(model_files.of_run(every_layer))
    (own,) = answers(model, image)
    assert name == datasets.find("fashion-mnist").classes[own.argmax()]
    assert float(sure.strip("%")) == pytest.approx(
        100 * own.max(), abs=0.6 if "8" not in key else 9
    )


def test_what_runs_on_a_phone_needs_nothing_of_tensorflow(made):
    for key in ("litert", "litert-8bit"):
        with zipfile.ZipFile(io.BytesIO(made[key])) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(".tflite")]
            assert b"Flex" not in archive.read(name)
    assert len(made["litert-8bit"]) < 0.5 * len(made["litert"])


def test_a_process_that_is_stopped_leaves_nothing(trained):
    before = pool.use(pool.Tasks())
    onnx = find("onnx")
    making.start(onnx, trained, "ada")
    wait_until(lambda: making.look(onnx, trained).phase == "working", 30, "its start")
    making.stop(onnx, trained)
    assert making.look(onnx, trained).phase == "stopped"
    pool.close()
    pool.use(before)
    assert not fits(making.kept_file(onnx, trained), trained)


@pytest.mark.parametrize("kind", [ONNX, EIGHT_BIT], ids=["exact", "8-bit"])
def test_a_file_that_answers_otherwise_is_not_given_out(kind, trained):
    def shifted(path):
        model = model_files.load_file(model_files.of_run(trained))
        return lambda pixels: np.roll(answers(model, pixels.astype(np.uint8)), 1, axis=1)

    wrong = replace(kind, convert=lambda model, some, path: path.touch(), open=shifted)
    with pytest.raises(ModelUnavailable, match=r"was made, but it gives \d+\.\d % of 500 images"):
        wrong.make(trained, making.silent)


def test_what_cannot_be_converted_is_said(trained):
    def fail(model, some, path):
        raise ValueError("There is no such operation.\nat line 3")

    with pytest.raises(ModelUnavailable, match=r"model.onnx: There is no such operation\. Take it"):
        replace(ONNX, convert=fail).make(trained, making.silent)


def test_it_is_checked_on_test_images_where_these_are_open(trained):
    assert model_files._images(told.told(trained))[0] == "test"
    part, images, labels = model_files._images(told.told(replace(trained, visitor="a" * 32)))
    assert part == "validation" and len(images) == len(labels) == 500
    train = datasets.load("fashion-mnist", "train")
    assert np.array_equal(labels, train.labels[runs.held_out(trained.config)[:500]])
