"""The way out for the weights of a network that a browser lays open: once, beside the websocket.

``/weights/RUN/MEMBER/PROOF`` sends them as float32, one after the other. The proof is what a page
hands to those who may look at the run. Nobody can guess one, it is of the network that the run has
now, and it lasts until the server ends; so a browser may keep what it got.
"""

import hashlib
import hmac
import secrets

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import runs
from core.errors import AtelierError
from core.networks import browser
from core.runs.analysis import stamp_of
from pages.session import cookies, plain

_KEPT = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
}
_SECRET = secrets.token_bytes(32)


def routes() -> list[Route]:
    """Return the route, below the path that the app has."""
    path = f"{cookies.base()}/weights/{{run}}/{{member}}/{{proof}}"
    return [Route(path, _send, methods=["GET"])]


def address_of(run: runs.Run, member: int = 0) -> str:
    """Return the address of a network's weights, for a page of the app to hand on.

    Args:
        run: that the visitor may see.
        member: which of the networks that answer together, from 0.

    Raises:
        ModelUnavailable: the run has no network.
    """
    return f"/weights/{run.id}/{member}/{_proof(run, member)}"


def _proof(run: runs.Run, member: int) -> str:
    told = f"{run.id}/{member}/{stamp_of(run)}"
    return hmac.new(_SECRET, told.encode(), hashlib.sha256).hexdigest()


async def _send(request: Request) -> Response:
    found = await run_in_threadpool(_read, **request.path_params)
    if found is None:
        return plain.gone("These weights are gone", "Load the page that asked for them again.")
    return Response(found, media_type="application/octet-stream", headers=_KEPT)


def _read(run: str, member: str, proof: str) -> bytes | None:
    if not (member.isascii() and member.isdigit() and len(member) <= 2 and proof.isascii()):
        return None
    try:
        found = runs.read(run)
        if not hmac.compare_digest(proof, _proof(found, int(member))):
            return None
        return browser.weights_file(found, int(member))
    except AtelierError:  # the run is gone, or its network
        return None
