"""The registry of architectures, without TensorFlow; ``test_build.py`` holds it against Keras."""

import pytest

from core import architectures, datasets
from core.architectures import (
    ARCHITECTURES,
    PRESETS,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    LabelForm,
    Optimizer,
    RecipeName,
)
from core.architectures.recipe import ValidationFrom
from core.architectures.settings import SETTINGS
from core.errors import SettingsError
from core.runs import TrainingConfig

USES = [
    pytest.param(architecture, dataset, id=f"{architecture.name}-{dataset}")
    for architecture in ARCHITECTURES.values()
    for dataset in architecture.datasets
]


def of_kind(name, kind):
    """Return the layers of one kind."""
    return [layer for layer in architectures.find(name).layers if isinstance(layer, kind)]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_entry_is_complete(name):
    architecture = ARCHITECTURES[name]
    assert architecture.name == name
    assert architecture.title and architecture.summary and architecture.origin
    assert architecture.datasets
    assert set(architecture.datasets) <= set(datasets.DATASETS)
    assert len(set(architecture.recipe_names)) == len(architecture.recipes) >= 1
    for _, recipes in architecture.recipes:
        assert {dataset for dataset, _ in recipes.by_dataset} <= set(architecture.datasets)
    assert (architecture.stated is not None) == (architecture in PRESETS)
    for reported in architecture.reported:
        assert reported.dataset in architecture.datasets
        assert 10 < reported.percent < 100
    assert architectures.find(name) is architecture


@pytest.mark.parametrize(("architecture", "dataset"), USES)
def test_each_use_makes_a_config_and_a_table(architecture, dataset):
    config = TrainingConfig(dataset, architecture.name, architecture.recipe_for(dataset))
    assert 1 <= config.validation_count < config.used
    spec = datasets.find(dataset)
    table = architecture.table(spec.shape, len(spec.classes))
    assert len(table) == len(architecture.layers) + 1
    assert table[-1].output_shape == (len(spec.classes),)
    assert all(row.layer.describe() for row in table)
    assert all(side > 0 for row in table for side in row.output_shape)


@pytest.mark.parametrize("name", ["resnet", "", "MLP", "x" * 1000])
def test_an_unknown_architecture_lists_those_there_are(name):
    with pytest.raises(SettingsError) as caught:
        architectures.find(name)
    assert all(known in str(caught.value) for known in ARCHITECTURES)
    assert len(str(caught.value)) < 300


def test_a_data_set_that_it_is_not_made_for_is_refused():
    with pytest.raises(SettingsError, match=r"not made for cifar-10.*fashion-mnist"):
        architectures.find("basic-cnn").recipe_for("cifar-10")


# The five presets are what their origins are.


def test_mlp_is_300_100_with_sgd_30_epochs_and_the_last_5000_images_for_validation():
    assert [layer.units for layer in of_kind("mlp", Dense)] == [300, 100]
    assert of_kind("mlp", Conv) == []
    recipe = architectures.find("mlp").recipe_for("fashion-mnist")
    assert recipe.optimizer is Optimizer.SGD
    assert recipe.epochs == 30
    assert recipe.validation_count(60_000, 60_000) == 5000
    assert recipe.validation_from is ValidationFrom.END


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_is_plain_by_default_and_has_a_tuned_recipe(preset):
    assert preset.recipe_names == (RecipeName.ORIGIN, RecipeName.TUNED)
    for dataset in preset.datasets:
        plain = preset.recipe_for(dataset)
        assert plain == preset.recipe_for(dataset, RecipeName.ORIGIN)
        assert plain.schedule == "constant" and not plain.label_smoothing
        assert not plain.augmentation and plain.precision == "float32"
        rate = 0.01 if plain.optimizer is Optimizer.SGD else 0.001  # Keras's defaults
        assert plain.learning_rate == rate
        tuned = preset.recipe_for(dataset, RecipeName.TUNED)
        assert tuned != plain and preset.tuning(dataset)
        assert (tuned.validation, tuned.validation_from) == (
            plain.validation,
            plain.validation_from,
        )  # else the two could not be compared by their validation images


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_what_is_stated_and_what_was_filled_in_make_the_whole_recipe(preset):
    assert set(preset.stated.settings) <= SETTINGS.keys()
    for dataset in preset.datasets:
        stated, filled = preset.provenance(dataset)
        recipe = preset.recipe_for(dataset).to_dict()
        for name, value in recipe.items():
            phrase = SETTINGS[name].phrase(value)
            if name in preset.stated.settings:
                assert phrase in stated and phrase not in filled
            elif SETTINGS[name].in_summary(value) and SETTINGS[name].needs is None:
                assert phrase in filled and phrase not in stated


def test_the_tuning_names_what_changes_and_nothing_else():
    tuning = architectures.find("two-conv-cnn").tuning("fashion-mnist")
    assert "one-cycle schedule" in tuning and "optimizer" not in tuning
    assert architectures.find("sprint-cnn").tuning("fashion-mnist") == ""


def test_a_recipe_that_there_is_not_is_refused():
    with pytest.raises(SettingsError, match=r"Sprint CNN has no recipe 'origin'. It has: tuned."):
        architectures.find("sprint-cnn").recipe_for("fashion-mnist", RecipeName.ORIGIN)


def test_two_convolutions_of_64_and_32_filters_with_dropout_for_10_epochs():
    convolutions = of_kind("two-conv-cnn", Conv)
    assert [(each.filters, each.kernel, each.stride, each.padding) for each in convolutions] == [
        (64, 3, 1, "same"),
        (32, 3, 1, "same"),
    ]
    assert architectures.find("two-conv-cnn").recipe.optimizer is Optimizer.ADAM
    assert [layer.rate for layer in of_kind("two-conv-cnn", Dropout)] == [0.3, 0.3, 0.5]
    assert [layer.units for layer in of_kind("two-conv-cnn", Dense)] == [256]
    assert architectures.find("two-conv-cnn").recipe.epochs == 10


def test_deep_cnn_has_one_hot_labels_a_fifth_for_validation_and_patience():
    recipe = architectures.find("deep-cnn").recipe
    assert recipe.label_form is LabelForm.ONE_HOT
    assert recipe.validation_count(60_000, 60_000) == 12_000
    assert recipe.patience is not None
    assert recipe.optimizer is Optimizer.ADAM
    layers = architectures.find("deep-cnn").network(10)
    after = layers[layers.index(GlobalAveragePool()) + 1 :]
    assert sum(isinstance(layer, Dense) for layer in after) >= 2  # layers, in the plural
    assert len(of_kind("deep-cnn", architectures.BatchNorm)) == len(of_kind("deep-cnn", Conv)) == 6


def test_basic_cnn_has_one_convolution_and_a_random_split():
    assert len(of_kind("basic-cnn", Conv)) == 1
    assert architectures.find("basic-cnn").recipe.validation_from is ValidationFrom.RANDOM


def test_strided_cnn_is_made_for_both_data_sets():
    architecture = architectures.find("strided-cnn")
    assert set(architecture.datasets) == {"fashion-mnist", "cifar-10"}
    assert [layer.stride for layer in of_kind("strided-cnn", Conv)] == [2, 2, 2]
    assert {(each.dataset, each.percent) for each in architecture.reported} >= {
        ("fashion-mnist", 96.43),
        ("cifar-10", 79.55),
    }


# Sizes


@pytest.mark.parametrize("width", [0.25, 0.5, 1, 2, 4])
@pytest.mark.parametrize("dropout", [None, 0, 0.5, 0.9])
@pytest.mark.parametrize(("architecture", "dataset"), USES)
def test_every_size_makes_a_config_and_a_table(architecture, dataset, width, dropout):
    recipe = architecture.recipe_for(dataset)
    config = TrainingConfig(dataset, architecture.name, recipe, width=width, dropout=dropout)
    spec = datasets.find(dataset)
    table = config.network.table(spec.shape, len(spec.classes))
    assert table[-1].output_shape == (len(spec.classes),)
    assert all(side > 0 for row in table for side in row.output_shape)
    for kind, size in ((Conv, "filters"), (Dense, "units")):
        sizes, own = (
            [getattr(layer, size) for layer in network.layers if isinstance(layer, kind)]
            for network in (config.network, architecture)
        )
        assert sizes == [round(width * each) for each in own]
    rates = [layer.rate for layer in config.network.layers if isinstance(layer, Dropout)]
    own = [layer.rate for layer in architecture.layers if isinstance(layer, Dropout)]
    if dropout is None:
        assert rates == own
    else:
        assert rates == ([dropout] * max(1, len(own)) if dropout else [])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_its_own_size_changes_nothing(name):
    assert ARCHITECTURES[name].sized(1.0, None) == ARCHITECTURES[name]


def test_dropout_comes_before_the_classifier_where_there_is_none():
    assert architectures.find("basic-cnn").sized(dropout=0.25).layers[-1] == Dropout(0.25)
