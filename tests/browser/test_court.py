"""Label court, walked: a teacher, the wall, two students at a desk and one with a phone."""

import os
import re
from pathlib import Path

import pytest
from conftest import Visitor
from playwright.sync_api import expect
from walking import see, sound, teach

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


def image_of(visitor: Visitor, number: int) -> str:
    """Wait for an image and return its address, which holds all of it."""
    see(visitor, f"Image {number} of {IMAGES}")
    found = visitor.page.locator(".picture").get_attribute("src")
    assert found is not None and found.startswith("data:image/png;base64,")
    return found


def answers(visitor: Visitor) -> list[str]:
    """Return the answers in the order of the buttons."""
    return visitor.page.locator(".answers button span").all_inner_texts()


def test_a_court(school, new_visitor, tmp_path):
    teacher = new_visitor(school)
    teach(teacher, school)
    teacher.page.get_by_label("Title").fill("Tuesday, room 12")
    teacher.page.get_by_role("button", name="Open the class").click()
    teacher.page.get_by_role("heading", name="Tuesday, room 12", level=1).wait_for()
    teacher.settle()
    code = teacher.page.locator("h2").first.inner_text().replace(" ", "")

    desks, phone = [new_visitor(school), new_visitor(school)], new_visitor(school, "phone", "dark")
    for student in (*desks, phone):
        student.page.goto(f"{school.url}/join/{code}")
        student.page.get_by_role("button", name=re.compile("^Join as ")).click()
        see(student, re.compile("There is no task yet"))
        student.settle()

    teacher.open(f"classroom?view={VIEW}")
    field = teacher.page.get_by_role("spinbutton", name="Images", exact=True)
    field.fill(str(IMAGES))
    field.press("Enter")
    teacher.settle()
    see(teacher, "Each image has 3 votes when 3 students are through.")
    picture(teacher, "teacher-form", tmp_path)
    teacher.button("Open the court").click()
    see(teacher, re.compile("opened"))
    wall = new_visitor(school, scheme="dark")
    teach(wall, school)
    wall.page.set_viewport_size({"width": 1920, "height": 1080})
    wall.page.goto(f"{school.url}/board?class={code}")
    see(wall, "Label court on Fashion-MNIST")

    # At a desk, by the keys 1 to 4: five images, the same for all, the answers in another order.
    orders: dict[str, list[list[str]]] = {}
    for student in desks:
        student.open(f"classroom?view={VIEW}")
        student.button("Start").click()
        for number in range(1, IMAGES + 1):
            image = image_of(student, number)
            found = answers(student)
            assert len(set(found)) == 4 and {"Both fit", "Neither fits"} < set(found)
            orders.setdefault(image, []).append(found)
            if number == 2 and student is desks[0]:
                picture(student, "desk", tmp_path)
            student.page.keyboard.press(str(1 + found.index(sorted(found)[2])))
        see(student, re.compile("Thank you: you have judged 5 images"))
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
    first = image_of(phone, 1)
    phone.settle()
    picture(phone, "phone", tmp_path)
    assert phone.fits()
    sound(phone)
    box = phone.page.locator(".answers button").last.bounding_box()
    size = phone.page.viewport_size
    assert box is not None and size is not None
    assert box["y"] + box["height"] <= size["height"], "all answers without scrolling"
    phone.open(f"classroom?view={VIEW}")
    phone.button("Continue with image 1").click()
    assert image_of(phone, 1) == first
    for number in range(1, IMAGES + 1):
        found = orders[image_of(phone, number)][0]
        # Exactly this one: "Shirt" is in "T-shirt/top".
        choices = phone.page.locator(".answers")
        choices.get_by_role("button", name=sorted(found)[2], exact=True).click()
    see(phone, re.compile("Thank you: you have judged 5 images"))
    see(wall, "4 of 4")

    teacher.open(f"classroom?view={VIEW}")
    picture(teacher, "teacher-open", tmp_path)
    teacher.button("Close the court").click()
    for each in (teacher, desks[0], phone, wall):
        expect(each.page.locator(".court-cases figure")).to_have_count(IMAGES - 1)
    with teacher.page.expect_download() as download:
        teacher.page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 1 + 3 * IMAGES
    assert wall.page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
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
