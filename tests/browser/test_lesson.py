"""A whole lesson: a teacher, the board, and four students, one of them with a phone."""

import re

import pytest
from conftest import Visitor
from playwright.sync_api import expect
from taking_part import judge, open_court, photo, send
from walking import hang, hangs_whole, join, open_class, picture, see

pytestmark = pytest.mark.browser

TASK = "The size of a step"
IMAGES = 5  # of the court, one of them clear
RATES = {"0.0001": "0.01", "0.01": "0.1", "0.1": "0.05", "1": "0.001"}  # learning rate by guess


def show(visitor: Visitor, view: str) -> None:
    """Choose a view of the page Class."""
    visitor.page.get_by_role("radio", name=view, exact=True).first.click()
    visitor.settle()


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


def hold_court(teacher: Visitor, board: Visitor, students: list[Visitor]) -> None:
    """Judge some doubtful labels, all of the class, and close the court."""
    show(teacher, "Label court")
    open_court(teacher, IMAGES)
    see(board, "Label court on Fashion-MNIST")
    for student in students:
        student.open("classroom")
        see(student, "A label court is open. Choose “Label court” above.")
        show(student, "Label court")
        # All say the same of an image: which of its two classes comes first in the alphabet.
        judge(student, IMAGES, lambda found: min(set(found) - {"Both fit", "Neither fits"}))
        assert student.fits()
    see(board, f"{IMAGES - 1} of {IMAGES - 1}")
    expect(board.page.locator(".court-cases figure")).to_have_count(0)
    teacher.button("Close the court").click()
    for each in (teacher, board, *students):
        expect(each.page.locator(".court-cases figure")).to_have_count(IMAGES - 1)
    see(students[0], re.compile(f"You judged {IMAGES} images"))
    assert hangs_whole(board)
    teacher.button("Take it off the board").click()


def take_photos(teacher: Visitor, board: Visitor, students: list[Visitor]) -> None:
    """Send a photo each, approve all, and judge the networks of the class on them."""
    show(teacher, "Our photos")
    teacher.button("Collect photos").click()
    see(board, "Our photos for Fashion-MNIST")
    for number, student in enumerate(students):
        show(student, "Our photos")
        send(student, photo(180 + 30 * number, "#3a2a20"), "Bag")
        assert student.fits()
    expect(board.page.locator(".photo-tiles img")).to_have_count(0)
    teacher.button(f"Approve these {len(students)}").click()
    for each in (board, *students):
        expect(each.page.locator(".photo-tiles img")).to_have_count(len(students))
    teacher.button("Judge the networks").click()
    for each in (teacher, board, *students):  # the networks of the class, and the two bundled ones
        expect(each.page.locator(".photo-falls .value")).to_have_count(len(students) + 2)
        see(each, re.compile("^The class's best network is right on"))
    see(teacher, "Judge the networks again")
    assert hangs_whole(board)
    teacher.settle()
    teacher.button("Close the collection").click()
    teacher.button("Take it off the board").click()


@pytest.mark.timeout(900)  # a whole lesson, where a machine is busy with others
def test_a_lesson(school, new_visitor, tmp_path):
    teacher, board = new_visitor(school), new_visitor(school)
    code = open_class(teacher, school)
    students = [new_visitor(school, width) for width in ("desktop",) * 3 + ("phone",)]
    handles = [join(each, school, code) for each in students]
    assert len(set(handles)) == 4
    hang(board, school, code)
    for handle in handles:
        see(board, handle)

    picture(board, "lesson-board-first", tmp_path)

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
    assert hangs_whole(board)
    picture(board, "lesson-board", tmp_path)
    picture(students[-1], "lesson-phone-task", tmp_path)
    show(teacher, "Tasks")
    picture(teacher, "lesson-teacher-tasks", tmp_path)

    show(teacher, "People")
    picture(teacher, "lesson-teacher-people", tmp_path)
    teacher.page.get_by_role("textbox", name="Eyes on me").fill("Look at the board.")
    teacher.page.get_by_role("button", name="Show it to all").click()
    for each in (*students, board):
        see(each, "Look at the board.")
    teacher.settle()
    teacher.page.get_by_role("button", name="Remove the message").click()
    expect(students[0].page.get_by_text("Look at the board.")).to_have_count(0)

    hold_court(teacher, board, students)
    take_photos(teacher, board, students)

    # The best learning rate of four is clear, whatever the seed: the place is the one of its guess.
    show(teacher, "Tasks")
    teacher.page.get_by_role("button", name="Reveal the end").click()
    teacher.page.get_by_role("button", name="Reveal", exact=True).click()
    see(teacher, "Revealed")
    see(board, re.compile("The end"))
    expect(board.page.locator(".wall-end tbody tr")).to_have_count(4)
    assert hangs_whole(board)
    picture(board, "lesson-board-end", tmp_path)
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
    for each in students:
        each.page.close()


def test_of_two_classes_the_one_that_is_renamed_or_closed_stays_and_the_other_can_be_chosen(
    school, new_visitor
):
    teacher = new_visitor(school)
    page = teacher.page

    def shows(title: str) -> None:
        page.get_by_role("heading", name=title, level=1, exact=True).wait_for()
        teacher.settle()
        teacher.settle()
        expect(page.get_by_role("heading", name=title, level=1, exact=True)).to_be_visible()

    for title in ("First of two", "Second of two"):
        open_class(teacher, school, title)
    page.get_by_role("button", name="Change", exact=False).first.click()
    form = page.get_by_test_id("stPopoverBody")
    form.get_by_label("Title").fill("Second, renamed")
    form.get_by_role("button", name="Save").click()
    shows("Second, renamed")
    teacher.button("Close").click()
    see(teacher, "This class is closed: nobody can join it.")
    shows("Second, renamed")
    for title in ("First of two", "Second, renamed"):
        page.get_by_label("Class", exact=True).first.click()
        page.get_by_role("option", name=re.compile(f"^{title}")).click()
        shows(title)
