"""Who trains which run, and when.

``start`` makes a run of a config and queues it. ``backend()`` does all else: it returns the same
backend to every caller in a process and starts it at the first call. By default runs train in
processes of this machine; with ``RAY_ADDRESS`` set, as tasks of a Ray cluster.
"""

import atexit
import threading

from core import datasets
from core.errors import DataUnavailable, SettingsError
from core.jobs.backend import Backend, Engine
from core.jobs.estimate import expected_seconds
from core.jobs.local import LocalBackend
from core.runs import TrainingConfig, create
from core.settings import settings

__all__ = [
    "Backend",
    "Engine",
    "LocalBackend",
    "admit",
    "backend",
    "expected_seconds",
    "start",
    "use",
]

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


def use(backend: Backend | None) -> Backend | None:
    """Put a backend in the place of this process's, and return the one of before.

    For tests and for programs that bring their own; with None the next call of ``backend`` starts
    one by the settings. Neither is closed here.
    """
    global _backend
    with _lock:
        before, _backend = _backend, backend
        return before


def start(config: TrainingConfig, visitor: str) -> str:
    """Make a run of a config, queue it and return its id.

    Args:
        config: what the run is to do.
        visitor: anonymous id of who starts it.

    Raises:
        DataUnavailable: its data set is not on this machine.
        SettingsError: this server does not let the visitor queue such a run now (``admit``), or
            the runs folder cannot be written.
    """
    missing = datasets.find(config.dataset).missing()
    if missing is not None:
        raise DataUnavailable(missing)
    admit(config, visitor)
    run_id = create(config, visitor)
    backend().submit(run_id)
    return run_id


def admit(config: TrainingConfig, visitor: str) -> None:
    """Check that this server lets a visitor queue such a run now.

    Raises:
        SettingsError: it asks for too many epochs, or the visitor has too many runs waiting; the
            sentence says how many are allowed, and what to do.
    """
    most = settings().limits.epochs
    if config.recipe.epochs > most:
        raise SettingsError(
            f"This server allows a run at most {most:,} epochs, not {config.recipe.epochs:,}. "
            "Choose fewer."
        )
    backend().check_waiting(visitor)
