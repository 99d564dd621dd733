"""QR codes of links, made here: for a page as SVG, for a terminal as text.

Dark on white whatever the theme, with the white border that cameras look for.
"""

import io

import segno

BORDER = 4  # modules, as the standard asks for
_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
_WHITE_ON_BLACK, _USUAL = "\x1b[97;40m", "\x1b[0m"


def qr_svg(text: str) -> str:
    """Return an ``<svg>`` as wide as what it is put into; the same for the same text."""
    file = io.BytesIO()
    _code(text).save(
        file,
        kind="svg",
        xmldecl=False,
        omitsize=True,
        border=BORDER,
        dark="black",
        light="white",
        title="QR code of the link",
    )
    # Sharp edges at any size: no hairlines between the rows.
    return file.getvalue().decode().replace("<svg ", '<svg shape-rendering="crispEdges" ', 1)


def qr_text(text: str, *, colours: bool) -> str:
    """Return lines for a terminal, two rows of the code each.

    Args:
        text: what it says.
        colours: whether the terminal knows colours; without, it should be light on dark.
    """
    rows = [[not dark for dark in row] for row in _code(text).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([True] * len(rows[0]))
    lines = [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
    if colours:
        lines = [f"{_WHITE_ON_BLACK}{line}{_USUAL}" for line in lines]
    return "\n".join(lines)


def _code(text: str) -> segno.QRCode:
    # Error correction M: 15 % of it may be covered by a finger or a reflection.
    return segno.make_qr(text, error="m")
