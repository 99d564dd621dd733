"""Working on a task: its runs, hand-ins, boards, the end, and what a teacher takes home."""

import csv
import io
import threading
import zipfile

import numpy as np
import pytest
from class_support import finished, member_id, open_class, opened, student

from core import datasets, evaluation, runs
from core.classroom import (
    classes,
    exports,
    given,
    guessing,
    handins,
    joining,
    scores,
    tasks,
    training,
)
from core.classroom.people import SERVER
from core.classroom.tasks import Task
from core.errors import AtelierError, ClassroomRefused, SettingsError
from core.evaluation import CORRUPTIONS, SEVERITIES
from core.runs import State
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.tasks import pool

pytestmark = pytest.mark.usefixtures("stored")

LUCK = tasks.find("luck")


@pytest.fixture
def room(stored):
    return open_class()


@pytest.fixture(scope="module")
def parts():
    return scores.divide(datasets.load("fashion-mnist", "test").labels)


def of(parts, board: int, end: int) -> np.ndarray:
    """Return test images: so many of the board's, and of those for the end."""
    return np.concatenate([parts.board[:board], parts.end[:end]])


def handed(person, found, *, wrong=(), sentence="This one.", seed=0, **more):
    """Hand in a run, and return what may be known of it."""
    run_id = finished(found.task.config({"seed": seed}), person, wrong=wrong, **more)
    return handins.hand_in(person, found.id, run_id, sentence)


# -- Runs --------------------------------------------------------------------------------------


def test_a_run_of_a_task_is_the_student_s_and_counted(room, no_queue):
    teal = student(room)
    found = opened(room, LUCK)
    guessing.guess(teal, found.id, 2)
    run_id = handins.start(teal, found.id, LUCK.config({"seed": 7}))
    run = runs.read(run_id)
    assert run.visitor == teal.visitor and run.config == LUCK.config({"seed": 7})
    assert run.group == training.group_of(room.id)
    assert handins.runs_of(teal, found.id) == [run_id]
    (progress,) = handins.progress(teal)
    assert (progress.guessed, progress.runs, progress.hand_ins) == (True, 1, 0)
    assert (progress.runs_left, progress.hand_ins_left) == (4, 3)
    (other,) = handins.progress(student(room))
    assert (other.guessed, other.runs) == (False, 0)


def test_runs_keep_to_the_task(room, no_queue):
    teal = student(room)
    found = opened(room, LUCK)
    guessing.guess(teal, found.id, 2)
    for config, sentence in (
        (tasks.find("depth").config(), "is not a run of the task"),
        (Task("x", "X", "Y?", given={**LUCK.given, "epochs": 4}).config(), "“Epochs” is 5"),
    ):
        with pytest.raises(ClassroomRefused, match=sentence):
            handins.start(teal, found.id, config)
    for seed in range(5):
        handins.start(teal, found.id, LUCK.config({"seed": seed}))
    with pytest.raises(ClassroomRefused, match="You have started 5 runs"):
        handins.start(teal, found.id, LUCK.config())
    with pytest.raises(ClassroomRefused, match="Only students of a class"):
        handins.start(SERVER, found.id, LUCK.config())
    given.close_task(SERVER, found.id)
    with pytest.raises(ClassroomRefused, match="nothing can be started now"):
        handins.start(teal, found.id, LUCK.config())


def test_a_run_that_would_take_too_long_is_refused_with_how_long(room, no_queue):
    task = Task.from_toml(
        'id = "slow"\ntitle = "Slow"\nquestion = "?"\nshows = ["architecture", "epochs"]\n'
        "[limits]\nminutes = 0.5\n"
    )
    found, teal = opened(room, task), student(room)
    with pytest.raises(ClassroomRefused, match=r"about \d+ minutes, and the task allows 0.5"):
        handins.start(teal, found.id, task.config({"architecture": "residual-cnn", "epochs": 60}))


def test_who_is_in_another_class_or_a_closed_one_starts_and_hands_in_nothing(room, no_queue):
    teal, other = student(room), student(open_class("Another"))
    found = opened(room, Task("own", "My own", "What happens?", given={"limit": 2_000}))
    run_id = finished(found.task.config(), teal)
    for action in (
        lambda who: handins.start(who, found.id, found.task.config()),
        lambda who: handins.hand_in(who, found.id, run_id, "Mine."),
        lambda who: handins.live(who, found.id),
        lambda who: handins.board(who, found.id),
        lambda who: handins.hand_ins(who, found.id),
        lambda who: handins.end(who, found.id),
    ):
        with pytest.raises(ClassroomRefused):
            action(other)
    classes.close_class(SERVER, room.id)
    closed = student_again(teal, room)
    for action in (
        lambda: handins.start(closed, found.id, found.task.config()),
        lambda: handins.hand_in(closed, found.id, run_id, "Mine."),
    ):
        with pytest.raises(ClassroomRefused, match="The class is closed"):
            action()
    assert handins.board(closed, found.id) == []


def student_again(person, room):
    """Return a student with the class as it is now."""
    from dataclasses import replace

    return replace(person, classroom=classes.of_id(room.id))


# -- Hand-ins ----------------------------------------------------------------------------------


def test_three_runs_are_handed_in_and_the_board_moves_by_more_than_chance(room, parts):
    teal = student(room)
    found = opened(room, LUCK)
    first = handed(teal, found, wrong=of(parts, 400, 0), sentence="  My \n first. ", seed=1)
    assert (first.number, first.sentence, first.moved) == (1, "My first.", True)
    assert first.board.value == 0.9 and first.board.count == 4_000
    assert first.validation.value == 0.8 and first.validation.count == 1_200
    assert first.parameters == 266_610 and first.seconds == 12.5 and first.measure is None
    chance = handed(teal, found, wrong=of(parts, 397, 0), seed=2)
    assert not chance.moved and chance.board is None  # what did not move the board tells nothing
    better = handed(teal, found, wrong=of(parts, 300, 0), seed=3)
    assert better.moved and better.board.value == 0.925
    with pytest.raises(ClassroomRefused, match="handed in 3 runs"):
        handed(teal, found, seed=4)
    assert [each.moved for each in handins.hand_ins(teal, found.id)] == [True, False, True]
    (line,) = handins.board(teal, found.id)
    assert (line.run_id, line.count) == (better.run_id, 3) and line.standing.measure.value == 0.925
    (progress,) = handins.progress(teal)
    assert progress.hand_ins_left == 0


def test_only_an_own_finished_run_of_the_task_is_handed_in_and_once(room):
    teal, ruby = student(room), student(room)
    found = opened(room, LUCK)
    good = finished(LUCK.config(), teal)
    for run_id, sentence in (
        (finished(LUCK.config(), ruby), "belongs to someone else"),
        (finished(LUCK.config(), teal, state=State.STOPPED), "The run is stopped"),
        (finished(tasks.find("depth").config(), teal), "is not a run of the task"),
        ("20990101-000000-mlp-abcdef", "no run"),
        ("../../etc/passwd", "no run"),
        (runs.BUNDLED, "is not yours"),
    ):
        with pytest.raises(AtelierError, match=sentence):
            handins.hand_in(teal, found.id, run_id, "Mine.")
    handins.hand_in(teal, found.id, good, "Mine.")
    with pytest.raises(ClassroomRefused, match="handed in this run already"):
        handins.hand_in(teal, found.id, good, "Mine again.")
    with pytest.raises(SettingsError, match="asks no question"):
        handins.hand_in(teal, found.id, finished(LUCK.config(), teal), "Mine.", 89)


def test_a_run_whose_test_set_was_opened_before_is_not_handed_in(room):
    teal = student(room)
    seen = finished(LUCK.config(), teal)
    runs.open_test(seen)
    found = opened(room, LUCK)
    with pytest.raises(ClassroomRefused, match="You have seen the test results"):
        handins.hand_in(teal, found.id, seen, "Mine.")


@pytest.mark.parametrize(
    ("sentence", "refusal"),
    [("", "is empty"), (" \n\u202e ", "is empty"), ("x" * 281, "281 characters, and 280 fit")],
)
def test_a_sentence_is_one_line_of_at_most_280_characters(room, sentence, refusal):
    teal, found = student(room), opened(room, LUCK)
    run_id = finished(LUCK.config(), teal)
    with pytest.raises(ClassroomRefused, match=refusal):
        handins.hand_in(teal, found.id, run_id, sentence)
    assert handins.hand_in(teal, found.id, run_id, "y" * 280).sentence == "y" * 280


def test_two_tabs_that_hand_in_at_once_do_not_hand_in_four(room):
    teal, found = student(room), opened(room, LUCK)
    ids = [finished(LUCK.config({"seed": seed}), teal) for seed in range(6)]
    refused, barrier = [], threading.Barrier(len(ids))

    def hand_in(run_id: str) -> None:
        barrier.wait()
        try:
            handins.hand_in(teal, found.id, run_id, "Mine.")
        except ClassroomRefused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=hand_in, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in handins.hand_ins(teal, found.id)] == [1, 2, 3]
    assert len(refused) == 3


def test_a_hand_in_stays_when_its_run_is_deleted(room, parts):
    teal, found = student(room), opened(room, LUCK)
    each = handed(teal, found, wrong=of(parts, 400, 300))
    runs.delete(each.run_id)
    (line,) = handins.board(SERVER, found.id)
    assert line.standing.measure.value == 0.9
    given.reveal(SERVER, found.id)
    assert handins.end(SERVER, found.id)[0].revealed.end_share.value == 0.95


def test_students_see_their_own_hand_ins_and_the_teacher_all(room):
    teal, ruby = student(room), student(room)
    found = opened(room, LUCK)
    handed(teal, found)
    handed(ruby, found)
    assert len(handins.hand_ins(teal, found.id)) == 1
    assert len(handins.hand_ins(SERVER, found.id)) == 2
    with pytest.raises(ClassroomRefused, match="your own only"):
        handins.hand_ins(teal, found.id, member_id(ruby))


# -- Boards ------------------------------------------------------------------------------------


def test_the_live_board_has_the_best_validation_accuracy_of_each(room, no_queue):
    teal, ruby, idle = (student(room) for _ in range(3))
    found = opened(room, Task("own", "My own", "?", given={"limit": 2_000}, shows=("seed",)))
    started = [
        handins.start(who, found.id, found.task.config({"seed": seed}))
        for seed, who in enumerate((teal, teal, ruby, idle))
    ]
    for run_id, accuracies in zip(started, ([0.7, 0.8], [0.6], [0.75, 0.79], None), strict=True):
        if accuracies is not None:
            write_epochs(run_id, accuracies)
    lines = handins.live(ruby, found.id)
    assert [(line.member.id, line.run_id, line.count) for line in lines] == [
        (member_id(teal), started[0], 2),
        (member_id(ruby), started[2], 1),
    ]
    assert [line.standing.bands for line in lines] == [(1,), (1,)]  # 200 images tell little


def write_epochs(run_id, accuracies):
    import json

    rows = [
        {
            "epoch": 1 + i,
            "loss": 1.0,
            "accuracy": a,
            "val_loss": 1.0,
            "val_accuracy": a,
            "seconds": i,
        }
        for i, a in enumerate(accuracies)
    ]
    runs.folder_of(run_id).write_heartbeat(runs.Heartbeat(1, "elsewhere"))
    path = runs.folder_of(run_id).epochs
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_neighbours_on_the_board_share_a_band_or_not(room, parts):
    people = [student(room) for _ in range(3)]
    found = opened(room, LUCK)
    for person, wrong in zip(people, (404, 400, 700), strict=True):
        handed(person, found, wrong=of(parts, wrong, 0))
    lines = handins.board(people[0], found.id)
    assert [line.member.id for line in lines] == [member_id(people[i]) for i in (1, 0, 2)]
    assert [line.standing.bands for line in lines] == [(1,), (1,), (2,)]
    assert [line.standing.tied for line in lines] == [False, True, False]


def test_who_was_removed_is_on_no_board(room, parts):
    teal, ruby = student(room), student(room)
    found = opened(room, LUCK)
    handed(teal, found)
    handed(ruby, found)
    joining.remove(SERVER, member_id(ruby))
    assert [line.member.id for line in handins.board(SERVER, found.id)] == [member_id(teal)]
    given.reveal(SERVER, found.id)
    assert [line.member.id for line in handins.end(SERVER, found.id)] == [member_id(teal)]


def test_the_end_is_there_for_all_at_once_when_it_is_revealed(room, parts):
    teal, ruby = student(room), student(room)
    found = opened(room, LUCK)
    handed(teal, found, wrong=of(parts, 200, 900), accuracies=[0.95])
    handed(ruby, found, wrong=of(parts, 320, 480), accuracies=[0.92])
    for who in (teal, ruby, SERVER):
        with pytest.raises(ClassroomRefused, match="has not been revealed yet"):
            handins.end(who, found.id)
    given.reveal(SERVER, found.id)
    for who in (teal, ruby, SERVER):
        first, second = handins.end(who, found.id)
        assert (first.member.id, second.member.id) == (member_id(ruby), member_id(teal))
        assert (first.revealed.change, second.revealed.change) == (1, -1)
        assert second.revealed.gap.value == pytest.approx(0.1) and second.revealed.gap.clear
        assert second.revealed.validation_gap.value == pytest.approx(0.1)
        assert not first.revealed.gap.clear


def test_accuracy_per_parameter_and_time_are_placed_by_their_own(room):
    small, large = student(room), student(room)
    size = opened(room, tasks.find("parameters"))
    for person, architecture in ((small, "deep-cnn"), (large, "mlp")):
        config = size.task.config({"architecture": architecture})
        run_id = finished(config, person, accuracies=[0.85])
        each = handins.hand_in(person, size.id, run_id, "Mine.")
        assert each.measure.value == pytest.approx(85_000 / each.parameters) and each.moved
    lines = handins.board(small, size.id)
    assert [line.member.id for line in lines] == [member_id(small), member_id(large)]
    with pytest.raises(ClassroomRefused, match="not placed by the test images"):
        given.reveal(SERVER, size.id)
        handins.end(small, size.id)
    fast = opened(room, tasks.find("batch-size"))
    for person, accuracies in ((small, [0.5, 0.7, 0.86]), (large, [0.86])):
        run_id = finished(fast.task.config(), person, accuracies=accuracies)
        handins.hand_in(person, fast.id, run_id, "Mine.")
    lines = handins.board(small, fast.id)
    assert [(line.member.id, line.standing.measure.value) for line in lines] == [
        (member_id(large), 2.0),
        (member_id(small), 6.0),
    ]


def test_an_answer_counts_and_is_told_when_the_end_is_revealed(room):
    teal, ruby = student(room), student(room)
    found = opened(room, tasks.find("more-data"))
    right = found.task.counts.answer

    def answer(person, value):
        run_id = finished(found.task.config(), person)
        return handins.hand_in(person, found.id, run_id, "Mine.", value)

    with pytest.raises(SettingsError, match="Give a number from 0 to 100"):
        answer(teal, "many")
    answer(teal, 50)
    assert answer(teal, right).measure.value is None  # a second thought is allowed, and not judged
    answer(ruby, 50)
    lines = handins.board(ruby, found.id)
    assert [(line.standing.place, line.standing.measure.value) for line in lines] == [(1, None)] * 2
    assert all(each.right is None for each in handins.hand_ins(SERVER, found.id))
    believed = guessing.answers(SERVER, found.id)
    assert {each.count for each in believed} == {1}
    given.reveal(SERVER, found.id)
    assert [each.right for each in handins.hand_ins(teal, found.id)] == [False, True]
    lines = handins.board(ruby, found.id)
    assert [(line.member.id, line.standing.measure.value) for line in lines] == [
        (member_id(teal), 1.0),
        (member_id(ruby), 0.0),
    ]


def test_an_accuracy_of_worse_pictures_comes_from_the_background(room, monkeypatch):
    asked = []
    monkeypatch.setattr(pool, "start", lambda kind, run, visitor: asked.append((kind, run.id)))
    teal = student(room)
    found = opened(room, tasks.find("augmentation"))
    each = handins.hand_in(teal, found.id, finished(found.task.config(), teal), "Mine.")
    assert each.measure is None and asked == [("robustness", each.run_id)]
    (line,) = handins.board(teal, found.id)
    assert line.standing.measure.value is None
    run = runs.read(each.run_id)
    right = np.full((len(CORRUPTIONS), len(SEVERITIES)), 500)
    right[list(CORRUPTIONS).index("shift")] = 1_500
    arrays = {"names": np.array(list(CORRUPTIONS)), "right": right}
    arrays |= {"count": np.array(2_000), "clean": np.array(1_800)}
    write_analysis(analysis_file("robustness", run), arrays, stamp_of(run))
    (line,) = handins.board(teal, found.id)
    assert line.standing.measure.value == 0.75
    runs.delete(run.id)
    (again,) = handins.hand_ins(teal, found.id)
    assert again.measure.value == 0.75


# -- What a teacher takes home -----------------------------------------------------------------


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_spreadsheet_has_everybody_and_no_secret(room, parts):
    teal, idle = student(room, "Teal 1"), student(room, "Idle 1")
    found = opened(room, LUCK)
    guessing.guess(teal, found.id, 2)
    handed(teal, found, wrong=of(parts, 400, 600), sentence="=1+1", seed=9)
    given.give(SERVER, room.id, tasks.find("depth"))
    first, second = rows_of(exports.spreadsheet(SERVER, room.id))
    assert (first["student"], float(first["guess"]), first["sentence"]) == ("Teal 1", 2, "'=1+1")
    assert (first["board_accuracy"], first["end_accuracy"]) == ("0.9", "")
    assert "seed=9" in first["settings"] and first["parameters"] == "266610"
    assert (second["student"], second["hand_in"], second["guess"]) == ("Idle 1", "", "")
    given.reveal(SERVER, found.id)
    first, _ = rows_of(exports.spreadsheet(SERVER, room.id))
    assert (first["end_accuracy"], first["end_place"]) == ("0.9", "1")
    text = exports.spreadsheet(SERVER, room.id)
    assert teal.visitor not in text and idle.visitor not in text
    assert teal.member.public_id in text


def test_the_archive_has_a_folder_a_hand_in_and_no_secret(room):
    teal, ruby = student(room, "Zoë 1"), student(room, "Ruby 1")
    found = opened(room, LUCK)
    each = handed(teal, found)
    handed(ruby, found)
    runs.delete(each.run_id)
    content = exports.archive(SERVER, room.id)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = file.namelist()
        texts = {name: file.read(name).decode() for name in names}
    assert {"hand-ins.csv", "01-luck/task.toml"} < set(names)
    assert tasks.read_task(texts["01-luck/task.toml"].encode()) == LUCK
    folders = {name.rpartition("/")[0] for name in names if name.endswith("settings.json")}
    assert len(folders) == 2
    with_curve = [name for name in names if name.endswith("epochs.csv")]
    assert len(with_curve) == 1 and "ruby-1" in with_curve[0]  # the other run is gone
    for person in (teal, ruby):
        assert not any(person.visitor in text for text in (*texts.values(), *names))
    assert content == exports.archive(SERVER, room.id)


def test_only_a_teacher_takes_it_home(room):
    for action in (exports.spreadsheet, exports.archive):
        with pytest.raises(ClassroomRefused, match="Only a teacher can"):
            action(student(room), room.id)


def test_what_is_told_of_a_class_has_no_secret_in_it(room):
    teal = student(room)
    found = opened(room, LUCK)
    each = handed(teal, found)
    told = f"{each} {handins.board(teal, found.id)} {handins.hand_ins(SERVER, found.id)}"
    assert teal.visitor not in told and teal.member.public_id in told


def test_answers_that_a_worker_wrote_can_be_handed_in(room, trained):
    """A real training, which the command line did, as if a student had."""
    import json

    teal = student(room)
    header = json.loads(trained.folder.config.read_text(encoding="utf-8"))
    header["visitor"] = teal.visitor
    trained.folder.config.unlink()  # which the folder's time tells
    trained.folder.config.write_text(json.dumps(header), encoding="utf-8")
    run = runs.read(trained.id)
    task = Task("real", "Real", "?", given={**run.config.flat(), "architecture": "mlp"})
    found = opened(room, task)
    each = handins.hand_in(teal, found.id, run.id, "A real one.")
    whole = evaluation.answers_of(run, evaluation.TEST).right
    part = scores.divide(datasets.load("fashion-mnist", "test").labels).board
    assert each.board.value == pytest.approx(whole[part].mean())
    assert 0.6 < each.board.value < 0.95
