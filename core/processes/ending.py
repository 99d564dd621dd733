"""Being asked to end, from a terminal or by the system: the same on every system.

Ctrl-C and SIGTERM are everywhere; Ctrl-\\ or Ctrl-Break is what a terminal has beside them.
"""

import atexit
import signal
import threading
from collections.abc import Callable

_ASKED = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK")
    if hasattr(signal, name)
)


def when_asked(end: Callable[[], None]) -> None:
    """Have ``end`` called when somebody asks this process to end, instead of what was before.

    Args:
        end: begins to end the process, and returns at once; it may be called more than once.
    """
    _take(lambda *_: end())


def undisturbed() -> None:
    """Let what is registered with ``atexit`` come to its end, whoever asks again meanwhile.

    Call it as late as possible: ``atexit`` begins with what was registered last.
    """
    atexit.register(_take, signal.SIG_IGN)


def _take(handler: Callable[..., None] | signal.Handlers) -> None:
    # Elsewhere Python has no signals; a test may run a server in another thread.
    if threading.current_thread() is threading.main_thread():
        for number in _ASKED:
            signal.signal(number, handler)
