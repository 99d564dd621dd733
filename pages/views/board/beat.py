"""Beat the network on the wall: how far the class is, and how it does beside the network."""

from html import escape

import streamlit as st

from core import datasets
from core.classroom import beating
from core.classroom.people import Person
from pages.session import data
from pages.widgets import beat_figures

TILES = 6  # that fit on the screen
STYLE = """<style>
.wall-beat { font-size: clamp(0.9rem, 1.3vw, 2rem); }
.wall-beat-head { display: flex; gap: 1.5vw; align-items: baseline; margin-bottom: 0.5em; }
.wall-beat-head b { font-size: 1.4em; }
.wall-beat-head span { opacity: 0.8; }
.wall-beat .verdict { font-size: 1.1em; font-weight: 600; margin: 0.5em 0 0.3em; }
.wall-beat p { font-size: 1em; }
.wall-beat-two { display: grid; grid-template-columns: 1fr 1fr; gap: 2vw; font-size: 0.64em; }
.wall-beat-two .beat-matrix td { padding: 0.1em 0; }
.wall-beat .beat-tiles { grid-template-columns: repeat(6, 1fr); font-size: 0.74em;
  margin-top: 0.8em; }
.wall-beat figure { display: flex; gap: 0.6em; }
.wall-beat figure img { width: 6em; height: 6em; }
.wall-beat figcaption { margin: 0; }
</style>"""


def beat_on_wall(who: Person, class_id: int, *, room: bool) -> bool:
    """Draw the round that the board is to show, and tell whether there is one.

    Args:
        who: looks.
        class_id: of the class.
        room: whether there is room for images too.
    """
    shown = next((each for each in data.class_rounds(class_id) if each.on_wall), None)
    if shown is None:
        return False
    title = f"<b>Beat the network on {escape(datasets.find(shown.dataset).title)}</b>"
    if not beating.sees(who, shown.id):
        st.html(
            f'{STYLE}<div class="wall-beat">{title}<p>Answer all images on the page Class: '
            "then you see here how the class does.</p></div>"
        )
        return True
    found = data.round_figures(shown.id)
    far = beat_figures.progress(found)
    parts = [f'<div class="wall-beat-head">{title}<span>{far}</span></div>']
    if found.crowd is not None:
        parts += [
            beat_figures.lines(found),
            f'<p class="verdict">{beat_figures.verdict(found)}</p>',
        ]
        if few := beat_figures.awaited(found):
            parts.append(f"<p>{few}</p>")
        else:
            both = "".join(beat_figures.matrices(found))
            parts.append(f'<div class="wall-beat-two">{both}</div>')
    if found.tiles and room:
        images = data.pictures(data.split(shown.dataset, "test").images)
        parts.append(beat_figures.tiles(found, images, TILES))
    st.html(f'{beat_figures.STYLE}{STYLE}<div class="wall-beat">{"".join(parts)}</div>')
    return True
