import json
import math

import pytest

from core.architectures import ARCHITECTURES, Recipe
from core.architectures.recipe import (
    Augmentation,
    FirstFilters,
    LabelForm,
    Optimizer,
    Schedule,
    ValidationFrom,
)
from core.errors import SettingsError

CHOICES = {
    "optimizer": Optimizer,
    "schedule": Schedule,
    "validation_from": ValidationFrom,
    "label_form": LabelForm,
    "first_filters": FirstFilters,
}
NO_NUMBERS = (None, "1", True, math.nan, math.inf, -math.inf, [], 10**400)
WRONG = {
    "learning_rate": (*NO_NUMBERS, 0, -0.1, 9e-7, 10.1),
    "batch_size": (*NO_NUMBERS, 0, -1, 4097, 64.0),
    "epochs": (*NO_NUMBERS, 0, 501, 1.5),
    "label_smoothing": (*NO_NUMBERS, -0.01, 0.51),
    "validation": (*NO_NUMBERS[1:], 0, -1, 0.0001, 1.5, 4999.5, 50_001),
    "patience": (*NO_NUMBERS[1:], 0, -1, 501, 2.5),
    "weight_decay": (*NO_NUMBERS, -0.001, 1.1),
    "augmentation": (None, "", "flip", 1, {}, ["best"], [1], [["flip"]], ["flip", None]),
    **dict.fromkeys(CHOICES, (None, "", "best", 1, [], {}, "SGD", "x" * 1000)),
}
EDGES = {
    "learning_rate": (1e-6, 10, 1),
    "batch_size": (1, 4096),
    "epochs": (1, 500),
    "label_smoothing": (0, 0.5),
    "validation": (None, 0.001, 0.999, 1, 5000.0, 50_000),
    "patience": (None, 1, 500),
    "weight_decay": (0, 1, 0.004),
    **{name: tuple(kind) for name, kind in CHOICES.items()},
}
RECIPES = {
    f"{architecture.name} on {dataset}": architecture.recipe_for(dataset)
    for architecture in ARCHITECTURES.values()
    for dataset in architecture.datasets
}


def pairs(table):
    return [
        pytest.param(name, value, id=f"{name}={value!r:.20}")
        for name, values in table.items()
        for value in values
    ]


@pytest.mark.parametrize(("name", "value"), pairs(WRONG))
def test_a_value_that_cannot_work_is_refused_in_a_sentence(name, value):
    with pytest.raises(SettingsError) as caught:
        Recipe(**{name: value})
    sentence = str(caught.value)
    assert sentence.startswith(name.replace("_", " ").capitalize())
    assert sentence.endswith(".")
    assert len(sentence) < 250


@pytest.mark.parametrize(("name", "value"), pairs(EDGES))
def test_values_at_the_edge_are_taken(name, value):
    assert getattr(Recipe(**{name: value}), name) == value


@pytest.mark.parametrize("name", CHOICES)
def test_a_wrong_choice_lists_the_right_ones(name):
    with pytest.raises(SettingsError) as caught:
        Recipe(**{name: "best"})
    assert all(choice in str(caught.value) for choice in CHOICES[name])


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_may_be_given_as_text(name):
    for choice in CHOICES[name]:
        assert getattr(Recipe(**{name: str(choice)}), name) is choice


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_part_of_a_recipe_takes_defaults_for_the_rest():
    assert Recipe.from_dict({"epochs": 3}) == Recipe(epochs=3)
    assert Recipe.from_dict({}) == Recipe()


@pytest.mark.parametrize("values", [None, [], "epochs", 3, [("epochs", 3)]])
def test_what_is_no_set_of_names_is_refused(values):
    with pytest.raises(SettingsError, match="not a set of named values"):
        Recipe.from_dict(values)


@pytest.mark.parametrize("name", ["momentum", "", "Epochs", "y" * 1000, 7])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(SettingsError, match=f"unknown setting '{str(name)[:40]}'") as caught:
        Recipe.from_dict({"epochs": 3, name: 1})
    assert "learning_rate" in str(caught.value)


def test_a_changed_recipe_is_checked_again():
    assert Recipe().changed(epochs=7) == Recipe(epochs=7)
    with pytest.raises(SettingsError, match="Epochs"):
        Recipe().changed(epochs=0)


@pytest.mark.parametrize(
    ("validation", "used", "count"),
    [
        (5000, 60_000, 5000),
        (5000, 6000, 500),  # a number shrinks with the data
        (1, 60_000, 1),
        (0.2, 60_000, 12_000),
        (0.2, 100, 20),
        (0.001, 1000, 1),
    ],
)
def test_images_held_back(validation, used, count):
    assert Recipe(validation=validation).validation_count(used, 60_000) == count


@pytest.mark.parametrize(("validation", "used"), [(1, 100), (0.001, 100), (0.999, 100)])
def test_at_least_one_image_is_left_on_either_side(validation, used):
    with pytest.raises(SettingsError, match=f"of {used} training images"):
        Recipe(validation=validation).validation_count(used, 60_000)


def test_augmentation_is_a_set_in_one_order():
    """However it is asked for, the same ways make equal recipes."""
    asked = Recipe(augmentation=["erasing", "flip", "flip"])
    assert asked.augmentation == (Augmentation.FLIP, Augmentation.ERASING)
    assert asked == Recipe(augmentation=(Augmentation.FLIP, "erasing"))
    assert Recipe(augmentation=[]).augmentation == ()
    assert Recipe.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked


def test_a_wrong_augmentation_lists_the_right_ones():
    for wrong in ("flip", ["best"]):
        with pytest.raises(SettingsError) as caught:
            Recipe(augmentation=wrong)
        assert all(way in str(caught.value) for way in Augmentation)


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("none", ()),
        ("flip", ("flip",)),
        ("flip-shift", ("flip", "shift")),
        ("affine", ("flip", "shift", "rotation", "scale")),
    ],
)
def test_augmentation_as_version_0_1_0_wrote_it_is_read(word, ways):
    assert Recipe.from_dict({"augmentation": word}).augmentation == ways


def test_a_word_that_no_version_wrote_is_refused():
    with pytest.raises(SettingsError, match="Augmentation is 'everything'"):
        Recipe.from_dict({"augmentation": "everything"})
