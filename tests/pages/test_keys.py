"""The tables of names in links and in the session are those that the pages really use."""

import ast
from collections.abc import Iterator

from core.architectures.settings import SETTINGS
from core.settings import ROOT
from pages.session.keys import SESSION, URL

ACCESS = {"get", "pop", "setdefault", "get_all"}


def text(node: ast.expr, constants: dict[str, str]) -> str | None:
    """Return the name that an expression stands for, where it is written in the same module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def used() -> Iterator[tuple[str, str]]:
    """Yield ("url" or "session", name) for each place in the pages that says one outright."""
    for path in sorted((ROOT / "pages").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            base, key = "", None
            if isinstance(node, ast.Subscript):
                base, key = ast.unparse(node.value), node.slice
            elif isinstance(node, ast.Call):
                named = {each.arg: each.value for each in node.keywords}
                if "bind" in named and "key" in named:
                    base, key = "st.query_params", named["key"]
                elif isinstance(node.func, ast.Attribute) and node.func.attr in ACCESS:
                    if node.args:
                        base, key = ast.unparse(node.func.value), node.args[0]
                elif isinstance(node.func, ast.Name) and node.func.id == "choice":
                    base, key = "st.query_params", node.args[2]
            name = key and text(key, constants)
            if name and base in ("st.query_params", "st.session_state"):
                yield ("url" if base == "st.query_params" else "session"), name


def test_every_name_in_a_link_is_in_the_table():
    settings = set(SETTINGS)
    assert {name for where, name in used() if where == "url"} <= set(URL) | settings


def test_every_key_of_the_session_is_in_a_table():
    """A widget's key that is bound to the URL is in the session, too."""
    settings = set(SETTINGS)
    found = {name for where, name in used() if where == "session"}
    assert found <= set(SESSION) | set(URL) | settings


def test_the_table_of_the_session_has_nothing_that_is_gone():
    found = {name for where, name in used() if where == "session"}
    assert set(SESSION) <= found


def test_no_name_is_in_both_tables():
    assert not set(URL) & set(SESSION)
