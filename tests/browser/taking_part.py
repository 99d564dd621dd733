"""What is done in a label court and with photos, for walks through one of them or all."""

import io
import re
from collections.abc import Callable

from conftest import Visitor
from PIL import Image, ImageDraw
from walking import see

# -- Images with answers ---------------------------------------------------------------------------


def image_of(visitor: Visitor, number: int, count: int) -> str:
    """Wait for an image and return its address, which holds all of it."""
    see(visitor, f"Image {number} of {count}")
    found: str | None = visitor.page.locator(".picture").get_attribute("src")
    assert found is not None and found.startswith("data:image/png;base64,")
    return found


def answers(visitor: Visitor) -> list[str]:
    """Return the answers in the order of the buttons."""
    found: list[str] = visitor.page.locator(".answers button span").all_inner_texts()
    return found


# -- Label court -----------------------------------------------------------------------------------


def open_court(teacher: Visitor, images: int) -> None:
    """Open a court on the first data set, on the view that the teacher is on."""
    field = teacher.page.get_by_role("spinbutton", name="Images", exact=True)
    field.fill(str(images))
    field.press("Enter")
    teacher.settle()
    see(teacher, "Each image has 3 votes when 3 students are through.")
    teacher.button("Open the court").click()
    see(teacher, re.compile("opened"))


def judge(
    visitor: Visitor,
    images: int,
    pick: Callable[[list[str]], str],
    *,
    start: str = "Start",
    meanwhile: Callable[[int], object] = lambda number: None,
) -> dict[str, list[str]]:
    """Judge all images, by the keys 1 to 4 or with a phone by touch.

    Args:
        visitor: a student on the view of the court.
        images: how many.
        pick: returns the answer to give, of those that there are.
        start: the button to begin with.
        meanwhile: is called with the number of each image before it is answered.

    Returns:
        The answers in the order of the buttons, by image.
    """
    visitor.button(start).click()
    seen = {}
    for number in range(1, images + 1):
        image = image_of(visitor, number, images)
        found = seen[image] = answers(visitor)
        meanwhile(number)
        if visitor.is_phone:
            # Exactly this one: "Shirt" is in "T-shirt/top".
            choices = visitor.page.locator(".answers")
            choices.get_by_role("button", name=pick(found), exact=True).click()
        else:
            visitor.page.keyboard.press(str(1 + found.index(pick(found))))
    see(visitor, re.compile(f"Thank you: you have judged {images} images"))
    return seen


# -- Our photos ------------------------------------------------------------------------------------


def photo(width: int, colour: str) -> bytes:
    """Return a photo of a bag: a dark thing with a handle in front of a plain wall."""
    image = Image.new("RGB", (900, 1200), "#e8e4dc")
    draw = ImageDraw.Draw(image)
    draw.rectangle((450 - width, 500, 450 + width, 1000), fill=colour)
    draw.arc((300, 260, 600, 740), 180, 360, fill=colour, width=40)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def choose(visitor: Visitor, name: str, data: bytes) -> None:
    """Choose a file by the chooser, as a phone does for its camera too."""
    with visitor.page.expect_file_chooser() as chooser:
        visitor.page.get_by_test_id("stFileUploaderDropzone").locator("button").first.click()
    chooser.value.set_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def send(visitor: Visitor, data: bytes, label: str) -> None:
    """Send a photo with a label."""
    choose(visitor, "mine.jpg", data)
    see(visitor, "What the networks will see")
    visitor.page.get_by_role("radio", name=label, exact=True).click()
    visitor.settle()
    visitor.button("Send to the teacher").click()
    see(visitor, f"{label}, waits for the teacher")
    visitor.settle()
