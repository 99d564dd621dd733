"""What the owner of a run writes about it: plain text in the run folder, bounded and harmless.

The text has lines, and otherwise nothing that is not seen: no control characters, and none that
turn the direction of what follows. Whoever shows it shows it as text: it is not Markdown, not HTML.
"""

import unicodedata

from core.runs.files import open_regular
from core.runs.records import RunFolder

MOST = 10_000  # characters
_JOINERS = "\u200c\u200d"  # between letters of some scripts, and in emoji


def clean(text: str) -> str:
    """Return a text as it is kept, at most ``MOST`` characters.

    Every kind of line break becomes one; a tab stays; other control characters (right-to-left
    overrides, lone surrogates) go. Space at the ends of lines stays, as somebody may be typing.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        each
        for each in lines[: 2 * MOST]
        if each in "\n\t" or each in _JOINERS or not unicodedata.category(each).startswith("C")
    )
    return "".join(kept)[:MOST]


def read_note(folder: RunFolder) -> str:
    """Return the note; one that cannot be read is none: nothing depends on it."""
    try:
        with open_regular(folder.note) as file:
            return clean(file.read(4 * MOST).decode("utf-8", "replace"))
    except OSError:
        return ""
