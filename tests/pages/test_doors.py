"""The server's redirects: what they set, what they refuse, and that they lead nowhere else."""

import asyncio
import re
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.applications import Starlette

from core.classroom import classes, guesses, joining, teachers
from core.classroom.people import SERVER
from core.export import aside
from core.settings import forget_settings, settings
from pages.session import cookies, doors, files
from pages.words.doors import PROBLEMS


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: str

    @property
    def location(self) -> str | None:
        return dict(self.headers).get("location")

    @property
    def cookie(self) -> str:
        """What the answer says of a cookie, empty if nothing."""
        return next((value for name, value in self.headers if name == "set-cookie"), "")

    @property
    def kept(self) -> dict[str, str]:
        return {name: each.value for name, each in SimpleCookie(self.cookie).items()}


def ask(method: str, path: str, scheme: str = "http", **headers: str) -> Answer:
    """Ask the routes as a server would."""
    sent: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:  # a file is sent while the server listens for the browser to go
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": scheme,
        "server": ("localhost", 8501),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }
    asyncio.run(Starlette(routes=[*doors.routes(), *files.routes()])(scope, receive, send))
    start, *rest = sent
    pairs = [(name.decode(), value.decode()) for name, value in start["headers"]]
    body = b"".join(message.get("body", b"") for message in rest)
    return Answer(start["status"], pairs, body.decode())


@pytest.fixture(autouse=True)
def no_guesses() -> None:
    guesses.TEACHERS.forget()


@pytest.fixture
def ticket() -> str:
    joined = joining.join(classes.open_class(SERVER, "Monday").code)
    return joining.ticket(joined.token)


@pytest.fixture
def below(monkeypatch) -> str:
    monkeypatch.setattr(cookies, "base", lambda: "/atelier")
    return "/atelier"


def test_a_join_link_fills_in_the_code():
    answer = ask("GET", "/join/bcdfhj")
    assert (answer.status, answer.location) == (303, "/classroom?code=BCDFHJ")
    assert ask("HEAD", "/join/BCD-FHJ").location == "/classroom?code=BCDFHJ"
    assert ("cache-control", "no-store") in answer.headers and not answer.cookie


@pytest.mark.parametrize(
    "rest",
    [
        *("", "/", "/ABC", "/ABCDEFG", "/ÄÄÄÄÄÄ", "//evil.example", "/https://evil.example"),
        *("/../../x", "/<b>abc", "/" + "A" * 10_000),
    ],
)
def test_what_is_no_code_leads_to_the_page_and_is_not_repeated(rest):
    assert ask("GET", f"/join{rest}").location == "/classroom?problem=code"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_asking_for_a_ticket_or_a_teachers_link_does_nothing(method, ticket):
    for path in (f"/enter/{ticket}", f"/teach/{teachers.teacher_token()}"):
        answer = ask(method, path)
        assert answer.status == 200 and not answer.cookie
        assert path.rpartition("/")[2] not in answer.body
        assert ("cache-control", "no-store") in answer.headers
        policy = dict(answer.headers)["content-security-policy"]
        nonce = re.search("'nonce-([^']+)'", policy)[1]
        assert policy.startswith("default-src 'none'")
        assert method == "HEAD" or f'<script nonce="{nonce}">' in answer.body
    assert ask("POST", f"/enter/{ticket}").kept, "the ticket was used up by asking"


def test_a_ticket_becomes_a_cookie_once(ticket):
    answer = ask("POST", f"/enter/{ticket}")
    assert (answer.status, answer.location) == (303, "/classroom?entered=member")
    (token,) = answer.kept.values()
    assert joining.place_of(token).classroom.title == "Monday"
    assert answer.cookie.startswith(f"{cookies.MEMBER}={token}; Path=/; Max-Age=")
    assert answer.cookie.endswith("; HttpOnly; SameSite=Lax")
    ends = int(re.search(r"Max-Age=(\d+)", answer.cookie)[1]) + time.time()
    assert abs(ends - classes.all_classes(SERVER)[0].delete_after) < 60

    again = ask("POST", f"/enter/{ticket}")
    assert again.location == "/classroom?problem=ticket" and not again.cookie


def test_a_teachers_link_becomes_a_teachers_cookie():
    answer = ask("POST", f"/teach/{teachers.teacher_token()}")
    assert answer.location == "/classroom?entered=teacher"
    assert teachers.is_teacher(answer.kept[cookies.TEACHER])
    assert f"Max-Age={teachers.SESSION_SECONDS:.0f}; HttpOnly" in answer.cookie


def test_wrong_teachers_links_are_limited_for_who_guesses():
    me, other = {"cookie": "atelier_visitor=" + 32 * "a"}, {"cookie": "atelier_visitor=" + 32 * "b"}
    told = [ask("POST", f"/teach/{'x' * 30}{n}", **me).location for n in range(12)]
    assert told == ["/classroom?problem=teacher"] * 10 + ["/classroom?problem=wait"] * 2
    right = teachers.teacher_token()
    assert ask("POST", f"/teach/{right}", **me).location == "/classroom?problem=wait"
    assert ask("POST", f"/teach/{right}", **other).location == "/classroom?entered=teacher"


@pytest.mark.parametrize("how", ["scheme", "proxy"])
def test_behind_https_and_below_a_path(how, ticket, below):
    answer = (
        ask("POST", f"{below}/enter/{ticket}", scheme="https")
        if how == "scheme"
        else ask("POST", f"{below}/enter/{ticket}", x_forwarded_proto="https, http")
    )
    assert answer.location == "/atelier/classroom?entered=member"
    assert "; Path=/atelier/; " in answer.cookie
    assert answer.cookie.endswith("; HttpOnly; Secure; SameSite=Lax")
    assert ask("GET", f"{below}/join/bcdfhj").location == "/atelier/classroom?code=BCDFHJ"
    assert ask("GET", "/join/bcdfhj").status == 404


def test_in_the_frame_of_another_site_the_cookie_is_for_its_frames_alone(ticket):
    answer = ask("POST", f"/enter/{ticket}", scheme="https", sec_fetch_dest="iframe")
    assert answer.cookie.endswith("; HttpOnly; Secure; SameSite=None; Partitioned")


def test_leaving_ends_the_place_and_the_cookie(ticket):
    (token,) = ask("POST", f"/enter/{ticket}").kept.values()
    cookie = f"{cookies.MEMBER}={token}"
    assert ask("GET", "/leave", cookie=cookie).location == "/classroom"
    for foreign in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = ask("POST", "/leave", cookie=cookie, host="localhost:8501", **foreign)
        assert answer.location == "/classroom?problem=elsewhere" and not answer.cookie
    assert joining.place_of(token) is not None

    answer = ask(
        "POST", "/leave", cookie=cookie, host="localhost:8501", origin="http://localhost:8501"
    )
    assert answer.location == "/classroom"
    assert f"{cookies.MEMBER}=; Path=/; Max-Age=0" in answer.cookie
    assert joining.place_of(token) is None


def test_a_teacher_leaves_too():
    (token,) = ask("POST", f"/teach/{teachers.teacher_token()}").kept.values()
    answer = ask(
        "POST", "/leave/teacher", cookie=f"{cookies.TEACHER}={token}", sec_fetch_site="same-origin"
    )
    assert answer.location == "/classroom" and "Max-Age=0" in answer.cookie
    assert not teachers.is_teacher(token)


def test_a_database_that_cannot_be_read_is_told(home):
    home.mkdir()
    settings().classroom.write_bytes(b"no database" * 1000)
    forget_settings()
    for path in ("/enter/" + "x" * 40, "/teach/" + "x" * 40):
        assert ask("POST", path).location == "/classroom?problem=database"
    answer = ask("POST", "/leave", cookie=f"{cookies.MEMBER}=abc", sec_fetch_site="same-origin")
    assert answer.location == "/classroom?problem=database" and not answer.cookie


def test_every_word_that_is_sent_has_a_sentence():
    source = doors.__loader__.get_source(doors.__name__)
    sent = set(re.findall(r'problem="(\w+)"', source))
    assert sent and sent | {"cookies"} == set(PROBLEMS)


def test_a_file_made_aside_has_an_address_until_it_is_gone(below):
    folder, token = aside.folder(), f"{'a1' * 16}.zip"
    folder.mkdir(parents=True)
    (folder / token).write_bytes(b"content")
    address = files.address_of(token, "runs.zip")
    answer = ask("GET", address)
    assert address.startswith(below) and (answer.status, answer.body) == (200, "content")
    assert dict(answer.headers)["content-disposition"] == 'attachment; filename="runs.zip"'
    assert ("cache-control", "no-store") in answer.headers
    assert ask("POST", address).status == 405
    (folder / token).unlink()
    gone = ask("GET", address)
    assert gone.status == 404 and "kept for an hour" in gone.body


@pytest.mark.parametrize(
    "rest",
    [
        f"{'b2' * 16}.zip/runs.zip",
        "../classroom.db/x.zip",
        "..%2fclassroom.db/x.zip",
        "classroom.db/x.zip",
        f"{'a1' * 16}.zip/%0d%0aSet-Cookie",
        f"{'a1' * 16}.zip/<b>.zip",
        "/etc/passwd",
    ],
)
def test_no_other_file_has_an_address(rest):
    folder = aside.folder()
    folder.mkdir(parents=True)
    (folder / f"{'a1' * 16}.zip").write_bytes(b"content")
    (folder.parent / "classroom.db").write_bytes(b"secret")
    answer = ask("GET", f"/file/{rest}")
    assert answer.status == 404 and "secret" not in answer.body and not answer.cookie
