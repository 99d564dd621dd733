"""The bytes of a file that nobody vouches for, as they come, up to a limit."""

import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import SourceRejected
from core.files import open_regular

MOST_BYTES = 500_000_000  # of a file, unpacked
MOST_TEXT = 2_000_000_000  # of one with text: numpy.savetxt writes 25 bytes for a pixel
GZIP = b"\x1f\x8b"

# What reading a damaged file or archive entry may raise.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)


class Stream:
    """Reads a file or an entry of an archive, unpacks gzip, and ends at the limit.

    Attributes:
        name: what to call it in a sentence.
        read_bytes: how many bytes have been read, unpacked.
    """

    def __init__(self, raw: IO[bytes], name: str, most: int | None = None) -> None:
        """Take an open file at its beginning; whether it is gzip is seen from its first bytes.

        Args:
            raw: can be rewound.
            name: what to call it in a sentence.
            most: bytes that may be in it, unpacked; ``MOST_BYTES`` by default.
        """
        self.name, self.read_bytes = name, 0
        self._most = MOST_BYTES if most is None else most
        self._raw: IO[bytes] = raw
        packed = self._guarded(2) == GZIP
        raw.seek(0)
        if packed:
            self._raw = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]

    def read(self, count: int) -> bytes:
        """Return up to ``count`` further bytes; none at the end.

        Raises:
            SourceRejected: the file is damaged, or has more bytes than the limit.
        """
        content = self._guarded(count)
        self.read_bytes += len(content)
        if self.read_bytes > self._most:
            raise SourceRejected(
                f"“{self.name}” holds more than {self._most / 1e6:,.0f} MB, the most that can be "
                "read. Use a smaller part of it."
            )
        return content

    def _guarded(self, count: int) -> bytes:
        try:
            return self._raw.read(count)
        except DAMAGE as error:
            raise SourceRejected(
                f"“{self.name}” is damaged or cut off, and cannot be read to its end. Use the "
                "original file."
            ) from error


def open_file(path: Path, name: str) -> tuple[IO[bytes], int]:
    """Open a plain file of at most ``MOST_TEXT`` bytes and return it with its size.

    Raises:
        SourceRejected: it is none, it cannot be read, it is empty, or it is larger.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise SourceRejected(f"“{name}” cannot be read: {error.strerror or error}.") from error
    size = file.seek(0, 2)
    file.seek(0)
    problem = None
    if size == 0:
        problem = f"“{name}” is empty. Choose the file again."
    elif size > MOST_TEXT:
        problem = (
            f"“{name}” has {size / 1e6:,.0f} MB; at most {MOST_TEXT / 1e6:,.0f} MB can be read. "
            "Use a smaller part of it."
        )
    if problem is not None:
        file.close()
        raise SourceRejected(problem)
    return file, size


Progress = Callable[[float, str], None]  # share done (0 to 1), and what is being read
