import json

import pytest
from support import small

from core.architectures import ARCHITECTURES, Dense, Dropout, Recipe
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


def test_a_config_of_version_0_1_0_is_read():
    words = {name: WORDS[name] for name in ("dataset", "architecture", "limit", "seed")}
    recipe = {"optimizer": "adam", "augmentation": "flip-shift", "epochs": 3}
    config = TrainingConfig.from_dict(words | {"recipe": recipe})
    assert config.recipe.augmentation == ("flip", "shift")
    assert (config.width, config.dropout, config.tensorboard) == (1.0, None, False)


def test_a_batch_that_no_memory_holds_is_refused_with_a_way_out():
    def config(batch_size, width, limit=None):
        recipe = Recipe(batch_size=batch_size)
        return TrainingConfig("fashion-mnist", "two-conv-cnn", recipe, limit, width=width)

    with pytest.raises(SettingsError) as caught:
        config(4096, 4)
    assert "A batch of 4,096 images would need about" in str(caught.value)
    assert str(caught.value).endswith("Use a smaller batch or a smaller width.")
    # What the sentence says helps; and no batch has more images than there are.
    assert config(256, 4).width == 4
    assert config(4096, 0.5).width == 0.5
    assert config(4096, 4, limit=200).recipe.batch_size == 4096


def test_the_network_has_the_size_that_was_asked_for():
    config = TrainingConfig("fashion-mnist", "mlp", Recipe(), width=0.5, dropout=0.2)
    assert [layer.units for layer in config.network.layers if isinstance(layer, Dense)] == [150, 50]
    assert config.network.layers[-1] == Dropout(0.2)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


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
        ({"dataset": None}, "as text"),
        ({"dataset": ["fashion-mnist"]}, "as text"),
        ({"architecture": "resnet"}, "no architecture 'resnet'"),
        ({"architecture": {}}, "as text"),
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
        ({"width": 0.2}, "Width is 0.2"),
        ({"width": 4.1}, "Width is 4.1"),
        ({"width": float("nan")}, "Width is nan"),
        ({"width": "wide"}, "Width is 'wide'"),
        ({"dropout": -0.1}, "Dropout is -0.1"),
        ({"dropout": 0.95}, "Dropout is 0.95"),
        ({"dropout": True}, "Dropout is True"),
        ({"tensorboard": 1}, "true or false"),
        ({"owner": "me"}, "unknown setting 'owner'"),
        ({"recipe_name": "best"}, "no recipe 'best'. It has: origin, tuned"),
        ({"recipe_name": ["tuned"]}, "Name the recipe as text"),
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
