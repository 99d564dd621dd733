"""The server around the pages: its start and its end, its routes, and what stands before them.

``streamlit run`` finds the ``st.App`` in ``streamlit_app.py`` by reading the file, and then serves
it by another way than a plain script. What that means in Streamlit 1.67:

- The same for both: address and port with their errors and the search for a free port, the path
  below which the app is, certificates, limits of uploads and messages, pings of the websocket, XSRF
  and CORS, static files, health, secrets, what is printed at the start, every option of
  ``config.toml`` and of the command line, and how scripts run (``__name__`` is ``"__main__"``).
- A browser is opened for a plain script only, and only without ``server.headless``, which we set.
- The address is printed before the app is loaded, a moment before it answers; connections wait.
- A signal ends a plain script's server in order. For an app, Uvicorn sends itself the signal again
  once it has ended, which kills the process before anything registered with ``atexit`` has run:
  trainings would lose what they did since their last checkpoint. ``lifespan`` mends that. It also
  takes Ctrl-\\ and Ctrl-Break, as for a plain script, which Uvicorn leaves to the system.
- Secrets become environment variables while the app is built, after this module is imported. So
  nothing here reads our settings before ``lifespan`` begins.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import Route

from core.errors import AtelierError, ClassroomUnavailable, SettingsError
from core.processes import ending
from core.settings import settings
from pages.session import cookies, doors, files, weights
from pages.session.crowd import Crowd

FIRST = 3.0  # seconds after the start: the first page goes before what nobody waits for
READY = 8.0  # by then the spare worker has loaded, which the first run waits for


def routes() -> list[Route]:
    """Return the routes beside Streamlit's."""
    return [*doors.routes(), *files.routes(), *weights.routes()]


def middleware() -> list[Middleware]:
    """Return what every request passes first."""
    return [Middleware(Crowd)]


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Do what belongs to the server's start, and to its end."""
    _end_in_order()
    background = [asyncio.create_task(each) for each in (_look_after_classes(), _get_ready())]
    yield
    for task in background:
        task.cancel()
    ending.undisturbed()


def _end_in_order() -> None:
    """Let a signal stop the server, and the process end as if it had done so by itself."""
    # Uvicorn hands its server to nobody, but has it told by signals while it runs.
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):  # or another server runs the app, and knows best

        def stop() -> None:
            server.should_exit = True

        ending.when_asked(stop)


async def _look_after_classes() -> None:
    """Print the teacher's link, and begin to delete classes whose time is over."""
    await asyncio.sleep(FIRST)
    await asyncio.to_thread(_begin)


async def _get_ready() -> None:
    """Load what the first visitors of Explore and Evaluate would wait a second for each."""
    await asyncio.sleep(READY)
    await asyncio.to_thread(_load)


def _load() -> None:
    from core.datasets import SPLITS, fashion_mnist
    from core.evaluation.report import get_ready

    try:
        for split in SPLITS:
            fashion_mnist.SPEC.load(split)
    except AtelierError as error:  # the page that needs it says so, too
        logging.getLogger(__name__).warning("%s", error)
    get_ready()


def _begin() -> None:
    from core.classroom import upkeep

    log = logging.getLogger(__name__)
    try:
        _print_link()
    except ClassroomUnavailable as error:
        log.warning("There is no teacher's link: %s", error)
    except SettingsError as error:  # every page says so, too
        log.warning("%s", error)
        return
    upkeep.start()


def _print_link() -> None:
    url = _url()
    if settings().teacher_token is None:
        from core.classroom import lesson

        told = lesson.link_told(url)
    else:  # who chose it knows it, and a log may be read by others
        told = f"  Teacher's link: {url}/teach/ and the ATELIER_TEACHER_TOKEN of this server"
    sys.stdout.write(f"{told}\n\n")
    sys.stdout.flush()


def _url() -> str:
    """Return the address that the printed link begins with."""
    from core.classroom import links

    told = settings().url
    # In a container or behind a proxy, no address of this computer is the right one.
    named = os.environ.get("STREAMLIT_BROWSER_SERVER_ADDRESS")
    address = named or st.get_option("server.address") or ""
    return told or links.url_of(address, st.get_option("server.port"), cookies.base())
