"""What a program does that works for a server: see ``core.processes.child`` for the other side."""

import contextlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable

NICENESS = 5  # pages answer first


def give_way() -> None:
    """Let other processes of this machine go first."""
    os.nice(NICENESS)


def line_to_server() -> Callable[[object], None]:
    """Keep standard output for the server, and return what writes a value there as a line of JSON.

    What libraries print goes to standard error from now on, which is the log.
    """
    to_server = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(value: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody hears it any more
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
        if told is not None:
            told()
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, name="end with server", daemon=True).start()


def limit(
    *, memory: int | None = None, seconds: int | None = None, file: int | None = None
) -> None:
    """Limit what this process may take; it can lower the limits later, but not raise them.

    Args:
        memory: bytes of address space. macOS has no such limit: there the one on time has to do.
        seconds: of processor time.
        file: bytes of any file that it writes.
    """
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
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (allowed, hard))
