"""Networks asked in a process of their own, so that the server of the pages never loads TensorFlow.

One process (``core.networks.worker``) for all visitors. It starts when a page first needs it, loads
the bundled model, ends when nobody has asked for a while, and starts again with the next page that
needs it. When it dies, what was asked is asked once more in a new one; when that dies too, or is
late, whoever asked gets a sentence. How it is spoken with says ``core.networks.process``.
"""

import atexit
import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from core import errors
from core.errors import AtelierError, ModelUnavailable
from core.networks import gaze, wire
from core.networks.batches import Report
from core.networks.engine import EngineState
from core.networks.models import Model
from core.networks.network import Floats, Images
from core.networks.process import Gone, Late, Patience, Process

AT_ONCE = 64  # images a question: what Network compiles, and so that others get their turn
PROGRAM = (sys.executable, "-m", "core.networks.worker")


class Apart:
    """The process of this server, whichever life it is in; any thread may use it."""

    def __init__(self, command: Sequence[str] = PROGRAM, patience: Patience | None = None) -> None:
        """Remember the command and the patience; nothing starts yet."""
        self._command, self._patience = command, patience or Patience()
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._state = EngineState()
        self._closed = False
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Of the process; None if there is none."""
        process = self._process
        return None if process is None or process.ended else process.pid

    def state(self) -> EngineState:
        """Return how far it is; takes no time."""
        return self._state

    def load(self, model: Model) -> "AskedApart":
        """Return the network as one to ask; it is loaded when it is asked."""
        return AskedApart(self, model)

    def warm(self) -> None:
        """See that it runs, or begins to; returns at once."""
        with self._lock:
            if self._process is not None and not self._process.ended:
                now = self._process.used = time.monotonic()
                failed = self._state.phase == "failed"
                if not failed or now - self._process.begun < self._patience.again:
                    return
                if not self._process.rest():  # the bundled model is not there, but others are asked
                    return
            with contextlib.suppress(OSError):  # ``state`` says so
                self._start()

    def rest(self) -> None:
        """Let it end now, unless somebody asks."""
        process = self._process
        if process is not None:
            process.rest()

    def close(self) -> None:
        """End it for good; this server ends."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        atexit.unregister(self.close)

    def request(self, header: dict[str, Any], images: Images) -> wire.Message:
        """Ask, once more if the process dies, and return the answer.

        Args:
            header: what is asked, without ``id``; see ``core.networks.wire``.
            images: uint8, in C order.

        Raises:
            AtelierError, ValueError: what the network's own method raises there.
            ModelUnavailable: the process does not start, does not answer in time, or died twice.
        """
        for _ in range(2):
            try:
                answer = self._running().ask(header, images)
            except Gone:
                continue
            except Late as late:
                raise ModelUnavailable(
                    f"The network of {header['run']} did not answer within {late.seconds:.0f} "
                    "seconds. Try again when less is being trained."
                ) from None
            except OSError as error:
                raise ModelUnavailable(_unstartable(error.strerror)) from error
            if "error" in answer[0]:
                raise _error(answer[0])
            return answer
        raise ModelUnavailable(
            "The process that asks the networks ended before it answered; perhaps this machine ran "
            "out of memory. Try again in a moment."
        )

    def _running(self) -> Process:
        """Return the process, a new one if need be; raises as ``_start`` does."""
        with self._lock:
            if self._process is None or self._process.ended:
                return self._start()
            return self._process

    def _start(self) -> Process:
        """Start the process; the lock is held.

        Raises:
            OSError: the machine refuses, or this server ends.
        """
        if self._closed:
            raise OSError(0, "the server ends")
        self._state = EngineState("loading", begun=time.monotonic())
        try:
            process = Process(self._command, self._patience, self._over)
        except OSError as error:
            self._state = EngineState("failed", 0.0, _unstartable(error.strerror))
            raise
        self._process = process
        process.ready.add_done_callback(lambda ready: self._is_ready(process, ready))
        return process

    def _is_ready(self, process: Process, ready: "Future[str | None]") -> None:
        if self._process is not process:
            return
        failure, seconds = ready.exception(), time.monotonic() - process.begun
        if failure is None:
            problem = ready.result()
        else:
            problem = _unstartable(str(failure) or "it ended at once")
        self._state = EngineState("ready" if problem is None else "failed", seconds, problem)

    def _over(self, process: Process) -> None:
        with self._lock:
            if self._process is process:
                self._process = None
                if self._state.phase == "ready":
                    self._state = EngineState("resting", self._state.seconds)


class AskedApart:
    """A network to ask, as ``core.networks.Network`` is; the process loads it when it is asked."""

    def __init__(self, apart: Apart, model: Model) -> None:
        """Remember which."""
        self.model, self._apart = model, apart

    def probabilities(self, images: Images, report: Report | None = None) -> Floats:
        """As ``Network.probabilities``."""
        return self._asked("probabilities", images, report)[0]

    def features(self, images: Images, report: Report | None = None) -> Floats:
        """As ``Network.features``."""
        return self._asked("features", images, report)[0]

    def ask(self, images: Images) -> tuple[Floats, Floats]:
        """As ``Network.ask``."""
        probabilities, features = self._asked("ask", images, None)
        return probabilities, features

    def look(self, image: Images, label: int) -> tuple[Floats, str]:
        """As ``Network.look``."""
        header, (heat,) = self._one("look", image, 1, label=int(label))
        word = header.get("word")
        if word not in gaze.METHODS or heat.shape != image.shape[1:3]:
            raise _nonsense()
        return heat, str(word)

    def _asked(self, do: str, images: Images, report: Report | None) -> list[Floats]:
        count, parts = 2 if do == "ask" else 1, []
        for start in range(0, max(1, len(images)), AT_ONCE):
            if report is not None and len(images):
                report(start / len(images))
            part = images[start : start + AT_ONCE]
            _, found = self._one(do, part, count)
            if any(each.ndim != 2 or len(each) != len(part) for each in found):
                raise _nonsense()
            if do != "features" and found[0].shape[1] != len(self.model.dataset.classes):
                raise _nonsense()
            parts.append(found)
        if report is not None and len(images):
            report(1.0)
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    def _one(
        self, do: str, images: Images, count: int, **more: Any
    ) -> tuple[dict[str, Any], list[Floats]]:
        header = {"do": do, "run": self.model.run, "shape": list(images.shape), **more}
        told, body = self._apart.request(header, np.ascontiguousarray(images, np.uint8))
        try:
            found = wire.arrays(told.get("shapes"), body, "<f4")
        except ValueError:
            raise _nonsense() from None
        if len(found) != count or not all(np.isfinite(each).all() for each in found):
            raise _nonsense()
        return told, found


def _error(header: dict[str, Any]) -> AtelierError | ValueError:
    """Return the error that the process tells of; its sentence is kept, whatever its class."""
    name, sentence = str(header["error"]), str(header.get("sentence"))
    if name == "ValueError":
        return ValueError(sentence)
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, AtelierError):
        return kind(sentence)
    return ModelUnavailable(sentence)


def _nonsense() -> ModelUnavailable:
    return ModelUnavailable(
        "The answer of the network could not be understood. Try again, or choose another network."
    )


def _unstartable(why: str | None) -> str:
    return (
        f"The process that asks the networks does not start ({why or 'unknown reason'}). Free some "
        "memory, then load the page again."
    )
