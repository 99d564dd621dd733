"""Processes that work for this one, on every system: heard, limited, locked and known again."""

import errno
import os
import subprocess
import sys
import time

import filelock
import pytest
from support import wait_until

from core.processes import program
from core.processes.child import Child
from core.processes.identity import is_process, start_time
from core.processes.locks import hold
from core.processes.talk import MOST_UNREAD, Talk


@pytest.fixture
def talking():
    """Return a function that starts Python code that one talks with."""
    started = []

    def start(code: str) -> Talk:
        started.append(Talk(Child([sys.executable, "-c", code], buffered=False)))
        return started[-1]

    yield start
    for each in started:
        each.close()


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


ECHO = """
import sys
while said := sys.stdin.buffer.read(5):
    sys.stdout.buffer.write(said)
    sys.stdout.flush()
"""


def test_one_is_asked_and_answers(talking):
    talk = talking(ECHO)
    for word in (b"horse", b"plane"):
        talk.write([word[:2], word[2:]])
        assert talk.read(5, soon()) == word


def test_what_is_large_goes_both_ways(talking):
    talk = talking(
        "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read(12_000_000)); sys.stdout.flush()"
    )
    data = os.urandom(12_000_000)
    talk.write([data])
    assert talk.read(len(data), soon()) == data


def test_silence_ends_at_the_deadline(talking):
    talk = talking("import time; time.sleep(60)")
    talk.write([bytes(10_000_000)])  # which it never reads
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        talk.read(1, begun + 0.3)
    assert 0.3 <= time.monotonic() - begun < 5
    talk.close()
    assert not talk.child.alive


def test_an_end_is_noticed_at_once(talking):
    talk = talking("print('ab', end='')")
    assert talk.read(1, soon()) == b"a"
    begun = time.monotonic()
    with pytest.raises(EOFError):
        talk.read(2, soon(60))
    assert time.monotonic() - begun < 30


def test_one_that_says_too_much_has_to_wait(talking):
    talk = talking("import sys\nwhile True: sys.stdout.buffer.write(bytes(100_000))")
    talk.read(1, soon())
    time.sleep(0.5)
    assert len(talk._said) <= MOST_UNREAD + (1 << 20)
    talk.close()


def test_what_a_child_says_comes_in_pieces_and_a_look_between():
    code = "import time; print('a', flush=True); time.sleep(1); print('b')"
    child = Child([sys.executable, "-c", code])
    heard = list(child.chunks(0.1))
    assert b"".join(heard).split() == [b"a", b"b"] and b"" in heard
    assert child.wait(5) == 0
    child.close()


LIMITED = """
import sys, time
from core.processes import program
program._watch.look_for({memory}, {seconds})
print("ready", flush=True)
{code}
"""


@pytest.mark.parametrize(
    ("limits", "code", "ended"),
    [
        ({"memory": 300_000_000}, "eaten = b'1' * 600_000_000; time.sleep(60)", "out_of_memory"),
        ({"seconds": 1}, "while True: sum(range(1000))", "out_of_time"),
    ],
)
def test_a_thread_ends_who_takes_too_much_where_no_system_does(limits, code, ended):
    code = LIMITED.format(**{"memory": None, "seconds": None} | limits, code=code)
    child = Child([sys.executable, "-c", code])
    child.wait(60)
    assert [child.out_of_memory, child.out_of_time] == [
        ended == "out_of_memory",
        ended == "out_of_time",
    ]
    child.close()


def test_a_process_gives_way():
    code = "import psutil; from core.processes import program; program.give_way(); "
    code += "print(int(psutil.Process().nice()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    expected = 0x4000 if sys.platform == "win32" else program.NICENESS  # BELOW_NORMAL
    assert int(told.stdout) >= min(expected, 19)


def test_a_process_is_known_by_its_start_too():
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    started = start_time(child.pid)
    for _ in range(50):
        assert start_time(child.pid) == started  # also where the start of the machine is a guess
    assert is_process(child.pid, started) and not is_process(child.pid, started - 100)
    child.kill()
    wait_until(lambda: not is_process(child.pid, started), 5, "the end")
    child.close()


def test_a_lock_is_let_go_when_its_process_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from core.processes.locks import hold; "
        "lock = hold(Path(sys.argv[1])); print(lock is not None, flush=True); time.sleep(60)"
    )
    child = Child([sys.executable, "-c", code, str(tmp_path / "lock")])
    assert child.output.readline().strip() == b"True"
    assert hold(tmp_path / "lock") is None
    child.close()
    lock = hold(tmp_path / "lock")
    assert lock is not None
    lock.release()


def test_a_disk_without_locks_is_a_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    with pytest.raises(OSError, match=r"cannot be locked there.*set ATELIER_HOME"):
        hold(tmp_path / "lock")
