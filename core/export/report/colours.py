"""The colours of a report: those of the app on light, as paper is."""

import json
from typing import Final

from core.settings import ASSETS

_ALL = json.loads((ASSETS / "palette.json").read_text(encoding="utf-8"))
PAPER: Final[str] = "#ffffff"  # of a printer, and of what lies beside it on a screen
TEXT: Final[str] = _ALL["text"]["light"]
MUTED: Final[str] = _ALL["muted"]["light"]
GRID: Final[str] = _ALL["grid"]["light"]
GOOD: Final[str] = _ALL["good"]["light"]
BAD: Final[str] = _ALL["bad"]["light"]


def shade(share: float) -> str:
    """Return a colour between paper (0) and that of what is good (1), darker for more in grey."""
    mixed = (
        round(at * share + (1 - share) * ground)
        for at, ground in zip(_rgb(GOOD), _rgb(PAPER), strict=True)
    )
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
