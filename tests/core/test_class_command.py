"""The command line of a class: its code, its link and the teacher's, in words for a terminal."""

import re
import time

from core.__main__ import main
from core.classroom import classes, lesson, teachers
from core.classroom.people import SERVER
from core.settings import forget_settings

URL = ("--url", "https://atelier.example.org/a/")


def told(capsys, *arguments: str) -> str:
    assert main(["class", *arguments]) == 0
    return capsys.readouterr().out


def test_opening_a_class_prints_how_to_join_it(capsys):
    first = told(capsys, "open", *URL)
    (room,) = classes.all_classes(SERVER)
    assert f"Join link: https://atelier.example.org/a/join/{room.code}\n" in first
    assert " ".join(room.code) in first and "█" in first and "\x1b" not in first
    assert "Only this computer" not in first
    assert re.search(r"^  Class of [1-9]\d? \w+ 20\d\d$", first, re.MULTILINE)

    assert room.code in told(capsys, "open", *URL), "a restart goes on in the class of today"
    told(capsys, "open", "--title", "Another", *URL)
    assert [each.title for each in classes.all_classes(SERVER)] == ["Another", room.title]


def test_tomorrow_and_after_closing_it_is_another_class():
    room = lesson.class_of_today()
    assert lesson.class_of_today() == room
    assert lesson.class_of_today(now=time.time() + lesson.TODAY + 1).id != room.id
    for each in classes.all_classes(SERVER):
        classes.close_class(SERVER, each.id)
    assert lesson.class_of_today().id not in (room.id, room.id + 1)


def test_each_link_is_another_one_and_all_are_good_until_they_are_ended(capsys):
    tokens = [told(capsys, "link", *URL).strip().rpartition("/")[2] for _ in range(2)]
    assert len(set(tokens)) == 2
    sessions = [teachers.check(token) for token in tokens]
    assert all(teachers.is_teacher(each) for each in sessions)
    only = told(capsys, "link", "--only", *URL).strip().rpartition("/")[2]
    assert not any(teachers.is_teacher(each) for each in sessions)
    assert teachers.is_teacher(teachers.check(only))


def test_the_address_is_the_servers(capsys, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_BASE_URL_PATH", "/atelier")
    here = told(capsys, "open", "--address", "localhost", "--port", "8502")
    assert "http://localhost:8502/atelier/join/" in here and "Only this computer" in here
    monkeypatch.setenv("ATELIER_URL", "https://school.example.org")
    forget_settings()
    assert "Join link: https://school.example.org/join/" in told(capsys, "open")
