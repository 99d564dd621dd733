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

from core.processes.identity import memory_of
from core.settings import ROOT


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

    def memory(self) -> int:
        """Return the bytes of memory that the server's process takes now."""
        return memory_of(self.pid)


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
