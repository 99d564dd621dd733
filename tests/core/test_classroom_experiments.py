"""One experiment: what is dealt to whom, what a run leaves behind, and what may be said of it."""

import dataclasses
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import class_support
import numpy as np
import pytest

from core import runs
from core.architectures.settings import SETTINGS
from core.classroom import beating, classes, experiments, joining, log
from core.classroom.differences import holm, mean_of, paired, standing, welch
from core.classroom.experiments import PATIENCE, Stage
from core.classroom.people import SERVER, Limits, Person
from core.errors import AtelierError, ClassroomRefused, SettingsError
from core.runs import Result, State

RATES = [0.0001, 0.001, 0.01]


class Lab:
    """A class with an open experiment."""

    def __init__(self) -> None:
        self.room = classes.open_class(SERVER, "8b")
        self.found = experiments.open_experiment(
            SERVER, self.room.id, "Which learning rate?", "learning_rate", RATES
        )

    def join(self) -> Person:
        return class_support.student(self.room)

    def end(self, who: Person, state: State = State.FINISHED, accuracy: float = 0.8) -> str:
        """Start the run of a part, and let it end."""
        part = experiments.deal(who, self.found.id)
        run_id = experiments.train(who, self.found.id, part.id)
        measured = accuracy if state is State.FINISHED else None
        runs.folder_of(run_id).write_result(Result(state, val_accuracy=measured))
        return run_id

    def figures(self) -> experiments.Figures:
        return experiments.figures(SERVER, self.found.id)


@pytest.fixture
def lab(stored, no_queue):
    return Lab()


class Clock:
    """The server's clock, which a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = experiments.time.time()
        monkeypatch.setattr(experiments.time, "time", lambda: self.now)


# -- Dealing ---------------------------------------------------------------------------------------


def test_values_are_dealt_evenly_and_every_value_gets_the_same_seeds(lab):
    parts = [experiments.deal(lab.join(), lab.found.id) for _ in range(8)]
    assert sorted(Counter(part.place for part in parts).values()) == [2, 3, 3]
    assert len({(part.place, part.seed) for part in parts}) == 8
    assert {part.seed for part in parts} == {1, 2, 3}


def test_a_part_stays_after_a_reload_and_in_two_tabs_at_once(lab):
    who = lab.join()
    with ThreadPoolExecutor(4) as threads:
        tabs = [threads.submit(experiments.deal, who, lab.found.id) for _ in range(4)]
        found = {tab.result().id for tab in tabs}
    assert found == {experiments.part_of(who, lab.found.id).id}
    assert len(lab.figures().parts) == 1


def test_the_button_starts_exactly_that_run_and_only_once(lab, no_queue):
    who = lab.join()
    part = experiments.deal(who, lab.found.id)
    first = experiments.train(who, lab.found.id, part.id)
    assert experiments.train(who, lab.found.id, part.id) == first and no_queue == [first]
    run = runs.read(first)
    assert run.visitor == who.visitor and run.group
    assert run.config.recipe.learning_rate == RATES[part.place]
    assert (run.config.seed, run.config.recipe.epochs, run.config.limit) == (part.seed, 2, 6_000)
    assert lab.figures().count(Stage.TRAINING) == 1


def test_a_result_stays_when_the_folder_of_its_run_is_gone(lab):
    who = lab.join()
    run_id = lab.end(who, accuracy=0.75)
    assert lab.figures().parts[0].accuracy == 0.75
    runs.delete(run_id)
    (part,) = lab.figures().parts
    assert (part.stage, part.accuracy, part.images) == (Stage.DONE, 0.75, 500)
    with pytest.raises(ClassroomRefused, match="done already"):
        experiments.train(who, lab.found.id, part.id)


def test_a_run_that_was_stopped_counts_nothing_and_may_be_trained_again(lab):
    who = lab.join()
    first = lab.end(who, State.STOPPED)
    assert lab.figures().parts[0].stage is Stage.DEALT
    assert lab.end(who) != first
    assert lab.figures().count(Stage.DONE) == 1


def test_a_part_that_fails_twice_is_told_and_not_dealt_again(lab):
    who = lab.join()
    lab.end(who, State.FAILED)
    assert lab.figures().parts[0].stage is Stage.DEALT
    lab.end(who, State.FAILED)
    (part,) = lab.figures().parts
    assert (part.stage, part.failures, part.accuracy) == (Stage.FAILED, 2, None)
    experiments.deal(lab.join(), lab.found.id)
    assert len(lab.figures().parts) == 2


def test_who_leaves_frees_the_part_at_once(lab):
    gone, after = lab.join(), lab.join()
    part = experiments.deal(gone, lab.found.id)
    joining.remove(SERVER, gone.member.id)
    assert experiments.deal(after, lab.found.id).id == part.id
    assert len(lab.figures().parts) == 1


def test_who_does_nothing_frees_the_part_after_some_time_and_gets_another(lab, monkeypatch):
    clock, slow, other = Clock(monkeypatch), lab.join(), lab.join()
    part = experiments.deal(slow, lab.found.id)
    clock.now += PATIENCE + 1
    assert experiments.deal(other, lab.found.id).id == part.id
    with pytest.raises(ClassroomRefused, match="gone to another student"):
        experiments.train(slow, lab.found.id, part.id)
    assert experiments.deal(slow, lab.found.id).id != part.id


def test_a_run_that_goes_on_is_not_dealt_again(lab, monkeypatch):
    clock, slow = Clock(monkeypatch), lab.join()
    part = experiments.deal(slow, lab.found.id)
    experiments.train(slow, lab.found.id, part.id)
    clock.now += 10 * PATIENCE
    assert experiments.deal(lab.join(), lab.found.id).id != part.id


def test_late_joiners_get_the_value_with_the_fewest(lab):
    first = [lab.join() for _ in range(6)]
    parts = [experiments.deal(who, lab.found.id) for who in first]
    joining.remove(SERVER, first[1].member.id)
    late = experiments.deal(lab.join(), lab.found.id)
    assert (late.place, late.seed) == (parts[1].place, parts[1].seed)


# -- Who may, and what bad input gets --------------------------------------------------------------


def test_nobody_trains_in_a_closed_experiment_a_closed_class_or_from_outside(lab):
    who, other = lab.join(), class_support.student(classes.open_class(SERVER, "8c"))
    part = experiments.deal(who, lab.found.id)
    for ask in (experiments.deal, experiments.part_of, experiments.figures):
        with pytest.raises(ClassroomRefused):
            ask(other, lab.found.id)
    closed = dataclasses.replace(who, classroom=classes.close_class(SERVER, lab.room.id))
    with pytest.raises(ClassroomRefused, match="class is closed"):
        experiments.train(closed, lab.found.id, part.id)
    experiments.close_experiment(SERVER, lab.found.id)
    with pytest.raises(ClassroomRefused, match="experiment is closed"):
        experiments.train(who, lab.found.id, part.id)


@pytest.mark.parametrize("number", [0, -1, 999, 10**30, "1", None, True])
def test_an_experiment_or_a_part_that_is_not_there_is_a_sentence(lab, number):
    who = lab.join()
    for ask in (experiments.deal, experiments.part_of, experiments.figures):
        with pytest.raises(ClassroomRefused, match="no such experiment"):
            ask(who, number)
    with pytest.raises(ClassroomRefused):
        experiments.train(who, lab.found.id, number)


def test_a_students_part_cannot_be_trained_by_another(lab, no_queue):
    mine, other = lab.join(), lab.join()
    part = experiments.deal(mine, lab.found.id)
    experiments.deal(other, lab.found.id)
    with pytest.raises(ClassroomRefused):
        experiments.train(other, lab.found.id, part.id)
    assert no_queue == []


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("learning_rate", [0.1]),
        ("learning_rate", [0.1] * 9),
        ("learning_rate", [0.1, 0.1]),
        ("learning_rate", [0.1, float("nan")]),
        ("learning_rate", [0.1, "x"]),
        ("batch_size", [1.5, 3]),
        ("weight_decay", [0.1, 0.2]),  # this recipe's optimizer has none
        ("seed", [1, 2]),
        ("augmentation", [(), ("flip",)]),
        ("nonsense", [1, 2]),
        ("optimizer", ["adam", "nonsense"]),
        ("architecture", ["mlp", "nonsense"]),
        ("architecture", ["mlp", 7]),
        ("limit", [10, 10**9]),
    ],
)
def test_what_cannot_be_varied_is_a_sentence(lab, setting, values):
    experiments.close_experiment(SERVER, lab.found.id)
    with pytest.raises(AtelierError) as refusal:
        experiments.open_experiment(SERVER, lab.room.id, "Which?", setting, values)
    assert str(refusal.value).endswith(".")
    assert len(experiments.experiments_of(SERVER, lab.room.id)) == 1


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("architecture", ["mlp", "basic-cnn"]),
        ("optimizer", ["adam", "sgd"]),
        ("dropout", [None, 0.5]),
        ("limit", [1_000, 6_000]),
        ("epochs", [1, 2]),
        ("batch_size", [32, 256]),
    ],
)
def test_any_number_or_choice_can_be_varied(lab, setting, values):
    experiments.close_experiment(SERVER, lab.found.id)
    found = experiments.open_experiment(SERVER, lab.room.id, "Which?", setting, values)
    assert list(found.values) == values and len(set(found.words)) == 2


def test_numbers_are_read_as_people_write_them():
    assert experiments.numbers_in("learning_rate", "0.001, 1e-2;0.1") == [0.001, 0.01, 0.1]
    assert experiments.numbers_in("batch_size", "32 64.0") == [32, 64]
    assert experiments.numbers_in("dropout", "none 0.5") == [None, 0.5]
    for text in ("0,1 x", "nan", "inf", "1e999", "<b>", "none"):
        with pytest.raises(SettingsError):
            experiments.numbers_in("learning_rate", text)
    assert set(experiments.variables()) <= {"architecture", *SETTINGS}


def test_an_experiment_that_was_closed_by_mistake_is_opened_again_if_no_other_is(lab):
    experiments.close_experiment(SERVER, lab.found.id)
    closed = log.actions(SERVER, lab.room.id)[0]
    again = experiments.open_experiment(SERVER, lab.room.id, "Which?", "width", [0.5, 1.0])
    with pytest.raises(ClassroomRefused, match="Another one is open"):
        log.undo(SERVER, closed.id)
    assert not experiments.experiments_of(SERVER, lab.room.id)[1].is_open
    experiments.close_experiment(SERVER, again.id)
    log.undo(SERVER, closed.id)
    assert experiments.experiments_of(SERVER, lab.room.id)[1].is_open
    assert experiments.deal(lab.join(), lab.found.id).seed == 1


def test_what_a_class_did_is_offered_to_the_next_one_once(lab):
    first, second = experiments.BUNDLED
    assert experiments.plans(SERVER)[:2] == [first, second]
    (own,) = experiments.plans(SERVER)[2:]
    assert (own.setting, list(own.values), own.limit) == ("learning_rate", RATES, 6_000)
    other = classes.open_class(SERVER, "8c")
    for plan in experiments.plans(SERVER):
        made = experiments.open_experiment(
            SERVER,
            other.id,
            plan.question,
            plan.setting,
            plan.values,
            dataset=plan.dataset,
            architecture=plan.architecture,
            recipe_name=plan.recipe_name,
            epochs=plan.epochs,
            limit=plan.limit,
        )
        experiments.close_experiment(SERVER, made.id)
    assert len(experiments.plans(SERVER)) == 3, "what was done again is there once"
    with pytest.raises(ClassroomRefused, match="Only a teacher"):
        experiments.plans(lab.join())


def test_one_experiment_at_a_time_within_the_limits_and_one_thing_on_the_board(lab):
    with pytest.raises(ClassroomRefused, match="open already"):
        experiments.open_experiment(SERVER, lab.room.id, "Which?", "width", [0.5, 1.0])
    played = beating.open_round(SERVER, lab.room.id, "fashion-mnist", runs.BUNDLED)
    assert not experiments.experiments_of(SERVER, lab.room.id)[0].on_wall
    experiments.show_on_wall(SERVER, lab.found.id, True)
    assert not beating.rounds_of(SERVER, lab.room.id)[0].on_wall
    beating.show_on_wall(SERVER, played.id, True)
    assert not experiments.experiments_of(SERVER, lab.room.id)[0].on_wall
    small = classes.open_class(SERVER, "8c", limits=Limits(epochs=1))
    with pytest.raises(ClassroomRefused, match="allows a run 1 epoch"):
        experiments.open_experiment(SERVER, small.id, "Which?", "width", [0.5, 1.0])


def test_it_is_removed_with_its_parts_or_its_class_and_is_not_copied(lab):
    experiments.deal(lab.join(), lab.found.id)
    assert experiments.experiments_of(SERVER, classes.copy_class(SERVER, lab.room.id).id) == []
    experiments.remove_experiment(SERVER, lab.found.id)
    with pytest.raises(ClassroomRefused):
        lab.figures()
    again = experiments.open_experiment(SERVER, lab.room.id, "Which?", "width", [0.5, 1.0])
    experiments.deal(lab.join(), again.id)
    classes.delete_class(SERVER, lab.room.id)
    with pytest.raises(ClassroomRefused):
        experiments.figures(SERVER, again.id)


def test_the_csv_has_every_part_and_no_secret(lab):
    who = lab.join()
    lab.end(who, accuracy=0.75)
    text = experiments.spreadsheet(SERVER, lab.found.id)
    assert len(text.splitlines()) == 2 and "0.75" in text and "0.0001" in text
    assert who.member.public_id in text and who.visitor not in text
    with pytest.raises(ClassroomRefused):
        experiments.spreadsheet(who, lab.found.id)


# -- Figures ---------------------------------------------------------------------------------------


def test_results_become_means_and_a_standing(lab):
    reached = {0: [0.5, 0.51, 0.52], 1: [0.8, 0.81, 0.82], 2: [0.6, 0.61]}
    for _ in range(8):
        who = lab.join()
        part = experiments.deal(who, lab.found.id)
        lab.end(who, accuracy=reached[part.place][part.seed - 1])
    found = lab.figures()
    assert [mean.count for mean in found.means] == [3, 3, 2]
    assert found.means[1].value == pytest.approx(0.81)
    assert found.standing.best == 1 and 0 in found.standing.behind


def test_the_interval_of_a_mean_is_the_t_interval():
    found = mean_of([0.8, 0.82, 0.84])
    half = 4.302652729911275 * 0.02 / np.sqrt(3)  # the 97.5 % point with two degrees of freedom
    assert (found.low, found.high) == pytest.approx((0.82 - half, 0.82 + half))
    alone = mean_of([0.8])
    assert (alone.value, alone.low, alone.high, mean_of([])) == (0.8, None, None, None)
    assert mean_of([0.0, 1.0]).low == 0 and mean_of([0.0, 1.0]).high == 1


def test_what_the_seed_does_is_not_in_a_difference_that_is_paired_by_seed():
    before, after = [0.5, 0.6, 0.7], [0.51, 0.612, 0.708]
    found = paired(before, after)
    assert found.value == pytest.approx(0.01) and found.count == 3
    half = 4.302653 * np.std([0.01, 0.012, 0.008], ddof=1) / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx((0.01 - half, 0.01 + half), abs=1e-6)
    assert found.low > 0, "though either mean is uncertain by far more"
    assert paired([0.9, 0.1], [0.1, 0.9]).low == -1 and paired([], []) is None
    with pytest.raises(ValueError):
        paired([0.1], [])


def test_holm_corrects_in_steps_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0] and holm([]) == []


def test_nothing_is_told_of_too_few_runs_or_without_spread():
    assert standing([[0.1], [0.9]]).best is None
    assert standing([[0.1, 0.2], [], [0.9]]).untold == (1, 2)
    assert welch([0.1, 0.1], [0.9, 0.9]) == 1.0
    assert standing([[0.1, 0.1], [0.9, 0.9]]).level == (0,)


def test_equal_values_are_told_apart_no_more_often_than_it_says():
    """Four values that are equally good, five runs each: 600 classes."""
    random = np.random.default_rng(3)
    wrong = sum(bool(standing(random.normal(0.8, 0.02, (4, 5))).behind) for _ in range(600))
    assert wrong <= 0.05 * 600 * 1.4
