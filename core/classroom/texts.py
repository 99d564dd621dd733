"""What teachers write into a class: titles in one line, messages in a few."""

import unicodedata

from core.errors import ClassroomRefused


def line(text: str, longest: int, what: str) -> str:
    """Return a text in one line of visible characters.

    Args:
        text: that somebody wrote.
        longest: characters it may have.
        what: it is, for the sentence: "title".

    Raises:
        ClassroomRefused: it is empty or too long.
    """
    return _checked(" ".join(_visible(text, longest).split()), longest, what)


def lines(text: str, longest: int, what: str) -> str:
    """Return a text of several lines, none of them empty; arguments and errors as of ``line``."""
    rows = (" ".join(_visible(row, longest).split()) for row in text[: 4 * longest].splitlines())
    return _checked("\n".join(row for row in rows if row), longest, what)


def _visible(text: str, longest: int) -> str:
    """Drop what cannot be seen: control characters, marks of direction, halves of characters."""
    kept = unicodedata.normalize("NFC", text[: 4 * longest + 4])
    return "".join(
        " " if letter.isspace() else letter
        for letter in kept
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )


def _checked(text: str, longest: int, what: str) -> str:
    if not text:
        raise ClassroomRefused(f"The {what} is empty. Write something first.")
    if len(text) > longest:
        raise ClassroomRefused(
            f"The {what} has {len(text):,} characters, and {longest} fit. Shorten it."
        )
    return text
