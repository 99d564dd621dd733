"""Networks asked in a process of their own: real processes, killed, idle, late and lying."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
from PIL import Image
from support import wait_until

from core import classify, datasets, networks, runs
from core.classify import explain, nearest
from core.errors import ModelUnavailable, RunNotFound
from core.imaging.gate import Picture
from core.networks import place, wire
from core.networks.apart import AT_ONCE, Apart
from core.networks.process import Patience
from core.settings import ROOT


@pytest.fixture
def apart(home):
    """The process of this test, in the place of this one; ended with the test."""
    home.mkdir(exist_ok=True)
    made = Apart()
    before = place.use(made)
    yield made
    place.use(before)
    made.close()


@pytest.fixture
def images():
    return datasets.load("fashion-mnist", "test").images


def ready(apart):
    wait_until(lambda: apart.state().phase not in ("cold", "loading"), 120, "loading")
    return apart.state()


def test_answers_are_those_of_this_process(apart, trained, images):
    model = networks.find(trained.id)
    here, there = networks.Network(model), networks.load(model)
    for count in (0, 1, 7, 64, 150):
        np.testing.assert_allclose(
            there.probabilities(images[:count]), here.probabilities(images[:count]), atol=1e-6
        )
    np.testing.assert_allclose(there.features(images[:3]), here.features(images[:3]), atol=1e-4)
    for one, other in zip(there.ask(images[:3]), here.ask(images[:3]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    (heat, method), (expected, same) = (each.look(images[:1], 9) for each in (there, here))
    assert method == same
    np.testing.assert_allclose(heat, expected, atol=1e-4)
    told = []
    there.probabilities(images[:150], told.append)
    assert told == pytest.approx([0, 64 / 150, 128 / 150, 1])


def test_all_that_pages_ask_works_there(apart, images):
    model = networks.find(runs.BUNDLED)
    picture = Image.fromarray(255 - images[0, ..., 0]).resize((280, 280))
    answer = classify.classify_picture(Picture(picture.convert("RGB")), model)
    assert answer.name == "Ankle boot"
    assert explain.look(model, answer.prepared.pixels, answer.label).heat.max() == 1
    assert len(explain.occlude(model, answer.prepared.pixels).boxes)
    assert explain.changes(answer, Picture(picture.convert("RGB")), model)
    near = nearest.nearest(model, answer.prepared.pixels, 10)
    assert near is not None and len(near.indices) == 10


def test_warming_starts_it_once(apart):
    assert apart.state().phase == "cold" and apart.pid is None
    networks.warm()
    networks.warm()
    assert apart.state().phase == "loading"
    pid = apart.pid
    assert ready(apart).phase == "ready"
    assert apart.state().seconds > 0 and apart.pid == pid


def test_idleness_ends_it_and_the_next_question_starts_it_again(trained, images):
    apart = Apart(patience=Patience(idle=3.0))
    try:
        apart.warm()
        pid = apart.pid
        assert ready(apart).phase == "ready"
        wait_until(lambda: apart.state().phase == "resting", 30, "rest")
        assert apart.pid is None
        wait_until(lambda: not psutil.pid_exists(pid), 10, "the end of the process")
        network = apart.load(networks.find(trained.id))
        assert network.probabilities(images[:1]).shape == (1, 10)
        assert apart.pid not in (None, pid)
        apart.rest()
        wait_until(lambda: apart.state().phase == "resting", 30, "rest")
    finally:
        apart.close()


def test_one_that_is_killed_is_replaced_and_what_was_asked_is_answered(apart, trained, images):
    network = networks.load(networks.find(trained.id))
    expected = network.probabilities(images[:300])
    answers, pid = [], apart.pid

    def ask():
        answers.append(network.probabilities(images[:300]))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    psutil.Process(pid).kill()  # our own child
    for thread in threads:
        thread.join(120)
    assert len(answers) == 6
    assert all(np.allclose(each, expected, atol=1e-6) for each in answers)
    assert apart.pid != pid


def test_many_ask_at_once_and_all_get_their_own_answer(apart, trained, images):
    network = networks.load(networks.find(trained.id))
    expected, wrong = network.probabilities(images[:120]), []

    def ask(place):
        if not np.allclose(network.probabilities(images[place : place + 1])[0], expected[place]):
            wrong.append(place)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


def test_errors_keep_their_class_and_their_sentence(apart, trained, images):
    model = networks.find(trained.id)
    network = networks.load(model)
    with pytest.raises(ValueError, match=r"\(28, 28, 1\), got"):
        network.probabilities(np.zeros((1, 32, 32, 3), np.uint8))
    with pytest.raises(ValueError, match="one image and one class"):
        network.look(images[:1], 10)
    trained.folder.model.write_bytes(b"not a model")
    with pytest.raises(ModelUnavailable, match=f"network of {trained.id} cannot be read"):
        network.probabilities(images[:1])
    trained.folder.model.unlink()
    with pytest.raises(ModelUnavailable, match=f"network file of the run {trained.id} is missing"):
        network.probabilities(images[:1])
    trained.path.rename(trained.path.with_name("gone"))
    with pytest.raises(RunNotFound):
        network.probabilities(images[:1])


def test_it_ends_with_its_server(trained):
    code = (
        "import time, sys; from core import networks; from core.networks import place;"
        "networks.live_apart(); networks.warm(); print(place._apart.pid, flush=True);"
        "time.sleep(60)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert psutil.pid_exists(pid)
    server.kill()
    server.wait()
    server.stdout.close()
    wait_until(lambda: not psutil.pid_exists(pid), 30, "the end of the process")


def test_on_a_disk_that_cannot_be_written_it_works_without_a_log(home, tmp_path, monkeypatch):
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be", encoding="utf-8")
    made = Apart()
    try:
        made.warm()
        assert ready(made).phase == "ready"
    finally:
        made.close()


# Lying, late and failing processes


def liar(tmp_path, *lines, **patience):
    """Return one that runs a script, which can ``tell`` bytes and ``hear`` messages."""
    script = tmp_path / "liar.py"
    head = [
        f"import sys; sys.path.insert(0, {str(ROOT)!r})",
        "import json, os, time",
        "from core.networks import wire",
        "def tell(data): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()",
        "def hear(): return wire.read(sys.stdin.buffer)",
        "READY = wire.pack({'ready': True, 'problem': None})",
    ]
    script.write_text("\n".join([*head, *lines]), encoding="utf-8")
    return Apart([sys.executable, str(script)], Patience(**patience))


ZEROS = "b'\\0' * 40"
LIES = {
    "text": ["tell(b'Traceback (most recent call last)' * 100)"],
    "a length of gigabytes": ["tell(wire.LENGTHS.pack(10, 2**32 - 1))"],
    "no header": ["tell(wire.LENGTHS.pack(2, 0) + b'[]')"],
    "an answer to another question": ["tell(wire.pack({'id': 7_000, 'shapes': []}))"],
    "an answer to none": ["tell(wire.pack({'shapes': []}))"],
    "ready again": ["tell(READY)"],
    "nothing": ["sys.exit(0)"],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_process_that_talks_nonsense_is_ended_and_people_get_a_sentence(
    lie, trained, images, tmp_path
):
    apart = liar(tmp_path, "tell(READY)", "hear()", *lie, "time.sleep(60)")
    try:
        with pytest.raises(ModelUnavailable, match="ended before it answered"):
            apart.load(networks.find(trained.id)).probabilities(images[:1])
        wait_until(lambda: apart.state().phase == "resting", 10, "its end")
        assert apart.pid is None
    finally:
        apart.close()


WRONG = {
    "too few": ("[[2, 10]]", "b'\\0' * 80"),
    "too many": ("[[1, 10]]", "b'\\0' * 44"),
    "other classes": ("[[1, 9]]", "b'\\0' * 36"),
    "no numbers": ("[[1, 10]]", "b'\\xff' * 40"),
    "negative": ("[[-1, -10]]", ZEROS),
    "no list": ("'all'", ZEROS),
}


@pytest.mark.parametrize("told", WRONG.values(), ids=WRONG)
def test_an_answer_of_another_form_is_not_taken(told, trained, images, tmp_path):
    shapes, body = told
    apart = liar(
        tmp_path,
        "tell(READY)",
        "number = hear()[0]['id']",
        f"text, body = json.dumps({{'id': number, 'shapes': {shapes}}}).encode(), {body}",
        "tell(wire.LENGTHS.pack(len(text), len(body)) + text + body)",
        "time.sleep(60)",
    )
    try:
        with pytest.raises(ModelUnavailable, match="could not be understood"):
            apart.load(networks.find(trained.id)).probabilities(images[:1])
    finally:
        apart.close()


@pytest.mark.parametrize("reads", [True, False])
def test_one_that_never_answers_is_ended(reads, trained, images, tmp_path):
    apart = liar(tmp_path, "tell(READY)", "hear()" if reads else "", "time.sleep(60)", late=1.0)
    try:
        begun = time.monotonic()
        with pytest.raises(ModelUnavailable, match="did not answer within"):
            many = np.concatenate([images[:AT_ONCE]] * 20)  # more than a pipe holds
            apart.request({"do": "ask", "run": trained.id, "shape": list(many.shape)}, many)
        assert time.monotonic() - begun < 30
        wait_until(lambda: apart.pid is None, 10, "its end")
    finally:
        apart.close()


def test_one_that_never_gets_ready_is_ended(trained, images, tmp_path):
    apart = liar(tmp_path, "time.sleep(60)", start=1.0)
    try:
        with pytest.raises(ModelUnavailable, match="did not answer within 1 seconds"):
            apart.load(networks.find(trained.id)).probabilities(images[:1])
        assert "no answer within 1 seconds" in str(apart.state().problem)
        assert apart.pid is None
    finally:
        apart.close()


def test_one_that_does_not_start_fails_with_a_sentence_and_is_tried_again(
    trained, images, tmp_path
):
    apart = liar(tmp_path, "sys.exit(1)")
    try:
        apart.warm()
        assert "does not start" in str(ready(apart).problem)
        with pytest.raises(ModelUnavailable, match="ended before it answered"):
            apart.load(networks.find(trained.id)).probabilities(images[:1])
        script = tmp_path / "liar.py"
        better = script.read_text(encoding="utf-8").replace("sys.exit(1)", "tell(READY); hear()")
        script.write_text(better, encoding="utf-8")
        wait_until(lambda: apart.pid is None, 10, "its end")
        apart.warm()
        assert ready(apart).phase == "ready"
    finally:
        apart.close()


def test_a_program_that_is_not_there(trained, images):
    apart = Apart([str(ROOT / "nowhere" / "python")])
    apart.warm()
    assert "does not start" in str(apart.state().problem)
    with pytest.raises(ModelUnavailable, match="does not start"):
        apart.load(networks.find(trained.id)).probabilities(images[:1])


def test_a_bundled_model_that_cannot_be_loaded_is_said_and_others_are_answered(
    trained, images, tmp_path
):
    problem = json.dumps("The bundled model is missing.")
    apart = liar(
        tmp_path,
        f"tell(wire.pack({{'ready': True, 'problem': {problem}}}))",
        "import numpy as np",
        "number = hear()[0]['id']",
        "tell(wire.pack({'id': number, 'shapes': [[1, 10]]}, np.zeros(10, '<f4')))",
        "hear()",
    )
    try:
        apart.warm()
        assert ready(apart).problem == "The bundled model is missing."
        assert apart.load(networks.find(trained.id)).probabilities(images[:1]).shape == (1, 10)
    finally:
        apart.close()


def test_messages_come_back_as_they_were():
    import io

    arrays = [np.arange(6, dtype="<f4").reshape(2, 3), np.zeros((0, 4), "<f4")]
    data = wire.pack({"id": 1, "shapes": [[2, 3], [0, 4]]}, *arrays)
    header, body = wire.read(io.BytesIO(data)) or ({}, b"")
    for one, other in zip(wire.arrays(header["shapes"], body, "<f4"), arrays, strict=True):
        assert np.array_equal(one, other)
    assert wire.read(io.BytesIO()) is None
    for cut in range(1, len(data)):
        with pytest.raises(ValueError):
            wire.read(io.BytesIO(data[:cut]))
