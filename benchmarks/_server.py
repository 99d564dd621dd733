"""A server of a benchmark's own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.settings import ROOT

# What a process of a server does, by what its command line has.
PROGRAMS = {
    "streamlit": "the server of the pages",
    "core.networks.worker": "asks networks; ends when nobody asks",
    "core.training.worker": "the warm spare: the next training",
    "core.imaging.decoder": "reads strangers' pictures",
}


@dataclass(frozen=True)
class Memory:
    """What a process takes, in bytes; no single figure is the truth.

    Attributes:
        does: what the process does.
        resident: all that is in memory, also what other processes have mapped as well (RSS).
        share: what is shared, divided by those who share it: shares can be added up (PSS).
        private: what becomes free when the process ends (USS).
    """

    does: str
    resident: int
    share: int
    private: int


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes:
        address: its URL.
        started: when it was started, by ``time.monotonic``.
        pid: of its process.
    """

    address: str
    started: float
    pid: int

    def memory(self) -> list[Memory]:
        """Return what the server and those that it has started take now, itself first."""
        parent = psutil.Process(self.pid)
        found = []
        for process in (parent, *parent.children(recursive=True)):
            line, info = " ".join(process.cmdline()), process.memory_full_info()
            does = next((words for name, words in PROGRAMS.items() if name in line), line)
            share = getattr(info, "pss", 0)  # only Linux knows it
            found.append(Memory(does, info.rss, share, info.uss))
        return found


@contextlib.contextmanager
def server(home: Path) -> Iterator[Server]:
    """Start the app on a free port, with all that it writes in ``home``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield Server(address, started, process.pid)
    finally:
        process.terminate()
        process.wait()
