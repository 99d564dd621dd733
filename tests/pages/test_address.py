"""The address for others, and what the page Class is told by its own address on arrival."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.classroom import classes, joining, links
from core.classroom.people import SERVER
from core.settings import forget_settings
from pages.session import address
from pages.session.cookies import MEMBER
from pages.words.doors import PROBLEMS


@pytest.fixture
def seen(monkeypatch):
    """Return a function that lets a visitor have opened an address of a server."""

    def seen(url: str | None, listens: str | None = "localhost", base: str = "") -> None:
        options = {"server.address": listens, "server.port": 8501, "server.baseUrlPath": base}
        monkeypatch.setattr(type(st.context), "url", property(lambda _: url))
        monkeypatch.setattr(st, "get_option", options.__getitem__)
        monkeypatch.setattr(links, "network_address", lambda: "10.1.2.3")

    return seen


@pytest.mark.parametrize(
    ("url", "listens", "base", "expected"),
    [
        ("https://a.example.org/class", "localhost", "", "https://a.example.org"),
        ("https://a.example.org/x/class", "localhost", "/x/", "https://a.example.org/x"),
        ("http://192.168.1.20:8501/class", "0.0.0.0", "", "http://192.168.1.20:8501"),
        # The teacher sits at the server: what they opened is another computer for the others.
        ("http://localhost:8501/class", "0.0.0.0", "", "http://10.1.2.3:8501"),
        ("http://127.0.0.1:8080/x/class", None, "x", "http://10.1.2.3:8080/x"),
        ("http://localhost:8501/class", "192.168.1.20", "", "http://192.168.1.20:8501"),
        ("http://localhost:8501/class", "localhost", "", "http://localhost:8501"),
        (None, "0.0.0.0", "", "http://10.1.2.3:8501"),
    ],
)
def test_the_address_that_others_open(seen, url, listens, base, expected):
    seen(url, listens, base)
    assert address.app_url() == expected
    assert address.is_for_others(expected) == ("localhost" not in expected)


def test_the_setting_knows_best(seen, monkeypatch):
    monkeypatch.setenv("ATELIER_URL", "https://school.example.org/atelier/")
    forget_settings()
    seen("http://localhost:8501/class")
    assert address.app_url() == "https://school.example.org/atelier"


def arrived(**query: str) -> AppTest:
    def script() -> None:
        import streamlit as st

        from pages.session.arrival import arrival

        st.session_state["told"] = arrival()

    app = AppTest.from_function(script, default_timeout=60)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("word", [*PROBLEMS, "nonsense", "<b>x</b>", "database" * 1000])
def test_a_problem_is_told_once_and_nothing_is_repeated(word):
    app = arrived(problem=word, code="BCDFHJ")
    assert app.session_state["told"] == PROBLEMS.get(word)
    assert app.query_params == {"code": "BCDFHJ"}


@pytest.mark.parametrize("entered", ["member", "teacher", "nonsense"])
def test_a_browser_that_kept_no_cookie_is_told(entered):
    app = arrived(entered=entered)
    assert app.session_state["told"] == PROBLEMS["cookies"]
    assert not app.query_params


def test_who_has_come_in_is_told_nothing(monkeypatch):
    joined = joining.join(classes.open_class(SERVER, "Monday").code)
    jar = {MEMBER: joined.token}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: jar))
    app = arrived(entered="member")
    assert app.session_state["told"] is None and not app.query_params
