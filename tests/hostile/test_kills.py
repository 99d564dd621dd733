"""Runs whose workers and servers are killed at random moments: the benchmark with few rounds."""

from benchmarks.kills import kill_often


def test_no_kill_loses_a_run_or_an_epoch():
    tally = kill_often(rounds=4, seed=5)
    assert tally.problems == []
    assert (tally.lost, tally.wrong_epochs) == (0, 0)
    assert tally.finished >= 1
    assert sum(tally.kills.values()) + tally.ended == 4
    assert tally.in_saving >= 1
    assert tally.slowest < 15
