"""The rule by which the queue chooses the next run."""

from pathlib import Path

import pytest

from core import architectures
from core.jobs.queue import Queue, order, same_training
from core.runs import Allowance, Run, State, Stretch, TrainingConfig


def run(name, visitor, created=0.0, state=State.QUEUED, **more):
    return Run(name, Path(name), state, None, None, visitor, created, **more)


def names(queued, running=()):
    return [each.id for each in order(queued, running)]


def test_nothing_waits():
    assert names([]) == []
    assert names([], [run("a", "ada")]) == []


def test_one_visitor_is_served_in_the_order_of_asking():
    assert names([run("b", "ada", 2), run("c", "ada", 3), run("a", "ada", 1)]) == ["a", "b", "c"]


def test_a_visitor_who_queues_many_does_not_keep_others_waiting():
    queued = [run(f"a{i}", "ada", i) for i in range(4)] + [run("g", "grace", 10)]
    assert names(queued) == ["a0", "g", "a1", "a2", "a3"]


def test_the_next_is_the_oldest_of_the_visitor_with_the_fewest_running():
    queued = [
        run("a", "ada", 1),
        run("b", "ada", 2),
        run("g", "grace", 5),
        run("h", "grace", 6),
        run("m", "mary", 4),
    ]
    running = [run("x", "ada"), run("y", "ada"), run("z", "grace")]
    # Mary has none, Grace one, Ada two; a run that goes ahead counts for those after it.
    assert names(queued, running) == ["m", "g", "a", "h", "b"]


def test_among_equals_the_oldest_goes_first_and_then_the_id():
    queued = [run("c", "mary", 2), run("b", "grace", 1), run("a", "ada", 2)]
    assert names(queued) == ["b", "a", "c"]


def test_the_queue_itself_is_left_alone():
    queued = [run("b", "ada", 2), run("a", "ada", 1)]
    order(queued, [])
    assert [each.id for each in queued] == ["b", "a"]


def queue_of(*runs, most_running=64):
    queue = Queue(most_running)
    for each in runs:
        queue.add(each)
    return queue


def test_positions_follow_what_is_added_begun_and_ended():
    first, second, other = run("a0", "ada", 0), run("a1", "ada", 1), run("g", "grace", 9)
    queue = queue_of(second, first)
    assert [queue.position(name) for name in ("a0", "a1", "g")] == [0, 1, None]
    queue.add(other)
    assert [queue.position(name) for name in ("a0", "g", "a1")] == [0, 1, 2]
    assert queue.next() is first
    queue.begin(first)
    assert [queue.position(name) for name in ("a0", "g", "a1")] == [None, 0, 1]
    assert queue.counts() == (1, 2)
    queue.remove("g")
    assert queue.position("a1") == 0 and "g" not in queue
    queue.end("a0")
    assert queue.counts() == (0, 1) and queue.running() == []
    assert queue.waiting("ada") == 1 and queue.waiting("grace") == 0


def test_beginning_the_first_gives_the_same_order_as_working_it_out_anew():
    runs = [run(f"{i:03}", f"v{i * i % 7}", i % 11, group="abc"[i % 3]) for i in range(100)]
    queue, running = queue_of(*runs), []
    while (chosen := queue.next()) is not None:
        queue.begin(chosen)
        running.append(chosen)
        rest = [each for each in runs if each not in running]
        turns = queue._turns, queue._group_turns
        assert queue.ordered() == order(rest, running, *turns)
        if len(running) % 9 == 0:
            queue.end(running.pop(0).id)
            runs = [each for each in runs if each in rest or each in running]


def test_a_visitor_at_their_limit_waits_although_a_worker_is_free():
    first, second, third = (run(f"a{i}", "ada", i) for i in range(3))
    queue = queue_of(first, second, third, most_running=2)
    queue.begin(first)
    queue.begin(second)
    assert queue.next() is None and queue.position("a2") == 0
    assert queue.slots(8) == 2
    grace = run("g", "grace", 9)
    queue.add(grace)
    assert queue.next() is grace and queue.slots(8) == 4
    queue.begin(grace)
    assert queue.next() is None
    queue.end("a0")
    assert queue.next() is third


def test_a_run_that_runs_is_not_queued_again_unless_it_was_resumed():
    first = run("a", "ada")
    queue = queue_of(first)
    queue.begin(first)
    queue.add(first)
    assert queue.counts() == (1, 0)
    queue.add(first, again=True)
    assert queue.counts() == (1, 1)
    assert queue.next() is None  # the process of its earlier life has not ended yet
    queue.end("a")
    assert queue.next() is first


def served(queue, workers=1, arrive=None, most=1000):
    """Return the ids in the order in which they start, each as long as the others."""
    started, under_way = [], []
    while len(started) < most:
        if arrive is not None:
            arrive(queue, len(started))
        if len(under_way) == workers:
            queue.end(under_way.pop(0).id)
        chosen = queue.next()
        if chosen is None:
            if not under_way:
                break
            queue.end(under_way.pop(0).id)
            continue
        queue.begin(chosen)
        under_way.append(chosen)
        started.append(chosen.id)
    return started


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_visitors_take_turns_on_any_number_of_workers(workers):
    """With one worker nothing runs at the moment of choosing: what ran before counts."""
    queued = [run(f"a{i}", "ada", i) for i in range(6)]
    queued += [run(f"g{i}", "grace", 10 + i) for i in range(3)] + [run("m", "mary", 20)]
    found = served(queue_of(*queued), workers)
    assert len(found) == 10
    assert set(found[:3]) == {"a0", "g0", "m"}
    assert [name[0] for name in found[3:7]] == list("agag")


def test_who_asks_for_one_run_at_a_time_does_not_go_before_who_has_many_waiting():
    queue = queue_of(*(run(f"a{i}", "ada", i) for i in range(5)))

    def arrive(queue, count):
        if not queue.waiting("grace"):
            queue.add(run(f"g{count}", "grace", 100 + count))

    found = served(queue, arrive=arrive, most=8)
    assert [name[0] for name in found] == list("agagagag")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_large_class_does_not_keep_a_small_one_waiting(workers):
    large = [run(f"l{i:02}", f"student-{i}", i, group="large") for i in range(30)]
    little = [run(f"s{i}", f"other-{i}", 100 + i, group="small") for i in range(5)]
    found = served(queue_of(*large, *little), workers)
    places = [found.index(each.id) for each in little]
    assert max(places) <= 2 * len(little)
    assert [name for name in found if name[0] == "l"] == [each.id for each in large]


def test_inside_a_class_students_take_turns_and_visitors_of_none_are_one_group():
    many = [run(f"a{i}", "ada", i, group="c") for i in range(4)]
    one = [run("g0", "grace", 50, group="c")]
    guests = [run(f"v{i}", f"guest-{i}", 60 + i) for i in range(3)]
    found = served(queue_of(*many, *one, *guests))
    assert found == ["a0", "v0", "g0", "v1", "a1", "v2", "a2", "a3"]


def test_the_place_that_people_are_told_is_the_one_they_get():
    """Whoever waits is not overtaken by what waits already, whichever class it is of."""
    queued = [run(f"{i:02}", f"v{i % 7}", i, group=f"c{i % 3}") for i in range(40)]
    queue = queue_of(*queued)
    told = [each.id for each in queue.ordered()]
    assert served(queue) == told


def config(seed=0):
    recipe = architectures.find("mlp").recipe_for("fashion-mnist")
    return TrainingConfig("fashion-mnist", "mlp", recipe, 2000, seed)


def equal(name, visitor, created, *, seed=0, group="c", **more):
    return Run(
        name, Path(name), State.QUEUED, None, config(seed), visitor, created, group=group, **more
    )


def test_equal_runs_of_a_class_have_one_place_together():
    same = [equal(f"s{i:02}", f"student-{i}", i) for i in range(25)]
    changed = equal("x", "student-30", 30, seed=1)
    elsewhere = equal("y", "student-31", 31, group="d")
    alone = equal("z", "guest", 32, group="")
    queue = queue_of(*same, changed, elsewhere, alone)
    assert queue.counts() == (0, 4)
    assert len(queue.ordered()) == 4
    assert {queue.position(each.id) for each in same} == {0}
    assert {queue.first_of(each.id) for each in same} == {"s00"}
    assert [each.id for each in queue.same(same[3])] == [each.id for each in same]
    assert queue.waiting("student-7") == 1
    first = queue.next()
    assert first is same[0]
    queue.begin(first)
    for each in same[1:]:
        queue.remove(each.id)  # as the supervisor does, which lets them follow
    assert sorted(served(queue)) == ["x", "y", "z"]


def test_what_changes_the_curves_or_ends_them_makes_a_run_unequal():
    plain = equal("a", "ada", 0)
    here = Stretch(0.0, 2, "one")
    assert same_training(plain) == same_training(equal("b", "grace", 1))
    assert same_training(plain) != same_training(equal("b", "grace", 1, seed=1))
    assert same_training(plain) != same_training(
        equal("b", "grace", 1, allowance=Allowance(seconds=60))
    )
    assert same_training(equal("b", "grace", 1, group="")) is None
    for other in (Stretch(0.0, 4, "one"), Stretch(0.0, 2, "other")):
        assert same_training(equal("b", "grace", 1, stretches=(here, other)), here) is None
    assert same_training(equal("b", "grace", 1, stretches=(here,)), here) == same_training(plain)
