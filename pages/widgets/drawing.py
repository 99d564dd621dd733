"""A sheet to draw on. The drawing outlives the widget: it is there on every page that has one."""

import streamlit as st

from core.errors import ImageRejected
from core.imaging.gate import Picture
from pages.session import brought

SIDE = 300  # CSS pixels; the canvas is cut off on a phone above 340
PEN = 16  # CSS pixels; a line is then one or two pixels thick at 28 x 28
MAX_STROKES = 2_000_000  # characters of JSON; a drawing with more is not drawn again
# What the canvas component raises where a browser's message is not what its own script sends.
_NOT_A_DRAWING = (ValueError, TypeError, AttributeError, KeyError, RecursionError)

_SOURCE = "draw"
_STROKES = "drawing_strokes"  # session: the drawing, as the canvas tells it
_SHEET = "drawing_sheet"  # session: how often the sheet was cleared


def drawing() -> Picture | None:
    """Draw the sheet with its button and return what is on it, None while it is empty.

    Raises:
        ImageRejected: what the browser sent is not a drawing.
    """
    from streamlit_drawable_canvas import st_canvas

    # The canvas's own tools lie over what is above it.
    st.caption("Draw one thing, such as a shirt, a shoe or a bag, as an outline or filled.")
    key = f"canvas_{st.session_state.setdefault(_SHEET, 0)}"
    if key not in st.session_state:  # the canvas is new on the page: it begins with what was drawn
        st.session_state[f"{_STROKES}_first"] = st.session_state.get(_STROKES)
    try:
        canvas = st_canvas(
            stroke_width=PEN,
            stroke_color="#ffffff",
            background_color="#000000",
            width=SIDE,
            height=SIDE,
            drawing_mode="freedraw",
            initial_drawing=st.session_state.get(f"{_STROKES}_first"),
            return_image_data=True,
            update_streamlit=True,
            key=key,
        )
        data, strokes = canvas.image_bytes, canvas.json_data
        keep = isinstance(strokes, dict) and len(str(strokes)) <= MAX_STROKES
    except _NOT_A_DRAWING as error:
        raise ImageRejected("Part of the drawing got lost. Press Clear and draw again.") from error
    finally:
        st.button("Clear", icon=":material/ink_eraser:", on_click=_clear)
    if data is None:
        return brought.kept(_SOURCE)
    if keep:
        st.session_state[_STROKES] = strokes
    # What the browser sent goes through the same gate as any upload.
    picture = brought.opened(_SOURCE, str(hash(data)), data, "The drawing")
    if picture.rgb.getbbox() is None:  # a sheet that is still black
        brought.forget(_SOURCE)
        return None
    return picture


def _clear() -> None:
    """Start a new sheet: a new key is the only way to empty the canvas."""
    st.session_state[_SHEET] += 1
    st.session_state.pop(_STROKES, None)
    brought.forget(_SOURCE)
