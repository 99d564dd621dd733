"""The pictures of the README, taken anew: ``python -m core benchmark screenshots``.

Starts a server of its own with an empty ``ATELIER_HOME``, trains there, and drives it with Debian's
chromium. What a run becomes outside, a web page and a notebook, is opened from the disk: the page
of the bundled model, and the notebook of a small training, executed. Needs
``requirements-dev.txt``. Look at what it took before it goes into the README.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Locator, Page

from benchmarks._browser import chromium
from benchmarks._notebook import as_page, executed
from benchmarks._server import server
from core import runs
from core.export import making
from core.export.formats import find
from core.settings import ROOT

DONE = '[data-test-script-state="notRunning"]'
DRESS = [  # its lines, in shares of the canvas
    [(0.38, 0.1), (0.4, 0.2), (0.5, 0.25), (0.6, 0.2), (0.62, 0.1)],
    [(0.38, 0.1), (0.35, 0.28), (0.4, 0.45), (0.26, 0.9), (0.5, 0.93), (0.74, 0.9), (0.6, 0.45)],
    [(0.6, 0.45), (0.65, 0.28), (0.62, 0.1)],
    [(0.4, 0.45), (0.5, 0.47), (0.6, 0.45)],
]


def new_page(browser: Browser, height: int, scheme: Literal["light", "dark"]) -> Page:
    """Return a page of a new visitor, 1,280 px wide."""
    return browser.new_page(viewport={"width": 1280, "height": height}, color_scheme=scheme)


def settle(page: Page) -> None:
    """Wait until nothing has moved for a moment."""
    page.wait_for_selector(DONE)
    page.get_by_text("Loading the network").wait_for(state="hidden")
    page.wait_for_timeout(1500)
    page.wait_for_selector(DONE)
    page.mouse.move(1279, 300)


def train(page: Page, address: str) -> None:
    """A network in the middle of its training."""
    page.goto(f"{address}/train?architecture=long-sprint-cnn")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("Epoch 7 of").first.wait_for(timeout=300_000)
    page.mouse.wheel(0, -2000)
    page.wait_for_timeout(500)
    page.mouse.move(1279, 300)


def explore(page: Page, address: str) -> None:
    """The map, with the image at the pointer."""
    page.goto(f"{address}/explore?view=map")
    settle(page)
    plot = page.locator(".embedding-map canvas, canvas").first
    box = plot.bounding_box()
    assert box is not None
    for share in (0.30, 0.33, 0.36):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.45 * box["height"])
        page.wait_for_timeout(700)


def evaluate(page: Page, address: str) -> None:
    """The confusion matrix, with the images of a cell."""
    page.goto(f"{address}/evaluate?run=bundled&view=confusion&cell=0-6")
    settle(page)


def draw(page: Page, canvas: Locator | None = None) -> None:
    """Draw a dress on the canvas, line by line, as one does."""
    of_the_app, canvas = canvas is None, canvas or page.locator("canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for line in DRESS:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y, steps=8)
        page.mouse.up()
        if of_the_app:
            settle(page)


def classify(page: Page, address: str) -> None:
    """A drawing and its answer."""
    page.goto(f"{address}/classify?from=draw")
    settle(page)
    draw(page)


def home(page: Page, address: str) -> None:
    """The first page, which has answered already."""
    page.goto(address)
    settle(page)
    draw(page)


def web_page(page: Page, address: str) -> None:
    """The bundled model as one file, opened from the disk without a network."""
    page.context.set_offline(True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_bytes(making.make(find("page"), runs.read(runs.BUNDLED)))
        page.goto(path.as_uri())
        draw(page, page.locator("#drawing"))
        page.wait_for_timeout(1500)


def notebook(page: Page, address: str) -> None:
    """The notebook of a run, executed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "core"]
        process = subprocess.run(
            [*command, "train", "--architecture", "mlp", "--epochs", "5", "--json"],
            cwd=ROOT,
            env=os.environ | {"ATELIER_HOME": str(folder / "home")},
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        )
        run = json.loads(process.stdout)["run"]
        subprocess.run(
            [*command, "export", run, "--format", "notebook", "--to", folder / "notebook.zip"],
            cwd=ROOT,
            env=os.environ | {"ATELIER_HOME": str(folder / "home")},
            check=True,
        )
        shutil.unpack_archive(folder / "notebook.zip", folder)
        done = executed(folder / "train.ipynb", folder / "keras")
        html = as_page(done, first="## Network", last="plt.subplots")
        (folder / "notebook.html").write_text(html, encoding="utf-8")
        page.goto((folder / "notebook.html").as_uri())
        page.wait_for_timeout(500)


PICTURES: dict[str, tuple[Callable[[Page, str], None], int, Literal["light", "dark"]]] = {
    "train": (train, 860, "light"),
    "explore": (explore, 1000, "light"),
    "evaluate": (evaluate, 1000, "light"),
    "classify": (classify, 960, "light"),
    "home-dark": (home, 800, "dark"),
    "web-page": (web_page, 770, "light"),
    "notebook": (notebook, 1080, "light"),
}


def main() -> None:
    """Take all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], help=", ".join(PICTURES))
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        server(Path(folder)) as app,
    ):
        for name in options.names or PICTURES:
            show, height, scheme = PICTURES[name]
            page = new_page(browser, height, scheme)
            page.set_default_timeout(120_000)
            show(page, app.address)
            page.screenshot(path=options.folder / f"{name}.png")
            page.close()


if __name__ == "__main__":
    main()
