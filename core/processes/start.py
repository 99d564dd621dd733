"""Starting a program of ours as a process of its own, for all backends of this machine."""

import os
import subprocess
import sys
from typing import IO

from core.settings import ROOT, Settings


def start(
    settings: Settings, output: IO[bytes], program: str, *arguments: str
) -> "subprocess.Popen[bytes]":
    """Start a module as a program, with its share of the cores and pipes to and from it.

    It works in the folder of these settings, whatever the environment has come to say since. Its
    standard input closes when this server dies, however it dies.

    Args:
        settings: of the backend.
        output: a file that takes what it writes to standard error.
        program: name of the module.
        arguments: of its command line.

    Raises:
        OSError: the machine refuses.
    """
    threads = str(settings.threads)
    environment = os.environ | {
        "ATELIER_HOME": str(settings.home),
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        cwd=ROOT,
        env=environment,
        start_new_session=True,  # Ctrl-C in the server's terminal is not for workers
    )
