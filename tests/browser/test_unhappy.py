"""What people do by mistake, and what others do: it ends with a sentence and goes on."""

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ANSWER = re.compile("^(It is:|Best guess:|Probably none) ")
STOPPED_WITHIN = 5.0  # seconds from the click until the page says so
PAGES = ("Home", "Explore", "Train", "Runs", "Evaluate", "Inside", "Classify", "Class")


def upload(visitor, name: str, content: bytes) -> None:
    """Choose a file, as a person does who has chosen another one before."""
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def test_an_upload_that_is_no_picture_becomes_a_sentence(visitor, picture):
    page = visitor.page
    visitor.open("classify")
    expect(page.get_by_text("The answer appears here")).to_be_visible()
    alert = page.get_by_test_id("stAlert")
    for name, content, said in (
        ("notes.png", b"These are my notes.\n", "“notes.png” is not a picture"),
        ("empty.png", b"", "“empty.png” is empty"),
        ("cut.png", picture[: len(picture) // 2], "“cut.png” is damaged or incomplete"),
    ):
        upload(visitor, name, content)
        expect(alert).to_contain_text(said)
        no_traceback(visitor)
        upload(visitor, "good.png", picture)
        expect(page.get_by_text(ANSWER)).to_be_visible()
        expect(alert).to_have_count(0)
    assert visitor.fits()


@pytest.mark.parametrize("page", ["train", "evaluate", "classify"])
def test_an_unknown_run_in_the_url_becomes_a_sentence(server, new_visitor, page):
    visitor = new_visitor(server)
    visitor.open(f"{page}?run=20260101-000000-mlp-abcdef")
    expect(visitor.page.get_by_text(re.compile("^There is no run "))).to_be_visible()
    no_traceback(visitor)


def test_stop_stops_soon_and_is_not_for_others(server, new_visitor):
    owner = new_visitor(server)
    owner.open("train?epochs=50")
    owner.button("Train").click()
    stop = owner.button("Stop")
    expect(stop).to_be_visible()
    expect(owner.page.get_by_text(re.compile(r"^Epoch \d+ of 50"))).to_be_visible()
    run = re.search(r"run=([^&]+)", owner.page.url)[1]

    other = new_visitor(server, "phone")
    other.open(f"train?run={run}")
    expect(
        other.page.get_by_text(re.compile("belongs to someone else and is not shared"))
    ).to_be_visible()
    expect(other.button("Stop")).to_have_count(0)
    assert other.fits()

    stop.click()
    clicked = time.monotonic()
    expect(owner.page.get_by_text("Stopped on request.").first).to_be_visible()
    took = time.monotonic() - clicked
    expect(owner.state("Stopped")).to_be_visible()
    expect(stop).to_have_count(0)
    assert took < STOPPED_WITHIN


def test_a_link_is_the_first_that_a_server_is_asked_for(fresh_server, new_visitor):
    with fresh_server() as server:
        visitor = new_visitor(server)
        visitor.open("explore")
        page = visitor.page
        expect(page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
        expect(page.get_by_test_id("stSidebarNavLink")).to_have_text(
            [re.compile(f"{title}$") for title in PAGES]
        )
        expect(page).to_have_title("Explore · Atelier")
        expect(page.get_by_text("60,000 images")).to_be_visible()
        visitor.go("Train")
        page.close()  # or it misses its server, which is an error on its console


def no_traceback(visitor) -> None:
    """Fail if Streamlit shows an exception."""
    visitor.settle()
    expect(visitor.page.get_by_test_id("stException")).to_have_count(0)
