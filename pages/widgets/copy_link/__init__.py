"""A button that copies the address of what one sees, wherever the address holds the view."""

from pages.widgets.shared import register

_COPY_LINK = register(__file__, "copy_link")

HELP = "Copies the address of this view. Whoever opens it sees the same settings."


def copy_link(*, key: str, help: str = HELP) -> None:
    """Draw the button.

    The browser copies its own address at the click, so the button needs to know nothing of the
    page. Draw it where every choice that it should share is in the URL.

    Args:
        key: The element's key.
        help: What the link holds, in a sentence: the tooltip.
    """
    _COPY_LINK(key=key, data={"help": help}, width="content")
