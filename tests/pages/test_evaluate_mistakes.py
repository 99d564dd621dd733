"""Evaluate, mistakes: the lists of a real network, and those of answers made for the test."""

import json

import numpy as np
import pytest
from reading import components, quiet, sentence, texts

from core import datasets, evaluation, runs
from core.runs import Evaluation, State
from pages.words import mistake, percent, sure_by
from pages.words.comparison import NONE_IN_COMMON

ONE = ("sure", "hesitant", "pairs")
TWO = ("only-a", "only-b", "both")


@pytest.fixture
def finished(every_state):
    return every_state[State.FINISHED]


@pytest.fixture
def other(finished):
    """Return a second run, whose answers are a bit different."""
    run = runs.read(finished)
    copy = run.path.with_name("another-run")
    copy.mkdir()
    for file in run.path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    second = runs.read("another-run")
    for part in ("test", "validation"):
        answers = evaluation.answers_of(run, part)
        noise = np.random.default_rng(0).gamma(2.0, size=answers.probabilities.shape)
        changed = answers.probabilities * noise
        changed /= changed.sum(axis=1, keepdims=True)
        path = second.folder.evaluation if part == "test" else second.folder.validation
        runs.write_evaluation(path, Evaluation(changed.astype(np.float32), 0.5))
    return second.id


def shown(app) -> list[str]:
    """Return what the gallery of the list says of its images."""
    (message,) = components(app, "gallery")
    return json.loads(message.json)["labels"]


def answers(run_id: str, part: str = "validation") -> evaluation.Answers:
    return evaluation.answers_of(runs.read(run_id), part)


def test_the_surest_mistake_comes_first(open_page, finished):
    app = open_page("evaluate", run=finished, view="mistakes")
    assert quiet(app)
    given = answers(finished)
    first = evaluation.sure_and_wrong(given).places[0]
    names = app.selectbox(key="pair").options
    assert names[0] == "All pairs" and len(names) > 3
    assert shown(app)[0].startswith(f"Validation image {given.indices[first]}, ")
    wrong = int((~given.right).sum())
    assert f"{wrong:,} of {len(given):,} answers are wrong" in texts(app)
    assert f"**{wrong:,} images** · 1 to {min(48, wrong)}" in texts(app)


def captions(app) -> list[str]:
    """Return what the gallery of the list writes under its images."""
    (message,) = components(app, "gallery")
    return json.loads(message.json)["captions"]


def test_a_caption_says_which_is_the_truth_and_how_sure_the_network_was(open_page, finished):
    app = open_page("evaluate", run=finished, view="mistakes")
    given = answers(finished)
    place = evaluation.sure_and_wrong(given).places[0]
    names = datasets.find("fashion-mnist").classes
    truth, answer = names[given.labels[place]], names[given.predicted[place]]
    sure = sure_by(float(given.probabilities[place].max()))
    assert captions(app)[0].replace("\n", " ") == f"{truth}, called {answer} ({sure})"


@pytest.mark.parametrize(("name", "whose"), [("only-a", 1), ("only-b", 0)])
def test_a_caption_of_two_networks_is_about_the_one_that_is_wrong(
    open_page, finished, other, name, whose
):
    app = open_page("evaluate", run=finished, view="mistakes", list=name, **{"with": other})
    first, second = evaluation.in_common(answers(finished), answers(other))
    pair = (first, second) if name == "only-a" else (second, first)
    place = evaluation.only_right(*pair).places[0]
    wrong = (first, second)[whose]
    names = datasets.find("fashion-mnist").classes
    sure = sure_by(float(wrong.probabilities[place, wrong.predicted[place]]))
    said = f"{names[wrong.labels[place]]}, called {names[wrong.predicted[place]]} ({sure})"
    assert captions(app)[0].replace("\n", " ") == said


def test_the_lines_of_a_caption_are_short():
    assert mistake("Bag", "Ankle boot", 0.25) == "Bag, called\nAnkle boot\n(25 %)"
    assert mistake("T-shirt/top", "Bag", 0.25) == "T-shirt/top,\ncalled Bag\n(25 %)"


def test_links_with_the_former_names_of_the_lists_still_work(open_page, finished):
    app = open_page("evaluate", run=finished, view="mistakes", list="Right but hesitant")
    assert quiet(app)
    assert all("\nor " in caption for caption in captions(app))


def test_the_figures_of_two_networks_are_of_both(open_page, finished, other):
    app = open_page("evaluate", run=finished, **{"with": other})
    figures = {metric.label: metric.value for metric in app.metric}
    for letter, run_id in (("A", finished), ("B", other)):
        given = answers(run_id)
        assert figures[f"{letter} · accuracy"] == percent(given.right.mean(), 2)
        assert figures[f"{letter} · wrong answers"] == f"{(~given.right).sum():,}"


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("part", ["Validation", "Test"])
def test_every_list_of_one_run_has_a_link(open_page, finished, name, part):
    app = open_page("evaluate", run=finished, view="mistakes", list=name, part=part)
    assert quiet(app)
    assert all(label.startswith(f"{part} image ") for label in shown(app))
    assert len(components(app, "pareto")) == (name == "pairs")


@pytest.mark.parametrize("name", TWO)
def test_every_list_of_two_runs_holds_what_its_name_says(open_page, finished, other, name):
    app = open_page("evaluate", run=finished, view="mistakes", list=name, **{"with": other})
    assert quiet(app)
    a, b = answers(finished), answers(other)
    right = {
        "only-a": a.right & ~b.right,
        "only-b": ~a.right & b.right,
        "both": ~a.right & ~b.right,
    }[name]
    assert f"**{right.sum():,} images** ·" in texts(app)
    inside = set(a.indices[right].tolist())
    assert {int(label.split()[2].strip(",")) for label in shown(app)} <= inside
    assert f"**{int((~a.right & ~b.right).sum()):,} both**" in texts(app)


def test_a_pair_filters_and_stays_when_the_list_changes(open_page, finished):
    app = open_page("evaluate", run=finished, view="mistakes", list="pairs")
    given = answers(finished)
    top = evaluation.pairs(given.labels, given.predicted, 10)[0]
    name = f"{top.first}-{top.second}"
    app.selectbox(key="pair").set_value(name).run()
    assert quiet(app)
    assert f"**{top.count:,} images** ·" in texts(app)
    (message,) = components(app, "pareto")
    assert json.loads(message.json)["selected"] == 0
    app.segmented_control(key="list").set_value("sure").run()
    assert quiet(app)
    assert app.selectbox(key="pair").value == name


def test_pages_follow_one_another_and_a_new_list_begins_at_the_first(open_page, finished):
    app = open_page("evaluate", run=finished, view="mistakes", part="Test", page="2")
    given = answers(finished, "test")
    expected = given.indices[evaluation.sure_and_wrong(given).places[48]]
    assert shown(app)[0].startswith(f"Test image {expected}, ")
    app.segmented_control(key="list").set_value("hesitant").run()
    assert quiet(app)
    assert "· 1 to 48" in texts(app)


def test_an_image_opens_with_its_answers_and_its_nearest_training_images(
    open_page, finished, other
):
    given = answers(finished)
    index = int(given.indices[evaluation.sure_and_wrong(given).places[0]])
    app = open_page("evaluate", run=finished, view="mistakes", image=str(index), **{"with": other})
    assert quiet(app)
    assert len(components(app, "probability_bars")) == 2
    assert "**The 5 most similar training images**" in texts(app)
    nearest = json.loads(components(app, "gallery")[-1].json)["labels"]
    assert len(nearest) == 5 and all(label.startswith("Training image ") for label in nearest)
    config = runs.read(finished).config
    found = {int(label.split()[2].strip(",")) for label in nearest}
    # Neither the image itself nor any other that the run held back.
    assert found.isdisjoint(runs.held_out(config).tolist())
    assert max(found) < config.used


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("name", ONE)
def test_no_mistakes_and_nothing_but_mistakes(open_page, finished, right, name):
    given = answers(finished)
    answered = np.eye(10, dtype=np.float32)[given.labels if right else (given.labels + 1) % 10]
    runs.write_evaluation(
        runs.read(finished).folder.validation, Evaluation(answered, 0.0 if right else 16.0)
    )
    app = open_page("evaluate", run=finished, view="mistakes", list=name)
    assert quiet(app)
    empty = right == (name != "hesitant")
    assert len(app.info) == empty
    assert bool(components(app, "gallery")) != empty


def test_two_runs_with_no_image_in_common_are_not_compared(open_page, finished, other):
    # The second learned from fewer images, and held back others.
    second = runs.read(other)
    path = second.folder.config
    path.write_text(
        path.read_text(encoding="utf-8").replace('"limit": 2000', '"limit": 500'), encoding="utf-8"
    )
    config = runs.read(other).config
    runs.write_evaluation(
        second.folder.validation,
        Evaluation(np.full((config.validation_count, 10), 0.1, np.float32), 2.3),
    )
    app = open_page("evaluate", run=finished, view="mistakes", list="both", **{"with": other})
    assert not app.exception
    assert any("they have none in common" in each.value for each in app.info)
    assert NONE_IN_COMMON in texts(app)
    assert not components(app, "gallery")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("list", "<script>"),
        ("list", "only-a"),
        ("pair", "0-0"),
        ("pair", "99-100"),
        ("page", "0"),
        ("page", "9" * 400),
        ("page", "x"),
        ("image", "-1"),
        ("image", "9" * 400),
        ("image", "²"),
        ("image", "<b>"),
    ],
)
def test_what_a_link_may_not_ask_for_becomes_a_sentence(open_page, finished, name, value):
    app = open_page("evaluate", run=finished, view="mistakes", **{name: value})
    assert f"{name} “{value[:20]}" in sentence(app)
    assert components(app, "gallery")


def test_a_list_of_two_runs_without_the_second(open_page, finished, other):
    app = open_page("evaluate", run=finished, view="mistakes", list="both", **{"with": other})
    app.selectbox(key=f"pick_with_{other}").set_value("").run()
    assert not app.exception
