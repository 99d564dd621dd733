"""Numbers and names in words, for pages and for files that leave Atelier; written once."""

import re

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # all of ASCII's, any of which Markdown may read


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share of 0 to 1 in percent, or a dash."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def sure_by(probability: float) -> str:
    """Return how sure a network is, in whole percent, but never that it is quite sure."""
    return "over 99 %" if probability >= 0.995 else percent(probability, 0)


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with fixed digits, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def duration(seconds: float) -> str:
    """Return a duration such as ``8 s``, ``1:05 min`` or ``2:03 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


def literal(text: str) -> str:
    """Return text, of whoever wrote it, so that Markdown shows it as it is."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def markdown_line(text: str) -> str:
    """Return a text of ours as a line of Markdown, in which only names are of strangers.

    What Markdown would read is escaped, and nothing else, so that the text can be read as it is.
    """
    kept = "".join(literal(each) if each in "\\`*_[]<>|#~$&@" else each for each in text)
    for begins in ("://", "www."):  # a link, by itself
        kept = kept.replace(begins, literal(begins))
    return " ".join(kept.split())
