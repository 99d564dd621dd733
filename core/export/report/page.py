"""A report as one HTML file: no network, no script; it prints to clean pages."""

import base64
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from core.export.report.colours import BAD, GOOD, GRID, MUTED, PAPER, TEXT
from core.export.report.document import (
    Block,
    Code,
    Document,
    Drawing,
    Fact,
    Figure,
    Gallery,
    Own,
    Paragraph,
    Picture,
    Section,
    Table,
)

# Nothing may be fetched or run, whatever a name or a note says.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def as_html(document: Document) -> str:
    """Return the file."""
    title = escape(document.title)
    facts = "".join(map(_fact, document.facts))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{title}</title>
<style>
{_style()}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p class="lead">{escape(document.lead)}</p>
<dl class="facts">{facts}</dl>
</header>
{"".join(map(_section, document.sections))}</main>
<footer>{escape(document.made)}</footer>
</body>
</html>
"""


@cache
def _style() -> str:
    colours = {"paper": PAPER, "text": TEXT, "muted": MUTED, "grid": GRID, "good": GOOD, "bad": BAD}
    declared = " ".join(f"--{name}: {value};" for name, value in colours.items())
    css = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f":root {{ {declared} }}\n{css}"


def _fact(fact: Fact) -> str:
    return (
        f"<div><dt>{escape(fact.title)}</dt><dd>{escape(fact.value)}</dd>"
        f'<dd class="note">{escape(fact.note)}</dd></div>'
    )


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    return f"<section>\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            kind = ' class="quiet"' if block.quiet else ""
            return f"<p{kind}>{escape(block.text)}</p>"
        case Own():
            return f'<div class="own" dir="auto">{escape(block.text)}</div>'
        case Code():
            # A line may end between two words, and not after the hyphens of an option.
            words = (f"<span>{escape(word)}</span>" for word in block.text.split(" "))
            return f"<pre><code>{' '.join(words)}</code></pre>"
        case Table():
            return _table(block)
        case Figure():
            drawings = "".join(map(_drawing, block.drawings))
            caption = f"<figcaption>{escape(block.caption)}</figcaption>"
            return f'<figure><div class="drawings">{drawings}</div>{caption}</figure>'
        case Gallery():
            return f'<div class="gallery">{"".join(map(_tile, block.pictures))}</div>'


def _drawing(drawing: Drawing) -> str:
    return f'<div style="--width: {drawing.width}px">{drawing.svg}</div>'


def _tile(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode()
    caption = escape(picture.caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in table.head)
    rows = "".join(f"<tr>{_row(row)}</tr>\n" for row in table.rows)
    kind = ' class="numbers"' if table.numbers else ""
    return (
        f'<div class="wide"><table{kind}>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>"
    )


def _row(row: Iterable[str]) -> str:
    first, *others = map(escape, row)
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{each}</td>" for each in others)
