"""QR codes on pages, as pictures: Streamlit takes an SVG out of HTML, but not out of a picture."""

import base64

from core.classroom.qr import qr_svg


def qr_image(text: str) -> str:
    """Return an ``<img>`` of a QR code, as wide as what it is put into."""
    data = base64.b64encode(qr_svg(text).encode()).decode()
    return (
        '<img alt="QR code of the link" style="width:100%;display:block;border-radius:0.5rem" '
        f'src="data:image/svg+xml;base64,{data}">'
    )
