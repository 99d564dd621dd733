"""Class and Board as a visitor, a student and a teacher see them, and what bad input gets."""

import json
import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
import streamlit as st
from making import config
from reading import components, everything, sent
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core import runs
from core.classroom import (
    classes,
    given,
    guessing,
    handins,
    joining,
    judging,
    log,
    overview,
    photos,
    scores,
    tasks,
    training,
)
from core.classroom.database import database
from core.classroom.people import SERVER, Limits, Person
from core.classroom.schema import TaskRow
from core.classroom.teachers import start_session
from core.runs import State
from core.settings import forget_settings, settings
from pages.session import data
from pages.session.cookies import MEMBER, TEACHER

Open = Callable[..., AppTest]


def words(app: AppTest) -> str:
    """Return all that a page says."""
    assert not app.exception
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def button(app: AppTest, label: str):
    """Return the first button with this label."""
    return next(each for each in app.button if each.label == label)


# -- Joining ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["BBBBBB", "hello", "7", "‮BCD", "B" * 10_000, "<b>BCDFGH</b>"])
def test_a_wrong_code_is_a_sentence(open_page, classroom, code):
    app = open_page("classroom", code=code)
    assert len(app.error) == 1
    assert not [each for each in app.button if each.label.startswith("Join as")]


def test_the_link_of_a_class_shows_it_with_a_name_and_what_is_kept(open_page, classroom):
    app = open_page("classroom", code=classroom.code.lower())
    said = words(app)
    assert "room 12" in said and "You will be **" in said
    assert "Kept until" in said and "IP address" in said
    first = next(each.label for each in app.button if each.label.startswith("Join as"))
    button(app, "Another name").click().run()
    assert first not in [each.label for each in app.button], "another one was drawn"


def test_a_closed_class_lets_nobody_in(open_page, classroom):
    classes.close_class(SERVER, classroom.id)
    app = open_page("classroom", code=classroom.code)
    assert "closed" in words(app)
    assert not [each for each in app.button if each.label.startswith("Join as")]


@pytest.mark.parametrize("name", ["<b>Ada</b>", "😀😀", "a" * 39, "‮Ada", "admin\u0000", "F u c k"])
def test_a_nickname_that_cannot_be_is_a_sentence_and_nobody_joins(open_page, name):
    own = classes.open_class(SERVER, "Own names", nicknames=True)
    app = open_page("classroom", code=own.code)
    app.text_input(key="class_nickname").set_value(name).run()
    next(each for each in app.button if each.label.startswith("Join as")).click().run()
    assert len(app.error) == 1
    assert data.class_overview(own.id).students == ()


def test_a_wrong_private_code_is_a_sentence(open_page, classroom):
    app = open_page("classroom")
    next(each for each in app.text_input if each.label == "Private code").set_value("AAAA-AAAA")
    button(app, "Go on here").click().run()
    assert len(app.error) == 1


# -- A student -------------------------------------------------------------------------------------


def test_a_student_sees_no_task_yet_and_then_the_open_one(open_page, joined, classroom):
    assert "There is no task yet" in words(open_page("classroom"))
    each = given.give(SERVER, classroom.id, tasks.bundled()["learning-rate"])
    assert "There is no task yet" in words(open_page("classroom")), "it is not open"
    given.open_task(SERVER, each.id)
    app = open_page("classroom")
    assert "The size of a step" in words(app)
    assert button(app, "Keep my guess").disabled
    app.radio(key=f"guess_{each.id}").set_value("0.1").run()
    button(app, "Keep my guess").click().run()
    who = Person(joined.member.visitor, joined.member, classroom)
    found = guessing.guess_of(who, each.id)
    assert found is not None and found.value == "0.1"


def test_an_open_activity_is_called_to_on_every_page_and_is_something_to_do(
    open_page, joined, classroom
):
    assert all("Our photos" not in words(open_page(page)) for page in ("home", "train"))
    photos.open_collection(SERVER, classroom.id, "fashion-mnist")
    st.cache_resource.clear()
    said = words(open_page("classroom"))
    assert "The class collects photos of its own. Choose “Our photos” above." in said
    assert "There is no task yet" not in said
    for page in ("home", "explore", "train", "runs"):
        assert "**Our photos** · The class collects photos" in everything(open_page(page)), page
    classes.close_class(SERVER, classroom.id)
    assert "Our photos" not in everything(open_page("home")), "nothing can be sent any more"


def test_two_tasks_may_ask_for_their_guess_at_once_and_each_may_be_changed_until_a_run(
    open_page, joined, classroom
):
    given_tasks = [
        given.open_task(SERVER, given.give(SERVER, classroom.id, tasks.find(name)).id)
        for name in ("learning-rate", "batch-size")
    ]
    first, second = given_tasks
    app = open_page("classroom")
    assert not app.exception
    assert [each.label for each in app.button].count("Keep my guess") == 2
    app.radio(key=f"guess_{first.id}").set_value("0.1").run()
    app.button(key=f"keep_guess_{first.id}").click().run()
    who = Person(joined.member.visitor, joined.member, classroom)
    assert guessing.guess_of(who, second.id) is None, "the other one is still missing"
    assert app.radio(key=f"guess_again_{first.id}").value == "0.1"
    assert app.button(key=f"change_guess_{first.id}").disabled, "nothing to change yet"
    app.radio(key=f"guess_again_{first.id}").set_value("0.01").run()
    app.button(key=f"change_guess_{first.id}").click().run()
    found = guessing.guess_of(who, first.id)
    assert found is not None and found.value == "0.01"
    handins.start(who, first.id, first.task.config())
    assert "Change my guess" not in [each.label for each in open_page("classroom").button]


def test_one_damaged_file_of_curves_hides_nobody_elses(open_page, jar, joined, classroom, put_run):
    """A worker that was killed, or a full disk, may leave half a line."""
    other = joining.join(classroom.code)
    own = put_run(joined.member.visitor)
    bad = put_run(other.member.visitor, seed=1)
    folder = runs.folder_of(bad)
    folder.epochs.write_bytes(b'{"epoch": 1, "los\n\xff\x00{]\n')
    folder.batches.write_bytes(b"7\n")
    lines = data.class_lines(classroom.id)
    assert [line["id"] for line in lines] == [joined.member.public_id]
    for page in (open_page("classroom", view="Everybody"), open_page("board")):
        assert not page.exception and not page.error
        sent = str([each.proto for each in page.get("bidi_component")])
        assert joined.member.handle in sent
    # Its result is still there, and places it; of one that trains there is none.
    folder.result.unlink()
    folder.write_heartbeat(runs.Heartbeat(1, "elsewhere"))
    data.forget_classes()
    names = [each.member.handle for each in data.class_overview(classroom.id).ranked]
    assert names == [joined.member.handle] and runs.read(own).result is not None


def test_train_shows_what_the_task_leaves_and_asks_for_the_guess_first(
    open_page, joined, classroom
):
    each = given.give(SERVER, classroom.id, tasks.bundled()["learning-rate"])
    given.open_task(SERVER, each.id)
    app = open_page("train")
    assert "Your guess first" in words(app)
    assert "Train" not in [found.label for found in app.button]
    who = Person(joined.member.visitor, joined.member, classroom)
    guessing.guess(who, each.id, "0.1")
    app = open_page("train")
    assert [found.label for found in app.number_input] == ["Learning rate"]
    button(app, "Train").click().run()
    (run_id,) = handins.runs_of(who, each.id)
    run = runs.read(run_id)
    assert run.visitor == joined.member.visitor
    assert run.group == training.group_of(classroom.id)
    app.selectbox(key="task").set_value(0).run()
    assert "Architecture" in [found.label for found in app.selectbox], "for oneself all is there"


@pytest.mark.parametrize("asked", ["999", "nonsense", "‮", "-1", "9" * 400])
def test_a_link_to_a_task_that_is_not_there_is_a_sentence(open_page, joined, classroom, asked):
    each = given.give(SERVER, classroom.id, tasks.bundled()["learning-rate"])
    given.open_task(SERVER, each.id)
    app = open_page("train", task=asked)
    assert not app.exception
    assert "unavailable" in words(app)


@pytest.mark.parametrize("shows", ["nonsense", "", "epochs,nonsense", "<b>", "epochs" * 2_000])
def test_a_link_that_shows_nonsense_is_a_sentence_or_all(open_page, shows):
    app = open_page("train", shows=shows)
    assert not app.exception


def test_a_link_may_leave_only_some_controls(open_page):
    app = open_page("train", architecture="mlp", shows="epochs")
    assert [each.label for each in app.number_input] == ["Epochs"]
    assert "Architecture" not in [each.label for each in app.selectbox]
    assert "MLP 300-100" in words(app)


def test_the_message_is_on_every_page(open_page, joined, classroom):
    from core.classroom import messages

    messages.say(SERVER, classroom.id, "Eyes *on* me, <b>please</b>.")
    for page in ("home", "explore", "train", "runs", "classroom"):
        app = open_page(page)
        assert any("Eyes" in each.value for each in app.warning), page


def test_a_removed_student_is_told_and_is_a_visitor_again(open_page, joined, classroom):
    joining.remove(SERVER, joined.member.id)
    app = open_page("classroom")
    assert len(app.warning) == 1
    assert "Join your class" in words(app)
    app = open_page("classroom", code=classroom.code)
    next(each for each in app.button if each.label.startswith("Join as")).click().run()
    assert len(app.error) == 1, "who was removed does not come back by the code"


def test_classmates_watch_each_others_run_and_strangers_do_not(
    open_page, joined, classroom, jar, every_state
):
    other = joining.join(classroom.code)
    run_id = runs.create(
        runs.read(every_state[State.FINISHED]).config,
        other.member.visitor,
        group=training.group_of(classroom.id),
    )
    app = open_page("train", run=run_id)
    assert not app.error and "Waiting" in "".join(str(each.value) for each in app.markdown)
    assert "Stop" not in [each.label for each in app.button], "it is not theirs"
    jar[TEACHER] = start_session()
    app = open_page("train", run=run_id)
    button(app, "Stop").click().run()
    assert not app.exception and runs.read(run_id).stopping
    jar.clear()
    assert "belongs to someone else" in words(open_page("train", run=run_id))


# -- A teacher -------------------------------------------------------------------------------------


def test_a_teacher_opens_a_class(open_page, teacher):
    app = open_page("classroom")
    app.text_input[-1].set_value("Deep learning")
    button(app, "Open the class").click().run()
    (opened,) = classes.all_classes(SERVER)
    assert opened.title == "Deep learning" and opened.is_open
    assert opened.limits.seconds == 180 and opened.limits.waiting == 3
    assert opened.code[:3] in words(app)


def test_a_server_that_allows_less_than_the_form_suggests_still_opens_a_class(
    open_page, teacher, monkeypatch
):
    monkeypatch.setenv("ATELIER_MAX_MINUTES", "1")
    monkeypatch.setenv("ATELIER_MAX_QUEUED", "2")
    forget_settings()
    app = open_page("classroom")
    assert not app.exception
    assert {each.value for each in app.number_input} == {1, 2, 60}
    app.text_input[-1].set_value("Deep learning")
    button(app, "Open the class").click().run()
    assert len(classes.all_classes(SERVER)) == 1 and not app.exception


def test_a_teacher_changes_a_class(open_page, teacher):
    room = classes.open_class(SERVER, "Before", days=3, limits=Limits(4, 90.0, None))
    app = open_page("classroom")
    fields = {each.label: each for each in (*app.text_input, *app.number_input, *app.toggle)}
    assert fields["Minutes a run"].value == 2
    # The form to change it comes after the one that opens another.
    [each for each in app.text_input if each.label == "Title"][-1].set_value("After")
    fields["Own nicknames"].set_value(True)
    fields["Students at most"].set_value(7)
    app.date_input[0].set_value(date.today() + timedelta(10))
    button(app, "Save").click().run()
    assert not app.exception and not app.error
    (now,) = classes.all_classes(SERVER)
    assert (now.title, now.nicknames, now.most) == ("After", True, 7)
    assert now.limits == room.limits, "what was left as it is stays, seconds and all"
    assert 9.9 < (now.delete_after - room.opened) / classes.DAY < 10.1
    log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert classes.of_id(room.id) == room
    app = open_page("classroom")
    [each for each in app.text_input if each.label == "Title"][-1].set_value("  ")
    button(app, "Save").click().run()
    assert len(app.error) == 1 and classes.of_id(room.id) == room


def test_a_changed_class_stays_the_one_that_is_looked_at(open_page, teacher):
    for title in ("One", "Two"):
        classes.open_class(SERVER, title)
    first, opened = classes.all_classes(SERVER)
    app = open_page("classroom", **{"class": opened.code})
    [each for each in app.text_input if each.label == "Title"][-1].set_value("Anew")
    button(app, "Save").click().run()
    app.run()
    assert app.title[0].value == "Anew"
    button(app, "Close").click().run()
    app.run()
    assert app.title[0].value == "Anew"
    next(each for each in app.selectbox if each.label == "Class").select_index(0).run()
    assert app.title[0].value == first.title


def test_a_rude_name_of_a_run_is_hidden_and_test_sets_opened_are_counted(
    open_page, jar, teacher, classroom, put_run
):
    who = joining.join(classroom.code).member
    run_id = put_run(who.visitor, name="Rude <b>", opened=True)
    app = open_page("classroom")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["Test sets opened"] == "1 on Fashion-MNIST"
    app.session_state[f"people_{classroom.id}"] = {"selection": {"rows": [0], "columns": []}}
    app.run()
    button(app, "Hide its name").click().run()
    assert not app.exception and not app.error
    assert runs.read(run_id).name is None
    assert any("Rude" in each.sentence for each in log.actions(SERVER, classroom.id))
    jar.clear()
    runs.annotate(run_id, shared=True)
    for page in (open_page("runs"), open_page("train", run=run_id)):
        assert not page.exception and "Rude" not in everything(page)
    assert "teacher has hidden the name" in words(open_page("train", run=run_id))


def test_a_teacher_pauses_the_runs_of_a_student_and_lets_them_go_on(
    open_page, teacher, classroom, queue
):
    members = [joining.join(classroom.code).member for _ in range(2)]
    group = training.group_of(classroom.id)
    mine, other = (runs.create(config(), each.visitor, group=group) for each in members)
    app = open_page("classroom")
    app.session_state[f"people_{classroom.id}"] = {"selection": {"rows": [0], "columns": []}}
    app.run()
    button(app, "Pause their runs").click().run()
    assert not app.exception and not app.error
    assert runs.read(mine).folder.pause.exists() and not runs.read(other).folder.pause.exists()
    assert members[0].handle in log.actions(SERVER, classroom.id)[0].sentence
    button(app, "Let them go on").click().run()
    assert not app.exception and not app.error and queue.submitted == [mine]
    assert "Let them go on" not in [each.label for each in app.button]


def test_notes_that_others_can_read_are_hidden_and_their_owner_is_told(
    open_page, jar, teacher, classroom, put_run
):
    joined = joining.join(classroom.code)
    run_id = put_run(joined.member.visitor)
    runs.write_note(run_id, "Rude <b>words</b>")
    app = open_page("classroom")
    app.session_state[f"people_{classroom.id}"] = {"selection": {"rows": [0], "columns": []}}
    app.run()
    assert "Hide its notes" not in [each.label for each in app.button], "others do not see them"
    runs.annotate(run_id, shared=True)
    st.cache_resource.clear()
    app.run()
    assert [each.value for each in app.text] == ["Rude <b>words</b>"]
    button(app, "Hide its notes").click().run()
    assert not app.exception and not app.error
    assert "Show its notes" in [each.label for each in app.button]
    jar.clear()
    page = open_page("train", run=run_id)
    assert not page.exception and "Rude" not in everything(page)
    jar[MEMBER] = joined.token
    page = open_page("train", run=run_id)
    assert "teacher has hidden these notes from others" in words(page)
    assert "Rude" in str(components(page, "notes"))


def test_names_behind_what_a_class_believes_are_opened_on_request_alone(
    open_page, teacher, classroom
):
    each = given.give(SERVER, classroom.id, tasks.find("learning-rate"))
    given.open_task(SERVER, each.id)
    joined = joining.join(classroom.code)
    guessing.guess(Person(joined.member.visitor, joined.member, classroom), each.id, "0.1")
    app = open_page("classroom", view="Tasks")
    assert joined.member.handle not in everything(app)
    button(app, "Show the names").click().run()
    assert not app.exception and joined.member.handle in words(app)
    assert log.actions(SERVER, classroom.id)[0].sentence.startswith("Looked who")
    button(app, "Hide the names").click().run()
    assert joined.member.handle not in words(app)


@pytest.mark.parametrize("shows", [None, "epochs,learning_rate"])
def test_the_settings_on_train_become_a_task_by_one_click(open_page, teacher, classroom, shows):
    query = {} if shows is None else {"shows": shows}
    app = open_page("train", architecture="mlp", epochs="7", **query)
    button(app, "Give this as a task").click().run()
    assert not app.exception and not app.error and len(app.success) == 1
    (only,) = given.tasks_of(SERVER, classroom.id)
    assert only.phase is given.Phase.PLANNED and only.task.given["epochs"] == 7
    config = only.task.config()
    assert (config.architecture, config.recipe.epochs) == ("mlp", 7)
    assert only.task.shows == (("epochs", "learning_rate") if shows else tasks.SHOWABLE)
    classes.close_class(SERVER, classroom.id)
    assert "Give this as a task" not in [each.label for each in open_page("train").button]


@pytest.mark.parametrize("shows", ["nonsense", "dataset", "epochs,,<b>", "‮"])
def test_controls_that_are_none_are_a_sentence_and_give_no_task(
    open_page, teacher, classroom, shows
):
    app = open_page("train", architecture="mlp", shows=shows)
    for each in [each for each in app.button if each.label == "Give this as a task"]:
        each.click().run()
    assert not app.exception and app.warning and app.error
    assert given.tasks_of(SERVER, classroom.id) == []


def test_a_teacher_stops_teaching_on_this_device(open_page, teacher, classroom):
    app = open_page("classroom")
    button(app, "Stop teaching here").click().run()
    assert not app.exception
    (door,) = components(app, "door")
    assert "leave/teacher" in str(door)


def test_who_opened_localhost_is_told_that_students_cannot_come_in(
    open_page, teacher, classroom, monkeypatch
):
    monkeypatch.setattr(type(st.context), "url", property(lambda _: "http://localhost:8501/"))
    assert "run.py class" in open_page("classroom").warning[0].value
    monkeypatch.setattr(type(st.context), "url", property(lambda _: "http://10.1.2.3:8501/"))
    assert not open_page("classroom").warning


@pytest.mark.parametrize("title", ["", "   ", "x" * 79 + "‮", "\u0000"])
def test_a_title_that_cannot_be_is_a_sentence(open_page, teacher, title):
    app = open_page("classroom")
    app.text_input[-1].set_value(title)
    button(app, "Open the class").click().run()
    assert not app.exception
    if not classes.all_classes(SERVER):
        assert len(app.error) == 1


def test_a_teacher_sees_everybody_and_the_log(open_page, teacher, classroom):
    one = joining.join(classroom.code)
    app = open_page("classroom")
    assert one.member.handle in list(app.dataframe[0].value["Name"])
    joining.rename(SERVER, one.member.id)
    app = open_page("classroom", view="Log")
    assert button(app, "Undo")
    button(app, "Undo").click().run()
    assert data.class_overview(classroom.id).students[0].member.handle == one.member.handle


@pytest.mark.parametrize(
    "text", ["", "id = 7", "not toml at all [", 'title = "x"', "\u0000", "a = 1\n" * 10_000]
)
def test_a_task_that_is_nonsense_is_a_sentence(open_page, teacher, classroom, text):
    app = open_page("classroom", view="Tasks")
    area = next(each for each in app.text_area if each.label == "Task file")
    area.set_value(text).run()
    assert not app.exception and len(app.error) == 1
    assert given.tasks_of(SERVER, classroom.id) == []


def test_a_link_becomes_a_task(open_page, teacher, classroom):
    app = open_page("classroom", view="Tasks")
    link = "https://example.org/train?architecture=MLP+300-100&epochs=2&shows=learning_rate"
    app.text_input(key="task_link").set_value(link).run()
    app.button(key="give_link").click().run()
    (only,) = given.tasks_of(SERVER, classroom.id)
    assert only.task.shows == ("learning_rate",) and only.task.given["epochs"] == 2


def test_a_right_answer_is_told_when_the_teacher_reveals_it(
    open_page, jar, teacher, classroom, put_run
):
    question = tasks.Question(tasks.Kind.NUMBER, "What is twice 21?")
    counts = tasks.Counts(tasks.What.ANSWER, question=question, answer=42.0)
    task = tasks.Task(
        "answer",
        "An answer",
        "What?",
        given=config().flat() | {"architecture": "mlp"},
        counts=counts,
    )
    each = given.open_task(SERVER, given.give(SERVER, classroom.id, task).id)
    joined = joining.join(classroom.code)
    who = Person(joined.member.visitor, joined.member, classroom)
    handins.hand_in(who, each.id, put_run(who.visitor), "I counted.", 41)
    app = open_page("classroom", view="Tasks")
    assert "Tells everybody the right answer" in words(app)
    button(app, "Reveal").click().run()
    assert given.task_of(SERVER, each.id).phase is given.Phase.REVEALED
    del jar[TEACHER]
    jar[MEMBER] = joined.token
    assert "the right answer is 42" in words(open_page("classroom"))


def test_no_class_yet_and_a_link_to_one_that_is_gone(open_page, teacher):
    assert "Open a class" in words(open_page("classroom", **{"class": "BCDFGH"}))
    assert "Join a class first" in words(open_page("board", **{"class": "BCDFGH"}))


def test_the_board_says_code_names_and_task(open_page, teacher, classroom):
    one = joining.join(classroom.code)
    each = given.give(SERVER, classroom.id, tasks.bundled()["learning-rate"])
    given.open_task(SERVER, each.id)
    app = open_page("board", **{"class": classroom.code})
    assert not app.exception
    html = "".join(str(each.proto.body) for each in app.get("html"))
    assert classroom.code[:3] in html and one.member.handle in html
    assert "The size of a step" in html


def test_the_board_shows_the_end_with_intervals_ties_and_who_had_overfitted(
    open_page, teacher, classroom, monkeypatch
):
    each = given.give(SERVER, classroom.id, tasks.find("luck"))
    given.open_task(SERVER, each.id)
    parts = judging.parts_of("fashion-mnist")
    entries, members = {}, {}
    # One fits the board's images alone; the other two cannot be told apart.
    for wrong_board, wrong_end in ((100, 900), (500, 740), (500, 745)):
        member = joining.join(classroom.code).member
        right = np.ones(10_000, bool)
        right[parts.board[:wrong_board]] = right[parts.end[:wrong_end]] = False
        entries[member.public_id], members[member.public_id] = scores.Entry(right), member
    lines = [
        handins.EndLine(members[found.key], found, "a run")
        for found in scores.reveal(entries, parts)
    ]
    monkeypatch.setattr(overview.handins, "end", lambda by, task_id: lines)
    given.reveal(SERVER, each.id)
    said = sent(open_page("board", **{"class": classroom.code}))
    names = [members[key].handle for key in entries]
    assert f"Better on the board than at the end: {names[0]}. The interval lies above 0" in said
    assert "these students cannot be told apart" in said and "The end of" in said
    assert said.count("<tr>") == 4 and said.index(names[1]) < said.rindex(names[0])
    assert "85.00 % (84.1 to 85.9)" in said and "+12.5 (+11." in said
    assert "1–2 ▲1" in said and "3 ▼2" in said


def test_the_end_leaves_the_board_when_the_class_trains_again(
    open_page, teacher, classroom, put_run, monkeypatch
):
    each = given.give(SERVER, classroom.id, tasks.find("luck"))
    given.open_task(SERVER, each.id)
    member = joining.join(classroom.code).member
    right = np.ones(10_000, bool)
    (found,) = scores.reveal({"one": scores.Entry(right)}, judging.parts_of("fashion-mnist"))
    lines = [handins.EndLine(member, found, "a run")]
    monkeypatch.setattr(overview.handins, "end", lambda by, task_id: lines)
    given.reveal(SERVER, each.id)

    def wall(minutes: float) -> str:
        """Return what the wall says so long after the end was revealed."""
        with database().begin() as session:
            session.execute(update(TaskRow).values(revealed=time.time() - 60 * minutes))
        st.cache_resource.clear()
        return sent(open_page("board", **{"class": classroom.code}))

    def put(minutes: float) -> None:
        """Put a run of the student that was started so long ago."""
        path = settings().runs / put_run(member.visitor) / "config.json"
        values = json.loads(path.read_text(encoding="utf-8"))
        values["created"] = time.time() - 60 * minutes
        path.write_text(json.dumps(values), encoding="utf-8")

    put(90)  # what the end is about
    for minutes in (1, 40):
        said = wall(minutes)
        assert "The end of" in said and each.task.title in said
    past = wall(61)
    assert "The end of" not in past and each.task.title not in past
    assert "1 of 1 student here" in past or "0 of 1 student here" in past
    put(2)
    assert "The end of" in wall(4)  # there is time to talk about it
    past = wall(6)
    assert "The end of" not in past
    assert member.public_id in past  # the curve of a run that the task knows nothing of
    assert "The end of" in wall(1)


def test_a_visitor_sees_no_board(open_page, classroom):
    assert "Join a class first" in words(open_page("board", **{"class": classroom.code}))


@pytest.mark.parametrize("page", ["home", "train", "classroom", "board"])
def test_a_damaged_database_is_a_sentence_for_members_and_nothing_for_others(
    open_page, jar, home, page
):
    settings().classroom.parent.mkdir(parents=True, exist_ok=True)
    settings().classroom.write_bytes(b"no database at all" * 1000)
    visitors = open_page(page)
    assert not visitors.exception and not visitors.error, "who is in no class needs none"
    jar[MEMBER] = "a" * 43
    app = open_page(page)
    assert not app.exception and len(app.error) == 1
    assert settings().classroom.read_bytes().startswith(b"no database"), "it was not replaced"


def test_a_list_of_teachers_without_a_provider_is_a_sentence(open_page, monkeypatch):
    monkeypatch.setenv("ATELIER_TEACHERS", "ada@example.org")
    forget_settings()
    app = open_page("classroom")
    button(app, "Log in as a teacher").click().run()
    assert not app.exception and len(app.warning) == 1
    assert "secrets.toml" in app.warning[0].value
