import shutil
import threading

import numpy as np
import pytest
from PIL import Image
from support import small, wait_until

from core import classify, datasets, networks, runs
from core.errors import ImageRejected, ModelUnavailable, RunNotFound
from core.networks import engine
from core.runs import BUNDLED, BUNDLED_ACCURATE
from core.runs.records import BUNDLED_FOLDERS


def classify_file(path, model):
    """Return the answer for one file, or raise why there is none."""
    (answer,) = classify.classify_files([path], model)
    if isinstance(answer, ImageRejected):
        raise answer
    return answer


bundled = pytest.mark.skipif(
    not (BUNDLED_FOLDERS[BUNDLED] / "model.keras").exists(),
    reason="the bundled model is not trained yet",
)


@pytest.fixture(autouse=True)
def cold():
    """Begin with nothing loaded, as a fresh server does."""
    networks.forget()
    networks.begin()


@pytest.fixture
def images():
    return datasets.load("fashion-mnist", "test").images


# Finding


def test_the_model_of_a_run(trained):
    model = networks.find(trained.id)
    assert model == networks.of_run(trained)
    assert model.path == trained.folder.model
    assert model.dataset is datasets.find("fashion-mnist")
    assert model.test_accuracy == trained.result.test_accuracy


def test_a_run_that_has_no_model():
    run_id = runs.create(small(), "ada")
    with pytest.raises(ModelUnavailable, match=f"{run_id} has no network to use: it is queued"):
        networks.find(run_id)


def test_a_damaged_run_has_no_model(trained):
    damaged = trained.path.with_name("damaged")
    shutil.copytree(trained.path, damaged)
    (damaged / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="it is damaged"):
        networks.find("damaged")


def test_a_run_that_is_not_there():
    with pytest.raises(RunNotFound):
        networks.find("no-such-run")


def test_a_missing_bundled_model_says_how_to_restore_it(only_bundled, tmp_path):
    only_bundled({BUNDLED: tmp_path / "nowhere"})
    with pytest.raises(ModelUnavailable, match="git restore assets/models"):
        networks.find(BUNDLED)


# Asking


def test_answers_are_those_of_the_evaluation_whatever_the_number_of_images(trained, images):
    network = networks.load(networks.find(trained.id))
    expected = runs.read_evaluation(trained.folder.evaluation, 10_000, 10).probabilities
    for count in (1, 3, 8, 9, 64, 70):  # around the sizes that answers are padded to
        answers = network.probabilities(images[:count])
        assert answers.shape == (count, 10)
        assert answers.dtype == np.float32
        assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert answers == pytest.approx(expected[:count], abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 32, 32, 3), (1, 28, 28), (28, 28, 1)])
def test_images_of_another_shape_are_refused(trained, shape):
    network = networks.load(networks.find(trained.id))
    with pytest.raises(ValueError, match=r"\(28, 28, 1\), got"):
        network.probabilities(np.zeros(shape, np.uint8))


def test_many_visitors_share_one_network(trained, images):
    model = networks.find(trained.id)
    found, answers = [], []

    def ask():
        found.append(networks.load(model))
        answers.append(found[-1].probabilities(images[:5]))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(network) for network in found}) == 1
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    assert len(answers) == 6


def test_a_model_that_was_trained_further_is_loaded_anew(trained):
    first = networks.load(networks.find(trained.id))
    content = trained.folder.model.read_bytes()
    trained.folder.model.unlink()
    trained.folder.model.write_bytes(content)
    assert networks.load(networks.find(trained.id)) is not first


def test_only_the_models_used_last_are_kept(trained, monkeypatch):
    monkeypatch.setattr(engine, "KEPT", 2)
    for name in ("one", "two", "three"):
        shutil.copytree(trained.path, trained.path.with_name(name))
    one = networks.load(networks.find("one"))
    two = networks.load(networks.find("two"))
    assert networks.load(networks.find("one")) is one
    networks.load(networks.find("three"))  # "two" goes
    assert networks.load(networks.find("one")) is one
    assert networks.load(networks.find("two")) is not two


# Damage


def flip_middle(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


DAMAGE = {
    "empty": lambda content: b"",
    "text": lambda content: b"not a model",
    "cut in half": lambda content: content[: len(content) // 2],
    "last bytes missing": lambda content: content[:-10],
    "a byte changed in the weights": flip_middle,
    "a byte changed in the config": lambda content: content.replace(b"config", b"fonfig", 1),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_model_file_is_refused_in_a_sentence(trained, damage):
    content = trained.folder.model.read_bytes()
    trained.folder.model.write_bytes(damage(content))
    with pytest.raises(ModelUnavailable, match=f"network of {trained.id} cannot be read"):
        networks.load(networks.find(trained.id))


def test_a_model_that_vanishes_is_said_to_be_missing(trained):
    model = networks.find(trained.id)
    trained.folder.model.unlink()
    with pytest.raises(ModelUnavailable, match=f"network of {trained.id} is missing"):
        networks.load(model)


# The bundled models


@pytest.mark.skipif(
    not (BUNDLED_FOLDERS[BUNDLED_ACCURATE] / "model.keras").exists(),
    reason="the model for accuracy is not trained yet",
)
def test_the_model_for_accuracy_is_better_and_not_too_large(images):
    model = networks.find(BUNDLED_ACCURATE)
    assert model.path.stat().st_size <= 10_000_000
    assert model.test_accuracy > networks.find(BUNDLED).test_accuracy
    labels = datasets.load("fashion-mnist", "test").labels[:500]
    answers = networks.load(model).probabilities(images[:500])
    assert (answers.argmax(axis=1) == labels).mean() >= 0.93


@bundled
def test_the_bundled_model_is_small_good_and_has_a_card(images):
    model = networks.find(BUNDLED)
    assert model.path.stat().st_size <= 10_000_000
    card = (model.path.parent / "README.md").read_text(encoding="utf-8")
    assert f"{model.test_accuracy:.2%}" in card
    labels = datasets.load("fashion-mnist", "test").labels[:2000]
    answers = networks.load(model).probabilities(images[:2000])
    assert (answers.argmax(axis=1) == labels).mean() >= 0.92


@bundled
def test_warming_loads_the_bundled_model_once():
    assert networks.state().phase == "cold"
    networks.warm()
    networks.warm()
    wait_until(lambda: networks.state().phase not in ("cold", "loading"), 60, "end of loading")
    assert networks.state().phase == "ready", networks.state().problem
    assert networks.state().seconds_now() == networks.state().seconds > 0
    network = networks.load(networks.find(BUNDLED))
    networks.warm()  # nothing to do
    assert networks.load(networks.find(BUNDLED)) is network


def test_a_failed_warming_says_why_and_can_be_tried_again(only_bundled, monkeypatch, tmp_path):
    only_bundled({BUNDLED: tmp_path / "nowhere"})
    for _ in range(2):
        networks.warm()
        wait_until(lambda: networks.state().phase == "failed", 60, "a failure")
        assert "git restore assets/models" in networks.state().problem


# From a file to an answer


def test_a_picture_file_gets_an_answer(trained, images, tmp_path):
    picture = Image.fromarray(images[0, :, :, 0]).resize((280, 280))
    picture.save(tmp_path / "boot.png")
    model = networks.find(trained.id)
    answer = classify_file(tmp_path / "boot.png", model)
    assert answer.name == model.dataset.classes[answer.label]
    assert answer.label == answer.probabilities.argmax()
    assert answer.prepared.pixels.shape[:2] == (28, 28)
    words = answer.to_dict()
    assert (words["label"], words["class"]) == (answer.label, answer.name)
    assert sum(words["probabilities"]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", ["missing.png", "folder", "nul\0.png", "x" * 300 + ".png"])
def test_a_file_that_cannot_be_read_is_rejected(trained, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImageRejected, match="cannot be read"):
        classify_file(tmp_path / name, networks.find(trained.id))


def test_a_file_that_is_no_picture_is_rejected(trained, tmp_path):
    (tmp_path / "bad.png").write_text("not a picture", encoding="utf-8")
    with pytest.raises(ImageRejected, match=r"bad\.png"):
        classify_file(tmp_path / "bad.png", networks.find(trained.id))
