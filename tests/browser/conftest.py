"""A server of the tests' own and a Chromium that watches for errors and for requests elsewhere."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from core.settings import ROOT

CHROMIUM = "/usr/bin/chromium"
VIEWPORTS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        # Phones call themselves mobile; that is how the first page is drawn in their size.
        "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/150.0.0.0 Mobile Safari/537.36",
    },
}
TEACHERS_TOKEN = "a-teachers-token-for-the-tests-of-a-class"
PATIENCE = 120_000  # ms that Playwright waits for anything; the machine may be busy

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Server:
    """A running app: where it is, the folder it writes to, and what it printed."""

    url: str
    home: Path
    log: Path


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(
    folder: Path, port: int | None = None, *, path: str = "", **variables: str
) -> Iterator[Server]:
    """Run the app, with all that it writes in ``folder``.

    Args:
        folder: takes ``home`` and ``server.log``.
        port: to listen at; by default a free one.
        path: below which the app is, such as ``/atelier``.
        variables: of the environment.
    """
    port = port or free_port()
    server = Server(f"http://localhost:{port}{path}", folder / "home", folder / "server.log")
    variables = {
        "ATELIER_HOME": str(server.home),
        "STREAMLIT_SERVER_BASE_URL_PATH": path,
    } | variables
    with server.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"],
            cwd=ROOT,
            env=os.environ | variables,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(server: Server, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5).close()
            return
        time.sleep(0.1)
    pytest.fail(f"The server did not start. It printed:\n{server.log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all tests that need no fresh one."""
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def fresh_server(tmp_path: Path) -> Callable[[], AbstractContextManager[Server]]:
    """Return a function that runs a server that nobody has asked anything yet."""
    return lambda: serve(tmp_path)


# Not of the session: while Playwright runs, the main thread has a running event loop, which tests
# of other folders need not expect.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the browser; without it tests are skipped, but fail where CI should have it."""
    path = shutil.which("chromium") or CHROMIUM
    if not Path(path).exists():
        reason = "There is no Chromium: install Debian's package chromium."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        options = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            # A proxy of the tests has a certificate of their own. With ``ignore_https_errors`` of a
            # context instead, each connection fails first and is tried again, and under load a
            # file came back as ERR_TOO_MANY_RETRIES.
            "--ignore-certificate-errors",
        ]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server of its own for a file of tests, whose teacher's token is known."""
    with serve(tmp_path_factory.mktemp("school"), ATELIER_TEACHER_TOKEN=TEACHERS_TOKEN) as server:
        yield server


@dataclass
class Visitor:
    """One person's browser on one server: a page, and what went wrong on it.

    Attributes:
        page: for Playwright.
        url: of the server.
        problems: errors on the console and requests to other hosts; a test with any fails.
    """

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Watch the page."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"{error.stack}"))
        self.page.on("request", lambda request: self._on_request(request.url))

    def open(self, path: str) -> None:
        """Go to an address of the app and wait until the page has been drawn."""
        self.page.goto(f"{self.url}/{path}")
        self.page.locator("h1").wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until the server has answered what the page asked of it."""
        self.page.wait_for_timeout(150)  # until the page has asked
        self.page.locator('[data-test-script-state="notRunning"]').first.wait_for()

    def go(self, title: str) -> None:
        """Go to a page by the navigation, which a phone hides behind a button."""
        if self.is_phone:
            self.page.get_by_test_id("stExpandSidebarButton").click()
        link = self.page.get_by_test_id("stSidebarNavLink")
        link.filter(has_text=re.compile(rf"{title}$")).click()  # "Class" is in "Classify"
        self.page.get_by_role("heading", name=title, level=1, exact=True).wait_for()
        if self.is_phone:  # the navigation closes by itself
            self.page.get_by_test_id("stExpandSidebarButton").wait_for()
        self.settle()

    def button(self, label: str) -> Locator:
        """Return the page's button; Streamlit itself has a "Stop" and several "Open"."""
        return self.page.get_by_test_id("stButton").get_by_role("button", name=label, exact=True)

    def state(self, word: str) -> Locator:
        """Return the badge that says so of the run that is open (the list below has more)."""
        return self.page.locator(".stMarkdownBadge", has_text=word).first

    @property
    def is_phone(self) -> bool:
        """Whether the page is as narrow as a phone."""
        size = self.page.viewport_size
        return size is not None and size["width"] < 500

    def fits(self) -> bool:
        """Tell whether nothing sticks out to the right."""
        return bool(self.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # Streamlit looks for its server under a page's path first, which a deep link makes a 404.
        expected = message.location.get("url", "").endswith(
            ("/_stcore/health", "/_stcore/host-config")
        )
        if message.type == "error" and not expected:
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_request(self, url: str) -> None:
        own = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:")
        if not url.startswith(own):
            self.problems.append(f"request to {url[:200]}")


NewVisitor = Callable[..., Visitor]
Scheme = Literal["dark", "light"]


@pytest.fixture
def new_visitor(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[NewVisitor]:
    """Return a function that opens a browser of its own, with its own cookies, on a server."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []
    request.node.visitors = visitors

    def new_visitor(server: Server, width: str = "desktop", scheme: Scheme = "light") -> Visitor:
        context = chromium.new_context(
            **VIEWPORTS[width],
            color_scheme=scheme,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        visitors.append(Visitor(context.new_page(), server.url))
        request.node.server_logs = {*getattr(request.node, "server_logs", ()), server.log}
        return visitors[-1]

    yield new_visitor
    for context in contexts:
        context.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []


@pytest.fixture(params=VIEWPORTS)
def visitor(request: pytest.FixtureRequest, server: Server, new_visitor: NewVisitor) -> Visitor:
    """Return a visitor of the common server, at a desk and with a phone."""
    return new_visitor(server, request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failed test's report where its screenshots are, and what the server printed."""
    report = yield
    if report.when == "call" and report.failed:
        for number, visitor in enumerate(getattr(item, "visitors", ())):
            if visitor.page.is_closed():
                continue
            path = Path(str(item.funcargs["tmp_path"])) / f"failed-{number}.png"
            visitor.page.screenshot(path=path, full_page=True)
            report.sections.append(("screenshot", f"{path} shows {visitor.page.url}"))
        for log in getattr(item, "server_logs", ()):
            report.sections.append((f"{log}, its end", log.read_text(encoding="utf-8")[-4000:]))
    return report
