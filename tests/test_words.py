"""The word list of docs/STYLE.md: what it rules out stands in no text that people read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import ROOT

STYLE = (ROOT / "docs" / "STYLE.md").read_text(encoding="utf-8")
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *ROOT.glob("*ING.md"))
# Texts of ours, and not keys, CSS or code: a sentence has a space and a letter.
SENTENCE = re.compile(r"[A-Za-z]\S* \S")


def word_list() -> dict[str, str]:
    """Return what is not written, and what is written instead."""
    table = STYLE.partition("| not | but |")[2].partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    return {left.strip(): right.strip() for left, right in rows if "---" not in left}


def found_in(text: str, phrase: str) -> bool:
    text = re.sub(r":[a-z]+(?:-background)?\[", "", text)  # a colour of Streamlit's Markdown
    return re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE) is not None


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every sentence in a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.Constant) else "…" for each in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in docstrings else node.value
        else:
            continue
        if SENTENCE.search(text) and "{" not in text and "<" not in text:
            yield node.lineno, text


MODULES = [
    path
    for folder in ("pages", "core")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if list(sentences(path))
]


def test_the_list_is_read_and_finds_what_it_rules_out():
    words = word_list()
    assert words["gray"] == "grey" and len(words) >= 10
    assert found_in("A Gray coat.", "gray") and not found_in("grayscale", "gray")
    assert any("Train" in text for _, text in sentences(ROOT / "pages" / "train.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_keeps_to_the_word_list(path):
    wrong = [
        f"line {line}: “{text}” has “{phrase}”: write {instead}"
        for line, text in sentences(path)
        for phrase, instead in word_list().items()
        if found_in(text, phrase)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_keeps_to_the_word_list(path):
    text = path.read_text(encoding="utf-8").replace(STYLE.partition("## Ten rules")[2], "")
    text = re.sub(r"`[^`]*`|```.*?```", "", text, flags=re.DOTALL)
    assert not [phrase for phrase in word_list() if found_in(text, phrase)]
