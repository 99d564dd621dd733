"""The table of settings: each entry is whole, and everything that should read it does."""

from dataclasses import fields

import pytest

from core.__main__ import main
from core.architectures import ARCHITECTURES, DEFAULT, PRESETS, UNNAMED, Recipe
from core.architectures.settings import SETTINGS, Choice, Number, count, in_words
from core.errors import SettingsError
from core.evaluation import differences
from core.runs import TrainingConfig
from core.settings import ROOT

OF_RECIPE = {field.name: field.default for field in fields(Recipe)}
OF_RUN = {field.name: field.default for field in fields(TrainingConfig)}


def test_every_field_has_an_entry():
    names = OF_RECIPE.keys() | OF_RUN.keys() - {"dataset", "architecture", "recipe", "recipe_name"}
    assert names == SETTINGS.keys()


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_an_entry_is_whole(setting):
    assert setting.default == (OF_RUN if setting.of_run else OF_RECIPE)[setting.name]
    assert setting.check(setting.default) == setting.default
    assert setting.title and setting.help.endswith(".") and setting.words(setting.default)
    assert setting.phrase(setting.default)  # also where a summary would not mention it
    if isinstance(setting, Choice):
        assert setting.titles.keys() == set(setting.kind)
        assert not setting.formerly.keys() & set(setting.titles.values())
    if isinstance(setting, Number):
        for wrong in (setting.low - 1, setting.high * 2 + 1, float("nan"), True, "1"):
            with pytest.raises(SettingsError):
                setting.check(wrong)
        for offered in setting.offered:
            assert setting.check(offered) == offered


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_an_entry_is_in_the_command_line_and_the_comparison(setting, capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert setting.option in capsys.readouterr().out
    compared = {
        each.name for each in differences([TrainingConfig("fashion-mnist", "mlp", Recipe())])
    }
    assert (setting.name in compared) == setting.shapes


def test_a_summary_leaves_out_what_is_as_usual():
    assert in_words(Recipe().to_dict()) == (
        "10 epochs, batches of 64, learning rate 0.001, 10% held back for validation, "
        "optimizer Adam"
    )
    told = in_words(Recipe(optimizer="adamw", epochs=1, patience=1).to_dict())
    assert told.startswith("1 epoch, ") and "weight decay 0.004" in told
    assert told.endswith("stops after 1 epoch without a lower validation loss")
    assert count(1_000, "image") == "1,000 images"


def told(measured):
    """Return a figure as the tables of RESULTS tell it."""
    if measured.low == measured.high:
        return f"{measured.percent:.2f}"
    return f"{measured.percent:.2f} % ({measured.low:.2f} to {measured.high:.2f})"


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_what_an_architecture_reaches_is_what_the_results_say(architecture):
    lines = (ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith(f"| {architecture.title} |")]
    for measured in architecture.measured:
        recipe = {"origin": "| as its origin |", "tuned": "| tuned |"}[measured.recipe]
        place = "CIFAR-10" if measured.dataset == "cifar-10" else ""
        if len(architecture.recipes) > 1:
            assert any(told(measured) in row and place in row and recipe in row for row in rows)
        else:
            assert any(told(measured) in row and place in row for row in rows)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_both_recipes_of_a_preset_were_measured(preset):
    for dataset in {each.dataset for each in preset.reported} or {preset.datasets[0]}:
        for name in preset.recipe_names:
            assert preset.measured_with(dataset, name) is not None


def test_the_first_architectures_are_there():
    assert {DEFAULT, UNNAMED} <= ARCHITECTURES.keys()
