"""Our photos, walked: a teacher, the wall, a student with a phone and one at a desk."""

import re
import struct
import zipfile
import zlib

import pytest
from playwright.sync_api import expect
from taking_part import choose, photo, send
from walking import hang, hangs_whole, join, open_class, picture, see, sound

pytestmark = pytest.mark.browser

VIEW = "Our+photos"


def bomb() -> bytes:
    """Return a PNG of a few bytes that claims to have 3.6 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def test_photos_of_a_class(school, new_visitor, tmp_path):
    teacher = new_visitor(school)
    code = open_class(teacher, school)
    phone, desk = new_visitor(school, "phone"), new_visitor(school, scheme="dark")
    for student in (phone, desk):
        join(student, school, code)
    teacher.open(f"classroom?view={VIEW}")
    teacher.button("Collect photos").click()
    see(teacher, "No photo waits for you.")
    wall = new_visitor(school, scheme="dark")
    hang(wall, school, code)
    see(wall, "Our photos for Fashion-MNIST")

    # With a phone: what is no photo gets a sentence, and a photo is turned, labelled and sent.
    phone.open(f"classroom?view={VIEW}")
    see(phone, re.compile("the photo itself is not stored"))
    choose(phone, "photo.jpg", b"<!doctype html><script>alert(1)</script>")
    see(phone, re.compile("is a web page, not a picture"))
    phone.page.get_by_role("button", name=re.compile("Remove|Delete")).first.click()
    phone.settle()
    choose(phone, "holiday.png", bomb())
    see(phone, re.compile("the limit is 50 megapixels"))
    phone.page.get_by_role("button", name=re.compile("Remove|Delete")).first.click()
    phone.settle()
    choose(phone, "mine.jpg", photo(260, "#3a2a20"))
    see(phone, "What the networks will see")
    expect(phone.button("Send to the teacher")).to_be_disabled()
    shown = phone.page.locator('img[alt^="Your photo as"]')
    before = shown.get_attribute("src")
    phone.button("Turn").click()
    expect(shown).not_to_have_attribute("src", before or "")
    picture(phone, "photos-phone", tmp_path)
    assert phone.fits()
    sound(phone)
    phone.page.get_by_role("radio", name="Bag", exact=True).click()
    phone.settle()
    phone.button("Send to the teacher").click()
    see(phone, "Bag, waits for the teacher")

    desk.open(f"classroom?view={VIEW}")
    send(desk, photo(180, "#5a1f1f"), "Bag")
    expect(desk.page.locator(".photo-tiles img")).to_have_count(0)
    expect(wall.page.locator(".photo-tiles img")).to_have_count(0)

    # Approved, both are on the wall and with everybody, and nothing says whose they are.
    see(teacher, "Approve these 2")
    picture(teacher, "photos-teacher-queue", tmp_path)
    sound(teacher)
    teacher.button("Approve these 2").click()
    for each in (wall, phone, desk):
        expect(each.page.locator(".photo-tiles img")).to_have_count(2)
    picture(wall, "photos-wall", tmp_path)

    # The networks that come with the app are judged, with progress and without a reload.
    teacher.button("Judge the networks").click()
    for each in (teacher, wall, phone):
        expect(each.page.locator(".photo-falls .value")).to_have_count(2)
        see(each, re.compile("is right on .* of our 2 photos"))
    see(teacher, "Judge the networks again")
    teacher.settle()
    with teacher.page.expect_download() as download:
        teacher.page.get_by_test_id("stDownloadButton").get_by_role("button").first.click()
    with zipfile.ZipFile(download.value.path()) as file:
        assert file.namelist() == ["Bag/0001.png", "Bag/0002.png"]
    assert hangs_whole(wall)
    for each in (teacher, wall, phone, desk):
        assert each.fits()
        sound(each)
    picture(wall, "photos-wall-judged", tmp_path)
    picture(phone, "photos-phone-judged", tmp_path)
    picture(teacher, "photos-teacher-judged", tmp_path)

    # One is taken back, the other hidden.
    phone.button("Take back").click()
    expect(wall.page.locator(".photo-tiles img")).to_have_count(1)
    teacher.page.get_by_role("radio", name="Approved (1)").click()
    teacher.button("Hide").click()
    expect(wall.page.locator(".photo-tiles img")).to_have_count(0)
    see(desk, "Bag, not shown")
    teacher.button("Close the collection").click()
    expect(phone.page.get_by_text("Photo or file")).to_have_count(0)
