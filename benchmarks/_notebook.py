"""A notebook as Jupyter shows it, for a picture: executed, and written as one HTML page."""

import os
import shutil
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import Python3Lexer

from core.settings import ASSETS

_STYLE = """
body { margin: 0; padding: 24px 32px; font: 14px/1.5 "DejaVu Sans", sans-serif; color: #1f1f1f;
  background: #fff; }
.cell { display: grid; grid-template-columns: 56px minmax(0, 1fr); margin: 0 0 12px;
  break-inside: avoid; }
.prompt { font: 12px/1.9 "DejaVu Sans Mono", monospace; color: #307fc1; }
.highlight { padding: 8px 12px; border: 1px solid #e0e0e0; background: #f7f7f7; }
pre { margin: 0; font: 12px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
.output { grid-column: 2; padding: 8px 12px 0; }
.output img { max-width: 100%; max-height: 420px; }
h1 { font-size: 26px; margin: 0 0 12px; }
h2 { font-size: 20px; margin: 12px 0 4px; break-after: avoid; }
code { font: 12px "DejaVu Sans Mono", monospace; background: #f0f0f0; padding: 1px 3px; }
"""


def executed(path: Path, folder: Path) -> Any:
    """Execute a notebook in a kernel of its own, and return it with what it printed and drew.

    Args:
        path: of it; what it reads lies beside it.
        folder: for Keras's copies of the data sets that come with the app.
    """
    for name in ("fashion-mnist",):
        shutil.copytree(ASSETS / name, folder / "datasets" / name)
    notebook = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": str(path.parent)}}
    # Without TensorFlow's notes on the machine, which are about the machine.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
    with mock.patch.dict(os.environ, {"KERAS_HOME": str(folder), **quiet}):
        os.environ.pop("MPLBACKEND", None)  # the kernel draws into the notebook
        return NotebookClient(notebook, timeout=1800, resources=here).execute()


def as_page(notebook: Any, *, first: str = "", last: str = "") -> str:
    """Return a notebook as HTML, in two columns if it is a part of it.

    Args:
        notebook: executed.
        first: a heading; cells before it are left out.
        last: a part of the last cell.
    """
    cells = notebook.cells
    starts = [place for place, cell in enumerate(cells) if cell.source == first]
    ends = [place for place, cell in enumerate(cells) if last and last in cell.source]
    shown = cells[starts[0] if starts else 0 : ends[-1] + 1 if ends else len(cells)]
    columns = "body { columns: 2; column-gap: 32px; }" if len(shown) < len(cells) else ""
    style = HtmlFormatter(style="default").get_style_defs(".highlight")
    text = "\n".join(_cells(shown))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Notebook</title>'
        f"<style>{style}{_STYLE}{columns}</style><body>{text}</body></html>"
    )


def _cells(shown: Sequence[Any]) -> Iterator[str]:
    words = MarkdownIt("commonmark")
    for cell in shown:
        if cell.cell_type == "markdown":
            text = words.render(cell.source)
            yield f'<div class="cell"><span></span><div>{text}</div></div>'
            continue
        code = highlight(cell.source, Python3Lexer(), HtmlFormatter())
        said = "".join(_output(each) for each in cell.outputs)
        yield (
            f'<div class="cell"><span class="prompt">[{cell.execution_count}]:</span>{code}'
            f'<div class="output">{said}</div></div>'
        )


def _output(output: Any) -> str:
    if output.output_type == "stream":
        if output.name == "stderr":
            return ""
        return f"<pre>{escape(output.text)}</pre>"
    data = output.get("data", {})
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{data["image/png"]}">'
    return f"<pre>{escape(data.get('text/plain', ''))}</pre>"
