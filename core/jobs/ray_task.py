"""What a node of a Ray cluster does: train one run, in a process of its own."""

import faulthandler
import os

from core.processes.gpus import VISIBLE
from core.processes.program import give_way, thread_limits


def train_task(run_id: str, environment: dict[str, str], threads: int) -> None:
    """Train a run as a worker process of this machine would; see ``core.training.worker``.

    Args:
        run_id: of a run in the shared folder.
        environment: the ``ATELIER_`` variables of the server.
        threads: for TensorFlow.

    Raises:
        AtelierError: the run is damaged, deleted, or trained by another process.
    """
    # Before TensorFlow is imported, which reads them once.
    os.environ |= thread_limits(threads)
    # A place in the cluster is so many cores; nobody has counted its GPUs.
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", VISIBLE: "-1", **environment}
    os.environ.pop("RAY_ADDRESS", None)  # Ray's own by now; a worker has no use for it

    from core.runs import folder_of
    from core.runs.files import open_append
    from core.settings import forget_settings
    from core.training.lifecycle import train_run

    forget_settings()
    give_way()
    folder = folder_of(run_id)
    with open_append(folder.log) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    faulthandler.enable()
    # Ray starts a fresh process for each run, so a stop or a limit may end this one.
    train_run(run_id, may_exit=True)
    if not folder.result.exists():
        # Paused: the run is so as soon as its process has ended, and Ray would take seconds for it.
        os._exit(0)
