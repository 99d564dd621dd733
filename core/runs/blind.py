"""Whether the test set of a run is closed for now, whatever its owner has opened.

A class may keep it closed until the end of a task. Who knows that lies below this package, so it
says here how to ask; until then nothing is closed.
"""

from collections.abc import Callable

Ask = Callable[[str, str], str | None]
"""Takes the visitor whose run it is and the data set; returns why it is closed, as a sentence, or
None."""


def _nobody(visitor: str, dataset: str) -> str | None:
    return None


_ask: Ask = _nobody


def use(ask: Ask | None) -> Ask | None:
    """Put a way to ask in place of that of before, and return the latter; None for none."""
    global _ask
    before, _ask = _ask, ask or _nobody
    return None if before is _nobody else before


def closed(visitor: str, dataset: str) -> str | None:
    """Return why the test set of a visitor's runs on a data set is closed, or None if it is not."""
    return _ask(visitor, dataset)
