"""Label court, walked: a teacher, the wall, two students at a desk and one with a phone."""

import os
import re
from pathlib import Path

import pytest
from conftest import Visitor
from playwright.sync_api import expect
from taking_part import image_of, judge, open_court
from walking import hang, hangs_whole, join, open_class, see, sound

pytestmark = pytest.mark.browser

VIEW = "Label+court"
IMAGES = 5


def picture(visitor: Visitor, name: str, tmp_path: Path) -> None:
    """Keep what the page looks like, to be looked at."""
    folder, size = Path(os.environ.get("ATELIER_SCREENSHOTS", tmp_path)), visitor.page.viewport_size
    assert size is not None
    height = visitor.page.evaluate("document.querySelector('.stMain').scrollHeight")
    visitor.page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    visitor.page.screenshot(path=folder / f"court-{name}.png")
    visitor.page.set_viewport_size(size)


def third(found: list[str]) -> str:
    """Pick the same answer, wherever it stands."""
    return sorted(found)[2]


def test_a_court(school, new_visitor, tmp_path):
    teacher = new_visitor(school)
    code = open_class(teacher, school)
    desks, phone = [new_visitor(school), new_visitor(school)], new_visitor(school, "phone", "dark")
    for student in (*desks, phone):
        join(student, school, code)

    teacher.open(f"classroom?view={VIEW}")
    picture(teacher, "teacher-form", tmp_path)
    open_court(teacher, IMAGES)
    wall = new_visitor(school, scheme="dark")
    hang(wall, school, code)
    see(wall, "Label court on Fashion-MNIST")

    # At a desk, by the keys 1 to 4: five images, the same for all, the answers in another order.
    orders: dict[str, list[list[str]]] = {}
    for student in desks:
        student.open(f"classroom?view={VIEW}")

        def looked(number: int, student: Visitor = student) -> None:
            if number == 2 and student is desks[0]:
                picture(student, "desk", tmp_path)

        for image, found in judge(student, IMAGES, third, meanwhile=looked).items():
            assert len(set(found)) == 4 and {"Both fit", "Neither fits"} < set(found)
            orders.setdefault(image, []).append(found)
    assert len(orders) == IMAGES and all(len(set(map(frozenset, x))) == 1 for x in orders.values())
    assert any(one != other for one, other in orders.values())
    see(wall, re.compile("^2$"))  # judges
    see(wall, "0 of 4")
    expect(wall.page.locator(".court-cases figure")).to_have_count(0)
    picture(wall, "wall-open", tmp_path)

    # With a phone, by touch: everything fits without scrolling, and a reload loses nothing.
    phone.open(f"classroom?view={VIEW}")
    picture(phone, "phone-start", tmp_path)
    phone.button("Start").click()
    first = image_of(phone, 1, IMAGES)
    phone.settle()
    picture(phone, "phone", tmp_path)
    assert phone.fits()
    sound(phone)
    box = phone.page.locator(".answers button").last.bounding_box()
    size = phone.page.viewport_size
    assert box is not None and size is not None
    assert box["y"] + box["height"] <= size["height"], "all answers without scrolling"
    phone.open(f"classroom?view={VIEW}")
    assert next(iter(judge(phone, IMAGES, third, start="Continue with image 1"))) == first
    see(wall, "4 of 4")

    teacher.open(f"classroom?view={VIEW}")
    picture(teacher, "teacher-open", tmp_path)
    teacher.button("Close the court").click()
    for each in (teacher, desks[0], phone, wall):
        expect(each.page.locator(".court-cases figure")).to_have_count(IMAGES - 1)
    with teacher.page.expect_download() as download:
        teacher.page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 1 + 3 * IMAGES
    assert hangs_whole(wall)
    for each in (desks[0], phone, teacher, wall):
        assert each.fits()
        sound(each)
    picture(wall, "wall-closed", tmp_path)
    wall.page.emulate_media(color_scheme="light")
    wall.settle()
    picture(wall, "wall-light", tmp_path)
    picture(desks[0], "desk-closed", tmp_path)
    picture(phone, "phone-closed", tmp_path)
    picture(teacher, "teacher", tmp_path)
