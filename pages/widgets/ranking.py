"""A list of who is where, for a page and for the wall."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from core.classroom.handins import Line
from core.classroom.overview import Student
from core.classroom.scores import Standing
from pages.words import percent

STYLE = """<style>
.atelier-ranking { list-style: none; margin: 0; padding: 0; font-size: inherit; }
.atelier-ranking li { margin: 0 !important; display: flex; gap: 0.7em; padding: 0.3em 0.5em;
  border-radius: 0.4em; }
.atelier-ranking li:nth-child(odd) { background: color-mix(in srgb, currentColor 5%, transparent); }
.atelier-ranking .place { min-width: 1.6em; text-align: right; opacity: 0.7; white-space: nowrap; }
.atelier-ranking .name { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.atelier-ranking .value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.atelier-ranking .mine, .atelier-ranking li:first-child { font-weight: 600; }
</style>"""


@dataclass(frozen=True)
class Place:
    """A line of the list, in words; ``public_id`` tells whose it is."""

    place: str
    name: str
    value: str
    public_id: str


def ranking(lines: Iterable[Place], *, mine: str | None = None) -> str:
    """Return the list as HTML.

    Args:
        lines: in order.
        mine: public id of whoever looks.
    """
    rows = "".join(_row(line, own=line.public_id == mine) for line in lines)
    return f'<ol class="atelier-ranking">{rows}</ol>{STYLE}'


def of_students(ranked: Iterable[Student]) -> list[Place]:
    """Return lines of students by their best validation accuracy."""
    return [
        Place(str(number), each.member.name, percent(each.best_accuracy, 2), each.member.public_id)
        for number, each in enumerate(ranked, 1)
    ]


def of_live(lines: Iterable[Line]) -> list[Place]:
    """Return lines of the live board of a task: those who cannot be told apart share a place."""
    return [
        Place(
            place_words(each.standing),
            each.member.name,
            percent(each.standing.measure.value, 2),
            each.member.public_id,
        )
        for each in lines
    ]


def place_words(standing: Standing) -> str:
    """Return a place, or the places that the tests leave open."""
    if standing.best == standing.worst:
        return str(standing.best)
    return f"{standing.best}–{standing.worst}"


def change_words(places: int) -> str:
    """Return by how many places somebody went up, or down if below zero."""
    return "" if not places else f"{'▲' if places > 0 else '▼'}{abs(places)}"


def _row(line: Place, *, own: bool) -> str:
    return (
        f'<li class="{"mine" if own else ""}"><span class="place">{line.place}</span>'
        f'<span class="name">{escape(line.name)}{" (you)" if own else ""}</span>'
        f'<span class="value">{line.value}</span></li>'
    )
