"""The rule by which the queue chooses the next run."""

from pathlib import Path

from core.jobs.queue import Queue, order
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
    runs = [run(f"{i:03}", f"v{i * i % 7}", i % 11) for i in range(100)]
    queue, running = queue_of(*runs), []
    while (chosen := queue.next()) is not None:
        queue.begin(chosen)
        running.append(chosen)
        rest = [each for each in runs if each not in running]
        assert queue.ordered() == order(rest, running)
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
