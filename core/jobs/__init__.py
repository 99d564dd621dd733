"""Who trains which run, and when.

``start`` makes a run of a config and queues it. ``backend()`` does all else: it returns the same
backend to every caller in a process and starts it at the first call. By default runs train in
processes of this machine; with ``RAY_ADDRESS`` set, as tasks of a Ray cluster.
"""

import atexit
import threading
from collections.abc import Sequence

from core import datasets
from core.architectures.settings import count
from core.errors import DataUnavailable, SettingsError
from core.jobs.backend import Backend, Engine
from core.jobs.estimate import EpochCosts, epoch_costs, expected_seconds
from core.jobs.local import LocalBackend
from core.jobs.many import pause_all, resume_all, stop_all
from core.runs import SERVER_ALLOWS, Allowance, Stretch, TrainingConfig, create
from core.settings import settings
from core.training import devices

__all__ = [
    "Backend",
    "Engine",
    "EpochCosts",
    "LocalBackend",
    "admit",
    "backend",
    "epoch_costs",
    "expected_seconds",
    "here",
    "pause_all",
    "resume_all",
    "start",
    "start_all",
    "stop_all",
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


def start(
    config: TrainingConfig,
    visitor: str,
    *,
    group: str = "",
    allowance: Allowance = SERVER_ALLOWS,
) -> str:
    """Make a run of a config, queue it and return its id.

    Runs of one class with equal settings are trained once, for all of them.

    Args:
        config: what the run is to do.
        visitor: anonymous id of who starts it.
        group: public id of the class that they start it in; empty for none.
        allowance: what the class lets a run take, where that is less than the server does.

    Raises:
        DataUnavailable: its data set is not on this machine.
        SettingsError: this server or the class does not let the visitor queue such a run now
            (``admit``), or the runs folder cannot be written.
    """
    return start_all([config], visitor, group=group, allowance=allowance)[0]


def start_all(
    configs: Sequence[TrainingConfig],
    visitor: str,
    *,
    group: str = "",
    allowance: Allowance = SERVER_ALLOWS,
) -> list[str]:
    """Queue several runs that belong together, all or none, and return their ids.

    Such as of a comparison: where one more may wait, all of them may. Arguments and errors as of
    ``start``.
    """
    for config in configs:
        missing = datasets.find(config.dataset).missing()
        if missing is not None:
            raise DataUnavailable(missing)
        admit(config, visitor, allowance)
    ids = [create(config, visitor, group=group, allowance=allowance) for config in configs]
    for run_id in ids:
        backend().submit(run_id)
    return ids


def here() -> Stretch:
    """Return how the workers of this server compute, to tell whether a training repeats here."""
    return devices.here(settings().threads)


def admit(config: TrainingConfig, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
    """Check that this server lets a visitor queue such a run now, and so does their class.

    Raises:
        SettingsError: it asks for too many epochs, or the visitor has too many runs waiting; the
            sentence says how many are allowed, and what to do.
    """
    most, whose = settings().limits.epochs, "This server"
    if allowance.epochs is not None and allowance.epochs < most:
        most, whose = allowance.epochs, "Your class"
    if config.recipe.epochs > most:
        raise SettingsError(
            f"{whose} allows a run at most {count(most, 'epoch')}, not "
            f"{config.recipe.epochs:,}. Choose fewer."
        )
    backend().check_waiting(visitor, allowance)
