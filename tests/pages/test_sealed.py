"""The sealed test set: no page tells a test figure before the owner has opened it."""

import csv
import io
import json

import numpy as np
import pytest
from making import SOMEBODY_ELSE, VISITOR, config
from reading import button, components, everything, labels, quiet, sentence, texts

from core import evaluation, runs
from core.runs import State, access, read_evaluation
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from pages.views.evaluate.figures import accuracy_guess_words, gap_words, pair_guess_words
from pages.views.evaluate.seal import GUESSED
from pages.views.runs.compare_tables import Share
from pages.views.runs.order import in_order
from pages.views.runs.spreadsheet import to_csv
from pages.words.telling import labels as lines

pytestmark = pytest.mark.usefixtures("bundled")

ACCURACY, LOSS = 0.43219, 0.98765  # figures that come from nowhere else
TOLD = ("43.22 %", "0.98765", "0.9877", "0.43219")


@pytest.fixture
def marked(put_run):
    """Return a function that makes a finished run whose test figures are these."""

    def marked(*arguments, **values) -> str:
        run_id = put_run(*arguments, **values)
        path = runs.folder_of(run_id).result
        result = json.loads(path.read_text(encoding="utf-8")) | {
            "test_accuracy": ACCURACY,
            "test_loss": LOSS,
        }
        path.unlink()
        path.write_text(json.dumps(result), encoding="utf-8")
        return run_id

    return marked


def views(run_id: str, other: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return every view that shows the figures of a run, as a page's name and its URL."""
    return {
        "card": ("train", {"run": run_id}),
        "list": ("train", {}),
        "table": ("runs", {}),
        "sorted": ("runs", {"sort": "-test"}),
        "comparison": ("runs", {"runs": f"{run_id},{other}"}),
        "evaluate": ("evaluate", {"run": run_id}),
        "test part": ("evaluate", {"run": run_id, "part": "test"}),
        "second run": ("evaluate", {"run": other, "with": run_id}),
        "second run, test part": ("evaluate", {"run": other, "with": run_id, "part": "test"}),
        "classify": ("classify", {"run": run_id}),
        "home": ("home", {}),
    }


def tells(app) -> bool:
    assert not app.exception
    sent = everything(app)
    return any(figure in sent for figure in TOLD)


@pytest.mark.parametrize("owner", [VISITOR, SOMEBODY_ELSE])
def test_no_page_tells_before_the_test_set_is_opened_and_then_they_do(open_page, marked, owner):
    run_id, other = marked(owner, shared=True), runs.BUNDLED
    for name, (page, query) in views(run_id, other).items():
        assert not tells(open_page(page, **query)), name
    runs.open_test(run_id)
    telling = {
        name
        for name, (page, query) in views(run_id, other).items()
        if tells(open_page(page, **query))
    }
    expected = set(views("", "")) - {"home"}
    # The list is of one's own runs, and elsewhere the figure is in the label of the choice.
    assert telling == (expected if owner == VISITOR else expected - {"list"})


def test_labels_csv_and_order_tell_no_more(marked):
    sealed, opened = runs.read(marked()), runs.read(marked(opened=True))
    validation = f"{100 * sealed.result.val_accuracy:.2f} %"
    assert f" · validation {validation} · " in lines([sealed])[sealed.id]
    assert " · test 43.22 % · " in lines([opened])[opened.id]
    rows = {
        row["run"]: row for row in csv.DictReader(io.StringIO(to_csv([sealed, opened], VISITOR)))
    }
    assert (rows[sealed.id]["test_set"], rows[sealed.id]["test_accuracy"]) == ("sealed", "")
    assert rows[sealed.id]["test_loss"] == ""
    assert (rows[opened.id]["test_set"], rows[opened.id]["test_accuracy"]) == (
        "opened",
        str(ACCURACY),
    )
    for sort in ("test", "-test"):
        assert in_order([sealed, opened], sort) == [opened, sealed]


def test_the_table_and_the_card_say_that_it_is_sealed(open_page, put_run):
    run_id = put_run()
    assert "sealed" in str(components(open_page("runs"), "runs_table"))
    card = {metric.label: metric.value for metric in open_page("train", run=run_id).metric}
    assert card["Test accuracy"].endswith("sealed")


@pytest.mark.parametrize("opened", ["yes", True, {"at": "now"}])
def test_notes_by_hand_open_nothing(open_page, marked, opened):
    run_id = marked()
    runs.folder_of(run_id).notes.write_text(json.dumps({"opened": opened}), encoding="utf-8")
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app) and not tells(app)
    assert "The test set is sealed" in texts(app)


def test_a_guess_by_hand_that_is_nonsense_is_not_shown(open_page, put_run):
    run_id = put_run()
    notes = {"opened": {"at": 1.0, "accuracy": "<b>", "pair": [3, 99]}}
    runs.folder_of(run_id).notes.write_text(json.dumps(notes), encoding="utf-8")
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app)
    assert "Validation − test" in texts(app) and "The guess" not in texts(app)


# The Evaluate page


def test_guess_open_and_see_the_gap(open_page, put_run):
    run_id = put_run()
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app)
    assert "The test set is sealed" in texts(app)
    assert not components(app, "confusion_grid") and not app.metric
    guess = app.slider(key=f"guess_accuracy_{run_id}")
    assert guess.value == round(100 * runs.read(run_id).result.val_accuracy, 1)
    guess.set_value(guess.value - 9)
    app.selectbox(key=f"guess_0_{run_id}").set_value(0)
    app.selectbox(key=f"guess_1_{run_id}").set_value(6).run()
    button(app, GUESSED).click().run()
    assert quiet(app)
    run = runs.read(run_id)
    assert run.opened.accuracy == pytest.approx(run.result.val_accuracy - 0.09, abs=0.0006)
    assert run.opened.pair == (0, 6)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Test accuracy"] == f"{100 * run.result.test_accuracy:.2f} %"
    gap = f"{100 * (run.result.val_accuracy - run.result.test_accuracy):+.2f}".replace("-", "−")
    assert f"**Validation − test: {gap} percentage points**" in texts(app)
    assert f"**The guess:** {100 * run.opened.accuracy:.1f} % was guessed, " in texts(app)
    assert "T-shirt/top & Shirt as the most confused pair is " in texts(app)
    # It stays so, for others too once it is shared.
    assert GUESSED not in labels(open_page("evaluate", run=run_id, part="test"))


def test_it_can_be_opened_without_a_guess_and_with_half_a_pair(open_page, put_run):
    run_id = put_run()
    app = open_page("evaluate", run=run_id, part="test")
    app.selectbox(key=f"guess_0_{run_id}").set_value(3).run()
    assert "A pair is two different classes" in texts(app)
    button(app, "Open without a guess").click().run()
    assert quiet(app)
    opened = runs.read(run_id).opened
    assert (opened.accuracy, opened.pair) == (None, None)
    assert "The guess" not in texts(app) and "Validation − test" in texts(app)


def test_only_the_owner_opens(open_page, put_run):
    run_id = put_run(SOMEBODY_ELSE, shared=True)
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app)
    assert "its owner has not opened the test set yet" in texts(app)
    assert GUESSED not in labels(app)
    runs.open_test(run_id, accuracy=0.5)
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app) and "50.0 % was guessed" in texts(app)


def test_who_may_open(home, put_run, trained):
    sealed, waiting = runs.read(put_run()), runs.read(runs.create(config(), VISITOR))
    assert access.may_open(sealed, VISITOR)
    assert not access.may_open(sealed, SOMEBODY_ELSE)
    assert not access.may_open(waiting, VISITOR)
    assert not access.may_open(runs.read(put_run(opened=True)), VISITOR)
    assert not access.may_open(trained, runs.COMMAND_LINE)


def test_the_bundled_model_is_open_and_has_both(open_page):
    for part in evaluation.VALIDATION, evaluation.TEST:
        app = open_page("evaluate", part=part)
        assert quiet(app)
        assert f"{part.capitalize()} accuracy" in [metric.label for metric in app.metric]
        assert ("Validation − test" in texts(app)) == (part == evaluation.TEST)


def test_a_part_that_does_not_exist_is_a_sentence(open_page):
    app = open_page("evaluate", part="training")
    assert sentence(app).startswith(
        "This link's part “training” is unavailable; showing the default."
    )
    assert "Validation accuracy" in [metric.label for metric in app.metric]


def test_a_run_of_an_earlier_version_is_asked_for_its_validation_images(open_page, put_run):
    run_id = put_run(opened=True)
    folder = runs.folder_of(run_id)
    there = read_evaluation(folder.validation, runs.read(run_id).config.validation_count, 10)
    folder.validation.unlink()
    app = open_page("evaluate", run=run_id)
    assert quiet(app)
    assert "This run predates saved predictions" in texts(app) and "Start" in labels(app)
    assert not app.metric
    # The test part does not wait for it, and as soon as it is there it is shown.
    assert "Validation − test" in texts(open_page("evaluate", run=run_id, part="test"))
    run = runs.read(run_id)
    values = {"probabilities": there.probabilities, "loss": np.array(there.loss)}
    write_analysis(analysis_file("validation", run), values, stamp_of(run))
    app = open_page("evaluate", run=run_id)
    assert quiet(app) and app.metric[0].label == "Validation accuracy"


# A second run


def test_a_second_run_is_compared_on_what_both_held_back(open_page, put_run):
    first, second = put_run(name="One"), put_run(name="Two", seed=1)
    app = open_page("evaluate", run=first, **{"with": second})
    assert quiet(app)
    count = runs.read(first).config.validation_count
    assert "**A** is “One”, **B** is “Two”. Unlabelled figures are A’s. A gets " in texts(app)
    assert f"of the {count:,} validation images that both held back right" in texts(app)
    picker = app.selectbox(key=f"pick_with_{second}")
    assert not any("One" in option for option in picker.options)
    picker.select_index(0).run()
    assert quiet(app)
    assert app.query_params["with"] in ("", [""]) and "both held back" not in texts(app)


def test_on_the_test_images_only_open_runs_are_offered(open_page, put_run):
    first, sealed = put_run(name="One", opened=True), put_run(name="Two", shared=True)
    app = open_page("evaluate", run=first, part="test", **{"with": sealed})
    assert not app.exception and not app.error
    assert "The test set of “Two” is sealed. Compare with it on the validation images." in texts(
        app
    )
    assert not any("Two" in option for box in app.selectbox[1:] for option in box.options)
    runs.open_test(sealed)
    app = open_page("evaluate", run=first, part="test", **{"with": sealed})
    assert quiet(app) and "of the 10,000 test images right" in texts(app)


def test_what_cannot_be_the_second_run_is_a_sentence(open_page, put_run, every_state):
    run_id = put_run()
    hidden, other_data = put_run(SOMEBODY_ELSE), put_run()
    path = runs.folder_of(other_data).config
    values = json.loads(path.read_text(encoding="utf-8"))
    values["config"] |= {"dataset": "cifar-10"}
    path.unlink()
    path.write_text(json.dumps(values), encoding="utf-8")
    for asked, words in (
        ("../x", "There is no run"),
        (hidden, "belongs to someone else and is not shared"),
        (every_state[State.QUEUED], "has no network yet"),
        (other_data, "answered the images of another data set"),
    ):
        app = open_page("evaluate", run=run_id, **{"with": asked})
        assert not app.exception
        assert words in texts(app)
        assert components(app, "confusion_grid")
    lost = put_run(name="Lost")
    runs.folder_of(lost).validation.unlink()
    app = open_page("evaluate", run=run_id, **{"with": lost})
    assert sentence(app).startswith("“Lost” cannot be compared: Its validation predictions")
    assert components(app, "confusion_grid")


# Words


def test_the_gap_in_words():
    chance = gap_words(Share(0.942, 5_000), Share(0.9363, 10_000))
    assert "+0.57 percentage points" in chance and "Chance alone could explain a gap" in chance
    worse = gap_words(Share(0.95, 5_000), Share(0.92, 10_000))
    assert "more than chance explains" in worse and "fit those better than new images" in worse
    better = gap_words(Share(0.92, 5_000), Share(0.95, 10_000))
    assert "−3.00" in better and "easier for this network" in better


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (0.9, "90.0 % was guessed, which is right."),
        (0.904, "90.4 % was guessed, 0.4 points too high, within the figure’s interval."),
        (0.85, "85.0 % was guessed, 5.0 points too low."),
    ],
)
def test_the_guessed_accuracy_in_words(guess, words):
    assert accuracy_guess_words(guess, Share(0.9, 10_000)) == words


def test_the_guessed_pair_in_words():
    truth = np.repeat([0, 1, 2, 3], 10)
    answered = np.array([1] * 4 + [0] * 6 + [1] * 7 + [2] * 3 + [2] * 9 + [0] + [3] * 10)
    pairs, names = evaluation.pairs(truth, answered, 4), ("a", "b", "c", "d")
    for guess, words in (
        ((1, 0), "b & a as the most confused pair is right."),
        (
            (0, 2),
            "a & c as the most confused pair is number 3, mixed up once; a & b is, 4 times.",
        ),
        ((0, 3), "a & d as the most confused pair is never mixed up; a & b is, 4 times."),
    ):
        assert pair_guess_words(guess, pairs, names) == words
    assert pair_guess_words((0, 1), [], names).endswith("is never mixed up.")


def test_while_a_task_is_open_no_page_tells_what_was_opened_before(open_page, marked, of_class):
    run_id, other = marked(VISITOR, shared=True), runs.BUNDLED
    runs.open_test(run_id)
    of_class(True)
    for name, (page, query) in views(run_id, other).items():
        assert not tells(open_page(page, **query)), name
    of_class(False)
    assert tells(open_page("evaluate", run=run_id, part="test"))


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("evaluate", {"part": "test", "run": runs.BUNDLED}),
        ("explore", {"view": "labels"}),
        ("explore", {"view": "images", "image": "test-5"}),
        ("home", {"try": "test"}),
    ],
)
def test_the_test_images_are_closed_for_who_is_in_the_class(open_page, of_class, page, query):
    assert "closed for your class" not in texts(open_page(page, **query))
    of_class(True)
    app = open_page(page, **query)
    assert not app.exception and "closed for your class" in texts(app)
    of_class(False)
    assert "closed for your class" not in texts(open_page(page, **query))


@pytest.mark.parametrize("view", ["images", "classes"])
def test_explore_offers_no_test_split_while_it_is_closed(open_page, of_class, view):
    def split(app):
        return next(each for each in app.segmented_control if each.label == "Split")

    assert split(open_page("explore", view=view, split="test")).value == "test"
    of_class(True)
    app = open_page("explore", view=view, split="test")
    assert not app.exception and split(app).options == ["Training"]
    assert "closed for your class" in split(app).help


def test_how_many_test_sets_were_opened_is_told_before_the_next(open_page, put_run):
    first, second = put_run(), put_run()
    assert "You have opened the test set" not in texts(
        open_page("evaluate", run=first, part="test")
    )
    runs.open_test(first)
    app = open_page("evaluate", run=second, part="test")
    assert "You have opened the test set of 1 run on" in texts(app)
