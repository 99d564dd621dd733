"""Our photos on its pages: what a student, a teacher and the wall see, and what they may not."""

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from reading import button, everything, labels, quiet, texts
from streamlit.testing.v1 import AppTest

from core import datasets, runs
from core.classroom import joining, photo_judging, photos
from core.classroom.people import SERVER, Joined, Person
from core.classroom.photos import Collection, Photo, Stage
from core.classroom.teachers import start_session
from core.imaging.decoder import Picture
from core.imaging.prepare import prepare
from pages.session.cookies import MEMBER, TEACHER
from pages.session.keys import SESSION
from pages.views.classroom import photos as view
from pages.views.classroom.photos import Draft
from pages.widgets import photo_figures
from pages.widgets.picture_edits import Edits

DATA = "fashion-mnist"
VIEW = "Our photos"


@pytest.fixture
def opened(classroom) -> Collection:
    return photos.open_collection(SERVER, classroom.id, DATA)


def person(joined: Joined) -> Person:
    return Person(joined.member.visitor, joined.member, joined.classroom)


def send(who: Person, collection: Collection, image: int = 0) -> Photo:
    """Send a test image."""
    test = datasets.load(DATA, "test")
    return photos.send(who, collection.id, test.images[image], int(test.labels[image]))


def sound(app: AppTest) -> bool:
    """Tell whether nothing went wrong; a teacher may be told that students cannot reach this."""
    return not [*app.exception, *app.error]


def afresh() -> None:
    """Let the pages read what the class has done in the last second."""
    st.cache_resource.clear()


def test_there_is_no_collection_yet_and_then_the_tasks_say_that_there_is_one(
    open_page, joined, classroom
):
    assert any("no photos yet" in each.value for each in open_page("classroom", view=VIEW).info)
    assert not any(VIEW in each.value for each in open_page("classroom").info)
    photos.open_collection(SERVER, classroom.id, DATA)
    afresh()
    assert any(VIEW in each.value for each in open_page("classroom").info)
    app = open_page("classroom", view=VIEW)
    assert quiet(app) and "the photo itself is not stored" in texts(app)


def test_a_student_is_told_where_the_photos_themselves_are_kept(open_page, joined, classroom):
    photos.open_collection(SERVER, classroom.id, DATA, originals=True)
    said = texts(open_page("classroom", view=VIEW))
    assert "for the teacher alone" in said and "not stored" not in said


def test_nobody_sees_what_waits_and_nobody_whose_it_is(open_page, joined, classroom, opened, jar):
    other = joining.join(classroom.code)
    mine, waits = send(person(joined), opened), send(person(other), opened, 1)
    app = open_page("classroom", view=VIEW)
    found = everything(app)
    assert photo_figures.photo_url(mine) in found and "waits for the teacher" in texts(app)
    assert photo_figures.photo_url(waits) not in found
    photos.approve(SERVER, [waits.id, mine.id])
    afresh()
    app = open_page("classroom", view=VIEW)
    found = everything(app)
    assert photo_figures.photo_url(waits) in found and "on the wall" in texts(app)
    assert other.member.handle not in found and other.member.visitor not in found
    button(app, "Take back").click().run()
    assert [each.id for each in photos.approved(SERVER, opened.id)] == [waits.id]
    assert not jar.get(TEACHER)
    wall = everything(open_page("board"))
    assert photo_figures.photo_url(waits) in wall and photo_figures.photo_url(mine) not in wall
    assert "1 photo of 1 student" in wall and other.member.handle not in wall


def test_a_teacher_collects_approves_relabels_hides_and_undoes(open_page, teacher, classroom):
    app = open_page("classroom", view=VIEW)
    button(app, "Collect photos").click().run()
    (opened,) = photos.collections_of(SERVER, classroom.id)
    assert opened.is_open and not opened.originals
    assert "Collect photos" not in labels(app), "one at a time"
    one, two = (person(joining.join(classroom.code)) for _ in range(2))
    sent = [send(one, opened, 0), send(one, opened, 1), send(two, opened, 2)]
    app = open_page("classroom", view=VIEW)
    assert one.member is not None and one.member.handle in texts(app)
    [each for each in app.button if each.label == "Refuse"][2].click().run()
    box = next(each for each in app.selectbox if each.key == f"photo_label_{sent[0].id}_9")
    box.set_value(8).run()
    button(app, "Approve these 2").click().run()
    assert {each.id: each.label for each in photos.approved(SERVER, opened.id)} == {
        sent[0].id: 8,
        sent[1].id: sent[1].label,
    }
    assert sound(app)
    stage = next(each for each in app.get("button_group") if "photos_stage" in str(each.key))
    stage.set_value(Stage.APPROVED).run()
    photos.take_back(one, sent[1].id)  # at the same moment
    next(each for each in app.button if each.label == "Hide").click().run()
    assert "not there any more" in texts(app)
    afresh()
    app = open_page("classroom", view="Log")
    next(each for each in app.button if each.label == "Undo").click().run()
    assert photos.approved(SERVER, opened.id)[0].label == 9, "the last that can be undone"
    app = open_page("classroom", view=VIEW)
    button(app, "Close the collection").click().run()
    assert not photos.collections_of(SERVER, classroom.id)[0].is_open
    button(app, "Take it off the board").click().run()
    button(app, "Open it again").click().run()
    (found,) = photos.collections_of(SERVER, classroom.id)
    assert found.is_open and not found.on_wall
    button(app, "Remove it").click().run()
    assert photos.collections_of(SERVER, classroom.id) == [] and sound(app)


@pytest.mark.slow  # a training, and TensorFlow
def test_the_result_says_how_far_it_falls(
    open_page, joined, classroom, opened, bundled, put_run, jar
):
    who = person(joined)
    run_id = put_run(who.visitor)
    test = datasets.load(DATA, "test")
    found = []
    for image in range(10):
        # Each is sent with a wrong label, as no network calls what it sees.
        label = (int(test.labels[image]) + 5) % 10
        owner = person(joining.join(classroom.code))
        found.append(photos.send(owner, opened.id, test.images[image], label))
    photos.approve(SERVER, [each.id for each in found])
    photo_judging.judge(SERVER, opened.id)
    photo_judging._works[opened.id].thread.join(120)
    afresh()
    app = open_page("classroom", view=VIEW)
    assert quiet(app)
    said = texts(app).replace("\\", "")
    assert "The class's best network is right on" in said and "percentage points less." in said
    html = everything(app)
    assert "photo-falls" in html and "beat-matrix" in html
    assert runs.read(run_id).visitor not in html
    wall = everything(open_page("board"))
    assert "percentage points less." in wall and "photo-falls" in wall
    del jar[MEMBER]
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    assert sound(app) and "Judge the networks again" in labels(app)


def test_a_photo_that_is_turned_is_prepared_anew():
    tall = Image.new("RGB", (60, 90), "white")
    tall.paste("black", (20, 5, 40, 85))
    draft = Draft(Picture(tall), Edits.of(Picture(tall), "one"))
    collection = Collection(1, 1, DATA, False, 0.0, None, False)
    upright = view._prepared(draft, collection)
    assert view._prepared(draft, collection) is upright, "not worked out twice"
    draft.turn()
    turned = view._prepared(draft, collection)
    assert draft.edits.picture.rgb.size == (90, 60) and draft.edits.token != "one"
    wide = prepare(tall.rotate(-90, expand=True), **collection.spec.frame)
    assert (turned.pixels == wide.pixels).all()
    assert (turned.pixels != upright.pixels).any()
    for _ in range(3):
        draft.turn()
    assert np.array_equal(np.asarray(draft.edits.picture.rgb), np.asarray(tall))
    assert {view.DRAFT, view.SENT} <= set(SESSION)
