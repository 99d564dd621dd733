"""The frame: every page is reached both through it and by a link, in every situation."""

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import ROOT

PAGES = {
    "home": "Atelier",
    "explore": "Explore",
    "train": "Train",
    "runs": "Runs",
    "evaluate": "Evaluate",
    "inside": "Inside",
    "classify": "Classify",
    "classroom": "Class",
    "board": "Board",
}


def test_every_file_of_the_folder_is_a_page_of_these_tests():
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "situation", [["no_bundled"], ["bundled", "every_state"], ["no_data"], ["damaged_data"]]
)
def test_no_page_raises(request, open_page, page, situation):
    for fixture in situation:
        request.getfixturevalue(fixture)
    app = open_page(page)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]


@pytest.mark.usefixtures("bundled", "every_state")
def test_from_page_to_page_in_one_session():
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60).run()
    assert app.title[0].value == "Atelier"
    for page, title in (*PAGES.items(), *reversed(PAGES.items())):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception and not app.error
        assert app.title[0].value == title
