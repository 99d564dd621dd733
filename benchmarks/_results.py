"""Putting what a benchmark printed into ``docs/RESULTS.md``, between two marks of its own."""

import re
import sys

from core.runs.files import write_atomic
from core.settings import ROOT

RESULTS = ROOT / "docs" / "RESULTS.md"


def publish(name: str, text: str, *, write: bool) -> None:
    """Print ``text`` (Markdown), and put it into the results if ``write``.

    Its place there is between ``<!-- name -->`` and ``<!-- /name -->``; without such marks it goes
    to the end, with them.
    """
    sys.stdout.write(text.strip() + "\n")
    if not write:
        return
    section = f"<!-- {name} -->\n{text.strip()}\n<!-- /{name} -->"
    content = RESULTS.read_text(encoding="utf-8")
    mark = re.compile(f"<!-- {name} -->.*<!-- /{name} -->", re.DOTALL)
    if mark.search(content):
        content = mark.sub(lambda _: section, content)
    else:
        content = f"{content.rstrip()}\n\n{section}\n"
    write_atomic(RESULTS, lambda file: file.write_text(content, encoding="utf-8"))
