"""Tasks of a class: the bundled ones, files with nonsense, links, and which runs are of a task."""

import dataclasses

import pytest

from core import jobs
from core.architectures import stack
from core.architectures.settings import SETTINGS
from core.classroom import tasks
from core.classroom.tasks import Figure, Kind, Task, What
from core.errors import SettingsError
from core.runs import TrainingConfig
from core.settings import ASSETS

BUNDLED = list(tasks.bundled().values())
BUILT = "stack1:c8.p2.f.u16"
MOST_SECONDS = 60  # that a run of a bundled task takes on two cores
OTHERS = {  # another value of each setting, which any network can have
    "epochs": 2,
    "batch_size": 77,
    "learning_rate": 0.0123,
    "limit": 3_000,
    "validation": 0.15,
    "validation_from": "random",
    "width": 2.0,
    "dropout": 0.1,
    "optimizer": "rmsprop",
    "weight_decay": 0.1,
    "schedule": "cosine",
    "label_form": "one-hot",
    "first_filters": "whitening",
    "precision": "bfloat16",
    "augmentation": ["rotation"],
    "label_smoothing": 0.2,
    "patience": 2,
    "seed": 5,
    "tensorboard": True,
}

PLAIN = """
id = "plain"
title = "A plain task"
question = "What happens?"
shows = ["learning_rate"]

[given]
architecture = "basic-cnn"
limit = 2000
"""


def changed(config: TrainingConfig, name: str, value: object) -> TrainingConfig:
    if SETTINGS[name].of_run:
        return dataclasses.replace(config, **{name: value})
    return dataclasses.replace(config, recipe=config.recipe.changed(**{name: value}))


def test_eight_tasks_are_bundled_and_stand_in_order():
    names = [path.name for path in sorted((ASSETS / "tasks").glob("*.toml"))]
    assert names == [f"{1 + i}-{task.id}.toml" for i, task in enumerate(BUNDLED)]
    assert len(BUNDLED) == 8
    # Every kind of guess and of measure has its example.
    assert {task.guess.kind for task in BUNDLED} == set(Kind)
    assert {task.counts.what for task in BUNDLED} == set(What)


@pytest.mark.parametrize("task", BUNDLED, ids=lambda task: task.id)
def test_a_bundled_task_is_whole(task):
    assert task.guess is not None and task.see and task.shows and task.limits.runs
    config = task.config()
    assert isinstance(config, TrainingConfig) and task.refusal(config) is None
    assert jobs.expected_seconds(config) < MOST_SECONDS < 60 * task.limits.minutes
    assert Task.from_toml(task.to_toml()) == task
    assert tasks.find(task.id) is task


@pytest.mark.parametrize("task", BUNDLED, ids=lambda task: task.id)
def test_a_bundled_task_is_a_link_and_the_link_is_the_task(task):
    again = tasks.task_of_link(task.link())
    assert again.config() == task.config() and again.shows == task.shows
    # As an address holds it that has each name once.
    again = tasks.task_of_link({name: values[0] for name, values in task.link().items()})
    assert again.config() == task.config()


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("task", BUNDLED, ids=lambda task: task.id)
def test_only_what_is_shown_may_be_changed(task, name):
    config, value = task.config(), OTHERS[name]
    if config.flat()[name] == value:
        value = SETTINGS[name].default
    other = changed(config, name, value)
    free = name in task.shows or not SETTINGS[name].shapes
    without_effect = SETTINGS[name].needs is not None
    if free or without_effect:
        assert task.refusal(other) is None
    else:
        assert "is not a run of the task" in task.refusal(other)
    if name in task.shows:
        assert task.config({name: value}) == other
    else:
        with pytest.raises(SettingsError, match="is given in this task"):
            task.config({name: value})


def test_another_network_trains_by_its_own_recipe():
    task = tasks.find("depth")
    config = task.config({"architecture": "deep-cnn"})
    assert config.recipe.patience == 5 and config.recipe.epochs == 3
    assert task.refusal(config) is None
    other = changed(config, "patience", None)
    assert "patience (epochs)” is 5 epochs" in task.refusal(other)
    assert "“Architecture” is given" in refused(
        lambda: tasks.find("luck").config({"architecture": "deep-cnn"})
    )


def test_another_data_set_recipe_or_network_is_another_task():
    task = tasks.find("luck")
    for values in ({"dataset": "cifar-10"}, {"architecture": "basic-cnn"}, {"recipe": "origin"}):
        other = Task("other", "Other", "What?", given={**task.given, **values}).config()
        assert "is not a run of the task" in task.refusal(other)


def test_limits_hold_for_what_is_shown_too():
    task = tasks.find("more-data")
    assert "at most 12,000 training images" in task.refusal(task.config({"limit": 30_000}))
    assert task.refusal(task.config({"limit": 12_000})) is None
    free = Task("free", "Free", "What?", shows=("epochs",), limits=tasks.Limits(epochs=6))
    assert free.refusal(free.config({"epochs": 7})) == (
        "This task allows a run at most 6 epochs. Choose fewer."
    )


def test_a_file_may_say_little():
    task = Task.from_toml(PLAIN)
    assert task.guess is None and task.counts.what is What.VALIDATION and task.counts.blind
    assert task.config().recipe.epochs == 10 and task.dataset == "fashion-mnist"
    assert Task.from_toml(task.to_toml()) == task


def test_what_toml_has_no_word_for_is_written_in_words():
    text = PLAIN + 'patience = "never"\ndropout = "its own"\n'
    text = text.replace("limit = 2000", 'limit = "all"')
    task = Task.from_toml(text)
    assert (task.given["patience"], task.given["dropout"], task.given["limit"]) == (None,) * 3
    assert Task.from_toml(task.to_toml()) == task


def test_texts_are_kept_with_plain_spaces():
    text = PLAIN.replace("What happens?", "One\u00a0 line.\\n\\n\\tAnother 👕 – 90 % > 80 %.")
    assert Task.from_toml(text).question == "One line.\n\nAnother 👕 – 90 % > 80 %."


def refused(action) -> str:
    with pytest.raises(SettingsError) as found:
        action()
    sentence = str(found.value)
    assert sentence[0].isupper() or sentence[0] == "“"
    assert sentence.endswith((".", "…")) and len(sentence) < 600
    return sentence


TOP = 'id = "x"\ntitle = "X"\nquestion = "Why?"\n'
GUESS = TOP + '[guess]\nquestion = "Which?"\n'
COUNTS = TOP + "[counts]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id = ", "not written as TOML"),
        ("a = " + "[" * 5_000, "not written as TOML"),
        ("a = " + "9" * 5_000, "not written as TOML"),
        ("", "lacks “id”"),
        ('id = "x"\ntitle = "X"', "lacks “question”"),
        (TOP + 'colour = "red"', "unknown key 'colour'"),
        (TOP.replace('"x"', '"../x"'), "id '../x' cannot be used"),
        (TOP.replace('"x"', "7"), "id '7' cannot be used"),
        (TOP.replace('"X"', "7"), "title is 7, but must be text"),
        (TOP.replace('"X"', "1979-05-27"), "must be text"),
        (TOP.replace('"X"', '" "'), "needs a title and a question"),
        (TOP.replace('"X"', '"' + "x" * 81 + '"'), "has 81 characters"),
        (TOP.replace("Why?", "y" * 10_000), "question has 10,000 characters, but may have at most"),
        (TOP.replace("Why?", "<b>Why?</b>"), "markup or a link (“<b”)"),
        (TOP.replace("Why?", "<script>x</script>"), "markup"),
        (TOP.replace("Why?", "[Why](x)"), "markup"),
        (TOP.replace("Why?", ":red[Why?]"), "markup"),
        (TOP.replace("Why?", ":material/home:"), "markup"),
        (TOP.replace("Why?", "see https://example.org"), "markup or a link"),
        (TOP.replace("Why?", "$x$"), "markup"),
        (TOP.replace("Why?", "a\\u0007b"), "control character (U+0007)"),
        (TOP.replace("Why?", "a\\u202eb"), "control character (U+202E)"),
        (TOP.replace('"X"', '"a\\nb"'), "control character (U+000A)"),
        (TOP + 'see = ["a"]', "see is ['a'], but must be text"),
        (TOP + 'shows = "seed"', "must be a list of names"),
        (TOP + 'shows = ["weather"]', "shows has the unknown setting 'weather'"),
        (TOP + 'shows = ["dataset"]', "data set cannot be shown"),
        (TOP + 'given = "all"', "“given” must be a table"),
        (TOP + "[given]\nspeed = 3", "[given] has the unknown key 'speed'"),
        (TOP + '[given]\narchitecture = "vgg"', "no architecture 'vgg'"),
        (TOP + "[given]\narchitecture = 3", "architecture is 3. Name it as text"),
        (TOP + "[given]\nrecipe = []", "recipe is []. Name it as text"),
        (TOP + '[given]\nrecipe = "best"', "has no recipe 'best'"),
        (TOP + '[given]\ndataset = "mnist"', "no data set 'mnist'"),
        (TOP + '[given]\ndataset = "cifar-10"\narchitecture = "basic-cnn"', "is not made for"),
        (TOP + "[given]\nepochs = 1000", "Epochs is 1000"),
        (TOP + '[given]\nepochs = "many"', "Epochs is 'many'"),
        (TOP + "[given]\nlearning_rate = nan", "Learning rate is nan"),
        (TOP + "[given]\nlimit = 2000000", "Limit is 2000000"),
        (TOP + '[given]\naugmentation = "flip"', "Augmentation is 'flip'"),
        (TOP + '[given]\nbatch_size = 4096\nwidth = 4\narchitecture = "residual-cnn"', "memory"),
        (TOP + "[limits]\nepochs = 0", "“limits.epochs” is 0"),
        (TOP + "[limits]\nruns = true", "“limits.runs” is True"),
        (TOP + "[limits]\nminutes = inf", "“limits.minutes” is inf"),
        (TOP + "[limits]\nhours = 1", "[limits] has the unknown key 'hours'"),
        (TOP + "[given]\nepochs = 9\n[limits]\nepochs = 3", "do not keep to the limits"),
        (GUESS, "[guess] lacks “kind”"),
        (GUESS + 'kind = "poll"', "Choose one of: choice, number, curve"),
        (GUESS + 'kind = "choice"', "needs choices"),
        (GUESS + 'kind = "choice"\nchoices = ["a"]', "2 to 8 choices, not 1"),
        (GUESS + 'kind = "choice"\nchoices = ["a", "a"]', "Two choices of a question are the same"),
        (GUESS + 'kind = "choice"\nchoices = ["a", 2]', "must be a list of names"),
        (GUESS + 'kind = "choice"\nchoices = ["a", "<i>b"]', "markup"),
        (GUESS + 'kind = "number"\nchoices = ["a", "b"]', "is of the kind “choice”"),
        (GUESS + 'kind = "number"\nlow = 3\nhigh = 3', "The first number must be the smaller one"),
        (GUESS + 'kind = "number"\nlow = "a"', "“guess.low” is 'a'"),
        (GUESS + 'kind = "curve"', "A drawn curve is of a figure"),
        (GUESS + 'kind = "curve"\nfigure = "seconds"', "A drawn curve is of a figure"),
        (GUESS + 'kind = "number"\nfigure = "mood"', "“guess.figure” is 'mood'"),
        (COUNTS + 'what = "beauty"', "“counts.what” is 'beauty'"),
        (COUNTS + 'what = "time"', "name the goal"),
        (COUNTS + 'what = "time"\ngoal = 85', "“counts.goal” is 85"),
        (COUNTS + 'what = "robust"\ncorruption = "rain"', "no corruption 'rain'"),
        (COUNTS + 'what = "answer"', "a question is asked"),
        (COUNTS + '[counts.question]\nkind = "number"\nquestion = "?"', "a question is asked"),
        (
            COUNTS + 'what = "answer"\n[counts.question]\nkind = "number"\nquestion = "?"',
            "name the right one",
        ),
        (
            COUNTS + 'what = "answer"\nanswer = "c"\n'
            '[counts.question]\nkind = "choice"\nquestion = "?"\nchoices = ["a", "b"]',
            "Choose one of: a, b.",
        ),
    ],
)
def test_nonsense_in_a_file_gets_a_sentence(text, sentence):
    assert sentence in refused(lambda: Task.from_toml(text))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"#" * 20_001, "at most 20,000 bytes, and this one has 20,001"),
        (TOP.encode("utf-16"), "not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not text in UTF-8"),
        (b"\0" * 100, "not written as TOML"),
    ],
)
def test_a_file_that_is_no_task_gets_a_sentence(content, sentence):
    assert sentence in refused(lambda: tasks.read_task(content))


def test_a_file_of_windows_is_read():
    content = b"\xef\xbb\xbf" + TOP.replace("\n", "\r\n").encode()
    assert tasks.read_task(content).id == "x"


def test_a_link_that_was_copied_is_a_task_at_once():
    query = {
        "architecture": "Deep CNN",
        "recipe": "Tuned",
        "epochs": "3",
        "limit": "6,000",
        "validation": "20%",
        "width": "×0.5",
        "dropout": "its own",
        "optimizer": "AdamW",
        "weight_decay": "0.01",
        "augmentation": ["Flip", "Shift"],
        "patience": "0",
        "tensorboard": "true",
        "run": "20260101-000000-mlp-abcdef",
    }
    task = tasks.task_of_link(query)
    config = task.config()
    assert task.title == "Deep CNN on Fashion-MNIST" and task.shows == tasks.SHOWABLE
    assert (config.architecture, config.recipe_name, config.limit) == ("deep-cnn", "tuned", 6_000)
    assert (config.width, config.dropout, config.tensorboard) == (0.5, None, True)
    recipe = config.recipe
    assert (recipe.epochs, recipe.validation, recipe.optimizer) == (3, 0.2, "adamw")
    assert (recipe.weight_decay, recipe.augmentation) == (0.01, ("flip", "shift"))
    assert recipe.patience is None and task.refusal(config) is None


@pytest.mark.parametrize(
    ("query", "augmentation"),
    [
        ("augmentation=Flip&augmentation=Erasing&augmentation=Shift", ("flip", "shift", "erasing")),
        ("augmentation=", ()),
        ("recipe=Tuned", ("flip",)),
    ],
)
def test_addresses_are_read_as_chromium_has_them(query, augmentation):
    """Copied from its address bar, after clicks on the form."""
    link = (
        f"http://localhost:8501/train?architecture=Atelier+CNN&{query}&patience=3&validation=30%25"
    )
    config = tasks.task_of_link(tasks.query_of(f" {link}&width=%C3%970.5\n")).config()
    assert config.recipe.augmentation == augmentation
    assert (config.recipe.patience, config.recipe.validation, config.width) == (3, 0.3, 0.5)


@pytest.mark.parametrize("address", ["http://[", "https://x/train?" + "a=1&" * 200])
def test_what_is_no_address_gets_a_sentence(address):
    assert "not the address of a page" in refused(lambda: tasks.query_of(address))


@pytest.mark.parametrize("address", ["", "hello", "?" * 20_000, "\0", "train?seed=%ff"])
def test_an_address_without_settings_asks_for_none(address):
    assert "epochs" not in tasks.query_of(address)


def test_a_link_may_write_values_as_the_command_line_does():
    task = tasks.task_of_link(
        {"architecture": "mlp", "optimizer": "sgd", "validation": "2000", "shows": "seed, limit"}
    )
    assert task.config().recipe.optimizer == "sgd" and task.config().recipe.validation == 2000
    assert task.shows == ("limit", "seed")


def test_a_link_without_a_network_means_what_the_train_page_takes_it_for():
    assert tasks.task_of_link({}).config().architecture == "sprint-cnn"
    assert tasks.task_of_link({"seed": "3"}).config().architecture == "mlp"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"epochs": "many"}, "Epochs is 'many'"),
        ({"epochs": "2.5"}, "Epochs is 2.5"),
        ({"learning_rate": "inf"}, "Learning rate is inf"),
        ({"augmentation": "Sparkle"}, "Augmentation is 'Sparkle'"),
        ({"tensorboard": "maybe"}, "Tensorboard is 'maybe'"),
        ({"architecture": "<b>"}, "no architecture '<b>'"),
        ({"dataset": "x" * 5_000}, "no data set"),
        ({"shows": "weather"}, "unknown setting 'weather'"),
    ],
)
def test_nonsense_in_a_link_gets_a_sentence(query, sentence):
    assert sentence in refused(lambda: tasks.task_of_link(query))


@pytest.mark.parametrize(
    ("task_id", "good", "bad"),
    [
        ("learning-rate", "0.1", "0.2"),
        ("learning-rate", "1", ["0.1"]),
        ("luck", 3, -1),
        ("luck", 0.5, float("nan")),
        ("luck", 50.0, True),
        ("luck", 0, "3"),
        ("overfitting", [10, 55.5, 70.0], [10]),
        ("overfitting", [0.0] * 60, [0, 101]),
        ("overfitting", (1, 2), "curve"),
        ("overfitting", [1, 2], [1, None]),
        ("overfitting", [1, 2], [0] * 501),
    ],
)
def test_a_guess_is_checked(task_id, good, bad):
    guess = tasks.find(task_id).guess
    assert guess.check(good) == (good if isinstance(good, str) else pytest.approx(good))
    refused(lambda: guess.check(bad))


def test_an_answer_is_right_within_its_tolerance():
    counts = dataclasses.replace(tasks.find("more-data").counts, answer=89.0, tolerance=0.7)
    assert counts.is_right(89.7) and counts.is_right(88.3) and not counts.is_right(89.8)
    choice = tasks.Question(Kind.CHOICE, "?", ("a", "b"))
    counts = tasks.Counts(What.ANSWER, question=choice, answer="a")
    assert counts.is_right("a") and not counts.is_right("b")


def test_figures_of_curves_are_figures():
    assert set(tasks.CURVES) <= set(Figure)


def test_a_network_that_was_built_can_be_given():
    config = TrainingConfig("fashion-mnist", BUILT, stack(BUILT).recipe.changed(epochs=3))
    task = tasks.task_of_config(config, ["epochs"])
    assert task.title == "Own CNN 8-16 on Fashion-MNIST"
    assert task.link()["architecture"] == [BUILT]
    assert tasks.task_of_link(task.link()).config() == task.config() == config
    assert Task.from_toml(task.to_toml()) == task
    assert task.refusal(config) is None
    other = TrainingConfig("fashion-mnist", "stack1:c8.f", config.recipe)
    refusal = task.refusal(other)
    assert refusal is not None and "“Architecture” is Own CNN 8-16" in refusal


def test_a_task_without_the_architecture_takes_no_network_that_was_built():
    task = Task("own", "Mine", "Why?", given={"architecture": "mlp"}, shows=("epochs",))
    config = TrainingConfig("fashion-mnist", BUILT, stack(BUILT).recipe)
    refusal = task.refusal(config)
    assert refusal is not None and "“Architecture” is MLP 300-100" in refusal
    with pytest.raises(SettingsError, match="“Architecture” is given in this task"):
        task.config({"architecture": BUILT})
    free = Task("own", "Mine", "Why?", shows=("architecture", "recipe"))
    assert free.config({"architecture": BUILT}).architecture == BUILT
    with pytest.raises(SettingsError, match="The block is empty"):
        free.config({"architecture": "stack1:r.e.f"})
    with pytest.raises(SettingsError, match="is of no kind"):
        Task("own", "Mine", "Why?", given={"architecture": "stack1:x9"})
