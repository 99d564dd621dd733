"""Label court: what is judged, who is dealt what, what counts, and what nobody may know yet."""

import csv
import dataclasses
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import class_support
import numpy as np
import pytest

from core import datasets, evaluation, runs
from core.analysis import labels
from core.classroom import (
    classes,
    closed,
    correcting,
    court,
    docket,
    joining,
    log,
    presence,
    seal,
    verdicts,
)
from core.classroom import given as tasks_given
from core.classroom import tasks as all_tasks
from core.classroom.court import VOTES, Answer
from core.classroom.database import database
from core.classroom.docket import KEPT
from core.classroom.keys import group_of
from core.classroom.people import SERVER, Person
from core.classroom.schema import CourtRow, JudgementRow
from core.datasets import imported
from core.datasets.access import usable_datasets
from core.errors import AtelierError, ClassroomRefused
from core.runs import Evaluation, Result, State, write_evaluation

DATA = "fashion-mnist"
IMAGES, SHARE = 20, 10
ANSWERS = len(Answer)


class Trial:
    """A class with an open court and some students."""

    def __init__(self, students: int = 3, images: int = IMAGES, share: int = IMAGES) -> None:
        self.room = classes.open_class(SERVER, "8b")
        self.students = [class_support.student(self.room) for _ in range(students)]
        self.court = court.open_court(SERVER, self.room.id, DATA, KEPT, images, share, seed=7)

    @property
    def row(self) -> CourtRow:
        """What only the server knows."""
        with database().read() as session:
            row = session.get(CourtRow, self.court.id)
            session.expunge(row)
            return row

    def judge(self, who: Person, said=lambda image, clear: Answer.GIVEN, most: int = 999) -> None:
        """Judge all images; ``said`` returns an answer by image and whether it is a clear one."""
        row = self.row
        at = court.show_next(who, self.court.id)
        while at.image is not None:
            place = row.images.index(at.image)
            answer = said(at.image, row.clear[place])
            button = at.answers.index(court._names(row, place)[answer])
            court.judge(who, self.court.id, at.number, button)
            most -= 1
            if not most:
                return
            at = court.show_next(who, self.court.id)

    def voted(self, who: Person, said=lambda image, clear: Answer.GIVEN) -> None:
        """Put a vote on each image into the database, as ``judge`` leaves them, but at once."""
        row = self.row
        with database().begin() as session:
            for place, (image, clear) in enumerate(zip(row.images, row.clear, strict=True)):
                session.add(
                    JudgementRow(
                        court_id=row.id,
                        member_id=class_support.member_id(who),
                        turn=place + 1,
                        place=place,
                        dealt=1.0,
                        answer=int(said(image, clear)),
                        at=2.0,
                    )
                )

    def figures(self) -> verdicts.Figures:
        return verdicts.figures(SERVER, self.court.id)

    def close(self) -> court.Court:
        return court.close_court(SERVER, self.court.id)


@pytest.fixture
def trial(stored):
    return Trial()


@pytest.fixture
def simple(home):
    """Return a court in SQLite alone, for what no database takes part in."""
    return Trial()


def against(image: int, clear: bool) -> Answer:
    """Say what is suspected, but call clear images by their label."""
    return Answer.GIVEN if clear else Answer.SUSPECTED


# -- The images ------------------------------------------------------------------------------------


def test_the_most_doubtful_labels_are_judged_and_one_clear_image_in_ten(trial):
    row, known = trial.row, labels.labels_of(datasets.find(DATA), "train")
    assert sum(row.clear) == 2 and len(set(row.images)) == IMAGES
    doubtful = {image for image, clear in zip(row.images, row.clear, strict=True) if not clear}
    assert doubtful == set(known.ranked()[:18].tolist())
    truth = datasets.load(DATA, "train").labels
    for image, given, suspected, clear in zip(
        row.images, row.given, row.suspected, row.clear, strict=True
    ):
        assert given == truth[image] and suspected == known.suggested[image] != given
        assert not clear or known.own[image] > 0.98


def test_the_next_court_of_a_class_judges_other_labels(trial):
    trial.close()
    second = court.open_court(SERVER, trial.room.id, DATA, KEPT, IMAGES, SHARE)
    first, trial.court = set(trial.row.images), second
    assert not first & set(trial.row.images)


def test_doubts_come_from_a_run_too_and_only_of_what_it_held_back(simple):
    foreign = class_support.finished(runs.read(runs.BUNDLED).config, Person("0" * 32))
    with pytest.raises(ClassroomRefused, match="not there any more"):
        docket.doubts(SERVER, simple.room.id, DATA, foreign)
    found = [each.key for each in docket.sources(SERVER, simple.room.id, DATA)]
    assert found == [KEPT, runs.BUNDLED_ACCURATE, runs.BUNDLED]
    words, indices, doubts = docket.doubts(SERVER, simple.room.id, DATA, runs.BUNDLED)
    held = runs.held_out(runs.read(runs.BUNDLED).config)
    assert np.array_equal(indices, held) and f"{len(held):,}" in words
    answers = evaluation.answers_of(runs.read(runs.BUNDLED), evaluation.VALIDATION)
    wrong = answers.predicted != answers.labels
    assert 0 < doubts.doubtful.sum() < wrong.sum() + 100
    assert (doubts.doubtful & wrong).sum() > 0.8 * doubts.doubtful.sum()
    simple.close()
    simple.court = court.open_court(SERVER, simple.room.id, DATA, runs.BUNDLED)
    assert set(simple.row.images) <= set(held.tolist())


def test_doubts_find_planted_errors_without_cleanlab():
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 2_000)
    probabilities = np.full((2_000, 4), 0.03, np.float32)
    probabilities[np.arange(2_000), truth] = 0.91
    given = truth.copy()
    planted = random.permutation(2_000)[:60]
    given[planted] = (truth[planted] + 1) % 4
    found = labels.doubted(given, probabilities)
    assert set(np.flatnonzero(found.doubtful)) == set(planted)
    assert (found.suggested[planted] == truth[planted]).all()
    assert found.accuracy == pytest.approx(0.97)


def test_where_nobody_has_looked_for_doubts_a_run_is_started_once(simple, no_queue):
    first = docket.find_doubts(SERVER, simple.room.id, DATA)
    assert docket.find_doubts(SERVER, simple.room.id, DATA) == first and no_queue == [first]
    run = runs.read(first)
    assert run.config.validation_count == 30_000 and run.visitor == group_of(simple.room.id)
    assert docket.finding(simple.room.id, DATA).id == first
    runs.folder_of(first).write_result(Result(State.FINISHED, val_accuracy=0.9))
    given = datasets.load(DATA, "train").labels[runs.held_out(run.config)]
    sure = np.eye(10, dtype=np.float32)[given]
    write_evaluation(runs.folder_of(first).validation, Evaluation.of(sure, given))
    assert docket.finding(simple.room.id, DATA) is None
    assert first in [each.key for each in docket.sources(SERVER, simple.room.id, DATA)]
    simple.close()
    with pytest.raises(ClassroomRefused, match="Only 0 labels are doubtful"):
        court.open_court(SERVER, simple.room.id, DATA, first)


# -- Dealing ---------------------------------------------------------------------------------------


def test_each_image_gets_as_many_votes_as_it_can(stored):
    trial = Trial(students=6, images=10, share=6)
    for who in trial.students:
        trial.judge(who, most=6)
    found = trial.figures()
    assert (found.judges, found.done, found.votes) == (6, 6, 36)
    assert found.judged == found.doubtful == 9, "five votes of each are on doubtful images"


def test_everybody_is_dealt_a_clear_image_in_each_ten(home):
    trial = Trial(students=3, images=40, share=20)
    for who in trial.students:
        turns: list[bool] = []
        trial.judge(who, lambda image, clear, turns=turns: turns.append(clear) or 0, most=20)
        assert sum(turns[:10]) == sum(turns[10:]) == 1


def test_who_is_through_may_judge_more_while_images_lack_votes(home):
    trial = Trial(students=1, share=5)
    (who,) = trial.students
    trial.judge(who, most=5)
    at = court.turn(who, trial.court.id)
    assert (at.number, at.count, at.done, at.more) == (5, 5, True, True)
    assert court.show_next(who, trial.court.id).number == 6, "one more, if they wish"
    trial.judge(who)
    at = court.turn(who, trial.court.id)
    assert at.done and not at.more and at.number == 19, "all 18 doubtful images, and a clear one"
    assert court.show_next(who, trial.court.id).number == 19


def test_an_image_of_one_who_went_away_is_dealt_to_others(stored, monkeypatch):
    trial = Trial(students=4, images=5, share=5)
    gone, *others = trial.students
    court.show_next(gone, trial.court.id)
    now = court.time.time()
    monkeypatch.setattr(court.time, "time", lambda: now + court.PATIENCE + 1)
    for who in others:
        trial.judge(who)
    assert trial.figures().judged == trial.figures().doubtful


def test_the_answers_stand_in_another_order_for_each_student_and_image(home):
    trial = Trial(students=4, images=16)
    places: Counter[int] = Counter()
    orders = set()
    for who in trial.students:
        row, at = trial.row, court.show_next(who, trial.court.id)
        while at.image is not None:
            given = court._names(row, row.images.index(at.image))[Answer.GIVEN]
            places[at.answers.index(given)] += 1
            orders.add((at.image, at.answers))
            assert set(at.answers[:]) >= {court.BOTH, court.NEITHER} and len(set(at.answers)) == 4
            assert court.turn(who, trial.court.id).answers == at.answers, "as after a reload"
            court.judge(who, trial.court.id, at.number, 0)
            at = court.show_next(who, trial.court.id)
    assert len(orders) > 16 and min(places[button] for button in range(ANSWERS)) > 5


# -- What counts -----------------------------------------------------------------------------------


def test_nobody_learns_what_is_given_or_voted_before_the_court_is_closed(trial):
    one, two, three = trial.students
    names = {field.name for field in dataclasses.fields(trial.court)}
    assert not names & {"given", "suspected", "clear", "images", "votes"}
    for who in (one, two, three):
        trial.voted(who, against)
    found = trial.figures()
    assert found.cases == () and found.judged == 18
    with pytest.raises(ClassroomRefused, match="blind until it is closed"):
        verdicts.spreadsheet(SERVER, trial.court.id)
    with pytest.raises(ClassroomRefused, match="blind"):
        verdicts.mine(one, trial.court.id)
    with pytest.raises(ClassroomRefused, match="Close it first"):
        correcting.corrected_labels(SERVER, trial.court.id)
    trial.close()
    assert len(verdicts.figures(two, trial.court.id).cases) == 18


def test_the_list_of_doubtful_labels_is_closed_for_the_class_meanwhile(trial):
    who, other = trial.students[0], class_support.student(classes.open_class(SERVER, "8c"))
    assert "when the teacher has closed" in closed.why_on_trial(who.visitor, DATA)
    assert closed.why_on_trial(who.visitor, "cifar-10") is None
    assert closed.why_on_trial(other.visitor, DATA) is None
    trial.close()
    assert closed.why_on_trial(who.visitor, DATA) is None


def test_the_first_vote_counts_and_a_second_is_told(trial):
    who = trial.students[0]
    at = court.show_next(who, trial.court.id)
    court.judge(who, trial.court.id, at.number, 3)
    with pytest.raises(ClassroomRefused, match="The first vote counts"):
        court.judge(who, trial.court.id, at.number, 1)
    assert trial.figures().votes == 1


@pytest.mark.parametrize("button", [-1, 4, 10**30, True, 2.0, "3", [3], None, float("nan"), {}])
def test_a_forged_vote_is_a_sentence_and_does_not_count(simple, button):
    who = simple.students[0]
    at = court.show_next(who, simple.court.id)
    with pytest.raises(ClassroomRefused, match="does not count"):
        court.judge(who, simple.court.id, at.number, button)
    assert simple.figures().votes == 0


@pytest.mark.parametrize("number", [0, 2, -1, 21, 10**30, "1", None, True, 1.0])
def test_a_vote_about_an_image_that_was_not_dealt_does_not_count(simple, number):
    who = simple.students[0]
    court.show_next(who, simple.court.id)
    with pytest.raises(ClassroomRefused, match="have not been dealt"):
        court.judge(who, simple.court.id, number, 1)


@pytest.mark.parametrize("court_id", [0, -1, 999, 10**30, "1", None, True])
def test_a_court_that_is_not_there_is_a_sentence(trial, court_id):
    for ask in (court.turn, court.show_next, verdicts.figures, verdicts.mine):
        with pytest.raises(ClassroomRefused, match="no such court"):
            ask(trial.students[0], court_id)
    for ask in (court.close_court, correcting.remove_court, correcting.make_data_set):
        with pytest.raises(ClassroomRefused, match="no such court"):
            ask(SERVER, court_id)


def test_two_tabs_at_once_are_one_image_and_one_vote(trial):
    who = trial.students[0]

    def both(work):
        with ThreadPoolExecutor(4) as threads:
            return [each.exception() for each in [threads.submit(work) for _ in range(4)]]

    assert both(lambda: court.show_next(who, trial.court.id)) == [None] * 4
    assert court.turn(who, trial.court.id).number == 1
    problems = both(lambda: court.judge(who, trial.court.id, 1, 2))
    assert problems.count(None) == 1
    assert all(each is None or isinstance(each, AtelierError) for each in problems)
    assert trial.figures().votes == 1


def test_all_judge_at_once_and_nothing_is_lost(stored):
    trial = Trial(students=4, images=6, share=6)
    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(trial.judge, who, against) for who in trial.students]:
            each.result()
    assert trial.figures().votes == 24
    trial.close()
    assert all(sum(case.votes) == 4 for case in trial.figures().cases)


def test_nobody_judges_in_a_closed_court_a_closed_class_or_from_outside(trial):
    one, two, _ = trial.students
    other = class_support.student(classes.open_class(SERVER, "8c"))
    with pytest.raises(ClassroomRefused):
        court.show_next(other, trial.court.id)
    late = dataclasses.replace(one, classroom=classes.close_class(SERVER, trial.room.id))
    with pytest.raises(ClassroomRefused, match="The class is closed"):
        court.show_next(late, trial.court.id)
    classes.reopen_class(SERVER, trial.room.id)
    court.show_next(one, trial.court.id)
    joining.remove(SERVER, two.member.id)
    with pytest.raises(ClassroomRefused, match="not in this class any more"):
        court.show_next(two, trial.court.id)
    trial.close()
    with pytest.raises(ClassroomRefused, match="closed"):
        court.judge(one, trial.court.id, 1, 1)
    assert court.turn(one, trial.court.id).image is None


# -- Verdicts --------------------------------------------------------------------------------------


def test_the_class_decides_by_more_than_half_of_three_votes(home):
    trial = Trial(students=4)
    first, second = trial.row.images[:2]

    def said(*answers):
        return lambda image, clear: Answer(answers[image in (first, second)]) if not clear else 0

    trial.voted(trial.students[0], said(Answer.GIVEN, Answer.SUSPECTED))
    trial.voted(trial.students[1], said(Answer.GIVEN, Answer.BOTH))
    trial.voted(trial.students[2], said(Answer.NEITHER, Answer.SUSPECTED))
    trial.voted(trial.students[3], said(Answer.GIVEN, Answer.GIVEN))
    trial.close()
    found = trial.figures()
    split = [case for case in found.cases if case.image in (first, second)]
    assert all(case.verdict is None for case in split), "two of four are not more than half"
    rest = [case for case in found.cases if case.image not in (first, second)]
    assert {case.verdict for case in rest} == {Answer.GIVEN} and rest[0].votes[0] == 3
    assert found.count(None) + found.count(Answer.GIVEN) == len(found.cases)
    assert found.agreement is not None and found.agreement.images == 18


def test_two_votes_are_no_verdict(home):
    trial = Trial(students=2)
    for who in trial.students:
        trial.voted(who, against)
    trial.close()
    found = trial.figures()
    assert (found.judged, found.cases, found.agreement.observed) == (0, (), 1.0)
    assert verdicts.mine(trial.students[0], trial.court.id).decided == 0


def test_the_clearest_against_its_label_comes_first(home):
    trial = Trial(students=3)
    target = trial.row.images[trial.row.clear.index(False)]
    trial.voted(trial.students[0], against)
    for who in trial.students[1:]:
        trial.voted(who, lambda image, clear: 0 if clear else int(image == target))
    trial.close()
    found = trial.figures()
    assert found.cases[0].image == target and found.cases[0].verdict is Answer.SUSPECTED
    assert found.count(Answer.SUSPECTED) == 1 and found.count(Answer.GIVEN) == 17


def test_votes_of_a_judge_who_is_wrong_on_clear_images_do_not_count(home):
    trial = Trial(students=4)
    for who in trial.students[:3]:
        trial.voted(who)
    trial.voted(trial.students[3], lambda image, clear: Answer.SUSPECTED)
    trial.close()
    found = trial.figures()
    assert found.unreliable == 1 and found.judges == 4
    assert found.clear.value == pytest.approx(0.75) and found.clear.count == 8
    assert all(case.votes == (3, 0, 0, 0) for case in found.cases)
    mine = verdicts.mine(trial.students[3], trial.court.id)
    assert (mine.judged, mine.decided, mine.agreed, mine.clear_right) == (20, 18, 0, 0)
    mine = verdicts.mine(trial.students[0], trial.court.id)
    assert (mine.agreed, mine.clear, mine.clear_right) == (18, 2, 2)


def test_votes_of_a_removed_student_do_not_count(trial):
    for who in trial.students:
        trial.voted(who)
    joining.remove(SERVER, trial.students[0].member.id)
    assert trial.figures().judges == 2 and trial.figures().judged == 0


def test_all_votes_are_a_spreadsheet_without_names(trial):
    for who in trial.students:
        trial.voted(who, against)
    trial.close()
    text = verdicts.spreadsheet(SERVER, trial.court.id)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 60 and {row["judge"] for row in rows} == {"1", "2", "3"}
    assert Counter(row["answer"] for row in rows) == {"suspected": 54, "given": 6}
    assert sum(row["clear_case"] == "1" for row in rows) == 6
    for member in presence.members(trial.room.id):
        for secret in (member.handle, member.public_id, member.visitor):
            assert secret not in text
    with pytest.raises(ClassroomRefused):
        verdicts.spreadsheet(trial.students[0], trial.court.id)


# -- The teacher -----------------------------------------------------------------------------------


def test_one_court_at_a_time_and_the_wall_shows_the_last(trial):
    with pytest.raises(ClassroomRefused, match="open already"):
        court.open_court(SERVER, trial.room.id, DATA, KEPT)
    closed = trial.close()
    second = court.open_court(SERVER, trial.room.id, DATA, KEPT)
    assert [each.on_wall for each in court.courts_of(SERVER, trial.room.id)] == [True, False]
    court.show_on_wall(SERVER, second.id, False)
    court.show_on_wall(SERVER, trial.court.id, True)
    assert [each.on_wall for each in court.courts_of(SERVER, trial.room.id)] == [False, True]
    assert court.close_court(SERVER, trial.court.id).closed == closed.closed, "only once"
    sentences = [done.sentence for done in log.actions(SERVER, trial.room.id)]
    assert sentences.count("Closed a label court.") == 1


@pytest.mark.parametrize(
    ("dataset", "source"),
    [(DATA, "nobody"), (DATA, "../x"), ("nonsense", KEPT), ("../x", KEPT)],
)
def test_a_source_or_a_data_set_that_cannot_be_is_a_sentence(simple, dataset, source):
    simple.close()
    with pytest.raises(ClassroomRefused):
        court.open_court(SERVER, simple.room.id, dataset, source)


@pytest.mark.parametrize("number", [0, 4, 101, 10**30, True, 7.5, "10", None])
def test_numbers_that_cannot_be_are_a_sentence(simple, number):
    simple.close()
    for images, share in ((number, SHARE), (IMAGES, number)):
        with pytest.raises(ClassroomRefused, match="5 to 100"):
            court.open_court(SERVER, simple.room.id, DATA, KEPT, images, share)


def test_two_teachers_at_once_open_one_court(home):
    room = classes.open_class(SERVER, "8b")

    def work(_):
        return court.open_court(SERVER, room.id, DATA, KEPT)

    with ThreadPoolExecutor(3) as threads:
        problems = [each.exception() for each in [threads.submit(work, n) for n in range(3)]]
    assert problems.count(None) == 1 and len(court.courts_of(SERVER, room.id)) == 1


def test_a_court_goes_with_its_class_and_is_not_copied(trial):
    trial.voted(trial.students[0])
    copy = classes.copy_class(SERVER, trial.room.id)
    assert court.courts_of(SERVER, copy.id) == []
    correcting.remove_court(SERVER, trial.court.id)
    with pytest.raises(ClassroomRefused):
        trial.figures()
    trial.court = court.open_court(SERVER, trial.room.id, DATA, KEPT)
    trial.voted(trial.students[0])
    classes.delete_class(SERVER, trial.room.id)
    with pytest.raises(ClassroomRefused):
        trial.figures()


# -- The corrected labels --------------------------------------------------------------------------


@pytest.fixture
def corrected(home):
    """Return a closed court in which the class has corrected some labels, on SQLite alone."""
    trial = Trial()
    row = trial.row
    wrong = {image for image, clear in zip(row.images, row.clear, strict=True) if not clear}
    wrong = set(sorted(wrong)[::2])
    for who in trial.students:
        trial.voted(who, lambda image, clear: Answer(image in wrong))
    trial.close()
    trial.wrong = wrong
    return trial


def test_the_corrected_labels_are_a_data_set_of_the_class(corrected):
    made = correcting.make_data_set(SERVER, corrected.court.id)
    assert correcting.make_data_set(SERVER, corrected.court.id) == made, "only once"
    spec, original = datasets.find(made.corrected), datasets.find(DATA)
    assert spec.title.startswith("Fashion-MNIST, corrected by 8b")
    before, after = original.load("train"), spec.load("train")
    assert set(np.flatnonzero(before.labels != after.labels)) == corrected.wrong
    row = corrected.row
    for image in corrected.wrong:
        assert after.labels[image] == row.suspected[row.images.index(image)]
    assert np.array_equal(before.images[::997], after.images[::997])
    assert np.array_equal(original.load("test").labels, spec.load("test").labels)
    group = group_of(corrected.room.id)
    who, stranger = corrected.students[0].visitor, "0" * 32
    assert [each.spec.name for each in usable_datasets(who, {group})] == [made.corrected]
    assert usable_datasets(stranger, {group_of(corrected.room.id + 1)}) == []
    classes.delete_class(SERVER, corrected.room.id)
    assert imported.list_imported() == [], "it goes with the class"


def test_its_test_images_are_closed_where_the_originals_are(corrected, monkeypatch):
    monkeypatch.setattr(seal, "KEPT", -1.0)
    made = correcting.make_data_set(SERVER, corrected.court.id)
    blind = next(each for each in all_tasks.bundled().values() if each.dataset == DATA)
    task = tasks_given.give(SERVER, corrected.room.id, blind)
    tasks_given.open_task(SERVER, task.id)
    for name in (DATA, made.corrected):
        assert "closed for your class" in seal.sealed(corrected.students[0].visitor, name)
    tasks_given.reveal(SERVER, task.id)
    assert seal.sealed(corrected.students[0].visitor, made.corrected) is None


def test_where_no_label_was_corrected_there_is_no_data_set(home):
    trial = Trial()
    for who in trial.students:
        trial.voted(who)
    trial.close()
    with pytest.raises(ClassroomRefused, match="corrected no label"):
        correcting.make_data_set(SERVER, trial.court.id)
    with pytest.raises(ClassroomRefused, match="Make it first"):
        correcting.measure(SERVER, trial.court.id)
    assert correcting.difference(SERVER, trial.court.id) is None


def end(run_id: str, right: float) -> None:
    """Let a run finish whose network is right by the given labels on a share of the images."""
    run = runs.read(run_id)
    given = datasets.load(DATA, "train").labels[runs.held_out(run.config)]
    answers = given.copy()
    answers[round(right * len(given)) :] = (answers[round(right * len(given)) :] + 1) % 10
    found = Evaluation.of(np.eye(10, dtype=np.float32)[answers], given)
    write_evaluation(run.folder.validation, found)
    run.folder.write_result(Result(State.FINISHED, val_accuracy=right))


def test_the_difference_is_measured_with_the_same_seeds_and_images(corrected, no_queue):
    made = correcting.make_data_set(SERVER, corrected.court.id)
    ids = correcting.measure(SERVER, corrected.court.id, "mlp", 1)
    assert ids == no_queue and len(ids) == 6
    found = [runs.read(run_id) for run_id in ids]
    assert [run.config.seed for run in found] == [1, 1, 2, 2, 3, 3]
    assert [run.config.dataset for run in found] == [DATA, made.corrected] * 3
    for before, after in zip(found[::2], found[1::2], strict=True):
        assert before.config == dataclasses.replace(after.config, dataset=DATA)
        assert np.array_equal(runs.held_out(before.config), runs.held_out(after.config))
    with pytest.raises(ClassroomRefused, match="is being measured"):
        correcting.measure(SERVER, corrected.court.id)
    for run_id, right in zip(ids[:4], (0.5, 0.6, 0.52, 0.61), strict=True):
        end(run_id, right)
    runs.folder_of(ids[4]).write_result(Result(State.STOPPED))
    now = correcting.difference(corrected.students[0], corrected.court.id)
    assert (now.going, now.failed, now.seeds, now.images) == (1, 1, 2, 5_000)
    assert now.before_given.value == pytest.approx(0.51)
    assert now.after_given.value == pytest.approx(0.605)
    assert now.gap.value == pytest.approx(0.095, abs=2e-3) and now.gap.low < 0.09 < now.gap.high
    new = datasets.load(made.corrected, "train").labels[runs.held_out(found[0].config)]
    old = datasets.load(DATA, "train").labels[runs.held_out(found[0].config)]
    assert now.changed == (new != old).sum()
    end(ids[5], 0.6)
    for run_id in ids:
        runs.delete(run_id)
    kept = correcting.difference(SERVER, corrected.court.id)
    assert (kept.going, kept.seeds, kept.before) == (0, 2, now.before), "what was found stays"
    assert len(set(correcting.measure(SERVER, corrected.court.id, "mlp", 1)) | set(ids)) == 12


def test_a_data_set_that_a_run_needs_stays(corrected, no_queue):
    made = correcting.make_data_set(SERVER, corrected.court.id)
    correcting.measure(SERVER, corrected.court.id, "mlp", 1)
    with pytest.raises(AtelierError, match="was not deleted"):
        correcting.remove_data_set(SERVER, corrected.court.id)
    for run in runs.list_runs():
        run.folder.write_result(Result(State.STOPPED))
    correcting.remove_data_set(SERVER, corrected.court.id)
    assert imported.list_imported() == [] and datasets.find(made.corrected).missing()
    with pytest.raises(ClassroomRefused, match="Make it first"):
        correcting.remove_data_set(SERVER, corrected.court.id)
    again = correcting.make_data_set(SERVER, corrected.court.id)
    assert again.corrected != made.corrected


def test_a_court_that_is_removed_takes_its_data_set_along(corrected, no_queue):
    correcting.make_data_set(SERVER, corrected.court.id)
    correcting.measure(SERVER, corrected.court.id, "mlp", 1)
    with pytest.raises(AtelierError, match="The court stays, as its data set was not deleted"):
        correcting.remove_court(SERVER, corrected.court.id)
    assert court.courts_of(SERVER, corrected.room.id) and imported.list_imported()
    for run in runs.list_runs():
        run.folder.write_result(Result(State.STOPPED))
    correcting.remove_court(SERVER, corrected.court.id)
    assert court.courts_of(SERVER, corrected.room.id) == [] == imported.list_imported()
    assert "its data set" in log.actions(SERVER, corrected.room.id)[0].sentence


def test_a_class_lets_the_measuring_take_no_more_epochs_than_a_run(corrected, no_queue):
    correcting.make_data_set(SERVER, corrected.court.id)
    limits = dataclasses.replace(corrected.room.limits, epochs=3)
    classes.change_class(SERVER, corrected.room.id, limits=limits)
    with pytest.raises(ClassroomRefused, match="allows a run 3 epochs"):
        correcting.measure(SERVER, corrected.court.id, "mlp", 4)
    assert no_queue == []


def test_two_teachers_make_one_data_set(corrected):
    with ThreadPoolExecutor(2) as threads:
        tabs = [
            threads.submit(correcting.make_data_set, SERVER, corrected.court.id) for _ in range(2)
        ]
        found = {tab.result().corrected for tab in tabs}
    assert len(found) == 1 and len(imported.list_imported()) == 1
    assert VOTES == 3
