"""One experiment, walked: a teacher, the wall, three students at a desk and one with a phone."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect
from walking import hang, hangs_whole, join, open_class, picture, sound
from walking import see as wait_for

pytestmark = pytest.mark.browser

VIEW = "One+experiment"
see = partial(wait_for, seconds=30)


def test_an_experiment(school, new_visitor, tmp_path):
    teacher = new_visitor(school)
    code = open_class(teacher, school)
    desks = [new_visitor(school) for _ in range(3)]
    phone = new_visitor(school, "phone", "dark")
    for student in (*desks, phone):
        join(student, school, code)

    teacher.open(f"classroom?view={VIEW}")
    values = teacher.page.get_by_role("textbox", name="Values (2 to 8)")
    values.fill("0.00001, 0.01")
    values.press("Enter")
    teacher.settle()
    picture(teacher, "experiment-teacher-form", tmp_path)
    teacher.button("Open the experiment").click()
    see(teacher, "No run has finished yet.")

    wall = new_visitor(school, scheme="dark")
    hang(wall, school, code)
    see(wall, "Which learning rate?")

    # Each is dealt a part of their own, which a reload does not change.
    parts = []
    for student in (*desks, phone):
        student.open(f"classroom?view={VIEW}")
        see(student, re.compile("^Your part: "))
        parts.append(student.page.get_by_text(re.compile("^Your part: ")).inner_text())
    assert len(set(parts)) == 4
    desks[0].open(f"classroom?view={VIEW}")
    assert desks[0].page.get_by_text(re.compile("^Your part: ")).inner_text() == parts[0]
    picture(phone, "experiment-phone-part", tmp_path)
    assert phone.fits()
    for student in (*desks, phone):
        student.button("Train my part").click()
        see(student, re.compile("Your run (waits|is training|has ended|reached)"))

    # The runs themselves, one after the other; everything follows without a reload.
    for student in (*desks, phone):
        see(student, re.compile("Your run reached"), seconds=180)
        expect(student.page.locator(".exp-columns i.mine")).to_have_count(1)
    expect(wall.page.locator(".exp-columns i")).to_have_count(4, timeout=20_000)
    expect(wall.page.locator(".exp-columns u")).to_have_count(2)
    assert wall.page.locator(".exp-columns i.mine").count() == 0
    see(wall, re.compile("0.01 (is best|has the highest mean)"))
    assert hangs_whole(wall)
    picture(wall, "experiment-wall", tmp_path)

    teacher.open(f"classroom?view={VIEW}")
    see(teacher, re.compile("4 done"))
    with teacher.page.expect_download() as download:
        teacher.page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 5
    picture(teacher, "experiment-teacher", tmp_path)
    teacher.button("Close the experiment").click()
    see(teacher, re.compile("4 runs · closed"))
    see(wall, re.compile("4 runs · closed"))
    for each in (*desks[:1], phone, teacher, wall):
        assert each.fits()
        sound(each)
    picture(desks[0], "desk", tmp_path)
    picture(phone, "experiment-phone", tmp_path)
    wall.page.emulate_media(color_scheme="light")
    wall.settle()
    picture(wall, "experiment-wall-light", tmp_path)
    teacher.page.get_by_role("button", name="Remove").first.click()
    teacher.button("Remove it").click()
    see(teacher, "Open an experiment")
