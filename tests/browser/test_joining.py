"""Into a class and out of it: what the browser keeps, what it can see, and what reaches others."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Server, Visitor, serve
from playwright.sync_api import Page, expect

from core.classroom import classes, database, joining
from core.classroom.people import SERVER, Classroom
from core.settings import ASSETS

pytestmark = pytest.mark.browser

PAGES = ("", "explore", "train", "runs", "evaluate", "inside", "classify", "classroom", "board")
WAITING = "All places are taken"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with classes."""
    with serve(tmp_path_factory.mktemp("school")) as server:
        yield server


@pytest.fixture
def classroom(school: Server) -> Iterator[Classroom]:
    """Open a class in the server's database, and let this test's process use that, too."""
    own = database.Database(f"sqlite:///{school.home / 'classroom.db'}")
    before = database.use(own)
    yield classes.open_class(SERVER, "Monday morning")
    database.use(before)
    own.close()


@pytest.fixture
def student(school, classroom, new_visitor) -> Callable[..., tuple[Visitor, joining.Joined]]:
    """Return a function that brings a new browser into the class, by a ticket as a page has it."""

    def student(width: str = "desktop") -> tuple[Visitor, joining.Joined]:
        visitor = new_visitor(school, width)
        visitor.open("")
        joined = joining.join(classroom.code)
        visitor.page.goto(f"{school.url}/enter/{joining.ticket(joined.token)}")
        at_class(visitor)
        return visitor, joined

    return student


def at_class(visitor: Visitor) -> None:
    """Wait until the browser is on the page Class, without a word in the address."""
    visitor.page.locator("h1").wait_for()
    expect(visitor.page).to_have_url(re.compile(r"/classroom$"))
    visitor.settle()


def post(visitor: Visitor, path: str) -> None:
    """Send a form as the page's button does."""
    visitor.page.evaluate(
        """path => {
          const form = document.createElement("form")
          form.method = "post"
          form.action = path
          document.body.append(form)
          form.submit()
        }""",
        path,
    )
    at_class(visitor)


def put(home: Path, number: int, visitor: str, **notes: object) -> str:
    """Put a run of somebody's into the folder: the bundled one, really trained."""
    run_id = f"20260101-{number:06d}-atelier-cnn-abcdef"
    folder = home / "runs" / run_id
    shutil.copytree(ASSETS / "models" / "fashion-mnist", folder)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    values |= {"visitor": visitor, "created": time.time()}
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "notes.json").write_text(json.dumps(notes), encoding="utf-8")
    return run_id


def kept(page: Page) -> dict[str, dict]:
    """Return the class's cookies that the browser has, by name."""
    own = [each for each in page.context.cookies() if each["name"].startswith("atelier_")]
    return {each["name"]: each for each in own}


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_in_a_class_the_runs_are_the_members_and_leaving_leaves_them(width, school, student):
    visitor, joined = student(width)
    page = visitor.page
    cookie = kept(page)["atelier_class"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
    assert abs(cookie["expires"] - joined.classroom.delete_after) < 60
    assert "atelier_class" not in page.evaluate("document.cookie")
    own = kept(page)["atelier_visitor"]["value"]
    assert own == page.evaluate("localStorage.atelier_visitor") != joined.member.visitor

    name = f"Of {joined.member.handle}"
    put(school.home, joined.member.id, joined.member.visitor, name=name)
    mine = page.get_by_text(name, exact=True).first
    visitor.open("runs")
    expect(mine).to_be_visible()
    page.reload()
    expect(mine).to_be_visible()
    second = page.context.new_page()  # another tab
    second.goto(f"{school.url}/runs")
    expect(second.get_by_text(name, exact=True).first).to_be_visible()
    second.close()

    post(visitor, "leave")
    assert "atelier_class" not in kept(page)
    visitor.open("runs")
    expect(page.get_by_text(name, exact=True)).to_have_count(0)
    assert kept(page)["atelier_visitor"]["value"] == own
    assert visitor.fits()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_teachers_link_that_the_server_prints(width, school, new_visitor):
    until = time.monotonic() + 30
    while not (found := re.search(r"Teacher's link: (\S+)", school.log.read_text("utf-8"))):
        assert time.monotonic() < until, "the server printed no link"
        time.sleep(0.2)
    link = found[1]
    assert link.startswith(f"{school.url}/teach/")
    assert len(re.findall("/teach/", school.log.read_text("utf-8"))) == 1
    visitor = new_visitor(school, width)
    page = visitor.page
    page.goto(link)
    at_class(visitor)
    cookie = kept(page)["atelier_teacher"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    token = link.rpartition("/")[2]
    assert token not in page.evaluate("performance.getEntriesByType('navigation')[0].name")
    assert token not in page.evaluate("document.referrer")
    page.go_back()
    assert token not in page.url

    post(visitor, "leave/teacher")
    assert "atelier_teacher" not in kept(page)


def test_no_secret_of_anybody_reaches_a_browser(school, student):
    """What proves whose a run is stays on the server, a member's id even from the member."""
    received: list[tuple[str, bytes]] = []
    addresses: tuple[set[str], ...] = (set(), set())
    people = []
    for number in range(2):
        visitor, joined = student()
        page = visitor.page
        who = f"student {number}"
        page.on(
            "websocket",
            lambda socket, who=who: socket.on(
                "framereceived",
                lambda frame: received.append(
                    (f"{who}: a frame", frame if isinstance(frame, bytes) else frame.encode())
                ),
            ),
        )
        page.on("request", lambda asked, number=number: addresses[number].add(asked.url))
        name = f"Run of student {number}"
        put(school.home, 100 + number, joined.member.visitor, name=name, shared=True)
        people.append((visitor, joined))

    for visitor, _ in people:
        for path in PAGES:
            visitor.page.goto(f"{school.url}/{path}")
            visitor.settle()
        for number in range(2):
            run = f"20260101-{100 + number:06d}-atelier-cnn-abcdef"
            for path in (f"train?run={run}", f"evaluate?run={run}", f"runs?runs={run}"):
                visitor.open(path)
    for number, (visitor, _) in enumerate(people):
        # What was asked for by HTTP is asked for again: a browser has forgotten most of it.
        for address in (each for each in addresses[number] if each.startswith(school.url)):
            answer = visitor.page.context.request.get(address)
            told = repr(answer.headers_array).encode() + answer.body()
            received.append((f"student {number}: {address}", told))
    frames = [content for what, content in received if "a frame" in what]
    assert len(frames) > 50 and any(b"Run of student 1" in each for each in frames)

    secrets = {}
    for number, (visitor, joined) in enumerate(people):
        cookies = kept(visitor.page)
        secrets[f"the id of member {number}"] = joined.member.visitor
        secrets[f"the token of member {number}"] = joined.token
        secrets[f"the cookie of member {number}"] = cookies["atelier_class"]["value"]
    found = [
        f"{what} has {name}"
        for what, content in received
        for name, secret in secrets.items()
        if secret.encode() in content
    ]
    # A browser's own id is known to that browser alone.
    for number, (visitor, _) in enumerate(people):
        own = kept(visitor.page)["atelier_visitor"]["value"].encode()
        found += [
            f"{what} has the id of browser {number}"
            for what, content in received
            if own in content and not what.startswith(f"student {number}")
        ]
    assert not found


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_where_all_places_are_taken_a_page_waits_for_one(tmp_path, new_visitor, width, scheme):
    with serve(tmp_path, ATELIER_MAX_SESSIONS="1") as server:
        first = new_visitor(server)
        first.open("train")
        second = new_visitor(server, width, scheme)
        second.page.goto(f"{server.url}/explore?class=Bag")
        expect(second.page.get_by_role("heading", name=WAITING)).to_be_visible()
        assert second.fits()
        second.page.screenshot(path=tmp_path / "waiting.png")
        first.page.reload()  # its own place is free by then
        expect(first.page.get_by_role("heading", name="Train", level=1)).to_be_visible()
        first.page.close()
        expect(second.page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
        expect(second.page).to_have_url(re.compile(r"explore\?.*class=Bag"))
        second.page.close()
        second.problems[:] = [each for each in second.problems if "status of 503" not in each]
