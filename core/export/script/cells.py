"""Cells of words and of code, as a script and as a notebook."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

WIDTH = 96  # characters of a line of words in a script
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        source: Python, or Markdown if ``words``.
        words: whether it is text.
    """

    source: str
    words: bool = False


def as_script(cells: Sequence[Cell]) -> str:
    """Return a script whose cells editors know by ``# %%``; words become comments."""
    parts = []
    for cell in cells:
        if cell.words:
            lines = (f"# {line}".rstrip() for line in _wrapped(cell.source.strip()))
            parts.append("\n".join(["# %% [markdown]", *lines]))
        else:
            parts.append(f"# %%\n{cell.source.strip()}")
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from [line] if len(line) <= WIDTH else wrap(line, WIDTH)


def as_notebook(cells: Sequence[Cell]) -> str:
    """Return a notebook of format 4.5; the same cells have the same ids.

    Raises:
        nbformat.ValidationError: it is none, which a test would have found.
    """
    import nbformat
    from nbformat import v4

    made: list[Any] = []
    for place, cell in enumerate(cells):
        make = v4.new_markdown_cell if cell.words else v4.new_code_cell
        made.append(make(cell.source.strip(), id=f"cell-{place:02}"))
    notebook = v4.new_notebook(
        cells=made, metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    )
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return text
