"""Small tasks on finished runs, in the background: each in a process of its own.

What a page cannot work out while somebody waits, such as a network's answers to a hundred thousand
images, is a task: a kind and a run. ``start`` one, ``look`` how far it is, and take its ``result``,
a file (``core.runs.analysis``). Thirty visitors who want the same share one task. Few run at the
same time (``Settings.tasks``), the others wait in order.

What the kinds do is not known here: ``core.tasks.kinds`` has them, and the program
``core.tasks.worker`` works. Another program may be named, such as ``core.export.worker``.
It says on its standard output how far it is, a share of 0 to 1 a line, and in one line of JSON why
it failed, if it did. Its standard input is a pipe that closes when this server dies, however it
dies; then the process ends too.
"""

import atexit
import contextlib
import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.errors import SettingsError
from core.processes.child import Child
from core.processes.child import start as start_process
from core.processes.identity import memory_of
from core.runs import Run
from core.runs.analysis import analysis_file, fits, stamp_of
from core.runs.files import open_append, remove_temporary
from core.settings import settings

PROGRAM = "core.tasks.worker"
MOST_WAITING = 20  # tasks, of all visitors
MOST_OF_ONE = 3  # tasks that one visitor may have waiting or running
MOST_SECONDS = 900.0  # a task
MOST_MEMORY = 4_000_000_000  # bytes a task's process may take
LOOK_SECONDS = 0.25  # between two looks at what a process takes
ENDED_KEPT = 200  # failed and stopped tasks that are remembered
MOST_LINE = 4_000  # bytes; what the program says is shorter

Phase = Literal["none", "waiting", "working", "done", "failed", "stopped"]


@dataclass(frozen=True)
class TaskState:
    """How far a task is.

    Attributes:
        phase: ``"none"`` if nobody asked for it, or its result is of an older network.
        share: done, 0 to 1.
        seconds_left: at the speed so far; None before that is known.
        reason: why it failed, as a sentence.
        position: how many tasks go before a waiting one.
        visitor: who asked for it first; empty if nobody did, or it is long done.
    """

    phase: Phase
    share: float = 0.0
    seconds_left: float | None = None
    reason: str | None = None
    position: int | None = None
    visitor: str = ""


@dataclass
class _Task:
    """A task that was asked for; ``began`` is when its process said that it works."""

    kind: str
    run: Run
    output: Path
    visitor: str
    program: str
    phase: Phase = "waiting"
    share: float = 0.0
    began: float | None = None
    reason: str | None = None
    process: Child | None = None

    @property
    def active(self) -> bool:
        return self.phase in ("waiting", "working")

    def seconds_left(self) -> float | None:
        if self.began is None or self.share <= 0:
            return None
        return (time.monotonic() - self.began) * (1 - self.share) / self.share


@dataclass
class Tasks:
    """The tasks of this server; with it they are lost, but for the results, which are files."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    known: "OrderedDict[Path, _Task]" = field(default_factory=OrderedDict)
    busy: int = 0  # processes that have not ended, those of stopped tasks among them
    closed: bool = False


_tasks = Tasks()


def use(tasks: Tasks) -> Tasks:
    """Put another table of tasks in place of the server's, and return that; for tests."""
    global _tasks
    before, _tasks = _tasks, tasks
    return before


def result(kind: str, run: Run) -> Path | None:
    """Return the file with the result of a task, if it is there and of the run's network."""
    path = analysis_file(kind, run)
    return path if fits(path, run) else None


def answers_file(run: Run, part: str) -> Path:
    """Return where a run's answers on a part are, whether there are any or not.

    A run that did not finish has them from a task, once that was asked for; a run of a version
    that kept none on the validation images, too.

    Args:
        run: whose.
        part: ``"validation"`` or ``"test"``.
    """
    path = run.folder.evaluation if part == "test" else run.folder.validation
    if run.unfinished or (part == "validation" and not path.exists()):
        return result(part, run) or path
    return path


def start(kind: str, run: Run, visitor: str, program: str | None = None) -> None:
    """Ask for a task; returns at once. One that is there, waits or works already is shared.

    Args:
        kind: of the result, see ``core.runs.analysis``.
        run: that it is worked out of.
        visitor: who asks.
        program: name of the module that works it out, by default ``PROGRAM``; it gets the kind,
            the run's id and the file to write.

    Raises:
        SettingsError: as many wait as this server allows, or the visitor has as many.
        ModelUnavailable: the run has no network.
    """
    stamp_of(run)
    output = analysis_file(kind, run)
    if fits(output, run):
        return
    with _tasks.lock:
        task = _tasks.known.get(output)
        if task is not None and task.active:
            return
        active = [each for each in _tasks.known.values() if each.active]
        if sum(each.visitor == visitor for each in active) >= MOST_OF_ONE:
            raise SettingsError(
                f"You already have {MOST_OF_ONE} calculations in progress, the most for one "
                "visitor. Wait for one to finish, or stop one."
            )
        if sum(each.phase == "waiting" for each in active) >= MOST_WAITING:
            raise SettingsError(
                f"{MOST_WAITING} calculations are waiting already, the most for this server. Try "
                "again in a few minutes."
            )
        _tasks.known[output] = _Task(kind, run, output, visitor, program or PROGRAM)
        _tasks.known.move_to_end(output)
        _forget()
        _give_out()


def look(kind: str, run: Run) -> TaskState:
    """Return how far a task is; takes no time."""
    output = analysis_file(kind, run)
    with _tasks.lock:
        task = _tasks.known.get(output)
        if task is not None and task.active:
            waiting = [each for each in _tasks.known.values() if each.phase == "waiting"]
            return TaskState(
                task.phase,
                task.share,
                task.seconds_left(),
                position=waiting.index(task) if task.phase == "waiting" else None,
                visitor=task.visitor,
            )
    if fits(output, run):
        return TaskState("done", 1.0)
    if task is None or task.phase == "done":
        return TaskState("none")
    return TaskState(task.phase, reason=task.reason, visitor=task.visitor)


def stop(kind: str, run: Run) -> None:
    """Stop a task at once, for everybody who waits for it; nothing happens if it is not active."""
    with _tasks.lock:
        task = _tasks.known.get(analysis_file(kind, run))
        if task is not None and task.active:
            task.phase = "stopped"
            if task.process is not None:
                task.process.kill()  # only ever our own child


def close() -> None:
    """Stop all tasks; this server ends."""
    with _tasks.lock:
        _tasks.closed = True
        for task in _tasks.known.values():
            if task.active:
                task.phase = "stopped"
                if task.process is not None:
                    task.process.kill()


atexit.register(close)


def _forget() -> None:
    """Forget the oldest of the tasks that have ended; the lock is held."""
    ended = [output for output, task in _tasks.known.items() if not task.active]
    for output in ended[: max(0, len(ended) - ENDED_KEPT)]:
        del _tasks.known[output]


def _give_out() -> None:
    """Start as many of the waiting tasks as may run; the lock is held."""
    for task in _tasks.known.values():
        if _tasks.busy >= settings().tasks or _tasks.closed:
            return
        if task.phase != "waiting":
            continue
        task.phase = "working"
        try:
            task.process = _begin(task)
        except OSError as error:
            task.phase = "failed"
            task.reason = (
                f"The calculation could not be started: {error.strerror or error}. Free some "
                "memory or disk space, then start it again."
            )
            continue
        _tasks.busy += 1
        try:
            threading.Thread(target=_attend, args=(task, task.process), daemon=True).start()
        except RuntimeError:  # no further thread
            task.process.close()
            _tasks.busy -= 1
            task.phase, task.process = "failed", None
            task.reason = "This machine is too busy to begin. Start the calculation again later."


def _begin(task: _Task) -> Child:
    """Start the process of a task.

    Raises:
        OSError: the machine refuses.
    """
    task.output.parent.mkdir(parents=True, exist_ok=True)
    with open_append(settings().home / "workers.log") as output:
        arguments = task.kind, task.run.id, str(task.output)
        return start_process(settings(), output, task.program, *arguments)


def _attend(task: _Task, process: Child) -> None:
    """Follow a process to its end; the thread of one task. Whatever happens, its place is free."""
    reason: str | None = "The server lost track of the calculation. Start it again."
    try:
        _follow(task, process)
        with contextlib.suppress(OSError):
            remove_temporary(task.output.parent)
            task.output.parent.rmdir()  # if nothing came of it
        if fits(task.output, task.run):
            reason = None
        elif process.code == 0:
            reason = "The run's network changed meanwhile. Start the calculation again."
        else:
            reason = (
                "The process ended before it was done; perhaps this machine ran out of memory. "
                "Start the calculation again."
            )
    finally:
        process.close()
        _end(task, reason)
        with _tasks.lock:
            task.process = None
            _tasks.busy -= 1
            _give_out()


def _follow(task: _Task, process: Child) -> None:
    """Hear what a process says until it ends, and end it if it takes too much."""
    began, rest = time.monotonic(), b""
    for new in process.chunks(LOOK_SECONDS):
        *lines, rest = (rest + new).split(b"\n")
        rest = rest[-MOST_LINE:]
        for line in lines:
            _hear(task, line)
        reason = _too_much(process.pid, time.monotonic() - began)
        if reason is not None:
            _end(task, reason)
            process.kill()
    process.wait()


def _hear(task: _Task, line: bytes) -> None:
    """Take what the program says; what it should not say is nothing."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(value, str):
        _end(task, value)
    elif isinstance(value, int | float) and 0 <= value <= 1:
        with _tasks.lock:
            task.began = task.began or time.monotonic()
            task.share = max(task.share, float(value))


def _end(task: _Task, reason: str | None) -> None:
    """Note how a task ended, unless that is known already: the first reason is the true one."""
    with _tasks.lock:
        if task.active:
            task.phase, task.reason = ("done" if reason is None else "failed"), reason


def _too_much(pid: int, seconds: float) -> str | None:
    """Return why a process may not go on, as a sentence, or None."""
    if seconds > MOST_SECONDS:
        return (
            f"It took longer than {MOST_SECONDS / 60:g} minutes, the most that this server allows. "
            "Try again when less is being trained."
        )
    most = min(MOST_MEMORY, settings().limits.memory or MOST_MEMORY)
    memory = memory_of(pid)
    if memory > most:
        return (
            f"It took {memory / 1e6:,.0f} MB of memory; this server allows a calculation "
            f"{most / 1e6:,.0f} MB."
        )
    return None
