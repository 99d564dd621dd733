"""Our photos on the wall: the approved ones as they come, and then what networks make of them."""

from collections import Counter
from html import escape

import streamlit as st

from pages.session import data
from pages.widgets import photo_figures

# Photos a class that fit: in one line of large ones, in two lines, and beside the result.
LARGE, SMALL, BESIDE = 5, 20, 13
NETWORKS = 7  # of the class that fit beside the photos
STYLE = """<style>
.wall-photos { font-size: clamp(0.9rem, 1.2vw, 2rem); --tile: min(5.6vh, 3vw); }
.wall-photos-head { display: flex; gap: 1.5vw; align-items: baseline; margin-bottom: 0.6em; }
.wall-photos-head b { font-size: 1.4em; flex: 1; }
.wall-photos-head span { opacity: 0.8; }
.wall-photos .photo-wall { gap: 0.9vh; }
.wall-photos .photo-class { min-height: var(--tile); }
.wall-photos-all .photo-wall { grid-template-columns: 1fr 1fr; grid-auto-flow: column;
  grid-template-rows: repeat(ROWS, minmax(0, 12.4vh)); column-gap: 2vw; }
.wall-photos-all .photo-tiles { max-height: 12vh; overflow: hidden; }
.wall-photos-large { --tile: min(11.4vh, 6.4vw); }
.wall-photos-two .photo-tiles { flex-wrap: nowrap; overflow: hidden; }
.wall-photos .photo-tiles img { flex: none; }
.wall-photos-two { display: grid; grid-template-columns: fit-content(55%) 1fr; gap: 3.5vw; }
.wall-photos-two .photo-wall { font-size: 0.85em; }
.wall-photos-two .photo-falls { font-size: 0.85em; row-gap: 0.8em; }
.wall-photos .verdict { font-size: 1.1em; font-weight: 600; line-height: 1.35; margin: 0 0 0.8em; }
.wall-short { --tile: min(4vh, 3vw); }
.wall-short.wall-photos-all .photo-wall { grid-template-rows: repeat(ROWS, minmax(0, 9vh)); }
</style>"""


def photos_on_wall(class_id: int, *, room: bool) -> bool:
    """Draw the collection that the board is to show, and tell whether there is one.

    Args:
        class_id: of the class.
        room: whether no message takes part of the screen.
    """
    shown = next((each for each in data.class_collections(class_id) if each.on_wall), None)
    if shown is None:
        return False
    found, photos = data.photo_figures(shown.id), data.approved_photos(shown.id)
    if found.best is None:
        commonest = max(Counter(each.label for each in photos).values(), default=0)
        large = room and commonest <= LARGE
        pictures = photo_figures.wall(photos, shown, LARGE if large else SMALL)
        kinds = f"wall-photos-all{' wall-photos-large' if large else ''}"
    else:
        pictures = (
            f'<div class="wall-photos-two">{photo_figures.wall(photos, shown, BESIDE)}<div>'
            f'<p class="verdict">{escape(photo_figures.verdict(found))}</p>'
            f"{photo_figures.falls(found, NETWORKS if room else NETWORKS - 3)}</div></div>"
        )
        kinds = ""
    rows = -(-len(shown.spec.classes) // 2)
    st.html(
        f"{photo_figures.STYLE}{STYLE.replace('ROWS', str(rows))}"
        f'<div class="wall-photos {kinds}{"" if room else " wall-short"}">'
        f'<div class="wall-photos-head"><b>Our photos for {escape(shown.spec.title)}</b>'
        f"<span>{photo_figures.progress(found)}</span></div>{pictures}</div>"
    )
    return True
