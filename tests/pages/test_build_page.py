"""Train, Build your own: a network in the link, in the form, and in the run that is started."""

import json

import pytest
import streamlit as st
from making import VISITOR
from reading import button, components, labels, quiet, sentence, texts

from core import architectures, runs
from core.architectures import ARCHITECTURES, stack, stack_like
from core.runs import TrainingConfig
from pages.views.train.editor import BUILD, START, TITLE
from pages.widgets import network_editor

TEXT = "stack1:c8.p2.r.c8.c8l.e.f.u16"
FAULTY = "stack1:c8.p8.p8.f.u16"


def editor(app):
    """Return what the editor on the page is told."""
    (message,) = components(app, "network_editor")
    return json.loads(message.json)


def train_button(app):
    return button(app, "Train")


def test_the_editor_appears_only_when_it_is_chosen(open_page):
    app = open_page("train")
    assert quiet(app)
    assert not components(app, "network_editor")
    app.selectbox(key="architecture").select(BUILD).run()
    assert quiet(app)
    data = editor(app)
    assert (data["text"], data["shape"], data["classes"]) == (START, [28, 28, 1], 10)
    assert [each["title"] for each in data["starts"]][:1] == ["Basic CNN"]
    recipe = stack(START).recipe
    assert app.number_input(key="epochs").value == recipe.epochs
    assert app.query_params["architecture"] == START


def test_a_link_has_the_whole_network_and_trains_it(open_page, queue):
    app = open_page("train", architecture=TEXT, named="Mine, deeper", epochs="2")
    assert quiet(app)
    assert (editor(app)["text"], editor(app)["named"]) == (TEXT, "Mine, deeper")
    assert "width" not in [each.key for each in app.selectbox]  # its layers have their own sizes
    train_button(app).click().run()
    assert quiet(app)
    (run,) = runs.list_runs()
    assert (run.config.architecture, run.config.recipe.epochs) == (TEXT, 2)
    assert run.name == "Mine, deeper"
    assert run.id.split("-")[2] == "stack1"
    assert "Own residual CNN 8-8-8-16 on Fashion-MNIST" in texts(app)
    assert not components(app, "network_editor")  # the run is in its place
    button(app, "Edit its layers").click().run()
    assert quiet(app)
    assert editor(app)["text"] == TEXT and "run" not in app.query_params


def test_without_a_name_the_run_is_called_by_its_layers(open_page, queue):
    app = open_page("train", architecture="stack1:f.u12.u8")
    train_button(app).click().run()
    (run,) = runs.list_runs()
    assert run.name is None
    assert "Own MLP 12-8 on Fashion-MNIST" in texts(app)


def test_a_network_that_cannot_work_is_said_and_does_not_start(open_page, queue):
    app = open_page("train", architecture=FAULTY)
    assert not app.exception
    assert [each.value for each in app.error] == [
        "Layer 3 (Max pooling 8×8): 3 × 3 pixels are left, and the window is 8 × 8. Remove a "
        "pooling or a stride before it, or choose a smaller window."
    ]
    assert train_button(app).disabled
    assert editor(app)["text"] == FAULTY  # to be mended
    assert not runs.list_runs()


@pytest.mark.parametrize(
    "text",
    [
        "stack1:" + ".".join(["c3"] * 10_000),
        "stack1:c-3.f",
        "stack1:u1000000000000",
        "stack1:<script>alert(1)</script>",
        "stack1:lstm3",
        "stack7:c3.f",
        "stack1:",
        "stack1:c1024.f.u4096",
        "stack1:c3k11v.c3k11v.c3k11v",
    ],
)
def test_a_hostile_link_is_a_sentence(open_page, text):
    app = open_page("train", architecture=text, named="<b>![x](http://x.y/z)</b>" * 100)
    assert not app.exception
    said = [*(each.value for each in app.warning), *(each.value for each in app.error)]
    assert len(said) == 1 and said[0].endswith(".") and "<" not in said[0]
    for message in components(app, "network_editor"):
        assert len(json.loads(message.json)["named"]) <= 60


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_any_architecture_can_be_started_from(open_page, queue, name):
    dataset = ARCHITECTURES[name].datasets[0]
    app = open_page("train", dataset=dataset, architecture=name, epochs="3", batch_size="200")
    button(app, "Start from this").click().run()
    assert quiet(app)
    assert app.selectbox(key="architecture").value == BUILD
    assert editor(app)["text"] == stack_like(ARCHITECTURES[name])
    assert app.number_input(key="epochs").value == 3  # the settings stay
    train_button(app).click().run()
    (run,) = runs.list_runs()
    assert run.config.network.layers == ARCHITECTURES[name].layers
    assert run.config.recipe.batch_size == 200
    assert run.config.recipe.optimizer == ARCHITECTURES[name].recipe_for(dataset).optimizer


def test_its_size_comes_along(open_page):
    app = open_page("train", architecture="two-conv-cnn", width="0.5", dropout="0.2")
    button(app, "Start from this").click().run()
    assert quiet(app)
    sized = ARCHITECTURES["two-conv-cnn"].sized(0.5, 0.2)
    assert editor(app)["text"] == stack_like(sized)
    assert not {"width", "dropout"} & app.query_params.keys()


def test_settings_of_a_run_fill_the_editor_in(open_page):
    config = TrainingConfig("fashion-mnist", "stack1:c8.f", stack(TEXT).recipe, width=2, seed=4)
    run_id = runs.create(config, VISITOR)
    runs.annotate(run_id, name="Wide")
    app = open_page("train", run=run_id)
    button(app, "Use its settings").click().run()
    assert quiet(app)
    assert app.selectbox(key="architecture").value == BUILD
    button(app, "Edit its layers").click().run()
    assert (editor(app)["text"], editor(app)["named"]) == ("stack1:c16.f", "Wide")
    assert app.number_input(key="seed").value == 4


def test_other_data_keeps_the_network_and_says_where_it_fails(open_page):
    app = open_page("train", architecture="stack1:c8k11v.c8k11v.c8k9v.f.u16")
    assert "Layer 3 (Convolution 9×9, 8 filters, ReLU): 8 × 8 pixels are left" in sentence(app)
    app.selectbox(key="dataset").select("cifar-10").run()
    assert quiet(app)  # these images are larger
    assert editor(app)["shape"] == [32, 32, 3]
    assert app.selectbox(key="architecture").value == BUILD


def test_going_back_to_a_preset_takes_the_network_out_of_the_link(open_page):
    app = open_page("train", architecture=TEXT, named="Mine")
    app.selectbox(key="architecture").select("mlp").run()
    assert quiet(app)
    assert app.query_params["architecture"] == architectures.find("mlp").title
    assert "named" not in app.query_params
    app.selectbox(key="architecture").select(BUILD).run()
    assert editor(app)["text"] == TEXT  # it was not lost


def test_the_drawing_is_a_file(open_page):
    app = open_page("train", architecture=TEXT)
    assert "Drawing (SVG)" in [each.proto.label for each in app.get("download_button")]
    app = open_page("train", architecture=FAULTY)
    assert "Drawing (SVG)" not in [each.proto.label for each in app.get("download_button")]
    app = open_page("train", architecture="mlp")
    assert "Drawing (SVG)" in [each.proto.label for each in app.get("download_button")]


def test_what_is_built_is_found_among_the_runs(open_page):
    built = runs.create(TrainingConfig("fashion-mnist", TEXT, stack(TEXT).recipe), VISITOR)
    runs.create(TrainingConfig("fashion-mnist", "mlp", ARCHITECTURES["mlp"].recipe), VISITOR)
    app = open_page("runs", network=BUILD)
    assert quiet(app)
    (message,) = components(app, "runs_table")
    assert [row["id"] for row in json.loads(message.json)["rows"]] == [built]


@pytest.fixture
def said(monkeypatch):
    """Return a function that says what the browser has sent, and gets what becomes of it."""

    def said(value):
        monkeypatch.setattr(st, "session_state", {"network_editor": value})
        return network_editor._told("network_editor")

    return said


def test_what_the_browser_sends_may_be_anything(said):
    edit = {"text": TEXT, "named": "Mine", "at": 1.5}
    assert said({"edit": edit}) == (TEXT, "Mine")
    assert said({"edit": edit | {"named": "x" * 1000}}) == (TEXT, "x" * 60)
    for odd in (
        None,
        {},
        {"edit": None},
        {"edit": 7},
        {"edit": edit | {"text": None}},
        {"edit": edit | {"named": ["a"]}},
        {"edit": edit | {"text": "deep-cnn"}},
        {"edit": edit | {"text": "stack1:" + "c3." * 1000}},
    ):
        assert said(odd) is None


def test_a_task_that_shows_the_architecture_lets_it_be_built(open_page, queue):
    app = open_page("train", architecture="mlp", epochs="2", shows="architecture")
    assert quiet(app)
    app.selectbox(key="architecture").select(BUILD).run()
    assert quiet(app)
    assert editor(app)["text"] == START
    button(app, "Train").click().run()
    (run,) = runs.list_runs()
    assert (run.config.architecture, run.config.recipe.epochs) == (START, 2)


def test_a_task_can_give_a_network_that_was_built(open_page, queue):
    app = open_page("train", architecture=TEXT, shows="epochs")
    assert quiet(app)
    assert not components(app, "network_editor")  # it is given, and not to be changed
    assert "Own residual CNN 8-8-8-16" in texts(app)
    assert "Start from this" not in labels(app)
    button(app, "Train").click().run()
    (run,) = runs.list_runs()
    assert run.config.architecture == TEXT


def test_the_choice_has_a_name_of_its_own():
    assert BUILD not in ARCHITECTURES and TITLE not in {
        each.title for each in ARCHITECTURES.values()
    }
