"""What the names in a ZIP say, where the archive does not tell how they are written.

Only a flag says that a name is UTF-8; the Finder of macOS writes UTF-8 without it, and Windows the
code page of its country. So where most names are valid UTF-8 they are UTF-8, and all other names
of an archive are read in the one code page in which they look most like words. All names come out
composed (Unicode's form C), as macOS writes ``ü`` as two characters and others as one.

Source: PKWARE, *.ZIP File Format Specification* (appendix D, and the extra field 0x7075).
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable

PAGES = {  # from the likeliest to the least likely, where two fit equally well
    "cp850": "Western European",
    "cp932": "Japanese",
    "gbk": "Chinese",
    "cp949": "Korean",
    "big5": "traditional Chinese",
    "cp866": "Cyrillic (DOS)",
    "cp1251": "Cyrillic (Windows)",
    "cp1252": "Western European (Windows)",
    "cp437": "American (DOS)",
}
_UTF8, _UNICODE_PATH = 0x800, 0x7075
_DIGITS = re.compile("([0-9]{1,18})")
MOST_LOOKED_AT = 300  # different texts that decide the code page
# Hangul lies where frequent Chinese characters lie too: these syllables tell Korean words.
_KOREAN = frozenset(
    "가고다하이의는을에지사기자로어도아대나시리인한정일과제부스그서장무수비조해있보원라구전여주상오학"
    "공동적만성신우용개안국마소들선트화유관미경회물연강양개과토끼새말곰집차꽃책옷바셔츠코드신발가방"
)


def read_names(names: Iterable[str | bytes]) -> tuple[list[str], str | None]:
    """Return the names of all entries of an archive, composed, and what they were taken for.

    Args:
        names: as ``name_in_zip`` or ``name_in_tar`` returned them.

    Returns:
        The names in their order, as they are in the archive (with ``\\`` or ``/``); and the words
        for the code page that was guessed, None if nothing was.
    """
    names = list(names)
    odd = {name for name in names if isinstance(name, bytes)}
    utf8 = {name for name in odd if _is_utf8(name)}
    page = None
    if 2 * len(utf8) > len(odd):  # a few Chinese names happen to be valid UTF-8 too
        odd -= utf8
    else:
        utf8 = set()
    if odd:
        page = code_page({part for name in odd for part in _folders(name)})

    def text(name: str | bytes) -> str:
        if isinstance(name, bytes):
            name = name.decode("utf-8" if name in utf8 else page or "cp437", "replace")
        return unicodedata.normalize("NFC", name)

    return [text(name) for name in names], PAGES.get(page or "")


def code_page(texts: Iterable[bytes]) -> str:
    """Return the code page in which texts look most like words, one of ``PAGES``."""
    chosen = sorted(texts)[:MOST_LOOKED_AT]
    scores: dict[str, float] = {}
    for page in PAGES:
        try:
            words = [text.decode(page) for text in chosen]
        except UnicodeDecodeError:
            continue
        scores[page] = sum(_likeness(word, page) for word in words) / max(
            1, sum(not c.isascii() for word in words for c in word)
        )
    best = max(scores, key=scores.__getitem__, default="cp437")
    return best if scores.get(best, 0) > 0 else "cp437"


def name_in_zip(entry: zipfile.ZipInfo) -> str | bytes:
    """Return a name, or its bytes if nothing says how they are written."""
    if entry.flag_bits & _UTF8 or entry.orig_filename.isascii():
        return entry.orig_filename
    raw = entry.orig_filename.encode("cp437")  # as zipfile has read it
    return _unicode_path(entry.extra, raw) or raw


def name_in_tar(name: str) -> str | bytes:
    """Return a name as ``tarfile`` read it, or its bytes if they are no UTF-8."""
    raw = name.encode("utf-8", "surrogateescape")
    return name if _is_utf8(raw) else raw


def natural(text: str) -> tuple[list[str | int], str]:
    """Return the key that puts class 2 before class 10, and names in order whatever their case."""
    pieces: list[str | int] = list(_DIGITS.split(text.lower()))  # text, number, text, ...
    pieces[1::2] = map(int, pieces[1::2])
    return pieces, text


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name that a ZIP tool wrote a second time, in UTF-8, if it belongs to the first."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        is_second = kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1
        if is_second and struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw):
            return field[5:].decode("utf-8", "replace")
    return None


def _folders(name: bytes) -> list[bytes]:
    """Return the parts of a path with letters beyond ASCII; "\\" is part of Japanese characters."""
    return [part for part in name.split(b"/") if not part.isascii()]


def _likeness(word: str, page: str) -> float:
    """Return how much the letters beyond ASCII look like those of a word: -1 to 1 for each."""
    score = 0.0
    for index, letter in enumerate(word):
        if letter.isascii():
            continue
        beside = (word[index - 1 : index] if index else "") + word[index + 1 : index + 2]
        score += _letter(letter, beside, page)
    return score


def _letter(letter: str, beside: str, page: str) -> float:
    latin_beside = any(c.isascii() and c.isalpha() for c in beside)
    if page in ("cp850", "cp437", "cp1252"):
        if not letter.isalpha() or letter in "ƒªº":
            return -1
        # An accent stands in a word of plain letters; capitals in the middle do not.
        if letter.isupper() and beside[:1].islower() and len(beside) == 2:
            return -0.5
        return 1 if latin_beside else 0.2
    if page in ("cp866", "cp1251"):
        if not "а" <= letter.lower() <= "я" and letter not in "ёЁ":
            return -1
        return 0 if latin_beside or (letter.isupper() and beside[:1].islower()) else 1
    return 0 if latin_beside else _eastern(letter, page)


def _eastern(letter: str, page: str) -> float:
    """Judge by the place in the code page: the frequent characters stand together."""
    code = letter.encode(page)
    if len(code) == 1:  # half of a width: rare in names
        return -1
    lead, trail = code
    if page == "cp932":
        if "\u3041" <= letter <= "\u3096" or "\u30a1" <= letter <= "\u30fa" or letter in "ー々":
            return 1.2  # no other page has letters of a word in so narrow a place
        return 0.9 if 0x88 <= lead <= 0x97 else 0 if 0x98 <= lead <= 0x9F else -1
    if page == "gbk":
        return 0.8 if 0xB0 <= lead <= 0xD7 and trail >= 0xA1 else -1 if trail < 0xA1 else -0.2
    if page == "cp949":
        if not (0xB0 <= lead <= 0xC8 and trail >= 0xA1):
            return -1
        return 1 if letter in _KOREAN else 0.2
    return 0.7 if 0xA4 <= lead <= 0xC6 else -0.5
