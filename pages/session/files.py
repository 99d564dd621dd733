"""The way out for files that were made aside: from the disk to the browser, a block at a time.

``/file/TOKEN/NAME`` sends the file of ``core.export.aside`` with this token, which nobody can
guess, under a name of ours. A page hands the address to whom the file was made for.
"""

import re

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.export import aside
from pages.session import cookies, plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_GONE = "Files are kept for an hour. Go back to the page and make this one again."


def routes() -> list[Route]:
    """Return the route, below the path that the app has."""
    path = f"{cookies.base()}/file/{{token}}/{{name}}"
    return [Route(path, _send, methods=["GET"])]


def address_of(token: str, name: str) -> str:
    """Return the address of a file, as a page of the app has to write it."""
    return f"{cookies.base()}/file/{token}/{name}"


async def _send(request: Request) -> Response:
    path, name = aside.find(request.path_params["token"]), request.path_params["name"]
    if path is None or not _NAME.fullmatch(name):
        return plain.gone("This file is gone", _GONE)
    return FileResponse(
        path, media_type="application/octet-stream", filename=name, headers=plain.HEADERS
    )
