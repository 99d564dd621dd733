"""How many pages may be open: the next one waits, and comes in when another leaves."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from core.settings import forget_settings
from pages.session import crowd
from pages.session.crowd import Crowd

PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def most(monkeypatch) -> Callable[[str], None]:
    def most(number: str) -> None:
        monkeypatch.setenv("ATELIER_MAX_SESSIONS", number)
        forget_settings()

    return most


class Server:
    """The crowd before an app that answers "in" and holds websockets open until told."""

    def __init__(self) -> None:
        self.crowd = Crowd(self._app)
        self._leave = asyncio.Event()
        self._tasks: list[asyncio.Task] = []

    async def _app(self, scope, receive, send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await self._leave.wait()
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"in"})

    async def ask(self, path: str = "/train", method: str = "GET", **headers: str) -> list[Any]:
        scope = {"type": "http", "method": method, "path": path, "query_string": b""}
        return await self._sent(scope, headers)

    async def load(self, **headers: str) -> str:
        """Load a page that there is a place for, and return the cookie of the place."""
        sent = await self.ask(**PAGE, **headers)
        assert status(sent) == 200
        cookie = dict(sent[0]["headers"]).get(b"set-cookie", b"").decode()
        assert re.fullmatch("atelier_place=[0-9a-f]{16}; Path=/; HttpOnly; SameSite=Lax", cookie)
        return cookie.partition(";")[0]

    async def connect(self, path: str = "/_stcore/stream", **headers: str) -> list[Any]:
        sent: list[Any] = []
        scope = {"type": "websocket", "path": path, "query_string": b""}
        task = asyncio.create_task(self._sent(scope, headers, sent))
        self._tasks.append(task)
        await asyncio.sleep(0)
        return sent

    async def _sent(self, scope, headers, sent=None) -> list[Any]:
        sent = [] if sent is None else sent
        scope |= {"scheme": "http", "server": ("localhost", 8501)}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]

        async def receive() -> dict[str, Any]:
            return {"type": f"{scope['type']}.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.crowd(scope, receive, send)
        return sent

    async def empty(self) -> None:
        self._leave.set()
        await asyncio.gather(*self._tasks)


def status(sent: list[Any]) -> int:
    return sent[0]["status"]


IN = [{"type": "websocket.accept"}]
OUT = [{"type": "websocket.close", "code": 1013}]


def test_the_page_after_the_last_place_waits(most):
    most("2")

    async def walk() -> None:
        server = Server()
        for _ in range(2):
            assert await server.connect(cookie=await server.load()) == IN
        sent = await server.ask(**PAGE)
        assert status(sent) == 503
        headers = dict(sent[0]["headers"])
        assert headers[b"retry-after"] == b"10" and headers[b"cache-control"] == b"no-store"
        assert b'http-equiv="refresh" content="10"' in sent[1]["body"]
        # What belongs to the pages that are open is not held up.
        for path in ("/_stcore/health", "/app/static/a.woff2", "/media/a.webp", "/enter/abc"):
            assert status(await server.ask(path, **PAGE)) == 200
        assert status(await server.ask("/train", accept="*/*")) == 200
        assert status(await server.ask("/train", "HEAD", **PAGE)) == 200
        await server.empty()
        await server.load()

    asyncio.run(walk())


def test_who_loads_an_open_page_anew_keeps_the_place(most):
    most("1")

    async def walk() -> None:
        server = Server()
        cookie = await server.load()
        assert await server.connect(cookie=cookie) == IN
        sent = await server.ask(**PAGE, cookie=f"x=y; {cookie}")
        assert status(sent) == 200 and sent[0]["headers"] == []
        assert await server.connect(cookie=cookie) == IN  # before the old one is gone
        assert status(await server.ask(**PAGE)) == 503
        for made_up in (
            "atelier_place=" + 16 * "a",
            "atelier_place=",
            "atelier_place=" + "a" * 999,
        ):
            assert status(await server.ask(**PAGE, cookie=made_up)) == 503
        await server.empty()
        await server.load()

    asyncio.run(walk())


def test_a_place_is_kept_for_a_page_that_is_on_its_way(most, monkeypatch):
    most("1")
    now = [100.0]
    monkeypatch.setattr(crowd.time, "monotonic", lambda: now[0])

    async def walk() -> None:
        server = Server()
        await server.load()
        assert status(await server.ask(**PAGE)) == 503
        now[0] += crowd.COMING + 1  # it never came
        await server.load()

    asyncio.run(walk())


def test_browsers_without_cookies_take_one_place_each(most):
    most("3")

    async def walk() -> None:
        server = Server()
        for _ in range(3):
            await server.load()
            assert await server.connect() == IN
        assert status(await server.ask(**PAGE)) == 503
        await server.empty()

    asyncio.run(walk())


def test_who_connects_without_a_page_is_held_to_it_too(most):
    most("1")

    async def walk() -> None:
        server = Server()
        assert await server.connect() == IN
        assert await server.connect() == OUT
        assert await server.connect("/train/elsewhere") == IN  # none of Streamlit's
        await server.empty()

    asyncio.run(walk())


def test_a_teacher_comes_in(most, monkeypatch):
    most("1")
    monkeypatch.setattr(crowd, "_teaches", lambda token: token == "good")

    async def walk() -> None:
        server = Server()
        await server.connect()
        assert status(await server.ask(**PAGE, cookie="atelier_teacher=bad; x=y")) == 503
        await server.load(cookie="atelier_teacher=good; x=y")
        await server.empty()

    asyncio.run(walk())


def test_a_setting_that_cannot_work_keeps_nobody_out(most):
    """The pages say what is wrong."""
    most("many")
    asyncio.run(Server().load())
