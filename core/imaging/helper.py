"""The server's side of decoding: a few warm helper processes, and a fair turn at them.

A helper is untrusted: what it decodes may have taken it over. It gets bytes and a name; what it
says is taken only in the one form that is expected, and one that is late, gone or off that form is
killed, and a new one takes its place while nobody waits for it.

This knows nothing of pictures; what a helper runs is ``core.imaging.decoder``.
"""

import atexit
import errno
import json
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from PIL import Image

from core.errors import ImageRejected
from core.files import harmless
from core.imaging.decoder import LENGTH, REQUEST, SECONDS, Picture, too_large
from core.imaging.flatten import MAX_SIDE
from core.processes.child import Child
from core.processes.talk import Talk
from core.settings import settings

WAIT = 10.0  # seconds for one's turn, before ``LATE``: a class uploads all at once
LATE = 9.0  # seconds for ``SECONDS`` of processor time, on a machine where others work, too
START = 20.0  # seconds that Python and Pillow may take to load, on a machine under load
END = 0.2  # seconds between the last word of a process and its end
MAX_HEADER = 8192  # bytes of JSON
MAX_SENTENCE = 400  # characters

_COMMAND = [sys.executable, "-m", "core.imaging.decoder"]
# Address space is limited: no threads with their stacks, no heap for each of them.
_FRUGAL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


def decode(data: bytes, name: str) -> Picture:
    """Decode a file in a helper process; may be called from many threads.

    Args:
        data: the file.
        name: what to call it in a sentence; harmless.

    Raises:
        ImageRejected: it is no picture of use, or it was too much for the helper, or others have
            all helpers at work.
    """
    helper = _POOL.take(WAIT, name)
    try:
        answer, pixels = helper.ask(data, name)
    except _Late:
        helper.replace()
        raise ImageRejected(
            f"“{name}” could not be read within {LATE:.0f} seconds: the server has much to do, or "
            "the picture is too large. Try again, make it smaller, or save it as an ordinary JPEG."
        ) from None
    except _Gone:
        out_of_memory, out_of_time = helper.exhausted
        helper.replace()
        if out_of_memory:
            raise ImageRejected(too_large(name)) from None
        if out_of_time:
            raise ImageRejected(
                f"“{name}” takes longer than {SECONDS} seconds to read. Make it smaller, or save "
                "it as an ordinary JPEG."
            ) from None
        raise ImageRejected(
            f"Reading “{name}” broke off: something in it is too much for the reader. Open it in a "
            "picture program and save it again, or choose another picture."
        ) from None
    except OSError as error:
        helper.close()
        raise ImageRejected(
            f"“{name}” cannot be read now, because the picture reader does not start "
            f"({error.strerror or error}). Try again in a minute; if that does not help, tell "
            "whoever runs this server."
        ) from error
    except BaseException:
        helper.close()
        raise
    else:
        if answer.get("last") is True:
            helper.replace()
    finally:
        _POOL.give_back(helper)
    if pixels is None:
        raise ImageRejected(harmless(str(answer["rejected"]), MAX_SENTENCE))
    width, height = answer["size"]
    notes = tuple(harmless(str(note), MAX_SENTENCE) for note in answer["notes"])
    alpha = pixels[width * height * 3 :]
    return Picture(
        Image.frombytes("RGB", (width, height), pixels[: width * height * 3]),
        notes,
        Image.frombytes("L", (width, height), alpha) if alpha else None,
    )


class _Late(Exception):
    """The helper has not answered in time."""


class _Gone(Exception):
    """The helper has ended, or talks nonsense."""


class _Helper:
    """One place in the pool, and the process that has it, if any; for one thread at a time."""

    def __init__(self) -> None:
        self._talk: Talk | None = None
        self._ready = False

    @property
    def pid(self) -> int | None:
        """Of its process; None if there is none."""
        return None if self._talk is None else self._talk.child.pid

    @property
    def exhausted(self) -> tuple[bool, bool]:
        """Whether its process was ended for its memory, and for its time.

        For its memory only where the system knows no limit; else it says so itself.
        """
        if self._talk is None:
            return False, False
        self._talk.child.wait(END)
        return self._talk.child.out_of_memory, self._talk.child.out_of_time

    def ask(self, data: bytes, name: str) -> tuple[dict[str, Any], bytes | None]:
        """Send a file and wait for what the helper makes of it, for ``LATE``.

        Returns:
            The answer, which has ``rejected``, or ``size`` and ``notes``; and in the latter case
            as many bytes as RGB of that size needs, and ``alpha``, if it has any.

        Raises:
            _Late, _Gone: as they say; the process is then of no use any more.
            OSError: it does not start.
        """
        if self._talk is None or not self._talk.child.alive:
            self.close()
            self._start()
        if not self._ready:
            try:
                self._ready = "ready" in self._answer(time.monotonic() + START)
            except (_Late, _Gone) as error:
                raise ChildProcessError(errno.ECHILD, "no sign of life") from error
        end = time.monotonic() + LATE
        title = name.encode()
        assert self._talk is not None
        self._talk.write([REQUEST.pack(len(title), len(data)) + title, data])
        answer = self._answer(end)
        if "rejected" in answer:
            return answer, None
        return answer, self._read(_pixels(answer), end)

    def replace(self) -> None:
        """End the process and start the next one, which gets ready while nobody waits for it."""
        self.close()
        with suppress(OSError):  # whoever comes next tries again, and is told
            self._start()

    def close(self) -> None:
        """End the process, if there is one."""
        talk, self._talk, self._ready = self._talk, None, False
        if talk is not None:
            talk.close()

    def _start(self) -> None:
        self._talk = Talk(Child(_COMMAND, environment=_FRUGAL, buffered=False))

    def _answer(self, end: float) -> dict[str, Any]:
        (length,) = LENGTH.unpack(self._read(LENGTH.size, end))
        if length > MAX_HEADER:
            raise _Gone
        try:
            answer = json.loads(self._read(length, end))
        except (ValueError, RecursionError) as error:
            raise _Gone from error
        if not isinstance(answer, dict):
            raise _Gone
        return answer

    def _read(self, size: int, end: float) -> bytes:
        assert self._talk is not None
        try:
            return self._talk.read(size, end)
        except TimeoutError:
            raise _Late from None
        except EOFError as error:
            raise _Gone from error


def _pixels(answer: dict[str, Any]) -> int:
    """Return the bytes that the announced picture has, if it is one that may come."""
    match answer:
        case {"size": [int(width), int(height)], "notes": list(notes)} if len(notes) < 10:
            if 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE:
                return width * height * (4 if answer.get("alpha") is True else 3)
    raise _Gone


class _Pool:
    """The helpers, and those who wait for one, in the order in which they came."""

    def __init__(self, size: int | None = None) -> None:
        """Begin with none; there are never more than ``size``, by default as the settings say."""
        self._lock = threading.Lock()
        self._size, self._made = size, 0
        self._idle: list[_Helper] = []  # the last one is the warmest
        self._waiting: deque[_Turn] = deque()

    def take(self, seconds: float, name: str) -> _Helper:
        """Return a helper of one's own, to be given back.

        Raises:
            ImageRejected: others have them all.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._made < (self._size or settings().picture_readers):
                self._made += 1
                return _Helper()
            turn = _Turn()
            self._waiting.append(turn)
        turn.comes.wait(seconds)
        with self._lock:
            if turn.helper is not None:
                return turn.helper
            self._waiting.remove(turn)
        raise ImageRejected(
            f"Many pictures are being read just now, and “{name}” did not get its turn. Try again "
            "in a moment."
        )

    def give_back(self, helper: _Helper) -> None:
        with self._lock:
            if self._waiting:
                turn = self._waiting.popleft()
                turn.helper = helper
                turn.comes.set()
            else:
                self._idle.append(helper)

    def close(self) -> None:
        with self._lock:
            for helper in self._idle:
                helper.close()


class _Turn:
    def __init__(self) -> None:
        self.comes = threading.Event()
        self.helper: _Helper | None = None


_POOL = _Pool()
atexit.register(_POOL.close)
