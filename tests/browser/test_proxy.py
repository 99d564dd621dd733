"""Atelier behind nginx and Caddy, with the configurations of docs/DEPLOY.md, word for word.

Only names, ports and the places of the certificate are others, and, to see what that does, the
limits that the document speaks of.
"""

import io
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from conftest import Server, Visitor, free_port, serve
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Page, WebSocket, expect

from core.classroom import classes, database, joining
from core.classroom.people import SERVER
from core.jobs import Engine
from core.settings import ROOT
from pages.views.home.server import next_run
from pages.widgets.upload_words import WORDS

pytestmark = pytest.mark.browser

HOST = "atelier.localhost"  # browsers find every name below localhost on this machine
PATH = "/atelier"
IDLE = 65  # seconds; nginx cuts off what is silent for 60
PAGES = {
    "Explore": "explore",
    "Train": "train",
    "Runs": "runs",
    "Evaluate": "evaluate",
    "Inside": "inside",
    "Class": "classroom",
    "Classify": "classify",  # the last: something is uploaded there
}
ANSWER = re.compile("^(It is:|Best guess:|Probably none) ")
SECTION = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
SECTION = SECTION.partition("## Behind a reverse proxy\n")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    """Return the configurations in the document's section."""
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


def changed(text: str, changes: dict[str, str]) -> str:
    """Return a configuration with changes, all of which must have something to change."""
    for old, new in changes.items():
        assert old in text, f"docs/DEPLOY.md has no {old!r} there"
        text = text.replace(old, new)
    return text


def program(name: str) -> str:
    """Return where a program is.

    Without it tests are skipped, but fail where CI should have it.
    """
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        reason = f"There is no {name}: install Debian's package {name}."
        if os.environ.get("CI") and name != "caddy":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


class App:
    """The app as a process that can be stopped and started anew at the same port."""

    def __init__(self, folder: Path, **variables: str) -> None:
        """Start it; all of them have one ``home`` in ``folder``."""
        self.port = free_port()
        self._folder, self._variables = folder, variables
        self._stack = ExitStack()
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        running = serve(self._folder, self.port, path=PATH, **self._variables)
        self.server = self._stack.enter_context(running)

    def stop(self) -> None:
        """End the process in order."""
        self._stack.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate."""
    folder = tmp_path_factory.mktemp("proxy")
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", "atelier.key", "-out", "atelier.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    """Run the first process of the app."""
    program("nginx")
    app = App(folder)
    yield app
    app.stop()


@pytest.fixture(scope="module")
def second(app: App, folder: Path) -> Iterator[App]:
    """Run a second process of the app on the same folder, for frames of other sites."""
    second = App(folder, STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE="none", ATELIER_WARM_SPARE="0")
    yield second
    second.stop()


@pytest.fixture(scope="module")
def proxied(folder: Path) -> Iterator[Callable[..., Server]]:
    """Return a function that runs nginx or Caddy and returns the app's address there."""
    with ExitStack() as stack:

        def proxied(kind: str, text: str, *apps: App, **changes: str) -> Server:
            port, start = free_port(), {"nginx": nginx, "caddy": caddy}[kind]
            text = changed(
                text,
                {f"127.0.0.1:{8501 + n}": f"127.0.0.1:{app.port}" for n, app in enumerate(apps)},
            )
            process = start(folder, port, changed(text, changes))
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            server = Server(f"https://{HOST}:{port}{PATH}", folder / "home", folder / "server.log")
            wait_until_there(server, process)
            return server

        yield proxied


def nginx(folder: Path, port: int, text: str) -> "subprocess.Popen[bytes]":
    """Run nginx with a configuration, and with what Debian's own file has around it."""
    text = changed(
        text,
        {
            "listen 443 ssl": f"listen {port} ssl",
            "atelier.example.org": HOST,
            "/etc/ssl/certs/atelier.pem": str(folder / "atelier.pem"),
            "/etc/ssl/private/atelier.key": str(folder / "atelier.key"),
        },
    )
    own = folder / f"nginx-{port}"
    own.mkdir()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {own}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""  # the folder of the tests is root's alone
    file = own / "nginx.conf"
    file.write_text(
        f"{user}daemon off;\npid {own}/pid;\nerror_log {own}/error.log;\nevents {{}}\n"
        "http {\nlog_format of_tests '$request_uri $upstream_addr';\n"
        f"access_log {own}/access.log of_tests;\n{temporary}\n{text}\n}}\n"
    )
    return subprocess.Popen([program("nginx"), "-p", own, "-c", file, "-e", own / "error.log"])


def caddy(folder: Path, port: int, text: str) -> "subprocess.Popen[bytes]":
    """Run Caddy with a configuration; the certificate is ours, as no name here is public.

    Without HTTP/3, for which browsers insist on a certificate that they know.
    """
    first = "atelier.example.org {\n"
    certificate = f"    tls {folder}/atelier.pem {folder}/atelier.key\n"
    file = folder / "Caddyfile"
    file.write_text(
        "{\nadmin off\nauto_https disable_redirects\nservers {\nprotocols h1 h2\n}\n}\n"
        + changed(text, {first: f"{HOST}:{port} {{\n{certificate}"})
    )
    return subprocess.Popen(
        [program("caddy"), "run", "--adapter", "caddyfile", "--config", file],
        env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        stderr=subprocess.DEVNULL,
    )


def wait_until_there(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a proxy listens."""
    port = int(re.search(r":(\d+)", server.url)[1])
    for _ in range(200):
        assert process.poll() is None, "the proxy does not take its configuration"
        try:
            urllib.request.urlopen(f"http://localhost:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return  # "you speak HTTP to a port of HTTPS"
        except OSError:
            time.sleep(0.1)
    pytest.fail("The proxy does not listen.")


@pytest.fixture(scope="module")
def site(app: App, proxied: Callable[..., Server]) -> Server:
    """Return the app's address at nginx."""
    return proxied("nginx", blocks("nginx")[0], app)


@dataclass(frozen=True)
class IdlePage:
    """A page that nobody touches, with its websockets, since a time of the monotonic clock."""

    page: Page
    sockets: list[WebSocket]
    since: float


@pytest.fixture(scope="module", autouse=True)
def idle_page(site: Server, chromium: Browser) -> Iterator[IdlePage]:
    """Open a page at an nginx of whose time limits nothing is said."""
    assert "timeout" not in "".join(blocks("nginx")), "the limit of 60 seconds is to be tried"
    context = chromium.new_context()
    page, sockets = context.new_page(), []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto(f"{site.url}/explore")
    expect(page.get_by_text("60,000 images")).to_be_visible()
    yield IdlePage(page, sockets, time.monotonic())
    context.close()


def noise(side: int) -> bytes:
    """Return a picture, of 3 bytes a pixel, which no format makes smaller."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def upload(within: Page | FrameLocator, name: str, content: bytes) -> None:
    """Choose a file in a page, or in a frame of one."""
    within.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def upload_arrives(within: Page | FrameLocator) -> None:
    """Upload a file that no network has to be loaded for, and wait for the answer to it."""
    upload(within, "notes.png", b"These are my notes.")
    expect(within.get_by_text("“notes.png” is not a picture")).to_be_visible()


def forgive(visitor: Visitor, status: int) -> None:
    """Take the refusals that a test has seen to be expected off the visitor's list."""
    words = (f"status of {status}", f"status code {status}")
    kept = [each for each in visitor.problems if not any(word in each for word in words)]
    visitor.problems[:] = kept


def test_all_pages_by_navigation_and_by_link_with_all_their_files(site, new_visitor):
    visitor = new_visitor(site)  # who fails on a request to anywhere but below the path
    visitor.open("")
    for title, address in PAGES.items():
        visitor.go(title)
        expect(visitor.page).to_have_url(re.compile(f"^{site.url}/{address}"))
    assert {
        each["path"] for each in visitor.page.context.cookies() if "atelier" in each["name"]
    } == {f"{PATH}/"}
    fonts = "[...document.fonts].some(font => font.family === 'Inter' && font.status === 'loaded')"
    assert visitor.page.evaluate(fonts)

    phone = new_visitor(site, "phone", "dark")
    phone.page.goto(f"https://{HOST}:{site.url.split(':')[2].split('/')[0]}{PATH}")  # no slash
    expect(phone.page.get_by_role("heading", name="Atelier", level=1)).to_be_visible()
    for title, address in PAGES.items():
        phone.open(address)
        expect(phone.page.get_by_role("heading", name=title, level=1, exact=True)).to_be_visible()
    phone.open("explore?image=4242")
    expect(phone.page.get_by_text(re.compile("4,?242")).first).to_be_visible()
    assert phone.fits()


def test_a_class_is_entered_with_a_cookie_for_https_and_the_path_alone(app, site, new_visitor):
    own = database.Database(f"sqlite:///{app.server.home / 'classroom.db'}")
    before = database.use(own)
    joined = joining.join(classes.open_class(SERVER, "Behind a proxy").code)
    ticket = joining.ticket(joined.token)
    database.use(before)
    own.close()
    visitor = new_visitor(site)
    visitor.page.goto(f"{site.url}/enter/{ticket}")
    visitor.page.wait_for_url(re.compile(f"^{site.url}/class"))
    (cookie,) = (each for each in visitor.page.context.cookies() if each["name"] == "atelier_class")
    assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert cookie["path"] == f"{PATH}/" and cookie["domain"] == HOST
    visitor.settle()
    visitor.problems.clear()


def test_an_upload_as_large_as_a_photo_arrives(site, new_visitor):
    visitor = new_visitor(site)
    visitor.open("classify")
    upload(visitor.page, "photo.png", noise(1000))
    expect(visitor.page.get_by_text(ANSWER)).to_be_visible()
    visitor.settle()
    assert visitor.page.get_by_test_id("stFileUploader").get_by_role("alert").count() == 0


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_an_upload_above_the_limit_of_1_mb_is_a_sentence(app, proxied, new_visitor, width):
    small = proxied("nginx", blocks("nginx")[0].replace("client_max_body_size 200m;", ""), app)
    visitor = new_visitor(small, width)
    visitor.open("classify")
    upload(visitor.page, "photo.png", noise(1000))
    words = WORDS["413"].format(files="photo.png (3.0 MB)")
    expect(visitor.page.get_by_text(words)).to_be_visible()
    assert visitor.fits()
    upload(visitor.page, "small.png", noise(200))
    expect(visitor.page.get_by_text(ANSWER)).to_be_visible()

    visitor.open("classify?view=Several")
    visitor.page.locator("input[type=file]").first.set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": noise(side)}
            for name, side in (("a.png", 100), ("b.png", 1000), ("c.png", 1000))
        ]
    )
    expect(visitor.page.get_by_text(re.compile(r"^1 picture:"))).to_be_visible()
    words = WORDS["413"].format(files="b.png (3.0 MB) and c.png (3.0 MB)")
    expect(visitor.page.get_by_text(words)).to_be_visible()
    visitor.button("Clear all").click()
    expect(visitor.page.get_by_text(words)).to_have_count(0)
    forgive(visitor, 413)


@pytest.fixture
def embedded() -> Iterator[Callable[[Visitor], FrameLocator]]:
    """Return a function that opens the app in a frame of another site, as the document says."""
    bodies: list[str] = []

    class Course(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(bodies[-1].encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Course) as course:
        threading.Thread(target=course.serve_forever, daemon=True).start()
        address = f"http://course.localhost:{course.server_port}/"

        def embedded(visitor: Visitor) -> FrameLocator:
            frame = changed(blocks("html")[0], {f"https://atelier.example.org{PATH}": visitor.url})
            bodies.append(
                "<!doctype html><meta name=viewport content='width=device-width'>"
                "<link rel=icon href='data:,'>"
                "<style>iframe { width: 100%; height: 700px; border: 0 }</style>"
                f"<h1>Course</h1>{frame}"
            )
            visitor.page.goto(address)
            within = visitor.page.frame_locator("iframe")
            within.get_by_role("heading", name="Atelier", level=1).wait_for()
            visitor.problems.remove(f"request to {address}")
            return within

        yield embedded
        course.shutdown()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_all_pages_can_be_reached_in_a_frame(site, embedded, new_visitor, width):
    visitor = new_visitor(site, width)
    within = embedded(visitor)
    for title in PAGES:
        if visitor.is_phone:
            within.get_by_test_id("stExpandSidebarButton").click()
        link = within.get_by_test_id("stSidebarNavLink")
        link.filter(has_text=re.compile(rf"{title}$")).click()
        expect(within.get_by_role("heading", name=title, level=1, exact=True)).to_be_visible()
    within.locator('[data-test-script-state="notRunning"]').first.wait_for()
    upload(within, "small.png", noise(200))
    words = WORDS["403"].partition("{files}")[2]
    expect(within.get_by_text(words)).to_be_visible()
    forgive(visitor, 403)


def test_a_page_that_is_only_looked_at_is_not_cut_off(idle_page):
    """Before the test that stops the app; the tests before it take most of the time."""
    left = IDLE - (time.monotonic() - idle_page.since)
    idle_page.page.wait_for_timeout(max(0.0, left) * 1000)
    (socket,) = idle_page.sockets
    assert not socket.is_closed()


def test_a_page_comes_back_after_a_restart_and_its_training_goes_on(app, site, new_visitor):
    visitor = new_visitor(site)
    page = visitor.page
    visitor.open("train?epochs=50")
    page.evaluate("window.stayed = true")
    visitor.button("Train").click()
    expect(page.get_by_text(re.compile(r"^Epoch ([2-9]|\d\d) of 50"))).to_be_visible()
    points = "node => node.data?.[0]?.x?.length ?? 0"
    plot = page.locator(".js-plotly-plot").first
    before = plot.evaluate(points)
    page.wait_for_timeout(2000)
    assert plot.evaluate(points) > before > 0

    app.stop()
    expect(page.get_by_test_id("stConnectionStatus")).to_be_visible()
    app.start()
    expect(visitor.state("Interrupted")).to_be_visible()
    expect(page.get_by_test_id("stConnectionStatus")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    visitor.problems.clear()  # it missed its server, and said so

    visitor.button("Resume").click()
    expect(visitor.state("Training")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Epoch ([2-9]|\d\d) of 50"))).to_be_visible()
    visitor.button("Stop").click()
    expect(visitor.state("Stopped")).to_be_visible()
    assert page.evaluate("window.stayed"), "the page was loaded anew"


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_with_the_documents_setting_uploads_arrive_in_a_frame(
    second, proxied, embedded, new_visitor, kind
):
    single, frame = blocks(kind)[:2]
    pass_on = re.search(r" *(proxy_pass|reverse_proxy) .*\n", single)[0]
    whole = frame if kind == "caddy" else pass_on + frame
    server = proxied(kind, changed(single, {pass_on: whole}), second)
    within = embedded(new_visitor(server))
    within.get_by_test_id("stSidebarNavLink").filter(has_text="Classify").click()
    upload_arrives(within)


def test_several_processes_show_the_same_and_one_starts_the_runs(
    app, second, proxied, folder, new_visitor
):
    single, _, before, within = blocks("nginx")
    pass_on = re.search(r" *proxy_pass .*\n", single)[0]
    server = proxied("nginx", before + changed(single, {pass_on: within}), app, second)
    log = folder / f"nginx-{re.search(r':([0-9]+)', server.url)[1]}" / "access.log"
    at: dict[int, Visitor] = {}
    for _ in range(12):  # a browser's process is its cookie's
        visitor = new_visitor(server)
        if at:  # the same person with another browser
            known = next(iter(at.values())).page.context.cookies()
            own = [each for each in known if each["name"] == "atelier_visitor"]
            visitor.page.context.add_cookies(own)
        visitor.open("")
        visitor.page.get_by_text("About this server").click()
        upstream = re.findall(r"/host-config 127\.0\.0\.1:(\d+)$", log.read_text(), re.MULTILINE)
        if at.setdefault(int(upstream[-1]), visitor) is not visitor:
            visitor.page.close()
        if len(at) == 2:
            break
    assert at.keys() == {app.port, second.port}
    elsewhere = next_run(Engine(1, elsewhere=True))
    expect(at[app.port].page.get_by_text("0 training")).to_be_visible()
    expect(at[second.port].page.get_by_text("0 training")).to_be_visible()
    until = time.monotonic() + 60
    while not (others := [p for p, each in at.items() if each.page.get_by_text(elsewhere).count()]):
        assert time.monotonic() < until, "both start runs, or none does"
        next(iter(at.values())).page.wait_for_timeout(200)
    (port,) = others
    in_charge = app if port == second.port else second
    first, other = at[in_charge.port], at[port]

    other.open("train?epochs=50")
    other.button("Train").click()
    expect(other.page.get_by_text(re.compile(r"^Epoch \d+ of 50"))).to_be_visible()
    run = re.search(r"run=([^&]+)", other.page.url)[1]
    for visitor in (other, first):
        visitor.open("")
        visitor.page.get_by_text("About this server").click()
        expect(
            visitor.page.get_by_text(re.compile(r"^1 training .* waits for its"))
        ).to_be_visible()
    first.open(f"train?run={run}")
    expect(first.state("Training")).to_be_visible()
    expect(first.page.get_by_text(re.compile(r"^Epoch \d+ of 50"))).to_be_visible()
    # Pictures and uploads are in the memory of one process: the other would not find them.
    for visitor in (first, other):
        visitor.open("explore")
        visitor.go("Classify")
        upload_arrives(visitor.page)
        visitor.settle()
    first.open(f"train?run={run}")

    in_charge.stop()  # and its trainings with it
    expect(first.state("Interrupted")).to_be_visible()  # at the other process now
    first.problems.clear()
    first.button("Resume").click()
    expect(first.state("Training")).to_be_visible()
    first.button("Stop").click()
    expect(first.state("Stopped")).to_be_visible()
    first.page.close()
    in_charge.start()


def test_caddy_with_one_process_and_with_several(app, second, proxied, new_visitor):
    single, _, several = blocks("caddy")
    for text, apps in ((single, (app,)), (several, (app, second))):
        visitor = new_visitor(proxied("caddy", text, *apps))
        visitor.page.goto(visitor.url)  # without the slash
        for title in ("Explore", "Train", "Classify"):
            visitor.go(title)
        upload_arrives(visitor.page)
        visitor.settle()
