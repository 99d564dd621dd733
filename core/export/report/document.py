"""What a report is made of, before it is HTML or Markdown.

All texts are plain: whoever writes them out makes them harmless there.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``quiet`` for what explains and is not read at first."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Own:
    """What a person wrote; the line breaks are theirs."""

    text: str


@dataclass(frozen=True)
class Code:
    """A line or more for a terminal."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Attributes:
        head: names of the columns.
        rows: of texts, as long as the head.
        numbers: whether all columns but the first are figures, which stand on the right.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: bool = True


@dataclass(frozen=True)
class Drawing:
    """A vector picture.

    Attributes:
        name: of its file, without the ending: letters and hyphens.
        alt: what there is to see, in a sentence.
        svg: all of it.
        width: in CSS pixels, at which its texts have their size.
    """

    name: str
    alt: str
    svg: str
    width: int


@dataclass(frozen=True)
class Figure:
    """Drawings side by side where there is room, and what they show."""

    drawings: tuple[Drawing, ...]
    caption: str


@dataclass(frozen=True)
class Picture:
    """An image of the data set.

    Attributes:
        png: the file.
        caption: a line.
    """

    png: bytes
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Images in rows; ``name`` begins the names of their files."""

    name: str
    pictures: tuple[Picture, ...]


Block = Paragraph | Own | Code | Table | Figure | Gallery


@dataclass(frozen=True)
class Section:
    """Some blocks under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Fact:
    """One of the figures at the top: what it is of, the value, and how sure it is."""

    title: str
    value: str
    note: str


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        title: of the run.
        lead: what it is, in a line.
        facts: the figures that matter most.
        sections: in order.
        made: by what, in a line.
    """

    title: str
    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    made: str
