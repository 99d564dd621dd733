"""Guessing is limited: who tries too many wrong codes or tokens has to wait, and is told so.

Only wrong ones count. All of it is in the memory of this process, and no longer than the limit
needs; of who asked only a digest is there, with a salt that ends with the process.
"""

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

from core.architectures.settings import count
from core.errors import ClassroomRefused

_SALT = secrets.token_bytes(16)


class Limiter:
    """So many wrong guesses within some seconds: of one asker, and of all together."""

    def __init__(
        self,
        each: int,
        everyone: int,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with no guesses.

        Args:
            each: wrong guesses of one asker.
            everyone: wrong guesses of all, since one may come under many names.
            seconds: within which they count.
            clock: in seconds.
        """
        self._each, self._everyone, self._seconds, self._clock = each, everyone, seconds, clock
        self._wrong: deque[tuple[float, bytes]] = deque(maxlen=everyone)
        self._lock = threading.Lock()

    def check(self, asker: str = "") -> None:
        """Let somebody try, who will call ``wrong`` if it was.

        Args:
            asker: tells askers apart; empty for one about whom nothing is known.

        Raises:
            ClassroomRefused: there were too many wrong ones; the sentence says how long to wait.
        """
        with self._lock:
            now, who = self._clock(), _digest(asker)
            while self._wrong and self._wrong[0][0] <= now - self._seconds:
                self._wrong.popleft()
            own = [at for at, each in self._wrong if asker and each == who]
            oldest = None
            if len(own) >= self._each:
                oldest = own[-self._each]
            if len(self._wrong) >= self._everyone:
                oldest = max(self._wrong[0][0], oldest or 0.0)
        if oldest is not None:
            wait = max(1, round(oldest + self._seconds - now))
            raise ClassroomRefused(
                f"Too many wrong tries. Wait {count(wait, 'second')}, look at it again, and then "
                "try once more."
            )

    def wrong(self, asker: str = "") -> None:
        """Count a wrong guess."""
        with self._lock:
            self._wrong.append((self._clock(), _digest(asker)))

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._wrong.clear()


def _digest(asker: str) -> bytes:
    return hashlib.blake2b(asker.encode("utf-8", "replace"), key=_SALT, digest_size=8).digest()


# A class of thirty mistypes at the same time. A stranger who guesses for a whole day at the limit
# of all finds one of ten open classes in about twelve days.
CODES = Limiter(each=10, everyone=200)
# The link's token is beyond guessing; this is for one that somebody chose. It is no lower, so that
# nobody keeps the teacher out by guessing wrong on purpose.
TEACHERS = Limiter(each=10, everyone=100)
