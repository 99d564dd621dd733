import json

import pytest
from support import small

from core.architectures import ARCHITECTURES, Recipe
from core.errors import SettingsError
from core.runs import TrainingConfig

CONFIG = TrainingConfig("fashion-mnist", "mlp", Recipe(validation=5000), limit=6000, seed=2**31 - 1)
WORDS = CONFIG.to_dict()


def test_a_config_survives_json():
    assert TrainingConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG


def test_limit_and_seed_have_defaults():
    words = {name: WORDS[name] for name in ("dataset", "architecture", "recipe")}
    config = TrainingConfig.from_dict(words)
    assert (config.limit, config.seed) == (None, 0)
    assert (config.used, config.validation_count, config.training_count) == (60_000, 5000, 55_000)


def test_counts_shrink_with_the_limit():
    assert (CONFIG.used, CONFIG.validation_count, CONFIG.training_count) == (6000, 500, 5500)


@pytest.mark.parametrize("lacking", ["dataset", "architecture", "recipe"])
def test_what_it_cannot_do_without(lacking):
    words = {name: value for name, value in WORDS.items() if name != lacking}
    with pytest.raises(SettingsError, match=f"lacks '{lacking}'"):
        TrainingConfig.from_dict(words)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "mnist"}, "no data set 'mnist'"),
        ({"dataset": None}, "named by text"),
        ({"dataset": ["fashion-mnist"]}, "named by text"),
        ({"architecture": "resnet"}, "no architecture 'resnet'"),
        ({"architecture": {}}, "named by text"),
        ({"architecture": "basic-cnn", "dataset": "cifar-10"}, "not made for cifar-10"),
        ({"recipe": None}, "recipe is not a set"),
        ({"recipe": {"epochs": "ten"}}, "Epochs is 'ten'"),
        ({"recipe": {"optimiser": "adam"}}, "unknown setting 'optimiser'"),
        ({"limit": 99}, "Limit is 99"),
        ({"limit": 60_001}, "Limit is 60001"),
        ({"limit": 0}, "Limit is 0"),
        ({"limit": True}, "Limit is True"),
        ({"limit": 100.0}, "Limit is 100.0"),
        ({"limit": 10**400}, "Limit is 1000"),
        ({"seed": -1}, "Seed is -1"),
        ({"seed": 2**31}, "Seed is 2147483648"),
        ({"seed": None}, "Seed is None"),
        ({"limit": 100, "recipe": {"validation": 5}}, "holds back 0 of 100"),
        ({"recipe": {"validation": 50_000}, "dataset": "cifar-10"}, "holds back 6,000 of 6,000"),
        ({"owner": "me"}, "unknown setting 'owner'"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(SettingsError, match=sentence):
        TrainingConfig.from_dict(WORDS | changes)


@pytest.mark.parametrize("values", [None, [], "config", 5])
def test_what_is_no_set_of_names_is_refused(values):
    with pytest.raises(SettingsError, match="not a set of named values"):
        TrainingConfig.from_dict(values)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_smallest_limit_works_for_every_recipe(name):
    dataset = ARCHITECTURES[name].datasets[0]
    recipe = ARCHITECTURES[name].recipe_for(dataset)
    config = TrainingConfig(dataset, name, recipe, limit=100)
    assert config.validation_count >= 1
    assert small(name, dataset=dataset, limit=100).used == 100
