"""Classify: where a picture comes from. Each source keeps its picture while others are looked at.

Files are decoded once, not in every script run; what the last decoding said is in the session.
"""

import streamlit as st

from core.errors import ImageRejected
from core.imaging.gate import MAX_BYTES, Picture, open_picture
from pages.views.classify import samples
from pages.widgets.choice import choice

MEANWHILE = "Choose or draw a picture meanwhile."
CANVAS = 300  # pixels; the canvas is cut off on a phone above 340
PEN = 16  # pixels; a line is then one or two pixels thick at 28 x 28
MAX_STROKES = 2_000_000  # characters of JSON; a drawing with more is not drawn again
# What the canvas component raises where a browser's message is not what its own script sends.
_NOT_A_DRAWING = (ValueError, TypeError, AttributeError, KeyError, RecursionError)

_KEPT = "classify_kept"  # session: by source, the token of a file and what became of it
_STROKES = "classify_strokes"  # session: the drawing, as the canvas tells it
_SHEET = "classify_sheet"  # session: how often the sheet was cleared
_CAMERA_ON = "classify_camera"  # session: whether the visitor has switched the camera on


def choose() -> Picture | None:
    """Draw the choice of a source, kept in ``?from=``, and the source; return its picture.

    Raises:
        ImageRejected: the file is of no use.
    """
    titles = {name: title for name, (title, _) in SOURCES.items()}
    source = choice("Picture from", titles, "from", label_visibility="collapsed")
    if source != "camera":
        st.session_state.pop(_CAMERA_ON, None)
    return SOURCES[source][1]()


def _upload() -> Picture | None:
    file = st.file_uploader(
        "A photo or picture of one thing",
        type="image",
        key="upload",
        max_upload_size=MAX_BYTES // 1024**2,
        help="JPEG, PNG, WebP, GIF or BMP, at most 10 MB. It is not stored.",
        on_change=_forget_if_removed,
        args=("upload",),
    )
    if file is not None:
        return _opened("upload", file.file_id, file.getvalue(), file.name)
    return _kept("upload")


def _camera() -> Picture | None:
    st.caption("The picture goes to this server and nowhere else. It is not stored.")
    if not st.session_state.get(_CAMERA_ON):
        st.button(
            "Use the camera",
            icon=":material/photo_camera:",
            on_click=st.session_state.__setitem__,
            args=(_CAMERA_ON, True),
        )
        return _kept("camera")
    shot = st.camera_input(
        "Hold one thing before a plain wall",
        key="camera",
        on_change=_forget_if_removed,
        args=("camera",),
    )
    if shot is not None:
        return _opened("camera", shot.file_id, shot.getvalue(), "The camera's picture")
    return _kept("camera")


def _draw() -> Picture | None:
    from streamlit_drawable_canvas import st_canvas

    st.caption("Draw one thing, such as a shirt, a shoe or a bag: its outline, or filled.")
    key = f"canvas_{st.session_state.setdefault(_SHEET, 0)}"
    if key not in st.session_state:  # the canvas is new on the page: it begins with what was drawn
        st.session_state[f"{_STROKES}_first"] = st.session_state.get(_STROKES)
    try:
        canvas = st_canvas(
            stroke_width=PEN,
            stroke_color="#ffffff",
            background_color="#000000",
            width=CANVAS,
            height=CANVAS,
            drawing_mode="freedraw",
            initial_drawing=st.session_state.get(f"{_STROKES}_first"),
            return_image_data=True,
            update_streamlit=True,
            key=key,
        )
        data, strokes = canvas.image_bytes, canvas.json_data
        keep = isinstance(strokes, dict) and len(str(strokes)) <= MAX_STROKES
    except _NOT_A_DRAWING as error:
        raise ImageRejected(
            "The drawing did not arrive whole. Press Clear and draw again."
        ) from error
    finally:
        st.button("Clear", icon=":material/ink_eraser:", on_click=_clear)
    if data is None:
        return _kept("draw")
    if keep:
        st.session_state[_STROKES] = strokes
    # What the browser sent goes through the same gate as any upload.
    picture = _opened("draw", str(hash(data)), data, "The drawing")
    if picture.rgb.getbbox() is None:  # a sheet that is still black
        _forget("draw")
        return None
    return picture


def _clear() -> None:
    """Start a new sheet: a new key is the only way to empty the canvas."""
    st.session_state[_SHEET] += 1
    st.session_state.pop(_STROKES, None)
    _forget("draw")


def _opened(source: str, token: str, data: bytes, name: str) -> Picture:
    """Return the picture in a file, decoded only if it is another file than last time."""
    kept = st.session_state.setdefault(_KEPT, {})
    if kept.get(source, (None,))[0] != token:
        try:
            kept[source] = (token, open_picture(data, name))
        except ImageRejected as error:
            kept[source] = (token, error)
    picture = _kept(source)
    assert picture is not None, "it has just been put there"
    return picture


def _kept(source: str) -> Picture | None:
    """Return the last picture of a source.

    Raises:
        ImageRejected: its last file was of no use.
    """
    _, found = st.session_state.get(_KEPT, {}).get(source, (None, None))
    if isinstance(found, ImageRejected):
        raise ImageRejected(str(found))
    return found


def _forget_if_removed(source: str) -> None:
    """Forget the picture when the visitor takes it out of the widget."""
    if st.session_state.get(source) is None:
        _forget(source)


def _forget(source: str) -> None:
    st.session_state.get(_KEPT, {}).pop(source, None)


# In the order of the buttons; the names are those in the URL.
SOURCES = {
    "upload": ("Upload", _upload),
    "draw": ("Draw", _draw),
    "camera": ("Camera", _camera),
    "samples": ("Samples", samples.choose),
}
