"""A sheet to draw vectors on: few shapes, texts made harmless, whole as a file of its own."""

from collections.abc import Sequence
from html import escape

from core.export.report.colours import GRID, MUTED, TEXT
from core.export.report.document import Drawing

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
SMALL, USUAL = 11, 12  # pixels, of texts

Point = tuple[float, float]


class Sheet:
    """A drawing under way; lengths are CSS pixels, from the top left."""

    def __init__(self, width: float, height: float) -> None:
        """Take an empty sheet."""
        self.width, self.height = width, height
        self._parts: list[str] = []

    def line(
        self,
        points: Sequence[Point],
        colour: str = GRID,
        width: float = 1.0,
        dash: str = "",
    ) -> None:
        """Draw a line through points; ``dash`` has lengths of strokes and gaps."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
            f'stroke-linejoin="round"{dashed}/>'
        )

    def box(
        self,
        corner: Point,
        size: Point,
        fill: str,
        edge: str = "none",
        radius: float = 0,
    ) -> None:
        """Draw a rectangle."""
        self._parts.append(
            f'<rect x="{corner[0]:.1f}" y="{corner[1]:.1f}" width="{size[0]:.1f}" '
            f'height="{size[1]:.1f}" rx="{radius:g}" fill="{fill}" stroke="{edge}"/>'
        )

    def dot(self, at: Point, colour: str, radius: float = 2.5) -> None:
        """Draw a filled circle."""
        self._parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{colour}"/>'
        )

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: float = USUAL,
        anchor: str = "start",
        colour: str = TEXT,
        turn: float = 0,
        bold: bool = False,
    ) -> None:
        """Write one line; ``at`` is the start, middle or end of its base line, as ``anchor`` says.

        Args:
            at: where.
            words: of anybody.
            size: of the letters.
            anchor: ``"start"``, ``"middle"`` or ``"end"``.
            colour: of the letters.
            turn: degrees, clockwise.
            bold: whether they are.
        """
        turned = f' transform="rotate({turn:g} {at[0]:.1f} {at[1]:.1f})"' if turn else ""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:g}" fill="{colour}" '
            f'text-anchor="{anchor}"{weight}{turned}>{escape(words)}</text>'
        )

    def note(self, at: Point, words: str, anchor: str = "start", turn: float = 0) -> None:
        """Write one line, small and muted."""
        self.text(at, words, size=SMALL, anchor=anchor, colour=MUTED, turn=turn)

    def finished(self, name: str, alt: str) -> Drawing:
        """Return the drawing; see ``Drawing`` for its name and the sentence on it."""
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" font-family="{_FONT}">'
            f"<title>{escape(alt)}</title>{''.join(self._parts)}</svg>"
        )
        return Drawing(name, alt, svg, round(self.width))


def clipped(words: str, most: int) -> str:
    """Return words that take at most so many letters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"
