"""Label court on the wall: how far the class is and agrees, then the verdicts with pictures."""

from html import escape

import streamlit as st

from core import datasets
from core.classroom.verdicts import Figures
from pages.session import data
from pages.widgets import court_figures, palette

TILES = 6  # that fit on the screen
STYLE = """<style>
.wall-court { font-size: clamp(0.9rem, 1.3vw, 2rem); }
.wall-court-head { display: flex; gap: 1.5vw; align-items: baseline; margin-bottom: 0.5em; }
.wall-court-head b { font-size: 1.4em; }
.wall-court-head span { opacity: 0.8; }
.wall-court p { margin: 0 0 0.6em; line-height: 1.4; font-size: 1em; }
.wall-court .verdict { font-size: 1.15em; font-weight: 600; }
.wall-court .court-cases { grid-template-columns: repeat(6, 1fr); margin: 0.6em 0 0.8em; }
.wall-court .court-cases img { max-width: none; }
.wall-court .court-votes { max-width: none; }
.wall-court-live { font-size: 1.5em; }
.wall-court-live .court-verdicts { display: grid; grid-template-columns: repeat(5, 1fr);
  gap: 1em; }
.wall-court-live .court-verdicts div { border-color: INDIGO; }
.wall-court-far { height: 0.9em; border-radius: 0.45em; overflow: hidden; margin-bottom: 1em;
  background: color-mix(in srgb, currentColor 10%, transparent); }
.wall-court-far i { display: block; height: 100%; background: INDIGO; }
</style>""".replace("INDIGO", palette.GOOD)


def court_on_wall(class_id: int, *, room: bool) -> bool:
    """Draw the court that the board is to show, and tell whether there is one.

    Args:
        class_id: of the class.
        room: whether there is room for images too.
    """
    shown = next((each for each in data.class_courts(class_id) if each.on_wall), None)
    if shown is None:
        return False
    found = data.court_figures(shown.id)
    title = f"Label court on {escape(datasets.find(shown.dataset).title)}"
    parts = _live(title, found) if shown.is_open else _closed(title, found, room=room)
    st.html(f'{court_figures.STYLE}{STYLE}<div class="wall-court">{"".join(parts)}</div>')
    return True


def _live(title: str, found: Figures) -> list[str]:
    """Return an open court: how far it is, and nothing about one image."""
    share = found.judged / max(1, found.doubtful)
    return [
        f'<div class="wall-court-head"><b>{title}</b></div>',
        "<p>Judge on the page Class. Nobody sees a vote, nor which answer is the label, before the "
        "court is closed.</p>",
        '<div class="wall-court-far" aria-hidden="true">'
        f'<i style="width:{100 * share:.1f}%"></i></div>',
        f'<div class="wall-court-live">{court_figures.live(found)}</div>',
    ]


def _closed(title: str, found: Figures, *, room: bool) -> list[str]:
    """Return the verdicts of a closed court, the clearest with their images."""
    far = court_figures.progress(found)
    parts = [
        f'<div class="wall-court-head"><b>{title}</b><span>{far}</span></div>',
        f'<p class="verdict">{court_figures.verdict(found)}</p>',
        court_figures.tally(found),
    ]
    if found.cases and room:
        images = data.pictures(data.split(found.court.dataset, "train").images)
        parts.append(court_figures.cases(found, images, TILES))
    if found.votes:
        parts.append(f"<p>{court_figures.agreed(found)}</p>")
    measured = data.court_difference(found.court.id)
    if measured is not None and measured.gap is not None:
        parts.append(f"<p>{court_figures.difference(measured)}</p>")
    return parts
