"""What tells runs apart: nothing that is trained twice may look the same in a list."""

import json
import re

import pytest
from making import VISITOR, config
from reading import components, quiet

from core import architectures, runs
from core.runs import TrainingConfig
from pages.words.telling import MOST, UNCHANGED, changes, changes_words, labels, told_apart

pytestmark = pytest.mark.usefixtures("no_bundled")


def preset(**values) -> TrainingConfig:
    recipe = architectures.find("mlp").recipe_for("fashion-mnist")
    return TrainingConfig("fashion-mnist", "mlp", recipe, **values)


def made(*configs: TrainingConfig) -> list[runs.Run]:
    return [runs.read(runs.create(each, VISITOR)) for each in configs]


def test_only_what_differs_from_the_recipe_is_said_and_the_seed_first():
    assert changes(preset()) == []
    assert changes_words(preset()) == UNCHANGED
    changed = preset(limit=2_000, seed=3)
    recipe = changed.recipe.changed(learning_rate=0.1, epochs=1)
    changed = TrainingConfig("fashion-mnist", "mlp", recipe, limit=2_000, seed=3)
    said = changes(changed)
    assert said[0] == "seed 3"
    assert set(said) == {"seed 3", "2,000 images in all", "learning rate 0.1", "1 epoch"}
    assert changes_words(preset(seed=3)) == "seed 3"


def test_many_changes_are_counted():
    recipe = preset().recipe.changed(
        optimizer="adamw", learning_rate=0.1, epochs=3, label_smoothing=0.1, patience=2
    )
    words = changes_words(TrainingConfig("fashion-mnist", "mlp", recipe, seed=3))
    assert words.count(",") == MOST - 1
    assert words.endswith(" and 3 more")


def test_five_runs_of_one_preset_have_five_titles_and_five_lines(home):
    slow = preset().recipe.changed(learning_rate=0.0001)
    configs = [preset(), preset(seed=3), preset(seed=4), preset(seed=4)]
    listed = made(*configs, TrainingConfig("fashion-mnist", "mlp", slow))
    titles, lines = told_apart(listed), list(labels(listed).values())
    assert len(set(titles)) == len(set(lines)) == 5
    assert "seed 3" in titles[1] and "seed 3" in lines[1]
    assert "learning rate 0.0001" in titles[4] and "learning rate 0.0001" in lines[4]
    # The end of an id says nothing, so it stands only where all else is equal.
    endings = [run.id[-6:] in title for run, title in zip(listed, titles, strict=True)]
    assert endings == [False, False, True, True, False]


def test_a_name_that_tells_is_enough(home):
    listed = made(preset(), preset(seed=3))
    for run, name in zip(listed, ("First", "Second"), strict=True):
        runs.annotate(run.id, name=name)
    assert told_apart([runs.read(run.id) for run in listed]) == ["First", "Second"]


def test_table_comparison_and_pickers_say_it(open_page, put_run):
    ids = [put_run(seed=seed, opened=True) for seed in (3, 4)]

    def all_say(said: str) -> bool:
        return all(f"seed {seed}" in said for seed in (3, 4))

    assert all_say(str(components(open_page("runs"), "runs_table")))
    assert all_say(str(components(open_page("runs", runs=",".join(ids)), "compare_chart")))
    app = open_page("evaluate", run=ids[0])
    assert quiet(app)
    (network,) = [each for each in app.selectbox if each.label == "Network"]
    assert all_say(str(network.options))


def test_what_cannot_be_trained_any_more_is_still_listed(home):
    (run,) = made(config())
    path = runs.folder_of(run.id).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"]["dataset"] = "imported-and-removed"
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    damaged = runs.read(run.id)
    assert damaged.config is None
    assert run.id in labels([damaged])[run.id]
    assert re.search(run.id, told_apart([damaged])[0])
