"""The worker program: trains one run and is the only writer in its folder.

``python -m core.training.worker`` loads TensorFlow, says ``"ready"``, then waits for one line on
standard input: the id of a run. It trains that run and ends. When its standard input closes while
it works, the server that started it is gone: it keeps a checkpoint and ends too. An argument is the
GPU that the server chose for it, in words for people; they are told where TensorFlow sees one.
"""

import contextlib
import faulthandler
import os
import sys
import threading

from core import datasets
from core.errors import AtelierError
from core.processes.loading import all_kept, lean
from core.processes.program import Order, give_way, line_to_server
from core.runs.files import open_append
from core.runs.reading import folder_of
from core.training.lifecycle import train_run
from core.training.recorder import log_error

SAVING_SECONDS = 10.0  # for a checkpoint, after the server has gone


def main() -> int:
    """Wait for a run on standard input, train it, and end."""
    say = line_to_server()
    order = Order()
    give_way()
    lean()
    with all_kept():
        from core.training.loop import warm_up

    # A run that waits already is not kept waiting for what it may not need.
    warm_up(lambda: order.there)
    for spec in datasets.DATASETS.values():
        if not order.there and spec.missing() is None:
            _preload(spec)
    say("ready")
    line = order.wait()
    if not line or order.ended:
        return 0  # the server ended while this spare was waiting or loading: the run is queued
    folder = folder_of(line)
    with open_append(folder.log) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    faulthandler.enable()
    server_gone = threading.Event()
    order.end_with_server(server_gone.set, SAVING_SECONDS)
    try:
        gpu = sys.argv[1] if len(sys.argv) > 1 else None
        train_run(line, may_exit=True, server_gone=server_gone, gpu=gpu)
    except AtelierError:
        log_error()  # damaged, or deleted: nothing of the folder is ours to change
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(0)


def _preload(spec: datasets.DatasetSpec) -> None:
    """Read the training split now; damaged data is the business of the run that wants it."""
    with contextlib.suppress(AtelierError):
        spec.load("train")


if __name__ == "__main__":
    sys.exit(main())
