"""How many pages may be open at a time: the next visitor sees a page that tries again by itself.

A page in a browser is a session of the server, with some megabytes of memory and a thread at times.
``ATELIER_MAX_SESSIONS`` says how many there may be. Teachers always come in.
"""

import re
import secrets
import time
from collections import Counter

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.architectures.settings import count
from core.errors import ClassroomUnavailable, SettingsError
from core.settings import settings
from pages.session import cookies, plain

AGAIN = 10  # seconds until the waiting page asks again
COMING = 15.0  # seconds that a place is kept for a page that has been sent but not yet connected
STREAM = "/_stcore/stream"
# Below the app's path; all else is a page.
FILES = (
    "_stcore",
    "static",
    "media",
    "component",
    "app",
    "join",
    "enter",
    "teach",
    "leave",
    "weights",
)


class Crowd:
    """Counts the sessions, and lets in no more than there may be (ASGI middleware).

    Whoever loads a page anew still has it open at that moment, so a place is known by a cookie.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app."""
        self._app = app
        self._open: Counter[str] = Counter()  # sessions by place
        self._coming: dict[str, float] = {}  # when a page was sent, by place, the first one first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say that there is no place."""
        if scope["type"] == "websocket" and scope["path"].endswith(STREAM):
            await self._connect(HTTPConnection(scope), receive, send)
        elif scope["type"] == "http" and _is_page(scope):
            await self._load(HTTPConnection(scope), receive, send)
        else:
            await self._app(scope, receive, send)

    async def _load(self, asked: HTTPConnection, receive: Receive, send: Send) -> None:
        """Answer with a page, and with a cookie for its place; or have it wait."""
        place, most = _place(asked), _most()
        known = place is not None and place in self._open
        if not known and self._is_full(most) and not await _is_teacher(asked):
            answer = plain.waiting(
                "All places are taken",
                f"This server has room for {count(most or 0, 'open page')}. This page tries again "
                f"by itself every {AGAIN} seconds: leave it open.",
                AGAIN,
            )
            await answer(asked.scope, receive, send)
            return
        new = secrets.token_hex(8)
        self._coming[place or new] = time.monotonic()

        async def send_with_place(message: Message) -> None:
            if place is None and message["type"] == "http.response.start":
                header = (b"set-cookie", cookies.setting(asked, cookies.PLACE, new))
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self._app(asked.scope, receive, send_with_place)

    async def _connect(self, asked: HTTPConnection, receive: Receive, send: Send) -> None:
        """Let a page connect. What comes without having asked for the page may be too many, too."""
        # A browser that keeps no cookies comes for a page that was sent, most likely the first one.
        place = _place(asked) or next(iter(self._coming), "")
        awaited = self._coming.pop(place, None) is not None or (place and place in self._open)
        if not awaited and self._is_full(_most()) and not await _is_teacher(asked):
            await receive()
            # Before it is accepted, this is an error 403; the browser then asks every few seconds.
            await send({"type": "websocket.close", "code": 1013})
            return
        self._open[place] += 1
        try:
            await self._app(asked.scope, receive, send)
        finally:
            self._open[place] -= 1
            if not self._open[place]:
                del self._open[place]

    def _is_full(self, most: int | None) -> bool:
        old = time.monotonic() - COMING
        for place in [each for each, at in self._coming.items() if at < old]:
            del self._coming[place]
        return most is not None and self._open.total() + len(self._coming) >= most


def _place(asked: HTTPConnection) -> str | None:
    place = asked.cookies.get(cookies.PLACE, "")
    return place if re.fullmatch("[0-9a-f]{16}", place) else None


def _most() -> int | None:
    try:
        return settings().sessions
    except SettingsError:  # every page says which
        return None


def _is_page(scope: Scope) -> bool:
    """Tell whether a browser asks for a page to show, and not for a part of one."""
    path = scope["path"].removeprefix(cookies.base()).strip("/").partition("/")[0]
    accepted = Headers(scope=scope).get("accept", "")
    return scope["method"] == "GET" and path not in FILES and "text/html" in accepted


async def _is_teacher(asked: HTTPConnection) -> bool:
    """Tell whether a teacher asks; only then is the database needed."""
    token = asked.cookies.get(cookies.TEACHER)
    return token is not None and await run_in_threadpool(_teaches, token)


def _teaches(token: str) -> bool:
    from core.classroom import teachers

    try:
        return teachers.is_teacher(token)
    except ClassroomUnavailable:
        return False
