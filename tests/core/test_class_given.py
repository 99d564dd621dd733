"""The tasks of a class: their order, who sees which, and how they open, close and end."""

import pytest
from class_support import finished, member_id, open_class, opened, student

from core.classroom import classes, given, guessing, handins, joining, log, tasks
from core.classroom.given import Phase
from core.classroom.people import SERVER
from core.classroom.tasks import Task
from core.errors import ClassroomRefused

pytestmark = pytest.mark.usefixtures("stored")


@pytest.fixture
def room(stored):
    return open_class()


def titles(found):
    return [each.task.title for each in found]


def test_tasks_are_given_in_order_and_seen_when_they_are_opened(room):
    teal, other = student(room), student(open_class("Another"))
    first = given.give(SERVER, room.id, tasks.find("luck"))
    second = given.give(SERVER, room.id, tasks.find("depth"))
    assert (first.place, second.place, first.phase) == (1, 2, Phase.PLANNED)
    assert titles(given.tasks_of(SERVER, room.id)) == ["Skill or luck?", "Deeper is better?"]
    assert given.tasks_of(teal, room.id) == [] and handins.progress(teal) == []
    with pytest.raises(ClassroomRefused, match="no such task"):
        given.task_of(teal, second.id)
    assert given.open_task(SERVER, second.id).phase is Phase.OPEN
    assert titles(given.tasks_of(teal, room.id)) == ["Deeper is better?"]
    assert given.task_of(teal, second.id).task == tasks.find("depth")
    with pytest.raises(ClassroomRefused, match="Only students of the class"):
        given.task_of(other, second.id)
    with pytest.raises(ClassroomRefused, match="Only students of the class"):
        given.tasks_of(other, room.id)


def test_a_task_keeps_what_it_was_when_it_was_given(room):
    task = Task("own", "My own", "What happens?", given={"limit": 2_000}, shows=("seed",))
    found = given.give(SERVER, room.id, task)
    assert given.task_of(SERVER, found.id).task == task


def test_tasks_can_be_put_into_another_order(room):
    ids = [given.give(SERVER, room.id, task).id for task in list(tasks.bundled().values())[:4]]
    assert [each.id for each in given.move(SERVER, ids[3], 1)] == [ids[3], *ids[:3]]
    assert [each.id for each in given.move(SERVER, ids[3], 99)] == ids
    assert [(each.id, each.place) for each in given.tasks_of(SERVER, room.id)] == list(
        zip(ids, range(1, 5), strict=True)
    )


def test_a_task_is_opened_closed_opened_again_and_revealed_once(room):
    found = given.give(SERVER, room.id, tasks.find("luck"))
    with pytest.raises(ClassroomRefused, match="is not open"):
        given.close_task(SERVER, found.id)
    with pytest.raises(ClassroomRefused, match="Nobody has worked on this task"):
        given.reveal(SERVER, found.id)
    first = given.open_task(SERVER, found.id)
    assert given.open_task(SERVER, found.id) == first
    closed = given.close_task(SERVER, found.id)
    assert closed.phase is Phase.CLOSED and closed.opened == first.opened
    again = given.open_task(SERVER, found.id)
    assert again.phase is Phase.OPEN and again.opened == first.opened
    revealed = given.reveal(SERVER, found.id)
    assert revealed.phase is Phase.REVEALED and revealed.closed is not None
    assert given.reveal(SERVER, found.id) == revealed
    with pytest.raises(ClassroomRefused, match="has been revealed, so the places are known"):
        given.open_task(SERVER, found.id)


def test_what_the_teacher_did_is_logged_and_opening_can_be_undone(room):
    found = opened(room, tasks.find("luck"))
    done = {each.sentence: each for each in log.actions(SERVER, room.id)}
    assert "Gave the task “Skill or luck?”." in done
    log.undo(SERVER, done["Opened the task “Skill or luck?”."].id)
    assert given.task_of(SERVER, found.id).phase is Phase.PLANNED
    given.open_task(SERVER, found.id)
    given.reveal(SERVER, found.id)
    last = log.actions(SERVER, room.id)[0]
    assert last.sentence.startswith("Revealed") and not last.can_undo


def test_only_a_teacher_changes_tasks(room):
    teal = student(room)
    found = opened(room, tasks.find("luck"))
    for action in (
        lambda: given.give(teal, room.id, tasks.find("depth")),
        lambda: given.remove(teal, found.id),
        lambda: given.move(teal, found.id, 1),
        lambda: given.open_task(teal, found.id),
        lambda: given.close_task(teal, found.id),
        lambda: given.reveal(teal, found.id),
        lambda: guessing.beliefs(teal, found.id),
        lambda: guessing.answers(teal, found.id),
        lambda: guessing.names(teal, found.id),
        lambda: guessing.answer_names(teal, found.id),
        lambda: guessing.open_names(teal, found.id),
    ):
        with pytest.raises(ClassroomRefused, match="Only a teacher can"):
            action()
    assert given.task_of(SERVER, found.id).phase is Phase.OPEN


@pytest.mark.parametrize("task_id", [0, -1, 99, 2**40, "1", None, True])
def test_a_task_that_is_not_there_gets_a_sentence(room, task_id):
    for action in (given.open_task, given.remove, given.task_of, guessing.beliefs, handins.board):
        with pytest.raises(ClassroomRefused, match="no such task"):
            action(SERVER, task_id)


def test_a_task_with_hand_ins_is_not_removed_and_one_without_goes_whole(room):
    teal = student(room)
    kept, gone = opened(room, tasks.find("luck")), opened(room, tasks.find("depth"))
    handins.hand_in(teal, kept.id, finished(kept.task.config(), teal), "Mine.")
    guessing.guess(teal, gone.id, "Deep CNN")
    with pytest.raises(ClassroomRefused, match="Students have handed in"):
        given.remove(SERVER, kept.id)
    given.remove(SERVER, gone.id)
    assert [each.id for each in given.tasks_of(SERVER, room.id)] == [kept.id]


def test_a_class_has_not_more_tasks_than_a_page_shows(room, monkeypatch):
    monkeypatch.setattr(given, "MOST", 2)
    for _ in range(2):
        given.give(SERVER, room.id, tasks.find("luck"))
    with pytest.raises(ClassroomRefused, match="has 2 tasks already"):
        given.give(SERVER, room.id, tasks.find("luck"))


def test_a_copied_class_has_the_tasks_as_if_new(room):
    teal = student(room)
    found = opened(room, tasks.find("luck"))
    handins.hand_in(teal, found.id, finished(found.task.config(), teal), "Mine.")
    given.reveal(SERVER, found.id)
    copy = classes.copy_class(SERVER, room.id)
    (task,) = given.tasks_of(SERVER, copy.id)
    assert task.task == found.task and task.phase is Phase.PLANNED
    assert handins.hand_ins(SERVER, task.id) == []


def test_a_deleted_class_takes_its_tasks_with_it(room):
    teal = student(room)
    found = opened(room, tasks.find("luck"))
    guessing.guess(teal, found.id, 3)
    handins.hand_in(teal, found.id, finished(found.task.config(), teal), "Mine.")
    classes.delete_class(SERVER, room.id)
    with pytest.raises(ClassroomRefused, match="no such task"):
        given.task_of(SERVER, found.id)


# -- Guesses -----------------------------------------------------------------------------------


def test_a_guess_can_be_changed_until_the_first_run(room, no_queue):
    teal = student(room)
    found = opened(room, tasks.find("luck"))
    assert guessing.guess_of(teal, found.id) is None
    with pytest.raises(ClassroomRefused, match="Make your guess first"):
        handins.start(teal, found.id, found.task.config())
    guessing.guess(teal, found.id, 3)
    guessing.guess(teal, found.id, 4.5)
    assert guessing.guess_of(teal, found.id).value == 4.5
    assert not guessing.guess_of(teal, found.id).final
    handins.start(teal, found.id, found.task.config())
    with pytest.raises(ClassroomRefused, match="the guess stays as it is"):
        guessing.guess(teal, found.id, 5)
    kept = guessing.guess_of(SERVER, found.id, member_id(teal))
    assert kept.value == 4.5 and kept.final


def test_a_guess_is_the_student_s_own_and_of_an_open_task(room):
    teal, ruby = student(room), student(room)
    planned = given.give(SERVER, room.id, tasks.find("depth"))
    found = opened(room, tasks.find("luck"))
    guessing.guess(teal, found.id, 3)
    with pytest.raises(ClassroomRefused, match="your own only"):
        guessing.guess_of(ruby, found.id, member_id(teal))
    with pytest.raises(ClassroomRefused, match="no such task"):
        guessing.guess(teal, planned.id, "Deep CNN")
    with pytest.raises(ClassroomRefused, match="Only students of a class"):
        guessing.guess(SERVER, found.id, 3)
    given.close_task(SERVER, found.id)
    with pytest.raises(ClassroomRefused, match="takes no guess now"):
        guessing.guess(teal, found.id, 3)
    without = opened(room, Task("own", "My own", "What happens?"))
    with pytest.raises(ClassroomRefused, match="does not ask for a guess"):
        guessing.guess(teal, without.id, 3)


def test_the_commonest_belief_comes_first_and_names_only_when_opened(room):
    found = opened(room, tasks.find("augmentation"))
    people = [student(room) for _ in range(4)]
    assert guessing.beliefs(SERVER, found.id) == []
    for person, value in zip(
        people, ["it rises", "it falls by a few points", "it rises", "it rises"], strict=True
    ):
        guessing.guess(person, found.id, value)
    believed = guessing.beliefs(SERVER, found.id)
    assert [(each.words, each.count, each.share) for each in believed] == [
        ("it rises", 3, 0.75),
        ("it falls by a few points", 1, 0.25),
    ]
    named = guessing.names(SERVER, found.id)
    assert [each.id for each in named.pop("it falls by a few points")] == [member_id(people[1])]
    assert [len(each) for each in named.values()] == [3]
    joining.remove(SERVER, member_id(people[0]))
    assert [each.count for each in guessing.beliefs(SERVER, found.id)] == [2, 1]
    guessing.open_names(SERVER, found.id)
    assert log.actions(SERVER, room.id)[0].sentence.startswith("Looked who guessed")


def test_numbers_that_were_guessed_are_grouped_by_round_ranges():
    question = tasks.find("luck").guess
    found = guessing.by_kind(question, [1.0, 1.4, 2.0, 2.2, 2.9, 7.0])
    assert [(each.words, each.count) for each in found] == [
        ("2 to 3 points", 3),
        ("1 to 2 points", 2),
        ("7 to 8 points", 1),
    ]
    assert guessing.kinds_of(question, [3.0, 3.0]) == ["3 points"] * 2
    assert guessing.kinds_of(question, []) == []
    sizes = tasks.find("parameters").guess
    assert guessing.kinds_of(sizes, [1_000.0, 3_500.0, 250_000.0]) == [
        "1,000 to 10,000 parameters",
        "1,000 to 10,000 parameters",
        "100,000 to 1,000,000 parameters",
    ]


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        ([10, 40, 60, 75, 90], "rises to the end"),
        ([10, 60, 80, 81, 80], "rises, then levels off"),
        ([10, 60, 80, 70, 60], "rises, then falls"),
        ([80, 60, 30, 60, 80], "falls, then rises"),
        ([90, 70, 50, 40, 20], "falls to the end"),
        ([90, 40, 20, 20, 20], "falls, then levels off"),
        ([50, 52, 50, 51, 50], "stays the same"),
        ([0, 100], "rises to the end"),
    ],
)
def test_drawn_curves_are_grouped_by_their_shape(curve, words):
    assert guessing.kinds_of(tasks.find("overfitting").guess, [[float(x) for x in curve]]) == [
        words
    ]
