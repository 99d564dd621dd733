"""The rule by which the queue chooses the next run."""

from pathlib import Path

from core.jobs.backend import order
from core.runs import Run, State


def run(name, visitor, created=0.0, state=State.QUEUED):
    return Run(name, Path(name), state, None, None, visitor, created)


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
