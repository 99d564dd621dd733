"""A report as Markdown, with its drawings and pictures as files beside it."""

import re
from collections.abc import Iterator

from core.export.report.document import (
    Block,
    Code,
    Document,
    Figure,
    Gallery,
    Own,
    Paragraph,
    Section,
    Table,
)
from core.words import literal, markdown_line

NAME, FOLDER = "report.md", "pictures"
_BEGINS = re.compile(r"^([0-9]*)([-+=.)])")


def as_files(document: Document) -> dict[str, bytes | str]:
    """Return the text and the pictures, by name of the file."""
    files: dict[str, bytes | str] = {NAME: "\n\n".join(_parts(document)) + "\n"}
    for section in document.sections:
        for block in section.blocks:
            files |= dict(_pictures(block))
    return files


def _parts(document: Document) -> Iterator[str]:
    yield f"# {markdown_line(document.title)}"
    yield markdown_line(document.lead)
    rows = tuple((each.title, each.value, each.note) for each in document.facts)
    yield _table(Table(("", "", ""), rows, numbers=False))
    for section in document.sections:
        yield _section(section)
    yield f"---\n\n{markdown_line(document.made)}"


def _section(section: Section) -> str:
    return "\n\n".join([f"## {markdown_line(section.title)}", *map(_block, section.blocks)])


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            # A name at its start would begin a list, or underline a heading.
            return _BEGINS.sub(r"\1\\\2", markdown_line(block.text))
        case Own():
            # Two spaces before the end of a line keep it; an empty one ends the paragraph.
            lines = (literal(line.strip()) for line in block.text.split("\n"))
            return "\n".join(f"> {line}  " if line else ">" for line in lines)
        case Code():
            return "\n".join(f"    {line}" for line in block.text.split("\n"))
        case Table():
            return _table(block)
        case Figure():
            drawn = "\n".join(
                f"![{markdown_line(each.alt)}]({FOLDER}/{each.name}.svg)" for each in block.drawings
            )
            return f"{drawn}\n\n{markdown_line(block.caption)}"
        case Gallery():
            rows = tuple(
                (f"![]({FOLDER}/{block.name}-{number}.png)", markdown_line(each.caption))
                for number, each in enumerate(block.pictures, 1)
            )
            return _rows(("Image", "What it is, and what the network called it"), rows, ":-- | :--")


def _table(table: Table) -> str:
    others = "--:" if table.numbers else ":--"
    marks = " | ".join([":--", *[others] * (len(table.head) - 1)])
    rows = tuple(tuple(map(markdown_line, row)) for row in table.rows)
    return _rows(tuple(map(markdown_line, table.head)), rows, marks)


def _rows(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], marks: str) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], f"| {marks} |", *lines[1:]])


def _pictures(block: Block) -> Iterator[tuple[str, bytes | str]]:
    match block:
        case Figure():
            yield from ((f"{FOLDER}/{each.name}.svg", each.svg) for each in block.drawings)
        case Gallery():
            for number, each in enumerate(block.pictures, 1):
                yield f"{FOLDER}/{block.name}-{number}.png", each.png
