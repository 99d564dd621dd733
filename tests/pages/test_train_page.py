"""Train: settings from recipes and URLs, starting a run, and showing runs of every state."""

import json

import pytest
from making import SOMEBODY_ELSE
from reading import button, components, labels, quiet, sentence, texts

from core import architectures, datasets, runs
from core.architectures import RecipeName
from core.architectures.settings import SETTINGS
from core.runs import State
from core.settings import settings


def test_without_runs_the_page_says_how_to_begin(open_page):
    app = open_page("train")
    assert quiet(app)
    (said,) = [info.value for info in app.info]
    begin, _, takes = said.removesuffix(".").partition(" takes ")
    assert begin == "You have no runs yet. Press Train: the first one"
    # The form begins with the same settings, and says below the button how long they take.
    assert any(each.value.endswith(f": {takes} on this machine.") for each in app.caption)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_choosing_an_architecture_takes_its_recipe(open_page, name):
    dataset = architectures.find(name).datasets[0]
    app = open_page("train", dataset=dataset)
    app.selectbox(key="architecture").select(name).run()
    assert not app.exception and not app.warning
    recipe = architectures.find(name).recipe_for(dataset)
    for key in ("epochs", "batch_size", "learning_rate", "label_smoothing"):
        assert app.number_input(key=key).value == getattr(recipe, key)
    for key in ("optimizer", "schedule", "validation", "validation_from"):
        assert app.selectbox(key=key).value == getattr(recipe, key)
    assert tuple(app.button_group(key="augmentation").value) == recipe.augmentation
    assert app.number_input(key="patience").value == (recipe.patience or 0)
    assert architectures.find(name).title in "".join(each.label for each in app.expander)


def test_train_makes_a_run_queues_it_and_opens_it(open_page, queue):
    app = open_page("train", epochs="3", batch_size="128", seed="7")
    app.select_slider(key="limit").set_value(6_000)
    button(app, "Train").click().run()
    assert quiet(app)
    (run,) = runs.list_runs()
    assert queue.submitted == [run.id]
    assert app.query_params["run"] == run.id
    assert (run.config.recipe.epochs, run.config.recipe.batch_size) == (3, 128)
    assert (run.config.limit, run.config.seed) == (6_000, 7)
    assert "Waiting: next in line, starts in about 2 min." in [
        each.proto.text for each in app.get("progress")
    ]
    assert "Stop" in labels(app)


@pytest.mark.parametrize("preset", architectures.PRESETS, ids=lambda preset: preset.name)
def test_the_two_recipes_of_a_preset_fill_the_form(open_page, queue, preset):
    app = open_page("train", architecture=preset.name)
    assert app.button_group(key="recipe").value == RecipeName.ORIGIN
    for phrase in preset.provenance("fashion-mnist"):
        assert phrase in texts(app)
    app.button_group(key="recipe").set_value(RecipeName.TUNED).run()
    assert quiet(app)
    tuned = preset.recipe_for("fashion-mnist", RecipeName.TUNED)
    assert preset.tuning("fashion-mnist") in texts(app)
    assert app.number_input(key="learning_rate").value == tuned.learning_rate
    assert app.selectbox(key="schedule").value == tuned.schedule
    button(app, "Train").click().run()
    (run,) = runs.list_runs()
    assert (run.config.recipe_name, run.config.recipe) == (RecipeName.TUNED, tuned)
    app.button_group(key="recipe").set_value(RecipeName.ORIGIN).run()
    assert app.selectbox(key="schedule").value == "constant"


def test_a_recipe_in_the_url_that_there_is_not_becomes_a_sentence(open_page):
    app = open_page("train", architecture="mlp", recipe="best")
    assert not app.exception
    assert "This link's recipe “best” is unavailable" in app.warning[0].value
    assert app.button_group(key="recipe").value == RecipeName.ORIGIN


@pytest.mark.parametrize("form", ["tuned", "Tuned"])
def test_a_link_may_name_the_recipe(open_page, form):
    app = open_page("train", architecture="basic-cnn", recipe=form, epochs="3")
    assert quiet(app)
    tuned = architectures.find("basic-cnn").recipe_for("fashion-mnist", RecipeName.TUNED)
    assert app.button_group(key="recipe").value == RecipeName.TUNED
    assert app.number_input(key="learning_rate").value == tuned.learning_rate
    assert app.number_input(key="epochs").value == 3
    app.selectbox(key="architecture").select("sprint-cnn").run()
    assert quiet(app) and not [each for each in app.button_group if each.key == "recipe"]
    app.selectbox(key="architecture").select("mlp").run()
    assert quiet(app) and app.number_input(key="epochs").value > 3


def test_a_folder_that_cannot_be_written_becomes_a_sentence(open_page, queue):
    settings().runs.parent.mkdir(parents=True, exist_ok=True)
    settings().runs.write_text("a file where the folder should be", encoding="utf-8")
    app = open_page("train")
    button(app, "Train").click().run()
    assert sentence(app).startswith("The run could not be saved in ")
    assert "Make the folder writable" in sentence(app)
    assert not queue.submitted


def test_settings_that_cannot_work_together_become_a_sentence(open_page, queue):
    app = open_page("train", architecture="atelier-cnn", batch_size="4096")
    app.selectbox(key="width").select(4.0).run()
    assert not app.exception
    assert "Use a smaller batch or a smaller width." in sentence(app)
    assert button(app, "Train").disabled


def test_a_link_is_an_experiment(open_page, queue):
    link = {
        "architecture": "two-conv-cnn",
        "epochs": "7",
        "learning_rate": "0.02",
        "optimizer": "adamw",
        "weight_decay": "0.05",
        "schedule": "cosine",
        "validation": "0.3",
        "validation_from": "random",
        "width": "0.5",
        "dropout": "0.2",
        "label_smoothing": "0.1",
        "precision": "bfloat16",
        "patience": "3",
        "seed": "11",
        "tensorboard": "true",
    }
    app = open_page("train", **link)
    app.button_group(key="augmentation").set_value(["flip", "erasing"]).run()
    button(app, "Train").click().run()
    assert quiet(app)
    (run,) = runs.list_runs()
    config, recipe = run.config, run.config.recipe
    assert (config.architecture, config.width, config.dropout) == ("two-conv-cnn", 0.5, 0.2)
    assert (config.seed, config.tensorboard) == (11, True)
    assert (recipe.epochs, recipe.learning_rate, recipe.weight_decay) == (7, 0.02, 0.05)
    assert (recipe.optimizer, recipe.schedule) == ("adamw", "cosine")
    assert (recipe.validation, recipe.validation_from) == (0.3, "random")
    assert (recipe.label_smoothing, recipe.patience) == (0.1, 3)
    assert recipe.augmentation == ("flip", "erasing")
    assert recipe.precision == "bfloat16"


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", "banana"), ("epochs", "1.5"), ("seed", "-1"), ("batch_size", "1e9")],
)
def test_a_number_in_the_url_that_cannot_be_becomes_a_sentence(open_page, name, value):
    app = open_page("train", **{name: value})
    assert f"This link's {name.replace('_', ' ')} “{value}”" in sentence(app)
    assert not app.exception and "Train" in labels(app)


def test_a_visitor_with_too_many_runs_waiting_is_told_so(open_page, queue):
    queue.submitted += ["a", "b", "c"]
    app = open_page("train")
    button(app, "Train").click().run()
    assert "as many as this server allows" in sentence(app)
    assert not runs.list_runs()


def test_a_run_is_paused_and_resumed(open_page, every_state, queue):
    run_id = every_state[State.QUEUED]
    app = open_page("train", run=run_id)
    button(app, "Pause").click().run()
    assert not app.exception
    assert runs.read(run_id).state is State.PAUSED
    button(app, "Resume").click().run()
    assert runs.read(run_id).state is State.QUEUED
    assert queue.submitted == [run_id]


def test_a_paused_run_offers_stop(open_page, every_state, queue):
    app = open_page("train", run=every_state[State.PAUSED])
    button(app, "Stop").click().run()
    assert not app.exception
    assert queue.stopped == [every_state[State.PAUSED]]


def test_the_network_under_an_opened_run_is_the_runs_own(open_page, every_state):
    run = runs.read(every_state[State.FINISHED])
    app = open_page("train", run=run.id, architecture="basic-cnn")
    (network,) = [each.label for each in app.expander if "parameters" in each.label]
    assert network == "**MLP 300-100** · 266,610 parameters"


def test_a_renamed_run_still_says_network_and_data(open_page, put_run):
    app = open_page("train", run=put_run(name="My best"))
    assert "MLP 300-100 on Fashion-MNIST" in texts(app)


def test_the_first_network_is_the_sprint(open_page):
    app = open_page("train")
    assert app.selectbox(key="architecture").value == "sprint-cnn"
    assert "test accuracy" in texts(app) and "about" in texts(app).lower()
    assert "architecture" not in app.query_params


def test_a_link_of_old_without_architecture_means_what_it_meant(open_page):
    assert open_page("train", epochs="7").selectbox(key="architecture").value == "mlp"


ANOTHER = {
    "epochs": "7",
    "batch_size": "256",
    "learning_rate": "0.5",
    "limit": "2,000",
    "validation": "0.3",
    "validation_from": "random",
    "width": "2",
    "dropout": "0.2",
    "optimizer": "rmsprop",
    "weight_decay": "0.5",
    "schedule": "cosine",
    "label_form": "one-hot",
    "first_filters": "whitening",
    "precision": "bfloat16",
    "augmentation": "Flip",
    "label_smoothing": "0.25",
    "patience": "3",
    "seed": "11",
    "tensorboard": "true",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_on_the_form_in_the_url_and_in_the_run(open_page, queue, name):
    link = {name: ANOTHER[name]}
    needs = SETTINGS[name].needs
    app = open_page("train", **(link | dict([needs] if needs else [])))
    assert quiet(app)
    (widget,) = [each for each in app._tree if getattr(each, "key", None) == name]
    assert widget.label == SETTINGS[name].title
    button(app, "Train").click().run()
    (run,) = runs.list_runs()
    value = run.config.flat()[name]
    assert value != architectures.find("mlp").recipe.to_dict().get(name, SETTINGS[name].default)
    assert SETTINGS[name].in_summary(value)


@pytest.mark.parametrize("title", ["at random, by the seed", "random (uses the seed)", "random"])
def test_titles_of_older_versions_in_links_still_work(open_page, title):
    app = open_page("train", validation_from=title)
    assert quiet(app) and app.selectbox(key="validation_from").value == "random"


def test_the_settings_of_a_run_can_be_taken_over(open_page, every_state):
    run = runs.read(every_state[State.FINISHED])
    app = open_page("train", run=run.id, architecture="basic-cnn", epochs="9")
    button(app, "Use its settings").click().run()
    assert not app.exception
    assert app.selectbox(key="architecture").value == "mlp"
    assert app.number_input(key="epochs").value == 1
    assert app.select_slider(key="limit").value == 2_000


def test_somebody_elses_run_is_not_shown_before_it_is_shared(open_page, every_state, trained):
    folder = runs.folder_of(every_state[State.FINISHED])
    header = json.loads(folder.config.read_text(encoding="utf-8"))
    folder.config.unlink()  # a folder shows that it changed when a file is replaced
    folder.config.write_text(json.dumps(header | {"visitor": SOMEBODY_ELSE}), encoding="utf-8")
    app = open_page("train", run=trained.id)
    assert "belongs to someone else and is not shared" in sentence(app)
    runs.annotate(trained.id, shared=True)
    app = open_page("train", run=trained.id)
    assert quiet(app)
    assert "Stop" not in labels(app) and f"shared_{trained.id}" not in [
        each.key for each in app.toggle
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("architecture", "foo"), ("dataset", "bar")],
)
def test_a_setting_in_the_url_that_there_is_not_becomes_a_sentence(open_page, name, value):
    app = open_page("train", **{name: value})
    assert f"This link's {name} “{value}”" in sentence(app)
    assert "Train" in labels(app)


@pytest.mark.parametrize("run_id", ["nope", "../../etc", "x" * 500, "<b>hi</b>", ".", "a\0b"])
def test_an_unknown_run_in_the_url_becomes_a_sentence(open_page, every_state, run_id):
    app = open_page("train", run=run_id)
    assert sentence(app).startswith("There is no run ")
    assert "Train" in labels(app)
    assert "Your latest runs" in texts(app)  # the sentence ends with "Choose one from the list."


def test_the_list_shows_ones_own_runs_of_every_state(open_page, every_state):
    app = open_page("train")
    assert quiet(app)
    said = texts(app)
    assert "The memory ran out. Use a smaller batch." in said
    assert "Its process ended before the training finished." in said
    (link,) = [each.proto for each in app.get("page_link") if each.proto.page == "runs"]
    assert link.label.startswith("All runs")


def test_yours_are_only_yours(open_page, every_state):
    app = open_page("train")
    opened = {each.key.removeprefix("open_") for each in app.button if each.label == "Open"}
    foreign = {every_state[state] for state in (State.FINISHED, State.DAMAGED)}
    assert opened == set(every_state.values()) - foreign


SENTENCES = {
    State.QUEUED: "Waiting",
    State.RUNNING: "Training",
    State.PAUSED: "Paused",
    State.FINISHED: "Finished",
    State.STOPPED: "Stopped on request.",
    State.FAILED: "The memory ran out. Use a smaller batch.",
    State.INTERRUPTED: "Its process ended before the training finished.",
    State.DAMAGED: "This run cannot be shown: The file config.json is not the JSON",
}


@pytest.mark.parametrize("state", State)
def test_a_run_of_any_state_can_be_opened(open_page, every_state, state):
    app = open_page("train", run=every_state[state])
    assert not app.exception
    assert SENTENCES[state] in texts(app)
    charts = components(app, "live_chart")
    assert len(charts) == (0 if state is State.DAMAGED else 1)


def test_a_damaged_run_is_the_only_error(open_page, every_state):
    app = open_page("train", run=every_state[State.DAMAGED])
    assert sentence(app).startswith("This run cannot be shown")
    assert "Train" in labels(app) and "Your latest runs" in texts(app)


def test_a_damaged_curve_leaves_the_rest_of_the_page_alone(open_page, every_state):
    run = runs.read(every_state[State.FINISHED])
    run.folder.batches.write_text("{broken\n", encoding="utf-8")
    app = open_page("train", run=run.id)
    assert sentence(app) == "The file batches.jsonl has a line that is not a point of a curve."
    assert "Train" in labels(app) and "Your latest runs" in texts(app)


def test_a_run_can_be_stopped(open_page, every_state, queue):
    app = open_page("train", run=every_state[State.QUEUED])
    button(app, "Stop").click().run()
    assert not app.exception
    assert queue.stopped == [every_state[State.QUEUED]]
    assert button(app, "Stop").disabled


def test_an_active_run_says_how_far_it_is(open_page, every_state):
    app = open_page("train", run=every_state[State.RUNNING])
    (progress,) = app.get("progress")
    assert progress.proto.text == (
        r"Epoch 1 of 1 · 9,500 images/s · about 10 s left · on GPU 0\: \*T4\*"
    )
    assert progress.proto.value == 50


def test_open_opens_the_run(open_page, every_state):
    app = open_page("train")
    app.button(key=f"open_{every_state[State.STOPPED]}").click().run()
    assert not app.exception
    assert app.query_params["run"] == every_state[State.STOPPED]
    assert app.button(key=f"open_{every_state[State.STOPPED]}").disabled


@pytest.mark.usefixtures("no_data")
def test_without_data_train_says_which_file_is_missing(open_page, queue):
    app = open_page("train")
    assert quiet(app)
    button(app, "Train").click().run()
    assert "is missing from assets/fashion-mnist" in sentence(app)
    assert not queue.submitted and not runs.list_runs()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["title", "name"])
@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_a_link_to_an_architecture_takes_its_recipe(open_page, name, form):
    architecture = architectures.find(name)
    dataset = datasets.find(architecture.datasets[0])
    asked = {"dataset": getattr(dataset, form), "architecture": getattr(architecture, form)}
    app = open_page("train", **asked)
    assert not app.exception
    assert not [warning for warning in app.warning if "This link" in warning.value]
    assert app.selectbox(key="architecture").value == name
    recipe = architecture.recipe_for(dataset.name)
    assert app.number_input(key="epochs").value == recipe.epochs
    assert app.selectbox(key="schedule").value == recipe.schedule
