"""Pictures that a visitor has brought: decoded once, and kept by where they came from.

Home and Classify share them, so a drawing made on the one page is there on the other.
"""

import streamlit as st

from core.errors import ImageRejected
from core.imaging.gate import Picture, open_picture

_KEPT = "pictures_brought"  # session: by source, the token of a file and what became of it


def opened(source: str, token: str, data: bytes, name: str) -> Picture:
    """Return the picture in a file, decoded only if it is another file than last time.

    Args:
        source: where it came from, such as ``upload``.
        token: tells the file from others of this source.
        data: the file; as hostile as anybody likes.
        name: what to call it.

    Raises:
        ImageRejected: the file is of no use.
    """
    files = st.session_state.setdefault(_KEPT, {})
    if files.get(source, (None,))[0] != token:
        try:
            files[source] = (token, open_picture(data, name))
        except ImageRejected as error:
            files[source] = (token, error)
    picture = kept(source)
    assert picture is not None, "it has just been put there"
    return picture


def kept(source: str) -> Picture | None:
    """Return the last picture of a source, None if there is none.

    Raises:
        ImageRejected: its last file was of no use.
    """
    found: Picture | ImageRejected | None
    _, found = st.session_state.get(_KEPT, {}).get(source, (None, None))
    if isinstance(found, ImageRejected):
        raise ImageRejected(str(found))
    return found


def forget(source: str) -> None:
    """Forget the picture of a source."""
    st.session_state.get(_KEPT, {}).pop(source, None)
