"""What walks through a class share: opening it, joining, words waited for, pictures, barriers."""

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


def open_class(teacher: Visitor, school: Server, title: str = "Tuesday, room 12") -> str:
    """Become a teacher, open the first class or another one, and return its code."""
    teach(teacher, school)
    teacher.page.locator("h1").wait_for()
    teacher.settle()
    another = teacher.page.get_by_role("button", name="New class")
    if another.count():
        another.click()
    teacher.page.get_by_label("Title").first.fill(title)
    teacher.page.get_by_role("button", name="Open the class").first.click()
    teacher.page.get_by_role("heading", name=title, level=1).wait_for()
    teacher.settle()
    code: str = teacher.page.locator("h2").first.inner_text().replace(" ", "")
    assert re.fullmatch("[A-Z]{6}", code)
    return code


def join(visitor: Visitor, school: Server, code: str) -> str:
    """Join by the link and return the handle."""
    visitor.page.goto(f"{school.url}/join/{code}")
    button = visitor.page.get_by_role("button", name=re.compile("^Join as "))
    button.wait_for()
    handle: str = button.inner_text().partition("Join as ")[2].strip()
    button.click()
    see(visitor, re.compile("There is no task yet"))
    visitor.settle()
    assert visitor.fits()
    return handle


def hang(wall: Visitor, school: Server, code: str) -> None:
    """Open the board of a class on the projector."""
    teach(wall, school)
    wall.page.set_viewport_size({"width": 1920, "height": 1080})
    wall.page.goto(f"{school.url}/board?class={code}")
    see(wall, f"{code[:3]} {code[3:]}")


def hangs_whole(wall: Visitor) -> bool:
    """Tell whether the board needs no scrolling."""
    # The page itself never scrolls, what is in it does.
    inside = "document.querySelector('.stMain').scrollHeight <= innerHeight + 1"
    return bool(wall.page.evaluate(inside))
