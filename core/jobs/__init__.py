"""Who trains which run, and when.

``backend()`` is the one way in: it returns the same backend to every caller in a process and
starts it at the first call. Today there is one kind, processes on this machine.
"""

import threading

from core.jobs.backend import Backend, Engine
from core.jobs.local import LocalBackend
from core.settings import settings

__all__ = ["Backend", "Engine", "LocalBackend", "backend"]

_backend: Backend | None = None
_lock = threading.Lock()


def backend() -> Backend:
    """Return the backend of this process."""
    # A module variable and not a Streamlit cache: any visitor can have those emptied.
    global _backend
    with _lock:
        if _backend is None:
            _backend = LocalBackend(settings())
        return _backend
