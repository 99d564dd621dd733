"""Every page at both widths, light and dark: it comes up whole, quiet and within its width.

With ``ATELIER_SCREENSHOTS`` set to a folder, a screenshot of each is written there, to look at. The
README's pictures come from ``python -m core benchmark screenshots``.
"""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "home": "Atelier",
    "explore": "Explore",
    "train": "Train",
    "runs": "Runs",
    "evaluate": "Evaluate",
    "inside": "Inside",
    "classify": "Classify",
    "classroom": "Class",
}
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_comes_up(server, new_visitor, width, scheme):
    visitor = new_visitor(server, width, scheme)
    for page, title in PAGES.items():
        visitor.open("" if page == "home" else page)
        visitor.page.get_by_role("heading", name=title, level=1, exact=True).wait_for()
        assert visitor.page.title().endswith("Atelier")
        assert visitor.fits(), page
        dark = visitor.page.evaluate(
            "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
        )
        assert (dark == "rgb(18, 18, 25)") == (scheme == "dark")
        if folder := os.environ.get("ATELIER_SCREENSHOTS"):
            take(visitor, Path(folder) / f"{page}-{WIDTHS[width]}-{scheme}.png")


def take(visitor, path: Path) -> None:
    """Save a picture of the whole page, which Streamlit scrolls inside of the window."""
    size = visitor.page.viewport_size
    visitor.page.get_by_text("Loading the network").wait_for(state="hidden")
    height = visitor.page.evaluate("document.querySelector('.stMain').scrollHeight")
    visitor.page.set_viewport_size({"width": size["width"], "height": height})
    visitor.settle()
    path.parent.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=path)
    visitor.page.set_viewport_size(size)
