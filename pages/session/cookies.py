"""The cookies that the server sets, which scripts in the browser cannot read, and their path.

Those of a class are the browser's proof of who it is, and each ends with what it is for. The server
sets and ends them (``pages.session.doors``); pages read them (``pages.session.person``).
"""

import streamlit as st
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

MEMBER = "atelier_class"
TEACHER = "atelier_teacher"
PLACE = "atelier_place"  # of ``pages.session.crowd``: nothing but a place among the open pages


def base() -> str:
    """Return the path below which the app is: empty, or such as ``/atelier``."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def keep(response: Response, request: Request, name: str, value: str, seconds: float) -> None:
    """Have a response give the browser a cookie.

    Args:
        response: that takes it along.
        request: that it answers.
        name: of the cookie.
        value: which needs no quoting.
        seconds: until it ends; 0 ends it now.
    """
    response.raw_headers.append((b"set-cookie", setting(request, name, value, seconds)))


def setting(request: HTTPConnection, name: str, value: str, seconds: float | None = None) -> bytes:
    """Return the header that sets a cookie; without ``seconds`` it ends with the browser."""
    secure = is_https(request)
    parts = [f"{name}={value}", f"Path={base()}/"]
    if seconds is not None:
        parts.append(f"Max-Age={max(0, round(seconds))}")
    parts += ["HttpOnly", "Secure"] if secure else ["HttpOnly"]
    if secure and request.headers.get("sec-fetch-dest") == "iframe":
        # In the frame of another site, browsers keep only a cookie for that site's frames alone.
        parts += ["SameSite=None", "Partitioned"]
    else:
        parts.append("SameSite=Lax")
    return "; ".join(parts).encode("latin-1")


def is_https(request: HTTPConnection) -> bool:
    """Tell whether the browser came by HTTPS, to us or to a proxy that says so.

    Whoever claims it wrongly gets a cookie that their own browser does not send back.
    """
    claimed = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return request.url.scheme == "https" or claimed == "https"
