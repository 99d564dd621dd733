"""Who trains which run, and when.

``backend()`` is the one way in: it returns the same backend to every caller in a process and
starts it at the first call. By default runs train in processes of this machine; with
``RAY_ADDRESS`` set, as tasks of a Ray cluster.
"""

import atexit
import threading

from core.errors import SettingsError
from core.jobs.backend import Backend, Engine
from core.jobs.estimate import expected_seconds
from core.jobs.local import LocalBackend
from core.runs import TrainingConfig
from core.settings import settings

__all__ = ["Backend", "Engine", "LocalBackend", "admit", "backend", "expected_seconds"]

_backend: Backend | None = None
_lock = threading.Lock()


def backend() -> Backend:
    """Return the backend of this process."""
    # A module variable and not a Streamlit cache: any visitor can have those emptied.
    global _backend
    with _lock:
        if _backend is None:
            if settings().ray_address is None:
                _backend = LocalBackend(settings())
            else:
                from core.jobs.ray import RayBackend

                _backend = RayBackend(settings())
            # A server that is told to end gives its workers time for a checkpoint.
            atexit.register(_backend.close)
        return _backend


def admit(config: TrainingConfig, visitor: str) -> None:
    """Check that this server lets a visitor queue such a run now.

    Raises:
        SettingsError: it asks for too many epochs, or the visitor has too many runs waiting; the
            sentence says how many are allowed, and what to do.
    """
    most = settings().limits.epochs
    if config.recipe.epochs > most:
        raise SettingsError(
            f"{config.recipe.epochs:,} epochs are more than this server allows a run, which is "
            f"{most:,}. Take fewer epochs."
        )
    backend().check_waiting(visitor)
