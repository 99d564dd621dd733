"""Reading an AppTest: what a page says, and which of our components it shows."""

from collections.abc import Iterator
from typing import Any

from streamlit.testing.v1 import AppTest, element_tree


def texts(app: AppTest) -> str:
    """Return all that a page says, one element a line."""
    kinds = (app.title, app.markdown, app.caption, app.error, app.warning, app.info, app.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def components(app: AppTest, name: str) -> list[Any]:
    """Return the messages of our components of one kind; AppTest knows nothing more of them."""
    messages = [element.proto for element in app.get("bidi_component")]
    return [message for message in messages if message.component_name == f"atelier_{name}"]


def button(app: AppTest, label: str) -> Any:
    """Return the one button with this label."""
    (found,) = [each for each in app.button if each.label == label]
    return found


def labels(app: AppTest) -> list[str]:
    """Return the labels of all buttons."""
    return [each.label for each in app.button]


def sentence(app: AppTest) -> str:
    """Return the one error or warning on the page; there must be one, and no exception."""
    assert not app.exception
    shown: list[element_tree.Error | element_tree.Warning] = [*app.error, *app.warning]
    (only,) = shown
    return only.value


def quiet(app: AppTest) -> bool:
    """Tell whether the page shows no exception, no error and no warning."""
    return not [*app.exception, *app.error, *app.warning]


def everything(app: AppTest) -> str:
    """Return all that the server has sent to the browser, labels and our components included."""
    return "\n".join(
        str(node.proto) for node in app._tree if getattr(node, "proto", None) is not None
    )


def sent(app: AppTest) -> str:
    """Return all that the main part of a page has, components included; no exception is there."""
    assert not app.exception
    parts = app.main.children.values()
    return "\n".join(str(each.proto) for part in parts for each in _leaves(part))


def _leaves(block: Any) -> Iterator[Any]:
    if hasattr(block, "children"):
        for child in block.children.values():
            yield from _leaves(child)
    elif hasattr(block, "proto"):
        yield block
