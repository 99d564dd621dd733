"""How fast data and mistakes are to be seen, in a real browser: ``python -m core benchmark views``.

Starts a server of its own with an empty ``ATELIER_HOME`` and drives it with Debian's chromium: 50
different views of Explore, the map, cells of the confusion matrix. Then what a run's evaluation of
10,000 images takes. Needs ``requirements-dev.txt``; run it on a machine that does nothing else.
CIFAR-10 takes part where it is on this machine. Memory is another benchmark's: ``memory``.
"""

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page

from benchmarks._browser import desk_page
from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks._server import server, train_two
from core import datasets, runs
from core.settings import ROOT, forget_settings

DONE = '[data-test-script-state="notRunning"]'
SEED = 7

# The labels of all tiles, wherever they are: components live in shadow roots.
TILES = """() => {
    const found = []
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.matches("button[aria-label*='image']")) found.push(element.ariaLabel)
            if (element.shadowRoot) look(element.shadowRoot)
        }
    }
    look(document)
    return found.join("\\n")
}"""


@dataclass
class Traffic:
    """What the server sends to a page, in bytes."""

    bytes: int = 0

    def watch(self, session: CDPSession) -> None:
        """Count what comes from now on, answers to requests as well as the websocket."""
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        session.on(
            "Network.webSocketFrameReceived",
            # Binary frames come as base64, which is longer by a third.
            lambda event: self._add(3 * len(event["response"]["payloadData"]) // 4),
        )

    def _add(self, count: float) -> None:
        self.bytes += int(count)


@dataclass
class Times:
    """Seconds and bytes of each time that something was done."""

    seconds: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    def row(self, what: str, goal: str) -> str:
        """Return a row of the table."""
        high = float(np.quantile(self.seconds, 0.95))
        sent = "–"
        if self.sent:
            sent = f"{statistics.median(self.sent) / 1e3:.0f} ({max(self.sent) / 1e3:.0f})"
        return (
            f"| {what} | {statistics.median(self.seconds):.2f} | {high:.2f} "
            f"| {max(self.seconds):.2f} | {sent} "
            f"| {len(self.seconds)} | {goal} |"
        )


class Visitor:
    """A browser page that is timed."""

    def __init__(self, page: Page, address: str) -> None:
        """Take a page that shows nothing yet."""
        self.page, self.address, self.traffic = page, address, Traffic()
        self.traffic.watch(page.context.new_cdp_session(page))

    def open(self, path: str) -> None:
        """Go to a page and wait until it has been drawn."""
        self.page.goto(f"{self.address}/{path}")
        self.page.locator("h1").wait_for()
        self.page.wait_for_timeout(300)
        self.page.locator(DONE).first.wait_for()
        self.page.wait_for_timeout(1000)

    def timed(self, click: Callable[[], None], times: Times) -> None:
        """Do something, and measure until other tiles than before are painted."""
        before = self.page.evaluate(TILES)
        sent, started = self.traffic.bytes, time.monotonic()
        click()
        self.page.wait_for_function(f"before => ({TILES})() !== before", arg=before, polling=10)
        times.seconds.append(time.monotonic() - started)
        self.page.locator(DONE).first.wait_for()
        self.page.wait_for_timeout(250)
        times.sent.append(self.traffic.bytes - sent)

    def choose(self, label: str, option: int, times: Times) -> bool:
        """Choose from the first options of a selectbox; return False if it is chosen already."""
        box = self.page.get_by_test_id("stSelectbox").filter(
            has=self.page.get_by_text(label, exact=True)
        )
        chosen = box.locator("input").input_value()
        entry = self.page.get_by_role("option").nth(option)
        while not entry.is_visible():  # a click on a box that has the focus only takes it away
            box.click()
            self.page.wait_for_timeout(500)
        if entry.inner_text().strip() == chosen:
            self.page.keyboard.press("Escape")
            return False
        self.timed(entry.click, times)
        return True


def explore(visitor: Visitor, count: int) -> Times:
    """Return the times of changes of class, order, split, page and data set, at random."""
    chance, times = random.Random(SEED), Times()
    page = visitor.page
    there = [name for name, spec in datasets.DATASETS.items() if spec.missing() is None]
    for name in there:  # both in memory, as on a server that somebody has used
        visitor.open(f"explore?dataset={name}&split=test")
        visitor.open(f"explore?dataset={name}")
    while len(times.seconds) < count:
        what = chance.choice(("class", "order", "split", "page", "page", "dataset"))
        if what == "class":
            visitor.choose("Class", chance.randrange(7), times)
        elif what == "order":
            visitor.choose("Order", chance.randrange(6), times)
        elif what == "dataset" and len(there) > 1:
            visitor.choose("Data set", chance.randrange(len(there)), times)
        elif what == "split":
            other = page.get_by_test_id("stButtonGroup").get_by_role("radio", checked=False)
            visitor.timed(other.filter(has_text="T").last.click, times)
        elif what == "page":
            visitor.timed(page.get_by_role("button", name="Next page").click, times)
    return times


def the_map(visitor: Visitor, count: int) -> tuple[Times, Times]:
    """Return the times from the click on Map to a map that answers the mouse: in words, then with
    pictures too, which come after it."""
    words, pictures = Times(), Times()
    page = visitor.page
    for _ in range(count):
        visitor.open("explore")
        sent, started = visitor.traffic.bytes, time.monotonic()
        page.get_by_role("radio", name="Map", exact=True).click()
        canvas = page.locator(".stage > canvas")
        canvas.wait_for()
        answered = False
        # Where the T-shirts are, on the map of Fashion-MNIST.
        for place in itertools.cycle(np.linspace(0.25, 0.35, 5)):
            box = canvas.bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + place * box["width"], box["y"] + 0.4 * box["height"])
            if not answered and page.locator(".tip").is_visible():
                words.seconds.append(time.monotonic() - started)
                answered = True
            if answered and page.locator(".tip canvas").is_visible():
                break
            if time.monotonic() - started > 30:
                raise RuntimeError("the map does not answer")
        pictures.seconds.append(time.monotonic() - started)
        page.locator(DONE).first.wait_for()
        page.wait_for_timeout(500)
        pictures.sent.append(visitor.traffic.bytes - sent)
    return words, pictures


def cells(visitor: Visitor, count: int) -> Times:
    """Return the times from a click on a cell of the confusion matrix to its images."""
    chance, times = random.Random(SEED), Times()
    visitor.open("evaluate")
    buttons = visitor.page.locator("button[aria-label^='True ']")
    buttons.first.wait_for()
    filled = [i for i, each in enumerate(buttons.all()) if each.inner_text().strip() != "·"]
    last = -1
    while len(times.seconds) < count:
        place = chance.choice(filled)
        if place == last or buttons.nth(place).get_attribute("aria-pressed") == "true":
            continue
        last = place
        visitor.timed(buttons.nth(place).click, times)
    return times


# In a process of its own, as the app does it: TensorFlow has to load.
ASK = """
from core import datasets, runs
from core.networks import Network, find
print(len(Network(find(runs.BUNDLED)).probabilities(
    datasets.load("fashion-mnist", "test").images)))
"""


def evaluation(count: int) -> tuple[Times, Times]:
    """Return the times to classify 10,000 images from nothing, and to read them from disk."""
    from core import evaluation as reading

    asked, read = Times(), Times()
    run = runs.read(runs.BUNDLED)
    reading.report_of(run)  # imports scikit-learn
    for _ in range(count):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, check=True, capture_output=True)
        asked.seconds.append(time.monotonic() - started)
        started = time.monotonic()
        reading.report_of(run)
        read.seconds.append(time.monotonic() - started)
    return asked, read


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=50, help="of Explore")
    parser.add_argument("--times", type=int, default=5, help="runs of what takes long")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, desk_page() as page:
        os.environ["ATELIER_HOME"] = folder
        forget_settings()
        train_two()
        with server(Path(folder)) as app:
            visitor = Visitor(page, app.address)
            views = explore(visitor, options.views)
            words, pictures = the_map(visitor, options.times)
            rows = [
                views.row("Explore: another view", "0.5, 250 KB"),
                words.row("Map of 10,000 points: it answers the mouse", "2"),
                pictures.row("Map: with a picture at the mouse", "–"),
                cells(visitor, 5 * options.times).row("Confusion: a cell's images", "0.4"),
            ]
    asked, read = evaluation(options.times)
    lines = [
        describe(),
        "",
        "| what | median s | p95 s | max s | KB sent: median (max) | times | wanted |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        asked.row("Evaluation: 10,000 images asked, TensorFlow's loading included", "10"),
        read.row("Evaluation: its report from disk", "0.4"),
    ]
    publish("views", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
