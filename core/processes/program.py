"""What a program does that works for a server: see ``core.processes.child`` for the other side."""

import contextlib
import errno
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable

import psutil

if sys.platform != "win32":
    import resource

NICENESS = 5  # pages answer first
# How a process ends that took more than ``limit`` allows, where no system ends it.
TOO_MUCH_MEMORY, TOO_MUCH_TIME = 81, 82
WATCH_SECONDS = 0.02  # between two looks at that


def thread_limits(threads: int) -> dict[str, str]:
    """Return the variables that limit the threads of TensorFlow and OpenMP, read when they load."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def give_way() -> None:
    """Let other processes of this machine go first."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def print_utf8() -> None:
    """Let what this process prints be UTF-8, where it goes to a file or a program.

    Windows takes the code page of its country for that, which lacks most of what we write, and
    some systems know ASCII alone.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8")


def is_unheard(error: OSError) -> bool:
    """Tell whether writing failed because whoever read has enough, or has ended."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and error.errno == errno.EINVAL
    )


def line_to_server() -> Callable[[object], None]:
    """Keep standard output for the server, and return what writes a value there as a line of JSON.

    What libraries print goes to standard error from now on, which is the log.
    """
    to_server = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", newline="\n")
    os.dup2(2, 1)

    def say(value: object) -> None:
        with contextlib.suppress(OSError):  # nobody hears it any more
            to_server.write(json.dumps(value) + "\n")

    return say


def end_with_server(told: Callable[[], None] | None = None, grace: float = 0.0) -> None:
    """End this process when its standard input closes: its server has ended, or has let it go.

    Args:
        told: is called at once then, such as to save what there is.
        grace: seconds that are left for that.
    """

    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        _leave(told, grace)

    threading.Thread(target=watch, name="end with server", daemon=True).start()


def _leave(told: Callable[[], None] | None, grace: float) -> None:
    if told is not None:
        told()
    time.sleep(grace)
    os._exit(1)


class Order:
    """The one line that a server writes to a program, heard while the program does other things."""

    def __init__(self) -> None:
        """Begin to listen on standard input; nobody else may read there."""
        self._line = b""
        self._heard = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._listen, name="order", daemon=True).start()

    @property
    def there(self) -> bool:
        """Whether the line has come, or will not come any more."""
        return self._heard.is_set()

    @property
    def ended(self) -> bool:
        """Whether the server has ended, or has let this program go."""
        return self._ended.is_set()

    def wait(self) -> str:
        """Wait for the line and return it; empty if the server has ended."""
        self._heard.wait()
        return self._line.decode("utf-8", "replace").strip()

    def end_with_server(self, told: Callable[[], None], grace: float) -> None:
        """End this process when standard input closes; arguments as of the function so called."""

        def watch() -> None:
            self._ended.wait()
            _leave(told, grace)

        threading.Thread(target=watch, name="end with server", daemon=True).start()

    def _listen(self) -> None:
        said = b""
        # Not through ``sys.stdin``, which Python wants to close while this still waits.
        while new := os.read(sys.stdin.fileno(), 4096):
            said += new
            line, end, _ = said.partition(b"\n")
            if end and not self._heard.is_set():
                self._line = line
                self._heard.set()
        self._ended.set()
        self._heard.set()


def limit(
    *, memory: int | None = None, seconds: int | None = None, file: int | None = None
) -> None:
    """Limit what this process may take; it can lower the limits later, but not raise them.

    Where the system knows such limits it holds them, and memory beyond is a ``MemoryError``.
    Windows knows none of them and macOS none of memory: there a thread looks at what the process
    takes and ends it, and files are not limited on Windows.

    Args:
        memory: bytes of address space; of memory in use where a thread looks.
        seconds: of processor time.
        file: bytes of any file that it writes.
    """
    if sys.platform == "win32":
        _watch.look_for(memory, seconds)
    else:
        wanted = {
            resource.RLIMIT_AS: memory,
            resource.RLIMIT_CPU: seconds,
            resource.RLIMIT_FSIZE: file,
            resource.RLIMIT_CORE: 0,  # what strangers send is not kept on the disk
        }
        for what, most in wanted.items():
            if most is None:
                continue
            hard = resource.getrlimit(what)[1]
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            try:
                resource.setrlimit(what, (allowed, hard))
            except (ValueError, OSError):
                if what == resource.RLIMIT_AS:
                    _watch.look_for(memory, None)


class _Watch:
    """The thread that looks at what this process takes, begun when there is a limit to it."""

    def __init__(self) -> None:
        self._memory: int | None = None
        self._seconds: int | None = None
        self._thread: threading.Thread | None = None

    def look_for(self, memory: int | None, seconds: int | None) -> None:
        """End this process beyond these limits; None for what stays as it is."""
        self._memory = self._memory if memory is None else memory
        self._seconds = self._seconds if seconds is None else seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="limits", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        process = psutil.Process()
        while True:
            # Windows counts what was asked for, and not only what lies in memory, as private.
            info = process.memory_info()
            if self._memory and max(info.rss, getattr(info, "private", 0)) > self._memory:
                os._exit(TOO_MUCH_MEMORY)
            if self._seconds and time.process_time() > self._seconds:
                os._exit(TOO_MUCH_TIME)
            time.sleep(WATCH_SECONDS)


_watch = _Watch()
