"""The page Inside: which pictures it shows of whom, what it says to links that it cannot follow."""

import asyncio
import base64
import json
import re
import shutil

import numpy as np
import pytest
from making import SOMEBODY_ELSE, VISITOR
from reading import button, components, everything, quiet, sentence, texts

from core import datasets, runs
from core.datasets import imported
from core.datasets.imported import Choices
from core.datasets.sources import Found
from core.datasets.sources.parts import Part
from core.evaluation import reactions
from core.networks import browser
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.settings import ROOT, settings
from core.tasks import pool as tasks
from pages.session import weights
from pages.widgets.look_inside import Brought

HOSTILE = "<img src=x onerror=alert(1)>](javascript:alert(1))"


def shown(app):
    """Return what the browser is given to lay open."""
    (view,) = components(app, "inside_view")
    return json.loads(view.json)


@pytest.fixture
def others(put_run):
    return put_run(SOMEBODY_ELSE)


@pytest.fixture
def run_on_own_data(put_run):
    """Return a function that makes a shared run on 300 images that its owner imported."""

    def put(owner):
        split = datasets.load("fashion-mnist", "train")
        folder, counts = imported.stage(), {}
        for name, chosen in (("train", slice(300)), ("test", slice(300, 330))):
            with Part(folder, name, (28, 28, 1), lambda size: None) as part:
                part.append(split.images[chosen], split.labels[chosen], lambda i: f"line {i + 2}")
            counts[name] = part.counts[:10].tolist()
        found = Found("table", (28, 28, 1), counts, first=("line 2",) * 10, name="x.csv")
        classes = datasets.find("fashion-mnist").classes
        name = imported.save(folder, found, Choices("Ours", classes), owner)
        run = put_run(owner, shared=True)
        path = settings().runs / run / "config.json"
        values = json.loads(path.read_text(encoding="utf-8"))
        values["config"] |= {"dataset": name, "limit": None}
        values["config"]["recipe"]["validation"] = 0.1
        path.write_text(json.dumps(values), encoding="utf-8")
        assert runs.read(run).config is not None, runs.read(run).reason
        return run

    return put


def test_the_bundled_model_is_there_at_once(open_page):
    app = open_page("inside")
    assert quiet(app)
    data = shown(app)
    run = runs.read(runs.BUNDLED)
    assert data["bytes"] == 4 * run.config.parameters
    assert data["plan"] == browser.network_plan(run.config.network, datasets.find("fashion-mnist"))
    assert data["picture"]["label"] is not None and "validation image" in data["picture"]["name"]
    assert len(data["others"]) == 1 and data["others"][0]["address"] != data["address"]


def test_a_link_opens_its_run_and_its_image(open_page, put_run):
    run = put_run()
    config = runs.read(run).config
    held, learned = runs.held_out(config)[-1], runs.learned(config)[0]
    app = open_page("inside", run=run, image=f"train-{held}")
    assert quiet(app)
    data = shown(app)
    assert f"/weights/{run}/0/" in data["address"]
    train = datasets.find("fashion-mnist").load("train")
    assert data["picture"]["label"] == train.labels[held]
    assert base64.b64decode(data["picture"]["pixels"]) == train.images[held].tobytes()
    assert data["picture"]["name"].endswith(f"validation image {held:,}")
    other = shown(open_page("inside", run=run, image=f"train-{learned}"))
    assert other["picture"]["name"].endswith(f"training image {learned:,}")
    beyond = shown(open_page("inside", run=run, image="train-59999"))  # it is limited to 2,000
    assert beyond["picture"]["name"].endswith("image 59,999, not used in this training")


def test_what_somebody_elses_network_learned_from_stays_with_them(open_page, run_on_own_data):
    run = run_on_own_data(SOMEBODY_ELSE)
    config = runs.read(run).config
    held, learned = runs.held_out(config), runs.learned(config)
    train = datasets.load(config.dataset, "train")
    for index in learned[[0, -1]]:
        for name in ("image", "beside"):
            app = open_page("inside", **{"run": run, name: f"train-{index}"})
            assert quiet(app) and "a data set of someone else" in app.info[0].value
            (view,) = both(app)
            assert view["picture"]["name"].endswith(f"validation image {held[0]:,}")
            assert base64.b64decode(view["picture"]["pixels"]) == train.images[held[0]].tobytes()
    app = open_page("inside", run=run, image=f"train-{held[-1]}")
    assert quiet(app) and not app.info
    assert shown(app)["picture"]["name"].endswith(f"validation image {held[-1]:,}")
    own = run_on_own_data(VISITOR)
    app = open_page("inside", run=own, image=f"train-{learned[0]}")
    assert quiet(app) and not app.info
    assert shown(app)["picture"]["name"].endswith(f"training image {learned[0]:,}")


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("abc", "asks for image “abc”"),
        ("test--1", "asks for image “test--1”"),
        ("train-60000", "images are 0 to 59,999"),
        ("train-999999999999", "asks for image “train-999999999999”"),
        (HOSTILE, "asks for image"),
        ("mine", "The picture is no longer here"),
    ],
)
def test_an_image_that_is_not_there_is_a_sentence(open_page, image, says):
    app = open_page("inside", image=image)
    assert says in sentence(app)
    assert "validation image" in shown(app)["picture"]["name"]


def test_a_run_that_is_not_there_is_a_sentence(open_page, others):
    assert "nowhere" in sentence(open_page("inside", run="nowhere"))
    app = open_page("inside", run=others)
    assert "belongs to someone else" in sentence(app)
    assert others not in shown(app)["address"]


def test_sealed_test_images_are_not_shown(open_page, put_run):
    run = put_run()
    app = open_page("inside", run=run, image="test-3")
    assert quiet(app) and "sealed" in app.info[0].value
    assert "validation image" in shown(app)["picture"]["name"]
    opened = put_run(opened=True)
    app = open_page("inside", run=opened, image="test-3")
    assert quiet(app) and not app.info
    assert shown(app)["picture"]["name"].endswith("test image 3")


@pytest.mark.usefixtures("of_class")
def test_test_images_that_are_closed_for_a_class_stay_so(open_page, of_class, put_run):
    of_class(True)
    app = open_page("inside", run=runs.BUNDLED, image="test-3")
    assert not app.exception and app.info
    assert "test image" not in shown(app)["picture"]["name"]


def test_the_picture_classified_last_comes_along(open_page):
    app = open_page("inside")
    pixels = np.arange(784).reshape(28, 28, 1).astype(np.uint8)
    app.session_state["inside_picture"] = Brought(pixels, "Your drawing", "fashion-mnist")
    app.query_params["image"] = "mine"
    app.run()
    assert quiet(app)
    data = shown(app)
    assert data["picture"]["name"] == "Your drawing" and data["picture"]["label"] is None
    photo = np.zeros((32, 32, 3), np.uint8)
    for other in (Brought(photo, "Your photo", "cifar-10"), Brought(pixels, "Yours", "letters")):
        app.session_state["inside_picture"] = other
        app.run()
        assert "another data set" in sentence(app)


def test_a_network_that_is_too_large_is_a_sentence(open_page, monkeypatch):
    monkeypatch.setattr("core.networks.browser.plan.MOST_PARAMETERS", 1_000)
    app = open_page("inside")
    assert quiet(app) and "up to 1,000" in app.info[0].value
    assert not components(app, "inside_view")


def test_names_are_harmless(open_page, put_run):
    run = put_run(name=HOSTILE)
    app = open_page("inside", run=run)
    assert quiet(app)
    assert HOSTILE not in texts(app)
    assert "onerror" not in json.dumps(shown(app))
    # Names of classes may be anything, too; what the widget writes is text and never markup.
    scripts = list((ROOT / "pages" / "widgets" / "inside_view").rglob("*.js"))
    assert len(scripts) > 5
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text)


def test_parts_that_never_react_are_told(open_page, put_run):
    run = runs.read(put_run())
    said = everything(open_page("inside", run=run.id))
    assert "What does each part react to?" in said
    assert f"about {run.config.validation_count} validation images:" in said
    best = np.full((300, 6, 3), -1, np.int32)
    best[1, 0] = 7, 0, 0
    layers = {
        2: reactions.Layer(np.array([0, 0.5] * 150, np.float32), best),
        3: reactions.Layer(np.ones(100, np.float32), best[:100]),
    }
    path = analysis_file(reactions.NAME, run)
    write_analysis(path, reactions.kept([layers], 1000), stamp_of(run))
    assert tasks.result(reactions.NAME, run) == path
    app = open_page("inside", run=run.id)
    assert quiet(app) and "150 of 400 maps and units" in texts(app)
    data = shown(app)
    assert data["reacts"]["2"][:2] == [0, 0.5] and data["images"] == 1000
    proof = weights.address_of(run).rsplit("/", 1)[1]
    told = weights._read_best(run.id, "0", proof, 2, 1)
    image = datasets.find("fashion-mnist").load("train").images[7]
    assert base64.b64decode(told["best"][0]["pixels"]) == image.tobytes()
    assert len(told["best"]) == 1 and told["best"][0]["index"] == 7
    assert weights._read_best(run.id, "0", proof, 2, 0) == {"best": []}
    for layer, part in ((2, 300), (9, 0)):
        assert weights._read_best(run.id, "0", proof, layer, part) is None
    assert weights._read_best(run.id, "0", "0" * 64, 2, 1) is None
    write_analysis(path, {"images": np.array(-1)}, stamp_of(run))
    app = open_page("inside", run=run.id)
    assert "Delete it from" in sentence(app) and components(app, "inside_view")


def test_weights_go_to_those_who_have_the_address(home, put_run):
    run = runs.read(put_run())
    address = weights.address_of(run)
    answer = asyncio.run(fetch(address))
    assert answer.status_code == 200 and answer.body == browser.weights_file(run)
    assert "immutable" in answer.headers["cache-control"]
    folder = settings().runs / run.id
    other = runs.read(put_run())
    proof = address.rsplit("/", 1)[1]
    for path in (
        f"/weights/{other.id}/0/{proof}",
        f"/weights/{run.id}/1/{proof}",
        f"/weights/{run.id}/0/{proof[:-1]}",
        f"/weights/{run.id}/x/{proof}",
        f"/weights/nowhere/0/{proof}",
        f"/weights/{run.id}/0/é",
    ):
        assert asyncio.run(fetch(path)).status_code == 404, path
    shutil.rmtree(folder)
    assert asyncio.run(fetch(address)).status_code == 404


async def fetch(path):
    """Ask the route as the server does."""
    _, _, run, member, proof = path.split("/")
    scope = {"type": "http", "path_params": {"run": run, "member": member, "proof": proof}}
    return await weights._send(weights.Request(scope))


def both(app):
    """Return what the two views of a page are given."""
    assert quiet(app)
    return [json.loads(each.json) for each in components(app, "inside_view")]


def test_a_pinned_picture_stands_beside_the_next_one(open_page):
    app = open_page("inside", image="test-3")
    button(app, "Pin").click().run()
    assert app.query_params["beside"] == "test-3"
    app.query_params["image"] = "test-4"
    app.run()
    first, second = both(app)
    assert first["picture"]["name"].endswith("4") and second["picture"]["name"].endswith("3")
    assert first["address"] == second["address"]
    assert first["linked"] and not second["linked"] and second["twin"]
    button(app, "Unpin").click().run()
    assert len(both(app)) == 1
    assert "image “nothing”" in sentence(open_page("inside", beside="nothing"))


def test_two_networks_are_asked_about_one_picture(open_page, put_run):
    run = put_run()
    first, second = both(open_page("inside", **{"run": runs.BUNDLED, "with": run}))
    assert first["picture"] == second["picture"] and f"/{run}/" in second["address"]
    assert not second["linked"] and not second["twin"]
    assert first["query"] == {"run": runs.BUNDLED, "member": "Network 1"}
    assert second["query"] == {"run": run}
    app = open_page("inside", **{"run": runs.BUNDLED, "with": run})
    assert not [each for each in app.button if each.label == "Pin"]  # it would change nothing
    app = open_page("inside", **{"run": runs.BUNDLED, "with": run, "beside": "train-55000"})
    assert len(both(app)) == 2 and "The pinned picture comes back" in everything(app)
    button(app, "Unpin").click().run()
    assert len(both(app)) == 2 and "pinned" not in everything(app)
    app = open_page("inside", **{"run": runs.BUNDLED, "with": run, "image": "test-3"})
    assert not app.exception and len(components(app, "inside_view")) == 1  # its test set is sealed
    assert "sealed" in texts(app)


def test_other_images_can_be_drawn_and_picked(open_page):
    app = open_page("inside")
    before = shown(app)["picture"]
    for _ in range(3):
        button(app, "Others").click().run()
    assert quiet(app)
    after = shown(app)["picture"]
    assert after != before and app.query_params["image"].startswith("train-")
    (kind,) = [each for each in app.segmented_control if each.label == "Picture"]
    assert kind.options == ["Validation", "Test"]
    kind.set_value("test").run()
    assert quiet(app) and shown(app)["picture"]["name"].endswith("test image 0")


def test_one_of_several_networks_is_chosen(open_page):
    first = shown(open_page("inside"))["address"]
    app = open_page("inside", member="Network 2")
    assert quiet(app) and shown(app)["address"] != first
    assert "Available: Network 1, Network 2" in sentence(open_page("inside", member="7"))


def links(app):
    return [each.proto for each in app.get("page_link") if each.proto.page == "inside"]


def test_one_click_leads_there(open_page):
    (link,) = links(open_page("evaluate"))
    assert "run=bundled" in link.query_string
    app = open_page("evaluate", view="Mistakes", image="55000")
    assert "run=bundled&image=train-55000" in [each.query_string for each in links(app)]
    app = open_page("explore", split="test", image="7")
    (link,) = links(app)
    assert "run=bundled" in link.query_string and "image=test-7" in link.query_string


@pytest.mark.usefixtures("bundled")
def test_one_click_leads_there_from_a_picture_that_was_classified(open_page, picture):
    app = open_page("classify")
    app.file_uploader(key="upload").upload("trousers.png", picture).run()
    (link,) = links(app)
    assert "run=bundled&image=mine" in link.query_string
    prepared = app.session_state["inside_picture"].pixels
    app.query_params["image"] = "mine"
    app.switch_page("pages/inside.py").run()
    data = shown(app)
    assert base64.b64decode(data["picture"]["pixels"]) == prepared.tobytes()
    assert data["picture"]["name"] == "The picture that you classified"
