"""Beat the network, walked: a teacher, the wall, a student at a desk and one with a phone."""

import re

import pytest
from playwright.sync_api import expect
from taking_part import image_of
from walking import hang, hangs_whole, join, open_class, picture, see, sound

pytestmark = pytest.mark.browser

VIEW = "Beat+the+network"


def test_a_round(school, new_visitor, tmp_path):
    teacher = new_visitor(school)
    code = open_class(teacher, school)
    desk, phone = new_visitor(school), new_visitor(school, "phone", "dark")
    other = new_visitor(school)
    for student in (desk, phone, other):
        join(student, school, code)

    teacher.open(f"classroom?view={VIEW}")
    teacher.button("Open the round").click()
    see(teacher, re.compile("opened"))
    wall = new_visitor(school, scheme="dark")
    hang(wall, school, code)
    see(wall, "Beat the network on Fashion-MNIST")

    # At a desk, by the keys: twenty images, none of which says what it is.
    desk.open(f"classroom?view={VIEW}")
    desk.button("Start").click()
    seen = []
    for number in range(1, 21):
        seen.append(image_of(desk, number, 20))
        if number == 3:
            picture(desk, "beat-desk", tmp_path)
        desk.page.keyboard.press(str(number % 10))
    assert len(set(seen)) == 20
    see(desk, re.compile(r"You had \d+ of 20 right"))
    see(wall, re.compile("1 student playing|2 students playing"))
    expect(wall.page.locator(".beat-matrix")).to_have_count(2)
    expect(wall.page.locator(".beat-tiles figure")).to_have_count(0)
    picture(wall, "beat-wall-open", tmp_path)

    # With a phone, by touch; the same images; one is left until its time is over.
    phone.open(f"classroom?view={VIEW}")
    phone.button("Start").click()
    first = image_of(phone, 1, 20)
    phone.settle()
    picture(phone, "beat-phone", tmp_path)
    assert phone.fits()
    sound(phone)
    box = phone.page.locator(".answers button").last.bounding_box()
    size = phone.page.viewport_size
    assert box is not None and size is not None
    assert box["y"] + box["height"] <= size["height"], "all answers without scrolling"
    assert box["height"] >= 44
    expect(phone.page.get_by_text("The time for image 1 of 20 is over.")).to_be_visible(
        timeout=15_000
    )
    phone.page.get_by_role("button", name=re.compile("Next image")).click()
    second = image_of(phone, 2, 20)
    assert {first, second} <= set(seen)
    phone.page.locator(".answers button").nth(9).click()
    image_of(phone, 3, 20)
    phone.open(f"classroom?view={VIEW}")  # a reload: the time has gone on
    phone.page.get_by_role("button", name=re.compile("Continue with image")).click()
    see(phone, re.compile("Image [34] of 20"))

    other.open(f"classroom?view={VIEW}")
    other.button("Start").click()
    image_of(other, 1, 20)
    other.page.keyboard.press("5")
    image_of(other, 2, 20)
    see(wall, "Its commonest answer")

    teacher.open(f"classroom?view={VIEW}")
    teacher.button("Close the round").click()
    for each in (teacher, desk):
        expect(each.page.locator(".beat-tiles figure")).to_have_count(20)
    expect(wall.page.locator(".beat-tiles figure")).to_have_count(6)
    assert hangs_whole(wall)
    phone.open(f"classroom?view={VIEW}")
    expect(phone.page.locator(".beat-tiles figure")).to_have_count(20)
    assert phone.fits() and desk.fits()
    for each in (desk, phone, teacher, wall):
        sound(each)
    picture(wall, "beat-wall-closed", tmp_path)
    wall.page.emulate_media(color_scheme="light")
    picture(wall, "beat-wall-light", tmp_path)
    picture(desk, "beat-desk-closed", tmp_path)
    picture(phone, "beat-phone-closed", tmp_path)
    picture(teacher, "beat-teacher", tmp_path)
