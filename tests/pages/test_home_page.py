"""Home: a drawing, a sample and a test image are classified, and the server is described."""

import pytest
from reading import button, components, quiet, sentence, texts

from core import datasets, jobs, networks
from core.settings import forget_settings
from pages.words import literal

CLASSES = datasets.find("fashion-mnist").classes


def test_a_fresh_server_paints_before_tensorflow_is_loaded(open_page, monkeypatch):
    asked = []
    monkeypatch.setattr(networks, "warm", lambda: asked.append(True))
    app = open_page("home")
    assert quiet(app)
    assert app.title[0].value == "Atelier"
    assert "**Loading the network …**" in texts(app)
    assert not components(app, "probability_bars") and not asked
    assert "Network: starts with the first picture." in texts(app)
    assert "0 training (at most 1), 0 waiting. The next run starts at once." in texts(app)
    app.run()
    assert asked


@pytest.mark.usefixtures("bundled")
def test_a_sample_is_classified_and_can_be_opened_in_classify(open_page):
    app = open_page("home", **{"try": "samples", "sample": "Bag"})
    assert quiet(app)
    (bars,) = components(app, "probability_bars")
    assert all(name in str(bars) for name in CLASSES)
    starts = ("It is: ", "Best guess: ", "Probably none of the ten")
    assert any(line.startswith(starts) for line in texts(app).splitlines())
    (link,) = [each.proto for each in app.get("page_link") if "Open in" in each.proto.label]
    assert "from=samples" in link.query_string and "sample=Bag" in link.query_string


@pytest.mark.usefixtures("bundled")
def test_before_there_is_a_picture_the_page_says_where_the_answer_will_be(open_page):
    app = open_page("home")
    assert quiet(app)
    assert "The answer appears here" in texts(app) and "Ankle boot" in texts(app)
    assert "The bundled model gets " in texts(app)


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("right", [True, False])
def test_a_test_image_is_classified_and_the_truth_told(open_page, monkeypatch, right):
    network = networks.load(networks.find("bundled"))
    test = datasets.load("fashion-mnist", "test")
    said = network.probabilities(test.images[:200]).argmax(axis=1)
    index = int(((said == test.labels[:200]) == right).argmax())
    monkeypatch.setattr("random.randrange", lambda count: index)
    app = open_page("home", **{"try": "test"})
    assert quiet(app)
    assert f"The network says **{literal(CLASSES[said[index]])}** (" in texts(app)
    truth = literal(CLASSES[int(test.labels[index])])
    assert ("%). Correct." if right else f"%). Wrong: it is **{truth}**.") in texts(app)


@pytest.mark.usefixtures("bundled")
def test_another_one_shows_another_image(open_page, monkeypatch):
    drawn = iter([5, 77])
    monkeypatch.setattr("random.randrange", lambda count: next(drawn))
    app = open_page("home", **{"try": "test"})
    assert app.session_state["home_sample"] == 5
    button(app, "Another one").click().run()
    assert app.session_state["home_sample"] == 77
    assert not app.exception and "The network says **" in texts(app)


def test_the_suggested_path_has_every_page(open_page):
    pages = [each.proto.label for each in open_page("home").get("page_link")]
    assert pages == [f"**{name}**" for name in ("Explore", "Train", "Runs", "Evaluate", "Classify")]


@pytest.mark.parametrize("profile", ["", "small"])
def test_the_page_of_a_small_server_says_so(open_page, monkeypatch, profile):
    monkeypatch.setenv("ATELIER_PROFILE", profile)
    forget_settings()
    said = "Profile: small, for a server with little memory." in texts(open_page("home"))
    assert said == (profile == "small")


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("2 cores", "The next run starts at once. Trains on: 2 cores."),
        ("GPU 0: Tesla T4", r"The next run starts at once. Trains on: GPU 0\: Tesla T4."),
        ("", "The next run starts at once."),
    ],
)
def test_the_page_says_what_trains(open_page, queue, monkeypatch, device, said):
    monkeypatch.setattr(queue, "engine", lambda: jobs.Engine(1, warm=True, device=device))
    assert f"0 training (at most 1), 0 waiting. {said}" in texts(open_page("home")).splitlines()


NEXT = [
    (jobs.Engine(1, warm=True), "The next run starts at once."),
    (jobs.Engine(1, running=1, queued=3, warm=True), "A new run waits for its turn."),
    (jobs.Engine(1, running=1, warm=True), "A new run waits for its turn."),
    (jobs.Engine(2, queued=1, warm=True), "A new run waits for its turn."),
    (jobs.Engine(0, warm=None), "A new run waits for its turn."),
    (jobs.Engine(1, warm=False), "A worker is warming up for the next run."),
    (jobs.Engine(1, warm=None), "The next run loads TensorFlow first, which takes some seconds."),
    (jobs.Engine(1, warm=True, problem="The disk is full."), "No run can start now."),
    (jobs.Engine(1, elsewhere=True), "Another server process starts the runs of this one."),
    (jobs.Engine(1, running=1, elsewhere=True), "A new run waits for its turn."),
]


@pytest.mark.parametrize(("engine", "said"), NEXT)
def test_when_the_next_run_starts_is_true(open_page, queue, monkeypatch, engine, said):
    monkeypatch.setattr(queue, "engine", lambda: engine)
    app = open_page("home")
    assert f"{engine.queued} waiting. {said}" in texts(app)


@pytest.mark.usefixtures("no_bundled")
def test_without_the_bundled_model_the_page_says_so(open_page):
    app = open_page("home")
    assert sentence(app).startswith("The bundled model is missing or damaged. Restore it with")
    assert "Suggested path" in texts(app)


@pytest.mark.usefixtures("no_data")
def test_without_data_the_page_says_which_file_is_missing(open_page):
    app = open_page("home", **{"try": "test"})
    assert "missing from fashion-mnist" in sentence(app) and "git restore" in sentence(app)
    assert "Fashion-MNIST: not on this machine yet." in texts(app)
    assert "Suggested path" in texts(app)  # the rest of the page is there


@pytest.mark.usefixtures("damaged_data")
def test_with_damaged_data_the_page_says_which_file_it_is(open_page):
    app = open_page("home", **{"try": "test"})
    assert "t10k-images-idx3-ubyte.gz is damaged" in sentence(app)


def test_what_keeps_training_from_working_is_shown(open_page, queue, monkeypatch):
    monkeypatch.setattr(
        queue, "engine", lambda: jobs.Engine(workers=1, problem="Nothing can be trained now.")
    )
    app = open_page("home")
    assert sentence(app) == "Nothing can be trained now."
