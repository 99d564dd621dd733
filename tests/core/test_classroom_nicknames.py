import re

import pytest

from core.classroom import codes, handles, nicknames
from core.errors import ClassroomRefused

HONEST = """
Harshit Akshita Nishit Cassandra Hancock Scunthorpe Matsushita Huy Tiit Dickson Pornchai Assad
Sussex Analia Mishiko Penny Nazim Kshitij Yoshitaka Fuchs Shital Peniston Essex Con Classon
"""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Ana   María ", "Ana María"),
        ("Zoë", "Zoë"),
        ("O’Brien", "O'Brien"),
        ("Jean-Luc 2", "Jean-Luc 2"),
        ("Дарья", "Дарья"),
        ("सुनीता", "सुनीता"),
        ("สมชาย", "สมชาย"),
        ("Nguyễn Thị", "Nguyễn Thị"),
        ("小明", "小明"),
        ("محمد", "محمد"),
    ],
)
def test_names_of_all_scripts_are_kept_in_composed_characters(text, kept):
    assert nicknames.check(text) == kept


@pytest.mark.parametrize(
    "name",
    HONEST.split(),
)
def test_honest_names_that_hold_a_rude_word_are_taken(name):
    assert nicknames.check(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "fuck",
        "FuCk you",
        "f u c k",
        "f-u-c-k",
        "fu ck",
        "fuuuuck",
        "sh1t",
        "5hit",
        "s.h.i.t".replace(".", "'"),
        "b1tch boy",
        "fück",
        "fυсk",  # with a Greek and a Cyrillic letter
        "Adolf Hitler",
        "h1tl3r",
        "ass",
        "a55",
        "nazi",
        "motherfucker",
        "Arschloch",
        "put4",
    ],
)
def test_rude_words_are_refused_however_they_are_spelled(text):
    with pytest.raises(ClassroomRefused, match="not for a class"):
        nicknames.check(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "2 to 20 characters"),
        (" \t ", "2 to 20 characters"),
        ("a", "2 to 20 characters"),
        ("x" * 21, "2 to 20 characters"),
        ("x" * 10_000, "2 to 20 characters"),
        ("<b>Ana</b>", "letters"),
        ("<script>", "letters"),
        ("Ana_1", "letters"),
        ("**Ana**", "letters"),
        ("$x$", "letters"),
        ("😀😀", "letters"),
        ("Ana 😀", "letters"),
        ("123", "letters"),
        ("- ' -", "letters"),
        ("ana@school.org", "letters"),
        ("Ana\u202egnol", "cannot be seen"),
        ("Ana\u2066x\u2069", "cannot be seen"),
        ("A\u200bna", "cannot be seen"),
        ("An\0a", "cannot be seen"),
        ("Ana\x1b[31m", "cannot be seen"),
        ("Ana\ud800", "cannot be seen"),
        ("Z\u0310\u0351\u0352\u0353a", "marks"),
        ("\u0301Ana", "marks"),
        ("Teacher", "someone else"),
        ("the teacher", "someone else"),
        ("TEАCHER", "someone else"),  # with a Cyrillic letter
        ("Hidden name", "someone else"),
    ],
)
def test_what_cannot_be_a_nickname_gets_a_sentence(text, reason):
    with pytest.raises(ClassroomRefused, match=reason):
        nicknames.check(text)


def test_names_that_look_the_same_have_the_same_key():
    assert nicknames.key("Ana María") == nicknames.key("ana-maria") == nicknames.key("АNА MARIA")
    assert nicknames.key("Straße") == nicknames.key("STRASSE")
    assert nicknames.key("Ana") != nicknames.key("Anna")
    assert nicknames.key("कि") != nicknames.key("कु")  # marks of Hindi are vowels
    assert nicknames.key("小明") != nicknames.key("小红")


def test_the_key_of_the_longest_name_fits_its_column():
    for letter in ("ﷺ", "ß", "ŉ", "ΐ"):
        assert len(nicknames.key(letter * nicknames.LONGEST)) <= 80


def test_every_handle_could_be_a_nickname_and_no_two_are_the_same():
    every = [f"{colour} {animal}" for colour in handles.COLOURS for animal in handles.ANIMALS]
    assert len(every) > 3000
    assert len({nicknames.key(handle) for handle in every}) == len(every)
    assert not [handle for handle in every if nicknames.is_rude(handle)]
    assert max(map(len, every)) <= 40
    assert all(map(handles.is_handle, every))
    assert not any(
        map(handles.is_handle, ["", "Teal", "Teal otter 2", "teal otter", "Teal  otter"])
    )


def test_two_hundred_handles_are_all_different():
    taken = set()
    for _ in range(200):
        handle = handles.draw(taken)
        assert handles.is_handle(handle)
        assert nicknames.key(handle) not in taken
        taken.add(nicknames.key(handle))


def test_a_handle_is_drawn_also_when_all_are_taken(monkeypatch):
    monkeypatch.setattr(handles, "COLOURS", ("Teal",))
    monkeypatch.setattr(handles, "ANIMALS", ("otter",))
    assert handles.draw({"tealotter"}) == "Teal otter 2"
    assert handles.draw({"tealotter", "tealotter2"}) == "Teal otter 3"


def test_codes_have_letters_that_are_not_taken_for_others():
    assert not set(codes.ALPHABET) & set("AEIOUYQG0123456789")
    drawn = [codes.class_code() for _ in range(2000)]
    assert all(re.fullmatch(f"[{codes.ALPHABET}]{{6}}", code) for code in drawn)
    assert len(set(drawn)) > 1990
    assert not [code for code in drawn if "FCK" in code or "SS" in code]
    assert re.fullmatch(f"[{codes.ALPHABET}]{{4}}-[{codes.ALPHABET}]{{4}}", codes.device_code())


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" bcd-fhj ", "BCDFHJ"),
        ("B C D F H J", "BCDFHJ"),
        ("ｂｃｄｆｈｊ", "BCDFHJ"),  # of a Japanese keyboard
        ("", ""),
        ("'; --", ""),
        ("b" * 10_000, "B" * 100),
    ],
)
def test_codes_are_read_as_they_are_typed(typed, code):
    assert codes.tidy(typed) == code
