"""One life of the process that asks networks for this server: asked by many threads at once.

The process (``core.networks.worker``) is not trusted: it may die, say nothing, or say what it
should not. Nobody waits on its pipes for ever: a thread hears it, and another ends it when it is
late, upon which all who write to it or wait for it go on.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.files import open_append
from core.networks import wire
from core.processes import gpus
from core.processes.child import Child
from core.processes.program import thread_limits
from core.settings import settings

GRACE = 5.0  # seconds to end in order
LOOK = 0.25  # seconds between two looks at how late it is


@dataclass(frozen=True)
class Patience:
    """How long is waited for the process, in seconds.

    Attributes:
        start: that TensorFlow may take to load, on a machine under load.
        late: for one question; loading a network is part of it.
        idle: without a question, after which the process ends.
        again: after which a bundled model that could not be loaded is tried again.
    """

    start: float = 180.0
    late: float = 60.0
    idle: float = 600.0
    again: float = 30.0


class Gone(Exception):
    """The process has ended, or talked nonsense and was ended; one may ask again in a new one."""


class Late(Exception):
    """The process did not answer in time, and was ended.

    Attributes:
        seconds: that it had.
    """

    def __init__(self, seconds: float) -> None:
        """Say how long was waited."""
        super().__init__(f"no answer within {seconds:.0f} seconds")
        self.seconds = seconds


@dataclass
class _Question:
    """What was asked: when, and what becomes of it."""

    begun: float
    answer: "Future[wire.Message]" = field(default_factory=Future)


class Process:
    """The process, from its start to its end.

    Attributes:
        ready: done when TensorFlow is loaded; the problem of the bundled model, or None.
        begun: when it was started, by ``time.monotonic``.
        used: when it was needed last.
    """

    def __init__(
        self, command: Sequence[str], patience: Patience, done: Callable[["Process"], None]
    ) -> None:
        """Start it.

        Args:
            command: the program.
            patience: how long to wait for it.
            done: is called once it has ended.

        Raises:
            OSError: the machine refuses.
        """
        environment: dict[str, str | None] = {
            "ATELIER_HOME": str(settings().home),
            # One answer needs little; the cores belong to training, and so do the GPUs.
            **thread_limits(1),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **gpus.environment(None),
        }
        with contextlib.ExitStack() as stack:
            log = None
            with contextlib.suppress(OSError):  # a read-only disk: without a log
                settings().home.mkdir(parents=True, exist_ok=True)
                log = stack.enter_context(open_append(settings().home / "workers.log"))
            self._child = Child(command, environment=environment, log=log)
        self.ready: Future[str | None] = Future()
        self.begun = self.used = time.monotonic()
        self._patience, self._done = patience, done
        self._late: Late | None = None
        self._ended = threading.Event()
        self._questions: dict[int, _Question] = {}
        self._numbers = itertools.count(1)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        try:
            for work in (self._look_after, self._hear):
                threading.Thread(target=work, name="inference", daemon=True).start()
        except RuntimeError as error:  # no thread is left for it
            self._ended.set()
            self._child.close()
            raise OSError(0, str(error)) from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._ended.is_set()

    def ask(self, header: dict[str, Any], images: np.ndarray) -> wire.Message:
        """Ask, and wait for the answer.

        Args:
            header: what is asked, without ``id``; see ``core.networks.wire``.
            images: uint8, in C order.

        Raises:
            Gone, Late: as they say.
        """
        self.ready.result()
        number, question = next(self._numbers), _Question(time.monotonic())
        with self._lock:
            if self.ended:
                raise Gone
            self._questions[number] = question
        try:
            with self._writing:
                question.begun = time.monotonic()  # those before had their own time
                self._child.input.write(wire.pack({"id": number, **header}, images))
                self._child.input.flush()
        except (OSError, ValueError):  # it has ended, or was ended; ``_hear`` tells all who asked
            self._child.kill()
        try:
            return question.answer.result()
        finally:
            self.used = time.monotonic()
            with self._lock:
                self._questions.pop(number, None)

    def rest(self) -> bool:
        """Let it end if nobody asks; tell whether it does."""
        with self._lock:
            if self._questions or self.ended:
                return False
            self._ended.set()
        self._child.let_go()
        return True

    def kill(self) -> None:
        """End it by force; those who asked get ``Gone``."""
        self._child.kill()

    def _hear(self) -> None:
        """Pass on what it says, until it ends."""
        try:
            while (message := wire.read(self._child.output)) is not None:
                self._take(message)
        except (ValueError, KeyError, TypeError, OSError):  # nonsense, or it ended in the middle
            self._child.kill()
        finally:
            self._ended.set()
            self._end()
            with self._lock:
                left = list(self._questions.values())
                self._questions.clear()
            if not self.ready.done():
                self.ready.set_exception(self._late or Gone())
            for question in left:
                late = time.monotonic() - question.begun > self._patience.late
                question.answer.set_exception(self._late if self._late and late else Gone())
            self._child.output.close()
            self._done(self)

    def _take(self, message: wire.Message) -> None:
        header, _ = message
        if not self.ready.done():
            if header["ready"] is not True:
                raise ValueError("not ready")
            problem = header["problem"]
            self.ready.set_result(None if problem is None else str(problem)[:2000])
            return
        with self._lock:
            question = self._questions.pop(header["id"])
        question.answer.set_result(message)

    def _look_after(self) -> None:
        """End it when it is late, or idle."""
        while not self._ended.wait(LOOK):
            now = time.monotonic()
            with self._lock:
                begun = min((each.begun for each in self._questions.values()), default=now)
            if not self.ready.done() and now - self.begun > self._patience.start:
                self._late = Late(self._patience.start)
            elif now - begun > self._patience.late:
                self._late = Late(self._patience.late)
            if self._late is not None:
                self._child.kill()
                return
            if self.ready.done() and now - self.used > self._patience.idle:
                self.rest()
        self._end()

    def _end(self) -> None:
        """See that it ends: in order if it can."""
        if self._child.wait(GRACE) is None:
            self._child.kill()
        self._child.let_go()
