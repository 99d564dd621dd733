"""What walks through a lesson share: words waited for, pictures kept, barriers looked for."""

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from conftest import TEACHERS_TOKEN, Server, Visitor
from playwright.sync_api import expect


def see(visitor: Visitor, words: str | re.Pattern[str], seconds: float | None = None) -> None:
    """Wait for words on the page."""
    timeout = None if seconds is None else 1000 * seconds
    expect(visitor.page.get_by_text(words).first).to_be_visible(timeout=timeout)


def picture(visitor: Visitor, name: str, tmp_path: Path) -> None:
    """Keep what the page looks like, to be looked at."""
    folder = Path(os.environ.get("ATELIER_SCREENSHOTS", tmp_path))
    visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)


def sound(visitor: Visitor) -> None:
    """Assert that a page has no serious barrier."""
    visitor.settle()
    found = Axe().run(visitor.page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["failureSummary"]) for each in serious] == []


def teach(visitor: Visitor, school: Server) -> None:
    """Open the teacher's link."""
    visitor.page.goto(f"{school.url}/teach/{TEACHERS_TOKEN}")
    visitor.page.wait_for_url(re.compile("/classroom$"))
