"""A server of a benchmark's own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
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
    """What a process takes, in bytes.

    Attributes:
        does: what the process does.
        resident: all that is in memory, also what other processes have mapped as well (RSS).
        private: what becomes free when the process ends (USS).
        shared: what of each mapped file others have mapped too, by its path.
        own: what is of no file, so that a kernel without swap cannot drop it to make room.
    """

    does: str
    resident: int
    private: int
    shared: Mapping[str, int]
    own: int


def together(found: Iterable[Memory]) -> int:
    """Return the bytes that processes take together: what they share counts once.

    Not the sum of their proportional shares (PSS), which is less while other programs of the
    machine, such as tests, have the same libraries mapped.
    """
    found = list(found)
    paths = {path for each in found for path in each.shared}
    shared = sum(max(each.shared.get(path, 0) for each in found) for path in paths)
    return shared + sum(each.private for each in found)


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
        """Return what the server and those that it has started take now, itself first; on Linux."""
        parent = psutil.Process(self.pid)
        found = []
        for process in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.Error):  # a worker that has just ended
                found.append(memory_of(process))
        return found


def memory_of(process: psutil.Process) -> Memory:
    """Return what a process takes now; on Linux.

    Raises:
        psutil.Error: it has ended.
    """
    line, info = " ".join(process.cmdline()), process.memory_full_info()
    does = next((words for name, words in PROGRAMS.items() if name in line), line)
    maps = process.memory_maps(grouped=True)
    shared = {each.path: each.shared_clean + each.shared_dirty for each in maps}
    own = sum(each.anonymous + each.swap for each in maps)
    return Memory(does, info.rss, info.uss, shared, own)


def train_two() -> None:
    """Train two small networks into the ``ATELIER_HOME`` of the environment."""
    for seed in (1, 2):
        train = ["--architecture", "mlp", "--epochs", "1", "--limit", "6000"]
        subprocess.run(
            [sys.executable, "-m", "core", "train", *train, "--seed", str(seed)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )


@contextlib.contextmanager
def server(home: Path, **variables: str) -> Iterator[Server]:
    """Start the app on a free port, with all that it writes in ``home``.

    Args:
        home: a folder.
        variables: of its environment besides.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
        cwd=ROOT,
        env=os.environ | {"ATELIER_HOME": str(home), **variables},
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
