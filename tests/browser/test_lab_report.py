"""The lab report in a browser, from the disk: it fits a phone, asks for nothing, and prints."""

import pytest

from core import runs
from core.export import making
from core.export.formats import find

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path):
    other = runs.read(runs.BUNDLED_ACCURATE)
    path = tmp_path / "report.html"
    path.write_bytes(making.make(find("report"), runs.read(runs.BUNDLED), other=other))
    return path


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_asks_for_nothing(chromium, report, width):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: told.append(request.url))
    page.goto(report.as_uri())
    assert [each for each in told if not each.startswith("data:")] == [report.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = page.evaluate(
        """[...document.querySelectorAll('svg text')]
        .map(each => each.getBoundingClientRect()).filter(each => each.height < 8).length"""
    )
    assert small == 0
    assert page.locator(".gallery img").count() == 12
    assert page.evaluate(
        "[...document.images].every(each => each.complete && each.naturalWidth === 112)"
    )
    page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_to_few_pages(chromium, report, paper):
    page = chromium.new_page()
    page.goto(report.as_uri())
    page.emulate_media(media="print")
    pages = page.pdf(format=paper).count(b"/Type /Page\n")
    assert 3 <= pages <= 9
    page.close()
