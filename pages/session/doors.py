"""The ways into a class and out of it that a script cannot offer: redirects and hidden cookies.

| address | what it does |
| --- | --- |
| ``/join/CODE`` | opens the page Class with the code filled in |
| ``/enter/TICKET`` | gives the browser what the ticket is for: a member's or a teacher's cookie |
| ``/teach/TOKEN`` | the teacher's link: gives the browser a teacher's cookie |
| ``/leave`` | ends the member's place in this browser |
| ``/leave/teacher`` | ends the teacher's session in this browser |

All lead to the page Class, and to nothing else: where an address leads is written here, and never
taken from what somebody sent. Only a form (POST) changes anything. Asked for as a link, the ways in
answer with a page that sends the form (``pages.session.plain.passing``), the ways out with nothing:
no other site can lead anybody out. What went wrong is told as one of the words of
``pages.words.doors``, which the page turns into a sentence.
"""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import ClassroomRefused, ClassroomUnavailable
from pages.session import browser, cookies, plain

CLASS = "/classroom"

Door = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """Return the routes, below the path that the app has."""
    doors: dict[str, Door] = {
        "/join": _join,
        "/join/{code:path}": _join,
        "/enter/{ticket:path}": _door(_enter, "Opening your class"),
        "/teach/{token:path}": _door(_teach, "Opening the teacher's pages"),
        "/leave": _door(_leave),
        "/leave/teacher": _door(_leave_teaching),
    }
    methods = ["GET", "POST"]
    return [Route(f"{cookies.base()}{path}", door, methods=methods) for path, door in doors.items()]


def _door(action: Callable[[Request], Response], title: str = "") -> Door:
    """Return what answers a form with an action.

    Args:
        action: asks the database.
        title: of the page that sends the form for whoever follows a link; without one, a link
            does nothing.
    """

    async def door(request: Request) -> Response:
        if request.method == "POST":
            return await run_in_threadpool(action, request)
        if not title:
            return _to_class()
        return plain.passing(title, "Continue", f"{cookies.base()}{CLASS}")

    return door


async def _join(request: Request) -> Response:
    code = "".join(each for each in request.path_params.get("code", "") if each not in " -")
    if len(code) == 6 and code.isascii() and code.isalpha():
        return _to_class(code=code.upper())
    return _to_class(problem="code")


def _enter(request: Request) -> Response:
    from core.classroom import joining

    try:
        redeemed = joining.redeem(request.path_params["ticket"])
    except ClassroomRefused:
        return _to_class(problem="ticket")
    except ClassroomUnavailable:
        return _to_class(problem="database")
    response = _to_class(entered=redeemed.kind)
    name = cookies.TEACHER if redeemed.kind == "teacher" else cookies.MEMBER
    cookies.keep(response, request, name, redeemed.token, redeemed.expires - time.time())
    return response


def _teach(request: Request) -> Response:
    from core.classroom import guesses, teachers

    try:
        guesses.TEACHERS.check(_asker(request))
    except ClassroomRefused:
        return _to_class(problem="wait")
    try:
        token = teachers.check(request.path_params["token"], asker=_asker(request))
    except ClassroomRefused:
        return _to_class(problem="teacher")
    except ClassroomUnavailable:
        return _to_class(problem="database")
    response = _to_class(entered="teacher")
    cookies.keep(response, request, cookies.TEACHER, token, teachers.SESSION_SECONDS)
    return response


def _leave(request: Request) -> Response:
    from core.classroom import joining

    return _end(request, cookies.MEMBER, joining.leave)


def _leave_teaching(request: Request) -> Response:
    from core.classroom import teachers

    return _end(request, cookies.TEACHER, teachers.end_session)


def _end(request: Request, name: str, end: Callable[[str], None]) -> Response:
    """End what a cookie stands for, and the cookie."""
    if not _is_own(request):
        return _to_class(problem="elsewhere")
    token = request.cookies.get(name)
    if token:
        try:
            end(token)
        except ClassroomUnavailable:
            # The cookie stays: else the next person at this browser would be rid of it, but the
            # token would go on.
            return _to_class(problem="database")
    response = _to_class()
    cookies.keep(response, request, name, "", 0)
    return response


def _asker(request: Request) -> str:
    """Return what tells one who guesses from another: no address is kept anywhere."""
    return request.cookies.get(browser.COOKIE, "")[:64]


def _is_own(request: Request) -> bool:
    """Tell whether a form was sent by a page of ours, as far as the browser says."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _to_class(**words: str) -> RedirectResponse:
    """Return the way to the page Class. See Other: the browser asks for it without the form."""
    query = f"?{urlencode(words)}" if words else ""
    return RedirectResponse(f"{cookies.base()}{CLASS}{query}", 303, plain.HEADERS)
