"""Beat the network: what is drawn, whose time it is, what counts, and what nobody may know yet."""

import csv
import dataclasses
import io
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import datasets, runs
from core.classroom import beating, classes, exports, given, joining, tasks
from core.classroom.beating import GRACE, IMAGES, SECONDS
from core.classroom.crowd import crowd_share, paired_gap
from core.classroom.people import SERVER, Person
from core.errors import AtelierError, ClassroomRefused
from core.evaluation import Share

DATA = "fashion-mnist"


class Clock:
    """The server's clock, which a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_900_000_000.0
        monkeypatch.setattr(beating.time, "time", lambda: self.now)


class Game:
    """A class with an open round and some students."""

    def __init__(self, students: int = 2) -> None:
        self.room = classes.open_class(SERVER, "8b")
        joined = [joining.join(self.room.code) for _ in range(students)]
        self.students = [
            Person(each.member.visitor, each.member, each.classroom) for each in joined
        ]
        self.round = beating.open_round(SERVER, self.room.id, DATA, runs.BUNDLED, seed=7)

    def play(self, who: Person, said=None) -> beating.Turn:
        """Answer all images; ``said`` returns a class by image and truth, by default the truth."""
        labels = datasets.load(DATA, "test").labels
        at = beating.show_next(who, self.round.id)
        while at.left is not None:
            truth = int(labels[at.image])
            label = truth if said is None else said(at.image, truth)
            beating.answer(who, self.round.id, at.number, label)
            at = beating.show_next(who, self.round.id)
        return at


@pytest.fixture
def game(stored):
    return Game()


# -- The draw --------------------------------------------------------------------------------------


def test_a_seed_draws_the_same_and_as_many_of_each_class():
    labels = datasets.load(DATA, "test").labels
    drawn = beating.draw(labels, seed=3)
    assert drawn == beating.draw(labels, seed=3) != beating.draw(labels, seed=4)
    assert len(set(drawn)) == IMAGES
    assert np.bincount(labels[drawn]).tolist() == [2] * 10


def test_where_classes_do_not_divide_the_images_none_has_two_more_than_another():
    labels = np.repeat(np.arange(7), 50)
    counts = np.bincount(labels[beating.draw(labels, seed=1)])
    assert counts.sum() == IMAGES and counts.max() - counts.min() == 1
    assert sorted(beating.draw(np.array([0, 0, 1]), seed=1)) == [0, 1, 2], "there are no more"


# -- A student -------------------------------------------------------------------------------------


def test_all_get_the_same_images_each_in_an_order_of_their_own(game):
    orders = []
    for who in game.students:
        seen = []
        game.play(who, lambda image, truth, seen=seen: seen.append(image) or truth)
        orders.append(seen)
    assert set(orders[0]) == set(orders[1]) and len(set(orders[0])) == IMAGES
    assert orders[0] != orders[1]


def test_nobody_learns_what_an_image_is_before_the_round_is_closed(game):
    one, two = game.students
    assert "truth" not in {field.name for field in dataclasses.fields(game.round)}
    beating.show_next(one, game.round.id)
    with pytest.raises(ClassroomRefused, match="Answer all images first"):
        beating.figures(one, game.round.id)
    done = game.play(one)
    assert done.done and done.right == IMAGES
    assert beating.figures(one, game.round.id).tiles == (), "a neighbour may still be looking"
    assert beating.figures(SERVER, game.round.id).tiles == (), "and so is the board"
    with pytest.raises(ClassroomRefused):
        beating.figures(two, game.round.id)
    beating.close_round(SERVER, game.round.id)
    assert len(beating.figures(two, game.round.id).tiles) == IMAGES


def test_the_first_answer_counts_and_a_second_is_told(game):
    who = game.students[0]
    at = beating.show_next(who, game.round.id)
    beating.answer(who, game.round.id, at.number, 3)
    with pytest.raises(ClassroomRefused, match="The first answer counts"):
        beating.answer(who, game.round.id, at.number, 4)
    assert beating.figures(SERVER, game.round.id).matrix.sum() == 1
    assert beating.figures(SERVER, game.round.id).matrix[:, 3].sum() == 1


@pytest.mark.parametrize("label", [-1, 10, 10**30, True, 2.0, "3", [3], float("nan"), {}])
def test_a_forged_answer_is_a_sentence_and_does_not_count(game, label):
    who = game.students[0]
    at = beating.show_next(who, game.round.id)
    with pytest.raises(ClassroomRefused, match="does not count"):
        beating.answer(who, game.round.id, at.number, label)
    assert beating.figures(SERVER, game.round.id).answers == 0


@pytest.mark.parametrize("number", [0, 2, -1, 21, 10**30, "1", None, True, 1.0])
def test_an_answer_about_an_image_that_was_not_shown_does_not_count(game, number):
    who = game.students[0]
    beating.show_next(who, game.round.id)
    with pytest.raises(ClassroomRefused, match="have not been shown"):
        beating.answer(who, game.round.id, number, 1)


@pytest.mark.parametrize("round_id", [0, -1, 999, 10**30, "1", None, True])
def test_a_round_that_is_not_there_is_a_sentence(game, round_id):
    for ask in (beating.turn, beating.show_next, beating.figures, beating.sees):
        with pytest.raises(ClassroomRefused, match="no such round"):
            ask(game.students[0], round_id)


def test_the_time_is_the_servers(game, monkeypatch):
    clock, who = Clock(monkeypatch), game.students[0]
    at = beating.show_next(who, game.round.id)
    assert at.left == SECONDS
    clock.now += 4
    again = beating.show_next(who, game.round.id)
    assert (again.number, again.left, again.image) == (1, SECONDS - 4, at.image), "as by a reload"
    clock.now += 6 + GRACE / 2
    beating.answer(who, game.round.id, 1, 0)  # on its way when the time was over
    assert beating.show_next(who, game.round.id).number == 2
    clock.now += SECONDS + GRACE + 0.1
    with pytest.raises(ClassroomRefused, match="Too late"):
        beating.answer(who, game.round.id, 2, 0)
    now = beating.turn(who, game.round.id)
    assert now.left is None and now.image is None and now.missed and now.right is None
    found = beating.figures(SERVER, game.round.id)
    assert (found.answers, found.missed, found.matrix.sum()) == (2, 1, 1)


def test_who_is_away_loses_one_image_and_not_all(game, monkeypatch):
    clock, who = Clock(monkeypatch), game.students[0]
    beating.show_next(who, game.round.id)
    clock.now += 3600
    assert beating.turn(who, game.round.id).number == 1
    assert beating.show_next(who, game.round.id).number == 2


def test_a_time_that_was_given_up_is_over(game):
    who = game.students[0]
    beating.show_next(who, game.round.id)
    beating.answer(who, game.round.id, 1, None)
    assert beating.turn(who, game.round.id).missed
    with pytest.raises(ClassroomRefused, match="Too late"):
        beating.answer(who, game.round.id, 1, 3)


def test_two_tabs_at_once_are_one_image_and_one_answer(game):
    who = game.students[0]

    def both(work):
        with ThreadPoolExecutor(4) as threads:
            return [each.exception() for each in [threads.submit(work) for _ in range(4)]]

    assert both(lambda: beating.show_next(who, game.round.id)) == [None] * 4
    assert beating.turn(who, game.round.id).number == 1
    problems = both(lambda: beating.answer(who, game.round.id, 1, 2))
    assert problems.count(None) == 1
    assert all(each is None or isinstance(each, AtelierError) for each in problems)
    assert beating.figures(SERVER, game.round.id).matrix.sum() == 1


def test_nobody_answers_in_a_closed_round_a_closed_class_or_from_outside(game):
    one, two = game.students
    stranger = joining.join(classes.open_class(SERVER, "8c").code)
    other = Person(stranger.member.visitor, stranger.member, stranger.classroom)
    with pytest.raises(ClassroomRefused):
        beating.show_next(other, game.round.id)
    closed = dataclasses.replace(one, classroom=classes.close_class(SERVER, game.room.id))
    with pytest.raises(ClassroomRefused, match="The class is closed"):
        beating.show_next(closed, game.round.id)
    classes.reopen_class(SERVER, game.room.id)
    beating.show_next(one, game.round.id)
    joining.remove(SERVER, two.member.id)
    with pytest.raises(ClassroomRefused, match="not in this class any more"):
        beating.show_next(two, game.round.id)
    beating.close_round(SERVER, game.round.id)
    with pytest.raises(ClassroomRefused, match="closed"):
        beating.answer(one, game.round.id, 1, 1)


# -- The teacher -----------------------------------------------------------------------------------


def test_one_round_at_a_time_and_the_wall_shows_the_last(game):
    with pytest.raises(ClassroomRefused, match="open already"):
        beating.open_round(SERVER, game.room.id, DATA, runs.BUNDLED)
    beating.close_round(SERVER, game.round.id)
    second = beating.open_round(SERVER, game.room.id, DATA, runs.BUNDLED_ACCURATE)
    assert [each.on_wall for each in beating.rounds_of(SERVER, game.room.id)] == [True, False]
    beating.show_on_wall(SERVER, second.id, False)
    assert not any(each.on_wall for each in beating.rounds_of(SERVER, game.room.id))
    beating.show_on_wall(SERVER, game.round.id, True)
    _, shown = beating.rounds_of(SERVER, game.room.id)
    assert shown.on_wall and shown.id == game.round.id
    assert beating.close_round(SERVER, game.round.id).closed == shown.closed, "only once"


def test_the_spreadsheet_has_the_answers_once_the_round_is_closed(game):
    one, two = game.students
    game.play(one)
    at = beating.show_next(two, game.round.id)
    assert "Beat the network" not in exports.spreadsheet(SERVER, game.room.id), "it is open"
    beating.close_round(SERVER, game.round.id)
    lines = list(csv.DictReader(io.StringIO(exports.spreadsheet(SERVER, game.room.id))))
    own = [line for line in lines if line["student"] == one.member.handle]
    assert len(lines) == IMAGES + 1 and len(own) == IMAGES
    assert {line["answer_right"] for line in own} == {"1"}
    assert all(line["answer"] == line["image_is"] for line in own)
    assert [line["turn"] for line in own] == [str(1 + i) for i in range(IMAGES)]
    (missed,) = [line for line in lines if line["student"] == two.member.handle]
    assert (missed["answer"], missed["answer_right"]) == ("", "0")
    assert missed["image"] == str(at.image) and missed["public_id"] == two.member.public_id
    with pytest.raises(ClassroomRefused, match="Only a teacher"):
        beating.answers(one, game.round.id)
    given.open_task(SERVER, given.give(SERVER, game.room.id, tasks.find("luck")).id)
    assert beating.answers(SERVER, game.round.id) == [], "the test images are closed"


def test_a_round_is_not_played_on_images_that_are_closed_for_the_class(game):
    game.play(game.students[0])
    beating.close_round(SERVER, game.round.id)
    assert len(beating.figures(SERVER, game.round.id).tiles) == IMAGES
    blind = next(each for each in tasks.bundled().values() if each.counts.blind)
    task = given.open_task(SERVER, given.give(SERVER, game.room.id, blind).id)
    with pytest.raises(ClassroomRefused, match="Reveal it first"):
        beating.open_round(SERVER, game.room.id, task.task.dataset, runs.BUNDLED)
    assert beating.figures(SERVER, game.round.id).tiles == ()
    given.reveal(SERVER, task.id)
    assert len(beating.figures(SERVER, game.round.id).tiles) == IMAGES
    beating.open_round(SERVER, game.room.id, task.task.dataset, runs.BUNDLED)


@pytest.mark.parametrize(
    ("dataset", "run_id"),
    [(DATA, "nobody"), (DATA, "../x"), ("cifar-10", runs.BUNDLED), ("nonsense", runs.BUNDLED)],
)
def test_a_network_or_a_data_set_that_cannot_be_is_a_sentence(game, dataset, run_id):
    beating.close_round(SERVER, game.round.id)
    with pytest.raises(ClassroomRefused):
        beating.open_round(SERVER, game.room.id, dataset, run_id)


def test_the_best_run_of_the_class_plays_and_what_it_said_stays(game):
    assert [each.run_id for each in beating.opponents(SERVER, game.room.id, DATA)] == [
        runs.BUNDLED,
        runs.BUNDLED_ACCURATE,
    ], "nobody has trained"
    beating.close_round(SERVER, game.round.id)
    for number, who in enumerate(game.students):
        bundled = runs.read((runs.BUNDLED, runs.BUNDLED_ACCURATE)[number])
        run_id = runs.create(bundled.config, who.visitor)
        for path in bundled.folder.path.iterdir():
            if path.name != "config.json":
                shutil.copy(path, runs.folder_of(run_id).path)
    best = beating.opponents(SERVER, game.room.id, DATA)[-1]
    assert best.run_id == run_id and best.title.startswith("Best run of the class")
    found = beating.open_round(SERVER, game.room.id, DATA, best.run_id, seed=7)
    assert runs.read(run_id).opened is None, "twenty answers are no look at the test set"
    runs.delete(run_id)
    game.round = found
    game.play(game.students[0])
    assert beating.figures(SERVER, found.id).network_matrix.sum() == IMAGES


def test_a_round_goes_with_its_class_and_is_not_copied(game):
    game.play(game.students[0])
    copy = classes.copy_class(SERVER, game.room.id)
    assert beating.rounds_of(SERVER, copy.id) == []
    classes.delete_class(SERVER, game.room.id)
    with pytest.raises(ClassroomRefused):
        beating.figures(SERVER, game.round.id)


# -- Figures ---------------------------------------------------------------------------------------


def test_the_class_is_set_beside_the_network_on_the_same_images(game):
    one, two = game.students
    game.play(one)
    game.play(two, lambda image, truth: 6 if truth == 0 else truth)  # shirts for T-shirts
    beating.close_round(SERVER, game.round.id)
    found = beating.figures(one, game.round.id)
    assert (found.players, found.done, found.answers, found.missed) == (2, 2, 2 * IMAGES, 0)
    assert found.crowd is not None and found.gap is not None and found.network is not None
    assert found.crowd.value == pytest.approx(0.95)
    assert found.matrix[0, 0] == found.matrix[0, 6] == 2
    assert found.network_matrix.sum() == IMAGES
    assert found.network.value == np.trace(found.network_matrix) / IMAGES
    assert found.gap.low <= found.gap.value == found.crowd.value - found.network.value
    hardest = found.tiles[0]
    assert hardest.truth == 0 and hardest.right == 0.5 and dict(hardest.said) == {0: 1, 6: 1}
    # Where the two do not agree there is no common answer.
    assert found.vote is not None and found.vote.share == Share(0.9, IMAGES)


def test_answers_of_a_removed_student_do_not_count(game):
    one, two = game.students
    game.play(one, lambda image, truth: (truth + 1) % 10)
    game.play(two)
    joining.remove(SERVER, one.member.id)
    found = beating.figures(SERVER, game.round.id)
    assert found.crowd is not None and found.crowd.value == 1 and found.players == 1


def test_thirty_who_say_the_same_know_no_more_than_one():
    shares = np.array([1.0] * 14 + [0.0] * 6)
    found = crowd_share(shares, answers=600)
    assert found.value == 0.7 and found.count <= len(shares)
    low, high = found.interval
    assert low < 0.48 and high > 0.85, "as of twenty images"


def test_all_right_and_one_image_still_leave_doubt():
    low, high = crowd_share(np.ones(20), answers=600).interval
    assert low < 0.9 and high == 1
    gap = paired_gap(np.ones(20), np.ones(20, bool), answers=600)
    assert gap.low < 0 < gap.high and not gap.clear
    assert crowd_share(np.array([0.4]), answers=30).count == 1


def test_the_paired_interval_is_the_narrower_the_more_alike_the_two_are():
    random = np.random.default_rng(1)
    right = random.random(20) < 0.6
    alike = np.where(right, 0.9, 0.3)
    other = random.permutation(alike)
    widths = [gap.high - gap.low for gap in (paired_gap(x, right, 400) for x in (alike, other))]
    assert widths[0] < widths[1]


def test_the_interval_of_the_difference_holds_the_truth_about_as_often_as_it_says():
    """Images of different hardness for both, of which twenty are drawn: 400 classes."""
    random, held = np.random.default_rng(5), 0
    for _ in range(400):
        hard = random.beta(4, 2, 20)
        network = random.random(20) < np.clip(hard + 0.1, 0, 1)
        students = random.random((15, 20)) < hard
        gap = paired_gap(students.mean(axis=0), network, students.size)
        truth = -float((np.clip(BETA + 0.1, 0, 1) - BETA).mean())
        held += gap.low <= truth <= gap.high
    assert 0.92 <= held / 400 <= 1


BETA = np.random.default_rng(6).beta(4, 2, 100_000)
