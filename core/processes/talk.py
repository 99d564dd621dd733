"""Bytes to and from a child, with a time limit for each; also on systems whose pipes know none."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Sequence

from core.processes.child import Child

CHUNK = 1 << 20  # bytes
MOST_UNREAD = 4 << 20  # bytes; a child that says more has to wait until somebody reads


class Talk:
    """A child that is asked and answers; for one thread at a time.

    The child is not trusted: it may say too much, nothing, or leave its pipes to others when it
    ends. One thread writes and another reads for whoever asks, who waits as long as they like.
    """

    def __init__(self, child: Child) -> None:
        """Listen to a child that was started without buffers."""
        self.child = child
        self._said = bytearray()
        self._ended = False
        self._changed = threading.Condition()
        self._to_tell: queue.SimpleQueue[Sequence[bytes]] = queue.SimpleQueue()
        for work in (self._listen, self._tell):
            threading.Thread(target=work, name="talk", daemon=True).start()

    def write(self, parts: Sequence[bytes]) -> None:
        """Begin to write to it; whether it takes it shows in what it answers."""
        self._to_tell.put(parts)

    def read(self, size: int, end: float) -> bytes:
        """Return so many bytes that it says, until the time ``end`` of ``time.monotonic``.

        Raises:
            TimeoutError: it does not say them in time.
            EOFError: it has ended.
        """
        parts, missing = [], size
        with self._changed:
            while missing:
                if not self._said:
                    if self._ended:
                        raise EOFError
                    if not self._changed.wait(max(0.0, end - time.monotonic())) and not self._said:
                        raise TimeoutError
                    continue
                parts.append(bytes(self._said[:missing]))
                del self._said[:missing]
                missing -= len(parts[-1])
                self._changed.notify_all()
        return b"".join(parts)

    def close(self) -> None:
        """End the child by force."""
        self.child.kill()
        self._to_tell.put(())
        with self._changed:
            self._ended = True
            self._said.clear()
            self._changed.notify_all()

    def _tell(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was ended
            while parts := self._to_tell.get():
                for part in parts:
                    rest = memoryview(part)
                    while rest:
                        rest = rest[self.child.input.write(rest[:CHUNK]) :]

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while new := os.read(self.child.output.fileno(), CHUNK):
                with self._changed:
                    self._said += new
                    self._changed.notify_all()
                    while len(self._said) > MOST_UNREAD and not self._ended:
                        self._changed.wait()
                    if self._ended:
                        break
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self.child.output.close()  # by whom it is read, so that it is not another file meanwhile
