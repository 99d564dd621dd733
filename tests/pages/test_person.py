"""Who is asking: the browser, a member of a class, a teacher, and whose runs they see."""

import subprocess
import sys

import pytest
import streamlit as st
from making import VISITOR
from streamlit.testing.v1 import AppTest

from core.classroom import classes, joining, teachers
from core.classroom.people import SERVER, Joined
from core.settings import ROOT, forget_settings, settings
from pages.session import browser
from pages.session.cookies import MEMBER, TEACHER

ADA = {"is_logged_in": True, "email": "Ada@Example.org", "email_verified": True}


@pytest.fixture
def joined(jar) -> Joined:
    joined = joining.join(classes.open_class(SERVER, "Monday").code)
    jar[MEMBER] = joined.token
    return joined


def asked() -> AppTest:
    """Run a script that says who asks."""

    def script() -> None:
        import streamlit as st

        from pages.session.person import lost_place, person
        from pages.session.visitor import visitor_id

        found = [person() for _ in range(3)]
        st.session_state["who"] = found[0]
        assert found[0] is found[2] and visitor_id() == found[0].visitor
        st.session_state["lost"] = lost_place()

    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["atelier_visitor"] = VISITOR
    app.run()
    assert not app.exception
    return app


def test_a_visitor_without_cookies_loads_no_database():
    code = "import sys, pages.session.frame, pages.session.web; print('sqlalchemy' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert told.stdout == "False\n", told.stderr


def test_a_visitor(jar):
    app = asked()
    who = app.session_state["who"]
    assert (who.visitor, who.member, who.teacher) == (VISITOR, None, False)
    assert not settings().classroom.exists(), "nobody had to ask a database"


def test_a_member_costs_one_query_a_script_run(joined, monkeypatch):
    queries = []
    place_of = joining.place_of
    monkeypatch.setattr(joining, "place_of", lambda token: queries.append(1) or place_of(token))
    app = asked()
    who = app.session_state["who"]
    assert who.member == joined.member and who.classroom == joined.classroom
    assert who.visitor == joined.member.visitor != VISITOR
    assert len(queries) == 1
    app.run()
    assert len(queries) == 2


def test_a_removed_member_is_told_and_is_a_visitor_again(joined):
    joining.remove(SERVER, joined.member.id)
    app = asked()
    assert app.session_state["who"].visitor == VISITOR
    assert "removed you" in app.session_state["lost"]


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "ä", "'; DROP TABLE members; --"])
def test_a_cookie_that_somebody_made_up_makes_a_visitor(jar, token):
    jar |= {MEMBER: token, TEACHER: token}
    who = asked().session_state["who"]
    assert (who.visitor, who.member, who.teacher) == (VISITOR, None, False)


def test_a_teacher_may_be_a_member_too(joined, jar):
    jar[TEACHER] = teachers.check(teachers.teacher_token())
    who = asked().session_state["who"]
    assert who.teacher and who.member == joined.member


@pytest.mark.parametrize(
    ("user", "teaches"),
    [
        ({}, False),
        (ADA, True),
        (ADA | {"email": "eve@example.org"}, False),
        (ADA | {"email": None}, False),
        (ADA | {"is_logged_in": False}, False),
        (ADA | {"email_verified": False}, False),
        ({"email": "ada@example.org", "is_logged_in": True}, False),
    ],
)
def test_a_teacher_who_logs_in(jar, monkeypatch, user, teaches):
    monkeypatch.setattr(type(st.user), "to_dict", lambda _: user)
    assert not asked().session_state["who"].teacher, "nobody is listed"
    monkeypatch.setenv("ATELIER_TEACHERS", "grace@example.org, ADA@example.org")
    forget_settings()
    assert asked().session_state["who"].teacher == teaches


def test_runs_are_the_members_and_the_browser_keeps_its_own_id(
    joined, jar, open_page, put_run, monkeypatch
):
    put_run(VISITOR, name="Of the browser")
    put_run(joined.member.visitor, name="Of the member")
    kept = []
    keeper = browser._KEEPER
    monkeypatch.setattr(
        browser, "_KEEPER", lambda **given: kept.append(given["data"]["id"]) or keeper(**given)
    )
    app = open_page("train")
    assert not app.exception
    text = " ".join(each.value for each in app.markdown)
    assert "Of the member" in text and "Of the browser" not in text
    assert set(kept) == {VISITOR}

    # A member leaves the class instead.
    assert "Start afresh" not in [each.label for each in open_page("runs").button]

    jar.clear()
    assert "Start afresh" in [each.label for each in open_page("runs").button]
    text = " ".join(each.value for each in open_page("train").markdown)
    assert "Of the browser" in text and "Of the member" not in text


def test_a_database_that_cannot_be_read_is_a_sentence_and_nobody_elses_runs(
    jar, open_page, put_run, home
):
    put_run(VISITOR, name="Of the browser")
    settings().classroom.write_bytes(b"no database" * 1000)
    jar[MEMBER] = "x" * 40
    for page in ("train", "runs", "evaluate", "classify", "explore", "home"):
        app = open_page(page)
        assert not app.exception
        assert not any("Of the browser" in each.value for each in app.markdown)
    assert len(open_page("train").error) == 1
