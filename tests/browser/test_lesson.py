"""A whole lesson: a teacher, the board, and four students, one of them with a phone."""

import re

import pytest
from conftest import TEACHERS_TOKEN, Server, Visitor
from playwright.sync_api import expect
from walking import see

pytestmark = pytest.mark.browser

TASK = "The size of a step"
RATES = {"0.0001": "0.01", "0.01": "0.1", "0.1": "0.05", "1": "0.001"}  # learning rate by guess


def show(visitor: Visitor, view: str) -> None:
    """Choose a view of the page Class."""
    visitor.page.get_by_role("radio", name=view, exact=True).first.click()
    visitor.settle()


def join(visitor: Visitor, school: Server, code: str) -> str:
    """Join by the link and return the handle."""
    visitor.page.goto(f"{school.url}/join/{code}")
    button = visitor.page.get_by_role("button", name=re.compile("^Join as "))
    button.wait_for()
    handle = button.inner_text().partition("Join as ")[2].strip()
    button.click()
    see(visitor, re.compile("There is no task yet"))
    visitor.settle()
    assert visitor.fits()
    return handle


def guess_and_train(visitor: Visitor, guess: str, rate: str) -> None:
    """Keep a guess, and train with a learning rate of one's own."""
    page = visitor.page
    visitor.open("classroom")
    page.get_by_text(guess, exact=True).click()
    visitor.settle()
    visitor.button("Keep my guess").click()
    see(visitor, re.compile("Train \\(8 runs left\\)"))
    page.get_by_role("link", name=re.compile("^.*Train \\(8 runs left\\)")).click()
    page.get_by_role("heading", name="Train", level=1).wait_for()
    visitor.settle()
    assert page.get_by_label("Batch size").count() == 0, "the task does not show it"
    field = page.get_by_role("spinbutton", name="Learning rate")
    field.fill(rate)
    field.press("Enter")
    visitor.settle()
    visitor.button("Train").click()
    expect(visitor.state("Finished")).to_be_visible()
    assert visitor.fits()


def hand_in(visitor: Visitor, sentence: str) -> None:
    """Hand in the only run."""
    page = visitor.page
    visitor.open("classroom")
    page.get_by_label("One sentence: what did you find out?").fill(sentence)
    page.get_by_label("One sentence: what did you find out?").press("Control+Enter")
    visitor.settle()
    visitor.button("Hand in").click()
    see(visitor, re.compile("Handed in .* moved you on the board"))
    assert visitor.fits()


def test_a_lesson(school, new_visitor):
    teacher = new_visitor(school)
    teacher.page.goto(f"{school.url}/teach/{TEACHERS_TOKEN}")
    teacher.page.wait_for_url(re.compile("/classroom$"))
    see(teacher, "You are the teacher here.")
    teacher.page.get_by_label("Title").fill("Tuesday, room 12")
    teacher.page.get_by_role("button", name="Open the class").click()
    expect(teacher.page.get_by_role("heading", name="Tuesday, room 12", level=1)).to_be_visible()
    teacher.settle()
    code = teacher.page.locator("h2").first.inner_text().replace(" ", "")
    assert re.fullmatch("[A-Z]{6}", code)

    students = [new_visitor(school, width) for width in ("desktop",) * 3 + ("phone",)]
    handles = [join(each, school, code) for each in students]
    assert len(set(handles)) == 4
    board = new_visitor(school)
    join_link = board.page.goto(f"{school.url}/teach/{TEACHERS_TOKEN}")
    assert join_link is not None
    board.page.wait_for_url(re.compile("/classroom$"))
    board.page.set_viewport_size({"width": 1920, "height": 1080})
    board.page.goto(f"{school.url}/board?class={code}")
    see(board, f"{code[:3]} {code[3:]}")
    for handle in handles:
        see(board, handle)

    show(teacher, "Tasks")
    teacher.page.get_by_label("Task", exact=True).first.click()
    teacher.page.get_by_role("option", name=TASK).click()
    teacher.settle()
    teacher.page.get_by_role("button", name="Give it").first.click()
    see(teacher, "Planned")
    teacher.settle()
    teacher.button("Open").click()
    see(teacher, "What the class believes")

    for student, (guess, rate) in zip(students, RATES.items(), strict=True):
        guess_and_train(student, guess, rate)
        hand_in(student, f"With {rate} it learns well or badly.")
    see(board, re.compile("4 of 4 students here"))
    expect(board.page.locator(".atelier-ranking li")).to_have_count(4)
    height = board.page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
    assert height, "the board scrolls"

    show(teacher, "People")
    teacher.page.get_by_role("textbox", name="Eyes on me").fill("Look at the board.")
    teacher.page.get_by_role("button", name="Show it to all").click()
    for each in (*students, board):
        see(each, "Look at the board.")
    teacher.settle()
    teacher.page.get_by_role("button", name="Remove the message").click()
    expect(students[0].page.get_by_text("Look at the board.")).to_have_count(0)

    # The best learning rate of four is clear, whatever the seed: the place is the one of its guess.
    show(teacher, "Tasks")
    teacher.page.get_by_role("button", name="Reveal the end").click()
    teacher.page.get_by_role("button", name="Reveal", exact=True).click()
    see(teacher, "Revealed")
    students[0].open("classroom")
    students[0].page.get_by_text(re.compile(f"{TASK} · revealed")).click()
    see(students[0], re.compile("The end"))

    teacher.page.get_by_role("button", name="Change", exact=False).first.click()
    form = teacher.page.get_by_test_id("stPopoverBody")
    form.get_by_label("Title").fill("Wednesday, room 12")
    form.get_by_role("button", name="Save").click()
    expect(teacher.page.get_by_role("heading", name="Wednesday, room 12")).to_be_visible()
    expect(form).to_have_count(0)  # it closes by itself

    show(teacher, "Log")
    see(teacher, re.compile("Revealed the end of"))
    teacher.page.get_by_role("button", name="Delete", exact=True).click()
    teacher.page.get_by_role("button", name="Delete all of it").click()
    see(teacher, "You are the teacher here.")
    students[1].open("classroom")
    see(students[1], re.compile("Join your class with the code"))
    assert not list((school.home / "runs").glob("2*")), "runs are left of the class"
