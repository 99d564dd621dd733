"""The command line as people and programs use it: real processes, one answer on standard output."""

import json
import os
import signal
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace

import pytest
from PIL import Image
from support import command, cut_off_after_two_epochs, run_core, wait_until

from core import datasets, evaluation, runs
from core.__main__ import _report
from core.architectures import ARCHITECTURES
from core.architectures.settings import SETTINGS
from core.runs import BUNDLED, State
from core.runs.records import BUNDLED_FOLDERS
from core.settings import ROOT


@pytest.fixture
def core(home):
    """Return a function that runs ``python -m core`` in this test's home."""
    return lambda *arguments: run_core(*arguments, home=home)


@pytest.fixture
def boot(tmp_path):
    """Return a picture file of an ankle boot."""
    pixels = datasets.load("fashion-mnist", "test").images[0, :, :, 0]
    Image.fromarray(pixels).resize((280, 280)).save(tmp_path / "boot.png")
    return tmp_path / "boot.png"


def assert_one_sentence(process, text):
    """Check that a command failed as people expect it: one sentence, no traceback."""
    assert process.returncode == 1
    assert process.stdout == ""
    lines = process.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("atelier: ")
    assert text in lines[0]


def test_train_prints_one_json_line(training):
    assert training.process.stdout.count("\n") == 1
    answer = training.answer
    assert set(answer) >= {
        "run",
        "state",
        "epochs",
        "train_accuracy",
        "val_accuracy",
        "test_accuracy",
        "seconds",
    }
    assert (answer["state"], answer["epochs"], answer["reason"]) == ("finished", 2, None)
    for name in ("train_accuracy", "val_accuracy", "test_accuracy"):
        assert 0.5 < answer[name] < 1
    assert answer["run"] in training.process.stderr
    assert "Traceback" not in training.process.stderr


def test_train_did_what_it_was_asked(trained):
    assert trained.state is State.FINISHED
    assert (trained.config.limit, trained.config.seed) == (6000, 3)
    assert trained.config.recipe == ARCHITECTURES["mlp"].recipe.changed(epochs=2)


def test_evaluate_prints_one_json_line(core, trained):
    process = core("evaluate", trained.id, "--json")
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("\n") == 1
    report = {"part": "validation"} | evaluation.report_of(trained, "validation").to_dict()
    assert json.loads(process.stdout) == json.loads(json.dumps(report))
    assert report["accuracy"] == pytest.approx(trained.result.val_accuracy)


def test_evaluate_prints_a_table_of_the_validation_images(core, trained):
    process = core("evaluate", trained.id)
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(f"Validation accuracy {trained.result.val_accuracy:.2%}")
    assert "Ankle boot" in process.stdout


def test_evaluate_asks_a_run_of_an_earlier_version_once(core, trained):
    trained.folder.validation.unlink()
    first, second = (core("evaluate", trained.id) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(f"Validation accuracy {trained.result.val_accuracy:.2%}")
    assert first.stderr.startswith("Classifying the validation images, once ...\n")
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_evaluate_opens_the_test_set_of_somebodys_run_and_says_so(core, trained):
    header = json.loads(trained.folder.config.read_text(encoding="utf-8"))
    trained.folder.config.unlink()
    trained.folder.config.write_text(json.dumps(header | {"visitor": "a" * 32}), encoding="utf-8")
    assert not runs.read(trained.id).test_opened
    first, second = (core("evaluate", trained.id, "--test") for _ in range(2))
    for process in (first, second):
        assert process.returncode == 0, process.stderr
        assert process.stdout.startswith(f"Test accuracy {trained.result.test_accuracy:.2%}")
    assert first.stderr.endswith("is open from now on: the pages show its results.\n")
    assert second.stderr == ""
    opened = runs.read(trained.id).opened
    assert (opened.accuracy, opened.pair) == (None, None)


def test_the_end_of_a_sealed_run_is_told_without_its_test_figures(trained, capsys):
    sealed = replace(trained, visitor="a" * 32)
    for json_wanted in (False, True):
        assert _report(Namespace(json=json_wanted), sealed) == 0
        said = capsys.readouterr().out
        assert f"{trained.result.test_accuracy:.2%}" not in said
        assert not json_wanted or json.loads(said)["test_accuracy"] is None
    assert _report(Namespace(json=False), trained) == 0
    assert f", test accuracy {trained.result.test_accuracy:.2%}" in capsys.readouterr().out


def test_classify_prints_one_json_line_a_file(core, trained, boot, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("not a picture", encoding="utf-8")
    process = core("classify", "--run", trained.id, "--json", boot, bad, tmp_path / "none.png")
    assert process.returncode == 0, process.stderr
    good, wrong, missing = map(json.loads, process.stdout.splitlines())
    assert good["path"] == str(boot)
    assert good["class"] in datasets.find("fashion-mnist").classes
    assert len(good["probabilities"]) == 10
    assert good["error"] is None
    assert good["kind"] in ("photo", "sketch")
    assert 0 <= good["unknown"] <= 1
    for line, path in ((wrong, bad), (missing, tmp_path / "none.png")):
        assert line["path"] == str(path)
        assert line["error"].endswith(".")
        assert (line["label"], line["class"], line["probabilities"]) == (None, None, None)


def test_classify_fails_if_no_file_is_of_use(core, trained, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("not a picture", encoding="utf-8")
    process = core("classify", "--run", trained.id, "--json", bad, tmp_path / "none.png")
    assert process.returncode == 1
    assert [json.loads(line)["path"] for line in process.stdout.splitlines()] == [
        str(bad),
        str(tmp_path / "none.png"),
    ]
    assert "Traceback" not in process.stderr


@pytest.mark.skipif(
    not (BUNDLED_FOLDERS[BUNDLED] / "model.keras").exists(),
    reason="the bundled model is not trained yet",
)
def test_classify_uses_the_bundled_model(core, boot):
    process = core("classify", boot)
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(f"{boot}: Ankle boot (")
    assert runs.read(BUNDLED).state is State.FINISHED


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["train", "--architecture", "resnet"], "no architecture 'resnet'"),
        (
            ["train", "--architecture", "stack1:c3.p9.f"],
            "has window 9, and from 2 to 8 is",
        ),
        (["train", "--architecture", "stack1:c3.p8.p8.f"], "3 × 3 pixels are left, and the window"),
        (["train", "--architecture", "stack1:c1024.f.u4096"], "at most 5,000,000 are allowed"),
        (["train", "--dataset", "mnist"], "no data set 'mnist'"),
        (["train", "--dataset", "cifar-10", "--architecture", "basic-cnn"], "not made for"),
        (["train", "--dataset", "cifar-10"], "CIFAR-10 is not on this machine"),
        (["train", "--epochs", "0"], "Epochs is 0"),
        (["train", "--learning-rate", "nan"], "Learning rate is nan"),
        (["train", "--optimizer", "lion"], "Optimizer is 'lion'"),
        (["train", "--limit", "5"], "Limit is 5"),
        (["train", "--seed", "1" + "0" * 400], "Seed is 1000"),
        (["train", "--width", "9"], "Width is 9.0"),
        (["train", "--dropout", "1"], "Dropout is 1.0"),
        (["train", "--recipe", "best"], "no recipe 'best'. It has: origin, tuned"),
        (["train", "--augmentation", "flip", "swirl"], "Augmentation is 'swirl'"),
        (["train", "--resume", "no-such-run"], "no run 'no-such-run'"),
        (["train", "--resume", "../x"], "no run '../x'"),
        (["evaluate", "no-such-run"], "no run 'no-such-run'"),
        (["evaluate", "../x", "--json"], "no run '../x'"),
        (["classify", "--run", "no-such-run", "a.png"], "no run 'no-such-run'"),
    ],
)
def test_a_mistake_is_one_sentence(core, home, no_cifar10, arguments, text):
    assert_one_sentence(core(*arguments), text)
    assert not home.exists()


def test_a_wrong_setting_is_one_sentence(core, monkeypatch):
    monkeypatch.setenv("ATELIER_WORKERS", "many")
    assert_one_sentence(core("train", "--epochs", 1, "--limit", 1000), "ATELIER_WORKERS is 'many'")


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    process = run_core("train", "--limit", 1000, home=tmp_path / "file" / "home")
    assert_one_sentence(process, "set ATELIER_HOME to another folder")


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train", "--epochs", "two"], ["classify"]])
def test_a_wrong_use_shows_the_usage(core, arguments):
    process = core(*arguments)
    assert process.returncode == 2
    assert process.stderr.startswith("usage: python -m core")


def test_every_setting_is_an_option(core):
    text = core("train", "--help").stdout
    assert all(setting.option in text for setting in SETTINGS.values())


def test_a_run_that_was_cut_off_is_resumed_by_the_command_line(core):
    recipe = ARCHITECTURES["basic-cnn"].recipe.changed(epochs=80, augmentation=["flip"])
    config = runs.TrainingConfig("fashion-mnist", "basic-cnn", recipe, 300, width=0.5, dropout=0.1)
    run_id = runs.create(config, "ada")
    cut_off_after_two_epochs(run_id)
    assert runs.read(run_id).state is State.INTERRUPTED
    process = core("train", "--resume", run_id, "--json")
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert (answer["run"], answer["state"], answer["epochs"]) == (run_id, "finished", 80)
    epochs = runs.read_curves(runs.folder_of(run_id)).epochs["epoch"]
    assert epochs == list(range(1, 81))
    assert_one_sentence(core("train", "--resume", run_id), "cannot continue: it is finished")


def test_train_takes_every_kind_of_setting(core):
    process = core(
        *("train", "--architecture", "basic-cnn", "--limit", 300, "--epochs", 1, "--json"),
        *("--augmentation", "erasing", "flip", "--width", 0.5, "--dropout", 0.2, "--tensorboard"),
        *("--optimizer", "adamw", "--weight-decay", 0.01, "--patience", 3),
        *("--recipe", "tuned"),
    )
    assert process.returncode == 0, process.stderr
    config = runs.read(json.loads(process.stdout)["run"]).config
    assert (config.width, config.dropout, config.tensorboard) == (0.5, 0.2, True)
    assert config.recipe.augmentation == ("flip", "erasing")
    assert (config.recipe.optimizer, config.recipe.weight_decay) == ("adamw", 0.01)
    assert config.recipe.patience == 3
    assert (config.recipe_name, config.recipe.schedule) == ("tuned", "one-cycle")


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows only a console sends Ctrl-C")
def test_ctrl_c_stops_a_training_and_keeps_its_answer(home):
    with subprocess.Popen(
        command("train", "--architecture", "basic-cnn", "--epochs", 500, "--json"),
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        wait_until(lambda: list(home.glob("runs/*/batches.jsonl")), 90, "the first point")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert output.count("\n") == 1
    answer = json.loads(output)
    assert answer["state"] == "stopped"
    assert answer["reason"] == "Stopped on request."
    assert answer["test_accuracy"] is None
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert runs.read(answer["run"]).state is State.STOPPED
