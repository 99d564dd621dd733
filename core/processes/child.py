"""Programs of ours that work for this server: started, spoken with and ended in one way.

The child side of it is ``core.processes.program``. A child's standard input is a pipe that closes
when this server dies, however it dies, and the child ends by that.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from core.processes import gpus
from core.processes.program import TOO_MUCH_MEMORY, TOO_MUCH_TIME, thread_limits
from core.settings import ROOT, Settings

# Ctrl-C in the server's terminal is not for children.
if sys.platform == "win32":
    _FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    _OUT_OF_TIME = frozenset({TOO_MUCH_TIME})
else:
    _FLAGS = 0
    _OUT_OF_TIME = frozenset({TOO_MUCH_TIME, -signal.SIGXCPU})
_CHUNK = 65_536  # bytes


class Child:
    """A process that this one has started; only ever our own child is signalled."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str | None] | None = None,
        log: IO[bytes] | None = None,
        buffered: bool = True,
    ) -> None:
        """Start a command.

        Args:
            command: the program and its arguments.
            environment: variables beside this process's own; None for one of its own that must go.
            log: takes its standard error; by default that goes nowhere.
            buffered: whether ``input`` and ``output`` gather bytes.

        Raises:
            OSError: the machine refuses.
        """
        variables: dict[str, str | None] = {**os.environ, "PYTHONUTF8": "1", **(environment or {})}
        self._process = subprocess.Popen(
            _direct(command, variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if log is None else log,
            bufsize=-1 if buffered else 0,
            cwd=ROOT,
            env={name: value for name, value in variables.items() if value is not None},
            start_new_session=sys.platform != "win32",
            creationflags=_FLAGS,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.input: IO[bytes] = self._process.stdin
        self.output: IO[bytes] = self._process.stdout

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """How it ended: 0 is well, minus a number the signal that ended it; None while it lives."""
        return self._process.poll()

    @property
    def out_of_time(self) -> bool:
        """Whether it ended because it took more time than ``program.limit`` allows."""
        return self.code in _OUT_OF_TIME

    @property
    def out_of_memory(self) -> bool:
        """Whether it was ended for more memory than ``program.limit`` allows.

        On Linux it is not: there it gets a ``MemoryError``.
        """
        return self.code == TOO_MUCH_MEMORY

    def send(self, line: bytes) -> bool:
        """Write a line to it; tell whether it could still be told."""
        try:
            self.input.write(line + b"\n")
            self.input.flush()
        except (OSError, ValueError):  # it has ended, or its pipe is closed
            return False
        return True

    def say(self, value: object) -> bool:
        """Write a value to it as a line of JSON; tell whether it could still be told."""
        return self.send(json.dumps(value).encode())

    def answers(self) -> Iterator[Any]:
        """Yield the values that it writes as lines of JSON, until it ends.

        Raises:
            ValueError: a line is no JSON.
        """
        for line in self.output:
            yield json.loads(line)

    def chunks(self, seconds: float) -> Iterator[bytes]:
        """Yield what it writes, as it comes, until it ends; nothing each time so long has passed.

        For one that iterates; nobody else may read its output. A thread does it: no system but
        Unix can wait for a pipe with a time limit.
        """
        said: queue.Queue[bytes | None] = queue.Queue(maxsize=64)

        def listen() -> None:
            with contextlib.suppress(OSError, ValueError):  # closed by whoever follows it
                while new := os.read(self.output.fileno(), _CHUNK):
                    said.put(new)
            said.put(None)

        threading.Thread(target=listen, name="listen", daemon=True).start()
        while True:
            try:
                new = said.get(timeout=seconds)
            except queue.Empty:
                yield b""
                continue
            if new is None:
                return
            yield new

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end, at most so long, and return how it ended; None if it has not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def let_go(self) -> None:
        """Close its standard input: a program of ours ends by that, in order."""
        with contextlib.suppress(OSError):  # what it did not read was still to be written
            self.input.close()

    def ask_to_end(self) -> None:
        """Ask it to end, which a program that is not ours may do in its own way."""
        self._process.terminate()

    def kill(self, seconds: float | None = None) -> None:
        """End it by force, and wait until it has ended, at most so long."""
        self._process.kill()
        self.wait(seconds)
        self.let_go()

    def close(self) -> None:
        """End it by force, and close what it left open."""
        self.kill()
        self.output.close()


def _direct(command: Sequence[str], variables: dict[str, str | None]) -> list[str]:
    """Return a command that Windows does not start by way of another process.

    There the Python of a virtual environment only starts the true one and waits for it; so a
    child's id and memory would be those of the one that waits.
    """
    true = str(getattr(sys, "_base_executable", sys.executable))
    if sys.platform != "win32" or command[0] != sys.executable or true == sys.executable:
        return list(command)
    # As ``multiprocessing`` does it: by this the true one finds the environment's packages.
    variables["__PYVENV_LAUNCHER__"] = sys.executable
    return [true, *command[1:]]


def start(
    settings: Settings,
    log: IO[bytes],
    program: str,
    *arguments: str,
    graphics: Mapping[str, str | None] | None = None,
) -> Child:
    """Start a module of ours as a program, with its share of the cores.

    It works in the folder of these settings, whatever the environment has come to say since.

    Args:
        settings: of the backend.
        log: takes what it writes to standard error.
        program: name of the module.
        arguments: of its command line.
        graphics: which GPUs it sees, from ``core.processes.gpus``; by default none.

    Raises:
        OSError: the machine refuses.
    """
    environment: dict[str, str | None] = {
        "ATELIER_HOME": str(settings.home),
        **thread_limits(settings.threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONUNBUFFERED": "1",
    }
    environment |= gpus.environment(None) if graphics is None else graphics
    command = [sys.executable, "-m", program, *arguments]
    return Child(command, environment=environment, log=log)
