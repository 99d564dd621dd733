"""The way out for what a browser needs of a network that it lays open, beside the websocket.

``/weights/RUN/MEMBER/PROOF`` sends the weights as float32, one after the other, and
``/weights/RUN/MEMBER/PROOF/LAYER/PART`` the images that excite one part most, as JSON. The proof is
what a page hands to those who may look at the run. Nobody can guess one, it is of the network that
the run has now, and it lasts until the server ends; so a browser may keep what it got.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import datasets, runs
from core.errors import AtelierError
from core.evaluation import reactions
from core.networks import browser
from core.runs.analysis import stamp_of
from core.tasks import pool as tasks
from pages.session import cookies, plain

_KEPT = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
}
_SECRET = secrets.token_bytes(32)


def routes() -> list[Route]:
    """Return the route, below the path that the app has."""
    path = f"{cookies.base()}/weights/{{run}}/{{member}}/{{proof}}"
    return [
        Route(path, _send, methods=["GET"]),
        Route(f"{path}/{{layer:int}}/{{part:int}}", _send_best, methods=["GET"]),
    ]


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


async def _send_best(request: Request) -> Response:
    found = await run_in_threadpool(_read_best, **request.path_params)
    if found is None:
        return plain.gone("These images are gone", "Load the page that asked for them again.")
    return JSONResponse(found, headers=_KEPT)


def _read(run: str, member: str, proof: str) -> bytes | None:
    try:
        found = _run_of(run, member, proof)
        return None if found is None else browser.weights_file(found, int(member))
    except AtelierError:  # the run is gone, or its network
        return None


def _read_best(run: str, member: str, proof: str, layer: int, part: int) -> dict[str, Any] | None:
    """Return the images that excite a part most: pixels, index, row and column of the peak."""
    try:
        found = _run_of(run, member, proof)
        path = None if found is None else tasks.result(reactions.NAME, found)
        if found is None or found.config is None or path is None:
            return None
        told = reactions.read_reactions(path, int(member)).layers.get(layer)
        train = datasets.load(found.config.dataset, "train")
        if told is None or part >= len(told.best):
            return None
        best = [each for each in told.best[part].tolist() if 0 <= each[0] < len(train.labels)]
    except AtelierError:
        return None
    return {
        "best": [
            {
                "pixels": base64.b64encode(train.images[index].tobytes()).decode(),
                "index": index,
                "label": int(train.labels[index]),
                "row": row,
                "column": column,
            }
            for index, row, column in best
        ]
    }


def _run_of(run: str, member: str, proof: str) -> runs.Run | None:
    """Return the run if the proof is of it; raises AtelierError if it or its network is gone."""
    if not (member.isascii() and member.isdigit() and len(member) <= 2 and proof.isascii()):
        return None
    found = runs.read(run)
    return found if hmac.compare_digest(proof, _proof(found, int(member))) else None
