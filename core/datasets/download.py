"""The download of CIFAR-10 by Keras, in a process of its own, with progress and a way to stop.

A process of its own, because importing Keras takes seconds and because ending the process is the
one sure way to stop its download.
"""

import os
import re
import sys
import threading
from collections import deque
from dataclasses import dataclass

from core.processes.child import Child

_PROGRESS = re.compile(rb"(\d+)/(\d{6,})\D")
_SCRIPT = "import keras; keras.datasets.cifar10.load_data()"


@dataclass(frozen=True)
class DownloadState:
    """Where the download is.

    Attributes:
        active: whether a download is under way.
        fraction: share of the bytes that are here, 0 to 1; None before the first byte.
        error: why the last download failed, as a sentence, or None.
    """

    active: bool = False
    fraction: float | None = None
    error: str | None = None


class Download:
    """One download shared by all visitors; ``start`` while it runs changes nothing."""

    def __init__(self, command: list[str] | None = None) -> None:
        """Keep the command that downloads; by default Keras's own CIFAR-10 loader."""
        self._command = command or [sys.executable, "-c", _SCRIPT]
        self._lock = threading.Lock()
        self._process: Child | None = None
        self._state = DownloadState()
        self._stopped = False

    def state(self) -> DownloadState:
        """Return the current state; takes no time."""
        return self._state

    def start(self) -> None:
        """Start downloading unless a download is under way."""
        with self._lock:
            if self._state.active:
                return
            self._process = Child(self._command)
            self._state, self._stopped = DownloadState(active=True), False
            threading.Thread(target=self._follow, args=(self._process,), daemon=True).start()

    def stop(self) -> None:
        """End the download; what Keras has of the archive is checked and fetched anew next time."""
        with self._lock:
            if self._process is not None:
                self._stopped = True
                self._process.ask_to_end()

    def _follow(self, process: Child) -> None:
        """Turn Keras's progress bar into a fraction until the process ends."""
        last: deque[bytes] = deque(maxlen=2)  # a number may be cut between two reads
        while chunk := os.read(process.output.fileno(), 4096):
            last.append(chunk)
            found = _PROGRESS.findall(b"".join(last))
            if found:
                done, total = (int(number) for number in found[-1])
                self._state = DownloadState(active=True, fraction=min(1.0, done / total))
        code = process.wait()
        process.close()
        if code == 0:
            self._state = DownloadState(fraction=1.0)
        elif self._stopped or code is None or code < 0:
            self._state = DownloadState(error="The download was stopped.")
        else:
            self._state = DownloadState(
                error="CIFAR-10 could not be downloaded: its server (www.cs.toronto.edu) did not "
                "answer. Check the network and try again, or set ATELIER_CIFAR10 to a folder "
                "with the binary version and restart."
            )


CIFAR10 = Download()
