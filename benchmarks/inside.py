"""How fast a network is laid open, in a real browser: ``python -m core benchmark inside``.

Starts a server of its own with an empty ``ATELIER_HOME`` and drives it with Debian's chromium:
other pictures through all layers of both bundled networks, with what is sent; the arithmetic of
values all over them; maps switched off. Needs ``requirements-dev.txt``; run it on a machine that
does nothing else.
"""

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from benchmarks._browser import desk_page
from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks._server import server
from benchmarks.views import DONE, Times, Traffic
from core import datasets, runs
from core.networks import browser
from core.settings import forget_settings

SEED = 7

# The name of the picture, which changes in the same go as all layers do.
NAME = """() => {
    const find = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.matches(".layer.pixels figcaption")) return element.textContent
            const found = element.shadowRoot && find(element.shadowRoot)
            if (found) return found
        }
    }
    return find(document)
}"""


class Visitor:
    """A browser page that is timed."""

    def __init__(self, page: Page, address: str) -> None:
        """Take a page that shows nothing yet."""
        self.page, self.address, self.traffic = page, address, Traffic()
        self.traffic.watch(page.context.new_cdp_session(page))

    def open(self, run: str) -> float:
        """Open a network; return the seconds until all of it is drawn."""
        started = time.monotonic()
        self.page.goto(f"{self.address}/inside?run={run}")
        self.page.locator(".layer.pixels figcaption").wait_for()
        seconds = time.monotonic() - started
        self.page.locator(DONE).first.wait_for()
        self.page.wait_for_timeout(1000)
        return seconds

    def pictures(self, count: int, times: Times) -> None:
        """Ask about other pictures, and measure until all layers are drawn."""
        chance = random.Random(SEED)
        tiles = self.page.locator(".st-key-inside_images button")
        last = 0
        while len(times.seconds) < count:
            place = chance.randrange(10)
            if place == last:
                continue
            last = place
            before = self.page.evaluate(NAME)
            sent, started = self.traffic.bytes, time.monotonic()
            tiles.nth(place).click()
            self.page.wait_for_function(f"before => ({NAME})() !== before", arg=before, polling=10)
            times.seconds.append(time.monotonic() - started)
            self.page.locator(DONE).first.wait_for()
            self.page.wait_for_timeout(250)
            times.sent.append(self.traffic.bytes - sent)

    def values(self, count: int, times: Times) -> None:
        """Choose values all over the network, and measure until their arithmetic is there."""
        chance = random.Random(SEED)
        parts = self.page.locator(".maps .part")
        total = parts.count()
        while len(times.seconds) < count:
            part = parts.nth(chance.randrange(total))
            if part.get_attribute("aria-pressed") == "true":
                continue
            part.scroll_into_view_if_needed()
            times.seconds.append(part.evaluate(CHOSEN) / 1000)

    def switches(self, count: int, times: Times) -> None:
        """Switch maps off and on, and measure until the answer is there again."""
        self.page.locator(".layer.conv .part").first.click()
        toggle = self.page.locator(".actions button").first
        for _ in range(count):
            times.seconds.append(toggle.evaluate(CHOSEN) / 1000)


# Milliseconds from a click to the frame in which all that follows from it is painted.
CHOSEN = """(button) => new Promise((resolve) => {
    const started = performance.now()
    button.click()
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)))
})"""


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30, help="of each thing and network")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    titles = {runs.BUNDLED: "bundled model", runs.BUNDLED_ACCURATE: "most accurate"}
    rows = []
    with tempfile.TemporaryDirectory() as folder, desk_page() as page:
        os.environ["ATELIER_HOME"] = folder
        forget_settings()
        with server(Path(folder)) as app:
            for run, title in titles.items():
                visitor = Visitor(page, app.address)
                opened, pictures, values, switches = (Times() for _ in range(4))
                for _ in range(3):
                    opened.seconds.append(visitor.open(run))
                visitor.pictures(options.times, pictures)
                visitor.values(options.times, values)
                visitor.switches(options.times, switches)
                rows += [
                    opened.row(f"{title}: opened, its weights fetched or kept", "–"),
                    pictures.row(f"{title}: another picture through all layers", "0.5, 400 KB"),
                    values.row(f"{title}: the arithmetic of a value", "0.2"),
                    switches.row(f"{title}: a map off, all layers after it", "0.2"),
                ]
    sizes = [_size(run, title) for run, title in titles.items()]
    lines = [
        describe(),
        "",
        "| what | median s | p95 s | max s | KB sent: median (max) | times | wanted |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Weights are fetched once: {'; '.join(sizes)}. The line is at {browser.MOST_PARAMETERS:,} "
        f"parameters and {browser.MOST_WORK:,} multiplications for one picture.",
    ]
    publish("inside", "\n".join(lines), write=options.write)


def _size(run_id: str, title: str) -> str:
    config = runs.read(run_id).config
    assert config is not None, "a bundled run"
    spec = datasets.find(config.dataset)
    work = config.network.multiplications(spec.shape, len(spec.classes))
    return f"{title} {4 * config.parameters / 1e6:.1f} MB, {work:,} multiplications for one picture"


if __name__ == "__main__":
    main()
